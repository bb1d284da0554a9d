"""A report as JSON, for `report --json` and `storm --json`: times as ISO 8601 in UTC, codes beside sentences.

As in `forms`: keys are added, never renamed or taken away.  Texts are as strangers wrote them, and ASCII when printed.
"""

from __future__ import annotations

from scatterclean import wording
from scatterclean.cli import forms
from scatterclean.cli.forms import Form, time
from scatterclean.model.report import Conclusion, Counted, Course, Forged, Heap, Report, Returned, Spam
from scatterclean.wording import exports, storm


def report(value: Report) -> Form:
    return {
        "accounts": list(value.accounts),
        "now": time(value.now),
        "since": time(value.since),
        "earlier": value.earlier,
        "conclusion": conclusion(value.conclusion),
        "course": course(value.course),
        "forged": [forged(each) for each in value.forged],
        "more_forged": value.more_forged,
        "bouncers": exports.forms(value.bouncers, notes=False),
        "more_bouncers": value.more_bouncers,
        "spam": spam(value.spam),
        "returned": [returned(each) for each in value.returned],
        "more_returned": value.more_returned,
        "open": [heap(each) for each in value.open],
    }


def conclusion(value: Conclusion) -> Form:
    return {
        "says": str(value.says),
        "sentences": list(wording.concluded(value)),
        "bounces": value.bounces,
        "not_yours": value.not_yours,
        "foreign": value.foreign,
        "own": value.own,
        "undecided": value.undecided,
        "waiting": value.waiting,
        "alarming": value.alarming,
        "brought_back": value.brought_back,
        "doubts": [{"doubt": str(each.doubt), **dict(each.detail)} for each in value.doubts],
        "alarms": [forms.alarm(each) for each in value.alarms],
    }


def course(value: Course) -> Form:
    return {
        "width": str(value.width),
        "bars": [
            {
                "start": time(bar.start),
                "bounces": bar.bounces,
                "counts": [
                    {"kind": str(kind), "fate": str(fate), "bounces": many}
                    for (kind, fate), many in bar.counts.items()
                ],
            }
            for bar in value.bars
        ],
        "fates": {str(fate): many for fate, many in storm.fates(value).items()},
        "peak": value.peak,
        "peak_at": time(value.peak_at),
        "usual_a_day": value.usual,
        "storm_since": time(value.storm_since),
        "storm_until": time(value.storm_until),
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
        "seen": value.seen,
        "subjects": [counted(each) for each in value.subjects],
        "more_subjects": value.more_subjects,
        # Defanged here, too: what prints JSON may be a terminal that opens them.
        "links": [{**counted(each), "text": wording.defanged(each.text)} for each in value.links],
        "more_links": value.more_links,
        "files": [counted(each) for each in value.files],
        "more_files": value.more_files,
    }


def counted(value: Counted) -> Form:
    return {
        "text": value.text,
        "bounces": value.bounces,
        "others": value.others,
        "dangerous": value.dangerous,
    }


def returned(value: Returned) -> Form:
    return {
        **forms.case(value.case),
        "account": value.case.account,
        "recipient": value.recipient,
        "failure": str(value.failure),
        "reason": wording.FAILURES[value.failure],
        "status": value.status or None,
        "said": value.said or None,
        "letter": value.letter or None,
        "sent_at": time(value.sent_at),
    }


def heap(value: Heap) -> Form:
    return {
        "verdict": str(value.verdict),
        "because": str(value.because),
        "bounces": value.bounces,
        "messages": [{**forms.case(each), "account": each.account} for each in value.cases],
    }
