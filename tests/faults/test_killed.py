"""Real processes die: `scatterclean sweep` gets SIGKILL at random moments on real servers, then goes on.

Nothing is lost or doubled, no flag, keyword or date changed.  (`python -m bench.kills` does it as often as one likes.)
"""

from __future__ import annotations

import pytest

from bench.kills import run
from tests.conftest import absent
from tests.hosts.kinds import KINDS

KILLS = 4


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["dovecot", "dovecot without MOVE", "cyrus"])
def test_a_process_that_is_killed_at_any_moment_loses_and_doubles_nothing(kind: str) -> None:
    if not KINDS[kind].found():
        absent(KINDS[kind].needs)
    assert run(kind, KILLS, seed=7) >= KILLS
