"""After each round: the figures to their file, and a call to the dead man's switch; no round waits for either.

Each has a thread of its own, at most one at a time; one that hangs (a disk in the network, a name server) is left to
itself, and what would have been told meanwhile is told the next time.  Trouble is told once, and its end.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from scatterclean.errors import Trouble
from scatterclean.model import SweepReport
from scatterclean.service import metrics, ping
from scatterclean.service.logs import about
from scatterclean.service.metrics import Round
from scatterclean.wire import Household

log = logging.getLogger("scatterclean")

# Between two calls, in seconds.
BETWEEN = 60.0
# At the end of the daemon what is being written is waited for so long.
FAREWELL = 0.5


@dataclass(slots=True)
class Aside:
    """Something that is done aside, by one thread at a time; `broken`: what was told of its trouble."""

    name: str
    thread: threading.Thread | None = None
    broken: str = ""

    @property
    def busy(self) -> bool:
        return self.thread is not None and self.thread.is_alive()

    def do(self, what: Callable[[], None]) -> None:
        """In a thread, which ends with the process, wherever it is."""
        self.thread = threading.Thread(
            target=self._try, args=(what,), name=f"scatterclean: {self.name}", daemon=True
        )
        self.thread.start()

    def _try(self, what: Callable[[], None]) -> None:
        why = ""
        try:
            what()
        except ping.NotHeard as trouble:
            why = str(trouble)
        except OSError as error:
            why = error.strerror or type(error).__name__
        except Trouble as trouble:
            why = trouble.what
        except Exception as bug:  # noqa: BLE001 - nothing here may be a round's trouble; its text may hold anything
            why = f"a bug of scatterclean ({type(bug).__name__})"
        if why and not self.broken:
            log.warning(
                "%s: %s; told again when it works", self.name, why, extra=about(self.name, well=False)
            )
        elif self.broken and not why:
            log.info("%s works again", self.name, extra=about(self.name, well=True))
        self.broken = why


@dataclass(slots=True)
class Outward:
    """Told of every round by the main loop, which alone calls it."""

    household: Household
    rounds: dict[str, Round] = field(default_factory=dict)
    call: Callable[..., None] = ping.call
    _called: float | None = None
    _stale: bool = False
    _good: bool = False
    _file: Aside = field(default_factory=lambda: Aside("metrics_file"))
    _switch: Aside = field(default_factory=lambda: Aside("ping_url"))

    def well(self, name: str, report: SweepReport | None = None) -> None:
        """A round ended well; without a report it found that nothing has changed."""
        before = self.rounds.get(name, Round())
        seconds = before.seconds if report is None else (report.ended - report.started).total_seconds()
        self.rounds[name] = replace(before, success=datetime.now(UTC), failures=0, seconds=seconds)
        self._stale = self._good = True

    def failed(self, name: str) -> None:
        """A round did not."""
        before = self.rounds.get(name, Round())
        self.rounds[name] = replace(before, failures=before.failures + 1, failed=before.failed + 1)
        self._stale = True

    def mind(self) -> None:
        """Do what is due; quick, whatever the network and the disk do."""
        settings = self.household.settings
        rounds = {name: self.rounds.get(name, Round()) for name in self.household.accounts}
        if settings.metrics_file is not None and self._stale and not self._file.busy:
            self._stale = False
            path, store = settings.metrics_file, self.household.store
            self._file.do(lambda: metrics.write(path, metrics.text(metrics.families(store, rounds))))
        now = time.monotonic()
        soon = self._called is not None and now - self._called < BETWEEN
        if settings.ping_url is None or not self._good or soon or self._switch.busy:
            return
        # One switch for the whole file: silence is what calls for help, and one account in trouble is trouble.
        if all(one.success and not one.failures for one in rounds.values()):
            self._good, self._called = False, now
            url, call = settings.ping_url, self.call
            self._switch.do(lambda: call(url))

    def end(self) -> None:
        """Leave what is being written a moment."""
        until = time.monotonic() + FAREWELL
        for one in (self._file, self._switch):
            if one.thread is not None:
                one.thread.join(max(0.0, until - time.monotonic()))
