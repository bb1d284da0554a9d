"""What a session is after a sweep, on every kind of server: as new, or not to be used again."""

from __future__ import annotations

from contextlib import suppress

import pytest

from scatterclean.errors import ConnectionLost, FolderMissing
from scatterclean.mailbox.lasting import Lasting
from tests.contracts.worlds import World


def lasting(world: World) -> Lasting:
    box = world.open()
    assert isinstance(box, Lasting)
    return box


def test_states_of_several_folders_are_those_of_each(world: World) -> None:
    world.deliver(1, 2)
    sent = world.box.personal("Sent")
    world.box.create(sent)
    world.deliver(3, folder=sent)
    asked = ["INBOX", sent, world.box.personal("Nowhere")]
    assert lasting(world).states(asked) == {name: world.box.state(name) for name in asked[:2]}
    assert world.box.state("INBOX").exists == 2


def test_states_are_those_of_now_each_time(world: World) -> None:
    box = lasting(world)
    for number in (1, 2, 3):
        world.deliver(number)
        assert box.states(["inbox"])["INBOX"].exists == number


def test_what_a_sweep_that_begins_asks_for_is_what_is_there(world: World) -> None:
    world.deliver(1, 2)
    known = ["INBOX", world.box.personal("Nowhere")]
    box = lasting(world)
    for number in (3, 4):
        box.begin(known)
        assert {folder.name for folder in box.folders()} == {f.name for f in world.box.folders()}
        assert box.state("INBOX") == world.box.state("INBOX")
        with pytest.raises(FolderMissing):
            box.state(known[1])
        world.deliver(number)
        assert box.state("INBOX").exists == number


def test_a_folder_that_was_open_is_left_as_it_was(world: World) -> None:
    [first, marked] = world.deliver(1, 2)
    world.hand.flag("INBOX", marked, "\\Deleted")
    box = lasting(world)
    assert box.mark(world.place(), [first], "\\Flagged")  # by SELECT: CLOSE would expunge now
    usable = box.rest()
    assert [message.uid for message in world.hand.messages("INBOX")] == [first, marked]
    if not usable:
        return
    world.deliver(3)
    assert box.states(["INBOX"])["INBOX"].exists == 3
    assert len(box.uids(world.place())) == 3
    assert box.alive()
    assert box.rest()


def test_a_session_that_was_cut_is_not_used_again(world: World) -> None:
    box = lasting(world)
    box.abort()
    with suppress(ConnectionLost):
        assert not box.rest() or not box.alive()
    box.part()
    assert not box.rest()
