"""Servers without MOVE: a copy that cannot be completed waits for a later sweep; doubles of two machines are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from scatterclean.errors import CommandRefused, ConnectionLost
from scatterclean.mailbox.memory import MemoryMailbox, MemoryServer
from scatterclean.model import Mode, MoveState, Place, Refusal
from scatterclean.ports import FolderState
from tests.sweeps.world import World


@dataclass
class Copying(World):
    """A world whose server has no MOVE, and whose sessions are of another class."""

    session: Callable[[MemoryServer], MemoryMailbox] = MemoryMailbox

    def mailbox(self) -> MemoryMailbox:
        return self.session(self.server)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Copying]:
    world = Copying(tmp_path / "log.db", MemoryServer(move=False))
    world.history()
    yield world
    world.close()


class RefusesStore(MemoryMailbox):
    def remove(self, place: Place, uids: Sequence[int]) -> None:
        raise CommandRefused("memory answered NO to UID STORE: [NOPERM] no right")


class RefusesExpunge(MemoryMailbox):
    def remove(self, place: Place, uids: Sequence[int]) -> None:
        for uid in uids:
            self.server.flag(place.folder, uid, "\\Deleted")
        raise CommandRefused("memory answered NO to UID EXPUNGE: [LIMIT] later")


class ExpungesHalf(MemoryMailbox):
    def remove(self, place: Place, uids: Sequence[int]) -> None:
        super().remove(place, list(uids)[::2])
        raise CommandRefused("memory answered NO to UID EXPUNGE: [LIMIT] later")


class DiesBeforeExpunge(MemoryMailbox):
    def remove(self, place: Place, uids: Sequence[int]) -> None:
        for uid in uids:
            self.server.flag(place.folder, uid, "\\Deleted")
        raise ConnectionLost("cut between STORE and EXPUNGE")


REFUSING = pytest.mark.parametrize("session", [RefusesStore, RefusesExpunge, ExpungesHalf])


def flood(world: World, count: int = 3, first: int = 0) -> list[str]:
    for number in range(first, first + count):
        world.bounced(f"forged.{number}@spam.example", number=number)
    return world.inbox()


def states(world: World) -> list[MoveState]:
    return [move.state for move in world.store.journal.moves("home")]


def clean(world: World) -> bool:
    return not [
        m for f in world.server.folder_names() for m in world.server.messages(f) if "\\Deleted" in m.flags
    ]


@REFUSING
def test_a_copy_that_cannot_be_completed_stays_intended_is_told_and_completed_later(
    world: Copying, session: type[MemoryMailbox]
) -> None:
    before = flood(world)
    world.session = session
    report = world.sweep()
    assert MoveState.DOUBLED not in states(world)
    assert MoveState.INTENDED in states(world)
    [told] = report.troubles
    assert "in both folders for now" in told
    assert "memory answered NO" in told
    world.session = MemoryMailbox
    world.later(hours=1)
    report = world.sweep()
    assert (report.troubles, states(world)) == ((), [MoveState.MOVED] * 3)
    assert (world.inbox(), world.away()) == ([], before)
    assert clean(world)
    assert len(world.undo().back) == 3
    assert world.inbox() == before


@pytest.mark.parametrize("session", [RefusesStore, RefusesExpunge])
def test_while_a_copy_cannot_be_completed_no_more_are_made(
    world: Copying, session: type[MemoryMailbox]
) -> None:
    flood(world, 4)
    world.session = session
    world.sweep()
    flood(world, 3, first=10)
    world.later(hours=3)
    world.sweep()  # what is new is as fresh as this sweep
    world.later(hours=3)
    report = world.sweep()
    assert (report.moved, report.refusal) == (0, Refusal.HALF_MOVED)
    assert (len(world.inbox()), len(world.away())) == (7, 4)
    world.session = MemoryMailbox
    world.later(hours=3)
    world.sweep()
    assert (world.inbox(), len(world.away())) == ([], 7)
    assert clean(world)


def test_no_second_batch_is_copied_after_one_that_cannot_be_completed(world: Copying) -> None:
    flood(world, 130)
    world.session = RefusesStore
    world.sweep()
    assert len(world.away()) == 100


@REFUSING
def test_what_the_person_deletes_of_a_half_move_is_final(
    world: Copying, session: type[MemoryMailbox]
) -> None:
    flood(world, 2)
    world.session = session
    world.sweep()
    world.session = MemoryMailbox
    for message in world.server.messages("INBOX"):
        world.server.delete("INBOX", message.uid)
    world.later(hours=1)
    world.sweep()
    assert (world.inbox(), len(world.away()), set(states(world))) == ([], 2, {MoveState.MOVED})


def test_who_deletes_the_copy_of_a_half_move_keeps_the_message_where_it_was(world: Copying) -> None:
    before = flood(world, 2)
    world.session = RefusesStore
    world.sweep()
    for message in world.server.messages("Backscatter"):
        world.server.delete("Backscatter", message.uid)
    world.session = MemoryMailbox
    for _ in range(3):
        world.later(hours=1)
        assert world.sweep().moved == 0
    assert (world.inbox(), world.away(), clean(world)) == (before, [], True)
    assert MoveState.INTENDED not in states(world)


def test_an_undo_that_cannot_be_completed_is_completed_by_the_next(world: Copying) -> None:
    before = flood(world)
    world.sweep()
    world.session = RefusesExpunge
    undone = world.undo()
    assert (undone.back, undone.lost, len(undone.still_away)) == ((), (), 3)
    assert "in both folders for now" in undone.troubles[0]
    world.session = MemoryMailbox
    world.undo()
    assert (world.inbox(), world.away()) == (before, [])
    assert clean(world)
    assert world.sweep().moved == 0


class DiesBeforeCopy(MemoryMailbox):
    def move(self, place: Place, uids: Sequence[int], target: Place) -> Mapping[int, int]:
        raise ConnectionLost("memory hung up")


def test_a_folder_that_is_renumbered_behind_a_deed_that_was_cut_off_is_looked_at_until_it_is_late(
    world: Copying,
) -> None:
    before = flood(world, 2)
    world.session = DiesBeforeCopy
    with pytest.raises(ConnectionLost):
        world.sweep()
    world.session = MemoryMailbox
    kept = world.server.messages("INBOX")
    world.server.renew("INBOX")
    for message in kept:
        world.server.append("INBOX", message.raw, arrival=message.arrival)
    world.later(minutes=1)
    assert world.sweep().moved == 0
    assert states(world) == [MoveState.INTENDED] * 2
    world.later(hours=1)
    world.sweep()
    assert world.inbox() == before


# --- two machines ----------------------------------------------------------------------------------------


class Racing(MemoryMailbox):
    """Another machine, which does not know ours, copies what we are about to copy, or have just copied."""

    def __init__(self, server: MemoryServer, when: str) -> None:
        super().__init__(server)
        self._when = when

    def _other(self, place: Place, uids: Sequence[int], *, removes: bool) -> None:
        for uid in uids:
            self.server.copy(place.folder, uid, "Backscatter")
            if removes:
                self.server.delete(place.folder, uid)

    def state(self, folder: str) -> FolderState:
        if self._when == "before our UIDNEXT" and folder == "Backscatter" and self.server.shelf(folder):
            self._when = ""
            self._other(Place("INBOX", 0), [m.uid for m in self.server.messages("INBOX")], removes=False)
        return super().state(folder)

    def move(self, place: Place, uids: Sequence[int], target: Place) -> Mapping[int, int]:
        if self._when == "before our COPY":
            self._other(place, uids, removes=False)
        went = super().move(place, uids, target)
        if self._when == "behind our COPY, and completes its own":
            self._other(place, uids, removes=True)
        return went


@pytest.mark.parametrize(
    "when", ["before our UIDNEXT", "before our COPY", "behind our COPY, and completes its own"]
)
def test_what_another_machine_copies_at_the_same_time_is_never_doubled_silently(
    world: Copying, when: str
) -> None:
    world.server.create("Backscatter")
    flood(world, 2)
    world.session = lambda server: Racing(server, when)
    report = world.sweep()
    copies = len(world.away())
    assert len(report.troubles) == 1, report.troubles
    if when == "before our UIDNEXT":
        assert copies == 2
        assert "already" in report.troubles[0]
    else:
        assert copies == 4
        assert "both folders" in report.troubles[0] or "DOUBLED" in report.troubles[0]
    assert len(world.inbox()) + copies >= 2


class Interrupted(MemoryMailbox):
    """Before its n-th call something else happens; calls within one command of the server count, too."""

    def __init__(self, server: MemoryServer, number: int, meanwhile: Callable[[], None]) -> None:
        super().__init__(server)
        self.left = number
        self._meanwhile = meanwhile

    def _living(self) -> None:
        super()._living()
        self.left -= 1
        if self.left == 0:
            self._meanwhile()


def interrupted_at(step: int, folder: Path) -> bool:
    """One machine sweeps, and before its call `step` another one does, as a whole; False if there was no such call."""
    server = MemoryServer(move=False)
    other = World(folder / f"{step}.other.db", server)
    other.history()
    flood(other, 2)
    told: list[str] = []
    session = Interrupted(server, step, lambda: told.extend(other.sweep().troubles))
    world = Copying(folder / f"{step}.db", server, session=lambda _: session)
    told.extend(world.sweep().troubles)
    there = sorted(world.inbox() + world.away())
    assert set(there) == {f"{n}.forged.{n}@mx.elsewhere.example" for n in range(2)}
    assert len(there) == 2 or told, f"doubled silently at step {step}: {there}"
    world.close()
    other.close()
    return session.left <= 0


def test_two_machines_that_take_turns_at_every_step_double_nothing_silently(tmp_path: Path) -> None:
    steps = next(step for step in range(1, 1000) if not interrupted_at(step, tmp_path))
    assert steps > 50


def cut_off(world: Copying) -> list[str]:
    before = flood(world)
    world.session = DiesBeforeExpunge
    with pytest.raises(ConnectionLost):
        world.sweep()
    assert not clean(world)
    world.session = MemoryMailbox
    return before


@pytest.mark.parametrize("how", ["its copies", "the folder"])
def test_what_was_marked_for_removal_when_its_copy_went_is_marked_no_more(world: Copying, how: str) -> None:
    before = cut_off(world)
    if how == "the folder":
        world.server.drop(world.backscatter)
    else:
        for message in world.server.messages(world.backscatter):
            world.server.delete(world.backscatter, message.uid)
    world.set(mode=Mode.OBSERVE)
    world.sweep()
    assert clean(world)
    assert world.inbox() == before


def test_what_the_person_flagged_while_it_was_half_removed_is_marked_no_more(world: Copying) -> None:
    before = cut_off(world)
    for message in world.server.messages("INBOX"):
        world.server.flag("INBOX", message.uid, "\\Flagged")
    world.sweep()
    assert clean(world)
    assert world.inbox() == before
    assert MoveState.DOUBLED in states(world)


def test_what_was_half_removed_and_untouched_is_finished(world: Copying) -> None:
    before = cut_off(world)
    world.sweep()
    assert (world.inbox(), world.away()) == ([], before)
    assert clean(world)


def test_a_mark_for_deletion_of_what_was_never_copied_is_the_hands(world: Copying) -> None:
    flood(world)

    class DiesBeforeCopy(MemoryMailbox):
        def move(self, place: Place, uids: Sequence[int], target: Place) -> Mapping[int, int]:
            raise ConnectionLost("cut before COPY")

    world.session = DiesBeforeCopy
    with pytest.raises(ConnectionLost):
        world.sweep()
    world.session = MemoryMailbox
    for message in world.server.messages("INBOX"):
        world.server.flag("INBOX", message.uid, "\\Deleted")
    world.sweep()
    assert all("\\Deleted" in message.flags for message in world.server.messages("INBOX"))
    assert not world.away()
