"""A sweep or an undo that is stopped or cut off in the middle: what it tells is what it did."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scatterclean.errors import ConnectionLost, Trouble
from scatterclean.mailbox.memory import MemoryServer
from scatterclean.model import Closure, Mode, MoveState, Refusal, Verdict
from scatterclean.sweep import Steps, Sweep
from scatterclean.undo import Selection, undo

from .world import World

# One batch is 100 messages: the sweep looks at the stop flag between two.
FLOOD = 150


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "log.db")
    world.history()
    for number in range(FLOOD):
        world.bounced(f"forged.{number}@spam.example", number=number)
    yield world
    world.close()


def sweep_until(world: World, moved: int) -> Sweep:
    """A sweep that is asked to stop when so many messages were moved."""
    seen = [0]

    def tell(step: str, done: int, _all: int) -> None:
        seen[0] += done if step == "move" else 0

    return Sweep(
        account=world.account,
        sources=world.sources(),
        mailbox=world.mailbox(),
        journal=world.store.journal,
        docket=world.store.docket,
        clock=world.clock,
        stop=lambda: seen[0] >= moved,
        steps=Steps(tell),
    )


def test_a_sweep_that_is_stopped_tells_what_it_moved_and_what_it_found(world: World) -> None:
    report = sweep_until(world, 100).run()
    assert (report.refusal, report.moved) == (Refusal.STOPPED, 100)
    assert report.verdicts == {Verdict.ORPHAN: FLOOD}
    assert world.store.journal.sweeps("home")[0] == report
    assert world.sweep().moved == FLOOD - 100


def test_what_was_moved_before_a_stop_is_closed_as_moved(world: World) -> None:
    sweep_until(world, 100).run()
    closures = [case.closure for case in world.store.docket.find("home", limit=FLOOD)]
    assert sorted(map(str, closures)) == ["None"] * (FLOOD - 100) + [str(Closure.MOVED)] * 100


def test_a_sweep_whose_connection_breaks_stores_what_it_moved(world: World) -> None:
    world.server.cut_after = 250  # 100 moved and marked, 50 of the next moved
    with pytest.raises(ConnectionLost):
        world.sweep()
    stored = world.store.journal.sweeps("home")[0]
    assert stored.moved == len(world.store.journal.moves("home", states=(MoveState.MOVED,)))
    assert stored.moved >= 100
    assert stored.troubles


def test_an_undo_that_is_stopped_tells_what_came_back_and_loses_sight_of_nothing(world: World) -> None:
    world.sweep()
    back = [0]

    def progress(done: int) -> None:
        back[0] += done

    undone = undo(
        world.account,
        Selection(),
        world.mailbox(),
        world.store.journal,
        clock=world.clock,
        stop=lambda: back[0] >= 100,
        progress=progress,
    )
    assert (len(undone.back), len(undone.still_away), undone.lost) == (100, FLOOD - 100, ())
    assert world.store.journal.sweeps("home")[0].returned == 100
    assert len(world.undo().back) == FLOOD - 100


def test_what_a_full_mailbox_keeps_from_coming_back_is_not_called_lost(tmp_path: Path) -> None:
    world = World(tmp_path / "log.db", MemoryServer(move=False))
    world.history()
    world.bounced("forged@spam.example")
    world.sweep()
    world.server.over_quota = True
    undone = world.undo()
    assert (len(undone.back), len(undone.still_away), undone.lost) == (0, 1, ())
    assert undone.troubles
    world.close()


@pytest.mark.parametrize("closure", list(Closure))
def test_a_case_that_is_closed_says_why(tmp_path: Path, closure: Closure) -> None:
    world = World(tmp_path / "log.db")
    world.history()
    uid = world.bounced("sent.1@winter.example" if closure is Closure.GENUINE else "forged@spam.example")
    if closure is Closure.HAND:
        world.server.flag("INBOX", uid, "\\Flagged")
    if closure is Closure.GONE:
        world.sweep(mode=Mode.OBSERVE)
        world.server.delete("INBOX", uid)
    world.sweep()
    [case] = world.store.docket.find("home")
    assert case.closure is closure
    world.close()


def test_a_sweep_that_cannot_begin_its_moves_raises_no_second_trouble(world: World) -> None:
    """The server ends the session before anything moves: one error, and a report of nothing moved."""
    world.server.cut_after = 0
    with pytest.raises(Trouble) as raised:
        world.sweep()
    assert isinstance(raised.value, ConnectionLost)
    assert world.store.journal.sweeps("home")[0].moved == 0
