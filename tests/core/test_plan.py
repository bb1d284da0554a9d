"""Plans: storms, batches, hands off, and the table of how a move that was cut off ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatterclean import plan
from scatterclean.model import Intent, Mode, MoveState, Place, Refusal, Sighting, Whereabouts
from scatterclean.plan import Hand, Outcome

from .people import NOW

INBOX = Place("INBOX", 1)
INTENT = Intent("home", "fp", Whereabouts(INBOX, 7), "Backscatter")


@pytest.mark.parametrize(
    ("source_there", "copies", "own_copy", "expected"),
    [
        (True, [], False, Outcome(MoveState.STAYED)),
        (True, [], True, Outcome(MoveState.STAYED)),
        (True, [9], True, Outcome(MoveState.MOVED, 9, finish=True)),
        (True, [9], False, Outcome(MoveState.DOUBLED, 9)),
        (True, [9, 10], True, Outcome(MoveState.DOUBLED, 9)),
        (False, [9], False, Outcome(MoveState.MOVED, 9)),
        (False, [10, 9], True, Outcome(MoveState.MOVED, 9)),
        (False, [], False, Outcome(MoveState.VANISHED)),
    ],
)
def test_what_a_look_shows_settles_a_move(
    source_there: bool, copies: list[int], own_copy: bool, expected: Outcome
) -> None:
    assert plan.outcome(source_there, copies, own_copy=own_copy) == expected


def seen(*flags: str) -> Sighting:
    return Sighting(7, NOW, frozenset(flags), 100, b"")


@pytest.mark.parametrize(
    ("sighting", "now_is", "moved_before", "hand"),
    [
        (seen("\\Seen", "Work"), "fp", False, None),
        (None, "", False, Hand.GONE),
        (seen(), "other", False, Hand.CHANGED),
        (seen(), "fp", True, Hand.RETURNED),
        (seen("$backscatter"), "fp", False, Hand.RETURNED),
        (seen("\\FLAGGED"), "fp", False, Hand.FLAGGED),
        (seen("\\Answered"), "fp", False, Hand.FLAGGED),
        (seen("\\Deleted"), "fp", False, Hand.DELETED),
    ],
)
def test_hands_stay_off_where_another_hand_was(
    sighting: Sighting | None, now_is: str, moved_before: bool, hand: Hand | None
) -> None:
    assert plan.hands_off("fp", sighting, now_is, moved_before) is hand


def test_a_storm_is_ten_orphans_in_six_hours() -> None:
    calm = [NOW + timedelta(hours=h) for h in range(0, 200, 7)]
    assert plan.storms(calm) == ()
    burst = [NOW + timedelta(minutes=m) for m in range(10)]
    assert plan.storms([*calm, *burst[:8]]) == ()
    [(start, end)] = plan.storms(burst)
    assert start < NOW < end


def test_storms_that_touch_are_one() -> None:
    arrivals = [NOW + timedelta(minutes=10 * m) for m in range(300)]
    [(start, end)] = plan.storms(arrivals)
    assert start <= arrivals[0]
    assert end >= arrivals[-1]


def test_what_cannot_be_trusted_is_said_before_what_is_not_wanted() -> None:
    assert plan.refusal(Mode.OBSERVE, Refusal.SENT_EMPTY, 0) is Refusal.SENT_EMPTY
    assert plan.refusal(Mode.OBSERVE, None, 0) is Refusal.EMPTY_LOG
    assert plan.refusal(Mode.MOVE, None, 0) is Refusal.EMPTY_LOG
    assert plan.refusal(Mode.OBSERVE, None, 1) is Refusal.OBSERVING
    assert plan.refusal(Mode.MOVE, None, 1) is None


INTENTS = st.lists(
    st.builds(
        lambda fp, uid, folder, target: replace(
            INTENT, fingerprint=fp, source=Whereabouts(Place(folder, 1), uid), target_folder=target
        ),
        st.sampled_from(["a", "b", "c", "d"]),
        st.integers(1, 1000),
        st.sampled_from(["INBOX", "Junk"]),
        st.sampled_from(["Backscatter", "INBOX"]),
    ),
    max_size=40,
)


@given(intents=INTENTS, size=st.integers(1, 5))
def test_batches_hold_every_intent_once_and_no_fingerprint_twice(intents: list[Intent], size: int) -> None:
    batches = plan.batches(intents, size)
    assert sorted(map(repr, (i for b in batches for i in b))) == sorted(map(repr, intents))
    for batch in batches:
        assert 0 < len(batch) <= size
        assert len({i.fingerprint for i in batch}) == len(batch)
        assert len({(i.source.place, i.target_folder) for i in batch}) == 1
