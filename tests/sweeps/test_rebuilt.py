"""The server makes the UIDs of a folder anew in the middle of a deed (after a repair, or from a backup), or the person
renames it.

At whatever moment: every message is there; one that is in both folders now was told; and an undo that has nothing to
bring back says that it is back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scatterclean.errors import ConnectionLost
from scatterclean.mailbox.memory import MemoryMailbox, MemoryServer
from scatterclean.model import MoveState, Place
from scatterclean.sweep import Sweep
from scatterclean.undo import Nothing, Selection, due, nothing, undo

from .tripwire import Fate, wired_mailbox
from .world import World

FORGED = 3
# (what it told, with the server's folder made anew by `fate`)
Deed = Callable[[World, Fate], str]


def rebuild(server: MemoryServer, folder: str) -> None:
    """Another UIDVALIDITY and other UIDs, the same messages."""
    kept = server.messages(folder)
    server.renew(folder)
    for message in reversed(kept):
        server.append(folder, message.raw, flags=message.flags, arrival=message.arrival)


def reset(server: MemoryServer, folder: str) -> None:
    """UIDs anew from 1 under the same UIDVALIDITY: forbidden (RFC 3501, 2.3.1.1), and what some backups do."""
    kept = server.messages(folder)
    shelf = server.shelf(folder)
    assert shelf is not None
    shelf.messages.clear()
    shelf.uidnext = 1
    for message in kept:
        server.append(folder, message.raw, flags=message.flags, arrival=message.arrival)


def rename(server: MemoryServer, folder: str) -> None:
    if folder in server.folder_names():
        server.rename(folder, "Old")


def sweeps(world: World, fate: Fate) -> str:
    report = Sweep(
        account=world.account,
        sources=world.sources(),
        mailbox=wired_mailbox(world.mailbox(), fate),
        journal=world.store.journal,
        docket=world.store.docket,
        clock=world.clock,
    ).run()
    return "\n".join(report.troubles)


def undoes(world: World, fate: Fate) -> str:
    mailbox = wired_mailbox(world.mailbox(), fate)
    return "\n".join(
        undo(world.account, Selection(), mailbox, world.store.journal, clock=world.clock).troubles
    )


def prepared(path: Path, *, move: bool, swept: bool, kind: type[World] = World) -> World:
    world = kind(path, MemoryServer(move=move, keywords=False))
    world.history(6)
    world.watched()
    world.server.create(world.backscatter)
    # What was there once and is gone: without it the UIDs of a folder that is made anew would be the same.
    for folder in ("INBOX", world.backscatter):
        world.server.delete(folder, world.server.append(folder, b"Subject: Gone\r\n\r\n"))
    for number in range(FORGED):
        world.bounced(f"forged.{number}@spam.example", number=number)
    if swept:
        assert world.sweep().moved == FORGED
        world.later(minutes=30)
    return world


@pytest.mark.parametrize("move", [True, False], ids=["MOVE", "COPY"])
@pytest.mark.parametrize(
    ("how", "folder"),
    [
        (rebuild, "INBOX"),
        (rebuild, "Backscatter"),
        (reset, "INBOX"),
        (reset, "Backscatter"),
        (rename, "Backscatter"),
    ],
    ids=["INBOX rebuilt", "Backscatter rebuilt", "INBOX reset", "Backscatter reset", "Backscatter renamed"],
)
@pytest.mark.parametrize("deed", [sweeps, undoes])
def test_a_folder_that_becomes_another_at_any_moment_loses_nothing_and_a_double_is_told(
    deed: Deed,
    how: Callable[[MemoryServer, str], None],
    folder: str,
    move: bool,
    scratch: Path,
) -> None:
    doubles = call = 0
    while True:
        world = prepared(scratch / f"{call}.db", move=move, swept=deed is undoes)
        came: list[int] = []

        def hand(world: World = world, came: list[int] = came) -> None:
            came.append(1)
            how(world.server, folder)

        told = deed(world, Fate(hands={call: hand}))
        if not came:
            world.close()
            break
        world.later(hours=1)
        # Where the hand came between a look and the deed that rests on it, the end is found by the next one.
        told += deed(world, Fate())
        inbox, away = world.inbox(), world.away() + world.ids("Old")
        assert len({*inbox, *away}) == FORGED, f"lost before call {call}"
        both = set(inbox) & set(away)
        assert len(inbox) + len(away) == FORGED + len(both), f"more than doubled before call {call}"
        assert bool(both) == ("are in both folders" in told), f"before call {call}: {told}"
        doubled = world.store.journal.moves("home", states=[MoveState.DOUBLED])
        assert {m.intent.message_id for m in doubled} == both
        assert not world.store.journal.moves("home", states=[MoveState.INTENDED])
        doubles += bool(both)
        if how is rename and not both:
            pass  # where an undo looks for what was refiled is told elsewhere
        elif deed is undoes:
            world.later(hours=1)
            assert not world.undo().back
            assert world.inbox() == inbox
            assert not due(world.store.journal, "home", Selection())
            assert nothing(world.store.journal, ["home"], Selection()) is Nothing.ALREADY_BACK
        elif not both:
            # In an INBOX with other UIDs nobody knows what a hand brought back: what was about to go may stay.
            assert len(away) == FORGED or folder == "INBOX", f"before call {call}"
            world.undo()
            assert len(world.inbox()) == FORGED, f"put away before call {call}, and no undo finds it"
        world.close()
        call += 1
    assert call > 5
    # Only a COPY leaves a source behind; one whose copy is in the renamed folder is completed.
    assert bool(doubles) is (not move and not (deed is sweeps and how is rename))


@pytest.mark.parametrize("move", [True, False], ids=["MOVE", "COPY"])
@pytest.mark.parametrize("how", [rebuild, rename], ids=["rebuilt", "renamed"])
def test_an_undo_that_did_not_come_about_is_done_by_the_next_at_once(
    how: Callable[[MemoryServer, str], None], move: bool, scratch: Path
) -> None:
    """Backscatter is another before the deed: what is still in it was not moved, and nobody has to wait for that."""
    waited = call = 0
    while True:
        world = prepared(scratch / f"{call}.db", move=move, swept=True)
        came: list[int] = []

        def hand(world: World = world, came: list[int] = came) -> None:
            came.append(1)
            how(world.server, "Backscatter")

        undoes(world, Fate(hands={call: hand}))
        waited += bool(world.store.journal.moves("home", states=[MoveState.INTENDED]))
        undoes(world, Fate())
        assert len(world.inbox()) == FORGED, f"before call {call}"
        world.close()
        if not came:
            break
        call += 1
    assert waited


@pytest.mark.parametrize("move", [True, False], ids=["MOVE", "COPY"])
def test_what_may_be_shown_late_is_waited_for_and_that_is_told(move: bool, scratch: Path) -> None:
    world = prepared(scratch / "log.db", move=move, swept=True)
    with pytest.raises(ConnectionLost):
        undo(world.account, Selection(), Vanishing(world.server), world.store.journal, clock=world.clock)
    undone = world.undo()
    assert (undone.back, undone.lost, len(undone.still_away)) == ((), (), FORGED)
    assert "cannot be seen yet" in undone.troubles[0]
    world.later(minutes=11)
    assert len(world.undo().lost) == FORGED
    world.close()


def test_that_some_are_waited_for_is_told_also_where_something_else_is(scratch: Path) -> None:
    world = prepared(scratch / "log.db", move=True, swept=True)
    with pytest.raises(ConnectionLost):
        undo(world.account, Selection(), Doubling(world.server), world.store.journal, clock=world.clock)
    undone = world.undo()
    assert len(undone.still_away) == FORGED - 1
    told = "\n".join(undone.troubles)
    assert "are in both folders" in told
    assert "cannot be seen yet" in told
    world.close()


class Vanishing(MemoryMailbox):
    """Cut off in the middle of a deed; what was to be moved is in neither folder then."""

    def move(self, place: Place, uids: Sequence[int], target: Place) -> Mapping[int, int]:
        for uid in uids:
            self.server.delete(place.folder, uid)
        raise ConnectionLost("memory hung up")


class Doubling(Vanishing):
    """The same; of the first one there is a copy beside the original."""

    def move(self, place: Place, uids: Sequence[int], target: Place) -> Mapping[int, int]:
        first, *others = uids
        (one,) = (message for message in self.server.messages(place.folder) if message.uid == first)
        self.server.append(target.folder, one.raw, arrival=one.arrival)
        return super().move(place, others, target)


@dataclass
class Noting(World):
    """Which calls to the server, by the count of `fate`, took a source away."""

    fate: Fate = field(default_factory=Fate)
    removes: set[int] = field(default_factory=set)

    def mailbox(self) -> MemoryMailbox:
        return _Noted(self)


class _Noted(MemoryMailbox):
    def __init__(self, world: Noting) -> None:
        super().__init__(world.server)
        self.world = world

    def remove(self, place: Place, uids: Sequence[int]) -> None:
        self.world.removes.add(self.world.fate.calls - 1)
        super().remove(place, uids)


@pytest.mark.parametrize("deed", [sweeps, undoes])
def test_another_hand_that_empties_the_target_finds_no_gap_between_the_look_at_our_copy_and_the_expunge(
    deed: Deed, scratch: Path
) -> None:
    """Right before the expunge no client can win this race.  At all other moments the message is still there."""
    call = won = 0
    while True:
        world = prepared(scratch / f"{call}.db", move=False, swept=deed is undoes, kind=Noting)
        assert isinstance(world, Noting)
        source, target = ("INBOX", world.backscatter) if deed is sweeps else (world.backscatter, "INBOX")
        at_hand: list[list[str]] = []

        def hand(
            world: World = world,
            source: str = source,
            target: str = target,
            at_hand: list[list[str]] = at_hand,
        ) -> None:
            at_hand.append(world.ids(source))
            world.server.renew(target)

        world.fate = Fate(hands={call: hand})
        deed(world, world.fate)
        if not at_hand:
            world.close()
            break
        if not set(at_hand[0]) <= {*world.inbox(), *world.away()}:
            assert call in world.removes, f"lost before call {call}"
            won += 1
        world.close()
        call += 1
    assert won == 1
