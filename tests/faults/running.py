"""The daemon of a case in a thread of the test's process; it asserts that it neither ends by itself nor hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from scatterclean.model import Push
from scatterclean.service import Service, watcher
from tests.faults.case import LIMIT, Case


@dataclass
class Running:
    """The daemon of a case, in a thread of its own."""

    case: Case
    service: Service
    thread: threading.Thread

    @property
    def watch(self) -> watcher.Watch | None:
        """The connection that listens, if one stands."""
        watch, rest = self.service.watchers.watches.get("home"), self.service.watchers.rests.get("home")
        return watch if rest is not None and rest.push is Push.WOKEN else None

    def wait(self, done: Callable[[], object], what: str) -> None:
        until = time.monotonic() + LIMIT
        while not done():
            assert self.thread.is_alive(), "the daemon ended by itself"
            assert time.monotonic() < until, what
            time.sleep(0.02)

    def wait_for_sweep(self) -> None:
        self.wait(lambda: not self.case.unseen(), "what arrived is not swept")

    def wakes_again(self) -> None:
        self.wait(lambda: self.watch, "the watch does not come back")
        self.case.arrive()
        self.wait_for_sweep()


@contextmanager
def running(case: Case, *, poll: timedelta) -> Iterator[Running]:
    settings = case.household.settings
    case.household.settings = replace(
        settings, accounts=tuple(replace(a, poll=poll) for a in settings.accounts)
    )
    service = Service(case.household, lambda: case.household.settings)
    thread = threading.Thread(target=service.run, daemon=True)
    thread.start()
    try:
        yield Running(case, service, thread)
    finally:
        service.words.put(("stop", "the test"))
        thread.join(LIMIT)
        assert not thread.is_alive(), "it does not leave"


def in_the_end(case: Case) -> None:
    # INTERNALDATE has whole seconds: what came within that of the last look is a moment too young to be moved.
    assert case.sweep() is None
    case.balanced()
