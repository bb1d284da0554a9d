"""Reports made by hand: a storm as it is told, and what strangers may write into one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from scatterclean.model import Because, Bounce, Case, Finding, Kind, Place, Reason, Verdict, Whereabouts
from scatterclean.model.report import (
    Bar,
    Bouncer,
    Conclusion,
    Counted,
    Course,
    Failure,
    Fate,
    Forged,
    Report,
    Returned,
    Says,
    Spam,
    Width,
)

ZONE = timezone(timedelta(hours=1), "CET")
NOW = datetime(2026, 11, 23, 20, 30, tzinfo=ZONE)

# What a stranger may write to take over a terminal, to forge a header, to be opened, or to hide.
HOSTILE = (
    "\r\nBcc: victim@example.org\r\n\r\n=cmd|'/C calc'!A0 \x1b[31mred\x1b]8;;http://evil.example\x1b\\ \x9b2J \x07 "
    "\u202egnp.exe \u200b [bold]x[/bold] https://evil.example/a?b=1 www.evil.example "
    "<script>alert(1)</script>\u2028End\x00"
)


def bouncer(host: str = "mx1.mail.example", **other: Any) -> Bouncer:
    """A server that sent twelve bounces and three automatic replies."""
    plain = Bouncer(
        host=host,
        domain="mail.example",
        bounces=15,
        first=NOW - timedelta(hours=6),
        last=NOW - timedelta(minutes=3),
        kinds={Kind.BOUNCE: 12, Kind.AUTOREPLY: 3},
        ip="198.18.5.5",
        statuses=("5.1.1", "5.2.2"),
        recipients=("nobody@mail.example",),
        example="<20261123.1@mx1.mail.example>",
        diagnostic="smtp; 550 5.1.1 User unknown",
    )
    return replace(plain, **other)


def hostile_bouncer() -> Bouncer:
    """Every text of it is a stranger's."""
    return bouncer(
        HOSTILE,
        domain=HOSTILE,
        ip=HOSTILE,
        statuses=(HOSTILE,),
        recipients=(HOSTILE, "x" * 10_000),
        example=HOSTILE,
        diagnostic=HOSTILE * 100,
        listed=(HOSTILE,),
    )


def storm_report(**other: Any) -> Report:
    """Six hours of a storm that is in progress, with everything in it."""
    start = NOW.replace(minute=0) - timedelta(hours=6)
    counts = (1, 40, 1200, 700, 340, 40, 10)
    bars = tuple(
        Bar(
            start + timedelta(hours=number),
            {
                (Kind.BOUNCE, Fate.MOVED): many - 1,
                (Kind.BOUNCE, (Fate.KEPT, Fate.UNDECIDED, Fate.WAITING)[number % 3]): 1,
            }
            if many > 1
            else {(Kind.DELAY, Fate.KEPT): 1},
        )
        for number, many in enumerate(counts)
    )
    plain = Report(
        accounts=("home",),
        now=NOW,
        since=None,
        conclusion=Conclusion(
            Says.NO_SIGN, 2331, not_yours=2324, foreign=2102, own=3, undecided=2, waiting=2, brought_back=0
        ),
        course=Course(Width.HOUR, bars, 1200, start + timedelta(hours=2), 2.0, start + timedelta(minutes=5)),
        forged=(
            Forged("ada@winter.example", 2000, used=True, owned=True, catch_all=False),
            Forged("qx81@winter.example", 300, used=False, owned=True, catch_all=True),
            Forged("ada.lovelace@winter.example", 24, used=False, owned=True, catch_all=False),
        ),
        more_forged=4,
        bouncers=tuple(
            bouncer(f"mx{number}.mail.example", bounces=900 - number * 40) for number in range(20)
        ),
        more_bouncers=321,
        spam=Spam(
            subjects=(Counted("Cheap pills 50% off", 1200, others=17), Counted("Your invoice", 900)),
            more_subjects=40,
        ),
        returned=(
            returned("bob@friend.example", Failure.MAILBOX_FULL, "Lunch on Friday"),
            returned("eve@gone.example", Failure.UNKNOWN_DOMAIN, "Minutes of the meeting"),
        ),
        more_returned=1,
    )
    return replace(plain, **other)


def returned(recipient: str, failure: Failure, letter: str) -> Returned:
    """A bounce of the person's own mail."""
    case = Case(
        "home",
        Whereabouts(Place("INBOX", 1), 7),
        "f" * 32,
        NOW,
        Bounce(Kind.BOUNCE, subject="Failure", sender="daemon@mx.example"),
        Finding(Verdict.GENUINE, (Reason.of(Because.ID_LOGGED, id="a@b.example", found_in="In-Reply-To"),)),
    )
    return Returned(case, recipient, failure, letter=letter)


def quiet_report() -> Report:
    """Nothing ever came."""
    return Report(("home",), NOW, None, Conclusion(Says.NO_SIGN), Course(Width.HOUR))


def hostile_report() -> Report:
    """Every text of it is a stranger's."""
    plain = storm_report()
    return replace(
        plain,
        forged=(Forged(HOSTILE, 5, used=False, owned=True, catch_all=True),),
        bouncers=(hostile_bouncer(),),
        spam=Spam(subjects=(Counted(HOSTILE, 9), Counted("x" * 10_000, 3))),
        returned=(returned(HOSTILE, Failure.OTHER, HOSTILE),),
    )
