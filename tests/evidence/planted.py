"""Plants many findings into a real store, varied, as sweeps leave them: for what reads and shows a store at a size that
no test could sweep together.

Rows are made by the store's own forms, a few hundred of them, and varied as text: 100,000 are written in seconds.
"""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scatterclean.config import AccountSettings, Secret, Settings, Source
from scatterclean.model import (
    Account,
    Because,
    Bounce,
    Closure,
    Cursor,
    Errand,
    Finding,
    Grade,
    Identities,
    Interval,
    Kind,
    Lessons,
    MessageId,
    Mode,
    MoveState,
    Original,
    Place,
    Proofs,
    Reason,
    Reference,
    SentMessage,
    SweepReport,
    Verdict,
    Weight,
)
from scatterclean.store import Store, forms, open_store
from scatterclean.store.columns import microseconds
from scatterclean.wire import Household

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ME = "ada@winter.example"
ACCOUNT = "home"
# What is varied from row to row, as it stands in the form.
_NUMBER, _HOST, _PERSON, _ADDRESS = "904904904", "host904host", "person904", "ada904@winter.example"
# Of a hundred: verdict and deciding reason.  The rest are orphans.
_REST = (
    (Verdict.GENUINE, Because.ID_LOGGED, 3),
    (Verdict.UNDECIDED, Because.NO_REFERENCE, 1),
    (Verdict.UNDECIDED, Because.NOT_YOURS, 1),
    (Verdict.WAITING, Because.SETTLING, 1),
)
_SUBJECTS = (
    "Your invoice {} is overdue",
    "Re: your order {}",
    "Cheap watches -- {}% off",
    "Größe zählt 💊 {}",
    "You have won {} EUR",
    "RE: Payment {} <script>alert(1)</script>",
    "Parcel {} could not be delivered \u202egpj.exe",
    "Meet me tonight",
)
_LINKS = (
    "shop.watches.example",
    "login.bank.example.pills.example",
    "198.51.100.77",
    "xn--grsse-lva.example",
)
_FILES = (
    ("invoice.pdf.exe", "application/x-msdownload"),
    ("scan.zip", "application/zip"),
    ("photo.jpg", "image/jpeg"),
)
_SAID = (
    ("5.1.1", "550 5.1.1 <person904@host904host.example>: User unknown"),
    ("5.2.2", "552 5.2.2 Mailbox full"),
    ("5.7.1", "554 5.7.1 Message rejected as spam"),
    ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied"),
)
_KINDS = (*(Kind.BOUNCE,) * 14, Kind.DELAY, Kind.AUTOREPLY, Kind.NOTICE, Kind.CHALLENGE)


def settings(path: Path, *accounts: str, mode: Mode = Mode.MOVE, person: str = "") -> Settings:
    """The configuration of a planted store; without names it has the one account ACCOUNT."""
    identities = Identities(addresses=frozenset([ME, "*@winter.example"]))
    return Settings(
        path.with_name("scatterclean.toml"),
        path,
        tuple(
            AccountSettings(
                Account(
                    name,
                    identities,
                    person=person,
                    mode=mode,
                    server="imap.winter.example",
                    hosts=frozenset([".winter.example"]),
                ),
                "127.0.0.1",
                ME,
                Secret(Source.PLAIN, ("secret",)),
                dns=False,
            )
            for name in accounts or (ACCOUNT,)
        ),
    )


def household(path: Path, *, now: datetime = NOW) -> Household:
    """The planted store as a command opens it: to read, its clock at `now`."""
    opened = Household.open(settings(path), read_only=True)
    opened.clock = lambda: now
    return opened


def plant(path: Path, count: int, *, days: float = 2.0, seed: int = 1, now: datetime = NOW) -> Path:
    """A new store with `count` findings of the account ACCOUNT, most of them orphans of a storm of `days` that were
    put away; Sent was watched for a year, and swept a minute before `now`.  The same arguments plant the same."""
    with open_store(path) as store:
        _log(store, now)
        number = store.journal.begin_sweep(ACCOUNT, Mode.MOVE, now - timedelta(minutes=1))
        store.docket.enter(ACCOUNT, (), Cursor(Place("INBOX", 1), count + 1, count, now))
        _write(path, _cases(count, days, random.Random(seed), now), number)
        done = now - timedelta(seconds=30)
        store.journal.end_sweep(
            SweepReport(ACCOUNT, number, Mode.MOVE, now - timedelta(minutes=1), done, looked_at=count)
        )
    return path


def _log(store: Store, now: datetime) -> None:
    sent = [
        SentMessage(
            f"{number:032x}",
            (MessageId(f"sent.{number}@winter.example"),),
            ME,
            (f"friend{number % 20}@friends.example",),
            f"Letter {number}",
            now - timedelta(days=number),
            now - timedelta(days=number),
        )
        for number in range(1, 366)
    ]
    store.sent_log.record(ACCOUNT, "", sent, Cursor(Place("Sent", 1), 400, len(sent), now))
    store.sent_log.cover(ACCOUNT, [Interval(now - timedelta(days=365), now, Grade.WITNESSED)])
    store.experience.learn(ACCOUNT, "", Lessons(proofs={ACCOUNT: Proofs(3, now)}))


def _bounce(number: int, dice: random.Random, kind: Kind, *, own: bool) -> Bounce:
    """One of the forms: of a person's own letter, or of spam in the person's name."""
    status, said = dice.choice(_SAID)
    spam = not own
    gateway = f"out{number % 50}.spammer.example"
    hop = f"from {gateway} ({gateway} [198.51.100.{number % 250}]) by mx.{_HOST}.example (Postfix) with ESMTP id 4Z"
    links = tuple(dice.sample(_LINKS, dice.randint(0, 3))) if spam else ()
    original = Original(
        sender=dice.choice((ME, ME, ME, _ADDRESS)) if spam else ME,
        to=(f"{_PERSON}@{_HOST}.example",),
        subject=dice.choice(_SUBJECTS).format(_NUMBER) if spam else "Letter 7",
        date=NOW - timedelta(hours=3),
        received=(hop, f"from pc-{_NUMBER} (unknown [203.0.113.{number % 250}]) by {gateway} with SMTP"),
        body=spam,
        links=links,
        files=(dice.choice(_FILES),) if spam and number % 9 == 0 else (),
    )
    mta = f"mx.{_HOST}.example"
    own_mx = "mx.winter.example"
    return Bounce(
        kind=kind,
        references=(
            Reference(MessageId(f"{_NUMBER}.forged@spam.example"), Weight.STRONG, "message/rfc822 part"),
        ),
        recipients=(f"{_PERSON}@{_HOST}.example",),
        original=original,
        sender=f"mailer-daemon@{mta}",
        message_id=f"{_NUMBER}.bounce@{mta}",
        subject="Undelivered Mail Returned to Sender",
        delivered_to=(original.sender or ME,),
        reporting_mta=mta if kind in (Kind.BOUNCE, Kind.DELAY) else None,
        action="failed" if kind is Kind.BOUNCE else None,
        status=status,
        diagnostic=said,
        received=(
            "by mail.winter.example (Dovecot) with LMTP id AbC",
            f"from {mta} ({mta} [192.0.2.{number % 250}]) by {own_mx} (Postfix) with ESMTPS id 4Q{_NUMBER}",
            f"by {mta} (Postfix) id {_NUMBER}; Mon, 23 Nov 2026 09:00:00 +0000",
        ),
        marks=("Authentication-Results: mx.winter.example; spf=pass",),
    )


def _finding(verdict: Verdict, because: Because, number: int) -> Finding:
    reason = Reason.of(because, id=f"{_NUMBER}.forged@spam.example", found_in="message/rfc822 part")
    foreign = (Reason.of(Because.FOREIGN, line=f"from out{number}.spammer.example"),)
    return Finding(verdict, (reason, *(foreign if verdict is Verdict.ORPHAN and number % 10 else ())))


_Row = tuple[str | int | None, ...]


def _cases(count: int, days: float, dice: random.Random, now: datetime) -> Iterator[tuple[_Row, _Row | None]]:
    """Rows of `cases`, and of `moves` where the finding was put away."""
    plots = [verdict for verdict in _REST for _ in range(verdict[2])]
    made: dict[tuple[Verdict, Because, int], tuple[str, str]] = {}
    for number in range(count):
        verdict, because, _ = (
            plots[number % 100] if number % 100 < len(plots) else (Verdict.ORPHAN, Because.UNKNOWN_ID, 0)
        )
        plot = (verdict, because, dice.randrange(60))
        if plot not in made:
            own = verdict is Verdict.GENUINE
            bounce = _bounce(plot[2], dice, Kind.BOUNCE if own else dice.choice(_KINDS), own=own)
            texts = forms.bounce_to_json(bounce), forms.finding_to_json(_finding(*plot))
            made[plot] = _template(texts[0]), _template(texts[1])
        varied = {
            "number": f"{number:09}",
            "host": f"isp{min(dice.randrange(3000), dice.randrange(3000))}",
            "person": f"p{number % 7919}",
            "address": f"info{number % 997}@winter.example",
        }
        bounce_text, finding_text = made[plot][0] % varied, made[plot][1] % varied
        # Most came in one night; the rest over the days, and now and then one in the year before.
        ago = (
            abs(dice.gauss(days / 2, days / 8))
            if number % 20
            else dice.uniform(0.01, 300 if number % 200 == 0 else days)
        )
        arrival = microseconds(now - timedelta(days=ago))
        fingerprint = f"{number:032x}"
        orphan = verdict is Verdict.ORPHAN
        kept, back = orphan and number % 53 == 0, orphan and number % 211 == 0
        closure = None
        if orphan and not kept:
            closure = Closure.MOVED.value
        elif verdict is Verdict.GENUINE:
            closure = Closure.GENUINE.value
        case: _Row = (
            *(ACCOUNT, "INBOX", 7, number + 1, fingerprint, arrival, f"{number}.bounce@mx"),
            *(verdict.value, bounce_text, finding_text, arrival if closure else None, closure),
        )
        state = MoveState.RETURNED if back else MoveState.MOVED
        move: _Row = (
            *(fingerprint, number + 1, number + 1, arrival, f"{number}.bounce@mx"),
            *("Undelivered Mail Returned to Sender", "mailer-daemon@mx", state.value, arrival, arrival),
        )
        yield case, move if closure == Closure.MOVED.value else None


_VARIED = re.compile(f"({_NUMBER}|{_HOST}|{_PERSON}|{_ADDRESS})")


def _template(text: str) -> str:
    """For `%`: what is varied by name."""
    names = {_NUMBER: "%(number)s", _HOST: "%(host)s", _PERSON: "%(person)s", _ADDRESS: "%(address)s"}
    return "".join(names.get(piece) or piece.replace("%", "%%") for piece in _VARIED.split(text))


_CASES = (
    "INSERT INTO cases (account, folder, uidvalidity, uid, fingerprint, arrival, message_key, verdict, bounce, finding,"
    " closed_at, closure) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_MOVES = (
    "INSERT INTO moves (sweep_id, account, fingerprint, source_folder, source_uidvalidity, source_uid, target_folder,"
    " target_uidvalidity, target_uidnext, target_uid, errand, arrival, message_id, message_key, subject, sender, state,"
    " intended_at, settled_at)"
    " VALUES ({sweep}, '{account}', ?, 'INBOX', 7, ?, 'Backscatter', 9, 1, ?, '{errand}', ?, ?, NULL, ?, ?, ?, ?, ?)"
)


def _write(path: Path, rows: Iterator[tuple[_Row, _Row | None]], sweep: int) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("BEGIN IMMEDIATE")
    put_away = _MOVES.format(sweep=sweep, account=ACCOUNT, errand=Errand.SWEEP.value)
    for case, move in rows:
        connection.execute(_CASES, case)
        if move is not None:
            connection.execute(put_away, move)
    connection.execute("COMMIT")
    connection.close()
