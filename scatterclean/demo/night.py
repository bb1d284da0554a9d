"""The night of the storm: which server returned what, and what a sweep should find in each.

Every shape serves forged and real messages alike: nothing but the sent log can tell them apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from scatterclean.demo import cast
from scatterclean.demo.cast import ADA
from scatterclean.demo.delivery import SEEN, Letter, delivered
from scatterclean.demo.dice import Dice
from scatterclean.demo.forgeries import Forgery, forge
from scatterclean.demo.mime import Mail, bare
from scatterclean.demo.outbox import Written
from scatterclean.demo.returns import DELAYS, FAILURES, Failure, Shape, Undelivered
from scatterclean.demo.shapes import exim, microsoft, postfix, repliers, unix, webmail
from scatterclean.model import Because, Kind, Verdict

DURATION = timedelta(hours=6, minutes=35)


@dataclass(frozen=True, slots=True)
class Sort:
    """A shape, how often it comes in the storm, what it is called, and who reports (if not the taker)."""

    shape: Shape
    count: int
    name: str
    kind: Kind = Kind.BOUNCE
    reporter: str = ""
    failures: tuple[Failure, ...] = FAILURES


STORM = (
    Sort(postfix.postfix, 22, "Postfix"),
    Sort(postfix.postfix_headers, 12, "Postfix"),
    Sort(postfix.postfix_german, 4, "Postfix"),
    Sort(postfix.postfix_delay, 6, "Postfix", Kind.DELAY, failures=DELAYS),
    Sort(exim.exim_pasted, 11, "Exim"),
    Sort(exim.exim_report, 8, "Exim"),
    Sort(exim.exim_delay, 3, "Exim", Kind.DELAY, failures=DELAYS),
    Sort(unix.qmail, 8, "qmail"),
    Sort(unix.sendmail, 7, "sendmail"),
    Sort(unix.sendmail_old, 2, "sendmail"),
    Sort(unix.opensmtpd, 4, "OpenSMTPD"),
    Sort(unix.courier, 2, "Courier"),
    Sort(
        microsoft.exchange_online,
        13,
        "Microsoft 365",
        reporter="mail-db8eur05on2100.outbound.protection.outlook.com",
    ),
    Sort(microsoft.exchange, 4, "Exchange"),
    Sort(microsoft.domino, 2, "Domino"),
    Sort(webmail.gmail, 10, "Gmail", reporter="mail-ed1-f69.google.com"),
    Sort(webmail.yahoo, 5, "Yahoo", reporter="sonic311-24.consmr.mail.ir2.yahoo.com"),
    Sort(webmail.gmx, 5, "GMX/web.de", reporter="mout-bounce.gmx.net"),
    Sort(webmail.mailru, 4, "Mail.ru", reporter="mx183.mail.ru"),
    Sort(webmail.zoho, 2, "Zoho", reporter="sender4-of-o50.zoho.com"),
    Sort(repliers.amavis, 3, "amavis"),
    Sort(repliers.virus_notice, 2, "virus scanner", Kind.NOTICE),
    Sort(repliers.challenge, 3, "challenge", Kind.CHALLENGE),
    Sort(repliers.out_of_office, 5, "away notice", Kind.AUTOREPLY),
    Sort(repliers.abwesend, 2, "away notice", Kind.AUTOREPLY),
    Sort(repliers.absence, 1, "away notice", Kind.AUTOREPLY),
    Sort(repliers.vacation, 2, "away notice", Kind.AUTOREPLY),
    Sort(repliers.receipt, 2, "read receipt", Kind.RECEIPT),
)


def storm(dawn: datetime) -> list[Letter]:
    """The flood: orphans all, one of which Ada has flagged."""
    sorts = [sort for sort in STORM for _ in range(sort.count)]
    letters = []
    for number, sort in enumerate(sorts):
        dice = Dice(f"storm/{number}")
        # The sum of two throws: thick in the middle of the night.
        share = (dice.below(10_000) + dice.below(10_000)) / 20_000
        when = dawn - DURATION * (1 - share)
        waited = (
            timedelta(hours=4 if sort.name == "Postfix" else 24) if sort.kind is Kind.DELAY else timedelta()
        )
        # Every fourth report is about the same spam as the one before, sent to somebody else.
        forged = forge(number - (number % 4 == 3), when - waited - timedelta(seconds=dice.between(2, 90)))
        flagged = number == _FLAGGED
        flags = (
            frozenset(("\\Seen", "\\Flagged"))
            if flagged
            else SEEN
            if dice.below(12) == 0
            else frozenset[str]()
        )
        letters.append(_backscatter(sort, forged, number, when, flags=flags, moves=not flagged))
    return letters


_FLAGGED = 47


def _backscatter(
    sort: Sort,
    forged: Forgery,
    number: int,
    when: datetime,
    *,
    flags: frozenset[str] = frozenset(),
    verdict: Verdict = Verdict.ORPHAN,
    because: Because = Because.UNKNOWN_ID,
    moves: bool = False,
) -> Letter:
    dice = Dice(f"case/{number}")
    again = number % 4 == 3
    reporter = sort.reporter or forged.taker[0]
    case = Undelivered(
        original=forged.mail,
        envelope=forged.envelope,
        recipient=f"{dice.pick(cast.STRANGE_NAMES)}{dice.below(90) + 10}@{forged.domain}"
        if again
        else forged.recipient,
        failure=dice.pick(sort.failures),
        reporter=reporter,
        source=forged.bot,
        arrived=forged.when,
        when=when,
        dice=dice,
    )
    answers = sort.kind in (Kind.AUTOREPLY, Kind.RECEIPT, Kind.CHALLENGE)
    return delivered(
        sort.shape(case),
        when + timedelta(seconds=dice.between(1, 9)),
        sort.name,
        host=reporter,
        envelope=case.recipient if answers else "",
        to=forged.envelope,
        flags=flags,
        kind=sort.kind,
        verdict=verdict,
        because=because,
        moves=moves,
    )


def returned(late: Mapping[str, Written]) -> list[Letter]:
    """What Ada really has to read: her own messages that came back in the same night."""

    def back(  # noqa: PLR0917 - a table below
        key: str, shape: Shape, name: str, host: str, failure: Failure, hours: float, kind: Kind = Kind.BOUNCE
    ) -> Letter:
        written = late[key]
        recipient = bare(written.mail.get("To"))
        when = written.when + timedelta(hours=hours, seconds=4)
        case = Undelivered(
            original=written.on_the_wire,
            envelope=ADA.address,
            recipient=recipient,
            failure=failure,
            reporter=host,
            source=written.sent_by,
            arrived=written.when + timedelta(seconds=2),
            when=when,
            dice=Dice(f"returned/{key}"),
        )
        because = Because.TIE if shape is webmail.gateway else Because.ID_LOGGED
        envelope = recipient if kind is Kind.AUTOREPLY else ""
        letter = shape(case)
        return delivered(
            letter,
            when,
            name,
            host=host,
            envelope=envelope,
            kind=kind,
            verdict=Verdict.GENUINE,
            because=because,
        )

    unknown, full, greylisted = FAILURES[1], FAILURES[3], DELAYS[1]
    expired = Failure("450", "4.4.7", "delivery time expired; connect to {host}: Connection refused")
    return [
        back("typo", webmail.gmail, "Gmail", "mail-ed1-f69.google.com", unknown, 0),
        back(
            "full",
            microsoft.exchange_online,
            "Microsoft 365",
            "mail-db8eur05on2100.outbound.protection.outlook.com",
            full,
            0.01,
        ),
        back("slow", postfix.postfix_delay, "Postfix", "out1.posthaus.example", greylisted, 4.02, Kind.DELAY),
        back("gone", exim.exim_pasted, "Exim", "mx.transfest.example", unknown, 0),
        back("late", postfix.postfix_headers, "Postfix", "out2.posthaus.example", expired, 120.1),
        back(
            "away",
            repliers.out_of_office,
            "away notice",
            "mx.okafor-films.example",
            unknown,
            0,
            Kind.AUTOREPLY,
        ),
        back("mute", webmail.gateway, "gateway", "gate.editions-moreau.example", unknown, 0.2),
        back("none", unix.qmail, "qmail", "mail.tradutores.example", FAILURES[6], 0),
    ]


def unclear(dawn: datetime) -> list[Letter]:
    """What cannot be decided, and says so."""
    when = dawn - timedelta(hours=3)
    silent = _backscatter(
        Sort(webmail.gateway, 1, "gateway"),
        forge(9100, when - timedelta(minutes=2)),
        9100,
        when,
        verdict=Verdict.UNDECIDED,
        because=Because.NO_REFERENCE,
    )
    # Ada also reads the mail of the choir's board: a bounce of what Bettina wrote there is none of hers.
    board = "vorstand@chor-lindenau.example"
    return [
        silent,
        _not_adas("board", board, board, dawn - timedelta(hours=2), Because.NOT_YOURS),
        _not_adas("postmaster", "postmaster@winter.example", ADA.address, when, Because.ROLE_COPY),
    ]


def _not_adas(label: str, to: str, box: str, when: datetime, because: Because) -> Letter:
    """A bounce to `to` about a message of the choir's board, filed for `box`."""
    forged = forge(9101, when - timedelta(minutes=30))
    others = tuple(f for f in forged.mail.fields if f[0] not in ("From", "Received"))
    case = Undelivered(
        original=Mail(
            (("From", "Bettina Krause <vorstand@chor-lindenau.example>"), *others), forged.mail.body
        ),
        envelope=to,
        recipient="m.hartmann@blauwal-it.example",
        failure=FAILURES[1],
        reporter="mail.blauwal-it.example",
        source=("lists.chor-lindenau.example", "198.51.100.77"),
        arrived=forged.when,
        when=when,
        dice=Dice(f"not Ada's/{label}"),
    )
    return delivered(
        postfix.postfix(case),
        when,
        "Postfix",
        host=case.reporter,
        to=to,
        box=box,
        kind=Kind.BOUNCE,
        verdict=Verdict.UNDECIDED,
        because=because,
    )


def fresh(now: datetime) -> Letter:
    """One that came three minutes ago: a copy of what it speaks of may still be on its way to Sent."""
    when = now - timedelta(minutes=3)
    forged = forge(9200, when - timedelta(seconds=20))
    sort = Sort(postfix.postfix, 1, "Postfix")
    return _backscatter(sort, forged, 9200, when, verdict=Verdict.WAITING, because=Because.SETTLING)
