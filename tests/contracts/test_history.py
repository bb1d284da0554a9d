"""What the questions to the journal answer, whatever lies between the rows that count."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from scatterclean.model import Alarm, AlarmKind, Errand, Mode, MoveState, Refusal, SweepReport
from scatterclean.ports import History, Journal
from scatterclean.store import Store
from tests.contracts.records import BACK, NOW, TARGET, bring_back, intent

HOUR = timedelta(hours=1)


@pytest.fixture
def history(store: Store) -> History:
    return store.history


def swept(
    journal: Journal, hours: int, *troubles: str, session: bool = True, account: str = "home"
) -> datetime:
    """A sweep that ended so many hours after NOW."""
    number = journal.begin_sweep(account, Mode.MOVE, NOW)
    ended = NOW + hours * HOUR
    refusal = None if session else Refusal.NO_SESSION
    journal.end_sweep(
        SweepReport(account, number, Mode.MOVE, NOW, ended, refusal=refusal, troubles=tuple(troubles))
    )
    return ended


def test_before_the_first_sweep_there_is_nothing(history: History) -> None:
    assert (history.last_success("home"), history.no_session_since("home")) == (None, None)
    assert (history.put_away("home"), history.verdicts("home"), history.alarms("home")) == ({}, {}, 0)
    assert history.said_since("home", "x") is None


def test_the_last_success_stands_behind_any_number_of_failures(history: History, journal: Journal) -> None:
    swept(journal, 1)
    well = swept(journal, 2)
    first = swept(journal, 3, "broken", session=False)
    for hours in range(4, 300):
        swept(journal, hours, "broken" if hours % 2 else "otherwise", session=False)
    swept(journal, 301, account="work")
    journal.begin_sweep("home", Mode.MOVE, NOW)  # it runs
    assert history.last_success("home") == well
    assert history.no_session_since("home") == first
    assert (history.no_session_since("work"), history.last_success("work")) == (None, NOW + 301 * HOUR)
    swept(journal, 302)
    assert history.no_session_since("home") is None


@pytest.mark.parametrize("refusal", sorted(set(Refusal) - {Refusal.OBSERVING, Refusal.NO_SESSION}))
def test_a_sweep_that_could_decide_nothing_is_no_success(
    refusal: Refusal, history: History, journal: Journal
) -> None:
    number = journal.begin_sweep("home", Mode.MOVE, NOW)
    journal.end_sweep(SweepReport("home", number, Mode.MOVE, NOW, NOW + HOUR, refusal=refusal))
    assert history.last_success("home") is None
    assert history.no_session_since("home") is None  # the server did answer


def test_where_nothing_ever_succeeded_all_failures_count(history: History, journal: Journal) -> None:
    first = swept(journal, 1, session=False)
    swept(journal, 2, session=False)
    assert (history.last_success("home"), history.no_session_since("home")) == (None, first)


@pytest.mark.parametrize(
    "trouble", ['„Gesendet“ is "empty"\n  a hint', "100%_ \\ full", "\x1b[2J\udc80", "plain"]
)
def test_a_trouble_lasts_since_every_sweep_tells_it(trouble: str, history: History, journal: Journal) -> None:
    swept(journal, 1, trouble)
    swept(journal, 2, "another")
    first = swept(journal, 3, "another", trouble)
    swept(journal, 4, trouble)
    assert history.said_since("home", trouble) == first
    assert history.said_since("home", "another") is None
    swept(journal, 5)
    assert history.said_since("home", trouble) is None


def test_a_trouble_is_not_taken_for_a_part_of_another(history: History, journal: Journal) -> None:
    swept(journal, 1, "the disk is full", "x")
    assert history.said_since("home", "the disk") is None


def test_moves_are_counted_by_their_end_and_by_when_they_were_intended(
    history: History, journal: Journal
) -> None:
    number = journal.begin_sweep("home", Mode.MOVE, NOW)
    early = journal.intend(number, [intent(1), intent(2), intent(3)], TARGET, NOW)
    late = journal.intend(number, [intent(4)], TARGET, NOW + HOUR)
    journal.settle([(move, MoveState.MOVED, 100 + move.id) for move in (*early[:2], *late)], NOW + HOUR)
    journal.settle([(early[2], MoveState.STAYED, None)], NOW + HOUR)
    moved = next(move for move in journal.moves() if move.id == early[0].id)
    back = journal.intend(number, [bring_back(moved.id, 1)], BACK, NOW + HOUR)
    assert back[0].intent.errand is Errand.UNDO
    journal.settle([(back[0], MoveState.MOVED, 7)], NOW + HOUR)
    assert history.put_away("home") == {
        MoveState.MOVED: 2,
        MoveState.STAYED: 1,
        MoveState.RETURNED: 1,
    }
    assert history.put_away("home", NOW + HOUR) == {MoveState.MOVED: 1}
    assert history.put_away("work") == {}


def test_alarms_are_counted_and_notes_are_none(history: History, journal: Journal) -> None:
    journal.note("home", "told", NOW)
    journal.ring([Alarm("home", "one", AlarmKind.BURST, NOW, ())], NOW)
    journal.ring([Alarm("home", "one", AlarmKind.BURST, NOW, ())], NOW)
    assert history.alarms("home") == 1
