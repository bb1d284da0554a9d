"""How many messages are moved between two looks: as many as the server moves in two seconds, so that nobody's hand
has longer to come in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean import deeds
from scatterclean.fingerprint import FIELDS, fingerprint
from scatterclean.mailbox.memory import MemoryMailbox, MemoryServer
from scatterclean.model import Errand, Intent, Mode, MoveState, Place, Whereabouts

from .world import World, letter

COUNT = 2300


class Slow(MemoryMailbox):
    """Each message that it moves takes a while."""

    def __init__(self, world: World, each: timedelta) -> None:
        super().__init__(world.server)
        self._world, self._each = world, each

    def move(self, place: Place, uids: Sequence[int], target: Place) -> Mapping[int, int]:
        self._world.now += self._each * len(uids)
        return super().move(place, uids, target)


def sizes(folder: Path, each: timedelta, *, move: bool = True, flagged: int = 0) -> list[int]:
    world = World(folder / "log.db", MemoryServer(move=move))
    for number in range(COUNT):
        world.server.append("INBOX", letter("A", ident=f"{number}@firm.example"), arrival=world.now)
    for uid in range(1, flagged + 1):
        world.server.flag("INBOX", uid, "\\Flagged")
    box = Slow(world, each)
    place = box.state("INBOX").place
    intents = [
        Intent("home", fingerprint(s.header), Whereabouts(place, s.uid), "Backscatter", Errand.SWEEP)
        for s in box.headers(place, box.uids(place), FIELDS)
    ]
    found: list[int] = []
    journal = world.store.journal
    sweep = journal.begin_sweep("home", Mode.MOVE, world.now)
    done = deeds.act(box, journal, sweep, intents, clock=world.clock, progress=found.append)
    assert done.count(MoveState.MOVED) == COUNT - flagged == len(world.server.messages("Backscatter"))
    world.close()
    return found


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [
        (0, [100, 900, 1000, 300]),
        (0.1, [100, 900, 1000, 300]),
        (5, [100, 400, 400, 100, 400, 400, 200, 300]),
        (20, [100] * 23),
        (500, [100] * 23),
        (-1, [100] * 23),  # the clock is set back
    ],
)
def test_as_many_go_at_once_as_the_server_moves_in_two_seconds(
    milliseconds: float, expected: list[int], tmp_path: Path
) -> None:
    assert sizes(tmp_path, timedelta(milliseconds=milliseconds)) == expected


def test_without_move_few_go_at_once_however_quick_the_server_is(tmp_path: Path) -> None:
    assert sizes(tmp_path, timedelta(0), move=False) == [100] * 23


def test_what_is_left_alone_tells_nothing_of_how_quick_the_server_is(tmp_path: Path) -> None:
    """The person flagged the first hundred and three: the next batch is a small one, and so is that behind it."""
    assert sizes(tmp_path, timedelta(milliseconds=20), flagged=103) == [100] * 23


def test_few_that_went_quickly_tell_little_of_many(tmp_path: Path) -> None:
    assert sizes(tmp_path, timedelta(0), flagged=195)[:3] == [100, 100, 100]
