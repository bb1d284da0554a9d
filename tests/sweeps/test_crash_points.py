"""Every errand is killed at its steps (`deaths` says at which), on servers with MOVE; how many there are, on all."""

from __future__ import annotations

from pathlib import Path

import pytest

from scatterclean.mailbox.memory import MemoryServer

from .deaths import ERRANDS, SERVERS, deaths
from .tripwire import Fate
from .world import World

pytestmark = pytest.mark.usefixtures("small_batches")


@pytest.mark.parametrize("server", [name for name, (move, _) in SERVERS.items() if move])
@pytest.mark.parametrize("errand", ERRANDS)
def test_an_errand_that_dies_at_any_step_ends_as_if_it_had_not(
    errand: str, server: str, scratch: Path
) -> None:
    move, keywords = SERVERS[server]
    assert deaths(ERRANDS[errand], MemoryServer(move=move, keywords=keywords), scratch)


def test_there_are_at_least_2000_such_steps(scratch: Path) -> None:
    """`deaths` dies at each of them, or at every other on each kind of server (`deaths.EVERY`)."""
    steps: dict[str, int] = {}
    for name, errand in ERRANDS.items():
        for server, (move, keywords) in SERVERS.items():
            world = World(
                scratch / f"{name} {move} {keywords}.db", MemoryServer(move=move, keywords=keywords)
            )
            errand.before(world)
            fate = Fate()
            errand.run(world, fate)
            steps[f"{name}, {server}"] = fate.steps
            world.close()
    assert sum(steps.values()) >= 2000, steps
