"""What a judgment rests on, fetched from log and docket before the first decision; it judges nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from scatterclean import plan
from scatterclean.judge import question_for
from scatterclean.model import Account, Case, Coverage, Identities, Knowledge, Verdict
from scatterclean.ports import Docket, SentLog

# Another account's harvest, in another thread, may be a little later than the moment of a judgment.
CLOCK_SLACK = timedelta(minutes=1)

# Orphans so far from a message can still be of the storm in which it came.
_STORM_REACH = timedelta(days=1)

Storms = tuple[tuple[datetime, datetime], ...]


def knowledge_of(
    log: SentLog, account: Account, accounts: Sequence[str], now: datetime, storms: Storms = ()
) -> Knowledge:
    """What is known before any question was asked; `answer` is empty.

    An account whose coverage ends in the future was read by a wrong clock: until its next harvest puts that
    right, nobody knows how far.
    """
    coverage = {
        name: Coverage() if covered.through and covered.through > now + CLOCK_SLACK else covered
        for name, covered in log.coverage(accounts).items()
    }
    return Knowledge(
        now=now,
        answer=log.ask(question_for(account.person, ())),
        identities=learned(account.identities, log.senders(account.person)),
        coverage=coverage,
        logged=log.count(account.person),
        storms=storms,
    )


def learned(identities: Identities, senders: frozenset[str]) -> Identities:
    """The configured identities, and the From addresses of logged mail that are not marked otherwise."""
    return replace(identities, learned=senders - identities.shared - identities.never_sends)


def storms_around(
    docket: Docket,
    account: str,
    arrivals: Sequence[datetime],
    stored: Sequence[Case] = (),
    found: Sequence[Case] = (),
) -> Storms:
    """The storms in which messages with these arrivals may have come: the orphans on record and those that were
    just `found`.  `stored` are cases as they are on record whose findings `found` replaces: each counts once."""
    if not arrivals:
        return ()
    on_record = docket.orphans_between(account, min(arrivals) - _STORM_REACH, max(arrivals) + _STORM_REACH)
    replaced = Counter(c.arrival for c in stored if c.finding.verdict is Verdict.ORPHAN)
    return plan.storms([*(Counter(on_record) - replaced).elements(), *(c.arrival for c in found)])
