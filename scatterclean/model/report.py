"""What a report holds: values for the page, the terminal and files, made from the store alone by `evidence`.

Times are aware, in the zone of the person.  Unless something else is said, a number counts bounces (`Case`s), each
message once.  Lists are bounded, the most frequent first; what was left out stands beside them as a number.  All
texts are as strangers wrote them, bounded, but neither escaped nor defanged: who shows them does that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from scatterclean.model.found import Because, Case, Verdict
from scatterclean.model.learned import Alarm
from scatterclean.model.said import Kind


class Says(StrEnum):
    """The answer to "have I been hacked?"."""

    NO_SIGN = "no-sign"
    CANNOT_TELL = "cannot-tell"
    ALARM = "alarm"


class Doubt(StrEnum):
    """Why it cannot be told; `wording` says each in a sentence with what would help."""

    NEVER_READ = "never-read"  # [account]: its Sent folders were never read
    EMPTY_LOG = "empty-log"  # [account]: nothing was ever found in its Sent folders
    NOT_COVERED = (
        "not-covered"  # [account, since, bounces]: older than its beginning `since`, or ("") in a hole
    )
    UNREACHABLE = (
        "unreachable"  # [account, since]: no sweep came to a session since then; "" if none ever did
    )
    UNREAD = "unread"  # [account, through, retired]: Sent was not read since, though it should, or bounces wait for it
    UNLOGGED = (
        "unlogged"  # [account, shape]: a way of sending that leaves no (equal) copy, or a rewriting provider
    )
    MAY_BE_YOURS = "may-be-yours"  # [bounces]: they may have left through the person's account
    UNTRACED = "untraced"  # [bounces, of]: not in the log, and nothing shows whose machine sent them
    # [undecided, others, waiting, bounces, because, so]: the commonest reason, and so many for it
    MOSTLY_UNDECIDED = "mostly-undecided"


@dataclass(frozen=True, slots=True)
class Doubted:
    doubt: Doubt
    detail: tuple[tuple[str, str], ...] = ()

    def __getitem__(self, name: str) -> str:
        return dict(self.detail).get(name, "")


@dataclass(frozen=True, slots=True)
class Conclusion:
    """`says` and its ground.  `bounces` is the sum of `not_yours`, `own`, `undecided`, `waiting` and `alarming`.

    `not_yours` were found to be orphans, `foreign` of them also name a stranger's machine, and `never_sends` are
    about an address that nothing is ever sent from; `own` are genuine. Of the `undecided`, `others` are about mail of
    somebody else: forwarded, in a shared mailbox, a copy for a postmaster; of the rest of them the person put
    `undecided_away` away by hand. `brought_back` of `not_yours`, and `back` of all, are in the inbox again by the
    person's hand or an undo; `left_by_hand` were never put away, for the person's hand was seen on them. `alarms` are
    those on record of the time that the report is about, the latest first, also such as rest on the log and on no
    bounce; `earlier_alarms` those of before. `log_since`: from then on the logs of all these accounts know what was
    sent, without a hole; `looked_at` when they were looked at last, all of them; None if there is none.
    """

    says: Says
    bounces: int = 0
    not_yours: int = 0
    foreign: int = 0
    own: int = 0
    undecided: int = 0
    waiting: int = 0
    alarming: int = 0
    brought_back: int = 0
    doubts: tuple[Doubted, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    earlier_alarms: tuple[Alarm, ...] = ()
    never_sends: int = 0
    others: int = 0
    undecided_away: int = 0
    left_by_hand: int = 0
    back: int = 0
    log_since: datetime | None = None
    looked_at: datetime | None = None


class Fate(StrEnum):
    """What became of a bounce."""

    MOVED = "moved"  # it is in Backscatter, or was deleted from there as the person has set
    RETURNED = "returned"  # it was put away and is back
    KEPT = (
        "kept"  # genuine or alarming, or an orphan that was left where it is (observing, the person's hand)
    )
    UNDECIDED = "undecided"
    WAITING = "waiting"


class Width(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Bar:
    """What came in one stretch that begins at `start`, by kind and by what became of it; only what is not zero."""

    start: datetime
    counts: Mapping[tuple[Kind, Fate], int]

    @property
    def bounces(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Course:
    """The storm over time: bars of one `width`, ascending and without a gap from the first bounce to the last (at
    most about 120; `before` came earlier than the first bar). `peak` were the most in one clock hour, at `peak_at`,
    and `storm_peak` those of the storm; `usual` is the median of bounces a day on the days of the last six weeks
    before the storm began (of all of them, if there was none)."""

    width: Width
    bars: tuple[Bar, ...] = ()
    peak: int = 0
    peak_at: datetime | None = None
    usual: float = 0.0
    storm_since: datetime | None = None
    storm_until: datetime | None = None  # None while it is in progress, or if there was none
    before: int = 0
    storm_peak: int = 0
    storm_peak_at: datetime | None = None

    @property
    def worst(self) -> tuple[int, datetime | None]:
        """The most in one clock hour of the storm, and when; where there was none, of all."""
        return (self.storm_peak, self.storm_peak_at) if self.storm_peak else (self.peak, self.peak_at)


@dataclass(frozen=True, slots=True)
class Forged:
    """An address in whose name was sent (orphans only).  `used`: the person ever sent from it, as far as is logged;
    `owned`: it is configured, or learned; `catch_all`: it is one only because all mail of its domain is the person's.
    `tag` is what stands behind "+" in it."""

    address: str
    bounces: int
    used: bool
    owned: bool
    catch_all: bool
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Bouncer:
    """A server that sends bounces of mail that the person never sent (orphans only).

    `host` as it calls itself (Reporting-MTA, else the host that handed the bounce over, else the domain of the
    bounce's sender); `domain` its organisational domain; `ip` the address from which the person's own provider
    received one of them, "" if that is not known; `recipients` addresses that it could not deliver to, a few;
    `example` the Message-ID of one of its bounces; `listed` the lists of backscattering hosts that name `ip`, None if
    nobody asked."""

    host: str
    domain: str
    bounces: int
    first: datetime
    last: datetime
    kinds: Mapping[Kind, int] = field(default_factory=dict)
    ip: str = ""
    statuses: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    example: str = ""
    diagnostic: str = ""
    listed: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """A text of the spam and in how many returned messages it stood: a subject, a host of links, a kind of file.

    `others`: how many other texts were put together with it (subjects that differ by numbers or spacing).
    `dangerous`: a type of file that runs what is in it, or hides what does."""

    text: str
    bounces: int
    others: int = 0
    dangerous: bool = False


@dataclass(frozen=True, slots=True)
class Spam:
    """What the spam was about, from the returned messages of orphans.  `seen`: how many returned enough to tell links
    and files; `links` are hosts, `files` names or types of attachments."""

    subjects: tuple[Counted, ...] = ()
    more_subjects: int = 0
    links: tuple[Counted, ...] = ()
    more_links: int = 0
    files: tuple[Counted, ...] = ()
    more_files: int = 0
    seen: int = 0


class Failure(StrEnum):
    """Why a genuine message was not delivered, in the order of RFC 3463's enhanced status codes."""

    UNKNOWN_ADDRESS = "unknown-address"
    UNKNOWN_DOMAIN = "unknown-domain"
    MAILBOX_FULL = "mailbox-full"
    MAILBOX_CLOSED = "mailbox-closed"
    TOO_LARGE = "too-large"
    REFUSED_AS_SPAM = "refused-as-spam"
    REFUSED_SENDER = "refused-sender"  # SPF, DKIM, DMARC, a blocklist
    NOT_ALLOWED = "not-allowed"
    UNREACHABLE = "unreachable"
    DELAYED = "delayed"
    DELIVERED = "delivered"  # nothing failed: a success notice, a receipt
    ANSWERED = "answered"  # an automatic reply, a challenge
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Returned:
    """A bounce of the person's own mail: it needs the person.  `said` is the server's own line."""

    case: Case
    recipient: str
    failure: Failure
    status: str = ""
    said: str = ""
    letter: str = ""  # the subject of the person's message
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Heap:
    """Bounces that stay and have verdict and deciding reason in common; `cases` are the latest few of them."""

    verdict: Verdict
    because: Because
    bounces: int
    cases: tuple[Case, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """`accounts` in the order of the configuration; since `since` (None: all on record).

    Where accounts of several persons were asked for, `conclusion` is about all of them.
    `earlier` counts the bounces on record that are older than `since`.
    """

    accounts: tuple[str, ...]
    now: datetime
    since: datetime | None
    conclusion: Conclusion
    course: Course
    forged: tuple[Forged, ...] = ()
    more_forged: int = 0
    bouncers: tuple[Bouncer, ...] = ()
    more_bouncers: int = 0
    spam: Spam = field(default_factory=Spam)
    returned: tuple[Returned, ...] = ()
    more_returned: int = 0
    open: tuple[Heap, ...] = ()
    earlier: int = 0
