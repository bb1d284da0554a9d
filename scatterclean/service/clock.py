"""Notices that the machine was suspended, or that its clock was set; what follows from that is not its business."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

# The wall clock and the monotonic one part by more than this: suspended, or the clock was set.
CLOCK_JUMP = 30.0


@dataclass(slots=True)
class Clocks:
    """The wall clock and the monotonic one, as they were read last, in seconds."""

    wall: float = field(default_factory=time.time)
    monotonic: float = field(default_factory=time.monotonic)

    def jumped(self, beat: float) -> float | None:
        """By how many seconds the clock moved since the last look, if it did.  `beat`: the time between two looks.

        Where the monotonic clock runs on through a suspend, a look that comes far too late shows it.
        """
        wall, monotonic = time.time(), time.monotonic()
        passed = monotonic - self.monotonic
        jump = (wall - self.wall) - passed
        self.wall, self.monotonic = wall, monotonic
        return jump if abs(jump) > CLOCK_JUMP or passed > CLOCK_JUMP + beat else None
