"""Quiet hours and the time of a digest, by a clock that is set twice a year."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatterclean.tell import digest_before, quiet_until

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = (time(22), time(7))


def at(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-29 21:59", None),
        ("2026-11-29 22:00", "2026-11-30 07:00"),
        ("2026-11-30 03:00", "2026-11-30 07:00"),
        ("2026-11-30 07:00", None),
        ("2026-10-24 23:00", "2026-10-25 07:00"),  # the night is an hour longer
        ("2026-03-28 23:00", "2026-03-29 07:00"),  # and shorter
    ],
)
def test_the_night_ends_in_the_morning(now: str, until: str | None) -> None:
    assert quiet_until(at(now), NIGHT, BERLIN) == (until and at(until))


def test_the_nights_in_which_the_clock_is_set_have_nine_hours_less_or_more_one() -> None:
    spring = quiet_until(at("2026-03-28 22:00"), NIGHT, BERLIN)
    autumn = quiet_until(at("2026-10-24 22:00"), NIGHT, BERLIN)
    assert spring is not None
    assert autumn is not None
    assert spring - at("2026-03-28 22:00") == timedelta(hours=8)
    assert autumn - at("2026-10-24 22:00") == timedelta(hours=10)


def test_an_end_that_the_clock_leaves_out_comes_an_hour_later() -> None:
    assert quiet_until(at("2026-03-29 01:00"), (time(22), time(2, 30)), BERLIN) == at("2026-03-29 03:30")


def test_an_hour_that_comes_twice_is_quiet_twice() -> None:
    hours = (time(22), time(2, 30))
    second = at("2026-10-25 02:15", fold=1)
    assert quiet_until(second, hours, BERLIN) == at("2026-10-25 02:30", fold=1)


def test_hours_of_one_day_are_quiet_within_it() -> None:
    noon = (time(12), time(14))
    assert quiet_until(at("2026-11-29 13:00"), noon, BERLIN) == at("2026-11-29 14:00")
    assert quiet_until(at("2026-11-29 11:59"), noon, BERLIN) is None


_moments = st.integers(0, 10 * 365 * 24 * 60).map(
    lambda m: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=m)
)
_clock = st.times().map(lambda t: t.replace(second=0, microsecond=0, fold=0))


@given(
    now=_moments,
    start=_clock,
    end=_clock,
)
def test_quiet_hours_end_later_and_within_a_day(now: datetime, start: time, end: time) -> None:
    if start == end:
        return
    until = quiet_until(now, (start, end), BERLIN)
    if until is not None:
        assert now < until <= now + timedelta(hours=25)


@given(now=_moments, clock=_clock)
def test_a_digest_was_due_within_the_last_day_or_week(now: datetime, clock: time) -> None:
    daily = digest_before(now, clock, BERLIN)
    weekly = digest_before(now, clock, BERLIN, weekday=0)
    assert now - timedelta(hours=26) <= daily <= now
    assert now - timedelta(days=7, hours=2) <= weekly <= now
    assert weekly.astimezone(BERLIN).weekday() == 0
