"""Figures of all accounts as a text file for Prometheus (node_exporter's textfile collector).

The format is the text exposition format 0.0.4: HELP and TYPE once for each name, all samples of a name together,
backslash, quote and line feed escaped.  There is no mail in it: figures, and names of accounts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from scatterclean import __version__
from scatterclean.model import MoveState, Verdict
from scatterclean.standing import away
from scatterclean.store import Store


@dataclass(frozen=True, slots=True)
class Round:
    """What only the daemon knows of an account.

    `success`: when a round ended well last, also one that found nothing to do; `failures` in a row, `failed` since
    the daemon began; `seconds` of the last sweep.  None: there was none yet.
    """

    success: datetime | None = None
    failures: int = 0
    failed: int = 0
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """All samples of one name: ({label: value}, figure)."""

    name: str
    kind: str
    help: str
    samples: Sequence[tuple[Mapping[str, str], float]]


def families(store: Store, rounds: Mapping[str, Round]) -> list[Family]:
    """One account after the other; raises what the database does."""
    found: dict[str, list[tuple[Mapping[str, str], float]]] = {name: [] for name, _, _ in _FAMILIES}
    found["scatterclean_info"].append(({"version": __version__}, 1))
    for name, one in rounds.items():
        for family, labels, value in _of(store, name, one):
            if value is not None:
                found[f"scatterclean_{family}"].append(({"account": name, **labels}, value))
    return [Family(name, kind, told, found[name]) for name, kind, told in _FAMILIES if found[name]]


_FAMILIES = (
    ("scatterclean_info", "gauge", "The version that runs."),
    ("scatterclean_last_success_timestamp_seconds", "gauge", "When a round ended well last."),
    ("scatterclean_consecutive_failures", "gauge", "Rounds that failed since the last one that ended well."),
    ("scatterclean_failures_total", "counter", "Rounds that failed since the daemon was started."),
    ("scatterclean_last_sweep_duration_seconds", "gauge", "How long the last sweep took."),
    ("scatterclean_moved_total", "counter", "Messages that sweeps ever put away."),
    ("scatterclean_returned_messages", "gauge", "Messages of these that were brought back."),
    ("scatterclean_open_messages", "gauge", "Messages in watched folders that are judged again, by verdict."),
    ("scatterclean_genuine_messages", "gauge", "Genuine bounces on record."),
    ("scatterclean_alarms_total", "counter", "Signs, ever, that somebody else uses the account."),
    ("scatterclean_sent_log_messages", "gauge", "Sent messages that the log knows."),
    ("scatterclean_coverage_start_timestamp_seconds", "gauge", "Since when the log knows what was sent."),
    ("scatterclean_coverage_end_timestamp_seconds", "gauge", "Until when the log knows what was sent."),
)


def _of(store: Store, name: str, one: Round) -> Iterable[tuple[str, Mapping[str, str], float | None]]:
    moves = store.history.put_away(name)
    still_open = store.docket.counts(name)
    coverage = store.sent_log.coverage([name])[name]
    yield "last_success_timestamp_seconds", {}, _seconds(one.success or store.history.last_success(name))
    yield "consecutive_failures", {}, one.failures
    yield "failures_total", {}, one.failed
    yield "last_sweep_duration_seconds", {}, one.seconds
    yield "moved_total", {}, away(moves)
    yield "returned_messages", {}, moves.get(MoveState.RETURNED, 0)
    for verdict in (Verdict.WAITING, Verdict.UNDECIDED, Verdict.ALARM, Verdict.ORPHAN):
        yield "open_messages", {"verdict": verdict.value}, still_open.get(verdict.value, 0)
    yield "genuine_messages", {}, store.history.verdicts(name).get(Verdict.GENUINE.value, 0)
    yield "alarms_total", {}, store.history.alarms(name)
    yield "sent_log_messages", {}, store.sent_log.count_account(name)
    yield "coverage_start_timestamp_seconds", {}, _seconds(coverage.since)
    yield "coverage_end_timestamp_seconds", {}, _seconds(coverage.through)


def _seconds(when: datetime | None) -> float | None:
    return None if when is None else when.timestamp()


def text(some: Iterable[Family]) -> str:
    """The file."""
    lines = []
    for family in some:
        lines.append(f"# HELP {family.name} {_help(family.help)}")
        lines.append(f"# TYPE {family.name} {family.kind}")
        for labels, value in family.samples:
            named = ",".join(f'{key}="{_label(what)}"' for key, what in labels.items())
            lines.append(f"{family.name}{{{named}}} {_figure(value)}")
    return "\n".join(lines) + "\n"


def _help(told: str) -> str:
    return told.replace("\\", "\\\\").replace("\n", "\\n")


def _label(value: str) -> str:
    return _help(value).replace('"', '\\"')


def _figure(value: float) -> str:
    return str(value) if isinstance(value, int) else repr(float(value))


def write(path: Path, told: str) -> None:
    """Whole or not at all.  Others may read it: node_exporter is another user.  Raises OSError."""
    # It reads *.prom alone, and so never this one.
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    file = os.open(new, flags, 0o644)
    try:
        with os.fdopen(file, "wb") as stream:
            os.fchmod(file, 0o644)
            stream.write(told.encode("utf-8", "replace"))
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
