"""What counts as an arrival when a storm is looked for: each bounce once, whatever the server does to its number."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scatterclean import storms
from scatterclean.model import Mode
from tests.sweeps.world import World


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.MOVE])
def test_a_server_that_numbers_the_inbox_anew_makes_no_storm_of_a_few_bounces(
    world: World, mode: Mode
) -> None:
    world.set(mode=mode)
    for number in range(1, 4):
        world.bounced(f"sent.{number}@winter.example", ago=timedelta(minutes=60 + number))
    for number in range(6):
        world.bounced(f"forged{number}@evil.example", ago=timedelta(minutes=30 + number))
    for _ in range(3):
        world.sweep()
        world.server._shelves["INBOX"].uidvalidity += 1000
    world.sweep()
    arrivals = world.store.docket.arrivals("home", world.now - timedelta(days=1))
    assert len(arrivals) == 9
    assert storms.begun(arrivals, world.now) is None


def test_many_copies_of_one_bounce_are_many(world: World) -> None:
    for _ in range(12):
        world.bounced("forged@evil.example", ago=timedelta(minutes=30))
    world.sweep()
    arrivals = world.store.docket.arrivals("home", world.now - timedelta(days=1))
    assert len(arrivals) == 12
    assert storms.begun(arrivals, world.now) is not None
