"""Where the daemon's log lines go; no content of mail ever gets there."""

from __future__ import annotations

import logging
import os
import sys

log = logging.getLogger("scatterclean")


def set_up_logging(level: str) -> None:
    """One line per event on standard error; journald gets levels instead of times (sd-daemon(3))."""
    handler = logging.StreamHandler(sys.stderr)
    under_journald = "JOURNAL_STREAM" in os.environ
    handler.setFormatter(
        _Journald() if under_journald else logging.Formatter("%(asctime)s %(levelname)-7s %(message)s")
    )
    log.handlers[:] = [handler]
    log.setLevel(level.upper())
    log.propagate = False
    # Foreign libraries log protocol lines (imapclient: message bodies) at DEBUG: never below WARNING.
    for foreign in ("apscheduler", "imapclient", "alembic", "sqlalchemy"):
        logging.getLogger(foreign).setLevel(logging.CRITICAL if foreign == "apscheduler" else logging.WARNING)


class _Journald(logging.Formatter):
    _LEVELS = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))

    def format(self, record: logging.LogRecord) -> str:
        number = next((n for level, n in self._LEVELS if record.levelno >= level), 7)
        return "\n".join(f"<{number}>{line}" for line in super().format(record).splitlines())
