"""Where a server knows neither MOVE nor UIDPLUS: nothing moves, or, as the person has set it, orphans are copied and
their originals marked; each once, whatever dies, and an undo takes the mark off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean.errors import ConnectionLost
from scatterclean.mailbox.memory import MemoryMailbox, MemoryServer
from scatterclean.model import MoveState, Place, Refusal, WithoutUidplus
from scatterclean.plan import KEYWORD
from scatterclean.undo import Selection
from tests.sweeps.crash import Errand, Template, discard, later, sweep, take_back
from tests.sweeps.test_standing import stand
from tests.sweeps.test_why import one, words
from tests.sweeps.tripwire import Death, Fate
from tests.sweeps.world import World


def poor() -> MemoryServer:
    return MemoryServer(move=False, uidplus=False)


def made(path: Path, server: MemoryServer | None = None) -> World:
    world = World(path, server or poor())
    world.set(without_uidplus=WithoutUidplus.COPY_AND_MARK)
    world.history()
    return world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = made(tmp_path / "log.db")
    yield world
    world.close()


def flood(world: World, count: int = 3) -> list[str]:
    for number in range(count):
        world.bounced(f"forged.{number}@spam.example", number=number)
    world.bounced("sent.1@winter.example", number=9)
    return world.inbox()


def marked(world: World, folder: str = "INBOX") -> list[int]:
    return [m.uid for m in world.server.messages(folder) if KEYWORD in m.flags]


def states(world: World) -> list[MoveState]:
    return [move.state for move in world.store.journal.moves("home")]


def test_orphans_are_copied_and_marked_and_the_originals_stay(world: World) -> None:
    before = flood(world)
    report = world.sweep()
    assert (report.moved, report.troubles, report.refusal) == (3, (), None)
    assert "the originals stay" in report.notes[0]
    assert world.inbox() == before
    assert len(world.away()) == 3
    assert (len(marked(world)), len(marked(world, "Backscatter"))) == (3, 3)
    assert states(world) == [MoveState.COPIED] * 3


def test_by_default_nothing_is_copied_and_the_option_is_named(tmp_path: Path) -> None:
    world = made(tmp_path / "log.db")
    world.set(without_uidplus=WithoutUidplus.REFUSE)
    flood(world)
    report = world.sweep()
    assert (report.moved, report.refusal, world.away(), marked(world)) == (0, Refusal.CANNOT_MOVE, [], [])
    world.close()


def test_nothing_is_copied_twice_also_with_a_new_database(world: World, tmp_path: Path) -> None:
    flood(world)
    world.sweep()
    for path in (world.path, tmp_path / "other.db"):
        world.close()
        world.path = path
        for _ in range(2):
            world.later(hours=1)
            assert world.sweep(folders=["INBOX"]).moved == 0
        assert len(world.away()) == 3


@pytest.mark.parametrize(("move", "uidplus"), [(True, False), (False, True)])
def test_where_the_server_can_move_the_option_changes_nothing(
    tmp_path: Path, *, move: bool, uidplus: bool
) -> None:
    world = made(tmp_path / "log.db", MemoryServer(move=move, uidplus=uidplus))
    flood(world)
    world.sweep()
    assert (len(world.inbox()), len(world.away()), marked(world)) == (1, 3, [])
    world.close()


def test_without_keywords_nothing_is_copied_and_that_is_told(tmp_path: Path) -> None:
    world = made(tmp_path / "log.db", MemoryServer(move=False, uidplus=False, keywords=False))
    flood(world)
    for _ in range(2):
        report = world.sweep()
        assert (report.moved, world.away()) == (0, [])
        assert "keeps no keywords" in report.troubles[0]
    world.close()


def test_over_quota_nothing_is_marked(world: World) -> None:
    flood(world)
    world.server.over_quota = True
    assert world.sweep().moved == 0
    assert (world.away(), marked(world)) == ([], [])
    world.server.over_quota = False
    world.later(hours=1)
    assert world.sweep().moved == 3


def test_undo_takes_the_mark_off_says_that_the_copies_stay_and_nothing_is_copied_again(world: World) -> None:
    before = flood(world)
    world.sweep()
    undone = world.undo()
    assert (len(undone.back), undone.lost, undone.still_away) == (3, (), ())
    assert "copies of 3 messages stay in 'Backscatter'" in undone.troubles[0]
    assert (world.inbox(), marked(world), len(world.away())) == (before, [], 3)
    assert set(states(world)) == {MoveState.RETURNED}
    world.later(hours=1)
    assert world.sweep(folders=["INBOX"]).moved == 0
    assert world.undo().back == ()


def test_undo_names_an_original_that_another_hand_took(world: World) -> None:
    flood(world, 2)
    world.sweep()
    world.server.move("INBOX", marked(world)[0], "Trash")
    undone = world.undo()
    assert (len(undone.back), len(undone.lost)) == (1, 1)


def test_what_proved_genuine_loses_the_mark_by_itself(world: World) -> None:
    flood(world)
    world.sweep()
    world.sent("forged.1@spam.example", ago=timedelta(hours=3))
    assert world.sweep().returned == 1
    assert len(marked(world)) == 2
    assert world.sweep().returned == 0


def test_status_counts_what_was_copied_and_why_says_that_the_original_stays(world: World) -> None:
    flood(world)
    world.sweep()
    assert stand(world).put_away.ever == 3
    assert "but it stays: a copy of it is in Backscatter" in words(one(world, marked(world)[0]))


def test_nothing_of_it_is_deleted_when_it_is_old(world: World) -> None:
    world.set(keep_backscatter=timedelta(days=30))
    flood(world)
    world.sweep()
    for days in (31, 2):
        world.later(days=days)
        assert world.sweep().notes == ()
    assert len(world.away()) == 3


def test_what_the_person_marked_as_deleted_while_it_was_cut_off_stays_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is removed here, so no mark for deletion is ours."""
    flood(world)

    def cut(box: MemoryMailbox, place: Place, uids: Sequence[int], target: Place) -> None:
        copy(box, place, uids, target)
        raise ConnectionLost("cut behind COPY")

    copy = MemoryMailbox.copy
    monkeypatch.setattr(MemoryMailbox, "copy", cut)
    with pytest.raises(ConnectionLost):
        world.sweep()
    monkeypatch.undo()
    for uid in marked(world):
        world.server.flag("INBOX", uid, "\\Deleted")
    world.sweep()
    deleted = [m.uid for m in world.server.messages("INBOX") if "\\Deleted" in m.flags]
    assert deleted == marked(world) != []
    assert states(world) == [MoveState.COPIED] * 3


def _filled(world: World) -> None:
    flood(world)


def _copied(world: World) -> None:
    flood(world)
    world.sweep()
    later(world, minutes=30)


ERRANDS = {
    "sweep": Errand(_filled, sweep, lambda world: world.sweep()),
    "undo": Errand(
        _copied,
        take_back(Selection()),
        lambda world: world.undo(),
    ),
}


@pytest.mark.parametrize("name", ERRANDS)
def test_whatever_dies_when_each_is_copied_once_and_marked_as_its_state_says(
    name: str, tmp_path: Path
) -> None:
    errand = ERRANDS[name]
    first = made(tmp_path / "log.db")
    errand.before(first)
    template = Template(first)
    deaths = 0
    for step in range(10_000):
        world = template.copy()
        fate = Fate(step, None, {})
        try:
            errand.run(world, fate)
        except Death:
            deaths += 1
        else:
            discard(world)
            break
        world.close()
        errand.again(world)
        later(world, minutes=30)
        world.sweep()
        assert len(world.inbox()) == 4, step
        assert len(world.away()) == len(set(world.away())) == 3, step
        assert len(marked(world)) == (3 if name == "sweep" else 0), step
        assert set(states(world)) == {MoveState.COPIED if name == "sweep" else MoveState.RETURNED}, step
        discard(world)
    assert deaths >= 10  # a batch is written by one statement
