"""`scatterclean run` as a process, where its world changes under its feet: database, signals, secrets, servers."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import pytest

from scatterclean.config import Secret, Source, load
from scatterclean.demo import dovecot as scratch
from scatterclean.demo.certificates import make_authority, make_certificate
from scatterclean.demo.dovecot import DovecotBroken, ScratchDovecot
from scatterclean.errors import DatabaseUnusable, SecretUnavailable
from scatterclean.mailbox.login import open_mailbox
from scatterclean.model import Mode
from scatterclean.store import open_store
from scatterclean.wire import Household
from tests.conftest import absent
from tests.e2e.test_run import LEAVES_WITHIN, PATIENCE, Person
from tests.servers import SILENCE, ScriptedServer
from tests.sweeps.world import NOW


class Daemon:
    """`scatterclean -v run` on this configuration; everything it says is in `log`."""

    def __init__(self, config: Path, prologue: str = "") -> None:
        self.log_file = config.with_suffix(".log")
        program = f"{prologue}\nimport sys\nfrom scatterclean.cli import main\nsys.exit(main())"
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", program, "-v", "--config", str(config), "run"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def wait(self, words: str) -> None:
        until = time.monotonic() + PATIENCE
        while words not in self.log:
            assert self.process.poll() is None, self.log
            assert time.monotonic() < until, self.log
            time.sleep(0.05)

    def leave(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LEAVES_WITHIN)


@contextmanager
def running(config: Path, prologue: str = "") -> Iterator[Daemon]:
    daemon = Daemon(config, prologue)
    try:
        yield daemon
    finally:
        daemon.process.kill()
        daemon.process.wait()


def configured(folder: Path, port: int, secret: str = 'password = "secret-pw"') -> Path:
    path = folder / "scatterclean.toml"
    path.touch(mode=0o600)
    path.write_text(
        f'database = "{folder / "log.db"}"\n[accounts.home]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\n'
        f'username = "me@e.example"\n{secret}\npoll = "5s"\ntimeout = "5s"\n'
    )
    return path


# --- signals ----------------------------------------------------------------------------------------------


def test_a_reload_asked_for_while_it_starts_does_not_end_it(tmp_path: Path) -> None:
    early = """
import os, signal
from scatterclean.wire import Household
really = Household.open
def opened(settings):
    os.kill(os.getpid(), signal.SIGHUP)
    return really(settings)
Household.open = staticmethod(opened)
"""
    with ScriptedServer() as server, running(configured(tmp_path, server.port), early) as daemon:
        daemon.wait("configuration read anew")
        assert daemon.leave() == 0


def test_it_leaves_in_time_and_stays_at_a_reload_while_another_program_holds_the_database(
    tmp_path: Path,
) -> None:
    with ScriptedServer() as server, running(configured(tmp_path, server.port)) as daemon:
        daemon.wait("home: 0 would be put away")
        other = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait("configuration read anew")
            assert daemon.leave() == 0
        finally:
            other.close()


def test_no_password_command_outlives_the_daemon_that_asked_it(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    secret = f"""password_command = ["sh", "-c", "echo $$ > '{mark}'; exec sleep 1000"]"""
    with ScriptedServer() as server, running(configured(tmp_path, server.port, secret)) as daemon:
        until = time.monotonic() + PATIENCE
        while not (mark.exists() and mark.read_text().strip()):
            assert time.monotonic() < until, daemon.log
            time.sleep(0.05)
        assert daemon.leave() == 0
    command = int(mark.read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(command, 0)


def test_a_temporary_directory_that_is_full_is_no_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(SecretUnavailable, match="temporary"):
        Secret(Source.COMMAND, ("echo", "a-password")).fetch()


# --- sessions ---------------------------------------------------------------------------------------------


def test_a_session_whose_farewell_is_not_answered_can_be_cut(tmp_path: Path) -> None:
    with ScriptedServer({"LOGOUT": [SILENCE]}) as server:
        settings = load(configured(tmp_path, server.port))
        with Household.open(settings) as household:
            cutting = Timer(0.3, lambda: household.abort("home"))
            with household.session("home"):
                cutting.start()
                began = time.monotonic()
            assert time.monotonic() - began < 2.5
            assert not household._sessions.in_use()


def test_what_comes_in_the_clear_behind_the_answer_to_starttls_is_nobodys_word(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        absent("openssl")
    make_authority(tmp_path)
    make_certificate(tmp_path, "good")
    slipped = b"TAG OK go on\r\n* OK the beginning of a line that is to swallow the next"
    with ScriptedServer(
        {"STARTTLS": [slipped]},
        capability="STARTTLS AUTH=PLAIN",
        certificate=(tmp_path / "good.pem", tmp_path / "good.key"),
        starttls=True,
    ) as server:
        box = open_mailbox(server.access(tls="starttls", ca_file=tmp_path / "ca.pem"))
        assert [folder.name for folder in box.folders()] == ["INBOX"]
        box.close()


# --- the database -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_nothing_is_written_to_a_database_that_is_no_longer_where_it_was(tmp_path: Path, how: str) -> None:
    """What was moved would be in no journal that anybody could open again: `undo` would know nothing of it."""
    path = tmp_path / "log.db"
    with open_store(path) as store:
        store.journal.begin_sweep("home", Mode.MOVE, NOW)
        if how == "removed":
            path.unlink()
        else:
            (tmp_path / "backup").write_bytes(path.read_bytes())
            (tmp_path / "backup").replace(path)
        with pytest.raises(DatabaseUnusable, match="removed or replaced"):
            store.journal.begin_sweep("home", Mode.MOVE, NOW)


# --- the scratch server -----------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [DovecotBroken, KeyboardInterrupt])
def test_a_scratch_server_that_does_not_come_up_leaves_nothing_behind(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    if scratch.find_dovecot() is None:
        absent("Dovecot 2.3")
    server = ScratchDovecot()
    base = server.base
    started: list[subprocess.Popen[bytes]] = []

    def never(self: ScratchDovecot) -> bool:
        assert self._process is not None
        started.append(self._process)
        raise error

    monkeypatch.setattr(ScratchDovecot, "_answers", never)
    with pytest.raises(error), server:
        pass
    assert not base.exists()
    assert [process.poll() is not None for process in started] == [True]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_a_demo_whose_terminal_is_closed_leaves_no_server_behind(how: signal.Signals) -> None:
    if scratch.find_dovecot() is None:
        absent("Dovecot 2.3")
    folder = Path(tempfile.mkdtemp())  # short: the paths of sockets may have 107 characters
    folder.chmod(0o755)  # Dovecot runs as nobody if this is root
    demo = subprocess.Popen(
        [sys.executable, "-m", "scatterclean", "demo", "--server", "dovecot"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    try:
        until = time.monotonic() + PATIENCE
        while not (homes := list(folder.glob("sc-*/home/*"))):
            assert time.monotonic() < until
            time.sleep(0.05)
        master = int((homes[0].parents[1] / "run" / "master.pid").read_text())
        demo.send_signal(how)
        assert demo.wait(PATIENCE) == 128 + how
        assert not list(folder.iterdir())
        with pytest.raises(ProcessLookupError):
            os.kill(master, 0)
    finally:
        demo.kill()
        demo.wait()
        shutil.rmtree(folder)


def test_the_whole_debug_log_of_a_run_holds_no_password_and_no_mail(tmp_path: Path) -> None:
    if scratch.find_dovecot() is None:
        absent("Dovecot 2.3")
    with ScratchDovecot() as server:
        person = Person(server)
        person.history()
        person.flood(3)
        person.genuine()
        person.close()
        secret = (
            f'password = "{server.password}"\naddresses = ["ada@winter.example"]\n'
            'outbound = ["*.winter.example"]\nmode = "move"\nsettle = "0s"'
        )
        config = configured(tmp_path, server.port, secret)
        config.write_text(config.read_text().replace("me@e.example", person.user))
        with running(config) as daemon:
            daemon.wait("3 put away")
            assert daemon.leave() == 0
    said = daemon.log
    for text in (server.password, "User unknown", "watches", "elsewhere.example", "spam.example", "FETCH"):
        assert text not in said
