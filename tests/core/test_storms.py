"""When bounces come in heaps: what begins a storm, what ends it, and what never is one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatterclean import plan, storms
from scatterclean.model import Arrival, Verdict

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def came(*ago: timedelta, verdict: Verdict = Verdict.ORPHAN) -> list[Arrival]:
    return [Arrival(NOW - one, verdict) for one in ago]


def every(step: timedelta, start: timedelta, end: timedelta = timedelta()) -> list[timedelta]:
    """From `start` ago until `end` ago."""
    return [start - number * step for number in range(int((start - end) / step) + 1)]


def test_many_an_hour_are_a_storm_and_it_says_since_when_and_how_many() -> None:
    found = storms.begun(came(*every(MINUTE, 2 * HOUR)), NOW)
    assert found is not None
    assert (found.since, found.bounces, found.own) == (NOW - 2 * HOUR, 121, 0)
    assert found.an_hour == pytest.approx(60, abs=1)


@pytest.mark.parametrize("number", range(storms.SIZE))
def test_a_few_are_no_storm(number: int) -> None:
    assert storms.begun(came(*[number * MINUTE for number in range(number)]), NOW) is None


def test_ten_within_six_hours_are_one_and_nine_are_none() -> None:
    ten = came(*[number * 30 * MINUTE for number in range(10)])
    assert storms.begun(ten, NOW) is not None
    assert storms.begun(ten[1:], NOW) is None


@pytest.mark.parametrize("age", [timedelta(hours=7), DAY, 40 * DAY, 400 * DAY])
def test_a_backlog_that_is_read_for_the_first_time_is_none(age: timedelta) -> None:
    assert storms.begun(came(*every(MINUTE, age + 5 * HOUR, age)), NOW) is None


def test_years_of_a_few_a_day_are_none() -> None:
    assert storms.begun(came(*every(3 * HOUR, 400 * DAY)), NOW) is None


def test_what_comes_every_day_is_usual_and_several_times_of_it_are_a_storm() -> None:
    usual = every(20 * MINUTE, 41 * DAY)  # 18 in six hours, day and night
    assert storms.begun(came(*usual), NOW) is None
    assert storms.begun(came(*usual, *every(MINUTE, 2 * HOUR)), NOW) is not None


def test_a_storm_is_seen_that_began_weeks_before_the_program_was_set_up() -> None:
    found = storms.begun(came(*every(2 * MINUTE, 14 * DAY)), NOW)
    assert found is not None
    assert found.since == NOW - 14 * DAY


def test_bounces_of_ones_own_newsletter_are_none_and_are_counted_in_one() -> None:
    own = came(*every(MINUTE, HOUR), verdict=Verdict.GENUINE)
    assert storms.begun(own, NOW) is None
    found = storms.begun([*own, *came(*every(MINUTE, HOUR))], NOW)
    assert found is not None
    assert (found.own, found.orphans, found.bounces) == (61, 61, 122)


@pytest.mark.parametrize("verdict", [Verdict.ORPHAN, Verdict.UNDECIDED, Verdict.WAITING])
def test_also_what_could_not_be_decided_counts(verdict: Verdict) -> None:
    assert storms.begun(came(*every(MINUTE, HOUR), verdict=verdict), NOW) is not None


def test_it_goes_on_through_a_pause_and_ends_after_quiet_hours() -> None:
    storm = came(*every(MINUTE, 2 * HOUR))
    assert not storms.over(storm, NOW)
    assert not storms.over(storm, NOW + 5 * HOUR)
    assert storms.over(storm, NOW + 6 * HOUR)


def test_fewer_make_it_go_on_than_make_it_begin() -> None:
    drizzle = came(*[number * HOUR for number in range(4)])
    assert storms.begun(drizzle, NOW) is None
    assert not storms.over(drizzle, NOW)


def test_what_ended_does_not_begin_anew_by_what_came_before() -> None:
    storm = [*came(*every(MINUTE, 3 * HOUR)), *came(30 * MINUTE)]
    assert storms.begun(storm, NOW) is not None
    assert storms.begun(storm, NOW, after=NOW - MINUTE) is None


_times = st.lists(st.integers(0, 60 * 24 * 60), max_size=200).map(
    lambda found: [NOW - one * MINUTE for one in found]
)
_arrivals = st.lists(st.tuples(st.integers(-100, 60 * 24 * 60), st.sampled_from(Verdict)), max_size=200).map(
    lambda found: [Arrival(NOW - minutes * MINUTE, verdict) for minutes, verdict in found]
)


@given(_arrivals)
def test_what_has_begun_is_not_over_whatever_came(arrivals: list[Arrival]) -> None:
    found = storms.begun(arrivals, NOW)
    if found is not None:
        assert not storms.over(arrivals, NOW)
        assert found.bounces >= storms.SIZE
        assert found.bounces == found.own + found.orphans + found.waiting + found.undecided
        assert found.since <= found.last <= NOW


@given(_arrivals)
def test_the_persons_own_bounces_neither_make_a_storm_nor_keep_one_going(arrivals: list[Arrival]) -> None:
    own = (Verdict.GENUINE, Verdict.ALARM)
    foreign = [one for one in arrivals if one.verdict not in own]
    assert (storms.begun(arrivals, NOW) is None) == (storms.begun(foreign, NOW) is None)
    assert storms.over(arrivals, NOW) == storms.over(foreign, NOW)


def _stretches(arrivals: Iterable[datetime]) -> list[tuple[datetime, datetime]]:
    """As `plan.storms` found them before telling and judging had one definition: one window after the other."""
    times = sorted(arrivals)
    found: list[tuple[datetime, datetime]] = []
    for first, last in zip(times, times[9:], strict=False):
        if last - first > timedelta(hours=6):
            continue
        start, end = first - timedelta(hours=6), last + timedelta(hours=6)
        if found and start <= found[-1][1]:
            start, end = found[-1][0], max(end, found[-1][1])
            found.pop()
        found.append((start, end))
    return found


@given(_times)
def test_what_is_judged_as_a_storm_is_what_always_was(times: list[datetime]) -> None:
    """A change here could hide a genuine automatic reply."""
    assert list(plan.storms(times)) == _stretches(times)
