"""The storm over time: bars without a gap in the person's zone, the peak, the usual, where a storm begins and ends."""

from __future__ import annotations

import itertools
from array import array
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatterclean.evidence.course import MOST_BARS, Clock, Spell, course, spell
from scatterclean.evidence.passing import QUARTER
from scatterclean.model import Kind, Storm
from scatterclean.model.report import Course, Fate, Width

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BERLIN, LONDON, KATHMANDU = (
    ZoneInfo(f"{name}") for name in ("Europe/Berlin", "Europe/London", "Asia/Kathmandu")
)


def drawn(
    *moments: datetime, zone: ZoneInfo | None = None, now: datetime = NOW, storm: Spell | None = None
) -> Course:
    quarters: dict[tuple[int, Kind, Fate], int] = {}
    for moment in moments:
        key = int(moment.timestamp()) // QUARTER, Kind.BOUNCE, Fate.MOVED
        quarters[key] = quarters.get(key, 0) + 1
    return course(quarters, {}, storm, now, Clock(zone or ZoneInfo("UTC")))


def test_nothing_came() -> None:
    assert drawn() == Course(Width.DAY)


def test_a_night_is_drawn_by_the_hour_without_a_gap() -> None:
    found = drawn(*(NOW - timedelta(hours=h, minutes=5) for h in (9, 9, 9, 2, 0)))
    assert found.width is Width.HOUR
    assert [bar.bounces for bar in found.bars] == [3, 0, 0, 0, 0, 0, 0, 1, 0, 1]
    assert (found.bars[0].start, found.bars[-1].start) == (
        NOW - timedelta(hours=10),
        NOW - timedelta(hours=1),
    )
    assert (found.peak, found.peak_at) == (3, NOW - timedelta(hours=10))


def test_a_month_is_drawn_by_the_day_and_two_years_by_the_week() -> None:
    month = drawn(*(NOW - timedelta(days=d) for d in range(30)))
    assert (month.width, len(month.bars), month.bars[0].start) == (
        Width.DAY,
        30,
        datetime(2026, 10, 25, tzinfo=UTC),
    )
    years = drawn(*(NOW - timedelta(days=d) for d in range(0, 700, 7)))
    assert (years.width, len(years.bars), years.bars[-1].start.weekday()) == (Width.WEEK, 100, 0)


def test_days_begin_at_the_persons_midnight_also_where_the_clocks_change() -> None:
    """In Berlin the 25th of October 2026 had 25 hours."""
    noon = datetime(2026, 10, 25, 12, 0, tzinfo=BERLIN)
    found = drawn(*(noon + timedelta(days=d) for d in range(-5, 5)), zone=BERLIN)
    starts = [bar.start for bar in found.bars]
    assert [start.hour for start in starts] == [0] * 10
    lengths = [
        (after.astimezone(UTC) - start.astimezone(UTC)) / timedelta(hours=1)
        for start, after in itertools.pairwise(starts)
    ]
    assert lengths == [24.0] * 5 + [25.0] + [24.0] * 3
    assert all(bar.bounces == 1 for bar in found.bars)


def test_the_hour_that_comes_twice_has_two_bars_and_the_one_that_is_left_out_has_none() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 in Berlin, for the first time
    found = drawn(first, first + timedelta(hours=1), zone=BERLIN, now=NOW)
    assert [bar.start.strftime("%H:%M %z") for bar in found.bars] == ["02:00 +0200", "02:00 +0100"]
    spring = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    found = drawn(spring, spring + timedelta(hours=1), zone=BERLIN)
    assert [bar.start.strftime("%H:%M %z") for bar in found.bars] == ["01:00 +0100", "03:00 +0200"]


def test_clock_hours_of_a_zone_with_quarters() -> None:
    at = datetime(2026, 11, 23, 9, 20, tzinfo=KATHMANDU)
    found = drawn(at, at + timedelta(minutes=30), at + timedelta(hours=1), zone=KATHMANDU)
    assert [(bar.start.strftime("%H:%M"), bar.bounces) for bar in found.bars] == [("09:00", 2), ("10:00", 1)]
    assert (found.peak, found.peak_at) == (2, at.replace(minute=0))


def test_one_bounce_of_years_ago_does_not_make_one_bar_of_a_night() -> None:
    night = [NOW - timedelta(minutes=m) for m in range(100)]
    found = drawn(datetime(1999, 1, 1, tzinfo=UTC), *night)
    assert (found.width, found.before, sum(bar.bounces for bar in found.bars)) == (Width.HOUR, 1, 100)


def test_what_is_dated_into_the_future_came_now() -> None:
    found = drawn(NOW + timedelta(days=300), NOW - timedelta(hours=1))
    assert [bar.bounces for bar in found.bars] == [1, 1]


def test_the_usual_is_the_median_of_the_days_before_the_storm() -> None:
    calm = [NOW - timedelta(days=d, hours=h) for d in range(2, 44) for h in range(2)]
    storm = Spell(NOW - timedelta(days=1), NOW, lasts=True)
    found = drawn(*calm, *[NOW - timedelta(hours=1)] * 500, storm=storm)
    assert found.usual == 2.0
    assert (found.storm_since, found.storm_until, found.peak) == (NOW - timedelta(days=1), None, 500)


moments = st.lists(st.integers(0, 3 * 366 * 24 * 60), max_size=60)


LONGEST = {
    Width.HOUR: timedelta(hours=1, minutes=30),
    Width.DAY: timedelta(hours=25),
    Width.WEEK: timedelta(days=7, hours=1),
}
ZONES = (BERLIN, LONDON, KATHMANDU, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/New_York"))


@given(moments, st.sampled_from(ZONES))
def test_bars_add_up_ascend_and_leave_no_gap(minutes: list[int], zone: ZoneInfo) -> None:
    found = drawn(*(NOW - timedelta(minutes=m) for m in minutes), zone=zone)
    assert sum(bar.bounces for bar in found.bars) + found.before == len(minutes)
    assert len(found.bars) <= MOST_BARS
    starts = [bar.start.astimezone(UTC) for bar in found.bars]
    for start, after in itertools.pairwise(starts):
        assert timedelta() < after - start <= LONGEST[found.width]
    if minutes:
        assert 1 <= found.peak <= len(minutes)
        assert found.bars[-1].bounces > 0


# --- storms ---------------------------------------------------------------------------------------------


def seconds(*ago: timedelta) -> array[int]:
    return array("q", [int((NOW - each).timestamp()) for each in ago])


NIGHT = [timedelta(days=3, minutes=m) for m in range(60)]


def test_without_a_daemon_a_storm_is_found_as_it_would_find_it() -> None:
    found = spell({"home": seconds(*NIGHT, timedelta(hours=1))}, {}, None, NOW)
    assert found == Spell(NOW - NIGHT[-1], NOW - NIGHT[0], lasts=False)
    assert spell({"home": seconds(*NIGHT[:5])}, {}, None, NOW) is None


def test_the_peak_of_the_storm_that_is_told_is_not_that_of_an_earlier_one() -> None:
    earlier = [NOW - timedelta(days=20)] * 9
    recent = [NOW - timedelta(hours=3)] * 4
    found = drawn(*earlier, *recent, storm=Spell(NOW - timedelta(hours=3), NOW, lasts=True))
    assert (found.peak, found.peak_at) == (9, NOW - timedelta(days=20))
    assert found.worst == (4, NOW - timedelta(hours=3))
    assert drawn(*earlier).worst == (9, NOW - timedelta(days=20))


def test_the_largest_storm_is_told_unless_one_is_in_progress() -> None:
    now = [timedelta(minutes=m) for m in range(12)]
    found = spell({"home": seconds(*NIGHT, *now)}, {}, None, NOW)
    assert found is not None
    assert (found.since, found.lasts) == (NOW - now[-1], True)


def test_what_the_daemon_noticed_counts() -> None:
    told = Storm("home", NOW - timedelta(days=4), NOW - timedelta(days=4), NOW - timedelta(days=2))
    found = spell({"home": seconds(*NIGHT)}, {"home": [told]}, None, NOW)
    assert found == Spell(told.since, NOW - timedelta(days=2), lasts=False)


@pytest.mark.parametrize("recent", [0, 20])
def test_a_storm_that_nobody_ended_lasts_only_while_bounces_come(recent: int) -> None:
    told = Storm("home", NOW - timedelta(days=4), NOW - timedelta(days=4))
    came = [*NIGHT, *(timedelta(minutes=m) for m in range(recent))]
    found = spell({"home": seconds(*came)}, {"home": [told]}, None, NOW)
    assert found == Spell(told.since, NOW if recent else NOW - NIGHT[0], lasts=bool(recent))
