"""How the daemon's accounts are woken and when it looks next, in a small file beside the database, for `status` alone.

Not in the database: it is true for as long as the process lives, and not a moment longer.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from scatterclean.model import Push

_MOST = 2**20


def note(database: Path, pushes: Mapping[str, Push], due: Mapping[str, datetime]) -> None:
    """`due`: when each account is looked at next.  Only who holds the lock of the database may.

    A disk that is full or read-only stops nothing."""
    told = {
        "pid": os.getpid(),
        "pushes": {name: push.value for name, push in pushes.items()},
        "due": {name: when.isoformat() for name, when in due.items()},
    }
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
    told = _read(database)
    return told and {name: Push(push) for name, push in told[0].items() if push in set(Push)}


def due(database: Path) -> Mapping[str, datetime]:
    """When the daemon that lives looks next, as it said last; empty if there is none."""
    told = _read(database)
    return told[1] if told else {}


def _read(database: Path) -> tuple[Mapping[str, str], Mapping[str, datetime]] | None:
    try:
        with _path(database).open("rb") as file:
            told = json.loads(file.read(_MOST))
        pid, pushes = int(told["pid"]), {name: str(push) for name, push in dict(told["pushes"]).items()}
        moments = {
            str(name): datetime.fromisoformat(when) for name, when in dict(told.get("due", {})).items()
        }
        os.kill(pid, 0)  # left over by `kill -9`: nobody has that number any more
    except PermissionError:  # it lives, and is another user's
        return None
    except (OSError, ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None
    return pushes, {name: when for name, when in moments.items() if when.tzinfo is not None}


def forget(database: Path) -> None:
    """The process leaves."""
    with suppress(OSError):
        _path(database).unlink(missing_ok=True)


def _path(database: Path) -> Path:
    return database.with_name(f"{database.name}.awake")
