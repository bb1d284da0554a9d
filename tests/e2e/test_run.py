"""`scatterclean run` as a process, against a real Dovecot: it sweeps, survives, reloads, and leaves in time."""

from __future__ import annotations

import imaplib
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scatterclean.demo.dovecot import ScratchDovecot
from tests import forked
from tests.servers import DovecotHand, fresh_user
from tests.sweeps.world import ME, bounce, letter

# How long something that has to happen may take before the test gives up; not a measure of speed.
PATIENCE = 60.0
# The promise of the daemon: asked to leave, it leaves within this many seconds.
LEAVES_WITHIN = 5.0


class Person:
    """One person's account on Dovecot and what is in it."""

    def __init__(self, server: ScratchDovecot) -> None:
        self.server = server
        self.user = fresh_user()
        self.hand = DovecotHand(server, self.user)
        self.numbers = 0

    def close(self) -> None:
        with suppress(OSError, imaplib.IMAP4.error):
            self.hand.close()

    def again(self) -> None:
        """Log in anew, after a restart of the server."""
        self.close()
        self.hand = DovecotHand(self.server, self.user)

    def history(self) -> None:
        for days in range(400, 0, -20):
            at = datetime.now(UTC) - timedelta(days=days)
            raw = letter(
                "Hello", to="friend@f.example", sender=ME, ident=f"sent.{days}@winter.example", at=at
            )
            self.hand.append("Sent", raw, arrival=at)

    def flood(self, count: int) -> None:
        for _ in range(count):
            self.numbers += 1
            at = datetime.now(UTC) - timedelta(minutes=self.numbers)
            raw = bounce(f"forged.{self.numbers}@spam.example", at=at, number=self.numbers)
            self.hand.append("INBOX", raw, arrival=at)

    def genuine(self) -> None:
        at = datetime.now(UTC) - timedelta(hours=1)
        self.hand.append("INBOX", bounce("sent.20@winter.example", at=at, number=9999), arrival=at)

    def count(self, folder: str) -> int:
        return len(self.hand.messages(folder)) if folder in self.hand.folder_names() else 0

    def table(self, name: str, password_file: Path, *, port: int | None = None) -> str:
        return f"""
[accounts.{name}]
host = "127.0.0.1"
port = {port or self.server.port}
tls = "none"
username = "{self.user}"
password_file = "{password_file}"
addresses = ["{ME}"]
outbound = ["*.winter.example"]
mode = "move"
person = "{name}"
poll = "5s"
settle = "0s"
timeout = "10s"
"""


class Daemon:
    """A running `scatterclean run`; its log is a file."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self.log_file = config.with_suffix(".log")
        with self.log_file.open("wb") as log, Path(os.devnull).open("rb") as nothing:
            self.process = forked.start(
                ["--config", str(config), "run"],
                env=os.environ,
                files=(nothing.fileno(), log.fileno(), log.fileno()),
            )

    def log(self) -> str:
        return self.log_file.read_text()

    def says(self, words: str) -> Callable[[], bool]:
        return lambda: words in self.log()

    def leave(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(LEAVES_WITHIN)


def wait_for(done: Callable[[], bool], daemon: Daemon) -> None:
    until = time.monotonic() + PATIENCE
    while not done():
        assert daemon.process.poll() is None, daemon.log()
        assert time.monotonic() < until, daemon.log()
        time.sleep(0.1)


@pytest.fixture
def person(server: ScratchDovecot) -> Iterator[Person]:
    person = Person(server)
    yield person
    person.close()


@pytest.fixture
def other(server: ScratchDovecot) -> Iterator[Person]:
    other = Person(server)
    yield other
    other.close()


@contextmanager
def running(config: Path, *tables: str, notify: str = "inbox = false") -> Iterator[Daemon]:
    """`notify`: by default nothing is put into the inbox, whose messages are counted."""
    database = config.with_name("log.db")
    config.write_text(f'database = "{database}"\n' + "".join(tables) + f"\n[notify]\n{notify}\n")
    daemon = Daemon(config)
    try:
        yield daemon
    finally:
        if daemon.process.poll() is None:
            daemon.process.kill()
            daemon.process.wait()


def test_it_sweeps_by_itself_and_survives_a_restart_of_the_server(
    person: Person, config: Path, password_file: Path
) -> None:
    person.history()
    person.flood(5)
    person.genuine()
    with running(config, person.table("home", password_file)) as daemon:
        wait_for(lambda: person.count("Backscatter") == 5, daemon)
        person.flood(3)
        wait_for(lambda: person.count("Backscatter") == 8, daemon)
        person.server.stop()
        wait_for(daemon.says("trying again"), daemon)
        person.server.start()
        person.again()
        person.flood(4)
        wait_for(lambda: person.count("Backscatter") == 12, daemon)
        wait_for(daemon.says("works again"), daemon)
        assert daemon.leave() == 0
        assert "everything is settled" in daemon.log()
        assert "Traceback" not in daemon.log()
    assert (person.count("INBOX"), person.count("Backscatter")) == (1, 12)


def test_one_account_in_trouble_does_not_stop_another(
    person: Person, other: Person, config: Path, password_file: Path
) -> None:
    person.history()
    person.flood(2)
    tables = other.table("dead", password_file, port=1), person.table("home", password_file)
    with running(config, *tables) as daemon:
        wait_for(lambda: person.count("Backscatter") == 2, daemon)
        wait_for(daemon.says("dead: "), daemon)
        assert daemon.leave(signal.SIGINT) == 0


def test_a_broken_configuration_is_refused_at_reload_and_a_good_one_is_taken(
    person: Person, other: Person, config: Path, password_file: Path
) -> None:
    for each in (person, other):
        each.history()
        each.flood(2)
    with running(config, person.table("home", password_file)) as daemon:
        wait_for(lambda: person.count("Backscatter") == 2, daemon)
        good = config.read_text()
        config.write_text(good + "\nnonsense = [\n")
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(daemon.says("the old one stays"), daemon)
        person.flood(1)
        wait_for(lambda: person.count("Backscatter") == 3, daemon)
        config.write_text(good + other.table("late", password_file))
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: other.count("Backscatter") == 2, daemon)
        assert daemon.leave() == 0


def test_it_leaves_in_time_while_a_server_never_answers(
    person: Person, config: Path, password_file: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        table = person.table("silent", password_file, port=silent.getsockname()[1])
        with running(config, table) as daemon:
            wait_for(daemon.says("watching silent"), daemon)
            connection, _ = silent.accept()
            with connection:
                assert daemon.leave() == 0


def test_a_second_process_is_told_who_holds_the_database(
    person: Person, config: Path, password_file: Path
) -> None:
    person.history()
    with running(config, person.table("home", password_file)) as daemon:
        wait_for(daemon.says("watching home"), daemon)
        second = forked.run(["--config", str(config), "sweep"], env=os.environ)
        said = second.stderr.decode()
        assert second.returncode == 4, said
        assert str(daemon.process.pid) in said
        assert "Traceback" not in said


def test_a_daemon_that_is_killed_in_the_middle_loses_and_doubles_nothing(
    person: Person, config: Path, password_file: Path
) -> None:
    person.history()
    total = 0
    for delay in (0.05, 0.1, 0.2, 0.3, 0.45, 0.7, 1.2):
        person.flood(60)
        total += 60
        with running(config, person.table("home", password_file)) as daemon:
            time.sleep(delay)
            daemon.process.kill()
            daemon.process.wait()
        assert person.count("INBOX") + person.count("Backscatter") == total
    with running(config, person.table("home", password_file)) as daemon:
        wait_for(daemon.says("watching home"), daemon)
        wait_for(lambda: person.count("Backscatter") == total, daemon)
        assert daemon.leave() == 0
    assert person.count("INBOX") == 0
