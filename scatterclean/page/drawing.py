"""Courses and coverage -> shapes: percentages from left to right, pixels from top to bottom.  It writes no SVG.

So a chart is as wide as there is room, and its letters, lines and patterns keep their size, on a phone as on paper.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, count

from scatterclean.model import Coverage, Grade, Kind
from scatterclean.model.report import Bar, Course, Fate, Width
from scatterclean.wording.page import short_day

# More kinds than this are not told apart by colour and pattern: the rarest share one.
SERIES = 5
_LABELS = 6  # below the bars, where there is room; every other one on a phone
_GAP = 0.16  # of a bar's place is left free
_ROOM = 18  # pixels above the highest line: its number stands there


@dataclass(frozen=True, slots=True)
class Series:
    """What has one colour and pattern: `style` is the class that gives it both."""

    name: str
    style: str
    total: int


@dataclass(frozen=True, slots=True)
class Piece:
    style: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """A bar; `parts` are the numbers behind its pieces, by name, and in words for a pointer that rests on it."""

    start: datetime
    x: float
    width: float
    pieces: tuple[Piece, ...]
    total: int
    parts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Across:
    """A label below; `seldom` ones are left out where room is short."""

    x: float
    text: str
    seldom: bool


@dataclass(frozen=True, slots=True)
class Up:
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    height: int  # of the part with the bars
    columns: tuple[Column, ...]
    series: tuple[Series, ...]
    across: tuple[Across, ...]
    up: tuple[Up, ...]
    storm: tuple[float, float] | None  # x and width of the storm


def by_kind(course: Course, names: Mapping[Kind, str], rest: str) -> Chart:
    """Bars of kinds, the most frequent at the bottom; what is rare shares the last style as `rest`."""
    totals: Counter[Kind] = Counter()
    for bar in course.bars:
        for (kind, _), number in bar.counts.items():
            totals[kind] += number
    ranked = [kind for kind, number in totals.most_common() if number]
    own = ranked if len(ranked) <= SERIES else ranked[: SERIES - 1]
    place = {kind: min(ranked.index(kind), len(own)) for kind in ranked}
    series = [Series(names[kind], f"k{n}", totals[kind]) for n, kind in enumerate(own)]
    if len(own) < len(ranked):
        series.append(Series(rest, f"k{SERIES - 1}", sum(totals[kind] for kind in ranked[len(own) :])))
    return _chart(course, series, lambda key: place[key[0]], 200)


def by_fate(course: Course, names: Mapping[Fate, str]) -> Chart:
    """Bars of what became of it, always in the same order and style."""
    totals: Counter[Fate] = Counter()
    for bar in course.bars:
        for (_, fate), number in bar.counts.items():
            totals[fate] += number
    there = [fate for fate in Fate if totals[fate]]
    series = [Series(names[fate], f"f-{fate}", totals[fate]) for fate in there]
    return _chart(course, series, lambda key: there.index(key[1]), 120)


def _chart(
    course: Course, series: Sequence[Series], place: Callable[[tuple[Kind, Fate]], int], height: int
) -> Chart:
    bars = course.bars
    top, step = scale(max((bar.bounces for bar in bars), default=0), 5 if height > 150 else 3)
    pixels = (height - _ROOM) / top
    each = 100 / max(len(bars), 1)
    columns = []
    for number, bar in enumerate(bars):
        parts = [0] * len(series)
        for key, came in bar.counts.items():
            parts[place(key)] += came
        pieces = tuple(
            Piece(one.style, round(height - upto * pixels, 1), round(part * pixels, 1))
            for one, part, upto in zip(series, parts, accumulate(parts), strict=True)
            if part
        )
        named = tuple((one.name, part) for one, part in zip(series, parts, strict=True) if part)
        x, width = round(each * (number + _GAP / 2), 3), round(each * (1 - _GAP), 3)
        columns.append(Column(bar.start, x, width, pieces, bar.bounces, named))
    return Chart(
        height=height,
        columns=tuple(columns),
        series=tuple(series),
        across=tuple(labels(bars, course.width)),
        up=tuple(Up(round(height - n * pixels, 1), f"{n:,}") for n in range(step, top + 1, step)),
        storm=_storm(course, each),
    )


def scale(most: int, lines: int) -> tuple[int, int]:
    """(the number at the top, the step between lines): round numbers, at most so many lines."""
    steps = (figure * 10**power for power in count() for figure in (1, 2, 5))
    step = next(step for step in steps if most <= step * lines)
    return max(-(-most // step), 1) * step, step


def labels(bars: Sequence[Bar], width: Width) -> list[Across]:
    """Days and hours below the bars, as many as there is room for."""
    if not bars:
        return []
    found = [(n, text) for n, bar in enumerate(bars) if (text := _label(bars, bar.start, width))]
    told = [(100 * number / len(bars), text, place % 2 == 1) for place, (number, text) in enumerate(found)]
    # A label begins where its bar does: at the right edge there is no room for one, and on a phone still less.
    return [Across(round(x, 2), text, odd or x > 86) for x, text, odd in told if x <= 93]


_HOURS = (1, 2, 3, 6, 12, 24)
_DAYS = (1, 2, 3, 4, 5, 7, 10, 14, 21, 28)


def _label(bars: Sequence[Bar], start: datetime, width: Width) -> str:
    if width is Width.HOUR:
        step = next((s for s in _HOURS if len(bars) / s <= _LABELS), _HOURS[-1])
        if start.hour % step:
            return ""
        return short_day(start) if start.hour == 0 else f"{start:%H:%M}"
    unit = 7 if width is Width.WEEK else 1
    steps = (s * unit for s in (*_DAYS, 52))
    step = next((s for s in steps if len(bars) * unit / s <= _LABELS), 52 * unit)
    return "" if (start.date() - bars[0].start.date()).days % step else short_day(start)


def _storm(course: Course, each: float) -> tuple[float, float] | None:
    if course.storm_since is None or len(course.bars) < 2:
        return None
    starts = [bar.start for bar in course.bars]
    until = course.storm_until
    first = sum(start <= course.storm_since for start in starts) - 1
    last = len(starts) - 1 if until is None else sum(start <= until for start in starts) - 1
    first = max(first, 0)
    if last < 0 or last - first + 1 == len(starts):  # all of it, and that is said
        return None
    return round(each * first, 3), round(each * (last - first + 1), 3)


@dataclass(frozen=True, slots=True)
class Stretch:
    style: str
    x: float
    width: float


_SLIVER = 0.4  # per cent: what is shorter is not seen


def strip(coverage: Coverage, now: datetime, most: timedelta = timedelta(days=365)) -> tuple[Stretch, ...]:
    """What the log knows between its first moment (a year ago at most) and now; what is left free is not known."""
    if coverage.since is None:
        return ()
    start = max(coverage.since, now - most)
    whole = (now - start) / timedelta(seconds=1) or 1.0
    found = []
    # What was watched lies above what was read later.
    for one in sorted(coverage.intervals, key=lambda i: i.grade is Grade.WITNESSED):
        left = max((one.start - start) / timedelta(seconds=1) / whole, 0.0)
        right = min((one.end - start) / timedelta(seconds=1) / whole, 1.0)
        if right > left:
            width = max((right - left) * 100, _SLIVER)
            found.append(Stretch(f"g-{one.grade}", round(min(left * 100, 100 - width), 2), round(width, 2)))
    return tuple(found)


def shares(numbers: Sequence[tuple[str, int]]) -> tuple[Stretch, ...]:
    """(style, number)... -> a bar of the whole width; what is small stays visible."""
    there = [(style, number) for style, number in numbers if number]
    total = sum(number for _, number in there)
    if not total:
        return ()
    widths = [max(100 * number / total, 1.2) for _, number in there]
    whole, x, found = sum(widths), 0.0, []
    for (style, _), width in zip(there, widths, strict=True):
        found.append(Stretch(style, round(x, 2), round(100 * width / whole, 2)))
        x += 100 * width / whole
    return tuple(found)
