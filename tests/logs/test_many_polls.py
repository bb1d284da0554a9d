"""A trouble that lasts is told once, however often the account is polled; what changes is told."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from scatterclean import wording
from scatterclean.errors import ConnectionLost, LoginRefused, Trouble
from scatterclean.model import Alarm, AlarmKind, Mode, SweepReport
from scatterclean.service import health
from scatterclean.service.health import Health

DOWN = ConnectionLost("home: mail.example does not answer", hint="Is the network there?")
SLOW = ConnectionLost("home: mail.example broke off")


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(logging.getLogger("scatterclean"), "propagate", True)
    caplog.set_level(logging.INFO, "scatterclean")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Monotonic seconds, set by the test."""
    now = [1000.0]
    monkeypatch.setattr(health, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def report(*troubles: str, **known: object) -> SweepReport:
    now = datetime.now(UTC)
    return SweepReport("home", 7, Mode.MOVE, now - timedelta(seconds=3), now, troubles=troubles, **known)  # type: ignore[arg-type]


def test_a_hundred_failures_are_one_line_and_their_end_another(
    clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    one = Health()
    for _ in range(100):
        one.failed("home", DOWN)
        clock[0] += 900  # for a day
    one.swept(report())
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 3, told
    assert told[0] == "home: mail.example does not answer (trying again in 5 s). Is the network there?"
    assert "works again (since" in told[1]
    assert told[2] == "home: 0 put away"


@pytest.mark.parametrize(
    "course",
    [(DOWN, SLOW), (DOWN, None), (DOWN, SLOW, None), (DOWN, DOWN, SLOW, SLOW, None, None)],
    ids=["two-troubles", "every-second", "two-and-well", "in-pairs"],
)
def test_what_comes_and_goes_at_every_poll_is_told_once_an_hour(
    course: tuple[Trouble | None, ...], clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    one = Health()
    for poll in range(120):  # ten hours, every five minutes
        trouble = course[poll % len(course)]
        if trouble is None:
            one.swept(report())
        else:
            one.failed("home", trouble)
        clock[0] += 300
    for what in (DOWN.what, SLOW.what):
        assert sum(what in record.getMessage() for record in caplog.records) <= 10
    assert sum("works again" in record.getMessage() for record in caplog.records) <= 20
    assert any(DOWN.what in record.getMessage() for record in caplog.records[1:]), (
        "it is not forgotten, either"
    )


def test_troubles_of_sweeps_that_go_well_otherwise_are_told_once(
    clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    one = Health()
    for poll in range(100):
        one.swept(report("home: Gesendet cannot be read", *(["home: another"] if poll % 2 else [])))
        clock[0] += 20
    assert caplog.text.count("Gesendet") == 1
    assert caplog.text.count("another") == 1


def test_who_reloads_hears_whether_it_helped(clock: list[float], caplog: pytest.LogCaptureFixture) -> None:
    one = Health()
    refused = LoginRefused("home: the server refused the password")
    one.failed("home", refused)
    one.anew()
    one.failed("home", refused)
    one.failed("home", refused)
    assert caplog.text.count("refused the password") == 2


def test_a_list_of_messages_is_named_by_its_first_line_alone(caplog: pytest.LogCaptureFixture) -> None:
    note = (
        "2 messages in Backscatter will be deleted:\n  put away: Dear Ada, from eve@spam.example\n  and more"
    )
    now = datetime.now(UTC)
    Health().swept(SweepReport("home", 7, Mode.MOVE, now, now, notes=(note,)))
    assert (
        "2 messages in Backscatter will be deleted (`scatterclean sweep --observe` names them)" in caplog.text
    )
    assert "Ada" not in caplog.text
    assert "eve@" not in caplog.text


def test_an_alarm_is_told_at_once_and_names_no_mail(caplog: pytest.LogCaptureFixture) -> None:
    detail = (("bounces", "2"), ("recipient", "eve@x.example"), ("subject", "Dear Ada"), ("line", "d=Ada"))
    told = wording.alarm(Alarm("home", "one", AlarmKind.SENT_BY_YOU, datetime.now(UTC), detail))
    assert "Ada" in told
    one = Health()
    for _ in range(3):
        one.swept(report(told))
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage().startswith("ALARM: account home: ")
    assert "Change the password" in record.getMessage()
    assert "eve@" not in caplog.text
    assert "Ada" not in caplog.text


def test_the_figures_of_a_sweep_go_with_its_line(caplog: pytest.LogCaptureFixture) -> None:
    Health().swept(report(moved=4, harvested=2))
    [record] = caplog.records
    assert record.event == "sweep"  # type: ignore[attr-defined]
    figures = record.figures  # type: ignore[attr-defined]
    assert (figures["moved"], figures["harvested"], figures["sweep"], figures["seconds"]) == (4, 2, 7, 3.0)
