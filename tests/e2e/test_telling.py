"""`scatterclean run` tells the person, on a real Dovecot: once each, into the right inbox, also when it is killed."""

from __future__ import annotations

import email
import email.policy
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scatterclean.demo.dovecot import ScratchDovecot, find_dovecot
from scatterclean.mailbox.memory import Stored
from scatterclean.model import Alarm, AlarmKind, Mode, NoticeState, SweepReport
from scatterclean.store import open_store
from tests.conftest import absent
from tests.e2e.test_run import Person, running, wait_for
from tests.sweeps.world import ME, letter

ON = "digest = 'never'"
STORM = 15


@pytest.fixture
def person(server: ScratchDovecot) -> Iterator[Person]:
    person = Person(server)
    person.history()
    yield person
    person.close()


@pytest.fixture
def other(server: ScratchDovecot) -> Iterator[Person]:
    other = Person(server)
    other.history()
    yield other
    other.close()


def told(person: Person) -> list[Stored]:
    return [m for m in person.hand.messages("INBOX") if b"@notice.scatterclean.invalid" in m.raw]


def subjects(person: Person) -> list[str]:
    read = [email.message_from_bytes(m.raw, policy=email.policy.default) for m in told(person)]
    return [str(one["Subject"]) for one in read]


def states(config: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(config.with_name("log.db"))) as database:
        return database.execute("SELECT key, state FROM notices ORDER BY id").fetchall()


HURRY = (
    "import datetime, sys; from scatterclean.service import events, telling;"
    "events._SEEN_FAILING = datetime.timedelta(0); telling._TELL_EVERY = 1.0;"
    "telling.STORM_POLL = datetime.timedelta(seconds=2); from scatterclean.cli import main; sys.exit(main())"
)


@contextmanager
def hurrying(config: Path) -> Iterator[None]:
    """The daemon, whose minutes are seconds."""
    with config.with_suffix(".log").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", HURRY, "--config", str(config), "run"], stdout=out, stderr=out
        )
    try:
        yield
        assert process.poll() is None, config.with_suffix(".log").read_text()
    finally:
        process.terminate()
        process.wait(10)


def test_while_a_storm_is_in_progress_it_looks_more_often_than_its_poll(
    person: Person, config: Path, password_file: Path
) -> None:
    table = person.table("home", password_file).replace('poll = "5s"', 'poll = "1h"\npush = false')
    person.flood(STORM)
    config.write_text(f'database = "log.db"\n[notify]\n{ON}\n{table}')
    with hurrying(config):
        for more in (0, 1, 2):
            person.flood(1 if more else 0)
            until = time.monotonic() + 60
            while person.count("Backscatter") < STORM + more:
                assert time.monotonic() < until, config.with_suffix(".log").read_text()
                time.sleep(0.2)


def test_a_storm_is_told_once_unread_and_is_no_mail_to_be_judged(
    person: Person, config: Path, password_file: Path
) -> None:
    person.flood(STORM)
    table = person.table("home", password_file)
    with running(config, table, notify=ON) as daemon:
        wait_for(lambda: len(told(person)) == 1, daemon)
        assert daemon.leave() == 0
        assert "Traceback" not in daemon.log()
    with running(config, table, notify=ON) as daemon:
        person.flood(1)
        wait_for(lambda: person.count("Backscatter") == STORM + 1, daemon)
        time.sleep(7)  # a poll and what comes after it
        assert daemon.leave() == 0
    [message] = told(person)
    assert message.flags == frozenset()
    text = email.message_from_bytes(message.raw, policy=email.policy.default)
    assert text["To"].addresses[0].addr_spec == ME
    assert re.fullmatch(r"A storm of bounces at home: about \d+ an hour", str(text["Subject"]))
    assert "None of them is about mail of yours." in text.get_content()
    with open_store(config.with_name("log.db")) as store:
        assert {case.where.uid for case in store.docket.find("home", limit=1000)}.isdisjoint({message.uid})
        assert store.notices.storms("home")[0].ended is None
    assert [state for _, state in states(config)] == ["told"]


def test_killed_between_the_message_and_the_journal_it_is_not_told_twice(
    person: Person, config: Path, password_file: Path
) -> None:
    """As a kill behind APPEND leaves it: the message is there, the row still says that it is being tried."""
    person.flood(STORM)
    table = person.table("home", password_file)
    with running(config, table, notify=ON) as daemon:
        wait_for(lambda: len(told(person)) == 1, daemon)
        wait_for(lambda: states(config)[-1][1] == "told", daemon)
        daemon.process.kill()
        daemon.process.wait()
    with closing(sqlite3.connect(config.with_name("log.db"))) as database:
        database.execute("UPDATE notices SET state = 'trying', settled_at = NULL")
        database.commit()
    with running(config, table, notify=ON) as daemon:
        wait_for(daemon.says("watching home"), daemon)
        wait_for(lambda: states(config)[-1][1] == "told", daemon)
        assert daemon.leave() == 0
    assert len(told(person)) == 1


@pytest.mark.slow
def test_killed_at_any_moment_it_tells_once(person: Person, config: Path, password_file: Path) -> None:
    person.flood(STORM)
    table = person.table("home", password_file)
    for delay in (0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.7):
        with running(config, table, notify=ON) as daemon:
            time.sleep(delay)
            daemon.process.kill()
            daemon.process.wait()
        assert len(told(person)) <= 1
    with running(config, table, notify=ON) as daemon:
        wait_for(daemon.says("watching home"), daemon)
        wait_for(lambda: [state for _, state in states(config)] == ["told"], daemon)
        assert daemon.leave() == 0
    assert len(told(person)) == 1


def test_an_alarm_that_was_rung_before_the_process_died_is_told_at_the_next_start(
    person: Person, config: Path, password_file: Path
) -> None:
    now = datetime.now(UTC)
    with open_store(config.with_name("log.db")) as store:
        alarm = Alarm("home", "burst:1", AlarmKind.BURST, now, (("strangers", "80"), ("usual", "2")))
        store.journal.ring([alarm], now)
    with running(config, person.table("home", password_file), notify=ON) as daemon:
        wait_for(lambda: len(told(person)) == 1, daemon)
        assert daemon.leave() == 0
    assert subjects(person) == ["ALARM: is somebody else using your account home?"]


def test_what_falls_into_quiet_hours_waits_and_an_alarm_does_not(
    person: Person, config: Path, password_file: Path
) -> None:
    now = datetime.now(UTC)
    with open_store(config.with_name("log.db")) as store:
        alarm = Alarm("home", "burst:1", AlarmKind.BURST, now, (("strangers", "80"), ("usual", "2")))
        store.journal.ring([alarm], now)
    person.flood(STORM)
    local = now.astimezone()
    quiet = f"{local - timedelta(hours=2):%H:%M}-{local + timedelta(hours=3):%H:%M}"
    notify = f'{ON}\nquiet_hours = "{quiet}"'
    with running(config, person.table("home", password_file), notify=notify) as daemon:
        wait_for(lambda: len(states(config)) == 2 and len(told(person)) == 1, daemon)
        time.sleep(6)
        assert daemon.leave() == 0
    assert [state for _, state in states(config)] == ["told", "due"]
    assert subjects(person) == ["ALARM: is somebody else using your account home?"]


def test_an_account_that_cannot_be_reached_is_told_of_in_another_inbox_of_the_person(
    person: Person, other: Person, config: Path, password_file: Path
) -> None:
    """The last success is put into the store; an hour of failures before our eyes is not waited for."""
    dead = person.table("dead", password_file, port=1).replace('person = "dead"', 'person = "home"')
    now = datetime.now(UTC)
    with open_store(config.with_name("log.db")) as store:
        past = now - timedelta(hours=30)
        number = store.journal.begin_sweep("dead", Mode.MOVE, past)
        store.journal.end_sweep(SweepReport("dead", number, Mode.MOVE, past, past))
    config.write_text(f'database = "log.db"\n[notify]\n{ON}\n{dead}{other.table("home", password_file)}')
    with hurrying(config):
        until = time.monotonic() + 60
        while not told(other):
            assert time.monotonic() < until, config.with_suffix(".log").read_text()
            time.sleep(0.2)
        time.sleep(7)
    [subject] = subjects(other)
    assert re.fullmatch(r"dead has not been looked at since (yesterday|\d+ \w+).*", subject), subject
    assert told(person) == []


def test_a_full_inbox_is_told_in_the_log_and_not_hammered(config: Path, tmp_path: Path) -> None:
    if find_dovecot() is None:
        absent("Dovecot 2.3")
    with ScratchDovecot(quota="*:messages=45") as server:
        password = tmp_path / "password"
        password.touch(mode=0o600)
        password.write_text(server.password)
        full = Person(server)
        full.history()
        full.flood(STORM)
        for number in range(45 - 20 - STORM):
            full.hand.append("INBOX", letter(f"Letter {number}", ident=f"l{number}@x", at=datetime.now(UTC)))
        with running(config, full.table("home", password), notify=ON) as daemon:
            wait_for(daemon.says("mailbox is full"), daemon)
            time.sleep(12)
            assert daemon.leave() == 0
            said = daemon.log()
        assert said.count("mailbox is full") == 1, said
        assert said.count("not told yet (inbox), tried again in 15 min") == 1, said
        assert [state for _, state in states(config)] == [NoticeState.DUE]
        full.close()


def test_a_test_message_reaches_the_inbox_and_what_is_missing_is_said(
    person: Person, config: Path, password_file: Path
) -> None:
    config.write_text(
        f'database = "log.db"\n[notify]\napprise = ["nonsense://x"]\n{person.table("home", password_file)}'
    )
    command = [sys.executable, "-m", "scatterclean", "--config", str(config), "notify", "--test", "home"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "inbox, home: the message is in the inbox" in done.stdout
    assert "apprise: apprise" in done.stderr
    assert done.returncode != 0
    assert subjects(person) == ["scatterclean: a test"]
    assert not config.with_name("log.db").exists()
