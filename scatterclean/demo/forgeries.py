# ruff: noqa: RUF001 - spam comes in Cyrillic, too
"""The spam that claims to come from Ada: what infected machines sent to strangers with her address on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from scatterclean.demo import cast
from scatterclean.demo.dice import Dice
from scatterclean.demo.mime import Field, Mail, encoded, mailbox, plain, quoted, stamp

# Subject, then text; a line "---" parts the campaigns.
_CAMPAIGNS = """
Your parcel is waiting
Your parcel could not be handed over. A fee of 1,99 is open.
Settle it here: http://parcel-fee.example/t?id={n}
---
Overdue invoice {n}
Please see invoice {n}, now 14 days overdue. Download: http://billing-docs.example/{n}
Regards, Accounts
---
RE: quotation {n}
Kindly find our purchase order in the archive and confirm the earliest date of shipment.
http://po-share.example/view/{n}
---
Your storage plan ends today
98 % of your quota is used. Keep your messages: http://mail-quota.example/keep?u={n}
---
Earn from home, no experience needed
We seek regional agents. 480 per week, two hours a day. Write to us today, reference {n}.
---
Re: photos
hi, these are from the weekend :) http://pics-weekend.example/{n}
---
Letzte Mahnung Nr. {n}
Trotz mehrfacher Aufforderung haben wir keinen Zahlungseingang festgestellt.
Die Aufstellung finden Sie hier: http://forderung-online.example/{n} – bitte prüfen Sie umgehend.
---
Выгодное предложение {n}
Добрый день! Предлагаем оборудование со склада, скидка до конца недели.
http://sklad-opt.example/?{n}
---
Votre compte a été suspendu
Nous avons relevé une activité inhabituelle. Vérifiez vos données : http://compte-verif.example/{n}
---
Luxury watches, outlet prices
Every model, shipped in plain boxes. Only this week: http://watch-outlet.example/?c={n}
---
Invest in the coin everybody talks about
A robot trades while you sleep. First 250 double in a month: http://coin-robot.example/{n}
---
Shipment documents
Bill of lading and packing list attached. Reply with your bank details so that we can release them.
"""

# From lines that spammers write in front of a stolen address.
_NAMES = (
    "Parcel Desk",
    "Accounts Payable",
    "Olivia M.",
    "Mail Administrator",
    "HR Team",
    "ada",
    "",
    "",
    "Inkasso West",
)
_MAILERS = (
    "Microsoft Office Outlook 12.0",
    "Foxmail 7, 2, 9, 115[cn]",
    "PHPMailer 5.2.2",
    "The Bat! (v3.0.1.33)",
    "",
)


@dataclass(frozen=True, slots=True)
class Forgery:
    """One spam message as the bot sent it; `envelope` is the stolen address that the bounces will go to."""

    mail: Mail
    envelope: str
    recipient: str
    domain: str
    taker: tuple[str, str]  # host and address of the server that took it
    bot: tuple[str, str]  # host name (or "") and address of the machine that sent it
    when: datetime

    @property
    def id(self) -> str:
        """With its angle brackets."""
        return self.mail.get("Message-ID")


def forge(number: int, when: datetime) -> Forgery:
    """Spam number so-and-so, sent about `when`."""
    dice = Dice(f"forgery/{number}")
    envelope = dice.pick(cast.GUESSED)
    domain, host, address = cast.STRANGERS[number % len(cast.STRANGERS)]
    recipient = f"{dice.pick(cast.STRANGE_NAMES)}@{domain}"
    bot = dice.pick(cast.BOTS)
    subject, _, text = dice.pick(_CAMPAIGNS.strip().split("\n---\n")).partition("\n")
    number_in_text = dice.digits(6)
    date = _date(dice, when)
    fields: list[Field] = []
    if dice.below(3) == 0:  # a relay that a customer's stolen password opened
        relay = f"smtp-{dice.below(9)}.cheap-relay.example"
        name, ip = bot
        trace = f"from {name or ip} ([{ip}])\n\tby {relay} with ESMTPA id {dice.letters(10)};"
        fields.append(("Received", f"{trace}\n\t{stamp(date)}"))
        bot = (relay, "203.0.113.250")
    # Not every spammer puts the stolen address into From; the bounces follow the envelope.
    shown = envelope if dice.below(5) else f"{dice.letters(7)}@{dice.letters(6)}-mail.example"
    fields += [
        ("From", mailbox(dice.pick(_NAMES), shown)),
        ("To", mailbox("", recipient) if dice.below(2) else f"<{recipient}>"),
        ("Subject", encoded(subject.format(n=number_in_text))),
        ("Date", stamp(date)),
        ("Message-ID", f"<{_id(dice, envelope, bot)}>"),
    ]
    mailer = dice.pick(_MAILERS)
    if mailer:
        fields.append(("X-Mailer", mailer))
    fields.append(("MIME-Version", "1.0"))
    text = text.format(n=number_in_text) + "\n"
    if dice.below(3) == 0:
        html = "".join(f"<p>{line}</p>\n" for line in text.splitlines())
        fields += [
            ("Content-Type", 'text/html; charset="utf-8"'),
            ("Content-Transfer-Encoding", "quoted-printable"),
        ]
        mail = Mail(tuple(fields), quoted(f"<html><body>\n{html}</body></html>\n"))
    else:
        kind, body = plain(text, dice.pick(("8bit", "8bit", "base64")))
        mail = Mail((*fields, *kind), body)
    return Forgery(mail, envelope, recipient, domain, (host, address), bot, when)


def _date(dice: Dice, when: datetime) -> datetime:
    """Most spam is dated when it was sent; some by a clock that is hours off, a little is years off."""
    chance = dice.below(20)
    if chance == 0:
        return when.replace(year=2012, month=3, day=dice.between(1, 28))
    if chance < 4:
        return when + timedelta(hours=dice.pick((-9, -3, 5)))
    return when


def _id(dice: Dice, envelope: str, bot: tuple[str, str]) -> str:
    """The shapes of id that spam software makes up."""
    domain = envelope.rpartition("@")[2]
    name, address = bot
    return dice.pick(
        (
            f"{dice.digits(14)}.{dice.text(8).upper()}@{domain}",
            f"{dice.text(32)}@{domain}",
            f"{dice.text(12)}${dice.text(8)}${dice.text(8)}@{dice.letters(8)}",
            f"{dice.digits(9)}.{dice.digits(13)}@{name or address}",
            f"{dice.uuid().upper()}@{dice.letters(7)}.local",
            f"{dice.digits(10)}.{dice.letters(6)}@www.{domain}",
        )
    )
