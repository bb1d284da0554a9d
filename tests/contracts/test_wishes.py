"""The contract of `ports.Wishes`: what the person asks for is written down once, and ends once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scatterclean.errors import NobodyCanMend, TooManyWishes, Trouble
from scatterclean.model import Mode, Wish, WishKind, WishState
from scatterclean.ports.wishes import Wishes
from scatterclean.store import Store, open_store
from scatterclean.store import wishes as sql
from tests.contracts.records import NOW, TARGET, UNDECIDED, case, days, intent


@pytest.fixture
def filled(store: Store) -> Store:
    """One message that was put away, and one that stays."""
    sweep = store.journal.begin_sweep("home", Mode.MOVE, NOW)
    store.journal.intend(sweep, [intent(1)], TARGET, NOW)
    store.docket.enter("home", [case(2, finding=UNDECIDED)], None)
    return store


@pytest.fixture
def wishes(filled: Store) -> Wishes:
    return filled.wishes


BACK = Wish("home", WishKind.BRING_BACK, "form-1", NOW, move=1)
AWAY = Wish("home", WishKind.PUT_AWAY, "form-2", NOW, case=1)


def test_what_was_asked_for_is_waiting_and_says_what_it_is_about(wishes: Wishes) -> None:
    back, away = wishes.ask(BACK), wishes.ask(replace(AWAY, asked_at=NOW + days(1)))
    assert (back, away) == (replace(BACK, id=1), replace(AWAY, id=2, asked_at=NOW + days(1)))
    assert wishes.waiting("home") == wishes.waiting() == (back, away)
    assert wishes.waiting("work") == ()
    assert wishes.get(1) == back
    assert wishes.get(3) is None


def test_a_form_that_is_sent_twice_is_one_wish_also_when_it_is_over(wishes: Wishes) -> None:
    one = wishes.ask(BACK)
    assert wishes.ask(BACK) == one
    wishes.settle(one, WishState.DONE, NOW)
    again = wishes.ask(BACK)
    assert (again.id, again.state) == (1, WishState.DONE)
    assert wishes.waiting() == ()


def test_the_same_asked_for_in_two_windows_is_one_wish_as_long_as_it_waits(wishes: Wishes) -> None:
    one = wishes.ask(BACK)
    assert wishes.ask(replace(BACK, key="another")) == one
    wishes.settle(one, WishState.DONE, NOW)
    assert wishes.ask(replace(BACK, key="another")).id == 2


def test_a_wish_ends_once(wishes: Wishes) -> None:
    one = wishes.ask(AWAY)
    wishes.settle(one, WishState.DONE, NOW + days(1), told="a sweep was there first.", done_by=1)
    assert wishes.get(1) == replace(
        one,
        state=WishState.DONE,
        settled_at=NOW + days(1),
        told="a sweep was there first.",
        done_by=1,
    )
    with pytest.raises(NobodyCanMend, match="is done and cannot become gone"):
        wishes.settle(one, WishState.GONE, NOW)
    with pytest.raises(NobodyCanMend, match="unknown"):
        wishes.settle(replace(one, id=9), WishState.GONE, NOW)


def test_what_it_waits_for_is_told_until_it_is_over(wishes: Wishes) -> None:
    one = wishes.ask(BACK)
    wishes.note(one, "the server cannot be reached", NOW)
    assert wishes.waiting() == (replace(one, told="the server cannot be reached", tried_at=NOW),)
    wishes.settle(one, WishState.DONE, NOW)
    wishes.note(one, "too late", NOW)
    told = wishes.get(1)
    assert told is not None
    assert told.told == ""


def test_the_number_of_its_deed_is_on_the_disk_before_the_deed(filled: Store) -> None:
    one = filled.wishes.ask(AWAY)
    assert filled.wishes.begin(one, 1).sweep == 1
    path = filled.path
    filled.close()  # the process dies
    with open_store(path) as again:
        assert [wish.sweep for wish in again.wishes.waiting()] == [1]


def test_the_latest_come_first(wishes: Wishes) -> None:
    wishes.ask(BACK)
    wishes.ask(AWAY)
    assert [wish.id for wish in wishes.latest()] == [2, 1]
    assert [wish.id for wish in wishes.latest(1)] == [2]


def test_not_more_are_taken_than_can_be_carried_out(wishes: Wishes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "MOST", 1)
    one = wishes.ask(BACK)
    with pytest.raises(TooManyWishes):
        wishes.ask(AWAY)
    wishes.settle(one, WishState.DONE, NOW)
    assert wishes.ask(AWAY).id == 2


def test_another_process_asks_while_this_one_holds_the_lock_and_the_bell_rings(filled: Store) -> None:
    assert filled.wishes.rang()  # who starts looks once
    assert not filled.wishes.rang()
    with open_store(filled.path, read_only=True, asking=True) as beside:
        assert beside.read_only
        beside.wishes.ask(BACK)
    assert filled.wishes.rang()
    assert not filled.wishes.rang()
    assert [wish.key for wish in filled.wishes.waiting()] == ["form-1"]
    assert (filled.path.parent / f"{filled.path.name}.wishes").stat().st_mode & 0o777 == 0o600


def test_who_may_ask_may_write_nothing_else(filled: Store) -> None:
    with (
        open_store(filled.path, read_only=True, asking=True) as beside,
        pytest.raises(Trouble, match="cannot be written"),
    ):
        beside.journal.begin_sweep("home", Mode.MOVE, NOW)
    with (
        open_store(filled.path, read_only=True) as looking,
        pytest.raises(Trouble, match="cannot be written"),
    ):
        looking.wishes.ask(BACK)


def test_a_bell_that_is_a_link_to_elsewhere_is_not_followed(filled: Store, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    filled.path.with_name(f"{filled.path.name}.wishes").symlink_to(elsewhere)
    assert filled.wishes.ask(BACK).id == 1
    assert not elsewhere.exists()
