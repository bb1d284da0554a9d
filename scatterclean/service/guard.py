"""What goes wrong in telling must never stop a sweep, nor the main loop; it is told, and not every few seconds."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from scatterclean.errors import Trouble
from scatterclean.service.health import AGAIN

log = logging.getLogger("scatterclean")


@dataclass(slots=True)
class Guard:
    """May be used from several threads."""

    _told: dict[str, float] = field(default_factory=dict)

    def run(self, what: Callable[[], object]) -> None:
        """Raises nothing."""
        try:
            what()
        except Trouble as trouble:
            self._tell(logging.WARNING, f"nothing could be told: {trouble}")
        except Exception as bug:  # noqa: BLE001 - see above
            # The text of a foreign exception may hold a piece of mail.
            self._tell(logging.ERROR, f"a bug of scatterclean ({type(bug).__name__}): nothing could be told")

    def _tell(self, level: int, said: str) -> None:
        now = time.monotonic()
        self._told = {text: at for text, at in self._told.items() if now - at < AGAIN}
        if said in self._told:
            level = logging.DEBUG
        self._told.setdefault(said, now)
        log.log(level, "%s", said)
