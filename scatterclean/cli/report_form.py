"""A report -> what `report --json` prints; beside `forms`, and an interface like it.  It prints nothing."""

from __future__ import annotations

from collections.abc import Iterable

from scatterclean import wording
from scatterclean.cli.forms import Form, alarm, case, time
from scatterclean.model.report import (
    Bar,
    Counted,
    Course,
    Forged,
    Heap,
    Report,
    Returned,
    Spam,
)
from scatterclean.wording import exports


def report(value: Report) -> Form:
    return {
        "accounts": list(value.accounts),
        "at": time(value.now),
        "since": time(value.since),
        "earlier": value.earlier,
        "conclusion": conclusion(value),
        "course": course(value.course),
        "forged": [forged(each) for each in value.forged],
        "more_forged": value.more_forged,
        "bouncers": [exports.facts(each) for each in value.bouncers],
        "more_bouncers": value.more_bouncers,
        "spam": spam(value.spam),
        "returned": [returned(each) for each in value.returned],
        "more_returned": value.more_returned,
        "open": [heap(each) for each in value.open],
    }


def conclusion(whole: Report) -> Form:
    value = whole.conclusion
    answer = wording.conclusion.answer(whole)
    return {
        "says": str(value.says),
        "sentence": answer.sentence,
        "more": list(answer.more),
        "bounces": value.bounces,
        "not_yours": value.not_yours,
        "foreign": value.foreign,
        "never_sends": value.never_sends,
        "own": value.own,
        "undecided": value.undecided,
        "others": value.others,
        "undecided_away": value.undecided_away,
        "waiting": value.waiting,
        "alarming": value.alarming,
        "brought_back": value.brought_back,
        "left_by_hand": value.left_by_hand,
        "back": value.back,
        "log_since": time(value.log_since),
        "looked_at": time(value.looked_at),
        "doubts": [
            {
                "code": str(each.doubt),
                "what": wording.conclusion.doubt(each, whole.now),
                "helps": wording.conclusion.helps(each, whole.now),
                "detail": dict(each.detail),
            }
            for each in value.doubts
        ],
        "alarms": [alarm(each) for each in value.alarms],
        "earlier_alarms": [alarm(each) for each in value.earlier_alarms],
    }


def course(value: Course) -> Form:
    return {
        "width": str(value.width),
        "bars": [bar(each) for each in value.bars],
        "before": value.before,
        "peak": value.peak,
        "peak_at": time(value.peak_at),
        "storm_peak": value.storm_peak,
        "storm_peak_at": time(value.storm_peak_at),
        "usual": value.usual,
        "storm_since": time(value.storm_since),
        "storm_until": time(value.storm_until),
    }


def bar(value: Bar) -> Form:
    return {
        "start": time(value.start),
        "bounces": value.bounces,
        "counts": [
            {"kind": str(kind), "fate": str(fate), "bounces": number}
            for (kind, fate), number in value.counts.items()
        ],
    }


def forged(value: Forged) -> Form:
    return {
        "address": value.address,
        "bounces": value.bounces,
        "used": value.used,
        "owned": value.owned,
        "catch_all": value.catch_all,
        "tag": value.tag or None,
    }


def spam(value: Spam) -> Form:
    return {
        "subjects": counted(value.subjects),
        "more_subjects": value.more_subjects,
        "links": counted(value.links, defang=True),
        "more_links": value.more_links,
        "files": counted(value.files),
        "more_files": value.more_files,
        "seen": value.seen,
    }


def counted(values: Iterable[Counted], *, defang: bool = False) -> list[Form]:
    """`defang`: what prints JSON may be a terminal that opens links."""
    return [
        {
            "text": wording.defanged(each.text, len(each.text) * 4) if defang else each.text,
            "bounces": each.bounces,
            "others": each.others,
            "dangerous": each.dangerous,
        }
        for each in values
    ]


def returned(value: Returned) -> Form:
    return {
        "account": value.case.account,
        **case(value.case),
        "recipient": value.recipient,
        "failure": str(value.failure),
        "status": value.status or None,
        "said": value.said or None,
        "letter": value.letter or None,
        "sent_at": time(value.sent_at),
    }


def heap(value: Heap) -> Form:
    return {
        "verdict": str(value.verdict),
        "because": str(value.because),
        "sentence": wording.CAUSES[value.because],
        "bounces": value.bounces,
        "cases": [{"account": each.account, **case(each)} for each in value.cases],
    }
