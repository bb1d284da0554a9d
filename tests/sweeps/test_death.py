"""Kill it at every step: whatever dies when, after the next sweep every message is in exactly one folder.

A tripwire stands around the ports: it lets the process die before or after each effect, on the server and in
the store, once for each possible place; then a new process goes on.  There is no test hook in the product.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scatterclean.errors import ConnectionLost
from scatterclean.knowledge import Sources
from scatterclean.mailbox.memory import MemoryServer
from scatterclean.model import MoveState
from scatterclean.sweep import Sweep
from scatterclean.undo import Selection, undo

from .world import World

SERVERS: dict[str, Callable[[], MemoryServer]] = {
    "MOVE": MemoryServer,
    "COPY and EXPUNGE": lambda: MemoryServer(move=False),
}


class Death(BaseException):
    """The process dies: nothing in the product may catch it."""


class Tripwire:
    """Passes every call through; dies before or after the n-th call that has an effect."""

    def __init__(self, target: Any, effects: frozenset[str], fuse: list[int]) -> None:
        self._target, self._effects, self._fuse = target, effects, fuse

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._target, name)
        if name not in self._effects:
            return call

        def wired(*args: Any, **kwargs: Any) -> Any:
            self._step()
            result = call(*args, **kwargs)
            self._step()
            return result

        return wired

    def _step(self) -> None:
        if self._fuse[0] == 0:
            self._fuse[0] = -1
            raise Death
        self._fuse[0] -= 1


ON_SERVER = frozenset(("create", "move", "copy", "remove", "mark", "unmark"))
IN_LOG = frozenset(("record", "cover", "forget_folder"))
IN_EXPERIENCE = frozenset(("learn", "forget_received"))
IN_JOURNAL = frozenset(("begin_sweep", "end_sweep", "intend", "settle", "ring"))
IN_DOCKET = frozenset(("enter", "update", "close"))


# The fifth equals the first: after a death nobody can tell whether it is new or came back, and hands are off.
FORGED = {f"{number}.forged.{number}@mx.elsewhere.example" for number in range(4)}


def fill(world: World) -> Counter[str]:
    world.history(12)
    world.ordinary(3)
    for number in range(4):
        world.bounced(f"forged.{number}@spam.example", number=number)
    world.bounced("forged.0@spam.example", number=0)  # equal to the first
    world.bounced("sent.1@winter.example", number=8)
    return Counter(world.inbox())


def wired_sources(world: World, fuse: list[int]) -> Sources:
    plain = world.sources()
    return replace(
        plain,
        log=Tripwire(plain.log, IN_LOG, fuse),
        experience=Tripwire(plain.experience, IN_EXPERIENCE, fuse),
    )


def wired_sweep(world: World, fuse: list[int]) -> None:
    Sweep(
        account=world.account,
        sources=wired_sources(world, fuse),
        mailbox=Tripwire(world.mailbox(), ON_SERVER, fuse),
        journal=Tripwire(world.store.journal, IN_JOURNAL, fuse),
        docket=Tripwire(world.store.docket, IN_DOCKET, fuse),
        clock=world.clock,
    ).run()


def wired_undo(world: World, fuse: list[int]) -> None:
    mailbox = Tripwire(world.mailbox(), ON_SERVER, fuse)
    journal = Tripwire(world.store.journal, IN_JOURNAL, fuse)
    undo(world.account, Selection(), mailbox, journal, clock=world.clock)


def check_books(world: World, before: Counter[str]) -> None:
    """Nothing lost, nothing doubled, nothing left open."""
    assert Counter(world.inbox()) + Counter(world.away()) == before
    assert not world.store.journal.moves("home", states=[MoveState.INTENDED, MoveState.DOUBLED])
    everything = world.server.messages("INBOX") + world.server.messages(world.backscatter)
    assert not [m for m in everything if "\\Deleted" in m.flags]


@pytest.mark.parametrize("server", SERVERS)
def test_a_sweep_that_dies_anywhere_is_completed_by_the_next(server: str, tmp_path: Path) -> None:
    deaths = 0
    for fuse in range(10_000):
        world = World(tmp_path / f"{fuse}.db", SERVERS[server]())
        before = fill(world)
        try:
            wired_sweep(world, [fuse])
        except Death:
            deaths += 1
            world.close()
            world.sweep()
            check_books(world, before)
            assert set(world.away()) == FORGED, f"died at step {fuse}"
            assert len(world.undo().back) in (4, 5)
            assert Counter(world.inbox()) == before
            world.close()
        else:
            world.close()
            break
    assert deaths > 30


@pytest.mark.parametrize("server", SERVERS)
def test_an_undo_that_dies_anywhere_is_completed_by_the_next(server: str, tmp_path: Path) -> None:
    deaths = 0
    for fuse in range(10_000):
        world = World(tmp_path / f"{fuse}.db", SERVERS[server]())
        before = fill(world)
        world.sweep()
        try:
            wired_undo(world, [fuse])
        except Death:
            deaths += 1
            world.close()
            world.undo()
            check_books(world, before)
            assert Counter(world.inbox()) == before, f"died at step {fuse}"
            assert world.sweep().moved == 0
            world.close()
        else:
            world.close()
            break
    assert deaths > 8


@pytest.mark.parametrize("server", SERVERS)
def test_a_connection_that_breaks_after_any_effect_loses_and_doubles_nothing(
    server: str, tmp_path: Path
) -> None:
    breaks = 0
    for effects in range(10_000):
        world = World(tmp_path / f"{effects}.db", SERVERS[server]())
        before = fill(world)
        world.server.cut_after = effects
        try:
            world.sweep()
        except ConnectionLost:
            breaks += 1
            world.server.cut_after = None
            world.sweep()
            check_books(world, before)
            assert set(world.away()) == FORGED, f"broke after {effects} effects"
            world.close()
        else:
            world.close()
            break
    assert breaks > 10
