"""Dates and times as people type them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime

import click
import pytest

from scatterclean.cli.arguments import day, moment, moment_in

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An hour ahead of UTC in winter, two in summer."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-11-20", datetime(2026, 11, 19, 23, tzinfo=UTC)),
        ("2026-07-01", datetime(2026, 6, 30, 22, tzinfo=UTC)),
        ("2026-11-20 14:02", datetime(2026, 11, 20, 13, 2, tzinfo=UTC)),
        ("2026-11-20T14:02:03Z", datetime(2026, 11, 20, 14, 2, 3, tzinfo=UTC)),
        ("2026-11-20T14:02+05:30", datetime(2026, 11, 20, 8, 32, tzinfo=UTC)),
        ("today", datetime(2026, 11, 22, 23, tzinfo=UTC)),
        (" Yesterday ", datetime(2026, 11, 21, 23, tzinfo=UTC)),
        ("90m", datetime(2026, 11, 23, 11, tzinfo=UTC)),
        ("3h", datetime(2026, 11, 23, 9, 30, tzinfo=UTC)),
        ("2 d", datetime(2026, 11, 21, 12, 30, tzinfo=UTC)),
        ("1w", datetime(2026, 11, 16, 12, 30, tzinfo=UTC)),
    ],
)
def test_a_time_means_that_of_the_persons_clock(typed: str, meant: datetime) -> None:
    assert moment_in(typed, NOW) == meant
    assert moment_in(typed, NOW).tzinfo is UTC


def test_a_date_is_one_of_the_persons_calendar() -> None:
    assert day("2026-11-20") == date(2026, 11, 20)


@pytest.mark.parametrize(
    "typed", ["", "soon", "3", "-3d", "999999w", "2026-13-01", "0001-01-01", "31.12.2026"]
)
def test_what_is_no_time_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(click.BadParameter, match="2026-11-23"):
        moment(typed)
