"""What the log of sent mail knows, and of which time it knows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scatterclean.model.seen import Place

# Behind an account's name: what it sent and no Sent folder holds (imported, recorded by the sendmail wrapper, gleaned
# from other folders).  It acquits like all that is logged, but proves neither coverage nor habits nor addresses.
OUTBOX = "/outbox"


class Grade(StrEnum):
    """How good a stretch of coverage is."""

    WITNESSED = "witnessed"  # Sent was watched, nothing vanished unread
    BACKFILLED = "backfilled"  # read later, from what was left in the folder


@dataclass(frozen=True, slots=True)
class Interval:
    """[start, end] in which the log would have known what was sent."""

    start: datetime
    end: datetime
    grade: Grade


@dataclass(frozen=True, slots=True)
class Coverage:
    """The stretches of time, of one account, of which the log knows what was sent."""

    intervals: tuple[Interval, ...] = ()

    @property
    def since(self) -> datetime | None:
        """The first moment that is covered; None if nothing is."""
        return min((i.start for i in self.intervals), default=None)

    @property
    def whole_since(self) -> datetime | None:
        """From when on there is no hole up to the last moment that is covered; None if nothing is covered."""
        start: datetime | None = None
        for interval in sorted(self.intervals, key=lambda i: i.end, reverse=True):
            if start is not None and interval.end < start:
                break
            start = interval.start if start is None else min(start, interval.start)
        return start

    @property
    def through(self) -> datetime | None:
        """The last moment that is covered; None if nothing is."""
        return max((i.end for i in self.intervals), default=None)

    def hole(self, start: datetime, end: datetime) -> tuple[datetime, datetime] | None:
        """The first stretch of [start, end] that no interval covers; None if all of it is covered."""
        return _first_hole(self.intervals, start, end)

    def grade(self, start: datetime, end: datetime) -> Grade | None:
        """How well [start, end] is covered as a whole; None if there is a hole in it."""
        witnessed = [i for i in self.intervals if i.grade is Grade.WITNESSED]
        if _first_hole(witnessed, start, end) is None:
            return Grade.WITNESSED
        return Grade.BACKFILLED if self.hole(start, end) is None else None


def _first_hole(
    intervals: Iterable[Interval], start: datetime, end: datetime
) -> tuple[datetime, datetime] | None:
    covered_to: datetime | None = None  # covered from `start` through here
    for interval in sorted(intervals, key=lambda i: i.start):
        if interval.end < start:
            continue
        if interval.start > (covered_to or start):
            break
        covered_to = max(covered_to or start, interval.end)
        if covered_to >= end:
            return None
    hole_from = covered_to or start
    hole_to = min((i.start for i in intervals if i.start > hole_from), default=end)
    return hole_from, min(hole_to, end)


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a folder was read: every UID below `uidnext` is known.  Losing it costs a rescan, no mistake.

    `exists` is the number of messages then; `read_at` the moment before the folder was asked (our clock).
    """

    place: Place
    uidnext: int
    exists: int
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Tie:
    """A logged message that went to one of the asked recipients in the asked time."""

    recipient: str
    sent_at: datetime
    subject: str | None


@dataclass(frozen=True, slots=True)
class TieQuestion:
    """Was a message sent to `recipient` in [since, until]?"""

    recipient: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """Everything that one batch of bounces wants to know of one person's log, asked at once.

    `keys` are `MessageId.keys`; `correspondents` are addresses or bare domains: which of them did the
    person ever write to?
    """

    person: str
    keys: frozenset[str] = frozenset()
    ties: frozenset[TieQuestion] = frozenset()
    correspondents: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the log knows of a Question.  `known` is a subset of its keys."""

    known: frozenset[str] = frozenset()
    ties: tuple[Tie, ...] = ()
    correspondents: frozenset[str] = frozenset()
