"""Servers that lie or refuse, deaths, other hands: nothing is lost, doubled or moved twice, and recovery comes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean.errors import CannotMoveSafely, CommandRefused, ConnectionLost
from scatterclean.mailbox.memory import MemoryMailbox, MemoryServer
from scatterclean.model import Mode, MoveState, Place, Sighting, Verdict
from scatterclean.undo import Selection
from tests.sweeps.world import World


@dataclass
class Hostile(World):
    """A world whose sessions are of another class."""

    session: Callable[[MemoryServer], MemoryMailbox] = MemoryMailbox

    def mailbox(self) -> MemoryMailbox:
        return self.session(self.server)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Hostile]:
    world = Hostile(tmp_path / "log.db")
    world.history()
    yield world
    world.close()


class OnlyCopies(MemoryMailbox):
    """MOVE is answered OK, copies, and takes nothing away."""

    def move(self, place: Place, uids: Sequence[int], target: Place) -> Mapping[int, int]:
        return {uid: self.server.copy(place.folder, uid, target.folder) for uid in uids}


class DoesNothing(MemoryMailbox):
    """MOVE is answered OK and does nothing; COPYUID tells of a success."""

    def move(self, place: Place, uids: Sequence[int], target: Place) -> Mapping[int, int]:
        return {uid: 4711 + uid for uid in uids}


class MovesHalf(MemoryMailbox):
    """Every second message is moved, then comes NO (RFC 6851, 3.3)."""

    def move(self, place: Place, uids: Sequence[int], target: Place) -> Mapping[int, int]:
        super().move(place, list(uids)[::2], target)
        raise CommandRefused("memory answered NO to UID MOVE")


class LiesAboutUids(MemoryMailbox):
    """Moves, and tells the UIDs of other messages."""

    def move(self, place: Place, uids: Sequence[int], target: Place) -> Mapping[int, int]:
        went = super().move(place, uids, target)
        return dict(zip(went, reversed(list(went.values())), strict=True))


class NotSelectable(MemoryMailbox):
    """Nobody may look into Backscatter any more."""

    def uids(self, place: Place, first: int = 1, **rest: object) -> list[int]:
        if place.folder == "Backscatter":
            raise CommandRefused("memory answered NO to EXAMINE: no right")
        return super().uids(place, first, **rest)  # type: ignore[arg-type]  # since

    def headers(self, place: Place, uids: Sequence[int], fields: Sequence[str]) -> Iterator[Sighting]:
        if place.folder == "Backscatter":
            raise CommandRefused("memory answered NO to EXAMINE: no right")
        return super().headers(place, uids, fields)


class NeitherNor(MemoryMailbox):
    """The server behind the name has changed: it knows neither MOVE nor UIDPLUS."""

    def moves_atomically(self) -> bool:
        return False

    def can_move(self) -> None:
        raise CannotMoveSafely("memory knows neither MOVE nor UIDPLUS")

    def remove(self, place: Place, uids: Sequence[int]) -> None:
        raise CannotMoveSafely("memory does not know UID EXPUNGE")


def flood(world: World, count: int) -> Counter[str]:
    for number in range(count):
        world.bounced(f"forged.{number}@spam.example", number=number)
    return Counter(world.inbox())


def everywhere(world: World) -> Counter[str]:
    return Counter(world.inbox()) + Counter(world.away())


def prove_genuine(world: World, ident: str) -> None:
    """The Sent copy of it turns up after all."""
    world.sent(ident, ago=timedelta(hours=3))


# --- lies -------------------------------------------------------------------------------------------------


def test_a_move_that_only_copies_doubles_a_message_once_at_most(world: Hostile) -> None:
    flood(world, 1)
    world.session = OnlyCopies
    for _ in range(4):
        world.sweep()
        world.later(minutes=10)
    assert (len(world.inbox()), len(world.away())) == (1, 1)


def test_a_double_is_told_to_the_person(world: Hostile) -> None:
    flood(world, 1)
    world.session = OnlyCopies
    report = world.sweep()
    assert any("both" in trouble for trouble in report.troubles)


def test_a_rescue_that_only_copies_fills_no_inbox(world: Hostile) -> None:
    flood(world, 1)
    world.sweep()
    prove_genuine(world, "forged.0@spam.example")
    world.session = OnlyCopies
    for _ in range(5):
        world.later(minutes=10)
        world.sweep()
    assert len(world.inbox()) == 1


def test_an_undo_that_only_copies_is_not_repeated_by_the_next(world: Hostile) -> None:
    flood(world, 1)
    world.sweep()
    world.session = OnlyCopies
    for _ in range(3):
        world.undo()
    assert len(world.inbox()) == 1


def test_ok_without_effect_is_no_move(world: Hostile) -> None:
    before = flood(world, 3)
    world.session = DoesNothing
    report = world.sweep()
    assert (report.moved, Counter(world.inbox())) == (0, before)
    world.session = MemoryMailbox
    assert world.sweep().moved == 3


def test_a_server_that_never_moves_does_not_fill_the_journal(world: Hostile) -> None:
    flood(world, 250)
    world.session = DoesNothing
    for _ in range(10):
        world.sweep()
        world.later(minutes=5)
    assert len(world.store.journal.moves("home")) <= 250


def test_a_partial_move_is_counted_as_what_it_is_and_completed_by_the_next(world: Hostile) -> None:
    before = flood(world, 9)
    world.session = MovesHalf
    report = world.sweep()
    assert report.moved == len(world.away()) == 5
    assert everywhere(world) == before
    world.session = MemoryMailbox
    world.sweep()
    assert len(world.away()) == 9
    assert Counter(world.away()) == before


def test_wrong_new_uids_bring_the_wrong_message_back_to_nobody(world: Hostile) -> None:
    flood(world, 5)
    world.session = LiesAboutUids
    world.sweep()
    [move] = world.store.journal.moves("home", message_id="2.forged.2@mx.elsewhere.example")
    world.session = MemoryMailbox
    assert move.target_uid is not None
    world.undo(Selection(message_id="2.forged.2@mx.elsewhere.example"))
    assert world.inbox() == ["2.forged.2@mx.elsewhere.example"]


# --- recovery ---------------------------------------------------------------------------------------------


def die_before_settling(world: Hostile) -> None:
    """The connection breaks after the deed and before the look."""

    class Dies(MemoryMailbox):
        def move(self, place: Place, uids: Sequence[int], target: Place) -> Mapping[int, int]:
            if self.server.knows_move:
                super().move(place, uids, target)
            else:
                for uid in uids:
                    self.server.copy(place.folder, uid, target.folder)
            raise ConnectionLost("memory broke")

    world.session = Dies
    with pytest.raises(ConnectionLost):
        world.sweep()
    world.session = MemoryMailbox
    assert world.store.journal.moves("home", states=[MoveState.INTENDED])


def test_a_deed_whose_folder_cannot_be_looked_into_holds_up_no_other_work(world: Hostile) -> None:
    flood(world, 2)
    die_before_settling(world)
    world.session = NotSelectable
    world.bounced("sent.1@winter.example")
    report = world.sweep()
    assert report.verdicts.get(Verdict.GENUINE) == 1
    assert report.troubles
    assert len(world.store.journal.moves("home", states=[MoveState.INTENDED])) == 2
    world.session = MemoryMailbox
    world.sweep()
    assert not world.store.journal.moves("home", states=[MoveState.INTENDED])


def test_a_half_move_on_a_server_that_cannot_remove_any_more_is_settled_and_told(tmp_path: Path) -> None:
    world = Hostile(tmp_path / "log.db", MemoryServer(move=False))
    world.history()
    flood(world, 1)
    die_before_settling(world)
    world.session = NeitherNor
    report = world.sweep()
    assert not world.store.journal.moves("home", states=[MoveState.INTENDED])
    assert (len(world.inbox()), len(world.away())) == (1, 1)
    assert any("both" in trouble for trouble in report.troubles)
    world.close()


@pytest.mark.parametrize("flag", ["\\Flagged", "\\Answered"])
def test_a_half_move_is_not_completed_over_the_persons_hand(tmp_path: Path, flag: str) -> None:
    """Flagged while the daemon was down: removing that one would take the flag along."""
    world = Hostile(tmp_path / "log.db", MemoryServer(move=False))
    world.history()
    flood(world, 1)
    die_before_settling(world)
    [message] = world.server.messages("INBOX")
    world.server.flag("INBOX", message.uid, flag)
    world.sweep()
    assert [m.flags & {flag} for m in world.server.messages("INBOX")] == [{flag}]
    world.close()


# --- what the person said -----------------------------------------------------------------------------------


def test_a_sweep_of_one_folder_moves_nothing_out_of_another(world: Hostile) -> None:
    world.server.create("Tests")
    world.set(mode=Mode.OBSERVE)
    flood(world, 1)
    world.sweep()
    [message] = world.server.messages("INBOX")
    other = message.raw.replace(b"forged.0", b"forged.9")
    world.server.append("Tests", other, arrival=message.arrival)
    world.later(hours=1)
    world.sweep(mode=Mode.MOVE, folders=["Tests"])
    assert (len(world.inbox()), len(world.away())) == (1, 1)


def test_a_folder_that_is_not_watched_any_more_is_left_alone(world: Hostile) -> None:
    world.server.create("Lists")
    world.set(watch=("INBOX", "Lists"))
    flood(world, 1)
    [message] = world.server.messages("INBOX")
    world.now = message.arrival + timedelta(minutes=1)
    world.server.move("INBOX", message.uid, "Lists")
    world.sweep()
    world.later(hours=1)
    world.set(watch=("INBOX",))
    assert world.sweep().moved == 0
    assert len(world.ids("Lists")) == 1
