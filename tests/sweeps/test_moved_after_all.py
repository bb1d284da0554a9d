"""A server that stood still for long carries out what it was told after everybody looked: the journal learns of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean import settling
from scatterclean.errors import ConnectionLost
from scatterclean.mailbox.memory import MemoryMailbox
from scatterclean.model import MoveState, Place

from .world import World

FLOOD = 5


class Stalled(MemoryMailbox):
    """It takes the command, and says nothing more."""

    def move(self, place: Place, uids: Sequence[int], target: Place) -> Mapping[int, int]:
        raise ConnectionLost("memory says nothing more")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = World(tmp_path / "log.db")
    world.history()
    for number in range(FLOOD):
        world.bounced(f"forged.{number}@spam.example", number=number)
    with monkeypatch.context() as stalled:
        stalled.setattr(world, "mailbox", lambda: Stalled(world.server))
        with pytest.raises(ConnectionLost):
            world.sweep()
    settling.recover(world.mailbox(), world.store.journal, "home", clock=world.clock)
    assert states(world) == [MoveState.STAYED] * FLOOD
    yield world
    world.close()


def states(world: World) -> list[MoveState]:
    return [move.state for move in world.store.journal.moves("home")]


def carry_out(world: World, many: int = FLOOD) -> None:
    """The server moves them now."""
    for move in world.store.journal.moves("home")[:many]:
        world.server.move("INBOX", move.intent.source.uid, "Backscatter")


def test_what_the_server_moved_later_is_moved_and_can_be_undone(world: World) -> None:
    carry_out(world, 3)
    world.sweep()
    assert states(world) == [MoveState.MOVED] * FLOOD  # the other two by this sweep
    there = world.server.messages("Backscatter")
    assert {move.target_uid for move in world.store.journal.moves("home")} == {each.uid for each in there}
    assert all("$Backscatter" in each.flags for each in there)
    assert len(world.undo().back) == FLOOD
    assert not world.server.messages("Backscatter")


def test_what_another_hand_took_elsewhere_stays_as_it_was_seen(world: World) -> None:
    for move in world.store.journal.moves("home"):
        world.server.move("INBOX", move.intent.source.uid, "Sent")
    world.sweep()
    assert states(world) == [MoveState.STAYED] * FLOOD


def test_a_copy_that_lay_there_before_is_not_taken_for_it(world: World) -> None:
    """The look begins at the UIDNEXT that was journalled before the deed; here that of the second one."""
    carry_out(world)
    with closing(sqlite3.connect(world.path)) as database, database:
        database.execute("UPDATE moves SET target_uidnext = 5")
    world.sweep()
    assert states(world) == [MoveState.STAYED] * 4 + [MoveState.MOVED]


def test_of_an_inbox_that_was_made_anew_nothing_is_said(world: World) -> None:
    carry_out(world)
    world.server.renew("INBOX")
    settling.recover(world.mailbox(), world.store.journal, "home", clock=world.clock)
    assert states(world) == [MoveState.STAYED] * FLOOD


def test_it_is_looked_for_no_longer_than_an_hour(world: World) -> None:
    carry_out(world)
    world.now += timedelta(minutes=61)
    settling.recover(world.mailbox(), world.store.journal, "home", clock=world.clock)
    assert states(world) == [MoveState.STAYED] * FLOOD


def test_a_copy_is_that_of_one_message(world: World) -> None:
    """Of two equal ones a later sweep moves one; the other is deleted by hand."""
    twin, other, *_ = world.store.journal.moves("home")
    world.server.delete("INBOX", other.intent.source.uid)
    with closing(sqlite3.connect(world.path)) as database, database:
        database.execute("UPDATE moves SET fingerprint = ? WHERE id = ?", (twin.intent.fingerprint, other.id))
    for _ in range(2):
        world.sweep()
        assert states(world) == [MoveState.MOVED, MoveState.STAYED, *[MoveState.MOVED] * 3]
