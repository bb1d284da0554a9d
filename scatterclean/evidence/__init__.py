"""The store -> model.report.Report: what happened, whether it was the person, what was done.  It only reads.

passing     all findings in one pass -> numbers
tally       counting in bounded memory
course      over time: bars, peak, the usual, the storm
senders     who sends the bounces, and in whose name was sent
spam        what the spam was about
failures    why the person's own mail was not delivered
conclusion  was it you?
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache, partial

from scatterclean.evidence import senders
from scatterclean.evidence.conclusion import Asked, conclusion
from scatterclean.evidence.course import Clock, course, spell
from scatterclean.evidence.failures import failure_of
from scatterclean.evidence.passing import RETURNED, Passed, passed
from scatterclean.evidence.spam import spam
from scatterclean.knowledge import identities_of, provider_of
from scatterclean.model import Because, Case, Identities, Verdict
from scatterclean.model.report import Heap, Report, Returned
from scatterclean.origin import guessed
from scatterclean.ports import History, Journal
from scatterclean.ports.evidence import Evidence
from scatterclean.ports.notices import Notices
from scatterclean.storms import REACH

__all__ = ["Asked", "Books", "report"]


@dataclass(frozen=True, slots=True)
class Books:
    """What the store has on record, beside what the `Sources` of an account know."""

    evidence: Evidence
    journal: Journal
    history: History
    notices: Notices


def report(
    asked: Sequence[Asked], books: Books, now: datetime, *, since: datetime | None, zone: tzinfo | None = None
) -> Report:
    """About these accounts since then (None: all on record); `zone` None is that of the machine.  Raises Database*."""
    clock = Clock(zone)
    now = now.astimezone(zone)
    names = [one.name for one in asked]
    identities = {one.name: identities_of(one.sources, one.account) for one in asked}
    whose = lru_cache(maxsize=4096)(partial(senders.whose, identities))
    found = passed(books.evidence.findings(names, since), whose)
    noticed = {name: books.notices.storms(name) for name in names}
    storm = spell(found.arrivals, noticed, since, now)
    most = senders.most(found)
    genuine = sorted(found.genuine, reverse=True)[:RETURNED]
    cases = books.evidence.cases(
        [
            *(number for sender in most.values() for number in sender.ids),
            *(number for _, number in genuine),
            *(number for heap in found.heaps.values() for number in heap),
        ]
    )
    begins = storm.since if storm else now
    bouncers, more_bouncers = senders.bouncers(found, most, cases, _machines(asked, identities), clock)
    forged, more_forged = senders.forged(
        found, identities, {one.name: one.sources.log.senders(one.account.person) for one in asked}
    )
    returned = tuple(_returned(cases[number]) for _, number in genuine if number in cases)
    return Report(
        accounts=tuple(names),
        now=now,
        since=since.astimezone(zone) if since else None,
        conclusion=conclusion(
            asked,
            found,
            evidence=books.evidence,
            journal=books.journal,
            history=books.history,
            never_sends=_about_never_senders(found, identities),
            since=since,
            now=now,
        ),
        course=course(found.quarters, _before(books.evidence, names, since, begins), storm, now, clock),
        forged=forged,
        more_forged=more_forged,
        bouncers=bouncers,
        more_bouncers=more_bouncers,
        spam=spam(found),
        returned=returned,
        more_returned=sum(n for sort, n in found.counted() if sort.verdict is Verdict.GENUINE)
        - len(returned),
        open=_heaps(found, cases),
        earlier=books.evidence.earlier(names, since) if since else 0,
    )


def _before(
    evidence: Evidence, names: Sequence[str], since: datetime | None, begins: datetime
) -> Mapping[int, int]:
    """What came in the weeks before, as far as it is not asked about."""
    start = begins - REACH - timedelta(days=1)
    counted: dict[int, int] = {}
    if since is not None and start < since:
        for name in names:
            for quarter, number in evidence.came(name, start, since).items():
                counted[quarter] = counted.get(quarter, 0) + number
    return counted


def _machines(asked: Sequence[Asked], identities: Mapping[str, Identities]) -> dict[str, frozenset[str]]:
    """Of the person's provider, by account, as far as is known without asking DNS; guessed ones, too: whoever runs the
    address takes its mail in."""
    machines = {}
    for one in asked:
        lessons = one.sources.experience.learned(one.account.person, tuple(one.sources.filing))
        provider = provider_of(one.account, lessons, replace(one.sources, names=None))
        own = identities[one.name]
        domains = {address.rpartition("@")[2] for address in own.addresses | own.never_sends}
        machines[one.name] = provider.hosts | {host for domain in domains for host in guessed(domain)}
    return machines


def _about_never_senders(found: Passed, identities: Mapping[str, Identities]) -> int:
    return sum(
        number
        for (account, address), number in found.forged.counts.items()
        if identities[account].sends_never(address)
    )


def _returned(case: Case) -> Returned:
    bounce = case.bounce
    reason = case.finding.because[0] if case.finding.because else None
    tied = reason["sent_at"] if reason is not None and reason.because is Because.TIE else ""
    return Returned(
        case=case,
        recipient=next(iter(bounce.recipients or bounce.original.to), ""),
        failure=failure_of(bounce),
        status=bounce.status or "",
        said=bounce.diagnostic or "",
        letter=bounce.original.subject or "",
        sent_at=datetime.fromisoformat(tied) if tied else bounce.original.date,
    )


def _heaps(found: Passed, cases: Mapping[int, Case]) -> tuple[Heap, ...]:
    """Alarms first, then what is most."""
    numbers: Counter[tuple[Verdict, Because | None]] = Counter()
    for sort, number in found.counted():
        if sort.open and sort.verdict is not Verdict.GENUINE:
            numbers[sort.verdict, sort.because] += number
    heaps = [
        Heap(
            verdict,
            because or Because.SETTLING,  # not judged yet
            number,
            tuple(cases[one] for one in found.heaps.get((verdict, because), ()) if one in cases),
        )
        for (verdict, because), number in numbers.items()
    ]
    return tuple(sorted(heaps, key=lambda heap: (heap.verdict is not Verdict.ALARM, -heap.bounces)))
