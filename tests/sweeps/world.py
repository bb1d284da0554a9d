"""A person with a server in memory, a real SQLite store and a clock that the test sets; the sweep is the real one."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any

from scatterclean.knowledge import Sources
from scatterclean.mailbox.memory import MemoryMailbox, MemoryServer
from scatterclean.model import (
    Account,
    Grade,
    Identities,
    Interval,
    Lessons,
    Mode,
    Proofs,
    SweepReport,
)
from scatterclean.ports import Names
from scatterclean.store import Store, open_store
from scatterclean.sweep import Steps, Sweep
from scatterclean.undo import Selection, Undone, undo
from scatterclean.wishes import Fulfilling

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ME = "ada@winter.example"


def letter(
    subject: str, *, to: str = ME, sender: str = "bob@firm.example", ident: str = "x", at: datetime = NOW
) -> bytes:
    return (
        f"Received: from mx by mail.winter.example; {format_datetime(at)}\r\n"
        f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{ident}>\r\n"
        f"Date: {format_datetime(at)}\r\n\r\nHello.\r\n"
    ).encode()


def bounce(
    quoted: str,
    *,
    at: datetime,
    recipient: str = "nobody@elsewhere.example",
    sender: str = ME,
    subject: str = "Cheap watches",
    to: str = ME,
    number: int = 0,
    hop: str = "",
    by: str = "mx.elsewhere.example",
) -> bytes:
    """A Postfix bounce, made by the server `by`, of a message with the id `quoted`, which came in through `hop`.

    What the person sends leaves through the person's provider."""
    if not hop:
        own = quoted.endswith("@winter.example")
        host, ip = (
            ("smtp.winter.example", "192.0.2.25") if own else ("dsl-7.stranger.example", "198.51.100.7")
        )
        hop = f"{host} ({host} [{ip}])"
    return f"""Return-Path: <>
Received: by {by} (Postfix) id Q{number}{abs(hash(quoted)) % 10**8}; {format_datetime(at)}
Date: {format_datetime(at)}
From: MAILER-DAEMON@{by} (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B1"
Message-Id: <{number}.{quoted.partition("@")[0]}@{by}>

--B1
Content-Type: text/plain

<{recipient}>: host {by} said: 550 5.1.1 User unknown

--B1
Content-Type: message/delivery-status

Reporting-MTA: dns; {by}
Arrival-Date: {format_datetime(at)}

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.1.1

--B1
Content-Type: text/rfc822-headers

Return-Path: <{sender}>
Received: from {hop} by {by}; {format_datetime(at - timedelta(minutes=2))}
From: {sender}
To: {recipient}
Subject: {subject}
Date: {format_datetime(at - timedelta(minutes=3))}
Message-ID: <{quoted}>

--B1--
""".replace("\n", "\r\n").encode()


def stolen(ident: str, *, at: datetime, number: int = 0) -> bytes:
    """A bounce that raises an alarm: the person's own server says that the person's log-in sent it, and the log does
    not know it."""
    raw = bounce(ident, at=at, number=number).replace(b"mx.elsewhere.example", b"smtp.winter.example")
    inside = b"Received: from dsl-7.stranger.example (dsl-7.stranger.example [198.51.100.7]) by smtp.winter.example"
    login = (
        b"Received: from pc (dsl-7.stranger.example [198.51.100.7])\r\n\t(Authenticated sender: "
        + ME.encode()
        + b")\r\n\tby smtp.winter.example (Postfix) with ESMTPSA id 4AB"
    )
    assert inside in raw
    return raw.replace(inside, login)


@cache
def _template() -> Path:
    """A database without rows: copying it is much faster than migrating a new one in every test."""
    path = Path(tempfile.mkdtemp(prefix="scatterclean-tests-")) / "empty.db"
    open_store(path).close()
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    return path


# Without a disk, where that can be had: what thousands of small databases cost is fsync.
SCRATCH = "/dev/shm" if Path("/dev/shm").is_dir() else None

_statements: list[Any] = []


def compiled_once(store: Store) -> None:
    """SQLAlchemy compiles each statement once for an engine; tests that open two thousand databases took a quarter of
    their time for that.  So the engines of all worlds share what is compiled, and the dialect, part of its key."""
    engine: Any = store._database._engine
    if not _statements:
        _statements.extend((engine.dialect, engine._compiled_cache))
    engine.dialect, engine._compiled_cache = _statements


@dataclass
class World:
    """`now` is what the clock says; every sweep gets a session of its own."""

    path: Path
    server: MemoryServer = field(default_factory=MemoryServer)
    now: datetime = NOW
    account: Account = field(
        default_factory=lambda: Account(
            "home",
            Identities(addresses=frozenset([ME])),
            mode=Mode.MOVE,
            hosts=frozenset([".winter.example"]),
        )
    )
    accounts: Sequence[str] = ("home",)
    names: Names | None = None
    mates: tuple[Identities, ...] = ()
    _store: Store | None = None

    @property
    def store(self) -> Store:
        if self._store is None:
            if not self.path.exists():
                shutil.copyfile(_template(), self.path)
            self._store = open_store(self.path)
            compiled_once(self._store)
        return self._store

    def close(self) -> None:
        """As when the process ended: what comes next opens the database again."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def clock(self) -> datetime:
        return self.now

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    # --- mail -------------------------------------------------------------------------------------------

    def sent(
        self, ident: str, *, ago: timedelta, to: str = "friend@f.example", subject: str = "Hello"
    ) -> int:
        at = self.now - ago
        raw = letter(subject, to=to, sender=ME, ident=ident, at=at)
        return self.server.append(self.server.namespaces.personal("Sent"), raw, arrival=at, flags=["\\Seen"])

    def history(self, count: int = 40) -> None:
        """A message every ten days, the oldest a year and more ago."""
        for number in range(count, 0, -1):
            self.sent(f"sent.{number}@winter.example", ago=timedelta(days=10 * number))

    def bounced(self, quoted: str, *, ago: timedelta = timedelta(hours=2), **rest: object) -> int:
        at = self.now - ago
        raw = bounce(quoted, at=at, **rest)  # type: ignore[arg-type]  # the keywords of `bounce`
        return self.server.append("INBOX", raw, arrival=at)

    def unreferenced(self, *, ago: timedelta = timedelta(hours=2), number: int = 0) -> int:
        """A bounce that names no message: nobody can decide whose it is about."""
        at = self.now - ago
        raw = bounce(f"nameless.{number}@spam.example", at=at, number=number)
        lines = raw.split(b"\r\n")
        kept = [line for line in lines if not line.startswith(b"Message-ID: <nameless")]
        return self.server.append("INBOX", b"\r\n".join(kept), arrival=at)

    def ordinary(self, count: int = 5) -> None:
        for number in range(count):
            at = self.now - timedelta(hours=number + 1)
            self.server.append(
                "INBOX", letter(f"Letter {number}", ident=f"l{number}@firm.example", at=at), arrival=at
            )

    def watched(self, days: int = 30) -> None:
        """As after so many days of sweeps, and a reply to mail of the person: witnessed coverage, calibrated."""
        for name in self.accounts:
            watched = Interval(self.now - timedelta(days=days), self.now, Grade.WITNESSED)
            self.store.sent_log.cover(name, [watched])
            self.store.experience.learn(name, "", Lessons(proofs={name: Proofs(1, self.now)}))

    # --- deeds ------------------------------------------------------------------------------------------

    def mailbox(self) -> MemoryMailbox:
        return MemoryMailbox(self.server)

    def sweep(
        self,
        *,
        mode: Mode | None = None,
        folders: Sequence[str] = (),
        since: date | None = None,
        steps: Steps | None = None,
    ) -> SweepReport:
        mailbox = self.mailbox()
        try:
            return Sweep(
                account=self.account,
                sources=self.sources(),
                mailbox=mailbox,
                journal=self.store.journal,
                docket=self.store.docket,
                clock=self.clock,
                mode=mode,
                folders=folders,
                since=since,
                steps=steps or Steps(),
            ).run()
        finally:
            mailbox.close()

    def sources(self) -> Sources:
        return Sources(
            log=self.store.sent_log,
            experience=self.store.experience,
            filing=dict.fromkeys(self.accounts, frozenset()),
            identities=self.mates,
            names=self.names,
        )

    def fulfil(self) -> None:
        """Carry out what the person wished in the dashboard."""
        mailbox = self.mailbox()
        store = self.store
        try:
            Fulfilling(self.account, mailbox, store.journal, store.docket, store.wishes, self.clock).run()
        finally:
            mailbox.close()

    def undo(self, selection: Selection | None = None) -> Undone:
        return undo(
            self.account, selection or Selection(), self.mailbox(), self.store.journal, clock=self.clock
        )

    def set(self, **changes: object) -> None:
        self.account = replace(self.account, **changes)  # type: ignore[arg-type]  # the fields of Account

    # --- looking ----------------------------------------------------------------------------------------

    @property
    def backscatter(self) -> str:
        return self.server.namespaces.personal("Backscatter")

    def ids(self, folder: str) -> list[str]:
        """What is in a folder: the Message-IDs, sorted."""
        if folder not in self.server.folder_names():
            return []
        return sorted(
            line.decode().partition(":")[2].strip(" <>")
            for message in self.server.messages(folder)
            for line in message.raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
            if line.lower().startswith(b"message-id:")
        )

    def inbox(self) -> list[str]:
        return self.ids("INBOX")

    def away(self) -> list[str]:
        return self.ids(self.backscatter)
