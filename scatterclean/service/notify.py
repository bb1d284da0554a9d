"""Tells systemd how the daemon is: ready, reading its configuration anew, leaving, alive.  Elsewhere it says nothing.

The protocol is sd_notify(3): one datagram of `KEY=value` lines to the socket that $NOTIFY_SOCKET names; Podman and
other supervisors speak it too.  Nothing that goes wrong here is trouble for anybody: a supervisor that does not
hear us does what it does with a daemon that hangs.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import MutableMapping
from dataclasses import dataclass

log = logging.getLogger("scatterclean")

# A supervisor that does not read for so long (seconds) is not waited for.
_PATIENCE = 1.0
# So many signs of life fit into the time after which the supervisor gives up: one may be lost, one late.
_PER_LIMIT = 3


@dataclass(slots=True)
class Notifier:
    """`address` is the supervisor's socket (a path, or NUL and the name of an abstract one), `every` the seconds
    between two signs of life; None: nobody is there, or nobody asked for them.  Only the main loop calls it."""

    address: str | None = None
    every: float | None = None
    _due: float = 0.0
    _status: str = ""

    @staticmethod
    def of(environment: MutableMapping[str, str]) -> Notifier:
        """What the supervisor said at the start; the variables are taken out, they are not meant for children."""
        address = environment.pop("NOTIFY_SOCKET", "")
        limit = environment.pop("WATCHDOG_USEC", "")
        whose = environment.pop("WATCHDOG_PID", "")
        if address.startswith("@"):
            address = f"\0{address[1:]}"
        elif not address.startswith("/"):  # none, or of a kind that sd_notify(3) keeps for virtual machines
            return Notifier()
        mine = not whose or whose == str(os.getpid())
        every = int(limit) / 1e6 / _PER_LIMIT if mine and limit.isascii() and limit.isdigit() else 0.0
        return Notifier(address, every or None)

    def ready(self, status: str) -> None:
        """The daemon watches; also after the configuration was read anew, whether it was taken or not."""
        self._status = status
        self._say(f"READY=1\nSTATUS={status}")

    def reloading(self) -> None:
        """`Type=notify-reload` (systemd 253) wants the time, so that it does not take an older word for the answer."""
        self._say(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def leaving(self) -> None:
        self._say("STOPPING=1\nSTATUS=finishing what is in hand")

    def status(self, status: str) -> None:
        """One line that `systemctl status` shows; said when it changes."""
        if status != self._status and self._say(f"STATUS={status}"):
            self._status = status

    def due(self) -> bool:
        """Is a sign of life wanted now?"""
        return self.every is not None and time.monotonic() >= self._due

    def alive(self) -> None:
        """A sign of life."""
        if self.every is not None and self._say("WATCHDOG=1"):
            self._due = time.monotonic() + self.every

    def _say(self, what: str) -> bool:
        if self.address is None:
            return False
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mouth:
                mouth.settimeout(_PATIENCE)
                mouth.sendto(what.encode("utf-8", "replace"), self.address)
        except OSError as error:
            log.debug("the supervisor did not hear %s: %s", what.partition("=")[0], error)
            return False
        return True
