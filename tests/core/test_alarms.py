"""Alarms: what is no habit of the person, once per event."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from scatterclean.alarms import BURST_STRANGERS, MANY_BOUNCES, bursts, many_bounces, sent_by_you
from scatterclean.model import (
    AlarmKind,
    Because,
    Case,
    Finding,
    Hour,
    Place,
    Reason,
    Tie,
    Verdict,
    Whereabouts,
)

from .people import ARRIVAL, BOUNCE, NOW


def hours(*strangers: int, until: datetime = NOW) -> list[Hour]:
    """One hour a day, the last one now."""
    first = until.replace(minute=0) - timedelta(days=len(strangers) - 1)
    return [Hour(first + timedelta(days=day), count, count) for day, count in enumerate(strangers)]


def test_an_hour_that_is_many_times_what_was_usual_is_a_burst() -> None:
    [alarm] = bursts("home", hours(2, 0, 3, 1, 2, 0, 1, 400), NOW)
    assert (alarm.kind, alarm["strangers"], alarm["usual"]) == (AlarmKind.BURST, "400", "3")


def test_a_burst_that_lasts_for_hours_is_one_event() -> None:
    usual = hours(*[2] * 10, until=NOW - timedelta(days=5))
    night = [Hour(NOW.replace(minute=0) - timedelta(hours=h), 300, 300) for h in (3, 2, 1)]
    assert len(bursts("home", [*usual, *night], NOW)) == 1


def test_what_is_usual_for_the_person_is_no_burst() -> None:
    assert not bursts("home", hours(120, 0, 90, 0, 0, 100, 0, 130), NOW)


def test_few_messages_are_no_burst_however_unusual() -> None:
    assert not bursts("home", hours(0, 1, 0, 0, 1, 0, 0, BURST_STRANGERS - 1), NOW)


def test_a_log_that_has_just_begun_shows_no_habit() -> None:
    assert not bursts("home", hours(400), NOW)


def case(number: int, finding: Finding, arrival: datetime = ARRIVAL) -> Case:
    bounce = replace(BOUNCE, recipients=(f"r{number}@elsewhere.example",))
    return Case("home", Whereabouts(Place("INBOX", 1), number), f"{number:032}", arrival, bounce, finding)


LOGGED = Finding(Verdict.GENUINE, (Reason.of(Because.ID_LOGGED, id="x@winter.example", found_in="part"),))
WRITTEN_TO = [Tie(f"r{n}@elsewhere.example", NOW - timedelta(hours=3), "Hello") for n in range(200)]
SENT = Finding(Verdict.ALARM, (Reason.of(Because.SENT_BY_YOU, sign="signed", line="d=x", id="x@y"),))


def test_one_message_that_bounces_from_everywhere_is_an_alarm() -> None:
    [alarm] = many_bounces("home", [case(n, LOGGED) for n in range(1, MANY_BOUNCES + 1)], WRITTEN_TO)
    assert (alarm.kind, alarm["id"]) == (AlarmKind.MANY_BOUNCES, "x@winter.example")


def test_recipients_to_whom_the_log_says_nothing_went_do_not_count() -> None:
    """Who knows one id of the person's, as everybody on a mailing list does, can forge bounces about it."""
    forged = [case(n, LOGGED) for n in range(1, 5 * MANY_BOUNCES)]
    assert not many_bounces("home", forged, WRITTEN_TO[1:2])


def test_recipients_of_other_messages_do_not_count() -> None:
    forged = [case(n, LOGGED) for n in range(1, 5 * MANY_BOUNCES)]
    each = [replace(tie, sent_at=tie.sent_at - timedelta(minutes=n)) for n, tie in enumerate(WRITTEN_TO)]
    assert not many_bounces("home", forged, each)


def test_recipients_who_got_mail_before_do_not_count() -> None:
    """A newsletter goes to the same people each month."""
    back = [case(n, LOGGED) for n in range(1, 5 * MANY_BOUNCES)]
    before = [replace(tie, sent_at=tie.sent_at - timedelta(days=30)) for tie in WRITTEN_TO]
    assert not many_bounces("home", back, [*before, *WRITTEN_TO])


def test_the_same_recipient_many_times_is_none() -> None:
    assert not many_bounces("home", [case(1, LOGGED)] * (2 * MANY_BOUNCES), WRITTEN_TO)


def test_bounces_about_what_the_account_sent_are_one_alarm_a_day() -> None:
    cases = [case(n, SENT, ARRIVAL - timedelta(days=n % 2)) for n in range(1, 9)]
    found = sent_by_you("home", cases)
    assert [alarm["bounces"] for alarm in found] == ["4", "4"]
    assert len({alarm.key for alarm in found}) == 2
