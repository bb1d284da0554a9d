"""The page of `scatterclean report`, as it is now: made anew behind the scenes when something is new on record.

With a hundred thousand findings that takes seconds.  Nobody waits for them: who asks gets what was made last.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from markupsafe import Markup

from scatterclean.errors import Trouble
from scatterclean.store.wishes import bell_of
from scatterclean.wire import Household

log = logging.getLogger("scatterclean")

# Seconds, and so many times as long as it takes to make: in a storm something is new all the time.  None is older than
# the last of these, for "2 hours ago" grows old too.
OFTEN, TIMES, OLD = 5.0, 4.0, 120.0
# The first who asks waits so long for a small one.
PATIENCE = 0.4


@dataclass(slots=True)
class Overview:
    """Safe to use from several threads.  `make` makes the page."""

    household: Household
    make: Callable[[Household], Markup]
    trouble: str = ""
    at: datetime | None = None  # of when that is which stands there (UTC)
    _content: Markup | None = None
    _made: float = 0.0  # when it was begun (monotonic seconds), and
    _took: float = 0.0
    _of: str = ""  # of what the database was then
    _version: int = 0
    _making: threading.Thread | None = None
    _ready: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def making(self) -> bool:
        """Is it being made anew at this moment?"""
        return self._making is not None

    def pulse(self) -> str:
        """Another text when anything was written to the database since, or the page was made anew."""
        return f"{self._written()} {self._version}"

    def _written(self) -> str:
        path = self.household.store.path
        told = []
        for file in (path, path.with_name(f"{path.name}-wal"), bell_of(path)):
            try:
                now = file.stat()
                told.append(f"{now.st_mtime_ns:x}.{now.st_size:x}")
            except OSError:
                told.append("-")
        return " ".join(told)

    def content(self) -> Markup | None:
        """What was made last; None as long as the first one is being made."""
        self.mind()
        self._ready.wait(PATIENCE)
        return self._content

    def mind(self) -> None:
        """Begin to make it anew, if it is time for that."""
        with self._lock:
            if self._making is not None:
                return
            since, now = time.monotonic() - self._made, self._written()
            old = now != self._of and since >= max(OFTEN, TIMES * self._took)
            if self._version and not old and since < OLD:
                return
            self._made, self._of = time.monotonic(), now
            self._making = threading.Thread(target=self._make, name="overview", daemon=True)
            self._making.start()

    def _make(self) -> None:
        try:
            begun = datetime.now(UTC)
            self._content, self.trouble = self.make(self.household), ""
            self.at = begun
        except Trouble as trouble:
            self.trouble = str(trouble)
        except Exception as bug:
            log.error("a bug of scatterclean (%s): the report could not be made", type(bug).__name__)
            log.debug("where it arose", exc_info=True)
            self.trouble = f"a bug of scatterclean ({type(bug).__name__}): please report it"
        finally:
            with self._lock:
                self._took, self._version, self._making = (
                    time.monotonic() - self._made,
                    self._version + 1,
                    None,
                )
            self._ready.set()
