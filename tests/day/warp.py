"""A clock for a process that runs fast while the process only waits; see warp.c, which it builds and steers."""

from __future__ import annotations

import mmap
import os
import shutil
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

_SOURCE = Path(__file__).with_name("warp.c")
_NOW, _OFFSET, _HOLD, _RATE, _TICKS = (8 * place for place in range(5))
NANO = 1_000_000_000


def can_be_built() -> bool:
    """Is there a C compiler, and the system for which this is written?"""
    return os.uname().sysname == "Linux" and shutil.which("cc") is not None


def build(folder: Path) -> Path:
    """The library to preload."""
    library = folder / "warp.so"
    command = [
        "cc",
        "-O2",
        "-Wall",
        "-Werror",
        "-shared",
        "-fPIC",
        "-o",
        str(library),
        str(_SOURCE),
        "-ldl",
        "-pthread",
    ]
    subprocess.run(command, check=True)
    return library


class Warp:
    """The clock of one process, from outside.  `rate`: how fast it may run while everybody waits."""

    def __init__(self, folder: Path, *, start: datetime, rate: int = 5000) -> None:
        self._library = build(folder)
        self._path = folder / "warp"
        self._path.write_bytes(bytes(4096))
        with self._path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 4096)
        self._lock = threading.Lock()
        self._put(_OFFSET, int(start.timestamp() * NANO))
        self._put(_RATE, rate)

    def environment(self) -> dict[str, str]:
        """What the process needs."""
        return {"LD_PRELOAD": str(self._library), "WARP": str(self._path)}

    @property
    def passed(self) -> float:
        """Seconds by the process's monotonic clock."""
        return self._get(_NOW) / NANO

    @property
    def wall(self) -> datetime:
        """What the process takes for the time of day."""
        return datetime.fromtimestamp((self._get(_NOW) + self._get(_OFFSET)) / NANO, UTC)

    @property
    def ticks(self) -> int:
        return self._get(_TICKS)

    def step(self, seconds: float) -> None:
        """Set the wall clock; the monotonic one does not notice."""
        self._put(_OFFSET, self._get(_OFFSET) + int(seconds * NANO))

    @contextmanager
    def held(self) -> Iterator[None]:
        """As long as this lasts, time passes as it does."""
        self.hold(1)
        try:
            yield
        finally:
            self.hold(-1)

    def hold(self, more: int) -> None:
        with self._lock:
            self._put(_HOLD, self._get(_HOLD) + more)

    def until(self, passed: float, *, alive: Callable[[], bool], limit: float) -> None:
        """Wait until so much has passed there; TimeoutError if it is not `alive`, or after `limit` real seconds."""
        end = time.monotonic() + limit
        while self.passed < passed:
            if time.monotonic() > end or not alive():
                raise TimeoutError(
                    f"it does not go on: it is {self.passed:.0f} s and not {passed:.0f} s there"
                )
            time.sleep(0.001)

    def _get(self, place: int) -> int:
        value: int = struct.unpack_from("=q", self._memory, place)[0]
        return value

    def _put(self, place: int, value: int) -> None:
        struct.pack_into("=q", self._memory, place, value)
