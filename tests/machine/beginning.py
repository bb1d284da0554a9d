"""How every example begins: a person who was swept for a month, on a server that keeps books; made once, copied."""

from __future__ import annotations

import atexit
import copy
import shutil
import tempfile
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from tests.sweeps.world import ME, NOW, SCRATCH, World, letter

from .books import Bookkeeper, Soul


@dataclass
class Letter:
    """What the person sent; `due`: when the copy is filed, None if never; `filed`: when it was."""

    ident: str
    recipient: str
    sent: datetime
    due: datetime | None
    filed: datetime | None = None


class Knows(Protocol):
    """What the machine answers the bookkeeper: see `Bookkeeper`."""

    def intended(self) -> set[tuple[str, int, int, str]]: ...
    def may_go(self, soul: Soul) -> str: ...
    def may_return(self, soul: Soul) -> str: ...


class Kept(Bookkeeper):
    """A bookkeeper who asks the journal of the world that it is in; `world` is not copied with it."""

    machine: Knows

    def intended(self, folder: str, uidvalidity: int, uid: int, known_as: str) -> bool:
        asked = (folder, uidvalidity, uid, known_as)
        return asked in self.machine.intended()

    def under_way(self, known_as: str) -> bool:
        return any(known_as == fingerprint for *_, fingerprint in self.machine.intended())

    def may_go(self, soul: Soul) -> str:
        return self.machine.may_go(soul)

    def may_return(self, soul: Soul) -> str:
        return self.machine.may_return(soul)

    def __deepcopy__(self, memo: dict[int, Any]) -> Kept:
        new = object.__new__(type(self))
        memo[id(self)] = new
        for name, value in self.__dict__.items():
            if name == "news":  # a lock is not copied
                new.news = threading.Condition()
            elif name != "machine":
                setattr(new, name, copy.deepcopy(value, memo))
        return new


@cache
def beginning(move: bool, keywords: bool) -> tuple[Path, Kept]:
    """A person who was swept for a month: the database and the server, to be copied."""
    folder = Path(tempfile.mkdtemp(prefix="scatterclean-machine-", dir=SCRATCH))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    server = Kept(move=move, keywords=keywords)
    world = World(folder / "log.db", server)
    for number in range(6, 0, -1):
        ident = f"sent.{number}@winter.example"
        at = NOW - timedelta(days=10 * number)
        raw = letter("Hello", to="friend@f.example", sender=ME, ident=ident, at=at)
        server.deliver("Sent", Soul("sent", raw, at, ident), flags=["\\Seen"])
    world.sweep()
    world.watched()
    world.close()
    return world.path, server
