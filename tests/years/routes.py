"""The ways on which a person's mail leaves: what is on the wire, what is filed in Sent, and when.  It sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scatterclean.demo.dice import Dice
from scatterclean.demo.mime import Field, Mail, mailbox, plain, stamp

from .people import GOOGLE, Box, Host, Person

_LETTERS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789_-"


@dataclass(frozen=True)
class Posted:
    """A message that the person, or something of the person's, really sent.

    `wire` is what the reporter got, with its chain; `source` handed it over.  `filed` is the copy in Sent of `box`,
    `filed_after` the post; None: no copy.  `foreign`: it left through machines that are not the person's provider's.
    """

    route: str
    box: Box
    sender: str
    recipient: str
    subject: str
    when: datetime
    wire: Mail
    source: Host
    filed: Mail | None = None
    filed_after: timedelta = timedelta()
    foreign: bool = False

    @property
    def id(self) -> str:
        """As it is on the wire, with brackets."""
        return self.wire.get("Message-ID")


@dataclass(frozen=True)
class Draft:
    person: Person
    box: Box
    recipient: str
    subject: str
    when: datetime
    dice: Dice
    parent: str = ""

    def mail(self, ident: str, sender: str, *more: Field) -> Mail:
        kind, body = plain(f"Hello,\n\nthis is about {self.subject}.\n\nBye\n")
        answers = (("In-Reply-To", self.parent), ("References", self.parent)) if self.parent else ()
        return Mail(
            (
                ("From", mailbox(self.person.name.title(), sender)),
                ("To", self.recipient),
                ("Subject", f"Re: {self.subject}" if self.parent else self.subject),
                ("Date", stamp(self.when)),
                ("Message-ID", f"<{ident}>"),
                *answers,
                *more,
                ("MIME-Version", "1.0"),
                *kind,
            ),
            body,
        )

    def posted(self, route: str, wire: Mail, source: Host, **rest: object) -> Posted:
        sender = rest.pop("sender", self.person.address)
        return Posted(
            route=route,
            box=self.box,
            sender=str(sender),
            recipient=self.recipient,
            subject=self.subject,
            when=self.when,
            wire=wire,
            source=source,
            **rest,  # type: ignore[arg-type]  # the fields of Posted
        )

    @property
    def box_address(self) -> str:
        """As whom the person writes from this account."""
        return next(a for a in sorted(self.box.account.identities.addresses) if not a.startswith("*"))


def through_provider(draft: Draft, mail: Mail) -> tuple[Mail, Host]:
    """Taken from the person who logged in, handed out by one of the outgoing machines."""
    provider, dice = draft.box.provider, draft.dice
    host, _ = provider.submission
    taken = (
        f"from [192.168.1.{dice.between(2, 90)}] (p57a1.dip.stadtnetz.example [192.0.2.57])\n"
        f"\tby {host} with ESMTPSA id {dice.upper(10)};\n\t{stamp(draft.when)}"
    )
    return mail.under(("Received", taken)), dice.pick(provider.out)


def own_id(draft: Draft) -> str:
    if draft.box.provider is GOOGLE:
        return f"CA{draft.dice.text(48, _LETTERS)}@mail.gmail.com"
    return f"{draft.dice.uuid()}@{draft.person.domain}"


def letter(draft: Draft) -> Posted:
    """By the usual program; where the provider rewrites ids, as it does."""
    dice, rewrites = draft.dice, draft.box.provider.rewrites
    mail = draft.mail(own_id(draft), draft.box_address)
    wire, filed = mail, mail
    if rewrites == "microsoft":
        new = f"<{dice.upper(12)}{dice.digits(4)}@DB7PR04MB{dice.digits(4)}.eurprd04.prod.outlook.com>"
        wire = _renamed(mail, new, ("X-Microsoft-Original-Message-ID", mail.get("Message-ID")))
        filed = (
            wire if dice.below(3) else mail
        )  # the server's copy, or that of a program that files by itself
    elif rewrites == "plain":
        wire = _renamed(mail, f"<0102018{dice.text(9)}-{dice.uuid()}-000000@eu-west-1.amazonses.com>")
    wire, source = through_provider(draft, wire)
    return draft.posted("letter", wire, source, filed=filed, sender=draft.box_address)


def late(draft: Draft) -> Posted:
    """The program files the copy minutes or hours later: it lost the connection, or was put to sleep."""
    posted = letter(draft)
    minutes = draft.dice.pick((4, 9, 14, 45, 200, 600))
    return _but(posted, "late", filed_after=timedelta(minutes=minutes))


def phone(draft: Draft) -> Posted:
    """Leaves no copy; through the same provider, with ids of its own."""
    mail = draft.mail(
        f"{draft.dice.uuid().upper()}@phone.local", draft.box_address, ("X-Mailer", "iPhone Mail")
    )
    wire, source = through_provider(draft, mail)
    return draft.posted("phone", wire, source, sender=draft.box_address)


def script(draft: Draft) -> Posted:
    """A machine of the person's at a hoster sends by itself: another host, and no copy."""
    host, address = draft.person.vps
    ident = f"{draft.when:%Y%m%d%H%M%S}.{draft.dice.digits(5)}@{host}"
    taken = f"by {host} (Postfix, from userid 1000)\n\tid {draft.dice.upper(10)}; {stamp(draft.when)}"
    wire = draft.mail(ident, draft.person.address).under(("Received", taken))
    return draft.posted("script", wire, (host, address), foreign=True)


def web_form(draft: Draft) -> Posted:
    """The form on the person's site thanks a visitor in the person's name."""
    host, address = draft.person.vps
    mail = draft.mail(
        f"{draft.dice.text(32)}@{'www.' + draft.person.domain if draft.person.own_domain else host}",
        draft.person.address,
        ("Auto-Submitted", "auto-generated"),
    )
    taken = f"by {host} (Postfix, from userid 33)\n\tid {draft.dice.upper(10)}; {stamp(draft.when)}"
    return draft.posted("web form", mail.under(("Received", taken)), (host, address), foreign=True)


def send_as(draft: Draft) -> Posted:
    """The person's address through another house: the employer's server, which files nothing here."""
    host = ("smtp.employer.example", "203.0.113.60")
    mail = draft.mail(f"{draft.dice.text(24)}@employer.example", draft.person.address)
    taken = f"from [10.1.2.3] by {host[0]} with ESMTPSA id {draft.dice.upper(9)}; {stamp(draft.when)}"
    return draft.posted("send-as", mail.under(("Received", taken)), host, foreign=True)


def list_post(draft: Draft) -> Posted:
    """A list sends it on to its members, one of whom is gone; the report goes to the author."""
    posted = letter(draft)
    host = ("listen.chor.example", "203.0.113.70")
    name, address = posted.source
    handed = (
        f"from {name} ({name} [{address}])\n\tby {host[0]} (Postfix) with ESMTPS id X; {stamp(draft.when)}"
    )
    return _but(posted, "list", wire=posted.wire.under(("Received", handed)), source=host)


def unread(draft: Draft) -> Posted:
    """The copy is deleted before anybody read it (the life sees to that)."""
    return _but(letter(draft), "deleted copy")


def colleague(draft: Draft) -> Posted:
    """Somebody else writes from the role mailbox that the person reads, too."""
    mail = draft.mail(f"{draft.dice.uuid()}@{draft.person.domain}", draft.person.role)
    wire, source = through_provider(draft, mail)
    return draft.posted("colleague", wire, source, sender=draft.person.role)


def vacation(draft: Draft) -> Posted:
    """The provider answers in the person's name, mostly to spam; nothing is filed."""
    provider = draft.box.provider
    mail = draft.mail(
        f"dovecot-sieve-{draft.dice.digits(10)}-{draft.dice.digits(6)}-0@{provider.mx[0]}",
        draft.box_address,
        ("Auto-Submitted", "auto-replied (vacation)"),
        ("Precedence", "bulk"),
    )
    taken = (
        f"by {provider.mx[0]} (Postfix, from userid 5000)\n\tid {draft.dice.upper(9)}; {stamp(draft.when)}"
    )
    source = draft.dice.pick(provider.out)
    return draft.posted("vacation", mail.under(("Received", taken)), source, sender=draft.box_address)


def meeting(draft: Draft) -> Posted:
    """The calendar of the provider invites in the person's name, without a copy."""
    provider = draft.box.provider
    mail = draft.mail(f"calendar-{draft.dice.uuid()}@{provider.mx[0]}", draft.box_address)
    taken = f"by {provider.submission[0]} with HTTP id {draft.dice.upper(9)}; {stamp(draft.when)}"
    source = draft.dice.pick(provider.out)
    return draft.posted("meeting", mail.under(("Received", taken)), source, sender=draft.box_address)


def forwarded(draft: Draft) -> Posted:
    """The provider sends received mail on: the message is a third person's, the envelope the person's."""
    provider, dice = draft.box.provider, draft.dice
    third = f"x{dice.below(500)}@{dice.pick(('readers', 'quartz', 'tulip'))}.example"
    mail = draft.mail(f"{dice.text(20)}@{third.partition('@')[2]}", third)
    mail = Mail(
        tuple((k, third if k == "From" else draft.box_address if k == "To" else v) for k, v in mail.fields),
        mail.body,
    )
    came_in = (
        f"from mx.{third.partition('@')[2]} (mx.{third.partition('@')[2]} [203.0.113.{dice.between(100, 140)}])\n"
        f"\tby {provider.mx[0]} (Postfix) with ESMTPS id {dice.upper(9)}\n\tfor <{draft.box_address}>; "
        f"{stamp(draft.when)}"
    )
    wire = mail.under(("Received", came_in))
    return draft.posted("forwarded", wire, dice.pick(provider.out), sender=draft.box_address)


def _renamed(mail: Mail, new: str, *more: Field) -> Mail:
    return Mail((*((k, new if k == "Message-ID" else v) for k, v in mail.fields), *more), mail.body)


def _but(posted: Posted, route: str, **changes: object) -> Posted:
    return replace(posted, route=route, **changes)  # type: ignore[arg-type]  # the fields of Posted


Route = Callable[[Draft], Posted]
