"""The page of `scatterclean report`, as it is now: made anew when something is new on record, once for all who look."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from markupsafe import Markup

from scatterclean.store.wishes import bell_of
from scatterclean.wire import Household

# Seconds: no page is made more often (in a storm something is new all the time), and none is older, for "2 hours ago"
# grows old too.
OFTEN, OLD = 5.0, 120.0


@dataclass(slots=True)
class Overview:
    """Safe to use from several threads.  `make` makes the page."""

    household: Household
    make: Callable[[Household], Markup]
    _made: tuple[float, str, Markup] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def pulse(self) -> str:
        """Another text when anything was written to the database since."""
        path = self.household.store.path
        told = []
        for file in (path, path.with_name(f"{path.name}-wal"), bell_of(path)):
            try:
                now = file.stat()
                told.append(f"{now.st_mtime_ns:x}.{now.st_size:x}")
            except OSError:
                told.append("-")
        return " ".join(told)

    def content(self) -> Markup:
        with self._lock:  # who comes second gets what the first one made
            pulse, now = self.pulse(), time.monotonic()
            if self._made is not None:
                at, was, content = self._made
                if now - at < OFTEN or (was == pulse and now - at < OLD):
                    return content
            content = self.make(self.household)
            self._made = time.monotonic(), pulse, content
            return content
