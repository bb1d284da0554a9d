"""How an account is woken."""

from __future__ import annotations

from enum import StrEnum


class Push(StrEnum):
    """Does the server wake an account now, and if not, why?  It is polled in any case."""

    WOKEN = "woken"  # a connection listens, and is alive
    COMING = "coming"  # none stands yet, or it broke and is taken up again
    OFF = "off"  # the person does not want it
    CANNOT = "cannot"  # the server does not announce new mail, or refuses to
    CROWDED = "crowded"  # the server wants no further connection: ours gave way to the sweeps
