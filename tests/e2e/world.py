"""A person's mailbox of thousands of messages, the same for the same moment, and a way to fill a server with it.

Every message knows what a sweep has to do with it.  Nothing here is taken from scatterclean but the words for
verdicts: what is written and what is expected must not come from the code that is tried.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from scatterclean.model import Grade, Interval, Lessons, Proofs, Verdict
from scatterclean.store import open_store

ME = "ada@winter.example"
OTHER = "postmaster@winter.example"
# In the body of every ordinary message: if a server ever sent this, a body was fetched.
ORDINARY = "ordinary-body"
# In the body of ordinary messages whose header fields alone could also be those of a bounce.
LOOKALIKE = "lookalike-body"


@dataclass(frozen=True)
class Letter:
    """A message as it lies in a folder; `verdict` is None for ordinary mail."""

    raw: bytes
    arrival: datetime
    flags: frozenset[str] = frozenset()
    verdict: Verdict | None = None
    moves: bool = False


@dataclass(frozen=True)
class Sent:
    """What bounces need to know of a message that was sent."""

    ident: str
    recipient: str
    subject: str
    when: datetime


@dataclass
class World:
    """`inbox` in order of arrival; `sent` likewise."""

    inbox: list[Letter] = field(default_factory=list)
    sent: list[Letter] = field(default_factory=list)

    def count(self, verdict: Verdict) -> int:
        return sum(letter.verdict is verdict for letter in self.inbox)

    @property
    def moving(self) -> list[Letter]:
        return [letter for letter in self.inbox if letter.moves]


def make(now: datetime, *, sent: int = 3000, ordinary: int = 1700, orphans: int = 236) -> World:
    """With the defaults: 2,000 in the inbox, 300 of them automatic, 40 of these genuine; 3,000 sent."""
    dice = random.Random(20261123)
    now = now.replace(microsecond=0)
    written = [_written(dice, number, now - timedelta(hours=8 * number + 1)) for number in range(sent)]
    world = World(sent=[_filed(dice, one) for one in reversed(written)])
    world.inbox += [_ordinary(dice, number, now) for number in range(ordinary)]
    world.inbox += _genuine(dice, written, now)
    world.inbox += _orphans(dice, orphans, now)
    world.inbox += _unsure(dice, now)
    world.inbox.sort(key=lambda letter: letter.arrival)
    return world


# --- what was sent ----------------------------------------------------------------------------------------


def _written(dice: random.Random, number: int, when: datetime) -> Sent:
    ident = dice.choice(
        (
            f"{dice.getrandbits(64):x}.{number}@winter.example",
            f"CA+{dice.getrandbits(60):x}={number}@mail.gmail.com",
            f"{number:08X}-{dice.getrandbits(48):012X}@winter.example",
        )
    )
    recipient = f"friend{dice.randrange(150)}@{dice.choice(('firm', 'club', 'school'))}.example"
    return Sent(ident, recipient, f"About the matter {number}", when)


def _filed(dice: random.Random, one: Sent) -> Letter:
    fields = [
        ("From", f"Ada Winter <{ME}>"),
        ("To", one.recipient),
        ("Subject", one.subject),
        ("Date", format_datetime(one.when)),
        ("Message-ID", f"<{one.ident}>"),
    ]
    if dice.random() < 0.2:
        fields.insert(2, ("Cc", "archive@club.example"))
    return Letter(_mail(fields, f"Dear friend,\n{ORDINARY}\nAda\n"), one.when, frozenset(("\\Seen",)))


# --- ordinary mail ----------------------------------------------------------------------------------------

_FLAGS: Sequence[frozenset[str]] = (
    frozenset(),
    frozenset(("\\Seen",)),
    frozenset(("\\Seen", "\\Answered")),
    frozenset(("\\Flagged",)),
    frozenset(("\\Seen", "Work")),
)


_EVERYDAY: Sequence[tuple[str, str, list[tuple[str, str]]]] = (
    ("Lunch on day {n}", "bob@firm.example", []),
    ("Re: About the matter {n}", "friend7@club.example", [("In-Reply-To", "<q{n}@winter.example>")]),
    ("News, number {n}", "news@paper.example", [("List-Id", "<paper.example>"), ("Precedence", "bulk")]),
    ("[choir] Rehearsal {n}", "carl@choir.example", [("List-Id", "<choir.example>"), ("Precedence", "list")]),
    ("Your parcel {n} is on its way", "shop@store.example", [("X-Mailer", "Shop 7")]),
    (
        "Invitation: meeting {n}",
        "dora@school.example",
        [("Content-Class", "urn:content-classes:calendarmessage")],
    ),
)
_LOOKALIKES: Sequence[tuple[str, str, list[tuple[str, str]]]] = (
    ("Fwd: Undelivered Mail Returned to Sender", "carl@club.example", []),
    ("Re: Delivery failed?", "dora@school.example", [("In-Reply-To", "<q{n}@winter.example>")]),
    ("Your order {n}", "shop@store.example", [("Auto-Submitted", "auto-generated")]),
    ("Cron <root@host> backup {n}", "root@host.winter.example", [("Auto-Submitted", "auto-generated")]),
)


def _ordinary(dice: random.Random, number: int, now: datetime) -> Letter:
    arrival = now - timedelta(minutes=20 + 400 * number)
    mark, kinds = (LOOKALIKE, _LOOKALIKES) if number % 25 == 0 else (ORDINARY, _EVERYDAY)
    subject, sender, extra = dice.choice(kinds)
    fields = [
        *_trace(dice, arrival),
        ("From", sender),
        ("To", ME),
        ("Subject", subject.format(n=number)),
        ("Date", format_datetime(arrival)),
        ("Message-ID", f"<o{number}@{sender.partition('@')[2]}>"),
        *((name, value.format(n=number)) for name, value in extra),
    ]
    body = f"{mark} {number}\n\n" + "> 550 5.1.1 User unknown\n> Message-ID: <x@y.example>\n" * (number % 3)
    return Letter(_mail(fields, body), arrival, dice.choice(_FLAGS))


def as_after_months(database: Path, account: str, now: datetime) -> None:
    """The log was watched for three months, and a reply has cited it: automatic replies, which return nothing, are
    judged from then on."""
    with open_store(database) as store:
        store.sent_log.cover(account, [Interval(now - timedelta(days=90), now, Grade.WITNESSED)])
        store.experience.learn(account, "", Lessons(proofs={account: Proofs(1, now)}))


# --- automatic mail ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Returned:
    """What a server says about one message: `ident` None: it does not say which."""

    ident: str | None
    recipient: str
    subject: str
    sent: datetime
    when: datetime
    number: int
    to: str = ME
    own: bool = False

    @property
    def hop(self) -> str:
        """What the person sends leaves through the person's provider, what others forge does not."""
        host, ip = (
            ("smtp.winter.example", "192.0.2.25") if self.own else ("bot7.dialup.example", "198.51.100.66")
        )
        return f"{host} ({host} [{ip}])"

    @property
    def domain(self) -> str:
        return self.recipient.partition("@")[2]

    @property
    def header(self) -> str:
        fields = [
            ("Received", f"from {self.hop} by mx.{self.domain}; {format_datetime(self.sent)}"),
            ("From", self.to),
            ("To", self.recipient),
            ("Subject", self.subject),
            ("Date", format_datetime(self.sent)),
        ]
        if self.ident is not None:
            fields.append(("Message-ID", f"<{self.ident}>"))
        return _block(fields)


Shape = Callable[[_Returned], tuple[list[tuple[str, str]], str]]


def _report(
    one: _Returned, sender: str, subject: str, text: str, returned: str, **options: str
) -> tuple[list[tuple[str, str]], str]:
    """RFC 3464, as most servers write it; `returned` is the third part with its header."""
    boundary = f"=_{one.number}_{options.get('mark', 'b')}"
    action = options.get("action", "failed")
    status = (
        f"Reporting-MTA: dns; mx.{one.domain}\n\nFinal-Recipient: rfc822; {one.recipient}\n"
        f"Action: {action}\nStatus: {options.get('status', '5.1.1')}\n"
    )
    parts = (
        f"Content-Type: text/plain\n\n{text}",
        f"Content-Type: message/delivery-status\n\n{status}",
        returned,
    )
    body = "".join(f"--{boundary}\n{part}\n" for part in parts) + f"--{boundary}--\n"
    fields = [
        ("From", sender),
        ("Subject", subject),
        ("Auto-Submitted", "auto-replied"),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/report; report-type=delivery-status; boundary="{boundary}"'),
    ]
    return fields, body


def _whole(one: _Returned) -> str:
    return f"Content-Type: message/rfc822\n\n{one.header}\nBuy now.\n"


def _headers(one: _Returned) -> str:
    return f"Content-Type: text/rfc822-headers\n\n{one.header}"


def _postfix(one: _Returned) -> tuple[list[tuple[str, str]], str]:
    text = f"This is the mail system at host mx.{one.domain}.\n\n<{one.recipient}>: host said: 550 5.1.1 unknown\n"
    sender = f"MAILER-DAEMON@mx.{one.domain} (Mail Delivery System)"
    return _report(one, sender, "Undelivered Mail Returned to Sender", text, _whole(one))


def _postfix_headers(one: _Returned) -> tuple[list[tuple[str, str]], str]:
    text = f"This is the mail system at host mx.{one.domain}.\n\n<{one.recipient}>: mailbox is full\n"
    sender = f"MAILER-DAEMON@mx.{one.domain} (Mail Delivery System)"
    return _report(one, sender, "Undelivered Mail Returned to Sender", text, _headers(one), status="5.2.2")


def _postfix_delay(one: _Returned) -> tuple[list[tuple[str, str]], str]:
    text = "THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE.\n"
    sender = f"MAILER-DAEMON@mx.{one.domain} (Mail Delivery System)"
    subject = "Delayed Mail (still being retried)"
    return _report(one, sender, subject, text, _headers(one), action="delayed", status="4.4.1")


def _exim(one: _Returned) -> tuple[list[tuple[str, str]], str]:
    fields = [
        ("From", f"Mail Delivery System <Mailer-Daemon@mx.{one.domain}>"),
        ("Subject", "Mail delivery failed: returning message to sender"),
        ("Auto-Submitted", "auto-replied"),
        ("X-Failed-Recipients", one.recipient),
    ]
    body = (
        "This message was created automatically by mail delivery software.\n\n"
        "A message that you sent could not be delivered to one or more of its\n"
        f"recipients. This is a permanent error. The following address(es) failed:\n\n  {one.recipient}\n"
        "    Unrouteable address\n\n"
        "------ This is a copy of the message, including all the headers. ------\n\n"
        f"Return-path: <{one.to}>\n{one.header}\nBuy now.\n"
    )
    return fields, body


def _exim_report(one: _Returned) -> tuple[list[tuple[str, str]], str]:
    fields, body = _report(
        one,
        f"Mail Delivery System <Mailer-Daemon@mx.{one.domain}>",
        "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n",
        _headers(one),
    )
    return [*fields, ("X-Failed-Recipients", one.recipient)], body


def _qmail(one: _Returned) -> tuple[list[tuple[str, str]], str]:
    fields = [("From", f"MAILER-DAEMON@mx.{one.domain}"), ("Subject", "failure notice")]
    body = (
        f"Hi. This is the qmail-send program at mx.{one.domain}.\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
        f"This is a permanent error; I've given up. Sorry it didn't work out.\n\n<{one.recipient}>:\n"
        "Sorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n"
        f"Return-Path: <{one.to}>\n{one.header}\nBuy now.\n"
    )
    return fields, body


def _sendmail(one: _Returned) -> tuple[list[tuple[str, str]], str]:
    text = (
        "   ----- The following addresses had permanent fatal errors -----\n"
        f"<{one.recipient}>\n    (reason: 550 5.1.1 User unknown)\n"
    )
    sender = f"Mail Delivery Subsystem <MAILER-DAEMON@mx.{one.domain}>"
    return _report(one, sender, "Returned mail: see transcript for details", text, _whole(one))


def _microsoft(one: _Returned) -> tuple[list[tuple[str, str]], str]:
    text = f"Delivery has failed to these recipients or groups:\n\n{one.recipient}\nThe email address was not found.\n"
    sender = f"postmaster@{one.domain}"
    return _report(one, sender, f"Undeliverable: {one.subject}", text, _whole(one), status="5.1.10")


def _google(one: _Returned) -> tuple[list[tuple[str, str]], str]:
    text = f"** Address not found **\n\nYour message wasn't delivered to {one.recipient}: no such address.\n"
    fields, body = _report(
        one,
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        "Delivery Status Notification (Failure)",
        text,
        _whole(one),
    )
    return [*fields, ("X-Failed-Recipients", one.recipient)], body


def _opensmtpd(one: _Returned) -> tuple[list[tuple[str, str]], str]:
    text = f"    Hi!\n\n    This is the MAILER-DAEMON, DO NOT REPLY.\n\n    {one.recipient}: 550 Invalid recipient\n"
    sender = f"Mailer Daemon <MAILER-DAEMON@mx.{one.domain}>"
    return _report(one, sender, "Delivery status notification: failed", text, _headers(one))


def _courier(one: _Returned) -> tuple[list[tuple[str, str]], str]:
    text = f"This is a delivery status notification from mx.{one.domain},\nrunning the Courier mail server.\n"
    sender = f'"Courier mail server at mx.{one.domain}" <@>'
    return _report(one, sender, "NOTICE: mail delivery status.", text, _headers(one), mark="c")


def _gmx(one: _Returned) -> tuple[list[tuple[str, str]], str]:
    fields = [
        ("From", f"Mail Delivery System <mailer-daemon@{one.domain}>"),
        ("Subject", "Mail delivery failed: returning message to sender"),
        ("Auto-Submitted", "auto-replied"),
    ]
    body = (
        "This message was created automatically by mail delivery software.\n\n"
        f"The following address failed:\n\n    {one.recipient}:\n        SMTP error: 550 unknown user\n\n"
        f"--- The header of the original message is following. ---\n\n{one.header}"
    )
    return fields, body


SHAPES: Sequence[Shape] = (
    _postfix,
    _postfix_headers,
    _postfix_delay,
    _exim,
    _exim_report,
    _qmail,
    _sendmail,
    _microsoft,
    _google,
    _opensmtpd,
    _courier,
    _gmx,
)


def _bounce(
    dice: random.Random,
    one: _Returned,
    shape: Shape,
    *,
    verdict: Verdict,
    moves: bool = False,
    flags: frozenset[str] = frozenset(),
) -> Letter:
    fields, body = shape(one)
    whole = [
        ("Return-Path", "<>"),
        ("Delivered-To", one.to),
        *_trace(dice, one.when),
        ("Date", format_datetime(one.when)),
        ("To", one.to),
        ("Message-ID", f"<b{one.number}.{dice.getrandbits(40):x}@mx.{one.domain}>"),
        *fields,
    ]
    return Letter(_mail(whole, body), one.when, flags, verdict, moves)


def _forged(dice: random.Random, number: int, when: datetime, *, to: str = ME) -> _Returned:
    victim = f"stranger{dice.randrange(9999)}@{dice.choice(('alpha', 'beta', 'gamma', 'delta'))}.example"
    ident = f"{dice.getrandbits(72):x}@{dice.choice(('pc-17', 'mailer.spam.example', 'winter.example'))}"
    sent = when - timedelta(minutes=dice.randrange(1, 90))
    return _Returned(ident, victim, f"Luxury watches {dice.randrange(99)}", sent, when, number, to)


def _orphans(dice: random.Random, count: int, now: datetime) -> list[Letter]:
    """Half of them in the storm of last night, the others one by one over a month; some were read."""
    found = []
    for number in range(count):
        if number % 2:
            when = now - timedelta(minutes=600 + dice.randrange(300))
        else:
            when = now - timedelta(minutes=45 + 180 * number)
        flags = frozenset(("\\Seen",)) if number % 7 == 0 else frozenset[str]()
        shape = SHAPES[number % len(SHAPES)]
        letter = _bounce(
            dice, _forged(dice, number, when), shape, verdict=Verdict.ORPHAN, moves=True, flags=flags
        )
        found.append(letter)
    return found


def another_orphan(number: int, now: datetime) -> Letter:
    """One of an hour ago."""
    dice = random.Random(number)
    one = _forged(dice, 7000 + number, now.replace(microsecond=0) - timedelta(hours=1))
    return _bounce(dice, one, SHAPES[number % len(SHAPES)], verdict=Verdict.ORPHAN, moves=True)


def _genuine(dice: random.Random, written: Sequence[Sent], now: datetime) -> list[Letter]:
    """32 that quote a message of the log, 8 that quote none, but whose recipient was written to just before."""
    found = []
    for number in range(40):
        # The latest third of a month, or anything of the last three years: the id is known for ever.
        one = written[number if number >= 32 else dice.randrange(len(written))]
        when = min(one.when + timedelta(minutes=30), now - timedelta(minutes=15))
        ident = one.ident if number < 32 else None
        returned = _Returned(ident, one.recipient, one.subject, one.when, when, 5000 + number, own=True)
        flags = frozenset(("\\Flagged",)) if number % 9 == 0 else frozenset[str]()
        shape = SHAPES[number % len(SHAPES)]
        found.append(_bounce(dice, returned, shape, verdict=Verdict.GENUINE, flags=flags))
    return found


def _unsure(dice: random.Random, now: datetime) -> list[Letter]:
    """24 that look like orphans, but for one thing each."""
    found = []
    for number in range(6):  # the person flagged or answered them: orphans that are left alone
        one = _forged(dice, 6000 + number, now - timedelta(hours=5, minutes=number))
        flags = frozenset(("\\Flagged",)) if number % 2 else frozenset(("\\Answered", "\\Seen"))
        found.append(_bounce(dice, one, SHAPES[number], verdict=Verdict.ORPHAN, flags=flags))
    for number in range(6):  # too fresh: a copy may still be filed
        one = _forged(dice, 6100 + number, now - timedelta(seconds=30 + number))
        found.append(_bounce(dice, one, SHAPES[number], verdict=Verdict.WAITING))
    for number in range(6):  # copies for the postmaster: somebody else's
        one = _forged(dice, 6200 + number, now - timedelta(hours=9, minutes=number), to=OTHER)
        found.append(_bounce(dice, one, SHAPES[number], verdict=Verdict.UNDECIDED))
    for number in range(6):  # nothing says which message it was
        one = _forged(dice, 6300 + number, now - timedelta(hours=8, minutes=number))
        nameless = _Returned(None, one.recipient, one.subject, one.sent, one.when, one.number)
        found.append(_bounce(dice, nameless, SHAPES[number], verdict=Verdict.UNDECIDED))
    return found


# --- text -------------------------------------------------------------------------------------------------


def _trace(dice: random.Random, when: datetime) -> list[tuple[str, str]]:
    hop = f"from out.example by mail.winter.example with ESMTP id {dice.getrandbits(40):X}"
    return [("Received", f"{hop}; {format_datetime(when)}")]


def _block(fields: Iterable[tuple[str, str]]) -> str:
    return "".join(f"{name}: {value}\n" for name, value in fields)


def _mail(fields: Iterable[tuple[str, str]], body: str) -> bytes:
    return f"{_block(fields)}\n{body}".replace("\n", "\r\n").encode()


# --- a server ---------------------------------------------------------------------------------------------


def fill(port: int, user: str, password: str, folder: str, letters: Sequence[Letter]) -> None:
    """APPEND all of them: many to a command (RFC 3502) without waiting for a go-ahead (RFC 7888)."""
    with (
        socket.create_connection(("127.0.0.1", port), 60) as connection,
        connection.makefile("rb") as answers,
    ):
        answers.readline()
        for tag, command in _commands(user, password, folder, letters):
            connection.sendall(command)
            while not (line := answers.readline()).startswith(tag):
                assert line, "the server hung up"
            assert line.startswith(tag + b" OK"), line


def _commands(
    user: str, password: str, folder: str, letters: Sequence[Letter]
) -> Iterator[tuple[bytes, bytes]]:
    yield b"l", f"l LOGIN {user} {password}\r\n".encode()
    for start in range(0, len(letters), 200):
        parts = [f'a{start} APPEND "{folder}"'.encode()]
        for letter in letters[start : start + 200]:
            date = letter.arrival.astimezone(UTC).strftime("%d-%b-%Y %H:%M:%S +0000")
            flags = " ".join(sorted(letter.flags))
            parts.append(f' ({flags}) "{date}" {{{len(letter.raw)}+}}\r\n'.encode() + letter.raw)
        yield f"a{start}".encode(), b"".join(parts) + b"\r\n"
    yield b"o", b"o LOGOUT\r\n"
