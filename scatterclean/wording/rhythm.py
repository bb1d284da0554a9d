"""When an account is looked at, and whether its server wakes it.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from scatterclean.model import Push
from scatterclean.wording.text import ago, moment, rounded, span

_PUSHES: Mapping[Push, str] = {
    Push.WOKEN: "the server wakes it when mail arrives",
    Push.COMING: "the connection that wakes it does not stand yet, or is taken up again",
    Push.OFF: "push = false",
    Push.CANNOT: "the server does not announce new mail",
    Push.CROWDED: "the server wants no further connection to wake it",
}


def push(how: Push) -> str:
    """Does the server wake an account, and if not, why?"""
    return _PUSHES[how]


def rhythm(poll: timedelta, now: Push | None, *, wanted: bool) -> str:
    """When an account is looked at; `now` is None if no daemon runs, `wanted` says what is configured."""
    every = f"every {span(poll)}"
    if now is Push.WOKEN:
        return f"Woken by the server when mail arrives, and looks {every}"
    if now is not None:
        return f"Looks {every} ({push(now)})"
    woken = ", and when the server tells of new mail" if wanted else ""
    return f"Nobody watches it now; `scatterclean run` looks {every}{woken}"


def storming(since: datetime, an_hour: float) -> str:
    """A storm that is in progress, in a line."""
    return f"A storm of bounces since {moment(since)}: about {rounded(an_hour)} an hour"


def next_look(due: datetime, now: datetime) -> str:
    """When the daemon looks next, as it planned; `now` in the zone of the person."""
    if due <= now:
        return "Looks now"
    left = due - now
    if left >= timedelta(minutes=2):
        left = timedelta(minutes=round(left / timedelta(minutes=1)))
    return f"Next look: {ago(due, now)}, in {span(left)}"
