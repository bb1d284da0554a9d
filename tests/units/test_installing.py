"""`scatterclean service` with a systemctl that only writes down what it was asked, in homes of their own."""

from __future__ import annotations

import json
import os
import plistlib
import shlex
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from scatterclean.units.installing import NoRights, Place, install
from scatterclean.units.programs import RealPrograms
from scatterclean.units.values import Keeper, Unit
from tests import forked
from tests.unprivileged import without_privileges

# Answers as systemctl, loginctl, systemd-run and journalctl do, as far as they are asked; $HERE/fails names words
# of calls that fail.
FAKE = """#!/bin/sh
echo "$(basename "$0") $*" >>"$HERE/calls"
while read -r word; do
    case "$*" in *"$word"*) echo "Job failed." >&2; exit 1 ;; esac
done <"$HERE/fails"
case "$*" in
    *"--property=Version --value") echo "$(cat "$HERE/version")" ;;
    *"show scatterclean"*) cat "$HERE/shown" ;;
    *Linger*) echo no ;;
    *"-u scatterclean.service -n 7"*) echo "a line of the journal" ;;
esac
"""
RUNS = "LoadState=loaded\nActiveState=active\nSubState=running\nMainPID=4711\nNRestarts=0\nStatusText=watching home\n"


@dataclass
class Home:
    """A person's home, and the machine's programs."""

    folder: Path

    @property
    def unit(self) -> Path:
        return self.folder / "config" / "systemd" / "user" / "scatterclean.service"

    @property
    def agent(self) -> Path:
        return self.folder / "Library" / "LaunchAgents" / "scatterclean.plist"

    def machine_has(self, *programs: str) -> None:
        for name in programs:
            path = self.folder / "bin" / name
            path.write_text(FAKE)
            path.chmod(0o755)

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        done = forked.run(
            ["--config", str(self.folder / "scatterclean.toml"), *arguments],
            env={
                **{k: v for k, v in os.environ.items() if k.startswith(forked.AT_THE_START)},
                "HOME": str(self.folder),
                "HERE": str(self.folder),
                "XDG_CONFIG_HOME": str(self.folder / "config"),
                "XDG_DATA_HOME": str(self.folder / "data"),
                "PATH": f"{self.folder / 'bin'}:{self.folder / 'tools'}",
            },
        )
        told, said = done.stdout.decode(), done.stderr.decode()
        assert "Traceback" not in said, said
        return done.returncode, told, said

    def well(self, *arguments: str) -> str:
        code, told, said = self(*arguments)
        assert code == 0, told + said
        return told

    def calls(self) -> list[str]:
        path = self.folder / "calls"
        found = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return found


@pytest.fixture
def home(tmp_path: Path) -> Home:
    for name in ("bin", "tools"):
        (tmp_path / name).mkdir()
    for name in ("sh", "cat", "basename", "tail"):
        (tmp_path / "tools" / name).symlink_to(Path("/usr/bin") / name)
    for name, text in {"fails": "", "version": "252.1", "shown": RUNS}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "scatterclean.toml").write_text(
        '[accounts.home]\nhost = "127.0.0.1"\nport = 1\nusername = "me"\npassword_credential = "mail"\n'
    )
    home = Home(tmp_path)
    home.machine_has("systemctl", "systemd-run", "loginctl", "journalctl")
    return home


def test_it_is_written_enabled_and_started_and_lingering_is_told_in_two_lines(home: Home) -> None:
    told = home.well("service", "install", "--credential", "mail:secret")
    unit = home.unit.read_text()
    assert (
        f'ExecStart="{sys.executable}" "-P" "-m" "scatterclean" "--config" "{home.folder}/scatterclean.toml" "run"'
        in unit
    )
    assert f"LoadCredential=mail:{Path.cwd()}/secret\n" in unit
    assert f'Environment="XDG_DATA_HOME={home.folder}/data"' in unit
    assert home.unit.stat().st_mode & 0o777 == 0o644
    assert (home.folder / "data" / "scatterclean").stat().st_mode & 0o777 == 0o700
    asked = [call for call in home.calls() if call.startswith("systemctl")]
    assert asked[-3:] == [
        "systemctl --user daemon-reload",
        "systemctl --user enable scatterclean.service",
        "systemctl --user restart scatterclean.service",
    ]
    assert "loginctl enable-linger" in told
    assert len([line for line in told.splitlines() if "log in" in line or "logged in" in line]) == 2


def test_the_sandbox_is_tried_before_and_less_is_taken_where_it_does_not_hold(home: Home) -> None:
    home.well("service", "install")
    [tried] = [call for call in home.calls() if call.startswith("systemd-run")]
    assert "--property=PrivateUsers=yes" in tried
    assert tried.endswith(f"-- {sys.executable} -P -m scatterclean version")
    assert "PrivateUsers=yes" in home.unit.read_text()
    (home.folder / "fails").write_text("PrivateUsers=yes\n")
    home.well("service", "install")
    text = home.unit.read_text()
    assert "PrivateUsers" not in text
    assert "SystemCallFilter=@system-service" in text
    (home.folder / "fails").write_text("SystemCallFilter\n")
    home.well("service", "install")
    assert "SystemCallFilter" not in home.unit.read_text()


def test_a_program_for_the_password_is_not_shut_in_and_finds_its_path(home: Home) -> None:
    config = home.folder / "scatterclean.toml"
    config.write_text(
        config.read_text().replace('password_credential = "mail"', 'password_command = "pass mail"')
    )
    home.well("service", "install")
    text = home.unit.read_text()
    assert "ProtectHome" not in text
    assert f'Environment="PATH={home.folder}/bin:' in text
    assert not [call for call in home.calls() if call.startswith("systemd-run")]


def test_what_the_service_will_miss_is_told(home: Home) -> None:
    _, _, said = home("service", "install")
    assert "--credential mail:FILE" in said
    config = home.folder / "scatterclean.toml"
    config.write_text(config.read_text().replace("password_credential", "password_env"))
    _, _, said = home("service", "install")
    assert "home: its password is in the environment variable mail" in said


def test_a_unit_that_a_person_changed_is_left_as_it_is_and_the_difference_shown(home: Home) -> None:
    home.well("service", "install")
    mine = home.unit.read_text().replace("WatchdogSec=5min", "WatchdogSec=9min")
    home.unit.write_text(mine)
    home.calls()
    code, _, said = home("service", "install")
    assert code == 1
    assert "was changed since it was written" in said
    assert "-WatchdogSec=9min" in said
    assert "+WatchdogSec=5min" in said
    assert home.unit.read_text() == mine
    assert not [call for call in home.calls() if "restart" in call or "enable" in call]
    code, _, said = home("service", "uninstall")
    assert (code, home.unit.read_text()) == (1, mine)
    assert "--force" in said
    home.well("service", "install", "--force")
    assert "WatchdogSec=5min" in home.unit.read_text()


def test_anothers_unit_is_neither_overwritten_nor_taken_away(home: Home) -> None:
    home.unit.parent.mkdir(parents=True)
    home.unit.write_text("[Service]\nExecStart=/bin/true\n")
    code, _, said = home("service", "install")
    assert code == 1
    assert "not written by scatterclean" in said
    for more in ([], ["--force"]):
        told = home.well("service", "uninstall", *more)
        assert "scatterclean did not write it" in told
    assert home.unit.read_text() == "[Service]\nExecStart=/bin/true\n"


def test_uninstall_stops_it_and_leaves_nothing_and_a_second_time_says_so(home: Home) -> None:
    home.well("service", "install")
    own = home.unit.with_name("other.service")
    own.write_text("")
    home.calls()
    told = home.well("service", "uninstall")
    assert f"took away {home.unit}" in told
    assert [path.name for path in home.unit.parent.iterdir()] == ["other.service"]
    calls = home.calls()
    assert "systemctl --user disable --now scatterclean.service" in calls
    assert "systemctl --user daemon-reload" in calls
    assert "no service is installed" in home.well("service", "uninstall")


def test_a_timer_takes_the_place_of_the_daemon_and_the_daemon_that_of_the_timer(home: Home) -> None:
    home.well("service", "install", "--timer", "--every", "30")
    timer = home.unit.with_suffix(".timer")
    assert "OnUnitInactiveSec=1800s" in timer.read_text()
    assert "Type=oneshot" in home.unit.read_text()
    assert "systemctl --user restart scatterclean.timer" in home.calls()
    home.well("service", "install")
    assert not timer.exists()
    assert "systemctl --user disable --now scatterclean.timer" in home.calls()


def test_a_start_that_fails_is_told_with_what_to_do(home: Home) -> None:
    (home.folder / "fails").write_text("restart\n")
    code, _, said = home("service", "install")
    assert code == 1
    assert "was not started: systemctl --user restart: Job failed." in said
    assert "service logs" in said


def test_status_tells_in_words_and_for_programs(home: Home) -> None:
    code, told, _ = home("service", "status")
    assert (code, told) == (1, "no service is installed: scatterclean service install\n")
    home.well("service", "install")
    assert home.well("service", "status").startswith("the daemon runs")
    form = json.loads(home.well("service", "status", "--json"))
    assert form["service"]["running"] is True
    assert form["service"]["pid"] == 4711
    (home.folder / "shown").write_text(
        "LoadState=loaded\nActiveState=failed\nResult=exit-code\nExecMainStatus=3\nNRestarts=2\nUnitFileState=disabled\n"
    )
    code, told, _ = home("service", "status")
    assert code == 1
    assert "it does not run: it ended with exit status 3" in told
    assert "started it again 2 times" in told
    assert "not started with the next login" in told


def test_logs_shows_the_journal_of_the_unit(home: Home) -> None:
    assert home.well("service", "logs", "-n", "7") == "a line of the journal\n"
    assert "journalctl --user -u scatterclean.service -n 7 --no-pager" in home.calls()


def test_without_systemd_and_launchd_there_is_one_sentence_and_the_line_for_cron(home: Home) -> None:
    (home.folder / "bin" / "systemctl").unlink()
    code, _, said = home("service", "install")
    assert code == 1
    first, _, line = said.splitlines()
    assert first == "scatterclean: neither systemd nor launchd keeps services on this machine"
    assert shlex.split(line.strip())[-1] == "sweep"
    for command in ("status", "logs", "uninstall"):
        code, _, said = home("service", command)
        assert (code, said.splitlines()[0]) == (1, first)


def test_launchd_is_told_of_its_agent_and_forgets_it(home: Home) -> None:
    (home.folder / "bin" / "systemctl").unlink()
    home.machine_has("launchctl")
    home.well("service", "install")
    assert plistlib.loads(home.agent.read_bytes())["ProgramArguments"][-1] == "run"
    domain = f"gui/{os.getuid()}"
    assert home.calls()[-1] == f"launchctl bootstrap {domain} {home.agent}"
    log = home.folder / "Library" / "Logs" / "scatterclean.log"
    log.write_text("one\ntwo\n")
    assert home.well("service", "logs", "-n", "1") == "two\n"
    home.well("service", "uninstall")
    assert not home.agent.exists()
    assert home.calls()[-1] == f"launchctl bootout {domain}/scatterclean"


def test_a_unit_of_the_machine_is_printed_for_anybody_and_names_its_user(home: Home) -> None:
    told = home.well("service", "install", "--print", "--system", "--user", "root")
    assert told.startswith("# /etc/systemd/system/scatterclean-root.service\n")
    assert "\nUser=root\n" in told
    assert "WantedBy=multi-user.target" in told
    assert home.calls() == ["systemctl show --property=Version"]


def test_a_unit_of_the_machine_is_refused_politely_without_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    access = os.access  # it asks for the real user, and this test only changes the effective one
    monkeypatch.setattr(os, "access", lambda path, mode: access(path, mode, effective_ids=True))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        unit = Unit(Path(sys.executable), folder / "c.toml", folder, user="ada")
        where = Place(Keeper.SYSTEM, "scatterclean-ada", folder)
        if os.geteuid() != 0:
            folder.chmod(0o555)
        with without_privileges(), pytest.raises(NoRights, match="may not be written to") as refused:
            install(unit, where, RealPrograms())
        assert "sudo" in refused.value.hint
        assert list(folder.iterdir()) == []


@pytest.mark.parametrize("given", ["mail", "mail:", ":file", "ma%il:file", "ma il:file"])
def test_what_is_no_credential_is_refused_before_anything_is_written(home: Home, given: str) -> None:
    code, _, said = home("service", "install", "--credential", given)
    assert (code, "is no NAME:FILE" in said, home.unit.exists()) == (2, True, False)


def test_system_and_user_go_together(home: Home) -> None:
    assert home("service", "status", "--system")[0] == 2
    assert home("service", "status", "--user", "root")[0] == 2
    assert "there is no user" in home("service", "install", "--system", "--user", "no-such-user")[2]
