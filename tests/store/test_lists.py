"""Lists of a hundred thousand are read along an index, or in one scan of narrow rows: never sorted, never wide."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from scatterclean.model import Errand, Kind, MoveState, Verdict
from scatterclean.model.listed import Mark, Turn, Wanted
from scatterclean.store import Store, open_store
from tests.contracts.records import NOW, case

WANTED = [
    Wanted(),
    Wanted(text="word another"),
    Wanted(kind=Kind.BOUNCE, account="home"),
    Wanted(state=MoveState.RETURNED, errand=Errand.SWEEP, verdict=Verdict.UNDECIDED),
    Wanted(since=NOW - timedelta(days=1), until=NOW),
]
TURNS = [Turn(), Turn(Mark(50, NOW)), Turn(Mark(50, NOW), newer=True)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "log.db") as opened:
        opened.docket.enter("home", [case(number) for number in range(1, 200)], None)
        yield opened


def plans(store: Store, ask: Any) -> list[str]:
    """How SQLite carries out each query."""
    engine: Any = store._database._engine
    found: list[str] = []

    def explain(_: Any, cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            found.extend(row[3] for row in cursor.fetchall())

    event.listen(engine, "before_cursor_execute", explain)
    ask()
    event.remove(engine, "before_cursor_execute", explain)
    assert found
    return found


@pytest.mark.parametrize("turn", TURNS, ids=["first", "older", "newer"])
@pytest.mark.parametrize("wanted", WANTED, ids=["all", "text", "kind", "state", "time"])
def test_what_stays_is_found_in_one_index_that_holds_all_that_is_asked_for(
    store: Store, wanted: Wanted, turn: Turn
) -> None:
    steps = plans(store, lambda: store.lists.staying(wanted, turn, 50))
    assert "COVERING INDEX ix_cases_listed" in steps[0]
    assert not [step for step in steps if "ORDER BY" in step]
    assert not [step for step in steps if step == "SCAN cases"]


@pytest.mark.parametrize("wanted", WANTED, ids=["all", "text", "kind", "state", "time"])
def test_what_stays_is_counted_in_the_same_index_and_only_so_far(store: Store, wanted: Wanted) -> None:
    steps = plans(store, lambda: store.lists.count_staying(wanted, 11))
    assert any("COVERING INDEX ix_cases_listed" in step for step in steps)
    assert not [step for step in steps if "ORDER BY" in step]
    fits = len(store.lists.staying(wanted, Turn(), 500).rows)
    assert store.lists.count_staying(wanted, 11) == min(fits, 11)
    assert store.lists.count_staying(wanted, 1000) == fits


@pytest.mark.parametrize("turn", TURNS, ids=["first", "older", "newer"])
@pytest.mark.parametrize("wanted", WANTED, ids=["all", "text", "kind", "state", "time"])
def test_what_was_put_away_is_read_in_its_own_order_and_never_sorted(
    store: Store, wanted: Wanted, turn: Turn
) -> None:
    [step] = plans(store, lambda: store.lists.put_away(wanted, turn, 50))
    assert step.startswith(("SCAN moves", "SEARCH moves USING INTEGER PRIMARY KEY"))
