"""status: when it went well last, when the next look is due, since when there is trouble; nothing is invented."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scatterclean import wording
from scatterclean.cli import forms
from scatterclean.cli.commands.status import tell
from scatterclean.cli.screen import Screen
from scatterclean.model import Mode, Push, Refusal, Storm, SweepReport
from scatterclean.standing import Rhythm, Standing, standing
from scatterclean.store import awake
from tests.sweeps.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "log.db")
    world.history()
    yield world
    world.close()


def stand(world: World, rhythm: Rhythm | None = None) -> Standing:
    store = world.store
    sources = world.sources()
    return standing(
        world.account,
        sources,
        store.journal,
        store.docket,
        world.now,
        history=store.history,
        notices=store.notices,
        rhythm=rhythm,
    )


def told(one: Standing, capsys: pytest.CaptureFixture[str]) -> str:
    tell(Screen.open(json=False, no_color=True), one)
    return capsys.readouterr().out


def tried(world: World, *troubles: str, session: bool = False) -> datetime:
    world.later(hours=1)
    number = world.store.journal.begin_sweep("home", Mode.MOVE, world.now)
    refusal = None if session else Refusal.NO_SESSION
    report = SweepReport("home", number, Mode.MOVE, world.now, world.now, refusal=refusal, troubles=troubles)
    world.store.journal.end_sweep(report)
    return world.now


def test_before_anything_happened_no_success_and_no_next_look_is_told(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    text = told(stand(world, Rhythm(timedelta(minutes=5))), capsys)
    assert "Last success" not in text
    assert "Next look" not in text
    assert forms.standing(stand(world))["last_success"] is None


def test_failures_are_told_with_the_time_since_when_and_the_last_success(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.sweep()
    well = stand(world).last_success
    assert well is not None
    first = tried(world, "home: no answer")
    last = [tried(world, "home: no answer") for _ in range(30)][-1]
    one = stand(world)
    assert (one.last_success, one.failing_since) == (well, first)
    text = told(one, capsys)
    assert "Last success: " in text
    assert (
        f"The last try ({wording.moment(last)}) failed, as all since {wording.moment(first)}: home: no answer"
        in text
    )
    form = forms.standing(one)
    assert form["failed"] == {
        "at": last.isoformat(),
        "since": first.isoformat(),
        "troubles": ["home: no answer"],
    }
    assert form["last_success"] == well.isoformat()


def test_the_first_failure_says_nothing_of_others(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    tried(world, "home: no answer")
    assert "as all since" not in told(stand(world), capsys)


def test_a_trouble_of_sweeps_is_told_with_the_time_since_when(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    first = tried(world, "home: Gesendet cannot be read\n  a hint", session=True)
    tried(world, "home: Gesendet cannot be read\n  a hint", "home: new", session=True)
    text = told(stand(world), capsys)
    assert f"home: Gesendet cannot be read (since {wording.moment(first)})" in text
    assert "home: new\n" in text
    assert "a hint" in text


@pytest.mark.parametrize(
    ("away", "said"),
    [(-3, "Looks now"), (45, "in 45 s"), (299, "in 5 min"), (3600, "in 60 min")],
)
def test_the_next_look_is_told_as_the_daemon_planned_it(
    away: int, said: str, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    due = world.now + timedelta(seconds=away)
    one = stand(world, Rhythm(timedelta(minutes=5), Push.OFF, due=due))
    assert said in told(one, capsys)
    assert forms.rhythm(Rhythm(timedelta(minutes=5), Push.OFF, due=due))["next"] == due.isoformat()


def test_what_the_daemon_planned_is_known_as_long_as_it_lives(tmp_path: Path) -> None:
    database = tmp_path / "log.db"
    due = datetime(2026, 11, 29, 20, 0, tzinfo=UTC)
    assert awake.due(database) == {}
    awake.note(database, {"home": Push.WOKEN}, {"home": due})
    assert awake.due(database) == {"home": due}
    assert awake.noted(database) == {"home": Push.WOKEN}
    path = tmp_path / "log.db.awake"
    path.write_text(path.read_text().replace(f'"pid": {os.getpid()}', '"pid": 4194305'))  # above every pid
    assert (awake.due(database), awake.noted(database)) == ({}, None)


@pytest.mark.parametrize(
    "due", ['"x"', "7", '{"home": 7}', '{"home": "soon"}', '{"home": "2026-11-29T20:00:00"}', "null"]
)
def test_a_file_of_another_version_invents_no_moment(due: str, tmp_path: Path) -> None:
    (tmp_path / "log.db.awake").write_text(
        f'{{"pid": {os.getpid()}, "pushes": {{"home": "woken"}}, "due": {due}}}'
    )
    assert awake.due(tmp_path / "log.db") == {}


def test_a_file_of_the_version_before_is_understood(tmp_path: Path) -> None:
    (tmp_path / "log.db.awake").write_text(f'{{"pid": {os.getpid()}, "pushes": {{"home": "woken"}}}}')
    assert awake.noted(tmp_path / "log.db") == {"home": Push.WOKEN}
    assert awake.due(tmp_path / "log.db") == {}
    assert replace(Rhythm(timedelta(1)), push=Push.WOKEN).due is None


def test_a_storm_in_progress_is_told_also_where_no_daemon_noticed_it(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(9):
        world.bounced(f"a{number}@spam.example", ago=timedelta(minutes=10 * number + 20))
    world.sweep()
    assert stand(world).storm is None
    world.bounced("last@spam.example", ago=timedelta(minutes=15))
    world.sweep()
    storm = stand(world).storm
    assert storm is not None
    assert storm.since == world.now - timedelta(minutes=100)
    assert "A storm of bounces since" in told(stand(world), capsys)
    assert forms.standing(stand(world))["storm"] == {"since": storm.since.isoformat(), "an_hour": 6.0}
    world.later(hours=7)
    assert stand(world).storm is None


def test_a_storm_that_the_daemon_noticed_began_when_it_said(world: World) -> None:
    for number in range(4):
        world.bounced(f"a{number}@spam.example", ago=timedelta(minutes=30 + number))
    world.sweep()
    began = world.now - timedelta(hours=20)
    world.store.notices.begin_storm(Storm("home", began, began), [], [])
    storm = stand(world).storm
    assert storm is not None
    assert (storm.since, round(storm.an_hour, 2)) == (began, 0.67)
    world.later(hours=6)  # the daemon died, and nobody ended it
    assert stand(world).storm is None
