"""Reports made by hand, for a page: a storm, an alarm, nothing at all, and one in which everything is hostile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from scatterclean.model import (
    Alarm,
    AlarmKind,
    Because,
    Bounce,
    Case,
    Coverage,
    Finding,
    Grade,
    Interval,
    Kind,
    Mode,
    Original,
    Place,
    Proofs,
    Provider,
    Reason,
    SweepReport,
    Verdict,
    Whereabouts,
)
from scatterclean.model.report import (
    Bar,
    Bouncer,
    Conclusion,
    Counted,
    Course,
    Doubt,
    Doubted,
    Failure,
    Fate,
    Forged,
    Heap,
    Report,
    Returned,
    Says,
    Spam,
    Width,
)
from scatterclean.page import Matter
from scatterclean.standing import PutAway, Standing

CET = timezone(timedelta(hours=1), "CET")
NOW = datetime(2026, 11, 29, 9, 12, tzinfo=CET)
BEGAN = datetime(2026, 11, 28, 22, 0, tzinfo=CET)


def case(
    number: int,
    reason: Reason,
    verdict: Verdict = Verdict.UNDECIDED,
    *,
    subject: str = "Undelivered Mail Returned to Sender",
    sender: str = "mailer-daemon@mx.harbor.example",
    kind: Kind = Kind.BOUNCE,
    message_id: str | None = None,
) -> Case:
    return Case(
        account="home",
        where=Whereabouts(Place("INBOX", 7), number),
        fingerprint=f"f{number}",
        arrival=NOW - timedelta(hours=number % 40),
        bounce=Bounce(
            kind=kind,
            recipients=("walter@harbor.example",),
            original=Original(sender="ada@winter.example"),
            sender=sender,
            subject=subject,
            message_id=message_id or f"{number}.b@mx.harbor.example",
        ),
        finding=Finding(verdict, (reason,)),
        id=number,
    )


def course() -> Course:
    """A storm of eleven hours, in bars of an hour."""
    night = (3, 12, 96, 212, 388, 412, 305, 276, 180, 96, 41, 9)
    bars = []
    for number, came in enumerate(night):
        counts = {(Kind.BOUNCE, Fate.MOVED): came * 8 // 10, (Kind.DELAY, Fate.MOVED): came // 10}
        counts |= {(Kind.AUTOREPLY, Fate.MOVED): came // 20, (Kind.CHALLENGE, Fate.UNDECIDED): came // 40}
        counts |= {(Kind.BOUNCE, Fate.KEPT): 1 + came // 100, (Kind.NOTICE, Fate.WAITING): came // 150}
        counts |= {(Kind.RECEIPT, Fate.RETURNED): came // 60}
        bars.append(
            Bar(BEGAN + timedelta(hours=number), {key: count for key, count in counts.items() if count})
        )
    return Course(
        width=Width.HOUR,
        bars=tuple(bars),
        peak=412,
        peak_at=BEGAN + timedelta(hours=5),
        usual=0.3,
        storm_since=BEGAN + timedelta(hours=1, minutes=20),
        storm_until=BEGAN + timedelta(hours=11),
    )


def standing(account: str = "home") -> Standing:
    return Standing(
        account=account,
        mode=Mode.MOVE,
        logged=4211,
        coverage=Coverage(
            (
                Interval(NOW - timedelta(days=320), NOW - timedelta(days=200), Grade.BACKFILLED),
                Interval(NOW - timedelta(days=190), NOW - timedelta(minutes=4), Grade.WITNESSED),
            )
        ),
        holes=((NOW - timedelta(days=200), NOW - timedelta(days=190)),),
        put_away=PutAway(2012, 2041, 2099, 3),
        still_open={"undecided": 3},
        sweeps=(sweep(14),),
        now=NOW,
        proofs=Proofs(217, NOW - timedelta(days=1)),
        provider=Provider(hosts=frozenset({".posthaus.example"}), known=True),
        last_success=NOW - timedelta(minutes=4),
    )


def sweep(number: int, moved: int = 1730) -> SweepReport:
    return SweepReport(
        "home",
        number,
        Mode.MOVE,
        NOW - timedelta(hours=number % 5, minutes=2),
        NOW - timedelta(hours=number % 5),
        verdicts={Verdict.ORPHAN: moved, Verdict.GENUINE: 14, Verdict.UNDECIDED: 3},
        moved=moved,
    )


def bouncers(number: int = 6) -> tuple[Bouncer, ...]:
    return tuple(
        Bouncer(
            host=f"mx{n + 1}.harbor{n}.example",
            domain=f"harbor{n}.example",
            bounces=640 // (n + 1),
            first=BEGAN + timedelta(hours=1),
            last=BEGAN + timedelta(hours=9),
            kinds={Kind.BOUNCE: 640 // (n + 1)},
            ip=f"192.0.2.{n + 10}" if n % 2 == 0 else "",
            statuses=("5.1.1", "5.2.2"),
            recipients=(f"walter@harbor{n}.example", "info@harbor.example"),
            example=f"20261128.{n}@mx{n + 1}.harbor{n}.example",
            diagnostic="550 5.1.1 <walter@harbor.example>: Recipient address rejected: User unknown",
            listed=None if n else ("ips.backscatterer.org",),
        )
        for n in range(number)
    )


def spam() -> Spam:
    return Spam(
        subjects=(
            Counted("Your parcel 4471-0092 is waiting", 1410, 211),
            Counted("Final notice: invoice overdue", 540, 3),
            Counted("החבילה שלך ממתינה", 31),
        ),
        more_subjects=12,
        links=(Counted("track-parcel.evil.example", 1402), Counted("cdn.bad.example", 98)),
        more_links=4,
        files=(
            Counted("invoice_4471.pdf.exe", 388, dangerous=True),
            Counted("tracking.zip", 71, dangerous=True),
            Counted("logo.png", 12),
        ),
        seen=1811,
    )


def returned() -> tuple[Returned, ...]:
    logged = Reason.of(Because.ID_LOGGED, id="1@winter.example", found_in="message/rfc822 part")
    sent = NOW - timedelta(days=1, hours=3)
    return (
        Returned(
            case(101, logged, Verdict.GENUINE),
            "bob@firm.example",
            Failure.UNKNOWN_ADDRESS,
            "5.1.1",
            "550 5.1.1 <bob@firm.example>: Recipient address rejected: User unknown in virtual mailbox table",
            "Minutes of the choir's meeting",
            sent,
        ),
        Returned(
            case(102, logged, Verdict.GENUINE),
            "clara@lake.example",
            Failure.MAILBOX_FULL,
            "5.2.2",
            "552 5.2.2 Mailbox full",
            "Photographs of Sunday",
            sent,
        ),
        Returned(
            case(103, logged, Verdict.GENUINE, kind=Kind.AUTOREPLY),
            "dora@hill.example",
            Failure.ANSWERED,
            letter="Dinner on Friday?",
            sent_at=sent,
        ),
    )


def heaps() -> tuple[Heap, ...]:
    unproved = Reason.of(Because.UNPROVED, account="home", why="unproved", sign="provider-unknown")
    nothing = Reason(Because.NO_REFERENCE)
    settling = Reason.of(Because.SETTLING, until=(NOW + timedelta(minutes=10)).isoformat())
    return (
        Heap(Verdict.UNDECIDED, Because.NO_REFERENCE, 2, (case(201, nothing), case(202, nothing))),
        Heap(Verdict.UNDECIDED, Because.UNPROVED, 31, (case(203, unproved),)),
        Heap(Verdict.WAITING, Because.SETTLING, 1, (case(204, settling, Verdict.WAITING),)),
    )


def storm() -> Report:
    return Report(
        accounts=("home",),
        now=NOW,
        since=NOW - timedelta(days=30),
        conclusion=Conclusion(
            Says.NO_SIGN, bounces=2331, not_yours=2280, foreign=2102, own=17, undecided=33, waiting=1
        ),
        course=course(),
        forged=(
            Forged("ada@winter.example", 2011, used=True, owned=True, catch_all=False),
            Forged("sales@winter.example", 240, used=False, owned=True, catch_all=True),
            Forged(
                "ada+bookshop@winter.example", 29, used=False, owned=True, catch_all=False, tag="bookshop"
            ),
        ),
        bouncers=bouncers(),
        more_bouncers=41,
        spam=spam(),
        returned=returned(),
        open=heaps(),
        earlier=12,
    )


def alarm() -> Report:
    one = Alarm(
        "home",
        "k",
        AlarmKind.SENT_BY_YOU,
        NOW - timedelta(hours=2),
        (
            ("bounces", "9"),
            ("recipient", "eve@far.example"),
            ("subject", "Cheap watches"),
            ("line", "from [203.0.113.9] (Authenticated sender: ada@winter.example) by mx.posthaus.example"),
        ),
    )
    because = Reason.of(Because.SENT_BY_YOU, sign="authenticated", line="from [203.0.113.9] (Authenticated)")
    return Report(
        accounts=("home", "work"),
        now=NOW,
        since=None,
        conclusion=Conclusion(Says.ALARM, bounces=9, alarming=9, alarms=(one,)),
        course=Course(
            Width.DAY,
            tuple(
                Bar(NOW.replace(hour=0, minute=0) - timedelta(days=n), {(Kind.BOUNCE, Fate.KEPT): 3})
                for n in (2, 1, 0)
            ),
            peak=3,
            peak_at=NOW,
            usual=1.0,
        ),
        open=(Heap(Verdict.ALARM, Because.SENT_BY_YOU, 9, (case(301, because, Verdict.ALARM),)),),
    )


def cannot_tell() -> Report:
    since = (NOW - timedelta(days=3)).isoformat()
    return Report(
        accounts=("home",),
        now=NOW,
        since=NOW - timedelta(days=30),
        conclusion=Conclusion(
            Says.CANNOT_TELL,
            bounces=40,
            not_yours=9,
            undecided=31,
            doubts=(
                Doubted(Doubt.NEVER_READ, (("account", "work"),)),
                Doubted(Doubt.NOT_COVERED, (("account", "home"), ("since", since))),
                Doubted(Doubt.MOSTLY_UNDECIDED, (("undecided", "31"), ("bounces", "40"))),
            ),
        ),
        course=course(),
        open=heaps(),
    )


def nothing() -> Report:
    return Report(
        accounts=("home",),
        now=NOW,
        since=NOW - timedelta(days=30),
        conclusion=Conclusion(Says.NO_SIGN),
        course=Course(Width.DAY),
    )


def large() -> Report:
    """Every list as long as it gets, and texts as long as they are shown."""
    counted = tuple(Counted(f"{n}: " + "offer of the day " * 8, 5000 - n, n % 3) for n in range(30))
    nothing = Reason(Because.NO_REFERENCE)
    bars = tuple(
        Bar(
            BEGAN - timedelta(hours=n),
            {(kind, fate): 3 + n % 7 for kind in Kind for fate in (Fate.MOVED, Fate.UNDECIDED)},
        )
        for n in range(120, 0, -1)
    )
    return Report(
        accounts=tuple(f"account{n}" for n in range(200)),
        now=NOW,
        since=None,
        conclusion=Conclusion(Says.NO_SIGN, 100_000, 90_000, 88_000, 500, 9_500),
        course=Course(Width.HOUR, bars, 9_812, BEGAN, 2.0, BEGAN - timedelta(hours=90), None),
        forged=tuple(
            Forged(f"name{n}@winter.example", 2000 - n, used=False, owned=True, catch_all=True)
            for n in range(100)
        ),
        more_forged=900,
        bouncers=bouncers(200),
        more_bouncers=4000,
        spam=Spam(counted, 9000, counted, 70, counted, 80, 60_000),
        returned=returned() * 66,
        more_returned=401,
        open=tuple(
            Heap(Verdict.UNDECIDED, because, 700, tuple(case(n, nothing) for n in range(8)))
            for because in Because
        ),
    )


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style><svg onload=alert(1)>",
    "invoice\u202efdp.exe",
    "bell\x07 esc\x1b[31m nul\x00 back\x08",
    "zero\u200bwidth\u200d\ufeff\u2060",
    "{{7*7}} {% for x in y %} ${7*7} #{7*7}",
    "A" * 10_000,
    "W\u0336" * 50 + "Z" + "\u0300\u0301\u0302" * 200,
    "http://evil.example/a.exe?x=1",
    "javascript:alert(1)",
    "&lt;b&gt; &#x202e; <!-- -->",
    "`code` `odd",
    "\ud83d broken \udc00",
    "החבילה שלך 123 (abc)",
)


def hostile() -> Report:
    """What strangers write is in every place that holds such."""
    at = BEGAN + timedelta(hours=2)
    logged = Reason.of(Because.ID_LOGGED, id=HOSTILE[1], found_in=HOSTILE[0])
    shown = [(text, number + 1) for number, text in enumerate(HOSTILE)]
    cases = [
        case(
            400 + n,
            Reason.of(Because.WEAK_ONLY, id=text, found_in=text),
            subject=text,
            sender=text,
            message_id=text,
        )
        for text, n in shown
    ]
    one = Alarm(
        "home",
        "k",
        AlarmKind.SENT_BY_YOU,
        at,
        (("bounces", "1"), ("recipient", HOSTILE[0]), ("subject", HOSTILE[1]), ("line", HOSTILE[8])),
    )
    return Report(
        accounts=("home",),
        now=NOW,
        since=None,
        conclusion=Conclusion(Says.ALARM, bounces=99, not_yours=90, own=9, alarms=(one,)),
        course=course(),
        forged=tuple(Forged(text, n, used=False, owned=True, catch_all=False, tag=text) for text, n in shown),
        bouncers=tuple(
            Bouncer(text, text, n, at, at, {Kind.BOUNCE: n}, text, (text,), (text,) * 4, text, text, (text,))
            for text, n in shown
        ),
        spam=Spam(
            subjects=tuple(Counted(text, n, 1) for text, n in shown),
            links=tuple(Counted(text, n) for text, n in shown),
            files=tuple(Counted(text, n, dangerous=True) for text, n in shown),
            seen=50,
        ),
        returned=tuple(
            Returned(
                case(500 + n, logged, Verdict.GENUINE, subject=text, sender=text),
                text,
                Failure.OTHER,
                text,
                text,
                text,
                NOW,
            )
            for text, n in shown
        ),
        open=(Heap(Verdict.UNDECIDED, Because.WEAK_ONLY, len(cases), tuple(cases)),),
    )


def matter(report: Report, accounts: Sequence[str] = ("home",)) -> Matter:
    return Matter(
        report,
        [standing(name) for name in accounts],
        put_away={"home": [sweep(14), sweep(13, 300)]},
        domains=("winter.example",),
    )
