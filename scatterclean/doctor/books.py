"""The database, who has it, and what its own times say of this machine's clock.  All is opened to read alone."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from scatterclean.doctor.patient import House, lasted
from scatterclean.doctor.told import Failed, Said, fault, warning, well
from scatterclean.store import lock as locks
from scatterclean.store import open_store
from scatterclean.store.database import translate

# A reader waits for nobody in WAL mode; whoever blocks it for so long has the file for itself.
_BUSY = 3.0
# A look through every page of a large database takes as long as the disk needs to read it.
_LOOKING = 20.0
# A sweep of a large mailbox takes minutes; only the daemon has the database for hours.
_LONG = timedelta(hours=2)
# Clocks that are kept by NTP differ by less than a second; what is written beside the clock's turn, by little more.
_SKEW = timedelta(minutes=2)


def lock(house: House) -> Iterable[Said]:
    """Who has the database?  The daemon may, for as long as it likes."""
    note = locks.look(house.settings.database)
    if note is None or (not note.held and not note.pid):
        return [well("no process has the database: no daemon runs on it now", "lock-free")]
    who = f"process {note.pid} ({note.command or 'unknown'})" if note.pid else "another process"
    since = f" since {note.since.astimezone():%Y-%m-%d %H:%M %Z}" if note.since else ""
    if not note.held:
        return [
            warning(
                "lock-left-over",
                f"{who} had the database{since} and did not leave by itself (killed, or a power cut); it blocks nobody",
                "Start `scatterclean run` again: it settles what was begun.",
            )
        ]
    if "run" in note.command.split():
        return [well(f"the daemon has it: {who}{since}", "daemon-runs")]
    if note.since is None or house.now - note.since < _LONG:
        return [well(f"{who} works with the database{since}", "lock-held")]
    return [
        warning(
            "lock-held-long",
            f"{who}, which is not the daemon, has had the database for {lasted(house.now - note.since)}",
            f"If it hangs, stop it (kill {note.pid}): nothing else can sweep until then.",
        )
    ]


def database(house: House) -> Iterator[Said]:
    """Is it there, whole, free to be read, and of this version's schema?"""
    path = house.settings.database
    house.opened = open_store(path, read_only=True, busy_timeout=_BUSY)
    whole = _looked_through(path)
    size = path.stat().st_size // 2**20
    yield well(
        f"{path} ({size} MB): {'sound' if whole else f'sound as far as it was read in {_LOOKING:g} s'}"
    )


def _looked_through(path: Path) -> bool:
    """False if the time was over before.  Raises Failed, Database*."""
    until = time.monotonic() + _LOOKING
    try:
        with closing(
            sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=_BUSY)
        ) as opened:
            opened.set_progress_handler(lambda: time.monotonic() > until, 10_000)
            answer = str(opened.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
            return False
        raise translate(error, path) from error
    if answer == "ok":
        return True
    first = " ".join(answer.split())[:200]
    raise Failed(
        fault(
            "database-damaged",
            f"{path} is damaged: {first}",
            "Stop scatterclean, move the file away (with its -wal and -shm files) and put back a backup, or start "
            "anew: the sent log is read again from the Sent folders, only the history of moves is lost.",
        )
    )


def clock(house: House) -> Iterable[Said]:
    """Against the newest time that was written into the database: time does not run backwards."""
    newest = _newest(house)
    if newest is None:
        return [well("nothing in the database yet to compare this machine's clock with", "clock-unproved")]
    if newest <= house.now + _SKEW:
        return [well("this machine's clock is not behind what was written last")]
    return [
        fault(
            "clock-behind",
            f"this machine's clock says {house.now:%Y-%m-%d %H:%M} UTC, and something was written into the database at "
            f"{newest:%Y-%m-%d %H:%M} UTC: it is behind now, or was ahead then",
            "Set the clock, and let it be kept (systemd: timedatectl set-ntp true); until the two agree Sent is not "
            "read, and nothing is moved.",
        )
    ]


def _newest(house: House) -> datetime | None:
    """Of sweeps, cursors and coverage; the moment, or None if there is none."""
    store, names = house.store, [a.name for a in house.settings.accounts]
    moments = [sweep.ended for sweep in store.journal.sweeps(limit=1)]
    for name in names:
        moments += [cursor.read_at for cursor in store.sent_log.cursors(name).values()]
        moments += [move.intended_at for move in store.journal.moves(name, since=house.now)]
    moments += [each.through for each in store.sent_log.coverage(names).values() if each.through]
    return max(moments, default=None)
