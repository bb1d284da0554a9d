"""Work grows with the mail, not with its square: calls are counted, no clock is read."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from scatterclean import plan
from scatterclean.mailbox.memory import MemoryServer
from scatterclean.model import Intent, Place, Whereabouts, WithoutUidplus

from .world import World

FEW, SOME, MANY = 100, 300, 900


def calls(job: Callable[[], object]) -> int:
    """How many Python functions were entered, generators resumed included."""
    count = 0

    def watch(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        job()
    finally:
        sys.setprofile(before)
    return count


def flooded(path: Path, number: int) -> World:
    world = World(path)
    world.history()
    world.watched()
    for each in range(number):
        world.bounced(f"forged.{each}@spam.example", number=each)
    return world


def test_a_message_more_costs_a_first_sweep_and_its_undo_the_same_in_any_flood(tmp_path: Path) -> None:
    swept: dict[int, int] = {}
    undone: dict[int, int] = {}
    flooded(tmp_path / "warm.db", 1).sweep()  # what is imported and compiled once
    for number in (FEW, SOME, MANY):
        world = flooded(tmp_path / f"{number}.db", number)
        swept[number] = calls(world.sweep)
        assert len(world.away()) == number
        undone[number] = calls(world.undo)
        assert not world.away()
        world.close()
    for told in (swept, undone):
        first = (told[SOME] - told[FEW]) / (SOME - FEW)
        later = (told[MANY] - told[SOME]) / (MANY - SOME)
        assert later < 1.1 * first, told


def lines(job: Callable[[], object]) -> int:
    """How many lines of Python were run."""
    count = 0

    def watch(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return watch

    before = sys.gettrace()
    gc.collect()
    gc.disable()  # what is cleared away of other tests runs lines, too
    sys.settrace(watch)
    try:
        job()
    finally:
        sys.settrace(before)
        gc.enable()
    return count


@pytest.mark.parametrize("names", [1, 7, 10**9], ids=["all equal", "seven kinds", "all different"])
def test_a_message_more_costs_the_same_to_be_put_into_a_batch(names: int) -> None:
    """A stranger can send ten thousand copies of one bounce: each needs a batch of its own."""
    place = Place("INBOX", 1)

    def told(number: int) -> int:
        intents = [
            Intent("home", f"f{n % names}", Whereabouts(place, n), "Backscatter") for n in range(number)
        ]
        return lines(lambda: plan.batches(intents, 5))

    first, later = told(1000) - told(500), told(2000) - told(1500)
    assert later < 1.1 * first


def test_an_undo_of_what_was_copied_costs_the_same_for_each_in_any_flood(tmp_path: Path) -> None:
    undone: dict[int, int] = {}
    for number in (10, FEW, 2 * FEW - 10, 2 * FEW + 80):
        world = World(tmp_path / f"{number}.db", MemoryServer(move=False, uidplus=False))
        world.set(without_uidplus=WithoutUidplus.COPY_AND_MARK)
        world.history()
        for each in range(number):
            world.bounced(f"forged.{each}@spam.example", number=each)
        assert world.sweep().moved == number
        undone[number] = calls(world.undo)
        world.close()
    _, few, some, many = undone.values()
    assert many - some < 1.1 * (some - few), undone
