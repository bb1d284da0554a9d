"""What every Journal keeps its promise on: intentions first, permitted changes only, nothing forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import pytest

from scatterclean.errors import NobodyCanMend
from scatterclean.model import (
    PERMITTED,
    Errand,
    Intent,
    Mode,
    Move,
    MoveState,
    Place,
    Refusal,
    SweepReport,
    Verdict,
    Whereabouts,
)
from scatterclean.ports import Journal
from tests.contracts.records import BACK, NOW, TARGET, bring_back, days, fingerprint, intent

LATER = NOW + days(0.01)


def begun(journal: Journal, account: str = "home") -> int:
    return journal.begin_sweep(account, Mode.MOVE, NOW)


def intended(journal: Journal, *intents: Intent) -> Sequence[Move]:
    return journal.intend(begun(journal), intents, TARGET, NOW)


def moved(journal: Journal, *uids: int) -> list[Move]:
    """Moves of these messages, settled as MOVED; the target UID is the source's plus 1000."""
    moves = intended(journal, *(intent(uid) for uid in uids))
    journal.settle([(m, MoveState.MOVED, m.intent.source.uid + 1000) for m in moves], LATER)
    return [m for m in journal.moves() if m.id in {move.id for move in moves}]


def states(journal: Journal) -> list[MoveState]:
    return [move.state for move in journal.moves()]


# --- sweeps ---------------------------------------------------------------------------------------------


def test_a_report_comes_back_as_it_was_given(journal: Journal) -> None:
    number = begun(journal)
    report = SweepReport(
        account="home",
        sweep=number,
        mode=Mode.OBSERVE,
        started=NOW,
        ended=LATER,
        looked_at=1,
        harvested=2,
        verdicts={Verdict.ORPHAN: 3, Verdict.WAITING: 1},
        moved=4,
        returned=5,
        left_alone=6,
        refusal=Refusal.SENT_EMPTY,
        troubles=("account home: „Gesendet“ is empty", "second"),
    )
    journal.end_sweep(report)
    assert journal.sweeps() == (report,)


def test_sweeps_are_told_latest_first_and_only_when_they_ended(journal: Journal) -> None:
    numbers = [begun(journal, account) for account in ("home", "work", "home", "home")]
    for number, account in zip(numbers[:3], ("home", "work", "home"), strict=True):
        journal.end_sweep(SweepReport(account, number, Mode.MOVE, NOW, LATER))
    assert [report.sweep for report in journal.sweeps()] == [numbers[2], numbers[1], numbers[0]]
    assert [report.sweep for report in journal.sweeps("home")] == [numbers[2], numbers[0]]
    assert [report.sweep for report in journal.sweeps(limit=1)] == [numbers[2]]


def test_ending_a_sweep_that_never_began_is_a_bug_and_said(journal: Journal) -> None:
    number = begun(journal)
    for unknown in (
        SweepReport("home", number + 1, Mode.MOVE, NOW, LATER),
        SweepReport("work", number, Mode.MOVE, NOW, LATER),
    ):
        with pytest.raises(NobodyCanMend):
            journal.end_sweep(unknown)


def test_a_flood_of_troubles_is_bounded(journal: Journal) -> None:
    number = begun(journal)
    troubles = tuple("\ud800x" * 10_000 for _ in range(1000))
    journal.end_sweep(SweepReport("home", number, Mode.MOVE, NOW, LATER, troubles=troubles))
    (report,) = journal.sweeps()
    assert sum(map(len, report.troubles)) < 100_000


# --- intentions -----------------------------------------------------------------------------------------


def test_an_intention_is_written_down_with_the_state_of_the_target(journal: Journal) -> None:
    sweep = begun(journal)
    wanted = [intent(5), replace(intent(6), arrival=None, message_id=None, subject=None, sender=None)]
    moves = journal.intend(sweep, wanted, TARGET, NOW)
    assert [m.intent for m in moves] == wanted
    assert {(m.sweep, m.state, m.target_uidvalidity, m.target_uidnext, m.intended_at) for m in moves} == {
        (sweep, MoveState.INTENDED, 9, 40, NOW)
    }
    assert {(m.settled_at, m.target_uid, m.target) for m in moves} == {(None, None, None)}
    assert list(journal.moves()) == list(moves)


def test_nothing_intended_is_nothing_written(journal: Journal) -> None:
    assert list(journal.intend(begun(journal), [], TARGET, NOW)) == []
    journal.settle([], NOW)
    assert list(journal.moves()) == []


def test_an_intention_with_the_state_of_another_folder_is_refused(journal: Journal) -> None:
    with pytest.raises(NobodyCanMend):
        journal.intend(begun(journal), [intent(1)], BACK, NOW)
    assert list(journal.moves()) == []


# --- settling -------------------------------------------------------------------------------------------


def test_a_settled_move_knows_where_the_message_is(journal: Journal) -> None:
    (move,) = moved(journal, 5)
    assert (move.state, move.settled_at, move.target_uid) == (MoveState.MOVED, LATER, 1005)
    assert move.target == Whereabouts(Place("Backscatter", 9), 1005)


@pytest.mark.parametrize(
    ("before", "after"), [pair for pair in product(MoveState, MoveState) if pair[0] is not MoveState.INTENDED]
)
def test_a_move_goes_through_permitted_changes_only(
    journal: Journal, before: MoveState, after: MoveState
) -> None:
    (move,) = intended(journal, intent(1))
    for step in (MoveState.MOVED, before) if before is MoveState.RETURNED else (before,):
        journal.settle([(move, step, 7)], NOW)
    if after in PERMITTED[before]:
        journal.settle([(move, after, None)], LATER)
        assert states(journal) == [after]
    else:
        with pytest.raises(NobodyCanMend):
            journal.settle([(move, after, None)], LATER)
        assert states(journal) == [before]


def test_an_intention_can_become_what_a_look_can_show_and_nothing_else() -> None:
    assert PERMITTED[MoveState.INTENDED] == {
        MoveState.MOVED,
        MoveState.STAYED,
        MoveState.VANISHED,
        MoveState.DOUBLED,
        MoveState.COPIED,
        MoveState.DELETED,
    }
    ends = {s for s in MoveState if s is not MoveState.INTENDED and PERMITTED[s]}
    assert ends == {MoveState.MOVED, MoveState.COPIED, MoveState.STAYED}
    assert PERMITTED[MoveState.STAYED] == {MoveState.MOVED}


def test_settling_is_all_or_nothing(journal: Journal) -> None:
    first, second = intended(journal, intent(1), intent(2))
    with pytest.raises(NobodyCanMend):
        journal.settle([(first, MoveState.MOVED, 1), (second, MoveState.RETURNED, 2)], NOW)
    assert states(journal) == [MoveState.INTENDED, MoveState.INTENDED]


def test_what_is_stored_counts_not_what_the_caller_believes(journal: Journal) -> None:
    (stale,) = intended(journal, intent(1))
    journal.settle([(stale, MoveState.VANISHED, None)], NOW)
    with pytest.raises(NobodyCanMend):
        journal.settle([(stale, MoveState.MOVED, 3)], NOW)


def test_settling_an_unknown_move_is_a_bug_and_said(journal: Journal) -> None:
    (move,) = intended(journal, intent(1))
    with pytest.raises(NobodyCanMend):
        journal.settle([(replace(move, id=move.id + 1), MoveState.MOVED, None)], NOW)


# --- undo and rescue ------------------------------------------------------------------------------------


@pytest.mark.parametrize("errand", [Errand.UNDO, Errand.RESCUE])
def test_what_came_back_turns_its_move_into_returned_in_the_same_commit(
    journal: Journal, errand: Errand
) -> None:
    (gone,) = moved(journal, 5)
    (back,) = journal.intend(begun(journal), [bring_back(gone.id, 5, errand)], BACK, NOW)
    assert states(journal) == [MoveState.MOVED, MoveState.INTENDED]
    journal.settle([(back, MoveState.MOVED, 501)], LATER)
    assert states(journal) == [MoveState.RETURNED, MoveState.MOVED]
    assert journal.moves()[0].target_uid == 1005


def test_an_undo_that_did_not_happen_leaves_its_move_as_it_was_and_can_be_tried_again(
    journal: Journal,
) -> None:
    (gone,) = moved(journal, 5)
    for outcome, expected in ((MoveState.STAYED, MoveState.MOVED), (MoveState.MOVED, MoveState.RETURNED)):
        (back,) = journal.intend(begun(journal), [bring_back(gone.id, 5)], BACK, NOW)
        journal.settle([(back, outcome, None)], NOW)
        assert journal.moves()[0].state is expected


def test_what_is_not_put_away_is_not_taken_back(journal: Journal) -> None:
    (stayed,) = intended(journal, intent(1))
    journal.settle([(stayed, MoveState.STAYED, None)], NOW)
    (open_one,) = intended(journal, intent(2))
    for move_id in (stayed.id, open_one.id, 999):
        with pytest.raises(NobodyCanMend):
            journal.intend(begun(journal), [bring_back(move_id, 1)], BACK, NOW)
    assert len(journal.moves()) == 2


def test_one_move_is_not_taken_back_twice_at_a_time(journal: Journal) -> None:
    """Else the second could not be settled any more, after the server had done it."""
    (gone,) = moved(journal, 5)
    with pytest.raises(NobodyCanMend):
        journal.intend(begun(journal), [bring_back(gone.id, 5), bring_back(gone.id, 5)], BACK, NOW)
    journal.intend(begun(journal), [bring_back(gone.id, 5)], BACK, NOW)
    with pytest.raises(NobodyCanMend):
        journal.intend(begun(journal), [bring_back(gone.id, 5)], BACK, NOW)
    assert states(journal) == [MoveState.MOVED, MoveState.INTENDED]


# --- looking back ---------------------------------------------------------------------------------------


def test_moves_are_selected_by_all_that_is_given_oldest_first(journal: Journal) -> None:
    one, two, three = moved(journal, 1, 2, 3)
    (late,) = journal.intend(begun(journal, "work"), [intent(4, account="work")], TARGET, NOW + days(1))
    (back,) = journal.intend(begun(journal), [bring_back(two.id, 2)], BACK, NOW)

    def ids(moves: Sequence[Move]) -> list[int]:
        return [move.id for move in moves]

    everything = [one.id, two.id, three.id, late.id, back.id]
    assert ids(journal.moves()) == everything
    assert ids(journal.moves("work")) == [late.id]
    assert ids(journal.moves(states=[MoveState.INTENDED])) == [late.id, back.id]
    assert ids(journal.moves(states=[])) == []
    assert ids(journal.moves("home", errand=Errand.SWEEP)) == everything[:3]
    assert ids(journal.moves(sweep=late.sweep)) == [late.id]
    assert ids(journal.moves(since=NOW + days(1))) == [late.id]
    assert ids(journal.moves(errand=Errand.SWEEP, states=[MoveState.MOVED], account="work")) == []


@pytest.mark.parametrize("typed", ["<Bounce.2@MX.example.net>", "bounce.2@mx.example.net"])
def test_a_move_is_found_by_message_id_however_it_is_typed(journal: Journal, typed: str) -> None:
    moves = moved(journal, 1, 2)
    intended(journal, replace(intent(3), message_id=None))
    assert list(journal.moves(message_id=typed)) == [moves[1]]
    assert list(journal.moves(message_id="other@mx.example.net")) == []
    assert list(journal.moves(message_id="<>")) == []


def test_moved_before_knows_every_message_that_a_sweep_may_have_moved(journal: Journal) -> None:
    outcomes = dict(enumerate((*PERMITTED[MoveState.INTENDED], None), 1))
    for uid, state in outcomes.items():
        (move,) = intended(journal, intent(uid))
        if state is not None:
            journal.settle([(move, state, None)], NOW)
    asked = [fingerprint(uid) for uid in range(1, 9)]
    expected = {fingerprint(uid) for uid, state in outcomes.items() if state is not MoveState.STAYED}
    assert journal.moved_before("home", asked) == expected
    assert journal.moved_before("work", asked) == frozenset()
    assert journal.moved_before("home", []) == frozenset()


def test_a_message_that_was_brought_back_was_moved_before_but_an_undo_alone_is_no_sweep(
    journal: Journal,
) -> None:
    (gone,) = moved(journal, 5)
    undo = replace(bring_back(gone.id, 5), fingerprint=fingerprint(77))
    (back,) = journal.intend(begun(journal), [undo], BACK, NOW)
    journal.settle([(back, MoveState.MOVED, 501)], NOW)
    assert journal.moved_before("home", [fingerprint(5), fingerprint(77)]) == {fingerprint(5)}
