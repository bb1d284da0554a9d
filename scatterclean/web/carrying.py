"""Carries out what was asked for where no daemon runs, by the very code that the daemon would run.

One thread.  It takes the lock of the database for the moment; who has it (a daemon, or a sweep that the person
started) is left in peace, and asked again soon.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field

from scatterclean.config import Settings
from scatterclean.errors import DatabaseLocked, NobodyCanMend, Trouble
from scatterclean.wire import Household

log = logging.getLogger("scatterclean")

# Seconds between two looks while something waits: for a lock that is let go soon; for a server that was in trouble.
SOON, LATER = 1.0, 30.0


@dataclass(slots=True)
class Carrier:
    """`looking` is the household of the dashboard, which only looks."""

    settings: Settings
    looking: Household
    _asked: threading.Event = field(default_factory=threading.Event)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _busy: Household | None = None
    _in: str = ""

    def start(self) -> None:
        """Also for what an earlier dashboard, that died, left behind."""
        self._asked.set()
        self._thread = threading.Thread(target=self._run, name="carrier", daemon=True)
        self._thread.start()

    def hurry(self) -> None:
        """Something was asked for."""
        self._asked.set()

    def waits_for(self) -> str:
        """Who is to carry out what waits now."""
        return "the daemon" if self._daemon() else "this dashboard"

    def end(self) -> None:
        """What is in hand ends, or is cut off: the journal knows, and who comes next goes on."""
        self._over.set()
        self._asked.set()
        if self._thread is None:
            return
        self._thread.join(3)
        if self._thread.is_alive() and self._busy is not None:
            self._busy.abort(self._in)
            self._thread.join(2)

    def _daemon(self) -> bool:
        return self.looking.store.pushes() is not None

    def _run(self) -> None:
        wait: float | None = None
        while not self._over.is_set():
            self._asked.wait(wait)
            self._asked.clear()
            if self._over.is_set():
                return
            try:
                wait = self._look()
            except Trouble as trouble:
                log.warning("what was asked for is not carried out yet: %s", trouble)
                wait = LATER
            except Exception as bug:  # noqa: BLE001 - without this thread nothing would ever be carried out
                log.error("a bug of scatterclean (%s): what was asked for waits", type(bug).__name__)
                wait = LATER

    def _look(self) -> float | None:
        """How long to wait before the next look; None: until somebody asks."""
        if not self.looking.store.wishes.waiting():
            return None
        if self._daemon():
            return SOON
        try:
            with Household.open(self.settings) as household:
                return self._carry(household)
        except DatabaseLocked:
            return SOON

    def _carry(self, household: Household) -> float | None:
        trouble: Trouble | None = None
        self._busy = household
        try:
            for name in sorted(household.wished()):
                self._in = name
                try:
                    household.fulfil(name, stop=self._over.is_set)
                except Trouble as one:
                    if isinstance(one, NobodyCanMend):
                        log.error("%s", one)
                    trouble = one
        finally:
            self._busy = None
        if trouble is not None:
            return LATER
        return SOON * 5 if household.store.wishes.waiting() else None
