"""The contracts of journal and docket for what the person's own hand put away, and for looking single messages up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scatterclean.model import PUTTING_AWAY, Closure, Errand, Mode, Move, MoveState, Place
from scatterclean.store import Store
from tests.contracts.records import BACK, NOW, TARGET, bring_back, case, fingerprint, intent


@pytest.fixture
def sweep(store: Store) -> int:
    return store.journal.begin_sweep("home", Mode.MOVE, NOW)


def moved(store: Store, sweep: int, number: int, errand: Errand) -> Move:
    [move] = store.journal.intend(sweep, [replace(intent(number), errand=errand)], TARGET, NOW)
    store.journal.settle([(move, MoveState.MOVED, 40 + number)], NOW)
    return move


def test_what_the_hand_put_away_was_moved_before_and_can_be_taken_back_once(store: Store, sweep: int) -> None:
    move = moved(store, sweep, 1, Errand.HAND)
    assert store.journal.moved_before("home", [fingerprint(1), fingerprint(2)]) == {fingerprint(1)}
    [back] = store.journal.intend(sweep, [bring_back(move.id, 41)], BACK, NOW)
    store.journal.settle([(back, MoveState.MOVED, 500)], NOW)
    assert store.journal.moves(ids=[move.id])[0].state is MoveState.RETURNED
    assert store.journal.moved_before("home", [fingerprint(1)]) == {fingerprint(1)}


def test_moves_are_looked_up_by_id_fingerprint_and_errands(store: Store, sweep: int) -> None:
    one, two = moved(store, sweep, 1, Errand.SWEEP), moved(store, sweep, 2, Errand.HAND)
    journal = store.journal
    assert [m.id for m in journal.moves(ids=[two.id, 999])] == [two.id]
    assert journal.moves(ids=[]) == ()
    assert [m.id for m in journal.moves("home", fingerprint=fingerprint(1))] == [one.id]
    assert [m.id for m in journal.moves(errand=Errand.HAND)] == [two.id]
    assert [m.id for m in journal.moves(errand=PUTTING_AWAY)] == [one.id, two.id]
    assert journal.moves(errand=()) == ()


def test_both_hands_count_as_put_away_but_only_a_sweeps_is_rescued_or_deleted(
    store: Store, sweep: int
) -> None:
    cases = store.docket.enter("home", [case(1), case(2)], None)
    moved(store, sweep, 1, Errand.SWEEP)
    moved(store, sweep, 2, Errand.HAND)
    store.docket.close(cases, NOW, Closure.MOVED)
    assert store.history.put_away("home") == {MoveState.MOVED: 2}
    assert [one.where.uid for one, _ in store.docket.moved_cases("home")] == [1]


def test_a_message_that_came_back_and_was_put_away_by_hand_is_not_rescued_any_more(
    store: Store, sweep: int
) -> None:
    [one] = store.docket.enter("home", [case(1)], None)
    move = moved(store, sweep, 1, Errand.SWEEP)
    store.docket.close([one], NOW, Closure.MOVED)
    [back] = store.journal.intend(sweep, [bring_back(move.id, 41)], BACK, NOW)
    store.journal.settle([(back, MoveState.MOVED, 500)], NOW)
    moved(store, sweep, 1, Errand.HAND)
    assert list(store.docket.moved_cases("home")) == []


def test_a_case_is_found_by_its_id_and_at_one_life_of_its_folder(store: Store) -> None:
    other = Place("INBOX", 8)
    one, two = store.docket.enter("home", [case(1), case(1, place=other)], None)
    assert store.docket.get(two.id or 0) == two
    assert store.docket.get(999) is None
    found = store.docket.find("home", folder="INBOX", uidvalidity=7, uid=1)
    assert [each.id for each in found] == [one.id]
    assert len(store.docket.find("home", folder="INBOX", uid=1)) == 2
