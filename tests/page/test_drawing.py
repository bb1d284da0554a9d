"""Charts: bars, scales, labels and shares are where the numbers say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatterclean.model import Coverage, Grade, Interval, Kind
from scatterclean.model.report import Bar, Conclusion, Course, Fate, Says, Width
from scatterclean.page import drawing, style
from scatterclean.wording import page as words
from tests.page.reports import BEGAN, NOW, course

MIDNIGHT = NOW.replace(hour=0, minute=0)


def bars(number: int, width: Width, start: datetime = MIDNIGHT) -> tuple[Bar, ...]:
    step = {Width.HOUR: timedelta(hours=1), Width.DAY: timedelta(days=1), Width.WEEK: timedelta(days=7)}[
        width
    ]
    return tuple(Bar(start + n * step, {(Kind.BOUNCE, Fate.MOVED): n + 1}) for n in range(number))


def kinds(drawn: Course) -> drawing.Chart:
    return drawing.by_kind(drawn, words.KINDS, words.OTHER_KINDS)


@pytest.mark.parametrize(
    ("most", "lines", "top", "step"),
    [
        (0, 5, 1, 1),
        (1, 5, 1, 1),
        (5, 5, 5, 1),
        (6, 5, 6, 2),
        (412, 5, 500, 100),
        (9_812, 5, 10_000, 2_000),
        (11, 3, 15, 5),
    ],
)
def test_the_scale_has_round_steps_and_reaches_the_highest_bar(
    most: int, lines: int, top: int, step: int
) -> None:
    assert drawing.scale(most, lines) == (top, step)


@given(st.integers(0, 10**7), st.integers(1, 8))
def test_no_scale_has_more_lines_than_wanted_or_cuts_a_bar(most: int, lines: int) -> None:
    top, step = drawing.scale(most, lines)
    assert most <= top
    assert top % step == 0
    assert top // step <= lines


def test_pieces_of_a_bar_stand_on_each_other_and_are_as_high_as_their_numbers() -> None:
    chart = kinds(course())
    top = drawing.scale(max(bar.bounces for bar in course().bars), 5)[0]
    pixels = (chart.height - 18) / top
    for column, bar in zip(chart.columns, course().bars, strict=True):
        assert column.total == bar.bounces == sum(number for _, number in column.parts)
        foot = float(chart.height)
        for piece, (_, number) in zip(column.pieces, column.parts, strict=True):
            assert piece.height == pytest.approx(number * pixels, abs=0.06)
            assert piece.y + piece.height == pytest.approx(foot, abs=0.11)
            foot = piece.y
        assert foot >= 17.9


def test_bars_stand_beside_each_other_within_the_width() -> None:
    columns = kinds(course()).columns
    assert all(a.x + a.width < b.x for a, b in pairwise(columns))
    assert columns[0].x >= 0
    assert columns[-1].x + columns[-1].width <= 100


def test_rare_kinds_share_one_colour_and_nothing_is_lost() -> None:
    every = Course(Width.DAY, (Bar(MIDNIGHT, {(kind, Fate.MOVED): 10 - n for n, kind in enumerate(Kind)}),))
    chart = kinds(every)
    assert len(chart.series) == drawing.SERIES
    assert chart.series[-1].name == words.OTHER_KINDS
    assert sum(one.total for one in chart.series) == every.bars[0].bounces
    assert len({one.style for one in chart.series}) == drawing.SERIES


def test_as_many_kinds_as_there_are_colours_keep_their_names() -> None:
    some = Course(
        Width.DAY, (Bar(MIDNIGHT, {(kind, Fate.MOVED): 1 for kind in list(Kind)[: drawing.SERIES]}),)
    )
    assert words.OTHER_KINDS not in [one.name for one in kinds(some).series]


def test_what_became_of_it_has_the_same_colour_on_every_page() -> None:
    chart = drawing.by_fate(course(), words.FATES)
    assert [one.style for one in chart.series] == [f"f-{fate}" for fate in Fate]


@pytest.mark.parametrize("width", list(Width))
@pytest.mark.parametrize("number", [1, 2, 7, 24, 50, 119, 120])
def test_labels_below_are_few_and_the_first_stretch_of_days_is_named(width: Width, number: int) -> None:
    told = drawing.labels(bars(number, width), width)
    assert 1 <= len(told) <= 6
    assert told[0].text == "29 Nov"
    assert all(0 <= one.x <= 93 for one in told)
    assert not told[0].seldom
    assert all(one.seldom for one in told[1::2] + [one for one in told if one.x > 86])


def test_hours_are_named_by_the_clock_and_midnight_by_its_day() -> None:
    told = [one.text for one in drawing.labels(bars(12, Width.HOUR, BEGAN), Width.HOUR)]
    assert told == ["22:00", "29 Nov", "02:00", "04:00", "06:00", "08:00"]


def test_the_storm_is_shaded_from_its_first_bar_to_its_last() -> None:
    chart = kinds(course())
    assert chart.storm == pytest.approx((100 / 12, 1100 / 12), abs=0.01)


def test_what_is_storm_from_end_to_end_is_not_shaded() -> None:
    assert kinds(replace(course(), storm_since=BEGAN)).storm is None


def test_without_a_storm_nothing_is_shaded() -> None:
    assert kinds(Course(Width.DAY, bars(5, Width.DAY))).storm is None


def test_a_chart_of_nothing_can_be_drawn() -> None:
    assert kinds(Course(Width.DAY)).columns == ()


def test_the_strip_of_coverage_leaves_holes_free() -> None:
    covered = Coverage(
        (
            Interval(NOW - timedelta(days=100), NOW - timedelta(days=50), Grade.BACKFILLED),
            Interval(NOW - timedelta(days=25), NOW, Grade.WITNESSED),
        )
    )
    assert drawing.strip(covered, NOW) == (
        drawing.Stretch("g-backfilled", 0.0, 50.0),
        drawing.Stretch("g-witnessed", 75.0, 25.0),
    )


def test_the_strip_shows_a_year_at_most_and_nothing_if_nothing_is_known() -> None:
    covered = Coverage((Interval(NOW - timedelta(days=4000), NOW, Grade.BACKFILLED),))
    assert drawing.strip(covered, NOW) == (drawing.Stretch("g-backfilled", 0.0, 100.0),)
    assert drawing.strip(Coverage(), NOW) == ()


def test_a_small_share_is_still_seen() -> None:
    [large, small] = drawing.shares([("a", 100_000), ("b", 1), ("c", 0)])
    assert small.width > 1
    assert large.width + small.width == pytest.approx(100, abs=0.05)


# --- colours ------------------------------------------------------------------------------------------------


def schemes() -> list[dict[str, str]]:
    """The colours by name, light and dark."""
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{\n(.*?)\}", style(), re.DOTALL)
    )
    return [light, light | dark]


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


FILLS = ("k0", "k1", "k2", "k3", "k4", "moved", "returned", "kept", "undecided", "waiting", "alarming")


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_bars_stand_out_from_their_ground_and_letters_can_be_read(scheme: int) -> None:
    colours = schemes()[scheme]
    assert _low(colours, FILLS, ("ground", "card", "shade"), 3.0) == []
    assert _low(colours, ("ink", "soft", "link"), ("ground", "card", "shade", "code"), 4.5) == []
    assert _low(colours, ("filled",), ("ground",), 3.0) == []


def _low(colours: dict[str, str], fore: Iterable[str], back: Iterable[str], least: float) -> list[str]:
    return [
        f"{one} on {other}: {contrast(colours[one], colours[other]):.2f}"
        for one in fore
        for other in back
        if contrast(colours[one], colours[other]) < least
    ]


def test_every_class_of_a_shape_has_a_colour() -> None:
    known = set(re.findall(r"\.([\w-]+)", style()))
    shapes = {one.style for one in kinds(course()).series} | {f"f-{fate}" for fate in Fate}
    every = Conclusion(Says.ALARM, 21, not_yours=1, own=2, undecided=9, others=4, waiting=3, alarming=6)
    tally = words.tally(every)
    assert len(tally) == 5
    assert sum(number for _, _, number, _ in tally) == every.bounces
    shapes |= {f"t-{key}" for key, _, _, _ in tally}
    shapes |= {f"g-{grade}" for grade in Grade}
    assert shapes - known == set()
