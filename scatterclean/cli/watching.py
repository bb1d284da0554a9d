"""Looking again and again at what another process writes, until nobody looks any more; it knows no storm.

The store is read only when it changed, and as seldom as reading it is dear: it may hold a hundred thousand findings,
and the daemon writes all the time while a storm is on.
"""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

from scatterclean.cli import exits
from scatterclean.errors import Trouble

Seen = TypeVar("Seen")

_NOTHING = object()

# Seconds between two looks whether something changed; that costs a few stat(2).
_TICK = 1.0
# Seconds between two readings, at least; and so many times as long as the last one took: a tenth of one core.
_PAUSE, _SHARE = 2.0, 10.0
# Seconds after which it is read again though nothing changed: a storm is over when nothing comes.
_ANYHOW = 60.0


class Wait(Protocol):
    """Waits for so many seconds.  Raises ReaderGone if nobody reads what is printed any more."""

    def __call__(self, seconds: float) -> None: ...


def wait(seconds: float) -> None:
    """By poll(2), which tells at once when the other end of a pipe, or the terminal, was closed."""
    try:
        output = sys.stdout.fileno()
        poll = select.poll()
    except (AttributeError, OSError, ValueError):  # no such call here, or no file behind it: in a test
        time.sleep(seconds)
        return
    poll.register(output, 0)  # POLLERR and POLLHUP are told without being asked for
    told = [event for _, event in poll.poll(seconds * 1000)]
    if any(event & (select.POLLERR | select.POLLHUP) for event in told):
        raise exits.ReaderGone
    if told:  # POLLNVAL, at once: macOS polls no devices
        time.sleep(seconds)


def stamp(database: Path) -> tuple[tuple[int, int, int], ...]:
    """Another one whenever something was written to the database, or the file is another.

    Every commit is written to the file, or in WAL mode to the one beside it."""
    database = database.resolve()  # what stands beside it stands beside the file itself
    return tuple(_state(database.with_name(database.name + end)) for end in ("", "-wal"))


def _state(path: Path) -> tuple[int, int, int]:
    try:
        now = path.stat()
    except OSError:
        return 0, 0, 0
    return now.st_ino, now.st_size, now.st_mtime_ns


def looks(
    database: Path,
    look: Callable[[], Seen],
    *,
    pause: Wait = wait,
    monotonic: Callable[[], float] = time.monotonic,
) -> Iterator[Seen | Trouble | None]:
    """What `look` sees, now and whenever the database changed; None at every tick in between; a Trouble that `look`
    raised, if another look may well end otherwise.  Endless: it ends by KeyboardInterrupt or ReaderGone.

    Raises what the first look raises."""
    known: object = None
    next_read, latest = monotonic(), monotonic()
    first = True
    while True:
        now = monotonic()
        state = stamp(database)
        if now < next_read or (state == known and now < latest):
            yield None
        else:
            began = now
            try:
                seen: Seen | Trouble = look()
            except Trouble as trouble:
                # Held for a moment, or moved away and put back, as docs/recovering.md has it.
                if first:
                    raise
                seen = trouble
            ended = monotonic()
            # The first one took the time to import what it needs, as none will after it.
            next_read = ended + (_PAUSE if first else max(_PAUSE, _SHARE * (ended - began)))
            first, known = False, None if isinstance(seen, Trouble) else state
            latest = ended + _ANYHOW
            yield seen
        pause(_TICK)


def changes(
    seen: Iterable[Seen | Trouble | None], key: Callable[[Seen], object], told: Callable[[Trouble], None]
) -> Iterator[Seen]:
    """What was seen, without what is as it was before by `key`; troubles go to `told`, each once in a row."""
    before: object = _NOTHING
    trouble = ""
    for each in seen:
        if isinstance(each, Trouble):
            if str(each) != trouble:
                trouble = str(each)
                told(each)
        elif each is not None:
            trouble = ""
            if (now := key(each)) != before:
                before = now
                yield each
