"""The way in by a code that is typed on any other device (RFC 8628), for machines without a browser."""

from __future__ import annotations

import time
from collections.abc import Callable

from scatterclean.errors import LoginRefused, TimeCanMend
from scatterclean.oauth.asking import Asking, Device, Grant, StillWaiting

_SLOWER = 5.0  # seconds more after each slow_down (RFC 8628, 3.5)
_MOST_TROUBLES = 10  # in a row: the person is there and waits


def by_device(
    asking: Asking, *, show: Callable[[Device], None], sleep: Callable[[float], None] = time.sleep
) -> Grant:
    """`show` is given the page and the code.  Raises LoginRefused, and what asking raises."""
    device = asking.device()
    show(device)
    until, interval, troubles = time.monotonic() + device.lasts, device.interval, 0
    while time.monotonic() < until:
        sleep(interval)
        try:
            return asking.collect(device)
        except StillWaiting as waiting:
            troubles = 0
            interval += _SLOWER if waiting.slower else 0.0
        except TimeCanMend:  # RFC 8628, 3.5: a time-out is no answer
            troubles += 1
            if troubles >= _MOST_TROUBLES:
                raise
    raise LoginRefused(
        f"{asking.account}: the code was not typed in time",
        hint=f"Try again: {asking.again} --device",
    )
