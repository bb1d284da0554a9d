"""A real `systemd --user` (see stage.sh) installs, starts, watches, reloads and forgets the real daemon."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scatterclean.demo.dovecot import ScratchDovecot
from tests.servers import DovecotHand, fresh_user
from tests.sweeps.world import ME, letter
from tests.unprivileged import NOBODY, may_be_read_without_privileges

ROOT = Path(__file__).parents[2]
STAGE = Path(__file__).with_name("stage.sh")
ACCOUNT = '[accounts.home]\nhost = "127.0.0.1"\nport = 1\nusername = "me"\npush = false\n'
# A manager that does not answer must not hold up the tests: seconds, no measure of speed.
PATIENCE = 150


@pytest.fixture
def home() -> Iterator[Path]:
    """A home of nobody's; not pytest's own folder, into which only root may look."""
    if os.geteuid() != 0 or not Path("/lib/systemd/systemd").exists() or shutil.which("unshare") is None:
        pytest.skip("a systemd user manager of one's own needs root, systemd and unshare")
    if not os.access("/sys/fs/cgroup", os.W_OK) or Path("/run/systemd/system").exists():
        pytest.skip("control groups are not ours here, or systemd runs already")
    if not all(map(may_be_read_without_privileges, (ROOT / "scatterclean", Path(sys.prefix) / "bin"))):
        pytest.skip("the project lies where nobody may look")
    folder = Path(tempfile.mkdtemp(prefix="scatterclean-home-", dir="/var/lib"))
    try:
        secret = folder / "password"
        secret.write_text("x\n")
        secret.chmod(0o600)
        (folder / "scatterclean.toml").write_text(f'{ACCOUNT}password_file = "{secret}"\n')
        for path in (folder, *folder.iterdir()):
            os.chown(path, NOBODY, NOBODY)
        yield folder
    finally:
        shutil.rmtree(folder)


def staged(home: Path, script: str) -> str:
    """What the script prints, as nobody, with a manager that is asked first whether it can start anything."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "SCATTERCLEAN", "DBUS"))}
    program = home / "script.sh"
    program.write_text(
        "systemd-run --user --wait --collect --quiet true || { echo CANNOT; exit; }\n"
        f"s() {{ '{sys.executable}' -P -m scatterclean --config '{home}/scatterclean.toml' \"$@\" 2>&1; }}\n{script}"
    )
    done = subprocess.run(
        [
            "unshare",
            "--mount",
            "bash",
            STAGE,
            f"scatterclean-{secrets.token_hex(6)}",
            sys.base_prefix,
            "bash",
            program,
        ],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=environment | {"HOME": str(home)},
        cwd=home,
    )
    if "CANNOT" in done.stdout or not done.stdout:
        pytest.skip(f"systemd cannot run as a user's here: {done.stderr[-300:]}")
    return done.stdout


def test_it_is_installed_runs_shut_in_is_reloaded_and_taken_away(home: Path) -> None:
    told = staged(
        home,
        """
        s service install
        systemctl --user show scatterclean.service --property=ActiveState,StatusText,Type,WatchdogUSec
        grep PrivateUsers= ~/.config/systemd/user/scatterclean.service
        pid=$(systemctl --user show scatterclean.service --property=MainPID --value)
        grep -E 'NoNewPrivs|Seccomp:|CapBnd' /proc/$pid/status
        echo views: $(readlink /proc/$pid/ns/mnt /proc/$$/ns/mnt | sort -u | wc -l)
        touch ~/outside && echo "I may write at home"
        nsenter --user --mount --preserve-credentials --target $pid sh -c "
            touch ~/of-the-daemon 2>&1
            ls /dev/kmsg 2>&1
            touch ~/.local/share/scatterclean/own && echo its own folder"
        echo "database: $(ls ~/.local/share/scatterclean/scatterclean.db)"
        systemctl --user reload scatterclean.service && echo reloaded
        s service status
        s service uninstall
        systemctl --user show scatterclean.service --property=LoadState
        ls ~/.config/systemd/user
        """,
    )
    assert "started it" in told, told
    assert "ActiveState=active" in told
    assert "Type=notify" in told
    assert "WatchdogUSec=5min" in told
    assert "StatusText=watching home" in told
    assert "PrivateUsers=yes" in told, "it was tried, and holds here"
    assert "NoNewPrivs:\t1" in told
    assert "Seccomp:\t2" in told
    assert "views: 2" in told, "its own view of the file system"
    assert "I may write at home" in told
    assert "of-the-daemon': Read-only file system" in told
    assert "/dev/kmsg': No such file" in told
    assert "its own folder" in told
    assert "scatterclean/scatterclean.db" in told
    assert "reloaded" in told
    assert "the daemon runs, since" in told
    assert "took away" in told
    assert "LoadState=not-found" in told


def test_a_daemon_that_gives_no_sign_of_life_is_ended_and_started_again(home: Path) -> None:
    told = staged(
        home,
        """
        s service install
        cd ~/.config/systemd/user
        mkdir scatterclean.service.d
        printf '[Service]\\nWatchdogSec=2s\\nRestartSec=100ms\\n' >scatterclean.service.d/own.conf
        systemctl --user daemon-reload
        systemctl --user restart scatterclean.service
        sleep 6
        echo "before: $(systemctl --user show scatterclean.service --property=NRestarts)"
        kill -STOP $(systemctl --user show scatterclean.service --property=MainPID --value)
        for _ in $(seq 60); do
            [ "$(systemctl --user show scatterclean.service --property=NRestarts --value)" = 0 ] || break
            sleep 0.5
        done
        sleep 2
        echo "after: $(systemctl --user show scatterclean.service --property=NRestarts)"
        s service status
        """,
    )
    assert "before: NRestarts=0" in told, told
    assert "after: NRestarts=1" in told, told
    assert "systemd started it again 1 times" in told


def test_the_timer_sweeps_and_is_followed_by_the_daemon_when_that_is_wanted(home: Path) -> None:
    told = staged(
        home,
        """
        s service install --timer
        systemctl --user show scatterclean.timer --property=ActiveState
        s service status
        systemctl --user start scatterclean.service; echo "sweep: $?"
        s service status
        s service install
        ls ~/.config/systemd/user
        systemctl --user show scatterclean.timer scatterclean.service --property=ActiveState
        """,
    )
    assert "the timer waits for the next sweep" in told, told
    assert "the last sweep: it ended with exit status 1" in told, "port 1 refuses"
    assert "took away" in told
    assert "ActiveState=inactive\n\nActiveState=active" in told


def test_shut_in_it_logs_in_by_a_credential_of_systemd_and_sweeps_a_real_server(
    home: Path, dovecot: ScratchDovecot
) -> None:
    user = fresh_user()
    hand = DovecotHand(dovecot, user)
    at = datetime.now(UTC) - timedelta(days=1)
    hand.append(
        "Sent",
        letter("Hello", to="friend@f.example", sender=ME, ident="sent.1@winter.example", at=at),
        arrival=at,
    )
    hand.close()
    (home / "my 100% secret").write_text(f"{dovecot.password}\n")
    (home / "scatterclean.toml").write_text(
        'metrics_file = "my figures/mine.prom"\n'
        f'[accounts.home]\nhost = "localhost"\nport = {dovecot.port}\ntls = "none"\nusername = "{user}"\n'
        'password_credential = "mail"\n'
    )
    told = staged(
        home,
        """
        mkdir "my figures"
        s service install --credential "mail:my 100% secret"
        for _ in $(seq 60); do
            s status --json | grep -q '"logged": 1' && break
            sleep 0.2
        done
        for _ in $(seq 60); do
            [ -e "my figures/mine.prom" ] && break
            sleep 0.2
        done
        grep sent_log_messages{ "my figures/mine.prom"
        echo "view: $(systemctl --user show scatterclean.service --property=PrivateUsers)"
        s status --json
        s service status --json
        """,
    )
    assert "view: PrivateUsers=yes" in told, told
    assert told.count("\n{") == 2, told
    [standing, service] = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    assert standing["accounts"][0]["logged"] == 1, told
    assert 'scatterclean_sent_log_messages{account="home"} 1' in told, "shut in, it may write there"
    assert standing["accounts"][0]["failed"] is None
    assert service["service"]["running"] is True
    assert service["accounts"][0]["last_success"]


def test_who_came_by_su_is_told_how_to_reach_the_own_manager(home: Path) -> None:
    told = staged(
        home,
        """
        unset XDG_RUNTIME_DIR
        s service install
        ls ~/.config/systemd 2>&1
        """,
    )
    assert "systemd runs here, but the part of it that keeps your own services does not answer" in told, told
    assert "export XDG_RUNTIME_DIR=/run/user/$(id -u)" in told
    assert "No such file" in told, "nothing was written"
