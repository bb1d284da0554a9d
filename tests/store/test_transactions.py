"""What is committed stays, what is not was never there: threads, kill -9, and the plans of the queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from scatterclean.model import Mode, MoveState, Place, Question, TieQuestion
from scatterclean.ports import FolderState
from scatterclean.store import Store, open_store
from scatterclean.store.database import Database
from tests.contracts.records import NOW, case, cursor, days, fingerprint, intent, message
from tests.store.processes import running, told


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "scatterclean.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with open_store(path) as opened:
        yield opened


def sound(store: Store) -> bool:
    with store._database.read() as connection:
        whole = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        return whole and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is None


def test_moves_get_new_numbers_also_where_the_sequence_was_lost(store: Store) -> None:
    """As in a database that was put together from what could be read of a damaged one."""
    journal = store.journal
    sweep = journal.begin_sweep("home", Mode.MOVE, NOW)
    target = FolderState(Place("Backscatter", 7), 1, 0)
    [first] = journal.intend(sweep, [intent(1)], target, NOW)
    with store._database.write() as connection:
        connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = 'moves'")
    [second, third] = journal.intend(sweep, [intent(2), intent(3)], target, NOW)
    assert first.id < second.id < third.id
    assert [move.id for move in journal.moves("home")] == [first.id, second.id, third.id]


# --- killed ---------------------------------------------------------------------------------------------


def test_kill_9_in_the_middle_of_a_transaction_leaves_nothing_of_it(path: Path) -> None:
    script = """
store = open_store(path)
store.sent_log.record("home", "ada", [message(n) for n in range(100)], cursor())
with store._database.write() as connection:
    for n in range(20_000):  # more than the cache: pages of it are in the WAL already
        connection.exec_driver_sql("INSERT INTO senders VALUES (1, ?)", (f"{n}" * 100,))
    connection.exec_driver_sql("DELETE FROM sent_ids")
    print("in the middle", flush=True)
    sys.stdin.read()
"""
    with running(script, path) as process:
        assert told(process) == "in the middle"
        process.kill()
        process.wait()
    with open_store(path) as store:
        assert sound(store)
        assert store.sent_log.senders("ada") == {"ada@winter.example"}
        keys = frozenset(f"sent.{n}@winter.example" for n in range(100))
        assert store.sent_log.ask(Question("ada", keys=keys)).known == keys


@pytest.mark.parametrize("after", [1, 2, 17, 60])
def test_every_deed_that_was_acknowledged_before_kill_9_is_in_the_journal(path: Path, after: int) -> None:
    script = """
store = open_store(path)
sweep = store.journal.begin_sweep("home", Mode.MOVE, NOW)
for uid in range(1, 10_000):
    (move,) = store.journal.intend(sweep, [intent(uid)], TARGET, NOW)
    print(move.id, "intended", flush=True)
    store.journal.settle([(move, MoveState.MOVED, uid)], NOW)
    print(move.id, "moved", flush=True)
"""
    with running(script, path) as process:
        acknowledged = dict(told(process).split() for _ in range(after))
        process.kill()
        process.wait()
        assert process.stdout is not None
        acknowledged |= dict(line.split() for line in process.stdout if line.endswith("\n"))
    with open_store(path) as store:
        assert sound(store)
        stored = {str(move.id): move.state for move in store.journal.moves()}
    for move_id, state in acknowledged.items():
        assert stored[move_id] in {MoveState(state), MoveState.MOVED}
    assert len(stored) - len(acknowledged) in (0, 1)  # one more may have been written and not told


# --- threads --------------------------------------------------------------------------------------------


def test_threads_that_write_at_once_lose_nothing(store: Store) -> None:
    """SQLite's default transactions lost 261 of 360 concurrent updates (field guide, 7)."""

    def work(thread: int) -> list[int]:
        numbers = []
        for n in range(20):
            number = thread * 100 + n
            store.sent_log.record("home", "ada", [message(number)], cursor(f"Sent {thread}"))
            numbers.append(store.journal.begin_sweep("home", Mode.OBSERVE, NOW))
            store.docket.enter("home", [case(number)], None)
            store.sent_log.count("ada")
        return numbers

    with ThreadPoolExecutor(8) as pool:
        numbers = [number for numbers in pool.map(work, range(8)) for number in numbers]
    assert sorted(numbers) == list(range(1, 161))
    assert store.sent_log.count("ada") == 160
    keys = frozenset(f"sent.{thread * 100 + n}@winter.example" for thread in range(8) for n in range(20))
    assert store.sent_log.ask(Question("ada", keys=keys)).known == keys
    assert len(store.docket.open_cases("home")) == 160


def test_two_openings_that_change_one_row_at_once_take_turns(store: Store, path: Path) -> None:
    """Beyond the lock between threads: BEGIN IMMEDIATE.  A late lock could only fail, or lose the other's change."""
    store.sent_log.assign({"home": "ada"})

    def work(_: int) -> None:
        database = Database(path)
        for _step in range(40):
            with database.write() as connection:
                logged = connection.exec_driver_sql("SELECT logged FROM accounts").scalar_one()
                connection.exec_driver_sql("UPDATE accounts SET logged = ?", (logged + 1,))
        database.close()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    assert store.sent_log.count("ada") == 120


def test_a_reader_neither_waits_for_a_writer_nor_sees_what_is_not_committed(store: Store, path: Path) -> None:
    with open_store(path, read_only=True) as reader:
        with store._database.write() as connection:
            connection.exec_driver_sql("INSERT INTO accounts VALUES (1, 'home', 'ada', 7)")
            assert reader.sent_log.count("ada") == 0
        assert reader.sent_log.count("ada") == 7


def test_a_question_sees_one_state_of_the_log(store: Store) -> None:
    with store._database.read() as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM sent_ids").scalar_one()
        store.sent_log.record("home", "ada", [message(1)], cursor())
        assert connection.exec_driver_sql("SELECT count(*) FROM sent_ids").scalar_one() == before


# --- plans ----------------------------------------------------------------------------------------------


def statements(store: Store, ask: Callable[[], object]) -> list[tuple[str, Any]]:
    seen: list[tuple[str, Any]] = []

    def note(*arguments: Any) -> None:
        _connection, _cursor, statement, parameters, *_ = arguments
        if not statement.startswith("BEGIN"):
            seen.append((statement, parameters))

    engine = store._database._engine
    event.listen(engine, "before_cursor_execute", note)
    ask()
    event.remove(engine, "before_cursor_execute", note)
    return seen


def question(size: int) -> Question:
    return Question(
        "ada",
        keys=frozenset(f"sent.{n}@winter.example" for n in range(size)),
        ties=frozenset(TieQuestion(f"r{n}@x.example", NOW - days(14), NOW) for n in range(size)),
        correspondents=frozenset(
            [f"r{n}@x.example" for n in range(size)] + [f"d{n}.example" for n in range(size)]
        ),
    )


def test_a_question_takes_the_same_few_queries_whatever_its_size(store: Store) -> None:
    small = statements(store, lambda: store.sent_log.ask(question(1)))
    large = statements(store, lambda: store.sent_log.ask(question(40_000)))
    assert [statement for statement, _ in small] == [statement for statement, _ in large]
    assert len(small) <= 5  # the first asks whether rows wait


LOOKUPS: dict[str, Callable[[Store], object]] = {
    "ask": lambda s: s.sent_log.ask(question(3)),
    "first_sent": lambda s: s.sent_log.first_sent("home", 3),
    "senders": lambda s: s.sent_log.senders("ada"),
    "moved_before": lambda s: s.journal.moved_before("home", [fingerprint(1)]),
    "intended": lambda s: s.journal.moves("home", states=[MoveState.INTENDED]),
    "of a sweep": lambda s: s.journal.moves(sweep=1),
    "move by id": lambda s: s.journal.moves(message_id="a@x.example"),
    "open_cases": lambda s: s.docket.open_cases("home"),
    "moved_cases": lambda s: list(s.docket.moved_cases("home")),
    "case by id": lambda s: s.docket.find("home", message_id="a@x.example"),
    "case by place": lambda s: s.docket.find("home", folder="INBOX", uid=3),
    "orphans": lambda s: s.docket.orphans_between("home", NOW - days(1), NOW),
    "counts": lambda s: s.docket.counts("home"),
    "known fingerprints": lambda s: s.sent_log.record("home", "ada", [message(1)], cursor()),
}


@pytest.mark.parametrize("lookup", LOOKUPS)
def test_no_lookup_reads_a_whole_table(store: Store, lookup: str) -> None:
    """Millions of rows: every access to a table of ours is a search in an index."""
    store.sent_log.record("home", "ada", [message(n) for n in range(50)], cursor())
    small_tables = (
        "accounts",
        "asked",
        "anon_",
        "json_each",
        "CONSTANT ROW",
    )  # a handful of rows, or the question itself
    plans = []
    for statement, parameters in statements(store, lambda: LOOKUPS[lookup](store)):
        if not statement.startswith("SELECT"):
            continue
        with store._database.read() as connection:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans += [row[-1] for row in rows]
    assert any(plan.startswith("SEARCH") for plan in plans)
    whole = [
        p for p in plans if p.startswith("SCAN") and not p.removeprefix("SCAN ").startswith(small_tables)
    ]
    assert whole == []
