"""When is an account swept earlier than its poll?  When mail arrived, and when what waits becomes ripe; bounded.  Pure.

A bounce that came too early to be judged (`settle`) would else lie in the inbox until the next poll.  Times are
what the main loop knows; nothing here reads a clock or touches the scheduler.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scatterclean.model import Because, Case, Verdict

# Between the end of a sweep and the next one that push causes: a burst of arrivals makes one sweep, a flood that
# lasts makes one every ten seconds, which is what a server bears that is polled by hand.
BETWEEN_WAKES = timedelta(seconds=10)
# Mail comes in heaps: what arrives right behind the first is swept with it.  No less than the main loop's
# heartbeat: the scheduler counts a round as running until its thread has come back.
HEAP = timedelta(seconds=1)
# Between the end of a sweep and the next one for what has become ripe: in a flood something does every second.
BETWEEN_RIPE = timedelta(minutes=1)
# Past the moment itself: INTERNALDATE is in whole seconds, and the clocks of two machines differ.
MARGIN = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Waits:
    """What the cases of an account wait for: the next moment when one is settled, and accounts that were not read
    since (it may be its own)."""

    ripe: datetime | None = None
    unread: frozenset[str] = frozenset()

    def __or__(self, other: Waits) -> Waits:
        ripe = [moment for moment in (self.ripe, other.ripe) if moment is not None]
        return Waits(min(ripe, default=None), self.unread | other.unread)


def waits_of(cases: Iterable[Case]) -> Waits:
    """From the findings of a sweep."""
    waiting = [c.finding.because for c in cases if c.finding.verdict is Verdict.WAITING]
    moments = [
        datetime.fromisoformat(reason["until"])
        for reasons in waiting
        for reason in reasons
        if reason.because is Because.SETTLING and reason["until"]
    ]
    unread = {r["account"] for reasons in waiting for r in reasons if r.because is Because.SENT_UNREAD}
    return Waits(min(moments, default=None), frozenset(unread))


@dataclass(slots=True)
class Followups:
    """What is remembered of each account between its sweeps."""

    ended: dict[str, datetime] = field(default_factory=dict)
    waits: dict[str, Waits] = field(default_factory=dict)
    _answered: dict[str, frozenset[str]] = field(default_factory=dict)

    def swept(self, name: str, ended: datetime, waits: Waits) -> None:
        """A sweep came to its end, well or not."""
        self.ended[name], self.waits[name] = ended, waits
        self._answered[name] = self._answered.get(name, frozenset()) & waits.unread

    def wake(self, name: str, now: datetime) -> datetime:
        """When to sweep because mail arrived."""
        last = self.ended.get(name)
        return max(now + HEAP, last + BETWEEN_WAKES) if last is not None else now + HEAP

    def ripe(self, name: str, mates: Collection[str]) -> Mapping[str, datetime]:
        """When to sweep because something of this account becomes ripe: it and all accounts of its person, for all
        their Sent folders have to be read then."""
        moment = self.waits[name].ripe if name in self.waits else None
        if moment is None:
            return {}
        return {mate: self._not_before(mate, moment + MARGIN) for mate in mates}

    def answers(self, name: str, mates: Collection[str]) -> Mapping[str, datetime]:
        """When to sweep those that waited for this account to be read, as it was now; each once.

        Once, for where a Sent folder cannot be read two accounts would wake each other for ever.
        """
        due = {}
        for mate in mates:
            answered = self._answered.get(mate, frozenset())
            if mate != name and name in self.waits.get(mate, Waits()).unread - answered:
                self._answered[mate] = answered | {name}
                due[mate] = self._not_before(mate, self.ended[name] + HEAP, BETWEEN_WAKES)
        return due

    def forget(self, name: str) -> None:
        """An account that the configuration has no longer."""
        for known in (self.ended, self.waits, self._answered):
            known.pop(name, None)

    def _not_before(self, name: str, when: datetime, between: timedelta = BETWEEN_RIPE) -> datetime:
        last = self.ended.get(name)
        return when if last is None else max(when, last + between)
