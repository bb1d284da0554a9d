"""What the doctor says: values, and nothing else.  It looks at nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path


class Topic(StrEnum):
    """What is looked at, in this order; the first seven once, the others for each account."""

    CONFIGURATION = "configuration"
    PERMISSIONS = "permissions"
    DISK = "disk"
    LOCK = "lock"
    DATABASE = "database"
    CLOCK = "clock"
    SERVICE = "service"
    SECRET = "secret"  # noqa: S105 - a topic
    NAME = "name"
    CONNECTION = "connection"
    TLS = "tls"
    LOGIN = "login"
    CAPABILITIES = "capabilities"
    FOLDERS = "folders"
    SENT = "sent"
    SWEEPS = "sweeps"


class Rating(StrEnum):
    OK = "ok"
    WARNING = "warning"  # it works, and something is lost or will break
    FAULT = "fault"  # it does not work, or is not safe
    UNSEEN = "not-looked-at"  # something else has to be mended first


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that was looked at.  `account` is None where it concerns all of them.

    `code` is for programs and stays the same over versions; `what` is one sentence, `mend` what to do about it:
    every warning and every fault has one.
    """

    topic: Topic
    account: str | None
    rating: Rating
    code: str
    what: str
    mend: str = ""

    def __post_init__(self) -> None:
        if self.rating in (Rating.WARNING, Rating.FAULT) and not self.mend:
            raise ValueError(f"{self.code}: a {self.rating} without its mend")


@dataclass(frozen=True, slots=True)
class Service:
    """What systemd or launchd says of the service: sentences, the first the main one.  `running` is also a timer that
    waits."""

    installed: bool
    running: bool
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What one check says of what it looked at; the course adds the topic and the account."""

    rating: Rating
    code: str
    what: str
    mend: str = ""


def well(what: str, code: str = "ok") -> Said:
    return Said(Rating.OK, code, what)


def warning(code: str, what: str, mend: str) -> Said:
    return Said(Rating.WARNING, code, what, mend)


def fault(code: str, what: str, mend: str) -> Said:
    return Said(Rating.FAULT, code, what, mend)


def unseen(code: str, what: str) -> Said:
    return Said(Rating.UNSEEN, code, what)


class Failed(Exception):
    """Raised by a check whose fault is such that what rests on it cannot be looked at."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.code)
        self.said = said


@dataclass(frozen=True, slots=True)
class Report:
    """All that was looked at, in order.  `accounts` are those that were, `at` is when it began (UTC)."""

    config: Path
    accounts: tuple[str, ...]
    at: datetime
    observations: Sequence[Observation]

    def count(self, rating: Rating) -> int:
        return sum(each.rating is rating for each in self.observations)

    def faults(self, *topics: Topic) -> bool:
        """Is there a fault in any of these topics (all, if none is named)?"""
        return any(
            each.rating is Rating.FAULT and (not topics or each.topic in topics) for each in self.observations
        )
