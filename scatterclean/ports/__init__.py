"""What a sweep needs of the world: a mailbox and the bell that wakes it (mailbox.py), a sent log, a journal, a docket.

Every port has two kinds of implementations, the real one and one in memory or on a scratch file, and one
contract suite (tests/contracts) that runs on all of them.  All errors are those of `errors`.  What the person is told
has a page of its own, `notices`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from scatterclean.model import (
    Alarm,
    Answer,
    Arrival,
    Case,
    Closure,
    Coverage,
    Cursor,
    Errand,
    Hour,
    Intent,
    Interval,
    Learned,
    Lessons,
    Mode,
    Move,
    MoveState,
    Place,
    Question,
    SentMessage,
    Signature,
    SweepReport,
)
from scatterclean.ports.mailbox import Bell, Folder, FolderState, Mailbox

__all__ = [
    "Bell",
    "Docket",
    "Experience",
    "Folder",
    "FolderState",
    "History",
    "Journal",
    "Mailbox",
    "Names",
    "SentLog",
]


class SentLog(Protocol):
    """What was sent, and of which time the log knows it.  One log for all persons and accounts."""

    def assign(self, persons: Mapping[str, str]) -> None:
        """Say whose each account is ({account: person}); what an account logged follows it to its person.

        To be told the whole configuration before anything is asked: an account that changed its person and
        was not harvested since would else have coverage, but no messages.
        """

    def cursors(self, account: str) -> Mapping[str, Cursor]:
        """The Sent folders that were read, by name."""

    def record(
        self,
        account: str,
        person: str,
        messages: Sequence[SentMessage],
        cursor: Cursor,
        *,
        out_of: int = 0,
    ) -> int:
        """Add messages and set the folder's cursor, in one transaction.  Returns how many were new.

        A fingerprint that the account has logged already (of a dated message it implies `sent_at`) is not new, but ids
        and recipients that this copy names and the other did not are added (a copy filed by the server has aliases,
        one filed by the client has Bcc).  `person` counts for an account that is new to the log; see `assign`.

        `out_of`: so many messages are about to come one after another, these among them.  Of very many the log may lay
        aside what takes long to put in its place; it answers all the same, and whoever said so calls `tidy`."""

    def recording(
        self,
        account: str,
        person: str,
        messages: Sequence[SentMessage],
        cursor: Cursor,
        *,
        out_of: int = 0,
    ) -> Callable[[], int]:
        """`record` in two steps: what needs no database is done at once, and what is given back does the rest.

        For who lets another thread write: there the first step would only take turns with whatever runs meanwhile."""

    def tidy(self) -> None:
        """Put in its place what `record` laid aside; every question is answered alike before and after.

        `cover` does so, too, and so does the log itself when much lies there, or when it is opened."""

    def cover(self, account: str, intervals: Iterable[Interval]) -> None:
        """Add coverage; intervals that touch or overlap and have one grade are stored as one."""

    def retract(self, account: str, after: datetime) -> None:
        """Take back the coverage after a moment: what is left ends there."""

    def forget_folder(self, account: str, folder: str) -> None:
        """Drop the cursor of a Sent folder that the person took out of the configuration; rows stay."""

    def coverage(self, accounts: Sequence[str]) -> Mapping[str, Coverage]:
        """One entry for each of `accounts`, empty if nothing is covered."""

    def senders(self, person: str) -> frozenset[str]:
        """From addresses of the person's logged mail."""

    def senders_elsewhere(self, person: str, accounts: Collection[str]) -> Mapping[str, frozenset[str]]:
        """From addresses that other accounts of the person logged, and none of `accounts`: {account: addresses}."""

    def count(self, person: str, *, outbox: bool = False) -> int:
        """Messages in the person's log; with `outbox` also those that lie in no Sent folder."""

    def count_account(self, account: str) -> int:
        """Messages logged from this account."""

    def holders(self, person: str, keys: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """Which of the person's accounts logged these keys of ids: {key: accounts}; unknown keys are left out."""

    def shapes(self, person: str) -> frozenset[str]:
        """The shapes (`shapes.shape_of`) of all ids in the person's log."""

    def hours(self, account: str, since: datetime) -> Sequence[Hour]:
        """What was sent from this account in each clock hour (UTC) since then that has any, ascending."""

    def first_sent(self, account: str, skip: int = 0) -> datetime | None:
        """The earliest `sent_at` logged from this account, after passing over the `skip` earliest."""

    def last_sent(self, account: str) -> datetime | None:
        """The latest `sent_at` logged from this account."""

    def ask(self, question: Question) -> Answer:
        """One batch, a handful of queries, whatever its size.

        A key without "@" is known, too, if a logged one begins with it: it may have been cut short."""


class Experience(Protocol):
    """What the mail that passed by taught about the log (see `model.Lessons`)."""

    def learn(self, account: str, person: str, lessons: Lessons) -> None:
        """Record a batch in one transaction; proofs add up, of a route the latest sight stays.

        The number of routes and hosts per person is bounded (invariant 12): beyond it the oldest go."""

    def learned(self, person: str, accounts: Sequence[str]) -> Learned:
        """All that is on record for these accounts of a person; every account has an entry in `proofs`."""

    def received(self, person: str, keys: Iterable[str]) -> frozenset[str]:
        """Those keys that are of mail which the person received."""

    def forget_received(self, person: str, before: datetime) -> None:
        """Drop the ids of mail that arrived earlier: nobody returns it any more."""


class Names(Protocol):
    """What DNS says, with time-outs and a cache.  Offline everything is unknown; it never raises."""

    def networks(self, domain: str) -> tuple[str, ...] | None:
        """The networks that the SPF record of a domain authorises (RFC 7208), CIDR; None if that is unknown."""

    def verify(self, message: bytes, whole: bool, domains: frozenset[str]) -> tuple[Signature, ...]:
        """Check the DKIM signatures of `message` whose d= is one of `domains` or below one; others are not asked for.

        `whole`: the body is there to its end; else only what the header can tell is checked: a header that was
        altered fails, one that holds is UNKNOWN, for the body was not seen."""


class Journal(Protocol):
    """Every deed, written down before it is done.  Deleting rows is not part of it."""

    def begin_sweep(self, account: str, mode: Mode, now: datetime) -> int: ...

    def end_sweep(self, report: SweepReport) -> None: ...

    def sweeps(self, account: str | None = None, limit: int = 20) -> Sequence[SweepReport]:
        """Ended sweeps, latest first."""

    def intend(
        self, sweep: int, intents: Sequence[Intent], target: FolderState, now: datetime
    ) -> Sequence[Move]:
        """Write intentions down (committed when this returns)."""

    def settle(self, outcomes: Sequence[tuple[Move, MoveState, int | None]], now: datetime) -> None:
        """(move, new state, target uid if known); all in one commit.

        An undo or rescue that is settled as MOVED or DOUBLED turns the move that it returns into RETURNED, a
        deletion that is settled as DELETED the move that it ends into DELETED, in the same commit.

        Raises NobodyCanMend for a change that is not permitted."""

    def moves(
        self,
        account: str | None = None,
        *,
        states: Iterable[MoveState] | None = None,
        errand: Errand | Collection[Errand] | None = None,
        sweep: int | None = None,
        since: datetime | None = None,
        message_id: str | None = None,
        fingerprint: str | None = None,
        ids: Collection[int] | None = None,
    ) -> Sequence[Move]:
        """Those that fit all that is given, the oldest first."""

    def ring(self, alarms: Sequence[Alarm], now: datetime) -> Sequence[Alarm]:
        """Write alarms down, each key of an account once ever; returns those that are new."""

    def alarms(self, account: str | None = None, since: datetime | None = None) -> Sequence[Alarm]:
        """Oldest first."""

    def note(self, account: str, key: str, now: datetime) -> datetime:
        """When the person was first told of this; `now` if that is now (then it is written down)."""

    def moved_before(self, account: str, fingerprints: Iterable[str]) -> frozenset[str]:
        """Those that a sweep, or the person's command, ever put away or may have (any state but STAYED)."""


class History(Protocol):
    """What became of all sweeps and moves of an account, counted; nothing is read row by row."""

    def put_away(self, account: str, since: datetime | None = None) -> Mapping[MoveState, int]:
        """Moves that put away and were intended since then, by what became of them; none is left out, but zeros."""

    def last_success(self, account: str) -> datetime | None:
        """When a sweep came to its end last that had a session with the server and knew where sent mail is filed."""

    def no_session_since(self, account: str) -> datetime | None:
        """When the first of the latest tries ended that all came to no session; None if the latest came to one."""

    def said_since(self, account: str, trouble: str) -> datetime | None:
        """When the first of the latest sweeps ended that all told this trouble; None if the latest did not."""

    def verdicts(self, account: str) -> Mapping[str, int]:
        """All cases on record by verdict, open and closed."""

    def alarms(self, account: str) -> int:
        """How many were ever raised."""


class Docket(Protocol):
    """The cases: bounces in watched folders that are not genuine, and how far those folders were read."""

    def cursor(self, account: str, folder: str) -> Cursor | None: ...

    def enter(self, account: str, cases: Sequence[Case], cursor: Cursor | None) -> Sequence[Case]:
        """Store new cases (same account and whereabouts: replaced) and the cursor, in one transaction.

        Returns the cases with their ids, in the same order.  A case with `closed_at` is stored as closed."""

    def open_cases(self, account: str, ids: Sequence[int] | None = None) -> Sequence[Case]:
        """Cases still in a watched folder, to be judged anew, the oldest first; with `ids` those of them only."""

    def open_ids(self, account: str) -> Mapping[Place, Mapping[int, int]]:
        """{place: {UID: id of the open case}}: small, for there may be tens of thousands."""

    def moved_cases(self, account: str) -> Iterator[tuple[Case, Move]]:
        """Cases whose latest sweep move is MOVED or COPIED: rescued if the log learns that they are genuine.

        But for those on which the person's hand was seen since.  Which they are is asked once; they are read in
        portions as it goes, for there may be tens of thousands."""

    def update(self, cases: Sequence[Case]) -> None:
        """Store the findings of known cases (by id)."""

    def close(self, cases: Sequence[Case], now: datetime, why: Closure | None = None) -> None:
        """Not to be judged again: moved, genuine, gone, or the person's hand was seen on them."""

    def find(
        self,
        account: str,
        *,
        message_id: str | None = None,
        folder: str | None = None,
        uidvalidity: int | None = None,
        uid: int | None = None,
        limit: int = 100,
    ) -> Sequence[Case]:
        """Cases, open and closed, that fit all that is given; the latest first.

        `message_id` is the bounce's own, in any case, with or without angle brackets."""

    def get(self, known: int) -> Case | None:
        """The case with this id, of whatever account, open or closed."""

    def genuine(self, account: str, since: datetime) -> Iterator[Case]:
        """Cases that were found genuine and arrived since then, whenever that was found; the latest first, bounded, and
        read in portions as it goes."""

    def counts(self, account: str) -> Mapping[str, int]:
        """Open cases by verdict."""

    def orphans_between(self, account: str, start: datetime, end: datetime) -> Sequence[datetime]:
        """Arrivals in [start, end] of cases found to be orphans, ascending: what a storm is told by.

        Closed ones count too, but for those on which the person's hand was seen."""

    def arrivals(self, account: str, since: datetime) -> Sequence[Arrival]:
        """Of all bounces that arrived since then, open and closed, whatever they were found to be, ascending.

        Old mail that was copied into the folder lately counts by when its provider had received it.
        Each once, also where the server has numbered its folder anew; without automatic replies, receipts and
        complaints that are undecided: they are mostly answers to what the person sent."""
