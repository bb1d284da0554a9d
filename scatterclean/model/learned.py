"""What the mail that passes by teaches about the log itself: is it complete, and through which machines do we send?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class RouteCause(StrEnum):
    """How a way of sending that leaves no (equal) copy in Sent was found out."""

    REPLY = "reply"  # a reply to the person cites an unknown id of the person's own shape
    REWRITTEN = "rewritten"  # a reply fits a logged message, but cites another id
    TIE = "tie"  # a genuine bounce fits a logged message, but quotes another id
    ECHO = "echo"  # a copy of a logged message came back under another id


@dataclass(frozen=True, slots=True)
class Route:
    """A shape of ids (see `shapes`) that mail of the person has although the log does not know it."""

    shape: str
    cause: RouteCause
    example: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Proofs:
    """Replies that cited logged ids of an account: proof that its ids survive and that its Sent is used."""

    replies: int = 0
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lessons:
    """What one batch of mail taught; to be recorded in one transaction.

    `proofs` counts, by account, replies that cite ids of its log; `received` are keys of ids of mail that the
    person received, with its arrival; `hosts` are outbound hosts in the form of `Provider.hosts`.
    """

    proofs: Mapping[str, Proofs] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    hosts: frozenset[str] = frozenset()
    received: Mapping[str, datetime] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.proofs or self.routes or self.hosts or self.received)


@dataclass(frozen=True, slots=True)
class Learned:
    """What is on record of all lessons: `proofs` by account, one `Route` per shape (its latest)."""

    proofs: Mapping[str, Proofs] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    hosts: frozenset[str] = frozenset()


class AlarmKind(StrEnum):
    SENT_BY_YOU = "sent-by-you"  # a message that is not in the log left this person's account
    BURST = "burst"  # the log itself shows many messages to strangers, which is not the person's habit
    MANY_BOUNCES = "many-bounces"  # many genuine bounces for one logged message


@dataclass(frozen=True, slots=True)
class Alarm:
    """An event that the person is told once.  `key` names it across sweeps; `detail` is for the words."""

    account: str
    key: str
    kind: AlarmKind
    at: datetime
    detail: tuple[tuple[str, str], ...] = ()

    def __getitem__(self, name: str) -> str:
        return dict(self.detail).get(name, "")


@dataclass(frozen=True, slots=True)
class Hour:
    """What the log shows for one hour: messages, and recipients that were never written to before it."""

    start: datetime
    messages: int
    strangers: int
