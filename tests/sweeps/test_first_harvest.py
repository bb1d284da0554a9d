"""A first harvest that is stopped or breaks off keeps what it read, and goes on there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean import harvest
from scatterclean.errors import ConnectionLost, Stopped
from scatterclean.mailbox.memory import MemoryMailbox
from scatterclean.model import Place, Question, Sighting

from .world import World

SENT = 25


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(harvest, "STEP", 4)
    monkeypatch.setattr(harvest, "BATCH", 8)
    world = World(tmp_path / "log.db")
    for number in range(SENT):
        world.sent(f"{number}@winter.example", ago=timedelta(days=30 - number))
    yield world
    world.close()


class Watched(MemoryMailbox):
    """Counts what is looked at, and breaks where it is told to."""

    looked_at = 0
    breaks_after = SENT

    def headers(self, place: Place, uids: Sequence[int], fields: Sequence[str]) -> Iterator[Sighting]:
        for seen in super().headers(place, uids, fields):
            if self.looked_at == self.breaks_after:
                raise ConnectionLost("memory broke")
            self.looked_at += 1
            yield seen


def known(world: World) -> int:
    keys = frozenset(f"{number}@winter.example" for number in range(SENT))
    return len(world.store.sent_log.ask(Question(world.account.person, keys)).known)


@pytest.mark.parametrize("after", [1, 3, 4, 8, 10, 24])
def test_what_came_before_the_connection_broke_is_kept_and_not_read_again(world: World, after: int) -> None:
    first, second = Watched(world.server), Watched(world.server)
    first.breaks_after = after
    log = world.store.sent_log
    with pytest.raises(ConnectionLost):
        harvest.harvest(first, log, world.account, now=world.now)
    assert (known(world), log.coverage(["home"])["home"].through) == (after, None)
    found = harvest.harvest(second, log, world.account, now=world.now)
    # One more is looked at: is the last one that was read still the same?
    assert (found.new, second.looked_at, known(world)) == (SENT - after, SENT - after + 1, SENT)
    assert log.coverage(["home"])["home"].through == world.now


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_a_harvest_that_is_stopped_keeps_what_it_read(world: World, steps: int) -> None:
    box = Watched(world.server)
    with pytest.raises(Stopped):
        harvest.harvest(
            box, world.store.sent_log, world.account, now=world.now, stop=lambda: box.looked_at >= steps * 4
        )
    assert known(world) == box.looked_at == steps * 4


def test_progress_adds_up_to_all_that_was_read(world: World) -> None:
    told: list[tuple[int, int]] = []
    box = Watched(world.server)
    harvest.harvest(
        box,
        world.store.sent_log,
        world.account,
        now=world.now,
        progress=lambda done, total: told.append((done, total)),
    )
    assert sum(done for done, _ in told) == SENT
    assert {total for _, total in told} == {SENT}
