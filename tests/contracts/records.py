"""Values that the tests of the store vary: messages, cases, intents.  Times are relative to NOW."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from scatterclean.model import (
    Because,
    Bounce,
    Case,
    Cursor,
    Errand,
    Finding,
    Intent,
    Kind,
    MessageId,
    Original,
    Place,
    Reason,
    Reference,
    SentMessage,
    Verdict,
    Weight,
    Whereabouts,
)
from scatterclean.ports import FolderState

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
INBOX = Place("INBOX", 7)
TARGET = FolderState(Place("Backscatter", 9), uidnext=40, exists=3)
BACK = FolderState(INBOX, uidnext=500, exists=80)


def days(count: float) -> timedelta:
    return timedelta(days=count)


def fingerprint(number: int) -> str:
    return f"{number:032x}"


def message(
    number: int,
    *,
    ids: Iterable[str] | None = None,
    to: Iterable[str] = ("Bob@example.net".lower(),),
    sender: str | None = "ada@winter.example",
    subject: str | None = "Invoice",
    sent_at: datetime | None = None,
) -> SentMessage:
    names = (f"sent.{number}@winter.example",) if ids is None else ids
    moment = sent_at or NOW - timedelta(minutes=number)
    return SentMessage(
        fingerprint=fingerprint(number),
        ids=tuple(MessageId(text) for text in names),
        sender=sender,
        recipients=tuple(to),
        subject=subject,
        sent_at=moment,
        filed_at=moment + timedelta(seconds=3),
    )


def cursor(folder: str = "Sent", uidnext: int = 10) -> Cursor:
    return Cursor(Place(folder, 3), uidnext, exists=uidnext - 1, read_at=NOW)


BOUNCE = Bounce(
    kind=Kind.BOUNCE,
    references=(
        Reference(MessageId("forged.1@spam.example"), Weight.STRONG, "message/rfc822 part"),
        Reference(MessageId("thread@spam.example"), Weight.WEAK, "References", level=2, by_reply=True),
    ),
    recipients=("nobody@example.net",),
    original=Original(
        sender="ada@winter.example",
        to=("nobody@example.net",),
        subject="Größe zählt 💊",
        date=NOW - timedelta(hours=3),
        received=("from a.example by b.example; Mon, 23 Nov 2026 09:00:00 +0000",),
        dkim_signed=True,
    ),
    sender="mailer-daemon@mx.example.net",
    message_id="<Bounce.1@MX.example.net>",
    subject="Undelivered Mail Returned to Sender",
    delivered_to=("ada@winter.example",),
    reporting_mta="mx.example.net",
    action="failed",
    status="5.1.1",
    diagnostic="550 no such user",
    received=("from mx.example.net by mail.winter.example",),
    stumbled=("exim: ValueError",),
)

ORPHAN = Finding(
    Verdict.ORPHAN,
    (Reason.of(Because.UNKNOWN_ID, id="forged.1@spam.example", found_in="message/rfc822 part"),),
)
UNDECIDED = Finding(Verdict.UNDECIDED, (Reason.of(Because.NO_REFERENCE),))
GENUINE = Finding(Verdict.GENUINE, (Reason.of(Because.ID_LOGGED, id="sent.1@winter.example"),))


def case(
    uid: int,
    *,
    account: str = "home",
    place: Place = INBOX,
    known_as: int | None = None,
    finding: Finding = ORPHAN,
    bounce: Bounce = BOUNCE,
    arrival: datetime | None = None,
) -> Case:
    return Case(
        account=account,
        where=Whereabouts(place, uid),
        fingerprint=fingerprint(uid if known_as is None else known_as),
        arrival=arrival or NOW - timedelta(minutes=uid),
        bounce=bounce,
        finding=finding,
    )


def intent(uid: int, *, account: str = "home", known_as: int | None = None) -> Intent:
    """The move of the case with this uid to Backscatter."""
    return Intent(
        account=account,
        fingerprint=fingerprint(uid if known_as is None else known_as),
        source=Whereabouts(INBOX, uid),
        target_folder="Backscatter",
        arrival=NOW - timedelta(minutes=uid),
        message_id=f"<Bounce.{uid}@MX.example.net>",
        subject="Undelivered",
        sender="mailer-daemon@mx.example.net",
    )


def bring_back(move_id: int, uid: int, errand: Errand = Errand.UNDO, *, account: str = "home") -> Intent:
    """The intent to take a move back from Backscatter to the inbox."""
    return Intent(
        account=account,
        fingerprint=fingerprint(uid),
        source=Whereabouts(TARGET.place, uid),
        target_folder="INBOX",
        errand=errand,
        returns=move_id,
    )
