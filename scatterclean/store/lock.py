"""One writer per database: a lock that lives as long as its process.  It never waits and removes nothing.

flock(2) belongs to the open file: the kernel lets go of it when the process ends, however it ends, so a lock
file that is left over by `kill -9` or a power cut blocks nobody.  What stands in the file is for people only.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scatterclean.errors import DatabaseLocked, DatabaseUnusable

try:
    import fcntl
except ImportError:  # no POSIX system
    fcntl = None  # type: ignore[assignment]  # the type of a module has no None

_MAX_NOTE = 2000
_LOOKS, _BLINK = 4, 0.02  # so often, so many seconds apart
_WRITTEN = "%Y-%m-%d %H:%M:%S UTC"


@dataclass(frozen=True, slots=True)
class Note:
    """Who took the lock last, as far as it is written there; `held`: has it now."""

    held: bool
    pid: int = 0
    command: str = ""
    since: datetime | None = None


def look(database: Path) -> Note | None:
    """Who has the database at `database`; None if nobody ever had.  It neither waits nor makes the file.

    Who leaves in good order takes the note away, so without one nothing is asked.  Else the lock is shared for the
    blink of an eye, which whoever starts in that very moment, after a `kill -9`, waits for.  Raises OSError.
    """
    if fcntl is None:
        raise OSError(errno.ENOSYS, "this system has no flock")
    database = database.resolve()
    try:
        file = os.open(database.with_name(f"{database.name}.lock"), os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        told = _note(file)
        held = told is not None and _is_held(file)
    finally:
        os.close(file)
    if told is None:
        return Note(held)
    since = None
    with suppress(ValueError):
        since = datetime.strptime(told[2], _WRITTEN).replace(tzinfo=UTC)
    return Note(held, told[0], told[1], since)


def _is_held(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as refused:
        if refused.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise
        return True
    fcntl.flock(file, fcntl.LOCK_UN)
    return False


class ProcessLock:
    """Held from construction to `release`.

    Raises DatabaseLocked (naming pid, command and since when) if another process, or another opening in this
    process, holds it; DatabaseUnusable if the file system cannot lock.
    """

    def __init__(self, path: Path, database: Path) -> None:
        if fcntl is None:
            raise DatabaseUnusable(
                "this system has no flock, so nothing keeps two processes from writing to one database",
                hint="scatterclean runs on Linux, macOS and the BSDs.",
            )
        # Never unlinked: a process that had the old file open would hold a lock that nobody sees.
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _take(self._file)
        except OSError as refused:
            holder = _holder(self._file)
            os.close(self._file)
            if refused.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise DatabaseLocked(
                    f"{database} is in use by {holder}",
                    hint="Only one process may write to it. Stop that one first; meanwhile `scatterclean status`, "
                    "`why`, `report`, `storm` and `web` can be used, and, while the daemon has it, `undo`.",
                ) from None
            raise DatabaseUnusable(
                f"{database} cannot be locked: {refused.strerror}",
                hint="Set `database` to a file on a local disk.",
            ) from refused
        note = {
            "pid": os.getpid(),
            "command": _command(),
            "since": datetime.now(UTC).strftime(_WRITTEN),
        }
        try:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, json.dumps(note).encode(), 0)
        except OSError:
            os.close(self._file)  # a full disk: whoever tries again in this process must not meet itself
            raise

    def release(self) -> None:
        """May be called twice."""
        if self._file >= 0:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = -1


def _take(file: int) -> None:
    """Raises OSError if another process holds it; who only looks (`look`) holds it for the blink of an eye."""
    for _ in range(_LOOKS):
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(_BLINK)
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _holder(file: int) -> str:
    told = _note(file)
    if told is None:
        return "another process"
    pid, command, since = told
    who = "this very process" if pid == os.getpid() else f"process {pid}"
    return f"{who} ({command}) since {since}"


def _note(file: int) -> tuple[int, str, str] | None:
    """(pid, command, since) as written; the file may be empty (it was taken this very moment) or hold anything."""
    try:
        note = json.loads(os.pread(file, _MAX_NOTE, 0))
        return int(note["pid"]), str(note["command"])[:200], str(note["since"])[:40]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _command() -> str:
    """As the person typed it, without the folders of the program; no secret is ever an argument of ours."""
    program = Path(sys.argv[0] if sys.argv else "")
    name = program.parent.name if program.name == "__main__.py" else program.name
    return " ".join((name or "python", *sys.argv[1:]))[:200]
