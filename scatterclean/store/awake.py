"""How the daemon's accounts are woken, in a small file beside the database: for `status`; nothing else rests on it.

Not in the database: it is true for as long as the process lives, and not a moment longer.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from scatterclean.model import Push

_MOST = 2**20


def note(database: Path, pushes: Mapping[str, Push]) -> None:
    """Only who holds the lock of the database may.  A disk that is full or read-only stops nothing."""
    told = {"pid": os.getpid(), "pushes": {name: push.value for name, push in pushes.items()}}
    path = _path(database)
    new = path.with_name(f"{path.name}.new")
    with suppress(OSError):
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.write(file, json.dumps(told).encode())
        finally:
            os.close(file)
        new.replace(path)


def noted(database: Path) -> Mapping[str, Push] | None:
    """None if no process that lives has told anything; unknown words are passed over."""
    try:
        with _path(database).open("rb") as file:
            told = json.loads(file.read(_MOST))
        pid, pushes = int(told["pid"]), dict(told["pushes"])
        os.kill(pid, 0)  # left over by `kill -9`: nobody has that number any more
    except PermissionError:  # it lives, and is another user's
        return None
    except (OSError, ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None
    return {name: Push(push) for name, push in pushes.items() if push in set(Push)}


def forget(database: Path) -> None:
    """The process leaves."""
    with suppress(OSError):
        _path(database).unlink(missing_ok=True)


def _path(database: Path) -> Path:
    return database.with_name(f"{database.name}.awake")
