"""What a judgment rests on and what it says: Knowledge, Finding, Case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scatterclean.model.log import Answer, Coverage
from scatterclean.model.person import Identities
from scatterclean.model.said import Bounce
from scatterclean.model.seen import Whereabouts


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All facts that a judgment rests on, fetched before the first decision.

    `coverage` has one entry per account of the person, also for those that were never read (empty).
    `logged` is the number of messages in the person's log.
    `storms` are the stretches of time in which a storm was or is in progress (see `plan.storms`).
    """

    now: datetime
    answer: Answer
    identities: Identities
    coverage: Mapping[str, Coverage]
    logged: int
    storms: tuple[tuple[datetime, datetime], ...] = ()


class Verdict(StrEnum):
    GENUINE = "genuine"
    ALARM = "alarm"
    WAITING = "waiting"
    UNDECIDED = "undecided"
    ORPHAN = "orphan"


class Because(StrEnum):
    """The reasons that a finding can have; `wording` says each in a sentence.

    In brackets: the details that come with it (strings; times as ISO 8601).
    """

    ID_LOGGED = "id-logged"  # [id, found_in]
    TIE = "tie"  # [recipient, sent_at]
    UNKNOWN_ID = "unknown-id"  # [id, found_in]
    NEVER_SENDS = "never-sends"  # [address]
    SETTLING = "settling"  # [until]
    SENT_UNREAD = "sent-unread"  # [account, through]
    NO_REFERENCE = "no-reference"  # []
    WEAK_ONLY = "weak-only"  # [id, found_in]
    REPLY_ID = "reply-id"  # [id, replier]: the replier may have invented the id, or is a correspondent
    NOT_YOURS = "not-yours"  # [address]: it was delivered to, or returned from, somebody else
    ROLE_COPY = "role-copy"  # [address]: a copy for a postmaster, a list owner, a moderator
    NO_ADDRESS = "no-address"  # []: nothing says whose message it was
    SHARED = "shared"  # [address]
    NOTHING_COVERED = "nothing-covered"  # [account]
    OUTSIDE_COVERAGE = "outside-coverage"  # [account, hole_from, hole_to]
    EMPTY_LOG = "empty-log"  # []
    STUMBLED = "stumbled"  # [format]
    INCOMPLETE = "incomplete"  # []
    KIND_OFF = "kind-off"  # [kind]
    NO_STORM = "no-storm"  # [kind]


@dataclass(frozen=True, slots=True)
class Reason:
    because: Because
    detail: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def of(because: Because, **detail: str) -> Reason:
        return Reason(because, tuple(detail.items()))

    def __getitem__(self, name: str) -> str:
        return dict(self.detail).get(name, "")


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict and its grounds, the deciding one first."""

    verdict: Verdict
    because: tuple[Reason, ...]


class Closure(StrEnum):
    """Why a case is not judged again."""

    MOVED = "moved"  # it is in Backscatter
    GENUINE = "genuine"  # the log learned of it
    GONE = "gone"  # no longer where it was, or another message has its place
    HAND = "hand"  # the person's hand was seen on it: flagged, answered, dragged back


@dataclass(frozen=True, slots=True)
class Case:
    """A bounce in a watched folder, as it is kept on record: judged anew without being fetched again.

    `id` is None until it is stored.  `flags` and `size` are not kept: they are looked at before a deed.
    A case is open as long as `closed_at` is None.
    """

    account: str
    where: Whereabouts
    fingerprint: str
    arrival: datetime
    bounce: Bounce
    finding: Finding
    id: int | None = None
    closed_at: datetime | None = None
    closure: Closure | None = None
