"""`scatterclean run` is woken by real servers when mail arrives; connections that are dead, silent or unwanted are
noticed, and polling goes on.  With a poll of an hour, a sweep within a minute was not polled for."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import forked
from tests.conftest import absent
from tests.e2e.test_run import PATIENCE, Daemon
from tests.hosts.kinds import KINDS, Kind
from tests.hosts.quirks import Microsoft, Quirky
from tests.servers import Host, RealHand, fresh_user
from tests.sweeps.world import ME, bounce, letter

pytestmark = pytest.mark.slow


@dataclass
class Stage:
    """One account, the daemon's log, and the other client."""

    folder: Path
    host: Host
    user: str
    hand: RealHand
    prefix: str = ""
    numbers: int = 0

    @property
    def config(self) -> Path:
        return self.folder / "scatterclean.toml"

    def write(self, more: str = "", *, port: int | None = None, poll: str = "1h") -> None:
        password = self.folder / "password"
        password.touch(mode=0o600)
        password.write_text(self.host.password)
        self.config.write_text(
            f'database = "log.db"\nlog_level = "debug"\n[notify]\ninbox = false\n[accounts.home]\nhost = "127.0.0.1"\n'
            f'port = {port or self.host.port}\ntls = "none"\nusername = "{self.user}"\n'
            f'password_file = "{password}"\naddresses = ["{ME}"]\noutbound = ["*.winter.example"]\n'
            f'mode = "move"\nsettle = "0s"\ntimeout = "10s"\ndns = false\npoll = "{poll}"\n{more}'
        )

    def history(self) -> None:
        for days in range(400, 0, -40):
            at = datetime.now(UTC) - timedelta(days=days)
            raw = letter(
                "Hello", to="friend@f.example", sender=ME, ident=f"sent.{days}@winter.example", at=at
            )
            self.hand.append(self.prefix + "Sent", raw, arrival=at)

    def orphan(self) -> None:
        self.numbers += 1
        at = datetime.now(UTC) - timedelta(minutes=5)
        raw = bounce(f"forged.{self.numbers}@spam.example", at=at, number=self.numbers)
        self.hand.append("INBOX", raw, arrival=at)

    def genuine(self) -> None:
        """Nothing about it has to be waited for: whoever sweeps now, was woken by it."""
        self.numbers += 1
        raw = bounce("sent.40@winter.example", at=datetime.now(UTC), number=self.numbers)
        self.hand.append("INBOX", raw, arrival=datetime.now(UTC))

    def away(self) -> int:
        name = self.prefix + "Backscatter"
        return len(self.hand.messages(name)) if name in self.hand.folder_names() else 0

    def status(self) -> dict[str, Any]:
        done = forked.run(["--config", str(self.config), "status", "--json"], env=os.environ)
        if done.returncode == 4:  # the daemon has not made its database yet
            return {"running": False, "woken": False, "push": None, "sweeps": 0}
        [account] = json.loads(done.stdout)["accounts"]
        last = [sweep["sweep"] for sweep in account["sweeps"]]
        return {**account["watched"], "sweeps": max(last, default=0)}

    def said(self) -> str:
        """What `status` tells people."""
        done = forked.run(["--config", str(self.config), "status"], env=os.environ)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[[Stage], Daemon]]:
    with ExitStack() as stack:

        def run(stage: Stage) -> Daemon:
            daemon = Daemon(stage.config)

            def end() -> None:
                if daemon.process.poll() is None:
                    daemon.process.kill()
                    daemon.process.wait()

            stack.callback(end)
            return daemon

        yield run


def wait_for(done: Callable[[], object], daemon: Daemon) -> None:
    until = time.monotonic() + PATIENCE
    while not done():
        assert daemon.process.poll() is None, daemon.log()
        assert time.monotonic() < until, daemon.log()
        time.sleep(0.2)


def on_stage(host: Host, kind: Kind, folder: Path, stack: ExitStack) -> Stage:
    user = fresh_user()
    stage = Stage(folder, host, user, stack.enter_context(closing(RealHand(host, user))), kind.prefix)
    stage.history()
    return stage


@pytest.mark.parametrize("name", ["dovecot", "dovecot maildir below INBOX", "cyrus", "cyrus below INBOX"])
def test_mail_that_arrives_is_swept_at_once_and_status_tells_that_the_server_wakes_it(
    name: str, hosts: Callable[[str], Host], tmp_path: Path, running: Callable[[Stage], Daemon]
) -> None:
    with ExitStack() as stack:
        stage = on_stage(hosts(name), KINDS[name], tmp_path, stack)
        stage.write()
        daemon = running(stage)
        wait_for(daemon.says("wakes us when mail arrives"), daemon)
        wait_for(lambda: stage.status()["woken"], daemon)
        assert "Woken by the server when mail arrives, and looks every 60 min" in stage.said()
        for number in (2, 3):
            assert stage.status()["sweeps"] == number - 1
            stage.genuine()
            wait_for(lambda n=number: stage.status()["sweeps"] == n, daemon)  # type: ignore[misc]
        assert daemon.leave() == 0
        assert stage.status()["running"] is False
        assert "Traceback" not in daemon.log()


def test_with_push_switched_off_nothing_listens_and_polling_does_the_work(
    hosts: Callable[[str], Host], tmp_path: Path, running: Callable[[Stage], Daemon]
) -> None:
    with ExitStack() as stack:
        host = hosts("dovecot")
        provider = Microsoft()
        provider.folders = {}
        quirky = stack.enter_context(Quirky(host.port, host.password, provider))
        stage = on_stage(host, KINDS["dovecot"], tmp_path, stack)
        stage.write("push = false\n", port=quirky.port, poll="5s")
        daemon = running(stage)
        wait_for(lambda: stage.status()["push"] == "off", daemon)
        assert "Looks every 5 s (push = false)" in stage.said()
        stage.orphan()
        wait_for(lambda: stage.away() == 1, daemon)
        assert daemon.leave() == 0
        assert "IDLE" not in provider.heard
        assert "UID MOVE" in " ".join(provider.heard)


def test_a_connection_that_the_server_ends_is_taken_up_again_and_what_came_meanwhile_is_swept(
    tmp_path: Path, running: Callable[[Stage], Daemon]
) -> None:
    kind = KINDS["dovecot"]
    if not kind.found():
        absent(kind.needs)
    with ExitStack() as stack:
        host = stack.enter_context(kind.make())
        provider = Microsoft()
        provider.folders = {}
        quirky = stack.enter_context(Quirky(host.port, host.password, provider))
        stage = on_stage(host, kind, tmp_path, stack)
        stage.write(port=quirky.port)
        daemon = running(stage)
        wait_for(lambda: stage.status()["woken"], daemon)
        quirky.cut()
        stage.genuine()
        wait_for(lambda: stage.status()["sweeps"] == 2, daemon)
        wait_for(lambda: stage.status()["woken"], daemon)
        stage.genuine()
        wait_for(lambda: stage.status()["sweeps"] == 3, daemon)
        assert daemon.leave() == 0


def test_where_the_server_announces_nothing_any_more_polling_goes_on(
    hosts: Callable[[str], Host], tmp_path: Path, running: Callable[[Stage], Daemon]
) -> None:
    with ExitStack() as stack:
        host = hosts("dovecot")
        provider = Microsoft()
        provider.folders = {}
        provider.silent = True
        quirky = stack.enter_context(Quirky(host.port, host.password, provider))
        stage = on_stage(host, KINDS["dovecot"], tmp_path, stack)
        stage.write(port=quirky.port, poll="5s")
        daemon = running(stage)
        wait_for(lambda: stage.status()["woken"], daemon)
        stage.orphan()
        wait_for(lambda: stage.away() == 1, daemon)
        assert daemon.leave() == 0
