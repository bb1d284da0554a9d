"""Crash points: one errand on a copied world, killed at a chosen step, then gone on with; and how many steps there are.

A step is before and behind every effect that crosses a port, before and behind every single message that a command
of the server changes (the command is done in part; or all of it, and the answer is lost), and before every
statement that writes to the database and before its COMMIT (begun, but not committed).
"""

from __future__ import annotations

import copy
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event

from scatterclean.mailbox.memory import MemoryMailbox, MemoryServer, Stored
from scatterclean.sweep import Sweep
from scatterclean.undo import Selection, undo
from scatterclean.wishes import Fulfilling

from .tripwire import Fate, wired_docket, wired_journal, wired_mailbox, wired_sources, wired_wishes
from .world import World


class _Mailbox(MemoryMailbox):
    """Of each command every single effect is a step."""

    def __init__(self, server: MemoryServer, fate: Fate) -> None:
        super().__init__(server)
        self._fate = fate

    def _effect(self, *, last: bool = False) -> None:
        self._fate.step(self.abort)
        super()._effect(last=last)


class Template:
    """A world as it is before the errand: the database and the server, to be copied for each step."""

    def __init__(self, world: World) -> None:
        world.store.docket.open_cases("home")  # there is a database now
        world.close()
        self.path, self.server, self.now = world.path, world.server, world.now
        self.account, self.made = world.account, 0

    def copy(self) -> World:
        self.made += 1
        path = self.path.with_name(f"{self.path.stem}.{self.made}.db")
        shutil.copyfile(self.path, path)
        return World(path, copied(self.server), self.now, self.account)


def copied(server: MemoryServer) -> MemoryServer:
    """Another server with the same mail."""
    memo: dict[int, Any] = {id(server.news): threading.Condition()}
    return copy.deepcopy(server, memo)


@dataclass(frozen=True)
class Errand:
    """`before` makes the world, `run` is what dies in it, `again` what a new process does then."""

    before: Callable[[World], None]
    run: Callable[[World, Fate], object]
    again: Callable[[World], object]


def sweep(world: World, fate: Fate) -> object:
    _watch(world, fate)
    return Sweep(
        account=world.account,
        sources=wired_sources(world.sources(), fate),
        mailbox=wired_mailbox(_Mailbox(world.server, fate), fate),
        journal=wired_journal(world.store.journal, fate),
        docket=wired_docket(world.store.docket, fate),
        clock=world.clock,
    ).run()


def take_back(selection: Selection) -> Callable[[World, Fate], object]:
    def run(world: World, fate: Fate) -> object:
        _watch(world, fate)
        mailbox = wired_mailbox(_Mailbox(world.server, fate), fate)
        return undo(
            world.account, selection, mailbox, wired_journal(world.store.journal, fate), clock=world.clock
        )

    return run


def fulfil(world: World, fate: Fate) -> object:
    """What the person wished in the dashboard."""
    _watch(world, fate)
    Fulfilling(
        account=world.account,
        mailbox=wired_mailbox(_Mailbox(world.server, fate), fate),
        journal=wired_journal(world.store.journal, fate),
        docket=wired_docket(world.store.docket, fate),
        wishes=wired_wishes(world.store.wishes, fate),
        clock=world.clock,
    ).run()
    return None


def _watch(world: World, fate: Fate) -> None:
    """Every statement that writes is a step, and every COMMIT."""
    engine: Any = world.store._database._engine  # the test looks inside

    def statement(_c: object, _cursor: object, text: str, *_rest: object) -> None:
        if text.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            fate.step(None)

    def commit(connection: Any) -> None:
        if connection.get_execution_options().get("writes", False):
            fate.step(None)

    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "commit", commit)


def everything(server: MemoryServer) -> list[tuple[str, Stored]]:
    """(folder, message) of all that is on the server."""
    return [(folder, m) for folder in server.folder_names() for m in server.messages(folder)]


def later(world: World, **span: float) -> None:
    world.now += timedelta(**span)


def discard(world: World) -> None:
    world.close()
    for path in Path(world.path.parent).glob(f"{world.path.name}*"):
        path.unlink()
