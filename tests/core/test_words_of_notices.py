"""What is told of a storm is true in each case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scatterclean.model import Mode, Refusal
from scatterclean.storms import Weather
from scatterclean.wording import notices
from scatterclean.wording.text import rounded

NOW = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)
ALL_FORGED = Weather(NOW - timedelta(hours=7), NOW, 350, 50.4, own=0, orphans=350, waiting=0, undecided=0)
MOVING = notices.Course(Mode.MOVE, "Backscatter", 300)


def test_a_storm_of_which_nothing_is_the_persons() -> None:
    subject, body = notices.storm_begun("home", ALL_FORGED, MOVING, NOW)
    assert subject == "A storm of bounces at home: about 50 an hour"
    assert "Since 02:00, bounces have been coming to home, about 50 an hour (350 so far)." in body
    assert "None of them is about mail of yours." in body
    assert "300 bounces were put away into the folder 'Backscatter', and what still comes" in body
    assert "It usually ends in days." in body


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"own": 1}, "1 of them is about mail that your account did send, and stays"),
        ({"own": 4}, "4 of them are about mail that your account did send, and stay"),
        ({"undecided": 9}, "Of 9 bounces it cannot be said for sure; they stay in your inbox."),
        ({"waiting": 1}, "1 bounce cannot be judged yet, and waits."),
    ],
)
def test_what_is_the_persons_or_unsure_is_counted(changes: dict[str, int], said: str) -> None:
    weather = replace(ALL_FORGED, **changes)  # type: ignore[arg-type]  # names of counts
    told = notices.storm_begun("home", weather, MOVING, NOW)[1]
    assert said in told
    assert "None of them is about mail of yours." not in told


@pytest.mark.parametrize("refusal", [r for r in Refusal if r is not Refusal.OBSERVING])
def test_where_nothing_can_be_moved_it_says_so_and_why(refusal: Refusal) -> None:
    course = replace(MOVING, away=0, refusal=refusal)
    told = notices.storm_begun("home", ALL_FORGED, course, NOW)[1]
    assert "They are still where they came: " in told
    assert "put away into" not in told


def test_an_account_that_observes_says_what_it_would_do() -> None:
    course = notices.Course(Mode.OBSERVE, "Backscatter")
    for told in (notices.storm_begun, notices.storm_over):
        _, body = told("home", ALL_FORGED, course, NOW)
        assert "350 would be put away; nothing is moved" in body
        assert "were put away" not in body


def test_a_storm_that_begins_names_the_report_and_why_nothing_moves_at_first() -> None:
    course = replace(MOVING, settle=timedelta(minutes=10))
    body = notices.storm_begun("home", ALL_FORGED, course, NOW)[1]
    assert "scatterclean report --open" in body
    assert "none is moved in the first 10 min" in body
    watching = replace(course, mode=Mode.OBSERVE)
    assert "none is moved in the first" not in notices.storm_begun("home", ALL_FORGED, watching, NOW)[1]


def test_the_end_tells_from_when_to_when_how_many_came() -> None:
    over = replace(ALL_FORGED, since=NOW - timedelta(days=3), own=2)
    subject, body = notices.storm_over("home", over, MOVING, NOW)
    assert subject == "The storm of bounces at home is over: 350 came"
    assert "From 26 November 09:00 to today 09:00, 350 bounces came to home." in body
    assert "scatterclean undo home" in body


@pytest.mark.parametrize(
    ("exact", "said"), [(0.2, 1), (3.4, 3), (19.2, 19), (47.0, 50), (994.0, 990), (1234.0, 1200)]
)
def test_rates_are_rounded_as_people_say_them(exact: float, said: int) -> None:
    assert rounded(exact) == said


def test_what_a_server_said_of_trouble_brings_no_control_character_and_no_line_of_its_own() -> None:
    _, body = notices.trouble("home", NOW, "refused: \x1b[31m\u202eevil\r\n\r\nFrom: you", NOW)
    assert "\x1b" not in body
    assert "\u202e" not in body
    assert "\r" not in body
    assert "\n  From: you" in body


def test_where_the_account_itself_may_have_sent_some_nobody_is_calmed() -> None:
    calm = "That is no sign that anybody has your password"
    assert calm in notices.storm_begun("home", ALL_FORGED, MOVING, NOW)[1]
    weather = replace(ALL_FORGED, own=3, alarms=3)
    told = notices.storm_begun("home", weather, MOVING, NOW)[1]
    assert calm not in told
    assert "that is told as an alarm" in told


def test_where_none_is_known_to_be_forged_nobody_is_told_that_most_probably_they_are() -> None:
    """Bounces of one's own newsletter, before the log knows that it was sent, are undecided too."""
    unsure = replace(ALL_FORGED, orphans=0, undecided=350)
    _, body = notices.storm_begun("home", unsure, replace(MOVING, away=0), NOW)
    assert "Most probably" not in body
    assert "What they are about is not known" in body
    for judged in ({"orphans": 340, "undecided": 10}, {"orphans": 0, "waiting": 350}):
        sure = replace(ALL_FORGED, **judged)  # type: ignore[arg-type]  # names of counts
        assert "Most probably" in notices.storm_begun("home", sure, MOVING, NOW)[1]


def test_a_slow_storm_is_named_by_what_came_and_not_by_so_few_an_hour() -> None:
    slow = replace(ALL_FORGED, bounces=61, orphans=61, an_hour=2.0)
    subject, body = notices.storm_begun("home", slow, MOVING, NOW)
    assert subject == "A storm of bounces at home: 61 so far"
    assert "about 2 an hour (61 so far)" in body
