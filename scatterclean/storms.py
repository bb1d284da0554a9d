"""When backscatter comes in heaps: the one definition of a storm, for judging and for telling.  Pure.

A storm is a run of at least SIZE arrivals within SPAN.  `plan.storms` asks it of orphans alone, to judge what is put
away only in storms; `begun` and `over` ask it of all bounces that are not the person's own, to tell the person.
Telling compares with the usual; judging does not: orphans are nobody's usual, and what is told changes no verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scatterclean.model import Arrival, Verdict

# People with a published address see one or two a week.
SIZE = 10
SPAN = timedelta(hours=6)

# What is usual is the median of all stretches of SPAN in so much time: half of that may be one long storm, as when the
# program is set up in the third week of it.
REACH = timedelta(days=42)
# More than the usual by this factor is a storm; below this one, and below QUIET in SPAN, it is over.
TIMES = 4
_CALM_TIMES = 2
QUIET = 3
_HOUR = timedelta(hours=1)
# What the person did send, as far as is known.
_OWN = (Verdict.GENUINE, Verdict.ALARM)


def runs(arrivals: Iterable[datetime], size: int = SIZE) -> list[tuple[datetime, datetime]]:
    """(first, last) of the stretches in which `size` came within SPAN; those less than two SPAN apart are one."""
    times = sorted(arrivals)
    found: list[tuple[datetime, datetime]] = []
    for first, last in zip(times, times[size - 1 :], strict=False):
        if last - first > SPAN:
            continue
        if found and first - SPAN <= found[-1][1] + SPAN:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return found


@dataclass(frozen=True, slots=True)
class Weather:
    """What came since a storm began: `bounces` in all, `an_hour` of late; by what they were found to be.

    `own` holds the `alarms`, too."""

    since: datetime
    last: datetime
    bounces: int
    an_hour: float
    own: int
    orphans: int
    waiting: int
    undecided: int
    alarms: int = 0


def begun(
    arrivals: Sequence[Arrival], now: datetime, after: datetime | None = None, size: int = SIZE
) -> Weather | None:
    """The storm that is in progress now, if there is one; what came until `after` belongs to an earlier one.

    Old mail that is read for the first time counts by when it arrived, so a backlog is no storm."""
    foreign = _foreign(arrivals, now)
    if over(arrivals, now, size):
        return None
    later = [at for at in foreign if after is None or at > after]
    found = runs(later, max(size, int(TIMES * _usual(foreign, now))))
    if not found or now - found[-1][1] >= SPAN:
        return None
    return weather(arrivals, found[-1][0], now)


def over(arrivals: Sequence[Arrival], now: datetime, size: int = SIZE) -> bool:
    """Has a storm that was in progress come to its end?  It takes fewer to go on than to begin."""
    foreign = _foreign(arrivals, now)
    recent = sum(now - at < SPAN for at in foreign)
    return recent < max(min(QUIET, size), _CALM_TIMES * _usual(foreign, now))


def weather(arrivals: Sequence[Arrival], since: datetime, now: datetime) -> Weather:
    """What came from `since` until now."""
    came = [Arrival(min(one.at, now), one.verdict) for one in arrivals if since <= one.at < now + SPAN]
    start = max(since, now - SPAN)
    recent = sum(one.at >= start for one in came)
    verdicts = [one.verdict for one in came]
    return Weather(
        since=since,
        last=max((one.at for one in came), default=since),
        bounces=len(came),
        an_hour=recent / max((now - start) / _HOUR, 1.0),
        own=sum(verdict in _OWN for verdict in verdicts),
        orphans=verdicts.count(Verdict.ORPHAN),
        waiting=verdicts.count(Verdict.WAITING),
        undecided=verdicts.count(Verdict.UNDECIDED),
        alarms=verdicts.count(Verdict.ALARM),
    )


def _foreign(arrivals: Iterable[Arrival], now: datetime) -> list[datetime]:
    """Without the person's own: bounces of one's own newsletter are no backscatter, and many of them are an alarm."""
    # What a server dates far into the future would be new at every look, and the storm would last until then.
    there = (one for one in arrivals if now - REACH < one.at < now + SPAN)
    return sorted(min(one.at, now) for one in there if one.verdict not in _OWN)


def _usual(foreign: Iterable[datetime], now: datetime) -> float:
    """How many come within SPAN on most days."""
    stretches = [0] * (REACH // SPAN)
    for at in foreign:
        stretches[min((now - at) // SPAN, len(stretches) - 1)] += 1
    return float(sorted(stretches)[len(stretches) // 2])
