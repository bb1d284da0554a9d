"""What was put away, looked after at every sweep: what proved genuine comes back, what is old is deleted.

It decides neither: the findings do the first, the person's `keep_backscatter` the second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, islice

from scatterclean import deeds, plan, retention, settling, wording
from scatterclean.knowledge import Storms, storms_around
from scatterclean.model import Account, Case, Move, MoveState, Verdict
from scatterclean.ports import Docket, Journal, Mailbox
from scatterclean.rescue import rescue

# What changes by itself (an answer of the DNS, the age of what was put away) is looked at so often, in any case.
AT_LEAST = timedelta(hours=1)

# So many of those that were put away are in memory at once: after years they are tens of thousands.
TENDED = 200


@dataclass(slots=True)
class Attention:
    """What was known when all that was put away was judged last; kept from sweep to sweep of one account.

    A storm is swept every ten seconds, and thousands of messages that were put away are judged the same as long as
    nothing new is known that could acquit them.  A new one remembers nothing.
    """

    _known: object = None
    _at: datetime | None = None

    def needed(self, known: object, now: datetime) -> bool:
        if self._at is None or known != self._known:
            return True
        return not timedelta(0) <= now - self._at < AT_LEAST

    def paid(self, known: object, now: datetime) -> None:
        self._known, self._at = known, now


@dataclass(slots=True)
class Tended:
    """What a sweep did with what was put away before it: how many came `returned`, and what the person is told."""

    returned: int = 0
    notes: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Tending:
    """Looks after all that one account has in Backscatter; made new for each sweep.

    `judge` tells what is known of cases now, `alarmed` takes those that proved to be an alarm.  `tended` is filled on
    the way, also when `run` raises.
    """

    account: Account
    mailbox: Mailbox
    journal: Journal
    docket: Docket
    sweep: int
    judge: Callable[[Sequence[Case], Storms], list[Case]]
    alarmed: Callable[[Sequence[Case]], None]
    clock: settling.Clock
    stop: deeds.Stop
    tended: Tended

    def run(self, *, under_way: frozenset[int], retiring: bool, observe: bool) -> None:
        """Bring back what proved genuine, and, if `retiring`, delete what is older than the person wants to keep.

        `under_way`: ids of moves that are being taken back already.  `observe`: only tell.
        """
        put_away = self.docket.moved_cases(self.account.name)
        old: list[tuple[Case, Move]] = []
        while some := list(islice(put_away, TENDED)):
            free = [(case, move) for case, move in some if move.id not in under_way]
            back = self._rescue(free) if not observe else frozenset()
            if retiring:
                kept = [(case, move) for case, move in free if move.id not in back]
                old += retention.old(kept, self.account, self.clock())
        if old:
            self._retire(old, observe=observe)

    def _rescue(self, put_away: retention.PutAway) -> frozenset[int]:
        """Bring back what was put away and has since proved genuine, or the person's own by the configuration.
        Returns the ids of the moves that this is about."""
        judged = self.judge([case for case, _ in put_away], ())
        proved = [
            (case, move)
            for case, (_, move) in zip(judged, put_away, strict=True)
            if plan.proved(case.finding)
        ]
        if not proved:
            return frozenset()
        # Before they come back: cut off, it is done again, and the person is told once of each.
        self.alarmed([case for case, _ in proved if case.finding.verdict is Verdict.ALARM])
        # What is on record is what they were found to be now: a report counts them so.  Cut off, it is done again.
        self.docket.update([case for case, _ in proved])
        done = settling.Done()
        try:
            rescue(
                self.mailbox,
                self.journal,
                self.docket,
                self.sweep,
                proved,
                clock=self.clock,
                stop=self.stop,
                done=done,
            )
        finally:
            self.tended.troubles += done.troubles
            self.tended.returned += done.count(MoveState.MOVED, MoveState.DOUBLED, MoveState.RETURNED)
        return frozenset(move.id for _, move in proved)

    def _retire(self, old: retention.PutAway, *, observe: bool) -> None:
        cases = [case for case, _ in old]
        storms = storms_around(self.docket, self.account.name, [case.arrival for case in cases])
        portions = (cases[start : start + TENDED] for start in range(0, len(cases), TENDED))
        findings = chain.from_iterable(self.judge(some, storms) for some in portions)
        judged = [(case, move) for case, (_, move) in zip(findings, old, strict=True)]
        done = settling.Done()
        try:
            told = retention.retire(
                self.mailbox,
                self.journal,
                self.account,
                self.sweep,
                judged,
                done,
                clock=self.clock,
                stop=self.stop,
                observe=observe,
            )
            if told:
                self.tended.notes.append(told)
        finally:
            self.tended.troubles += done.troubles
            if number := done.count(MoveState.DELETED):
                self.tended.notes.append(wording.deleted(number))
