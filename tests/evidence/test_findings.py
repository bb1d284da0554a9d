"""The pass over the store: each message once, what became of each, and the same whatever order it was written in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest

from scatterclean.errors import DatabaseUnusable
from scatterclean.evidence.passing import fate
from scatterclean.model import (
    Because,
    Case,
    Closure,
    Errand,
    Finding,
    Kind,
    Mode,
    MoveState,
    Original,
    Place,
    Reason,
    Verdict,
)
from scatterclean.model.report import Fate
from scatterclean.ports.evidence import Facts, Forgeries
from scatterclean.store import Store, open_store
from tests.contracts.records import (
    BACK,
    BOUNCE,
    GENUINE,
    INBOX,
    NOW,
    ORPHAN,
    TARGET,
    UNDECIDED,
    bring_back,
    case,
    intent,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "log.db") as opened:
        yield opened


def change(store: Store, bounce: str) -> None:
    """Set `bounce` of all cases to an expression of SQL."""
    with store._database.write() as connection:
        connection.exec_driver_sql(f"UPDATE cases SET bounce = {bounce}")


def rows(store: Store, *accounts: str, since: datetime | None = None) -> list[dict[str, object]]:
    """All facts, each as {column: value}."""
    found = [facts for facts, _ in store.evidence.findings(accounts or ("home",), since)]
    return [dict(zip(Facts._fields, row, strict=True)) for facts in found for row in zip(*facts, strict=True)]


def forgeries(store: Store) -> list[dict[str, object]]:
    found = [some for _, some in store.evidence.findings(("home",), None)]
    return [
        dict(zip(Forgeries._fields, row, strict=True)) for some in found for row in zip(*some, strict=True)
    ]


def closed(one: Case, why: Closure) -> Case:
    return replace(one, closed_at=NOW, closure=why)


def enter(store: Store, *cases: Case) -> None:
    for account in {one.account for one in cases}:
        store.docket.enter(account, [one for one in cases if one.account == account], None)


def test_an_empty_store_has_none(store: Store) -> None:
    assert rows(store) == []
    assert store.evidence.earlier(["home"], NOW) == 0


def test_what_the_report_needs_of_each(store: Store) -> None:
    foreign = replace(ORPHAN, because=(*ORPHAN.because, Reason.of(Because.FOREIGN, line="from x")))
    links = replace(BOUNCE.original, body=True, links=("a.example",), files=(("a.zip", "application/zip"),))
    enter(
        store,
        case(1, finding=foreign, bounce=replace(BOUNCE, original=links)),
        replace(
            case(2, finding=GENUINE, bounce=replace(BOUNCE, kind=Kind.DELAY)),
            closed_at=NOW,
            closure=Closure.GENUINE,
        ),
        case(3, finding=Finding(Verdict.WAITING, ())),
        case(4, finding=Finding(Verdict.UNDECIDED, (Reason.of(Because.NOT_YOURS, address="b@c.example"),))),
    )
    told = {row["ids"]: row for row in rows(store)}
    assert [told[number]["verdicts"] for number in (1, 2, 3, 4)] == [
        *(Verdict.ORPHAN, Verdict.GENUINE, Verdict.WAITING, Verdict.UNDECIDED),
    ]
    assert [told[number]["reasons"] for number in (1, 2, 3, 4)] == [
        *(Because.UNKNOWN_ID, Because.ID_LOGGED, None, Because.NOT_YOURS),
    ]
    assert [told[number]["kinds"] for number in (1, 2)] == [Kind.BOUNCE, Kind.DELAY]
    assert [bool(told[number]["traced"]) for number in (1, 2, 3, 4)] == [True, False, False, False]
    assert [bool(told[number]["open"]) for number in (1, 2, 3, 4)] == [True, False, True, True]
    assert told[4]["details"] == '[["address","b@c.example"]]'
    assert told[1]["ats"] == int((NOW - timedelta(minutes=1)).timestamp())
    [forged] = forgeries(store)
    assert (forged["mtas"], forged["senders"], forged["authors"]) == (
        *("mx.example.net", "mailer-daemon@mx.example.net", "ada@winter.example"),
    )
    assert (forged["subjects"], forged["returned_to"]) == ("Größe zählt 💊", "ada@winter.example")
    assert (forged["links"], forged["files"], forged["bodies"]) == (
        ["a.example"],
        [["a.zip", "application/zip"]],
        1,
    )


def test_no_text_of_a_stranger_is_taken_for_a_sign(store: Store) -> None:
    written = '","because":"foreign"},{"because":"foreign"'
    finding = Finding(Verdict.ORPHAN, (Reason.of(Because.UNKNOWN_ID, id=written, found_in=written),))
    enter(store, case(1, finding=finding))
    [told] = rows(store)
    assert (bool(told["traced"]), told["reasons"]) == (False, Because.UNKNOWN_ID)


def test_rows_of_older_versions_lack_what_is_new(store: Store) -> None:
    enter(store, case(1))
    change(store, "json_remove(bounce, '$.original.links', '$.original.files', '$.original.body')")
    [forged] = forgeries(store)
    assert (forged["links"], forged["files"], forged["bodies"]) == (None, None, None)


def test_a_row_of_a_newer_version_says_so(store: Store) -> None:
    enter(store, case(1))
    change(store, """replace(bounce, '"kind":"bounce"', '"kind":"telegram"')""")
    with pytest.raises(DatabaseUnusable, match="telegram"):
        rows(store)


# --- each message once ----------------------------------------------------------------------------------


def test_a_folder_that_was_numbered_anew_counts_once(store: Store) -> None:
    again = Place(INBOX.folder, 8)
    enter(store, *(case(uid, finding=UNDECIDED) for uid in (1, 2, 3)))
    enter(store, *(case(uid + 10, place=again, known_as=uid) for uid in (1, 2, 3)))
    assert Counter(row["verdicts"] for row in rows(store)) == {Verdict.ORPHAN: 3}
    assert len(store.docket.arrivals("home", NOW - timedelta(days=1))) == 3


def test_copies_in_one_folder_are_several_messages(store: Store) -> None:
    enter(store, case(1, known_as=7), case(2, known_as=7), case(3, place=Place("Other", 1)))
    assert len(rows(store)) == 3


def test_what_was_carried_to_another_watched_folder_counts_once(store: Store) -> None:
    enter(
        store,
        closed(case(1, known_as=7, finding=UNDECIDED), Closure.GONE),
        case(2, known_as=7, place=Place("Work", 3)),
    )
    assert [row["verdicts"] for row in rows(store)] == [Verdict.ORPHAN]


def test_two_accounts_may_get_the_same_message(store: Store) -> None:
    enter(store, case(1), case(1, account="work"))
    assert len(rows(store, "home", "work")) == 2
    assert len(rows(store, "work")) == 1


def test_only_what_arrived_since_then_and_the_rest_is_counted(store: Store) -> None:
    enter(store, *(case(uid, arrival=NOW - timedelta(days=uid)) for uid in range(1, 11)))
    assert len(rows(store, since=NOW - timedelta(days=4))) == 4
    assert store.evidence.earlier(["home"], NOW - timedelta(days=4)) == 6


def test_portions_lose_none(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scatterclean.store.evidence._PORTION", 3)
    enter(store, *(case(uid) for uid in range(1, 11)))
    found = list(store.evidence.findings(("home",), None))
    assert len(found) == 4
    assert sorted(chain.from_iterable(facts.ids for facts, _ in found)) == list(range(1, 11))


# --- what became of them --------------------------------------------------------------------------------


def put_away(store: Store, uid: int, state: MoveState = MoveState.MOVED) -> int:
    sweep = store.journal.begin_sweep("home", Mode.MOVE, NOW)
    [move] = store.journal.intend(sweep, [intent(uid)], TARGET, NOW)
    store.journal.settle([(move, state, 40 + uid)], NOW)
    return move.id


def back(store: Store, uid: int, move: int) -> None:
    sweep = store.journal.begin_sweep("home", Mode.MOVE, NOW)
    [undone] = store.journal.intend(sweep, [bring_back(move, uid, Errand.UNDO)], BACK, NOW)
    store.journal.settle([(undone, MoveState.MOVED, 500)], NOW)


def test_the_last_move_of_a_sweep_tells_what_became_of_it(store: Store) -> None:
    enter(store, *(closed(case(uid), Closure.MOVED) for uid in (1, 2)), case(3))
    put_away(store, 1)
    back(store, 2, put_away(store, 2))
    put_away(store, 3, MoveState.STAYED)
    told = {row["ids"]: row["moves"] for row in rows(store)}
    assert told == {1: MoveState.MOVED, 2: MoveState.RETURNED, 3: MoveState.STAYED}
    put_away(store, 2)  # once more, by the person's own command
    assert {row["ids"]: row["moves"] for row in rows(store)}[2] is MoveState.MOVED


@pytest.mark.parametrize(
    ("verdict", "closure", "move", "became"),
    [
        (Verdict.ORPHAN, None, None, Fate.KEPT),
        (Verdict.ORPHAN, Closure.HAND, None, Fate.KEPT),
        (Verdict.ORPHAN, Closure.MOVED, MoveState.MOVED, Fate.MOVED),
        (Verdict.ORPHAN, Closure.MOVED, MoveState.DELETED, Fate.MOVED),
        (Verdict.ORPHAN, Closure.MOVED, MoveState.COPIED, Fate.MOVED),
        (Verdict.ORPHAN, Closure.GONE, MoveState.MOVED, Fate.MOVED),  # the process died before it was closed
        (Verdict.ORPHAN, Closure.MOVED, MoveState.RETURNED, Fate.RETURNED),
        (Verdict.ORPHAN, Closure.HAND, MoveState.MOVED, Fate.RETURNED),
        (Verdict.GENUINE, Closure.GENUINE, None, Fate.KEPT),
        (Verdict.GENUINE, Closure.MOVED, MoveState.RETURNED, Fate.RETURNED),  # rescued
        (Verdict.ALARM, None, None, Fate.KEPT),
        (Verdict.UNDECIDED, None, None, Fate.UNDECIDED),
        (Verdict.UNDECIDED, Closure.GONE, None, Fate.UNDECIDED),
        (Verdict.WAITING, None, MoveState.STAYED, Fate.WAITING),
    ],
)
def test_fates(verdict: Verdict, closure: Closure | None, move: MoveState | None, became: Fate) -> None:
    assert fate(verdict, closure, move) is became


def test_whole_cases_are_read_by_number(store: Store) -> None:
    enter(store, case(1, bounce=replace(BOUNCE, original=Original(links=("a.example",)))), case(2))
    assert store.evidence.cases([2, 1, 99]).keys() == {1, 2}
    assert store.evidence.cases([1])[1].bounce.original.links == ("a.example",)


def test_what_came_is_counted_by_quarters_of_an_hour(store: Store) -> None:
    enter(store, *(case(uid, arrival=NOW - timedelta(minutes=20 * uid)) for uid in range(1, 6)))
    found = store.evidence.came("home", NOW - timedelta(minutes=85), NOW - timedelta(minutes=15))
    assert sum(found.values()) == 4
    assert all(int((NOW - timedelta(minutes=85)).timestamp()) // 900 <= quarter for quarter in found)
