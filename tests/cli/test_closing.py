"""The closing of a sweep: alarms stand above everything, once, and what is an alarm comes first among what stayed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

import pytest

from scatterclean import wording
from scatterclean.cli.screen import Screen
from scatterclean.cli.sweeps import Outcome, closing
from scatterclean.model import (
    Alarm,
    AlarmKind,
    Because,
    Bounce,
    Case,
    Finding,
    Kind,
    Mode,
    Place,
    Reason,
    SweepReport,
    Verdict,
    Whereabouts,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ALARM = Alarm("home", "sent-by-you:x", AlarmKind.SENT_BY_YOU, NOW, (("bounces", "2"), ("subject", "Win")))


def case(uid: int, verdict: Verdict, reason: Reason) -> Case:
    bounce = Bounce(Kind.BOUNCE, subject="Failure", sender="daemon@mx.example")
    return Case(
        "home", Whereabouts(Place("INBOX", 1), uid), f"{uid:032}", NOW, bounce, Finding(verdict, (reason,))
    )


def outcome() -> Outcome:
    judged = [
        case(1, Verdict.GENUINE, Reason.of(Because.ID_LOGGED, id="a@b.example", found_in="In-Reply-To")),
        case(2, Verdict.GENUINE, Reason.of(Because.ID_LOGGED, id="a@b.example", found_in="In-Reply-To")),
        case(3, Verdict.ALARM, Reason.of(Because.SENT_BY_YOU, sign="signed", line="d=b.example")),
    ]
    report = SweepReport(
        "home",
        1,
        Mode.MOVE,
        NOW,
        NOW,
        verdicts={Verdict.GENUINE: 2, Verdict.ALARM: 1},
        troubles=(wording.alarm(ALARM), "another trouble"),
    )
    told = Outcome("home", report)
    told.judge()(judged)
    told.alarm([ALARM])
    return told


def test_an_alarm_stands_first_and_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    closing(Screen.open(json=False, no_color=True), [outcome()])
    told, aside = capsys.readouterr()
    assert told.startswith("ALARM: account home: your account seems to have sent mail")
    assert told.count("ALARM: account home") == 1
    assert "Change the password" in told.partition("Account")[0]
    assert "ALARM" not in aside
    assert "another trouble" in aside


def test_messages_that_are_alarms_come_first_among_what_stayed(capsys: pytest.CaptureFixture[str]) -> None:
    closing(Screen.open(json=False, no_color=True), [outcome()])
    stayed = capsys.readouterr().out.partition("Stayed:")[2]
    assert stayed.strip().startswith(
        "1 alarm: the message that came back is signed with the key of your own domain"
    )
    assert stayed.index("1 alarm") < stayed.index("2 genuine")


def test_json_tells_alarms_with_what_to_do() -> None:
    [alarm] = cast("list[dict[str, str]]", outcome().form()["alarms"])
    assert (alarm["kind"], alarm["account"], alarm["at"]) == ("sent-by-you", "home", NOW.isoformat())
    assert "password" in alarm["what_to_do"]
    assert "harmless" in alarm["otherwise"]
