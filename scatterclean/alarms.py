"""Findings and the log -> alarms: signs that somebody else sends through the person's account.  Pure.

Two kinds of evidence: a bounce about a message that left the account and is not in the log, and the log itself
(an intruder's mail is often filed in Sent by the server): a burst to strangers, or one message that bounces from
everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from scatterclean.model import (
    Alarm,
    AlarmKind,
    Because,
    Case,
    Hour,
    Question,
    Tie,
    TieQuestion,
    Verdict,
)

# A person's newsletter or invitation goes to so many, too; more at once, to people never written to before, and
# several times what was ever usual, is not a habit.
BURST_STRANGERS = 30
BURST_TIMES = 5
BURST_REACH = timedelta(days=3)
HABIT = timedelta(days=365)
# So long after it was sent a message may be filed.
FILING = timedelta(hours=1)

# Lists of addresses rot: a tenth of an old newsletter bounces.  So many failures of one message are spam's.
MANY_BOUNCES = 20
MANY_BOUNCES_REACH = timedelta(days=3)
# An intruder may write to the same people several times before somebody notices; a newsletter comes next week.
NIGHT = timedelta(hours=12)


def sent_by_you(account: str, cases: Iterable[Case]) -> list[Alarm]:
    """One alarm for each day (UTC) on which such bounces came, however many."""
    days: dict[str, list[Case]] = {}
    for case in cases:
        if case.finding.verdict is Verdict.ALARM:
            days.setdefault(case.arrival.date().isoformat(), []).append(case)
    found = []
    for day, heap in sorted(days.items()):
        first = min(heap, key=lambda case: case.arrival)
        reason = first.finding.because[0]
        detail = {
            "bounces": str(len(heap)),
            "sign": reason["sign"],
            "line": reason["line"],
            "subject": first.bounce.original.subject or "",
            "recipient": next(iter(first.bounce.recipients), ""),
        }
        key = f"{AlarmKind.SENT_BY_YOU}:{day}"
        found.append(Alarm(account, key, AlarmKind.SENT_BY_YOU, first.arrival, tuple(detail.items())))
    return found


def bursts(account: str, hours: Sequence[Hour], now: datetime) -> list[Alarm]:
    """Hours of the last days in which far more went to strangers than in any hour before."""
    recent = [hour for hour in hours if hour.start >= now - BURST_REACH]
    before = [hour for hour in hours if hour.start < now - BURST_REACH]
    usual = max((hour.strangers for hour in before), default=0)
    if not before:
        return []  # nothing to compare with: the log has just begun
    found = []
    for hour in recent:
        if hour.strangers >= max(BURST_STRANGERS, BURST_TIMES * usual):
            detail = {
                "messages": str(hour.messages),
                "strangers": str(hour.strangers),
                "usual": str(usual),
            }
            # One event, though it lasts several hours.
            key = f"{AlarmKind.BURST}:{hour.start.date().isoformat()}"
            found.append(Alarm(account, key, AlarmKind.BURST, hour.start, tuple(detail.items())))
    return found[:1]


def question_for(person: str, genuine: Iterable[Case]) -> Question:
    """To whom of those whom these are about did something go, and when was the first time?"""
    ties = {
        TieQuestion(recipient, case.arrival - HABIT, case.arrival)
        for case in genuine
        for recipient in case.bounce.recipients
    }
    return Question(person, frozenset(), frozenset(ties), frozenset())


def many_bounces(account: str, genuine: Iterable[Case], ties: Iterable[Tie]) -> list[Alarm]:
    """Logged messages that bounced from so many strangers as no person's letter does.

    `genuine` are those that the person's own server wrote: who got a message knows its id and its recipients, and can
    forge all else.  `ties` answer `question_for`: only recipients to whom that message went, and nothing on
    other days, count.  A newsletter goes to the same people each month, and a tenth of them is gone."""
    sent: dict[str, set[datetime]] = {}
    for tie in ties:
        sent.setdefault(tie.recipient, set()).add(tie.sent_at)
    sent = {to: moments for to, moments in sent.items() if max(moments) - min(moments) <= NIGHT}
    heaps: dict[str, list[Case]] = {}
    for case in genuine:
        reason = case.finding.because[0] if case.finding.because else None
        if reason is not None and reason.because is Because.ID_LOGGED:
            heaps.setdefault(reason["id"], []).append(case)
    found = []
    for message_id, heap in heaps.items():
        failed = {recipient for case in heap for recipient in case.bounce.recipients}
        together = Counter(moment for recipient in failed for moment in sent.get(recipient, ()))
        recipients = max(together.values(), default=0)
        if recipients < MANY_BOUNCES:
            continue
        first = min(heap, key=lambda case: case.arrival)
        detail = {
            "bounces": str(len(heap)),
            "recipients": str(recipients),
            "id": message_id,
            "subject": first.bounce.original.subject or "",
        }
        key = f"{AlarmKind.MANY_BOUNCES}:{message_id}"
        found.append(Alarm(account, key, AlarmKind.MANY_BOUNCES, first.arrival, tuple(detail.items())))
    return found
