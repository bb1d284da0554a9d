"""What a report needs of the store: all findings of some accounts, flat, in one pass."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from scatterclean.model import Because, Case, Closure, Kind, MoveState, Verdict


class Facts(NamedTuple):
    """Findings, some hundred, in columns: what is made for each of them is what takes the time.

    `ats` are arrivals in seconds since 1970, `reasons` the deciding ones (None before the first judgment) with their
    `details` (JSON pairs; of undecided and waiting ones alone), `moves` what became of the last sweep's move of it, if
    there was one.  `traced`: of an orphan, that a stranger's machine sent the original; of what is undecided or
    waiting, that it may have left through the person's account, whatever else decided."""

    ids: Sequence[int]
    accounts: Sequence[str]
    ats: Sequence[int]
    kinds: Sequence[Kind]
    verdicts: Sequence[Verdict]
    reasons: Sequence[Because | None]
    details: Sequence[str | None]
    traced: Sequence[bool]
    open: Sequence[bool]
    closures: Sequence[Closure | None]
    moves: Sequence[MoveState | None]


class Forgeries(NamedTuple):
    """Those of them that are orphans: what they say of who sent them and of the spam that they return, as strangers
    wrote it; None where it is missing, or an older row does not say.

    `authors` are the returned senders, `returned_to` whom the bounces were written to (the last of their addresses is
    that of To), `bodies` tell whether more than a header came back."""

    ids: Sequence[int]
    accounts: Sequence[str]
    ats: Sequence[int]
    kinds: Sequence[Kind]
    mtas: Sequence[str | None]
    senders: Sequence[str | None]
    authors: Sequence[str | None]
    subjects: Sequence[str | None]
    returned_to: Sequence[str | None]
    links: Sequence[Sequence[str] | None]
    files: Sequence[Sequence[Sequence[str]] | None]
    bodies: Sequence[bool | None]


class Evidence(Protocol):
    """Reads what is on record, open and closed; it changes nothing."""

    def findings(self, accounts: Sequence[str], since: datetime | None) -> Iterator[tuple[Facts, Forgeries]]:
        """All that arrived since then, the latest entered first, each message once: also where a server numbered its
        folder anew, or the person put it into another watched folder.  One state of the store, in portions."""

    def earlier(self, accounts: Sequence[str], since: datetime) -> int:
        """How many different messages on record arrived before."""

    def came(self, account: str, start: datetime, end: datetime) -> Mapping[int, int]:
        """{quarter of an hour since 1970: bounces} in [start, end), whatever they were found to be."""

    def accounts(self, persons: Collection[str]) -> frozenset[str]:
        """The names of all accounts of these persons that ever had a log, configured or not."""

    def last_look(self, account: str) -> datetime | None:
        """When a sweep ended last that read a watched folder, whatever it moved; None if none was ever read whole."""

    def cases(self, ids: Sequence[int]) -> Mapping[int, Case]:
        """These whole; one that is gone meanwhile is left out."""
