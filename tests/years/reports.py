"""What comes back: forged mail to be returned, and all shapes in which servers return it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from scatterclean.demo.dice import Dice
from scatterclean.demo.mime import Mail, block, mailbox, multipart, plain, stamp
from scatterclean.demo.returns import DELAYS, FAILURES, Shape, Undelivered, report_fields, status
from scatterclean.demo.shapes import exim, microsoft, postfix, repliers, unix, webmail

from .people import BOTS, STRANGERS, Host, Person


def headers_without_trace(case: Undelivered) -> Mail:
    """Gateways that return what the author wrote of the header, and none of the Received fields."""
    boundary = f"=_{case.dice.text(20)}"
    wanted = ("From", "To", "Subject", "Date", "Message-ID")
    returned = block([(k, v) for k, v in case.original.fields if k in wanted])
    return Mail(
        (
            ("From", f"postmaster@{case.domain}"),
            ("To", case.envelope),
            ("Subject", "Delivery Failure"),
            ("Date", stamp(case.when)),
            ("Message-ID", f"<{case.dice.text(22)}@{case.reporter}>"),
            *report_fields(boundary),
        ),
        multipart(
            boundary,
            ([("Content-Type", "text/plain")], f"{case.recipient}: {case.words}\n"),
            ([("Content-Type", "message/delivery-status")], status(case)),
            ([("Content-Type", "text/rfc822-headers")], returned),
        ),
    )


def by_reply_alone(case: Undelivered) -> Mail:
    """Nothing is returned; In-Reply-To names the original."""
    mail = webmail.gateway(case)
    return mail.under(("In-Reply-To", case.id))


FAILED: tuple[Shape, ...] = (
    *(postfix.postfix, postfix.postfix, postfix.postfix_headers, postfix.postfix_german),
    *(exim.exim_pasted, exim.exim_report, unix.qmail, unix.sendmail, unix.sendmail_old),
    *(unix.opensmtpd, unix.courier, microsoft.exchange_online, microsoft.exchange, microsoft.domino),
    *(webmail.gmail, webmail.yahoo, webmail.gmx, webmail.mailru, webmail.zoho, webmail.gateway),
    *(repliers.amavis, repliers.virus_notice, headers_without_trace, headers_without_trace, by_reply_alone),
)
DELAYED: tuple[Shape, ...] = (postfix.postfix_delay, exim.exim_delay)
ANSWERED: tuple[Shape, ...] = (
    *(repliers.out_of_office, repliers.abwesend, repliers.absence, repliers.vacation),
    *(repliers.challenge, repliers.receipt),
)


@dataclass(frozen=True)
class Forged:
    """`pasted`: the spammer wrote a line of the person's own provider below his own."""

    mail: Mail
    envelope: str
    recipient: str
    bot: Host
    pasted: bool

    @property
    def id(self) -> bytes:
        """As it is on the wire, without brackets."""
        return self.mail.get("Message-ID").strip("<>").encode()


def hands_over(address: str, report: bytes) -> bool:
    """Did the Received line come back that names this address?"""
    whole = report.replace(b"=\r\n", b"")  # quoted-printable
    return re.search(rb"Received: ?from [^\r\n]*[\[(]" + re.escape(address.encode()), whole) is not None


def forge(person: Person, to: str, dice: Dice, when: datetime) -> Forged:
    """Spam in the person's name, sent by a machine that somebody else took over."""
    domain = person.domain
    envelope = to
    if person.wildcard and dice.below(3) == 0:
        envelope = f"{dice.letters(6)}@{domain}"
    bot = dice.pick(BOTS)
    recipient = f"{dice.letters(7)}@{dice.pick(STRANGERS)}"
    chance = dice.below(20)
    date = when.replace(year=2011) if chance == 0 else when + timedelta(hours=dice.pick((0, 0, 0, -9, 5)))
    ident = dice.pick(
        (
            f"{dice.digits(14)}.{dice.text(8).upper()}@{domain}",
            f"{dice.text(32)}@{domain}",
            f"{dice.text(12)}${dice.text(8)}${dice.text(8)}@{dice.letters(8)}",
            f"{dice.digits(9)}.{dice.digits(13)}@{bot[0] or bot[1]}",
            f"{dice.uuid().upper()}@{dice.letters(7)}.local",
            f"{dice.digits(10)}.{dice.letters(6)}@{'www.' if person.own_domain else ''}{domain}",
        )
    )
    shown = envelope if dice.below(5) else f"{dice.letters(7)}@{dice.letters(6)}-mail.example"
    kind, body = plain(f"Your parcel {dice.digits(6)} waits: http://parcel.example/\n")
    mail = Mail(
        (
            ("From", mailbox(dice.pick(("Parcel Desk", "Accounts", "")), shown)),
            ("To", recipient),
            ("Subject", f"{dice.pick(_SUBJECTS)} {dice.digits(5)}"),
            ("Date", stamp(date)),
            ("Message-ID", f"<{ident}>"),
            ("MIME-Version", "1.0"),
            *kind,
        ),
        body,
    )
    pasted = dice.below(40) == 0
    if pasted:
        host, address = person.boxes[0].provider.out[0]
        mail = mail.under(
            ("Received", f"from {host} ({host} [{address}]) by relay.example with ESMTP; {stamp(date)}")
        )
    elif dice.below(3) == 0:
        relay = bot[0] or "relay.bot.example"
        mail = mail.under(
            ("Received", f"from x (unknown [203.0.113.9]) by {relay} with ESMTPA; {stamp(date)}")
        )
    return Forged(mail, envelope, recipient, bot, pasted)


_SUBJECTS = (
    "Your parcel",
    "Overdue invoice",
    "Quotation",
    "Last reminder",
    "Shipment documents",
    "Account notice",
)


def returned(  # noqa: PLR0917 - all of a report
    original: Mail,
    envelope: str,
    recipient: str,
    source: Host,
    sent: datetime,
    when: datetime,
    shape: Shape,
    dice: Dice,
) -> tuple[Mail, str]:
    """(the report, the host that sends it) by the server of the recipient, or of the shape's house."""
    reporter = _HOUSES.get(shape, f"mx.{recipient.rpartition('@')[2]}")
    case = Undelivered(
        original=original,
        envelope=envelope,
        recipient=recipient,
        failure=dice.pick(DELAYS if shape in DELAYED else FAILURES),
        reporter=reporter,
        source=source,
        arrived=min(sent + timedelta(seconds=dice.between(1, 20)), when),
        when=when,
        dice=dice,
    )
    return shape(case), reporter


_HOUSES: dict[Shape, str] = {
    microsoft.exchange_online: "mail-he1eur01lp2051.outbound.protection.outlook.com",
    webmail.gmail: "mail-sor-f41.google.com",
    webmail.yahoo: "sonic311-24.consmr.mail.ir2.yahoo.com",
    webmail.gmx: "mout-bounce.gmx.net",
    webmail.mailru: "mx183.mail.ru",
    webmail.zoho: "sender4-of-o50.zoho.com",
}
