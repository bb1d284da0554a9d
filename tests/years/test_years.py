"""Simulated years: no genuine bounce is moved at any time, and nearly all backscatter is that may be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scatterclean.store import open_store

from . import figures
from .life import Life


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Life]]:
    """Two households of three persons: five months and a half in all, three storms each."""
    found = []
    for seed in (1, 2):
        store = open_store(Path(tmp_path_factory.mktemp("years")) / f"{seed}.db")
        life = Life(seed, store, days=28, storms=3, storm=400)
        life.live()
        found.append(life)
    yield found
    for life in found:
        life.store.close()


def test_no_genuine_bounce_is_moved_at_any_time(lives: list[Life]) -> None:
    for life in lives:
        wrong = figures.wrongly_moved(life.labels.values())
        assert [(w.person.name, w.route, w.shape, w.arrival, w.moved_at, w.why) for w in wrong] == []


def test_what_the_rules_promise_to_move_is_moved(lives: list[Life]) -> None:
    labels = [label for life in lives for label in life.labels.values()]
    due = figures.due(labels)
    stayed = [(d.person.name, d.shape, d.arrival, d.why) for d in due if d.moved_at is None]
    assert len(stayed) <= 0.005 * len(due), stayed
    assert len(due) > 800


def test_the_lives_are_full_enough_to_show_it(lives: list[Life]) -> None:
    """Every way of sending had bounces, and every shape was seen, of genuine mail and of forged."""
    labels = [label for life in lives for label in life.labels.values()]
    ways = {label.route for label in labels}
    assert {
        "letter",
        "late",
        "list",
        "phone",
        "script",
        "web form",
        "send-as",
        "colleague",
        "vacation",
    } <= ways
    assert {"meeting", "forwarded", ""} <= ways
    assert len({label.shape for label in labels if label.genuine}) > 25
    assert figures.figures(labels)["judged"] > 2500


def test_no_alarm_is_raised_by_backscatter_or_by_everyday_life(lives: list[Life]) -> None:
    assert [alarm for life in lives for alarm in life.alarms] == []


def test_nothing_is_lost_or_doubled(lives: list[Life]) -> None:
    for life in lives:
        assert life.lying_about() == dict.fromkeys(life.labels, 1)
