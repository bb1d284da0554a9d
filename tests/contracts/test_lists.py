"""The contract of `ports.Lists`: every message once, whatever page it falls on, and only what is wanted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from scatterclean.model import Closure, Errand, Kind, Mode, Move, MoveState, Verdict
from scatterclean.model.listed import Leaf, Turn, Wanted
from scatterclean.store import Store
from tests.contracts.records import BOUNCE, GENUINE, NOW, TARGET, UNDECIDED, bring_back, case, intent

MANY = 23
ALL = Wanted()


@pytest.fixture
def filled(store: Store) -> Store:
    """MANY that stay, all of one moment but the last three, and as many that were put away."""
    cases = [
        case(
            n,
            finding=UNDECIDED,
            arrival=NOW if n <= MANY - 3 else NOW - timedelta(minutes=n),
            bounce=replace(BOUNCE, subject=f"Größe {n}", recipients=(f"r{n}@example.net",)),
        )
        for n in range(1, MANY + 1)
    ]
    store.docket.enter("home", cases, None)
    sweep = store.journal.begin_sweep("home", Mode.MOVE, NOW)
    intents = [
        replace(intent(100 + n), subject=f"Zurück {n}", kind=Kind.BOUNCE, recipient=f"x{n}@example.net")
        for n in range(1, MANY + 1)
    ]
    moves = store.journal.intend(sweep, intents, TARGET, NOW)
    store.journal.settle([(move, MoveState.MOVED, 200 + move.id) for move in moves], NOW)
    return store


def all_pages(ask: Any, wanted: Wanted, size: int) -> list[Any]:
    """Forth to the end, and back: both ways see the same."""
    forth: list[Any] = []
    turn: Turn | None = Turn()
    last: Leaf[Any] | None = None
    while turn is not None:
        last = ask(wanted, turn, size)
        assert len(last.rows) <= size
        forth += last.rows
        turn = last.older
    assert last is not None
    back: list[Any] = list(last.rows)
    turn = last.newer
    while turn is not None:
        last = ask(wanted, turn, size)
        back[:0] = last.rows
        turn = last.newer
    assert back == forth
    return forth


@pytest.mark.parametrize("size", [1, 2, 7, MANY, MANY + 1])
def test_each_message_is_on_one_page_also_of_many_that_came_at_one_moment(filled: Store, size: int) -> None:
    stay = all_pages(filled.lists.staying, ALL, size)
    assert sorted(c.where.uid for c in stay) == list(range(1, MANY + 1))
    assert [c.arrival for c in stay] == sorted((c.arrival for c in stay), reverse=True)
    away = all_pages(filled.lists.put_away, ALL, size)
    assert [m.intent.source.uid for m in away] == list(range(100 + MANY, 100, -1))


def test_they_are_counted_up_to_a_bound_with_what_is_chosen(filled: Store) -> None:
    lists = filled.lists
    assert (lists.count_put_away(ALL, MANY + 5), lists.count_put_away(ALL, 4)) == (MANY, 4)
    assert (lists.count_staying(ALL, MANY + 5), lists.count_staying(ALL, 4)) == (MANY, 4)
    text = Wanted(text="x3@example.net")
    assert lists.count_put_away(text, 50) == len(lists.put_away(text, Turn(), 50).rows)
    assert lists.count_put_away(Wanted(state=MoveState.RETURNED), 50) == 0


def test_what_arrives_between_two_pages_shifts_nothing(filled: Store) -> None:
    first = filled.lists.put_away(ALL, Turn(), 5)
    [new] = filled.journal.intend(1, [intent(500)], TARGET, NOW)
    filled.journal.settle([(new, MoveState.MOVED, 900)], NOW)
    assert first.older is not None
    second = filled.lists.put_away(ALL, first.older, 5)
    assert [m.intent.source.uid for m in second.rows] == [118, 117, 116, 115, 114]
    assert second.newer is not None
    assert filled.lists.put_away(ALL, second.newer, 5).newer is not None  # the new one is before it


def test_a_search_finds_subject_sender_recipient_and_id_in_any_case(filled: Store) -> None:
    def stay(text: str) -> list[int]:
        return [c.where.uid for c in filled.lists.staying(Wanted(text=text), Turn(), 50).rows]

    def away(text: str) -> list[int]:
        return [m.intent.source.uid for m in filled.lists.put_away(Wanted(text=text), Turn(), 50).rows]

    assert stay("GRÖSSE 7") == [17, 7]
    assert stay("7 größe") == [17, 7]
    assert stay("R22@Example.NET") == [22]
    assert len(stay("forged.1@SPAM.example")) == MANY
    assert len(stay("Mailer-Daemon@mx")) == MANY
    assert away("zurÜck 21") == [121]
    assert away("x9@") == [109]
    assert away("<bounce.105@mx.EXAMPLE.net>") == [105]
    assert away("%") == away("_") == stay("nothing like it") == []


def test_a_filter_keeps_what_fits_all_of_it(filled: Store) -> None:
    filled.docket.enter("work", [replace(case(1, finding=GENUINE), account="work")], None)
    lists = filled.lists
    assert [c.account for c in lists.staying(Wanted(account="work"), Turn(), 50).rows] == ["work"]
    assert [c.account for c in lists.staying(Wanted(verdict=Verdict.GENUINE), Turn(), 50).rows] == ["work"]
    assert lists.staying(Wanted(kind=Kind.AUTOREPLY), Turn(), 50).rows == ()
    assert len(lists.put_away(Wanted(kind=Kind.BOUNCE, account="home"), Turn(), 50).rows) == MANY
    early = Wanted(until=NOW - timedelta(minutes=MANY - 2), since=NOW - timedelta(minutes=MANY))
    assert [c.where.uid for c in lists.staying(early, Turn(), 50).rows] == [MANY - 1, MANY]
    assert lists.put_away(Wanted(state=MoveState.RETURNED), Turn(), 50).rows == ()
    assert len(lists.put_away(Wanted(errand=Errand.SWEEP), Turn(), 50).rows) == MANY
    assert lists.put_away(Wanted(errand=Errand.HAND), Turn(), 50).rows == ()


def test_what_was_brought_back_is_listed_as_that_and_what_stayed_is_not_listed(filled: Store) -> None:
    def state(of: MoveState) -> list[Move]:
        return list(filled.lists.put_away(Wanted(state=of), Turn(), 50).rows)

    [move] = filled.journal.intend(1, [bring_back(3, 203)], replace(TARGET, place=INBOX_AGAIN), NOW)
    filled.journal.settle([(move, MoveState.MOVED, 600)], NOW)
    assert [one.id for one in state(MoveState.RETURNED)] == [3]
    [stayed] = filled.journal.intend(1, [intent(700)], TARGET, NOW)
    filled.journal.settle([(stayed, MoveState.STAYED, None)], NOW)
    everything = filled.lists.put_away(ALL, Turn(), 50).rows
    assert len(everything) == MANY
    assert all(one.intent.errand is Errand.SWEEP for one in everything)


def test_what_was_put_away_or_is_gone_does_not_stay(filled: Store) -> None:
    some = filled.docket.open_cases("home")
    filled.docket.close(some[:1], NOW, Closure.MOVED)
    filled.docket.close(some[1:2], NOW, Closure.GONE)
    filled.docket.close(some[2:3], NOW, Closure.HAND)
    assert len(filled.lists.staying(ALL, Turn(), 50).rows) == MANY - 2


INBOX_AGAIN = case(1).where.place
