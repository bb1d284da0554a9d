"""Rows of a large harvest that wait for their places: whatever happens to it, the log answers as if they were there."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from scatterclean.errors import NobodyCanMend
from scatterclean.model import Cursor, Grade, Interval, Place, Question, SentMessage, TieQuestion
from scatterclean.ports import SentLog
from scatterclean.store import Store, open_store, staging
from scatterclean.store.asking import domain_of
from tests.contracts.records import NOW, days, message

LARGE = staging.FROM
PEOPLE = [f"p{n}@site{n % 3}.example" for n in range(6)]
IDS = [f"i{n}.{n}@x.example" for n in range(8)] + ["beginning-of-an-id.1@x.example"]
QUESTION = Question(
    "ada",
    keys=frozenset([*IDS, "beginning-of-an", "no@x.example"]),
    ties=frozenset(TieQuestion(one, NOW - days(20), NOW) for one in [*PEOPLE, "nobody@x.example"]),
    correspondents=frozenset([*PEOPLE, "site0.example", "site1.example", "site2.example", "x.example"]),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "scatterclean.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with open_store(path) as opened:
        yield opened


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "scatterclean.db"
    open_store(path).close()
    return path


def waiting(store: Store) -> int:
    with store._database.read() as connection:
        return staging.waiting(connection)


def batch(*numbers: int) -> list[SentMessage]:
    """Every fifth without a Date."""
    return [
        message(
            n,
            ids=[IDS[n % 9], IDS[(n * 3) % 9]],
            to=[PEOPLE[n % 6], PEOPLE[n % 4]],
            sent_at=NOW - days(n),
        )._replace(dated=n % 5 != 0)
        for n in numbers
    ]


def cursor(upto: int) -> Cursor:
    return Cursor(Place("Sent", 3), upto + 1, 100, NOW)


def said(log: SentLog) -> dict[str, object]:
    """All that the log says."""
    return {
        "answer": log.ask(QUESTION),
        "holders": log.holders("ada", [*IDS, "no@x.example"]),
        "hours": [log.hours(account, NOW - days(7)) for account in ("home", "work")],
        "count": (log.count("ada"), log.count_account("home"), log.count_account("work")),
        "sent": (log.first_sent("home"), log.last_sent("home")),
        "senders": (log.senders("ada"), log.senders_elsewhere("ada", ["home"]), log.shapes("ada")),
        "cursors": log.cursors("home"),
    }


# --- who asks -------------------------------------------------------------------------------------------


def test_what_waits_is_known_to_whoever_asks_and_stays_where_it_is(store: Store, path: Path) -> None:
    store.sent_log.record("home", "ada", batch(1, 2, 3), cursor(3), out_of=LARGE)
    heap = waiting(store)
    assert heap > 0
    for asked in (store, open_store(path, read_only=True)):
        assert asked.sent_log.ask(QUESTION).known == {IDS[1], IDS[2], IDS[3], IDS[6], IDS[0]}
        assert asked.sent_log.holders("ada", [IDS[1]]) == {IDS[1]: {"home"}}
        assert {tie.recipient for tie in asked.sent_log.ask(QUESTION).ties} == set(PEOPLE[1:4])
    asked.close()
    assert waiting(store) == heap


def test_another_account_is_answered_while_the_first_harvest_of_this_one_is_under_way(store: Store) -> None:
    log = store.sent_log
    log.record("work", "ada", batch(5), Cursor(Place("Sent", 1), 2, 1, NOW))
    log.record("home", "ada", batch(1, 5), cursor(2), out_of=LARGE)
    log.record("work", "ada", batch(4), Cursor(Place("Sent", 1), 3, 2, NOW))
    assert log.holders("ada", [IDS[5], IDS[4]]) == {IDS[5]: {"home", "work"}, IDS[4]: {"work"}}
    assert waiting(store) > 0


def test_a_question_over_rows_that_wait_reads_no_whole_table(store: Store) -> None:
    store.sent_log.record("home", "ada", batch(*range(9)), cursor(9), out_of=LARGE)
    plans: list[str] = []

    def note(connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT") and "sorted_" in statement:
            # The driver's own connection: this listener would hear itself.
            driver = connection.connection.driver_connection
            plans.extend(row[-1] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    event.listen(store._database._engine, "before_cursor_execute", note)
    store.sent_log.ask(QUESTION)
    store.sent_log.holders("ada", IDS)
    assert any(plan.startswith("SEARCH sorted_") for plan in plans)
    assert [plan for plan in plans if plan.startswith("SCAN sorted_")] == []


def test_a_question_that_fails_leaves_no_table_of_its_own_behind(store: Store) -> None:
    store.sent_log.record("home", "ada", batch(1), cursor(1), out_of=LARGE)
    with pytest.raises(TypeError):
        store.sent_log.holders("ada", [None])  # type: ignore[list-item]  # what must not be
    assert store.sent_log.holders("ada", [IDS[1]]) == {IDS[1]: {"home"}}


# --- when they go to their places -----------------------------------------------------------------------


def test_a_small_harvest_lays_nothing_aside(store: Store) -> None:
    store.sent_log.record("home", "ada", batch(1, 2), cursor(2), out_of=LARGE - 1)
    store.sent_log.record("home", "ada", batch(3), cursor(3))
    assert waiting(store) == 0


def test_tidying_changes_no_answer(store: Store) -> None:
    store.sent_log.record("home", "ada", batch(1, 2), cursor(2))
    store.sent_log.record("home", "ada", batch(2, 3, 8), cursor(4), out_of=LARGE)
    before = said(store.sent_log)
    store.sent_log.tidy()
    assert (waiting(store), said(store.sent_log)) == (0, before)


def test_coverage_is_not_granted_before_all_rows_are_in_their_places(store: Store) -> None:
    store.sent_log.record("home", "ada", batch(1), cursor(1), out_of=LARGE)
    store.sent_log.cover("home", [Interval(NOW - days(9), NOW, Grade.BACKFILLED)])
    assert waiting(store) == 0


def test_so_many_rows_wait_and_no_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "MOST", 40)
    heaps = []
    for number in range(30):
        store.sent_log.record("home", "ada", batch(number), cursor(number), out_of=LARGE)
        heaps.append(waiting(store))
    assert 30 < max(heaps) < 40
    assert heaps.count(0) >= 3


def test_the_larger_the_log_the_more_rows_wait(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few at first, then as many as messages are logged, and not more than `MOST`."""
    monkeypatch.setattr(staging, "FEWEST", 6)
    monkeypatch.setattr(staging, "MOST", 40)
    heaps = [0]
    for number in range(60):
        one = message(number, ids=[f"{number}@x.example"], to=["p@site.example"])
        store.sent_log.record("home", "ada", [one], cursor(number), out_of=LARGE)
        heaps.append(waiting(store))
    # Two rows each: 3 messages are the fewest, then as many as were logged before, then 20 are the most.
    fell = [number for number, (before, after) in enumerate(pairwise(heaps), 1) if after < before]
    assert fell == [3, 6, 12, 24, 44]


def test_what_a_process_that_died_laid_aside_is_put_in_its_place_by_the_next_one(path: Path) -> None:
    with open_store(path) as store:
        store.sent_log.record("home", "ada", batch(1, 2, 3), cursor(3), out_of=LARGE)
        before = said(store.sent_log)
    with open_store(path, read_only=True) as reader:
        assert waiting(reader) > 0
        assert said(reader.sent_log) == before
    with open_store(path) as store:
        assert waiting(store) == 0
        assert said(store.sent_log) == before


@pytest.mark.parametrize(
    "odd", ["a@b@c.example", "@", "a@", "@x.example", "nobody", "ä@ö.example", "%@_.example", "a'@b"]
)
def test_the_domain_of_who_waits_is_that_of_who_does_not(path: Path, odd: str) -> None:
    question = Question("ada", correspondents=frozenset([odd, domain_of(odd), "c.example", "b@c.example"]))
    answers = []
    for out_of in (LARGE, 1):
        with open_store(path.with_suffix(f".{out_of}")) as store:
            store.sent_log.record("home", "ada", [message(1, to=[odd])], cursor(1), out_of=out_of)
            answers.append(store.sent_log.ask(question).correspondents)
            store.sent_log.tidy()
            answers.append(store.sent_log.ask(question).correspondents)
    assert set(answers) == {frozenset({odd, domain_of(odd)})}


@pytest.mark.parametrize("table", ["staged_ids", "staged_recipients"])
def test_a_row_of_no_message_or_account_cannot_wait(store: Store, table: str) -> None:
    values = {
        "staged_ids": "('k', 7, 7)",
        "staged_recipients": "('k', 7, 0, 7)",
    }
    with pytest.raises(NobodyCanMend), store._database.write() as connection:
        connection.exec_driver_sql(f"INSERT INTO {table} VALUES {values[table]}")
    assert waiting(store) == 0


def test_foreign_keys_are_looked_up_again_after_tidying_also_where_that_fails(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for failing in (False, True):
        store.sent_log.record("home", "ada", batch(1, 2), cursor(2), out_of=LARGE)
        with monkeypatch.context() as broken, suppress(ZeroDivisionError):
            if failing:
                broken.setattr(staging, "_merge", lambda _connection: 1 / 0)
            store.sent_log.tidy()
        assert (waiting(store) > 0) is failing
        with store._database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        with pytest.raises(NobodyCanMend), store._database.write() as connection:
            connection.exec_driver_sql("INSERT INTO sent_ids VALUES ('k', 7, 7)")


# --- cut off anywhere -----------------------------------------------------------------------------------


class Death(BaseException):
    """The process is gone."""


def _first_harvest(log: SentLog) -> None:
    for start in range(0, 12, 3):
        log.record("home", "ada", batch(*range(start, start + 3)), cursor(start + 3), out_of=LARGE)
    log.tidy()
    log.cover("home", [Interval(NOW - days(12), NOW, Grade.BACKFILLED)])
    log.record("home", "ada", [], cursor(12))


def _dies(store: Store, at: int) -> bool:
    """Does a first harvest come to its `at`th statement or commit?  There it dies."""
    steps = 0

    def step(*_: Any) -> None:
        nonlocal steps
        steps += 1
        if steps == at:
            raise Death

    engine = store._database._engine
    event.listen(engine, "before_cursor_execute", step)
    event.listen(engine, "commit", step)
    try:
        _first_harvest(store.sent_log)
    except Death:
        return True
    finally:
        event.remove(engine, "before_cursor_execute", step)
        event.remove(engine, "commit", step)
    return False


def test_wherever_a_first_harvest_dies_the_log_knows_every_message_up_to_its_cursor(
    tmp_path: Path, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "MOST", 30)
    expected = {upto: _placed(tmp_path / f"{upto} placed.db", upto) for upto in (0, 3, 6, 9, 12)}
    at, left_waiting, covered, died = 0, 0, 0, True
    while died:
        at += 1
        path = Path(shutil.copy(empty, tmp_path / f"{at}.db"))
        with open_store(path) as store:
            died = _dies(store, at)
        with open_store(path, read_only=True) as reader:
            read = reader.sent_log.cursors("home")
            upto = read["Sent"].uidnext - 1 if read else 0
            heap = waiting(reader)
            through = reader.sent_log.coverage(["home"])["home"].through
            assert said(reader.sent_log) == expected[upto]
            assert through is None or (heap, upto) == (0, 12)
            left_waiting += heap > 0
            covered += through is not None
        with open_store(path) as store:
            assert (waiting(store), said(store.sent_log)) == (0, expected[upto])
            # It goes on where it stopped, and ends like one that was not cut off.
            _first_harvest(store.sent_log)
            assert said(store.sent_log) == expected[12]
    assert at > 40
    assert left_waiting > 10
    assert covered > 1


def _placed(path: Path, upto: int) -> dict[str, object]:
    """What a log says to which so many messages came one by one."""
    with open_store(path) as store:
        for number in range(upto):
            store.sent_log.record("home", "ada", batch(number), cursor(number + 1))
        return said(store.sent_log)


@dataclass(frozen=True)
class Step:
    account: str
    numbers: Sequence[int]
    large: bool
    then: str


STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(["home", "work", "home/outbox"]),
        st.lists(st.integers(0, 15), max_size=6),
        st.booleans(),
        st.sampled_from(["", "", "tidy", "cover", "reopen"]),
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS, most=st.integers(1, 40))
def test_the_log_answers_the_same_whichever_way_its_rows_came_in(
    empty: Path, steps: list[Step], most: int
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(staging, "MOST", most)
        store, plain = (
            open_store(Path(shutil.copy(empty, Path(folder) / f"{name}.db"))) for name in ("staged", "plain")
        )
        try:
            for upto, step in enumerate(steps):
                some = batch(*step.numbers)
                added = store.sent_log.record(
                    step.account, "ada", some, cursor(upto), out_of=LARGE if step.large else 0
                )
                assert added == plain.sent_log.record(step.account, "ada", some, cursor(upto))
                _then(step.then, store.sent_log)
                if step.then == "reopen":
                    store.close()
                    store = open_store(Path(folder) / "staged.db")
                assert said(store.sent_log) == said(plain.sent_log)
        finally:
            store.close()
            plain.close()


def _then(what: str, log: SentLog) -> None:
    deeds: dict[str, Callable[[], None]] = {
        "tidy": log.tidy,
        "cover": lambda: log.cover("home", [Interval(NOW, NOW, Grade.WITNESSED)]),
    }
    deeds.get(what, lambda: None)()
