"""Progress bars: what they count to."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.progress import Progress

from scatterclean.cli.progress import Bars, bars


@pytest.fixture
def progress() -> Progress:
    return Progress(console=Console(file=io.StringIO()), disable=True)


def totals(progress: Progress) -> dict[str, tuple[float, float | None]]:
    return {task.description: (task.completed, task.total) for task in progress.tasks}


def test_a_bar_counts_what_was_done_of_each_step(progress: Progress) -> None:
    shown = Bars(progress, "home")
    for done in (500, 500, 200):
        shown.tell("harvest", done, 1200)
    shown.tell("move", 30, 30)
    assert totals(progress) == {
        "home: reading the Sent folders": (1200, 1200),
        "home: putting away": (30, 30),
    }


def test_the_folders_of_an_account_share_a_bar(progress: Progress) -> None:
    shown = Bars(progress, "home")
    for done, total in ((0, 700), (500, 700), (200, 700), (0, 700), (500, 700), (200, 700), (0, 300)):
        shown.tell("gather", done, total)
    assert totals(progress) == {"home: looking at new mail": (1400, 1700)}


def test_a_step_that_the_words_do_not_know_is_shown_by_its_name(progress: Progress) -> None:
    Bars(progress, "home").tell("dream", 1, 2)
    assert totals(progress) == {"home: dream": (1, 2)}


def test_nothing_is_drawn_where_no_terminal_is() -> None:
    drawn = io.StringIO()
    with bars(Console(file=drawn), "home") as shown:
        shown.tell("harvest", 1, 2)
    assert drawn.getvalue() == ""


def test_bars_are_gone_when_the_errand_is_done() -> None:
    drawn = io.StringIO()
    console = Console(file=drawn, force_terminal=True, width=80)
    with bars(console, "home") as shown:
        shown.tell("harvest", 1, 2)
    assert drawn.getvalue().rstrip().endswith("\x1b[2K")
