"""What is told of an account in trouble: each thing once, for as long as the trouble lasts."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from scatterclean.errors import ConnectionLost, ServerUnreachable
from scatterclean.model import Mode, SweepReport
from scatterclean.service import health as how
from scatterclean.service.health import Health


def report(*troubles: str) -> SweepReport:
    now = datetime.now(UTC)
    return SweepReport("home", 1, Mode.MOVE, now, now, troubles=troubles)


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    logging.getLogger("scatterclean").propagate = True
    caplog.set_level(logging.WARNING)
    return caplog


def test_an_outage_that_shows_itself_in_two_ways_by_turns_is_told_twice_and_not_at_every_try(
    told: pytest.LogCaptureFixture,
) -> None:
    health = Health()
    for _ in range(5):
        health.failed("home", ServerUnreachable("home: it refuses the connection"))
        health.failed("home", ConnectionLost("home: the connection broke"))
    assert len(told.messages) == 2, told.messages


def test_a_connection_that_broke_is_told_only_if_the_next_try_fails_too(
    told: pytest.LogCaptureFixture,
) -> None:
    told.set_level(logging.INFO)
    health = Health()
    health.failed("home", ConnectionLost("home: the connection ended during UID SEARCH"))
    health.swept(report())
    assert not any("home: the" in line or "works again" in line for line in told.messages)
    told.clear()
    health.failed("home", ConnectionLost("home: the connection ended during UID SEARCH"))
    health.failed("home", ServerUnreachable("home: it refuses the connection"))
    health.swept(report())
    assert [line.partition(" (")[0] for line in told.messages[:2]] == [
        "home: it refuses the connection",
        "home: works again",
    ]


def test_a_trouble_that_outlasts_an_outage_is_not_told_again_behind_it(
    told: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(how, "time", SimpleNamespace(monotonic=lambda: now[0]))
    health = Health()
    health.swept(report("home: the clock is behind"))
    health.failed("home", ServerUnreachable("home: it refuses the connection"))
    for _ in range(5):
        health.swept(report("home: the clock is behind"))
        now[0] += 300
    health.failed("home", ServerUnreachable("home: it refuses the connection"))
    assert [line.partition(" (")[0] for line in told.messages] == [
        "home: the clock is behind",
        "home: it refuses the connection",
        "home: it refuses the connection",  # works again in between: another outage
    ]
