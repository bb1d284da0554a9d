"""What a judgment rests on and what it says: Knowledge, Finding, Case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from scatterclean.model.log import Answer, Coverage
from scatterclean.model.origin import Provider
from scatterclean.model.person import Identities
from scatterclean.model.said import Bounce
from scatterclean.model.seen import Whereabouts


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All facts that a judgment rests on, fetched before the first decision.

    `coverage` has one entry per account of the person, also for those that were never read (empty).
    `logged` is the number of messages in the person's log.
    `filing` says, by account, whose mail is filed in its Sent folders: its configured addresses, or none if any
    may be.  `provider` is what is known of the machines through which the person's mail leaves; `calibrated` are
    the accounts whose log was proved by replies; `unlogged` are shapes of ids that mail of the person has
    although the log does not know it.  `received` are keys of ids of mail that the person received, as far as
    was asked.
    `retired` are accounts that are no longer configured, with the From addresses that they alone logged, and what
    they cover: such mail may be filed where nobody reads any more.
    `storms` are the stretches of time in which a storm was or is in progress (see `plan.storms`).
    """

    now: datetime
    answer: Answer
    identities: Identities
    coverage: Mapping[str, Coverage]
    logged: int
    filing: Mapping[str, frozenset[str]] = field(default_factory=dict)
    provider: Provider = field(default_factory=Provider)
    calibrated: frozenset[str] = frozenset()
    unlogged: frozenset[str] = frozenset()
    received: frozenset[str] = frozenset()
    storms: tuple[tuple[datetime, datetime], ...] = ()
    retired: Mapping[str, tuple[frozenset[str], Coverage]] = field(default_factory=dict)


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
    SENT_UNREAD = "sent-unread"  # [account, through, retired]: "yes" if the configuration no longer has it
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
    SENT_BY_YOU = "sent-by-you"  # [sign, line, id]: unlogged, and the person's account sent it (an alarm)
    MAY_BE_YOURS = "may-be-yours"  # [sign, line, id]: sent by the person's account, but the log has gaps
    PROVIDER_HOP = "provider-hop"  # [line]: it may have left through the person's provider
    UNCHECKED = "unchecked"  # [domain]: signed in the name of an own domain, and that could not be checked
    FORWARDED = "forwarded"  # [line]: the person's provider had received it for the person
    RECEIVED = "received"  # [id]: the person received the message that it is about
    AUTOMATIC = "automatic"  # []: it is about a message that a program wrote, maybe in the person's name
    OWN_SHAPE = "own-shape"  # [id, pattern]: an id as the person's own (`own_ids`)
    UNLOGGED_SHAPE = "unlogged-shape"  # [id, shape]: mail of the person has such ids and is not in the log
    CORRESPONDENT = "correspondent"  # [recipient]: the person writes to that recipient
    UNPROVED = "unproved"  # [account, why, sign]: the log's silence is not enough without a foreign sign
    NEVER_WROTE = "never-wrote"  # [recipient]: no id, but nobody there was ever written to (`without_id`)
    FOREIGN = "foreign"  # [line]: support: it came from a stranger's machine


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
