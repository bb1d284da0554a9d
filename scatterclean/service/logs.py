"""Log lines: where they go and how they look; it decides nothing.  No secret and no content of mail gets there.

One event is one line, or a line and indented ones that belong to it: whatever a server or a stranger wrote, only an
event of ours begins at the margin.  Under journald the time is journald's and the level stands in front (sd-daemon(3)),
elsewhere each line has both.  Libraries are not let through: their messages may hold protocol lines, and so mail.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import TextIO

from scatterclean import wording

log = logging.getLogger("scatterclean")

# Of one line, and of one event: a hint has two lines, the list of what is wrong in a configuration may have fifty.
_LONGEST, _MOST = 2000, 200


def about(event: str, account: str | None = None, **figures: object) -> Mapping[str, object]:
    """For `extra=`: what a program wants to know of an event, beside its words.  Figures are what JSON can hold."""
    return {"event": event, "account": account, "figures": figures}


def set_up_logging(level: str, *, as_json: bool = False) -> None:
    """Ours from `level` on, on standard error; of libraries only that something is wrong in them, each place once."""
    stream: TextIO | None = sys.stderr
    form: logging.Formatter = _Json() if as_json else _Timed()
    if is_journald(stream):
        form = _Journald(form if as_json else _Bare())
    ours, foreign = _Handler(stream), _Foreign(stream)
    for handler in (ours, foreign):
        handler.setFormatter(form)
    log.handlers[:] = [ours]
    log.setLevel(level.upper())
    log.propagate = False
    root = logging.getLogger()
    root.handlers[:] = [handler for handler in root.handlers if not isinstance(handler, _Foreign)]
    root.addHandler(foreign)
    # What fails in a job is told by ourselves, without the text of the exception.
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
    for library in ("imapclient", "alembic", "sqlalchemy"):
        logging.getLogger(library).setLevel(logging.WARNING)


def tell_nothing_else() -> None:
    """For a process that only serves: no traceback of a thread, and no warning of Python, gets past the log."""
    logging.captureWarnings(True)
    threading.excepthook = _thread_ended
    sys.unraisablehook = _left_over


def is_journald(stream: TextIO | None) -> bool:
    """Is this stream the one that $JOURNAL_STREAM names (systemd.exec(5)), or was it led elsewhere since?"""
    try:
        status = os.fstat(stream.fileno())  # type: ignore[union-attr]  # None: AttributeError
    except (OSError, ValueError, AttributeError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


# --- forms ------------------------------------------------------------------------------------------------


def _lines(record: logging.LogRecord) -> list[str]:
    try:
        text = record.getMessage()
    except Exception:  # noqa: BLE001 - a message whose figures do not fit must not end what it tells of
        text = str(record.msg)
    lines = [wording.shown(line, _LONGEST).rstrip() for line in text.splitlines()[:_MOST]] or [""]
    return [lines[0], *(line if line.startswith("  ") else f"  {line.lstrip()}" for line in lines[1:])]


class _Bare(logging.Formatter):
    """No exception is ever written out: its text may hold a piece of mail."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(_lines(record))


class _Timed(logging.Formatter):
    """Local time with its zone."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created).astimezone()
        return f"{when:%Y-%m-%d %H:%M:%S %Z} {record.levelname:7} " + "\n".join(_lines(record))


class _Json(logging.Formatter):
    """One object on a line.  ASCII: no terminal obeys what a stranger wrote."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created).astimezone()
        told = {
            "time": when.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "account": getattr(record, "account", None),
            "event": getattr(record, "event", "note"),
            "text": "\n".join(_lines(record)),
            **getattr(record, "figures", {}),
        }
        return json.dumps(told, ensure_ascii=True, default=str)


class _Journald(logging.Formatter):
    """The level in front of every line: journald makes an entry of each."""

    _LEVELS = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        number = next((n for level, n in self._LEVELS if record.levelno >= level), 7)
        return "\n".join(f"<{number}>{line}" for line in self._inner.format(record).split("\n"))


# --- where they go ----------------------------------------------------------------------------------------


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        """Nobody reads any more, or the disk is full: logging would write the whole message, unchecked, elsewhere."""


class _Foreign(_Handler):
    """What libraries say is replaced: only errors, by their place in the library, each once."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__(stream)
        self.setLevel(logging.ERROR)
        self._told: set[tuple[str, int]] = set()

    def emit(self, record: logging.LogRecord) -> None:
        place = record.name, record.lineno
        if place in self._told:
            return
        self._told.add(place)
        text = f"the library {record.name} met an error ({record.module}, line {record.lineno})"
        ours = logging.LogRecord(record.name, record.levelno, "", 0, text, (), None)
        ours.__dict__.update(about("library", library=record.name))
        super().emit(ours)


def _thread_ended(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_type is not SystemExit:
        name = ended.thread.name if ended.thread else "a thread"
        log.error(
            "a bug of scatterclean in %s (%s)%s",
            name,
            ended.exc_type.__name__,
            _where(ended.exc_traceback),
            extra=about("bug", kind=ended.exc_type.__name__),
        )


def _left_over(left: sys.UnraisableHookArgs) -> None:
    kind = left.exc_type.__name__
    log.debug(
        "left over when something was cleared away: %s%s",
        kind,
        _where(left.exc_traceback),
        extra=about("bug", kind=kind),
    )


def _where(trace: TracebackType | None) -> str:
    """The last place of a traceback: file and line are no mail."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f", {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else ""
