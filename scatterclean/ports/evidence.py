"""What a report needs of the store: all findings of some accounts, flat, in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from scatterclean.model import Because, Case, Closure, Kind, MoveState, Verdict


class Fact(NamedTuple):
    """One finding.  `at` is its arrival in seconds since 1970, `because` the deciding reason (None before the first
    judgment) with its `detail` (of undecided and waiting ones alone), `move` what became of the last sweep's move of
    it, if there was one.  `foreign`: a stranger's machine sent the original."""

    id: int
    account: str
    at: int
    kind: Kind
    verdict: Verdict
    because: Because | None
    detail: str
    foreign: bool
    open: bool
    closure: Closure | None
    move: MoveState | None


class Forgery(NamedTuple):
    """What an orphan says of who sent it and of the spam that it returns, as strangers wrote it: `author` is the
    returned sender, `body` tells whether more than a header came back.  None where an older row does not say."""

    id: int
    account: str
    at: int
    kind: Kind
    foreign: bool
    mta: str | None
    sender: str | None
    author: str | None
    subject: str | None
    delivered_to: Sequence[str] | None
    links: Sequence[str] | None
    files: Sequence[Sequence[str]] | None
    body: bool | None


class Portion(NamedTuple):
    """Some thousand findings, and of those of them that are orphans what they say."""

    facts: Sequence[Fact]
    forgeries: Sequence[Forgery]


class Evidence(Protocol):
    """Reads what is on record, open and closed; it changes nothing."""

    def findings(self, accounts: Sequence[str], since: datetime | None) -> Iterator[Portion]:
        """All that arrived since then, the latest entered first, each message once: also where a server numbered its
        folder anew, or the person put it into another watched folder.  One state of the store, in portions."""

    def earlier(self, accounts: Sequence[str], since: datetime) -> int:
        """How many different messages on record arrived before."""

    def came(self, account: str, start: datetime, end: datetime) -> Mapping[int, int]:
        """{quarter of an hour since 1970: bounces} in [start, end), whatever they were found to be."""

    def cases(self, ids: Sequence[int]) -> Mapping[int, Case]:
        """These whole; one that is gone meanwhile is left out."""
