"""Quarters of an hour -> bars in the person's zone, the peak, what is usual, and the storm.  Pure.

What a storm is stands in `storms`; here it is only found in what came.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from statistics import median

from scatterclean import storms
from scatterclean.evidence.passing import QUARTER
from scatterclean.model import Kind, Storm
from scatterclean.model.report import Bar, Course, Fate, Width

MOST_BARS = 120
# A single bounce of years ago must not make one bar of a night: so much of all is in the bars, what came before them
# is a number beside.
_SHOWN = 0.95
_DAY = timedelta(days=1)
_USUAL_DAYS = storms.REACH // _DAY

Quarters = Mapping[tuple[int, Kind, Fate], int]


@dataclass(frozen=True, slots=True)
class Clock:
    """The person's: `zone` None is that of the machine, with its summer times."""

    zone: tzinfo | None = None

    def at(self, seconds: float) -> datetime:
        return datetime.fromtimestamp(seconds, UTC).astimezone(self.zone)

    def midnight(self, day: date) -> datetime:
        """When that day begins."""
        bare = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the zone comes next
        return bare.astimezone() if self.zone is None else bare.replace(tzinfo=self.zone)

    def hour(self, seconds: int) -> int:
        """When the clock hour of a moment began, in seconds since 1970."""
        local = self.at(seconds)
        return seconds - local.minute * 60 - local.second


@dataclass(frozen=True, slots=True)
class Spell:
    """A storm, and whether it is in progress."""

    since: datetime
    last: datetime
    lasts: bool


def course(
    quarters: Quarters, before: Mapping[int, int], spell: Spell | None, now: datetime, clock: Clock
) -> Course:
    """`quarters`: (quarter of an hour since 1970, kind, fate) -> bounces; `before` such as came before the time that
    is asked about, as far as it tells what is usual."""
    latest = int(now.timestamp()) // QUARTER  # what is dated into the future came now at the latest
    there: Counter[tuple[int, Kind, Fate]] = Counter()
    for (quarter, kind, fate), number in quarters.items():
        there[min(quarter, latest), kind, fate] += number
    hours: Counter[int] = Counter()
    days: Counter[date] = Counter()
    hour_of: dict[int, int] = {}
    day_of: dict[int, date] = {}
    for (quarter, _, _), number in there.items():
        if quarter not in hour_of:
            hour_of[quarter] = clock.hour(quarter * QUARTER)
            day_of[quarter] = clock.at(quarter * QUARTER).date()
        hours[hour_of[quarter]] += number
        days[day_of[quarter]] += number
    for quarter, number in before.items():
        days[clock.at(quarter * QUARTER).date()] += number
    peak_at, peak = max(hours.items(), key=lambda item: (item[1], -item[0]), default=(0, 0))
    begins = spell.since if spell else now
    storm_at, storm_peak = max(
        ((at, number) for at, number in hours.items() if spell and _within(at, spell)),
        key=lambda item: (item[1], -item[0]),
        default=(0, 0),
    )
    width, bars, earlier = _bars(there, hour_of, day_of, clock)
    return Course(
        width=width,
        bars=bars,
        peak=peak,
        peak_at=clock.at(peak_at) if peak else None,
        usual=_usual(days, begins.astimezone(clock.zone).date()),
        storm_since=spell.since.astimezone(clock.zone) if spell else None,
        storm_until=spell.last.astimezone(clock.zone) if spell and not spell.lasts else None,
        before=earlier,
        storm_peak=storm_peak,
        storm_peak_at=clock.at(storm_at) if storm_peak else None,
    )


def _within(hour: int, spell: Spell) -> bool:
    """Does a clock hour, by when it began, fall into the storm?"""
    return hour + 3600 > spell.since.timestamp() and hour <= spell.last.timestamp()


def _usual(days: Mapping[date, int], begins: date) -> float:
    return float(median(days.get(begins - (number + 1) * _DAY, 0) for number in range(_USUAL_DAYS)))


def _bars(
    there: Quarters, hour_of: Mapping[int, int], day_of: Mapping[int, date], clock: Clock
) -> tuple[Width, tuple[Bar, ...], int]:
    """The narrowest bars that show (nearly) all, and how many bounces came before the first of them."""
    if not there:
        return Width.DAY, (), 0
    total = sum(there.values())
    hour, day, week = _Hours(hour_of, clock), _Days(day_of, clock), _Weeks(day_of, clock)
    for scale in (hour, day, week):
        last = max(scale.index(quarter) for quarter, _, _ in there)
        first = max(min(scale.index(quarter) for quarter, _, _ in there), last - MOST_BARS + 1)
        stacks: dict[int, Counter[tuple[Kind, Fate]]] = {}
        for (quarter, kind, fate), number in there.items():
            index = scale.index(quarter)
            if index >= first:
                stacks.setdefault(index, Counter())[kind, fate] += number
        inside = sum(sum(stack.values()) for stack in stacks.values())
        if inside >= _SHOWN * total or scale is week:
            bars = tuple(
                Bar(scale.start(index), dict(stacks.get(index, {}))) for index in range(first, last + 1)
            )
            return scale.width, bars, total - inside
    raise AssertionError("weeks take everything")


class _Scale:
    """Numbers the stretches of one width without a gap; `start` says when one begins."""

    width: Width

    def index(self, quarter: int) -> int:
        raise NotImplementedError

    def start(self, index: int) -> datetime:
        raise NotImplementedError


class _Hours(_Scale):
    """Hours as they pass: on the day on which the clocks go back there are 25."""

    width = Width.HOUR

    def __init__(self, hour_of: Mapping[int, int], clock: Clock) -> None:
        self._hour_of, self._clock = hour_of, clock

    def index(self, quarter: int) -> int:
        return self._hour_of[quarter] // 3600

    def start(self, index: int) -> datetime:
        # Where the zone is off by half an hour, the clock hour begins within that of the world.
        return self._clock.at(self._clock.hour(index * 3600 + 3599))


class _Days(_Scale):
    width = Width.DAY

    def __init__(self, day_of: Mapping[int, date], clock: Clock) -> None:
        self._day_of, self._clock = day_of, clock

    def index(self, quarter: int) -> int:
        return self._day_of[quarter].toordinal()

    def start(self, index: int) -> datetime:
        return self._clock.midnight(date.fromordinal(index))


class _Weeks(_Days):
    """They begin on Monday (ISO 8601)."""

    width = Width.WEEK

    def index(self, quarter: int) -> int:
        return (self._day_of[quarter].toordinal() - 1) // 7

    def start(self, index: int) -> datetime:
        return self._clock.midnight(date.fromordinal(index * 7 + 1))


def spell(
    arrivals: Mapping[str, array[int]],
    noticed: Mapping[str, Sequence[Storm]],
    since: datetime | None,
    now: datetime,
) -> Spell | None:
    """The storm that is in progress in any of the accounts, else the largest one since then.

    `arrivals`, by account, of what is not the person's own.  `noticed` are storms that the daemon told; where none runs
    they are found as it would find them."""
    found: list[tuple[bool, int, Spell]] = []
    for account, came in arrivals.items():
        seconds = sorted(came)
        told = [s for s in noticed.get(account, ()) if since is None or s.ended is None or s.ended >= since]
        for one in _told(told, seconds, now) if told else _as_would(seconds, now):
            inside = _between(seconds, one.since, one.last)
            if inside:
                found.append((one.lasts, inside, one))
    return max(found, key=lambda each: each[:2])[2] if found else None


def _between(seconds: Sequence[int], start: datetime, end: datetime) -> int:
    return bisect_right(seconds, int(end.timestamp())) - bisect_left(seconds, int(start.timestamp()))


def _told(told: Iterable[Storm], seconds: Sequence[int], now: datetime) -> Iterable[Spell]:
    recent = _between(seconds, now - storms.SPAN, now)
    for one in told:
        lasts = one.ended is None and recent >= storms.QUIET
        # No daemon was there to say that it is over.
        last = datetime.fromtimestamp(seconds[-1], UTC) if seconds else one.since
        yield Spell(one.since, one.ended or (now if lasts else max(last, one.since)), lasts)


def _as_would(seconds: Sequence[int], now: datetime) -> Iterable[Spell]:
    for first, last in storms.runs(datetime.fromtimestamp(at, UTC) for at in seconds):
        yield Spell(first, last, now - last < storms.SPAN)
