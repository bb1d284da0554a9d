"""The text of units: systemd takes every line of it, plistlib and configparser read back what was meant."""

from __future__ import annotations

import configparser
import os
import plistlib
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean.units import cron, launchd, marks, systemd
from scatterclean.units.marks import Whose
from scatterclean.units.values import Sandbox, Unit
from tests.conftest import absent

PLAIN = Unit(
    Path("/usr/bin/env"), Path("/home/ada/scatterclean.toml"), Path("/home/ada/data"), kill="/bin/sh"
)
UNITS = {
    "daemon": PLAIN,
    "filtered": replace(PLAIN, sandbox=Sandbox.FILTERED),
    "open": replace(
        PLAIN, sandbox=Sandbox.OPEN, environment={"PATH": "/usr/bin:/opt/a b/bin", "X": '50 % "$HOME"'}
    ),
    "setgid": replace(PLAIN, sandbox=Sandbox.OPEN, privileged=True),
    "credentials": replace(PLAIN, credentials={"mail": Path("/home/ada/my secret")}, wanted=("more",)),
    "figures": replace(PLAIN, figures=Path("/home/ada/my figures 100%")),
    "timer": replace(PLAIN, every=timedelta(minutes=15)),
    "machine": replace(PLAIN, user="root"),
    "machine with timer": replace(PLAIN, user="root", every=timedelta(hours=1)),
}


def analyzed(folder: Path, unit: Unit) -> str:
    """What systemd-analyze verify has to complain of.  It ends with 0 for keys that it does not know, and says so."""
    if shutil.which("systemd-analyze") is None:
        absent("systemd-analyze")
    path = folder / f"{unit.name}.service"
    path.write_text(marks.marked(systemd.service(unit)))
    paths = [path]
    if unit.every is not None:
        paths.append(path.with_suffix(".timer"))
        paths[1].write_text(marks.marked(systemd.timer(unit)))
    done = subprocess.run(
        ["systemd-analyze", *(() if unit.user else ("--user",)), "verify", *paths],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_RUNTIME_DIR": str(folder)},
    )
    ours = [line for line in done.stderr.splitlines() if unit.name in line]
    return "\n".join(ours) + (f"exit {done.returncode}" if done.returncode and not unit.user else "")


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_systemd_understands_every_line(unit: Unit, tmp_path: Path) -> None:
    assert analyzed(tmp_path, unit) == ""


def test_the_verification_sees_what_is_wrong(tmp_path: Path) -> None:
    assert "nowhere" in analyzed(tmp_path, replace(PLAIN, interpreter=Path("/nowhere/python")))


@pytest.mark.parametrize("name", ["with space", "100%h", "$HOME", 'quo"te', "back\\slash", "it's", "Übung"])
def test_any_path_stays_what_it_is(name: str, tmp_path: Path) -> None:
    python = tmp_path / name / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    unit = replace(PLAIN, interpreter=python, config=python.parent / "c.toml", folder=python.parent)
    assert analyzed(tmp_path, unit) == ""


def test_a_path_with_a_line_break_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        systemd.service(replace(PLAIN, config=Path("/a\nExecStart=/bin/evil")))


def parsed(unit: Unit) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as configparser's page has it
    parser.read_string(marks.marked(systemd.service(unit)))
    return parser


def test_the_daemon_is_watched_started_again_and_not_after_what_only_the_person_can_mend() -> None:
    read = parsed(PLAIN)["Service"]
    assert read["Type"] == "notify"
    assert read["WatchdogSec"] == "5min"
    assert read["Restart"] == "on-failure"
    assert read["RestartPreventExitStatus"] == "2 3"
    assert shlex.split(read["ExecStart"]) == list(PLAIN.command)
    assert read["ReadWritePaths"] == '"/home/ada/data"'


def test_the_folder_of_the_figures_may_be_written_to_and_hinders_no_start() -> None:
    read = parsed(UNITS["figures"])["Service"]
    assert read["ReadWritePaths"] == '"/home/ada/data" "-/home/ada/my figures 100%%"'


def test_the_wait_before_a_restart_grows_where_systemd_can_do_that() -> None:
    assert "RestartSteps" not in parsed(replace(PLAIN, systemd=253))["Service"]
    assert parsed(replace(PLAIN, systemd=254))["Service"]["RestartMaxDelaySec"] == "5min"


def test_a_program_for_the_password_is_hindered_in_nothing() -> None:
    read = parsed(UNITS["setgid"])["Service"]
    assert not {"NoNewPrivileges", "SystemCallFilter", "MemoryDenyWriteExecute", "ProtectHome"} & set(read)
    assert parsed(UNITS["open"])["Service"]["NoNewPrivileges"] == "yes"


def test_what_only_the_manager_of_the_machine_can_do_is_asked_of_it_alone() -> None:
    only = {"ProtectProc", "ProcSubset", "PrivateIPC"}
    assert not only & set(parsed(PLAIN)["Service"])
    assert only <= set(parsed(UNITS["machine"])["Service"])


def test_what_lies_in_tmp_is_not_hidden_from_the_daemon() -> None:
    assert parsed(PLAIN)["Service"]["PrivateTmp"] == "yes"
    assert "PrivateTmp" not in parsed(replace(PLAIN, folder=Path("/tmp/data")))["Service"]


def test_a_timer_sweeps_and_is_what_is_enabled() -> None:
    unit = UNITS["timer"]
    assert "Install" not in parsed(unit)
    assert parsed(unit)["Service"]["Type"] == "oneshot"
    assert shlex.split(parsed(unit)["Service"]["ExecStart"])[-1] == "sweep"
    assert "OnUnitInactiveSec=900s" in systemd.timer(unit)


def test_launchd_gets_the_same_command_and_starts_it_again_after_a_failure_alone() -> None:
    log = Path("/Users/ada/Library/Logs/scatterclean.log")
    text = marks.marked(launchd.agent(replace(PLAIN, environment={"PATH": "/opt/homebrew/bin"}), log))
    read = plistlib.loads(text.encode())
    assert read["Label"] == "scatterclean"
    assert read["ProgramArguments"] == list(PLAIN.command)
    assert read["KeepAlive"] == {"SuccessfulExit": False}
    assert read["EnvironmentVariables"] == {"PATH": "/opt/homebrew/bin"}
    assert read["StandardErrorPath"] == str(log)
    timed = plistlib.loads(launchd.agent(UNITS["timer"], log).encode())
    assert timed["StartInterval"] == 900
    assert "KeepAlive" not in timed


@pytest.mark.parametrize(
    ("every", "when"),
    [(None, "*/10 * * * *"), (timedelta(minutes=3), "*/3 * * * *"), (timedelta(hours=2), "0 */2 * * *")],
)
def test_cron_gets_a_line_that_a_shell_reads_as_the_command(every: timedelta | None, when: str) -> None:
    line = cron.line(replace(PLAIN, every=every, config=Path("/home/ada/my 100% file.toml")))
    assert line.startswith(f"{when} ")
    command = line.removeprefix(f"{when} ")
    assert "%" not in command.replace(r"\%", "")
    assert shlex.split(command.replace(r"\%", "%"))[-2:] == ["/home/ada/my 100% file.toml", "sweep"]


@pytest.mark.parametrize(
    "text", [systemd.service(PLAIN), launchd.agent(PLAIN, Path("/log"))], ids=["unit", "plist"]
)
def test_a_mark_tells_what_we_wrote_from_what_was_changed_and_from_what_is_not_ours(text: str) -> None:
    ours = marks.marked(text)
    assert marks.whose(ours) is Whose.OURS
    assert marks.whose(ours.replace("scatterclean.toml", "other.toml")) is Whose.EDITED
    assert marks.whose(ours + "\n# more\n") is Whose.EDITED
    assert marks.whose(text) is Whose.FOREIGN
    assert marks.whose(f"[Unit]\n\n\n{ours}") is Whose.FOREIGN
