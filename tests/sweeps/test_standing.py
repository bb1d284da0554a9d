"""How an account stands: what the log knows, what was put away and when, what is open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import cast

import pytest

from scatterclean.cli import forms
from scatterclean.cli.commands.status import tell
from scatterclean.cli.screen import Screen
from scatterclean.model import (
    Alarm,
    AlarmKind,
    Coverage,
    Grade,
    Interval,
    Lessons,
    Mode,
    Proofs,
    Route,
    RouteCause,
)
from scatterclean.standing import Earlier, Standing, earlier, holes, standing

from .world import NOW, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "log.db")
    world.history()
    yield world
    world.close()


def stand(world: World, *, zone: timezone = UTC) -> Standing:
    store = world.store
    return standing(
        world.account,
        world.sources(),
        store.journal,
        store.docket,
        world.now.astimezone(zone),
        history=store.history,
        notices=store.notices,
        sweeps=3,
    )


def test_before_the_first_sweep_nothing_is_known(world: World) -> None:
    told = stand(world)
    assert (told.logged, told.coverage.since, told.holes, told.sweeps) == (0, None, (), ())
    assert told.still_open == {}


def test_sent_folders_that_were_read_and_are_empty_are_told_from_unread_ones(tmp_path: Path) -> None:
    world = World(tmp_path / "log.db")
    assert not stand(world).sent_empty
    world.sweep()
    assert (stand(world).sent_empty, stand(world).coverage.since) == (True, None)
    world.close()


def test_what_was_put_away_is_counted_by_the_day_of_the_person(world: World) -> None:
    world.bounced("first@spam.example", number=1)
    world.sweep()  # at noon UTC
    world.later(hours=9)
    world.bounced("second@spam.example", number=2)
    world.sweep()  # at nine in the evening UTC
    assert (stand(world).put_away.today, stand(world).put_away.ever) == (2, 2)
    tokyo = timezone(timedelta(hours=9))  # there it is six in the morning of the next day
    assert stand(world, zone=tokyo).put_away.today == 1
    world.later(days=6, hours=20)
    assert (stand(world).put_away.today, stand(world).put_away.week) == (0, 1)
    world.undo()
    away = stand(world).put_away
    assert (away.ever, away.returned) == (2, 2)


def test_it_tells_the_log_what_is_open_and_the_last_sweeps(world: World) -> None:
    world.bounced("fresh@spam.example", ago=timedelta(minutes=1))
    for _ in range(3):
        world.sweep(mode=Mode.OBSERVE)
    last = world.sweep(mode=Mode.OBSERVE)
    told = stand(world)
    assert (told.logged, told.still_open, told.mode) == (40, {"waiting": 1}, Mode.MOVE)
    assert told.coverage.through == NOW
    assert (len(told.sweeps), told.sweeps[0]) == (3, last)


def test_what_earlier_sweeps_settled_is_told_by_the_next(world: World) -> None:
    def told() -> Earlier:
        return earlier("home", world.store.journal, world.store.docket, ())

    world.bounced(
        "sent.1@winter.example", number=1, hop="mail.winter.example (mail.winter.example [192.0.2.1])"
    )
    world.bounced("forged@spam.example", number=2)
    assert told() == Earlier()
    world.sweep()
    assert told() == Earlier(genuine=1)
    world.undo()
    assert world.sweep().verdicts == {}
    assert told() == Earlier(genuine=1, brought_back=1)
    judged = world.store.docket.find("home")
    assert earlier("home", world.store.journal, world.store.docket, judged).genuine == 0


def test_what_proves_the_log_what_goes_past_it_and_the_servers_of_the_person_are_told(world: World) -> None:
    told = stand(world)
    assert (told.proofs, told.routes, told.provider.known) == (Proofs(), (), True)
    route = Route("n.n@h.example", RouteCause.REPLY, "1.2@h.example", NOW)
    lessons = Lessons(
        proofs={"home": Proofs(3, NOW)}, routes=(route,), hosts=frozenset({"mx.winter.example"})
    )
    world.store.experience.learn("home", world.account.person, lessons)
    told = stand(world)
    assert (told.proofs, told.routes) == (Proofs(3, NOW), (route,))
    assert "mx.winter.example" in told.provider.hosts
    world.set(hosts=frozenset(), server="imap.winter.example")
    assert stand(world).provider.known  # by what was learned
    form = forms.standing(told)
    assert form["proofs"] == {"replies": 3, "last": NOW.isoformat()}
    assert form["outbound"] == {"known": True, "hosts": sorted(told.provider.hosts)}
    assert [each["shape"] for each in cast("list[dict[str, str]]", form["routes"])] == ["n.n@h.example"]


def test_alarms_are_told_for_a_month_the_latest_first(world: World) -> None:
    for day in (40, 9, 2):
        at = world.now - timedelta(days=day)
        alarm = Alarm("home", f"burst:{day}", AlarmKind.BURST, at, (("strangers", "50"), ("usual", "1")))
        world.store.journal.ring([alarm], at)
    told = stand(world)
    assert [alarm.key for alarm in told.alarms] == ["burst:2", "burst:9"]
    [first, _] = cast("list[dict[str, str]]", forms.standing(told)["alarms"])
    assert "50 people" in first["what"]
    assert "password" in first["what_to_do"]


def test_the_screen_tells_alarms_first_then_what_the_log_knows(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.sweep()
    alarm = Alarm("home", "burst:1", AlarmKind.BURST, NOW, (("strangers", "50"), ("usual", "1")))
    world.store.journal.ring([alarm], NOW)
    tell(Screen.open(json=False, no_color=True), stand(world))
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "home (mode move)"
    assert lines[1].startswith("ALARM: account home: 50 people")
    text = "\n".join(lines)
    for words in (
        "The log of what you sent: 40 messages",
        "the log knows what you sent since 29 October 2025",
        "not watched live yet",
        "no proof yet that this is all: ",
        "your mail leaves through winter.example",
    ):
        assert words in text, words
        assert text.index("ALARM") < text.index(words)


def span(start: int, end: int, grade: Grade = Grade.WITNESSED) -> Interval:
    day = datetime(2026, 11, 1, tzinfo=UTC)
    return Interval(day + timedelta(days=start), day + timedelta(days=end), grade)


@pytest.mark.parametrize(
    ("intervals", "missing"),
    [
        ((), ()),
        ((span(0, 9),), ()),
        ((span(0, 3), span(3, 9, Grade.BACKFILLED)), ()),
        ((span(0, 3), span(5, 9)), ((3, 5),)),
        ((span(7, 9), span(0, 1), span(3, 5)), ((1, 3), (5, 7))),
        ((span(0, 9), span(2, 3)), ()),
    ],
)
def test_holes_are_what_no_interval_covers(
    intervals: tuple[Interval, ...], missing: tuple[tuple[int, int], ...]
) -> None:
    expected = tuple((span(start, end).start, span(start, end).end) for start, end in missing)
    assert holes(Coverage(intervals)) == expected
