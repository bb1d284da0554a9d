"""Kill it at every step: whatever dies when, after the next sweep every message is in exactly one folder.

The tripwire (see there) lets the process die before or after each effect, on the server and in the store, once for
each possible place; then a new process goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from scatterclean.errors import ConnectionLost
from scatterclean.mailbox.memory import MemoryServer
from scatterclean.model import MoveState
from scatterclean.sweep import Sweep
from scatterclean.undo import Selection, undo

from .tripwire import Death, Fate, wired_docket, wired_journal, wired_mailbox, wired_sources
from .world import World

SERVERS: dict[str, Callable[[], MemoryServer]] = {
    "MOVE": MemoryServer,
    "COPY and EXPUNGE": lambda: MemoryServer(move=False),
}


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


def wired_sweep(world: World, fate: Fate) -> None:
    Sweep(
        account=world.account,
        sources=wired_sources(world.sources(), fate),
        mailbox=wired_mailbox(world.mailbox(), fate),
        journal=wired_journal(world.store.journal, fate),
        docket=wired_docket(world.store.docket, fate),
        clock=world.clock,
    ).run()


def wired_undo(world: World, fate: Fate) -> None:
    mailbox, journal = wired_mailbox(world.mailbox(), fate), wired_journal(world.store.journal, fate)
    undo(world.account, Selection(), mailbox, journal, clock=world.clock)


def check_books(world: World, before: Counter[str]) -> None:
    """Nothing lost, nothing doubled, nothing left open."""
    assert Counter(world.inbox()) + Counter(world.away()) == before
    assert not world.store.journal.moves("home", states=[MoveState.INTENDED, MoveState.DOUBLED])
    everything = world.server.messages("INBOX") + world.server.messages(world.backscatter)
    assert not [m for m in everything if "\\Deleted" in m.flags]


@pytest.mark.parametrize("server", SERVERS)
def test_a_sweep_that_dies_anywhere_is_completed_by_the_next(server: str, scratch: Path) -> None:
    deaths = 0
    for step in range(10_000):
        world = World(scratch / f"{step}.db", SERVERS[server]())
        before = fill(world)
        try:
            wired_sweep(world, Fate(dies=step))
        except Death:
            deaths += 1
            world.close()
            world.sweep()
            check_books(world, before)
            assert set(world.away()) == FORGED, f"died at step {step}"
            assert len(world.undo().back) in (4, 5)
            assert Counter(world.inbox()) == before
            world.close()
        else:
            world.close()
            break
    assert deaths > 30


@pytest.mark.parametrize("server", SERVERS)
def test_an_undo_that_dies_anywhere_is_completed_by_the_next(server: str, scratch: Path) -> None:
    deaths = 0
    for step in range(10_000):
        world = World(scratch / f"{step}.db", SERVERS[server]())
        before = fill(world)
        world.sweep()
        try:
            wired_undo(world, Fate(dies=step))
        except Death:
            deaths += 1
            world.close()
            world.undo()
            check_books(world, before)
            assert Counter(world.inbox()) == before, f"died at step {step}"
            assert world.sweep().moved == 0
            world.close()
        else:
            world.close()
            break
    assert deaths > 8


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("errand", [wired_sweep, wired_undo])
def test_an_equal_message_that_is_delivered_after_the_death_is_not_taken_for_our_copy(
    server: str, errand: Callable[[World, Fate], None], scratch: Path
) -> None:
    """A message is sent again when its server did not hear that it came; our COPY keeps INTERNALDATE, a delivery has
    its own."""
    for step in range(10_000):
        world = World(scratch / f"{step}.db", SERVERS[server]())
        world.history(12)
        uid = world.bounced("forged.0@spam.example")
        raw = next(m.raw for m in world.server.messages("INBOX") if m.uid == uid)
        if errand is wired_undo:
            world.sweep()
        try:
            errand(world, Fate(dies=step))
        except Death:
            world.close()
            world.later(minutes=5)
            world.server.append("INBOX", raw, arrival=world.now)
            for _ in range(2):
                world.later(minutes=20)
                world.sweep()
            there = [*world.server.messages("INBOX"), *world.server.messages(world.backscatter)]
            assert [m.raw for m in there] == [raw, raw], f"died at step {step}"
            world.close()
        else:
            world.close()
            break
    assert step > 6


@pytest.mark.parametrize("server", SERVERS)
def test_a_connection_that_breaks_after_any_effect_loses_and_doubles_nothing(
    server: str, scratch: Path
) -> None:
    breaks = 0
    for effects in range(10_000):
        world = World(scratch / f"{effects}.db", SERVERS[server]())
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
