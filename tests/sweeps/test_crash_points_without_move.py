"""Every errand is killed at its steps (see `deaths`: which of them), on servers without MOVE.

In a file of its own: a file is the work of one process, and this is a long one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from scatterclean.mailbox.memory import MemoryServer

from .deaths import ERRANDS, SERVERS, deaths

pytestmark = pytest.mark.usefixtures("small_batches")


@pytest.mark.parametrize("server", [name for name, (move, _) in SERVERS.items() if not move])
@pytest.mark.parametrize("errand", ERRANDS)
def test_an_errand_that_dies_at_any_step_ends_as_if_it_had_not(
    errand: str, server: str, scratch: Path
) -> None:
    move, keywords = SERVERS[server]
    assert deaths(ERRANDS[errand], MemoryServer(move=move, keywords=keywords), scratch)
