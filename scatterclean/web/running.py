"""The dashboard as a whole: opened, shown to its person, and ended by Ctrl-C or when nobody uses it any more."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from markupsafe import Markup

from scatterclean.config import Settings, load
from scatterclean.web.carrying import Carrier
from scatterclean.web.door import Door
from scatterclean.web.listener import Listener, listen
from scatterclean.web.overview import Overview
from scatterclean.web.report import content
from scatterclean.web.routes import ENTRY, Application
from scatterclean.web.views import Views
from scatterclean.wire import Household

# Seconds without a person: then it ends.  A page that looks by itself whether anything is new is no person.
IDLE = 30 * 60.0


@dataclass(slots=True)
class Dashboard:
    """Opened by `open`; `run` serves until it is over."""

    household: Household
    listener: Listener
    door: Door
    carrier: Carrier
    overview: Overview
    idle: float = IDLE
    _over: threading.Event = field(default_factory=threading.Event)
    _last: float = field(default_factory=time.monotonic)

    @staticmethod
    def open(
        settings: Settings,
        port: int,
        *,
        idle: float = IDLE,
        make: Callable[[Household], Markup] = content,
    ) -> Dashboard:
        """Raises Database*, PortTaken."""
        household = Household.open(settings, read_only=True, asking=True)
        try:
            sockets = listen(port)
            door = Door(sockets[0].getsockname()[1])
            carrier = Carrier(settings, household)
            overview = Overview(household, make)
            views = Views(household, door, carrier, overview)
            application = Application(door, views.routes())
            made = Dashboard(household, Listener(application, sockets), door, carrier, overview, idle)
            application.used = made.touch
        except BaseException:
            household.store.close()
            raise
        return made

    def link(self) -> str:
        """An address that lets in once; the one before is void."""
        return f"http://127.0.0.1:{self.door.port}{ENTRY}?token={self.door.link()}"

    def touch(self) -> None:
        """Somebody used it."""
        self._last = time.monotonic()

    def end(self) -> None:
        """From any thread, or a signal."""
        self._over.set()

    @property
    def forsaken(self) -> bool:
        return time.monotonic() - self._last > self.idle

    def run(self) -> None:
        self.carrier.start()
        self.overview.mind()
        try:
            self.listener.run(lambda: self._over.is_set() or self.forsaken)
        finally:
            self.listener.close()
            self.carrier.end()
            self.household.store.close()


def serve(
    config_path: Path,
    port: int,
    *,
    show: Callable[[str], None],
    anew: Callable[[], bool] = lambda: False,
    idle: float = IDLE,
) -> bool:
    """`scatterclean web`: until SIGINT or SIGTERM, or until nobody uses it; True if it was the latter.

    `show` is given each new link.  `anew` waits until the person wants another one; False: there is nobody to ask.
    """
    dashboard = Dashboard.open(load(config_path), port, idle=idle)

    def leave(_signum: int, _frame: FrameType | None) -> None:
        dashboard.end()

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, leave)
    show(dashboard.link())

    def links() -> None:
        with suppress(OSError, ValueError):  # a terminal that is gone
            while anew():
                dashboard.touch()
                show(dashboard.link())

    threading.Thread(target=links, name="links", daemon=True).start()
    dashboard.run()
    return dashboard.forsaken
