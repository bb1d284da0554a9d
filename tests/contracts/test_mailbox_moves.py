"""The contract of `ports.Mailbox` where it moves, on every implementation."""

from __future__ import annotations

import pytest

from scatterclean.errors import OverQuota
from tests.contracts.worlds import MESSAGE, NOON, World


def test_a_moved_message_keeps_flags_date_and_every_byte(world: World) -> None:
    world.deliver(1)
    world.deliver(2, flags=("\\Seen", "\\Flagged", "$Label1"))
    place, target = world.place(), world.target()
    [before] = [m for m in world.hand.messages("INBOX") if m.uid == 2]
    went = world.move(place, [2], target)
    assert [m.uid for m in world.hand.messages("INBOX")] == [1]
    [after] = world.hand.messages(target.folder)
    assert (after.flags, after.arrival, after.raw) == (before.flags, before.arrival, before.raw)
    assert went == {2: after.uid}


def test_many_are_moved_and_each_is_told_its_new_uid(world: World) -> None:
    world.deliver(*range(1, 24))
    place, target = world.place(), world.target()
    odd = list(range(1, 24, 2))
    went = world.move(place, list(reversed(odd)), target)
    assert [m.uid for m in world.hand.messages("INBOX")] == list(range(2, 24, 2))
    moved = {m.uid: m.raw for m in world.hand.messages(target.folder)}
    assert {uid: moved[went[uid]] for uid in odd} == {uid: MESSAGE % uid for uid in odd}


def test_moving_nothing_does_nothing(world: World) -> None:
    assert world.move(world.place(), [], world.target()) == {}


def test_moving_what_is_gone_passes_over_it(world: World) -> None:
    world.deliver(1, 2, 3)
    place, target = world.place(), world.target()
    world.box.uids(place)
    world.hand.delete("INBOX", 2)
    went = world.move(place, [1, 2, 3, 4711], target)
    assert set(went) == {1, 3}
    assert world.hand.messages("INBOX") == []
    assert len(world.hand.messages(target.folder)) == 2


def test_moving_only_what_is_gone_moves_nothing(world: World) -> None:
    world.deliver(1)
    assert world.move(world.place(), [2, 3], world.target()) == {}
    assert len(world.hand.messages("INBOX")) == 1


def test_a_move_spares_what_others_marked_as_deleted(world: World) -> None:
    world.deliver(1, 2, 3)
    world.hand.flag("INBOX", 1, "\\Deleted")
    world.hand.flag("INBOX", 3, "\\Deleted")
    world.move(world.place(), [2], world.target())
    world.box.uids(world.target())  # leaving the folder must not expunge either
    world.box.close()
    assert [(m.uid, m.flags) for m in world.hand.messages("INBOX")] == [
        (1, frozenset({"\\Deleted"})),
        (3, frozenset({"\\Deleted"})),
    ]


def test_a_message_that_arrives_after_the_folder_was_opened_can_be_moved(world: World) -> None:
    world.deliver(1)
    place, target = world.place(), world.target()
    world.move(place, [1], target)
    [uid] = world.deliver(2)
    assert set(world.move(place, [uid], target)) == {uid}


def test_there_and_back_again(world: World) -> None:
    world.deliver(1, flags=("\\Seen",))
    place, target = world.place(), world.target()
    [there] = world.move(place, [1], target).values()
    [back] = world.move(target, [there], place).values()
    assert [(m.uid, m.flags, m.arrival) for m in world.hand.messages("INBOX")] == [
        (back, frozenset({"\\Seen"}), NOON)
    ]
    assert back > 1


def test_remove_takes_exactly_these_away(world: World) -> None:
    world.deliver(1, 2, 3, 4, 5)
    world.hand.flag("INBOX", 4, "\\Deleted")
    world.box.remove(world.place(), [2, 3, 99])
    assert [m.uid for m in world.hand.messages("INBOX")] == [1, 4, 5]


def test_a_keyword_is_added_to_exactly_these(world: World) -> None:
    world.deliver(1, 2, flags=("\\Seen",))
    assert world.box.mark(world.place(), [2, 99], "$Backscatter") is True
    assert [m.flags for m in world.hand.messages("INBOX")] == [{"\\Seen"}, {"\\Seen", "$Backscatter"}]


def test_a_keyword_is_taken_from_exactly_these_and_other_flags_stay(world: World) -> None:
    world.deliver(1, 2, 3, flags=("\\Seen", "$Backscatter"))
    assert world.box.unmark(world.place(), [1, 3, 99], "$Backscatter") is True
    kept = [m.flags for m in world.hand.messages("INBOX")]
    assert kept == [{"\\Seen"}, {"\\Seen", "$Backscatter"}, {"\\Seen"}]


def test_a_mark_for_deletion_is_taken_from_exactly_these_and_never_given(world: World) -> None:
    world.deliver(1, 2, 3, flags=("\\Seen", "\\Deleted"))
    assert world.box.unmark(world.place(), [1, 3, 99], "\\Deleted") is True
    assert [m.flags for m in world.hand.messages("INBOX")] == [
        {"\\Seen"},
        {"\\Seen", "\\Deleted"},
        {"\\Seen"},
    ]
    with pytest.raises(ValueError, match="only `remove`"):
        world.box.mark(world.place(), [1], "\\Deleted")


def test_a_copy_leaves_the_original_and_keeps_flags_date_and_every_byte(world: World) -> None:
    world.deliver(1, 2, flags=("\\Seen", "$Backscatter"))
    target = world.target()
    before = world.hand.messages("INBOX")
    world.box.copy(world.place(), [2, 99], target)
    assert world.hand.messages("INBOX") == before
    [copy] = world.hand.messages(target.folder)
    assert (copy.raw, copy.arrival, copy.flags) == (before[1].raw, before[1].arrival, before[1].flags)


def test_the_server_can_move_safely(world: World) -> None:
    world.box.can_move()


def test_a_full_mailbox_refuses_the_copy_and_nothing_is_changed(full_world: World) -> None:
    full_world.deliver(1, 2)
    place, target = full_world.place(), full_world.target()
    before = full_world.hand.messages("INBOX")
    with pytest.raises(OverQuota):
        full_world.move(place, [1], target)
    assert full_world.hand.messages("INBOX") == before
    assert full_world.hand.messages(target.folder) == []
    assert full_world.box.uids(place) == [1, 2]  # the session goes on
