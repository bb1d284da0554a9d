"""Values -> what `--json` prints: times as ISO 8601 in UTC, machine codes beside sentences.  It prints nothing.

These forms are an interface: keys are added, never renamed or taken away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scatterclean import wording
from scatterclean.errors import Trouble
from scatterclean.model import (
    Alarm,
    Bounce,
    Case,
    Coverage,
    Finding,
    Knowledge,
    Move,
    Origin,
    Push,
    Route,
    SweepReport,
)
from scatterclean.plan import Hand
from scatterclean.standing import Rhythm, Standing

if TYPE_CHECKING:  # `status --json` needs none of them
    from scatterclean.bounce.contents import Contents
    from scatterclean.doctor import Observation, Report
    from scatterclean.undo import Undone
    from scatterclean.why import Story

Form = dict[str, object]


def time(value: datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat() if value else None


def trouble(account: str | None, what: Trouble) -> Form:
    return {
        "account": account,
        "what": what.what,
        "hint": what.hint or None,
        "kind": type(what).__name__,
        "reach": str(what.reach),
    }


def finding(value: Finding) -> Form:
    return {
        "verdict": str(value.verdict),
        "because": wording.because(value),
        "reasons": [{"code": str(r.because), **dict(r.detail)} for r in value.because],
    }


def case(value: Case, hand: Hand | None = None) -> Form:
    return {
        "folder": value.where.place.folder,
        "uid": value.where.uid,
        "message_id": value.bounce.message_id,
        "from": value.bounce.sender,
        "subject": value.bounce.subject,
        "arrival": time(value.arrival),
        "kind": str(value.bounce.kind),
        **finding(value.finding),
        "left_alone": str(hand) if hand else None,
    }


def move(value: Move) -> Form:
    intent = value.intent
    return {
        "id": value.id,
        "account": intent.account,
        "sweep": value.sweep,
        "errand": str(intent.errand),
        "state": str(value.state),
        "source": intent.source.place.folder,
        "source_uid": intent.source.uid,
        "target": intent.target_folder,
        "target_uid": value.target_uid,
        "message_id": intent.message_id,
        "from": intent.sender,
        "subject": intent.subject,
        "arrival": time(intent.arrival),
        "intended_at": time(value.intended_at),
        "settled_at": time(value.settled_at),
    }


def report(value: SweepReport) -> Form:
    return {
        "account": value.account,
        "sweep": value.sweep,
        "mode": str(value.mode),
        "started": time(value.started),
        "ended": time(value.ended),
        "looked_at": value.looked_at,
        "harvested": value.harvested,
        "verdicts": {str(verdict): count for verdict, count in value.verdicts.items()},
        "moved": value.moved,
        "returned": value.returned,
        "left_alone": value.left_alone,
        "refusal": str(value.refusal) if value.refusal else None,
        "troubles": list(value.troubles),
        "notes": list(value.notes),
    }


def coverage(value: Coverage) -> list[Form]:
    return [
        {"start": time(i.start), "end": time(i.end), "grade": str(i.grade)}
        for i in sorted(value.intervals, key=lambda i: i.start)
    ]


def standing(value: Standing) -> Form:
    away = value.put_away
    return {
        "account": value.account,
        "mode": str(value.mode),
        "watched": rhythm(value.rhythm) if value.rhythm else None,
        "logged": value.logged,
        "logged_beside": value.beside,
        "since": time(value.coverage.since),
        "through": time(value.coverage.through),
        "coverage": coverage(value.coverage),
        "holes": [{"start": time(start), "end": time(end)} for start, end in value.holes],
        "watched_since": time(wording.log.watched_since(value.coverage)),
        "proofs": {"replies": value.proofs.replies, "last": time(value.proofs.last)},
        "routes": [route(each) for each in value.routes],
        "outbound": {"known": value.provider.known, "hosts": sorted(value.provider.hosts)},
        "alarms": [alarm(each) for each in value.alarms],
        "put_away": {
            "today": away.today,
            "week": away.week,
            "ever": away.ever,
            "returned": away.returned,
        },
        "open": dict(value.still_open),
        "sweeps": [report(sweep) for sweep in value.sweeps],
        "last_success": time(value.last_success),
        "storm": {"since": time(value.storm.since), "an_hour": round(value.storm.an_hour, 1)}
        if value.storm
        else None,
        "troubles": [{"what": what, "since": time(since)} for what, since in value.troubles],
        "untold": [
            {"at": time(one.notice.made), "way": one.way, "what": one.notice.subject} for one in value.untold
        ],
        "sent_empty": value.sent_empty,
        "failed": {
            "at": time(value.failed.ended),
            "since": time(value.failing_since),
            "troubles": list(value.failed.troubles),
        }
        if value.failed
        else None,
    }


def rhythm(value: Rhythm) -> Form:
    return {
        "running": value.push is not None,
        "woken": value.push is Push.WOKEN,
        "push": str(value.push) if value.push is not None else None,
        "poll": int(value.poll.total_seconds()),
        "next": time(value.due),
    }


def alarm(value: Alarm) -> Form:
    happened, otherwise, what_to_do = wording.alarm_told(value)
    return {
        "kind": str(value.kind),
        "account": value.account,
        "key": value.key,
        "at": time(value.at),
        "what": happened,
        "otherwise": otherwise,
        "what_to_do": what_to_do,
        "detail": dict(value.detail),
    }


def route(value: Route) -> Form:
    return {
        "shape": value.shape,
        "cause": str(value.cause),
        "example": value.example,
        "seen_at": time(value.seen_at),
    }


def origin(value: Origin) -> Form:
    return {"whose": str(value.whose), "sign": str(value.sign), "line": value.line or None}


def contents(value: Contents) -> Form:
    """Links are defanged here, too: what prints JSON may be a terminal that opens them."""
    from scatterclean.bounce.contents import MAX_LINK

    return {
        "links": [wording.defanged(link, MAX_LINK * 4) for link in value.links],
        "more_links": value.more_links,
        "attachments": [
            {"name": each.name, "type": each.type, "dangerous": each.dangerous} for each in value.attachments
        ],
        "more_attachments": value.more_attachments,
        "cut": value.cut,
    }


def bounce(value: Bounce, knowledge: Knowledge | None) -> Form:
    known = knowledge.answer.known if knowledge else frozenset()
    received = knowledge.received if knowledge else frozenset()
    original = value.original
    return {
        "kind": str(value.kind),
        "references": [
            {
                "id": r.id.text,
                "weight": str(r.weight),
                "found_in": r.found_in,
                "level": r.level,
                "logged": not known.isdisjoint(r.id.keys),
                "received": not received.isdisjoint(r.id.keys),
            }
            for r in value.references
        ],
        "recipients": list(value.recipients),
        "original": {
            "from": original.sender,
            "to": list(original.to),
            "subject": original.subject,
            "date": time(original.date),
        },
        "delivered_to": list(value.delivered_to),
        "reporting_mta": value.reporting_mta,
        "status": value.status,
        "diagnostic": value.diagnostic,
        "incomplete": value.incomplete,
        "stumbled": list(value.stumbled),
        "marks": list(value.marks),
    }


def story(value: Story) -> Form:
    from scatterclean.why import can_do

    knowledge = value.knowledge
    decided = next(iter(value.finding.because), None) if value.finding else None
    return {
        "account": value.account,
        "folder": value.folder,
        "uid": value.uid,
        "arrival": time(value.arrival),
        "dated": time(value.dated),
        "message_id": value.message_id,
        "from": value.sender,
        "subject": value.subject,
        "automatic": bounce(value.bounce, knowledge) if value.bounce else None,
        "finding": finding(value.finding) if value.finding else None,
        "needed_from": time(value.needed[0]) if value.needed else None,
        "needed_until": time(value.needed[1]) if value.needed else None,
        "logged": knowledge.logged if knowledge else None,
        "logged_beside": value.beside,
        "coverage": _coverages(knowledge.coverage) if knowledge else None,
        "filed_in": list(value.filed_in),
        "calibrated": sorted(knowledge.calibrated) if knowledge else None,
        "rule": wording.rule(decided) if decided else None,
        "would_change": wording.changes(decided) if decided else None,
        "can_do": can_do(value, value.finding, value.bounce) if value.finding and value.bounce else None,
        "origin": origin(value.origin) if value.origin else None,
        "contents": contents(value.contents) if value.bounce else None,
        "mode": str(value.mode),
        "alarms": [alarm(each) for each in value.alarms],
        "moves": moves(value.moves),
        "left_alone": str(value.hand) if value.hand else None,
        "away": value.away,
    }


def examination(value: Report) -> Form:
    from scatterclean.doctor import Rating

    return {
        "config": str(value.config),
        "at": time(value.at),
        "ok": not value.faults(),
        "counts": {str(rating): value.count(rating) for rating in Rating},
        "accounts": list(value.accounts),
        "observations": [observation(each) for each in value.observations],
    }


def observation(value: Observation) -> Form:
    return {
        "topic": str(value.topic),
        "account": value.account,
        "rating": str(value.rating),
        "code": value.code,
        "what": value.what,
        "mend": value.mend or None,
    }


def moves(values: Iterable[Move]) -> Sequence[Form]:
    return [move(each) for each in values]


def undone(value: Undone) -> Form:
    return {
        "back": moves(value.back),
        "lost": moves(value.lost),
        "still_away": moves(value.still_away),
        "troubles": list(value.troubles),
    }


def _coverages(values: Mapping[str, Coverage]) -> Form:
    return {account: coverage(each) for account, each in sorted(values.items())}
