"""What every Docket keeps its promise on: cases come back as they were, and are judged again until closed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scatterclean.errors import NobodyCanMend
from scatterclean.model import Bounce, Case, Closure, Kind, Mode, MoveState, Place, Verdict
from scatterclean.ports import Docket
from scatterclean.store import Store
from tests.contracts.records import (
    BACK,
    BOUNCE,
    GENUINE,
    NOW,
    ORPHAN,
    TARGET,
    UNDECIDED,
    bring_back,
    case,
    cursor,
    days,
    intent,
)


def test_a_case_comes_back_as_it_was_entered(docket: Docket) -> None:
    given = [case(1), case(2, finding=UNDECIDED, bounce=Bounce(kind=Kind.AUTOREPLY))]
    entered = docket.enter("home", given, None)
    assert [replace(c, id=None) for c in entered] == given
    assert all(c.id is not None for c in entered)
    assert list(docket.open_cases("home")) == list(entered)


def test_cases_and_cursor_are_entered_together(docket: Docket) -> None:
    assert docket.cursor("home", "INBOX") is None
    docket.enter("home", [case(1)], cursor("INBOX", 10))
    docket.enter("home", [], cursor("INBOX", 12))
    docket.enter("work", [], cursor("INBOX", 99))
    docket.enter("home", [case(2)], None)
    assert docket.cursor("home", "INBOX") == cursor("INBOX", 12)
    assert docket.cursor("home", "Sent") is None
    assert len(docket.open_cases("home")) == 2


def test_a_case_at_the_same_whereabouts_is_replaced_and_open_again(docket: Docket) -> None:
    (first,) = docket.enter("home", [case(1)], None)
    docket.close([first], NOW, Closure.GONE)
    (again,) = docket.enter("home", [case(1, known_as=55, finding=UNDECIDED)], None)
    assert again.id == first.id
    assert list(docket.open_cases("home")) == [again]


def test_the_same_uid_elsewhere_is_another_case(docket: Docket) -> None:
    given = [case(1), case(1, place=Place("INBOX", 8)), case(1, place=Place("Junk", 7))]
    docket.enter("home", given, None)
    docket.enter("work", [case(1, account="work")], None)
    assert [c.where.place for c in docket.open_cases("home")] == [c.where.place for c in given]


def test_open_cases_are_listed_by_where_they_are_and_read_by_their_ids(docket: Docket) -> None:
    given = [case(9), case(1), case(1, place=Place("Junk", 7)), case(2)]
    one, two, three, four = docket.enter("home", given, None)
    (other,) = docket.enter("work", [case(3, account="work")], None)
    docket.close([four], NOW)
    assert docket.open_ids("home") == {
        one.where.place: {9: one.id, 1: two.id},
        Place("Junk", 7): {1: three.id},
    }
    ids = [each.id for each in (three, two, four, other) if each.id is not None]
    assert list(docket.open_cases("home", ids)) == [two, three], (
        "in order of ids, the closed one is not there"
    )
    assert list(docket.open_cases("home", [])) == []


def test_a_case_of_another_account_is_refused_and_nothing_is_written(docket: Docket) -> None:
    with pytest.raises(NobodyCanMend):
        docket.enter("home", [case(1), case(2, account="work")], cursor("INBOX"))
    assert list(docket.open_cases("home")) == []
    assert docket.cursor("home", "INBOX") is None


def test_a_new_finding_is_stored_with_its_reasons(docket: Docket) -> None:
    one, _two = docket.enter("home", [case(1), case(2)], None)
    docket.update([replace(one, finding=UNDECIDED)])
    assert [c.finding for c in docket.open_cases("home")] == [UNDECIDED, ORPHAN]
    assert docket.counts("home") == {"undecided": 1, "orphan": 1}


def test_closed_cases_are_not_judged_again_but_are_found_with_their_reason(docket: Docket) -> None:
    one, two, three = docket.enter("home", [case(1), case(2), case(3)], None)
    docket.close([one], NOW, Closure.HAND)
    docket.close([two], NOW)
    docket.close([], NOW)
    assert list(docket.open_cases("home")) == [three]
    assert docket.counts("home") == {"orphan": 1}
    found = {c.id: (c.closed_at, c.closure) for c in docket.find("home")}
    assert found == {one.id: (NOW, Closure.HAND), two.id: (NOW, None), three.id: (None, None)}


def test_a_case_can_be_entered_as_closed(docket: Docket) -> None:
    docket.enter("home", [replace(case(1), closed_at=NOW, closure=Closure.HAND)], None)
    assert list(docket.open_cases("home")) == []
    assert [c.closure for c in docket.find("home")] == [Closure.HAND]


def test_a_case_without_id_is_known_by_where_it_is(docket: Docket) -> None:
    docket.enter("home", [case(1), case(2)], None)
    docket.update([case(1, finding=UNDECIDED)])
    docket.close([case(2)], NOW)
    assert [c.finding for c in docket.open_cases("home")] == [UNDECIDED]


def test_changing_an_unknown_case_is_a_bug_and_said(docket: Docket) -> None:
    (known,) = docket.enter("home", [case(1)], None)
    unknown = replace(known, id=(known.id or 0) + 1)
    with pytest.raises(NobodyCanMend):
        docket.close([known, unknown], NOW)
    with pytest.raises(NobodyCanMend):
        docket.update([replace(known, finding=UNDECIDED), case(3)])
    assert list(docket.open_cases("home")) == [known]


@pytest.mark.parametrize("typed", ["<Bounce.1@MX.example.net>", "BOUNCE.1@mx.example.net"])
def test_cases_are_found_by_the_bounces_message_id_however_it_is_typed(docket: Docket, typed: str) -> None:
    same, twice, other = docket.enter(
        "home", [case(1), case(2), case(3, bounce=replace(BOUNCE, message_id=None))], None
    )
    docket.enter("work", [case(1, account="work")], None)
    assert list(docket.find("home", message_id=typed)) == [twice, same]
    assert list(docket.find("home", message_id="<>")) == []
    assert other not in docket.find("home", message_id=typed)


def test_cases_are_found_by_where_they_are_the_latest_first(docket: Docket) -> None:
    old, new, junk = docket.enter(
        "home", [case(1), case(1, place=Place("INBOX", 8)), case(2, place=Place("Junk", 7))], None
    )
    assert list(docket.find("home", folder="INBOX", uid=1)) == [new, old]
    assert list(docket.find("home", folder="Junk")) == [junk]
    assert list(docket.find("home", folder="Junk", uid=1)) == []
    assert list(docket.find("home", limit=1)) == [junk]


def test_orphans_are_told_by_arrival_also_when_they_were_moved(docket: Docket) -> None:
    given = [case(n, arrival=NOW - days(n)) for n in (1, 2, 3, 4, 5, 6)]
    one, two, three, four, five, _ = docket.enter("home", given, None)
    docket.close([one], NOW, Closure.MOVED)
    docket.close([two], NOW)
    docket.close([three], NOW, Closure.HAND)
    docket.update([replace(four, finding=UNDECIDED)])
    docket.close([replace(five)], NOW, Closure.GONE)
    assert list(docket.orphans_between("home", NOW - days(5), NOW)) == [NOW - days(n) for n in (5, 2, 1)]
    assert list(docket.orphans_between("work", NOW - days(9), NOW)) == []


# --- moved cases ----------------------------------------------------------------------------------------


def put_away(store: Store, *cases: Case) -> list[int]:
    """Sweep moves of these cases, settled; their ids."""
    sweep = store.journal.begin_sweep("home", Mode.MOVE, NOW)
    intents = [replace(intent(c.where.uid), source=c.where, fingerprint=c.fingerprint) for c in cases]
    moves = store.journal.intend(sweep, intents, TARGET, NOW)
    store.journal.settle([(m, MoveState.MOVED, m.intent.source.uid + 1000) for m in moves], NOW)
    store.docket.close(cases, NOW, Closure.MOVED)
    return [move.id for move in moves]


def ids(store: Store) -> list[tuple[int | None, int]]:
    return [(a_case.id, move.id) for a_case, move in store.docket.moved_cases("home")]


def test_moved_cases_come_with_the_move_that_put_them_away(store: Store) -> None:
    one, two, _three = store.docket.enter("home", [case(1), case(2), case(3)], None)
    moves = put_away(store, one, two)
    assert ids(store) == [(one.id, moves[0]), (two.id, moves[1])]
    ((first, move), _) = store.docket.moved_cases("home")
    assert replace(first, closed_at=None, closure=None) == one
    assert (move.state, move.target_uid) == (MoveState.MOVED, 1001)
    assert list(store.docket.moved_cases("work")) == []


def test_what_was_brought_back_is_no_moved_case(store: Store) -> None:
    one, two = store.docket.enter("home", [case(1), case(2)], None)
    first, second = put_away(store, one, two)
    sweep = store.journal.begin_sweep("home", Mode.MOVE, NOW)
    (back,) = store.journal.intend(sweep, [bring_back(first, 1)], BACK, NOW)
    assert ids(store) == [(one.id, first), (two.id, second)]
    store.journal.settle([(back, MoveState.MOVED, 77)], NOW)
    assert ids(store) == [(two.id, second)]


def test_a_message_put_away_again_from_another_place_is_one_moved_case(store: Store) -> None:
    (one,) = store.docket.enter("home", [case(1)], None)
    (first,) = put_away(store, one)
    sweep = store.journal.begin_sweep("home", Mode.MOVE, NOW)
    (back,) = store.journal.intend(sweep, [bring_back(first, 1)], BACK, NOW)
    store.journal.settle([(back, MoveState.MOVED, 77)], NOW)
    (again,) = store.docket.enter("home", [case(77, known_as=1)], None)
    (second,) = put_away(store, again)
    assert ids(store) == [(again.id, second)]


def test_another_message_at_the_place_of_a_moved_one_is_no_moved_case(store: Store) -> None:
    (one,) = store.docket.enter("home", [case(1)], None)
    put_away(store, one)
    store.docket.enter("home", [case(1, known_as=99)], None)  # a server that reuses UIDs
    assert ids(store) == []


def test_a_moved_case_that_proved_genuine_keeps_its_new_finding(store: Store) -> None:
    (one,) = store.docket.enter("home", [case(1)], None)
    put_away(store, one)
    store.docket.update([replace(one, finding=GENUINE)])
    ((found, _),) = store.docket.moved_cases("home")
    assert found.finding.verdict is Verdict.GENUINE
