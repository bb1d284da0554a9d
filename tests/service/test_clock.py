"""A look at the two clocks: what a suspend and a set clock look like."""

from __future__ import annotations

import time

import pytest

from scatterclean.service.clock import CLOCK_JUMP, Clocks

BEAT = 5.0


@pytest.mark.parametrize(
    ("wall", "monotonic", "jump"),
    [
        (BEAT, BEAT, None),
        (BEAT + CLOCK_JUMP - 1, BEAT, None),  # NTP slews, and a busy machine is late
        (3600 + BEAT, BEAT, 3600),  # suspended, where the monotonic clock stands still; or set
        (BEAT - 3600, BEAT, -3600),
        (3600 + BEAT, 3600 + BEAT, 0),  # suspended, where it runs on
    ],
)
def test_a_jump_is_what_the_clocks_part_by_or_a_look_that_comes_far_too_late(
    monkeypatch: pytest.MonkeyPatch, wall: float, monotonic: float, jump: float | None
) -> None:
    clocks = Clocks(1e9, 1e5)
    monkeypatch.setattr(time, "time", lambda: 1e9 + wall)
    monkeypatch.setattr(time, "monotonic", lambda: 1e5 + monotonic)
    assert clocks.jumped(BEAT) == (None if jump is None else pytest.approx(jump, abs=1e-3))
    assert clocks.jumped(BEAT) is None  # once
