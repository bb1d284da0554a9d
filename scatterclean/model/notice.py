"""What the person is told, and what became of that; and storms, as far as they were told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from scatterclean.model.found import Verdict

# The end of the key of a notice that was to be told on another way, for the one that was wanted does not work.
ELSEWHERE = ":elsewhere"
# The right-hand side of the Message-IDs of notices (RFC 2606: nobody's domain).
NOTICE_DOMAIN = "notice.scatterclean.invalid"


class Arrival(NamedTuple):
    """When a bounce arrived, and what it was last found to be."""

    at: datetime
    verdict: Verdict


class NoticeKind(StrEnum):
    ALARM = "alarm"  # somebody else seems to send through the person's account
    STORM = "storm"  # bounces come in heaps; and: that is over
    TROUBLE = "trouble"  # an account could not be swept for long
    DIGEST = "digest"  # what happened in a day or a week


class NoticeState(StrEnum):
    """The life of a notice on one way; the changes that it may go through stand in `NOTICE_PERMITTED`."""

    DUE = "due"  # written down, not handed over
    TRYING = "trying"  # about to be handed over, or that was cut off
    TOLD = "told"
    GIVEN_UP = "given-up"  # tried in vain for too long


NOTICE_PERMITTED: Mapping[NoticeState, frozenset[NoticeState]] = {
    NoticeState.DUE: frozenset((NoticeState.TRYING, NoticeState.GIVEN_UP)),
    NoticeState.TRYING: frozenset((NoticeState.DUE, NoticeState.TOLD, NoticeState.GIVEN_UP)),
    NoticeState.TOLD: frozenset(),
    NoticeState.GIVEN_UP: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One event in words.  `key` names the event within the account, across sweeps and restarts.

    `due`: not before that moment (quiet hours).  Of strangers' texts it holds only what `wording.shown` let pass."""

    account: str
    key: str
    kind: NoticeKind
    subject: str
    body: str
    made: datetime
    due: datetime


@dataclass(frozen=True, slots=True)
class Handover:
    """A row of the journal: a Notice on one `way` ("inbox", "desktop", "apprise"), and what became of it.

    `inbox` is the account into whose inbox it was last about to be put; `tries` how often it was tried in vain, `next`
    when to try again."""

    id: int
    notice: Notice
    way: str
    state: NoticeState
    tries: int = 0
    next: datetime | None = None
    inbox: str | None = None


@dataclass(frozen=True, slots=True)
class Storm:
    """A storm that was noticed: since when, and until when, as far as it is over."""

    account: str
    since: datetime
    noticed: datetime
    ended: datetime | None = None
