"""A first harvest that is stopped or breaks off keeps what it read, and goes on there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from scatterclean import harvest
from scatterclean.errors import ConnectionLost, DatabaseUnusable, Stopped
from scatterclean.mailbox.memory import MemoryMailbox
from scatterclean.model import Cursor, Place, Question, SentMessage, Sighting
from scatterclean.ports import SentLog
from scatterclean.store import staging

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


@dataclass
class Failing:
    """The log as it is, until the disk is full at the `fails`th batch; says which threads wrote."""

    log: SentLog
    fails: int
    writers: list[str] = field(default_factory=list)
    reached: list[int] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.log, name)

    def record(self, *told: Any, **more: Any) -> int:
        return self.recording(*told, **more)()

    def recording(
        self,
        account: str,
        person: str,
        messages: Sequence[SentMessage],
        cursor: Cursor,
        *,
        out_of: int = 0,
    ) -> Callable[[], int]:
        record = self.log.recording(account, person, messages, cursor, out_of=out_of)

        def write() -> int:
            self.writers.append(threading.current_thread().name)
            if len(self.writers) == self.fails:
                raise DatabaseUnusable("the disk is full")
            new = record()
            self.written(cursor)
            return new

        return write

    def written(self, cursor: Cursor) -> None:
        self.reached.append(cursor.uidnext)


@pytest.mark.parametrize("fails", [1, 2, 3, 4])
def test_a_batch_that_cannot_be_written_behind_is_told_and_read_again(world: World, fails: int) -> None:
    """Three batches are written while others are read, the last at the end: nothing may come after one that failed."""
    log = Failing(world.store.sent_log, fails)
    with pytest.raises(DatabaseUnusable):
        harvest.harvest(Watched(world.server), log, world.account, now=world.now)
    assert len(log.writers) == fails
    assert known(world) == (fails - 1) * 8
    assert world.store.sent_log.coverage(["home"])["home"].through is None
    found = harvest.harvest(Watched(world.server), world.store.sent_log, world.account, now=world.now)
    assert (found.new, known(world)) == (SENT - (fails - 1) * 8, SENT)


def test_full_batches_are_written_by_another_thread_and_none_is_left(world: World) -> None:
    log = Failing(world.store.sent_log, 0)
    before = threading.active_count()
    harvest.harvest(Watched(world.server), log, world.account, now=world.now)
    me = threading.current_thread().name
    assert [name == me for name in log.writers] == [
        False,
        False,
        False,
        True,
        True,
    ]  # the last is the end cursor
    assert threading.active_count() == before


@pytest.fixture
def one_by_one(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Each message is a batch."""
    monkeypatch.setattr(harvest, "STEP", 1)
    monkeypatch.setattr(harvest, "BATCH", 1)
    return world


@dataclass
class Slow(Failing):
    """The first batch is written when nothing else goes on any more: so many were prepared then."""

    at_most: int = 0
    prepared: int = 0
    handed_on: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def recording(self, *told: Any, **more: Any) -> Callable[[], int]:
        record = super().recording(*told, **more)
        self.prepared += 1
        first = self.prepared == 1
        self.handed_on.release()

        def write() -> int:
            if first:
                for _ in range(self.at_most):
                    assert self.handed_on.acquire(timeout=20)
                assert not self.handed_on.acquire(timeout=0.2)
            return record()

        return write


@pytest.mark.parametrize("fails", [0, 1, 2, 4])
def test_while_one_batch_takes_long_a_few_are_read_and_none_comes_after_one_that_failed(
    one_by_one: World, fails: int
) -> None:
    world = one_by_one
    # The four that may wait, and the next one is prepared meanwhile.
    log = Slow(world.store.sent_log, fails, at_most=5)
    with pytest.raises(DatabaseUnusable) if fails else nullcontext():
        harvest.harvest(Watched(world.server), log, world.account, now=world.now)
    assert known(world) == (fails - 1 if fails else SENT)
    assert len(log.writers) == (fails or SENT + 1)
    harvest.harvest(Watched(world.server), world.store.sent_log, world.account, now=world.now)
    assert known(world) == SENT


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_who_interrupts_waits_for_one_batch_only(
    one_by_one: World, interruption: type[BaseException]
) -> None:
    world = one_by_one
    log = Slow(world.store.sent_log, 0, at_most=3)
    before = threading.active_count()

    def progress(_done: int, _all: int) -> None:
        if log.prepared == 3:
            raise interruption

    with pytest.raises(interruption):
        harvest.harvest(Watched(world.server), log, world.account, now=world.now, progress=progress)
    assert (len(log.writers), known(world), threading.active_count()) == (1, 1, before)
    found = harvest.harvest(Watched(world.server), world.store.sent_log, world.account, now=world.now)
    assert (found.new, known(world)) == (SENT - 1, SENT)


def test_letters_to_very_many_are_written_in_smaller_batches(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harvest, "BATCH", 1000)
    monkeypatch.setattr(harvest, "MOST_RECIPIENTS", 5)
    monkeypatch.setattr(harvest, "MOST_BYTES", 50)
    log = Failing(world.store.sent_log, 0)
    harvest.harvest(Watched(world.server), log, world.account, now=world.now)
    assert known(world) == SENT
    # By fives, and the last five by what is left at each step; then the end cursor.
    assert [after - before for before, after in pairwise([1, *log.reached])] == [5, 5, 5, 5, 3, 1, 1, 0]


def test_the_nearer_the_end_the_less_is_left_to_be_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harvest, "BATCH", 1000)
    log = Failing(world.store.sent_log, 0)
    harvest.harvest(Watched(world.server), log, world.account, now=world.now)
    assert known(world) == SENT
    # The first, when half was read; then half of the rest; the last by the thread that read it, and the end cursor.
    assert [uidnext - 1 for uidnext in log.reached] == [16, 24, 25, 25]


# --- very large: what takes long to put in its place is laid aside -----------------------------------------


def waiting(world: World) -> int:
    with world.store._database.read() as connection:
        return staging.waiting(connection)


@dataclass
class Asked(Failing):
    """Whether the log knew, after each batch, all that had been read up to its cursor; and how much was laid aside."""

    knew: list[bool] = field(default_factory=list)
    heaps: list[int] = field(default_factory=list)
    world: World | None = None

    def written(self, cursor: Cursor) -> None:
        super().written(cursor)
        assert self.world is not None
        self.knew.append(known(self.world) == min(cursor.uidnext - 1, SENT))
        self.heaps.append(waiting(self.world))


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "FROM", SENT)


@pytest.mark.usefixtures("large")
def test_in_the_midst_of_a_large_harvest_the_log_knows_all_that_was_read(world: World) -> None:
    log = Asked(world.store.sent_log, 0, world=world)
    harvest.harvest(Watched(world.server), log, world.account, now=world.now)
    assert log.knew == [True] * 5
    assert min(log.heaps[:4]) > 0
    assert log.heaps[-1] == waiting(world) == 0
    assert world.store.sent_log.coverage(["home"])["home"].through == world.now


@pytest.mark.usefixtures("large")
def test_a_large_harvest_that_breaks_or_is_stopped_leaves_nothing_aside(world: World) -> None:
    broken = Watched(world.server)
    broken.breaks_after = 10
    log = Asked(world.store.sent_log, 0, world=world)
    with pytest.raises(ConnectionLost):
        harvest.harvest(broken, log, world.account, now=world.now)
    assert (log.heaps[0] > 0, waiting(world), known(world)) == (True, 0, 10)


def test_a_large_harvest_that_goes_on_behind_a_hole_tidies_once(
    one_by_one: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most folders have one: the log says so before the first batch behind it, where all is in place."""
    world = one_by_one
    monkeypatch.setattr(staging, "FROM", 1)
    broken = Watched(world.server)
    broken.breaks_after = 5
    with pytest.raises(ConnectionLost):
        harvest.harvest(broken, world.store.sent_log, world.account, now=world.now)
    world.server.delete("Sent", 8)
    log = Asked(world.store.sent_log, 0, world=world)
    harvest.harvest(Watched(world.server), log, world.account, now=world.now + timedelta(days=2))
    # Two batches before the hole; then the heap grows until the end, and the end cursor comes behind it.
    assert [before < after for before, after in pairwise(log.heaps[2:-1])] == [True] * (SENT - 9)
    assert (log.heaps[-1], waiting(world), known(world)) == (0, 0, SENT - 1)
    # The first one was given up long before: only from now on.
    assert world.store.sent_log.coverage(["home"])["home"].through == world.now + timedelta(days=2)


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("fails", [1, 2, 3, 4])
def test_a_large_harvest_on_a_full_disk_says_so_and_goes_on_there(
    world: World, fails: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Failing(world.store.sent_log, fails)
    with monkeypatch.context() as full:
        full.setattr(staging, "merge", _no_room)
        with pytest.raises(DatabaseUnusable, match="the disk is full"):
            harvest.harvest(Watched(world.server), log, world.account, now=world.now)
    assert known(world) == (fails - 1) * 8
    assert world.store.sent_log.coverage(["home"])["home"].through is None
    monkeypatch.setattr(staging, "FROM", 1)
    harvest.harvest(Watched(world.server), world.store.sent_log, world.account, now=world.now)
    assert (known(world), waiting(world)) == (SENT, 0)


def _no_room(_database: object) -> None:
    raise DatabaseUnusable("there is no room to tidy")
