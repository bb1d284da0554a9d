"""What telling the person needs of the world, beside a mailbox: a journal of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from scatterclean.model import Handover, Notice, NoticeState, Storm


class Notices(Protocol):
    """What the person is told: each event once on each way, written down before it is done (invariant 11)."""

    def announce(self, notices: Sequence[Notice], ways: Sequence[str], now: datetime) -> Sequence[Notice]:
        """Write down that these are to be told on these ways; those whose (account, key) is new are returned.

        One that is known already is not written again, whatever became of it.  Without ways it counts as known."""

    def due(self, now: datetime) -> Sequence[Handover]:
        """What is to be handed over now: DUE, and TRYING, which was cut off; oldest first.

        What would have to wait for more than a day is due too: the clock stood in the future when it was written."""

    def next_due(self) -> datetime | None:
        """When the next one is to be handed over that is neither told nor given up."""

    def change(
        self,
        handover: Handover,
        state: NoticeState,
        now: datetime,
        *,
        inbox: str | None = None,
        next_try: datetime | None = None,
    ) -> None:
        """Committed when this returns.  Back to DUE, or with `next_try`, it counts as a try in vain.  Raises
        NobodyCanMend for a change that is not permitted."""

    def last_of(self, account: str, prefix: str, until: datetime) -> datetime | None:
        """When the latest notice whose key begins so was made; none after `until`, when the clock was wrong."""

    def given_up(self, account: str, since: datetime) -> Sequence[Handover]:
        """What could not be told on some way and was given up since then, latest first."""

    def begin_storm(self, storm: Storm, notices: Sequence[Notice], ways: Sequence[str]) -> bool:
        """A storm began, and is to be told, in one transaction; False if one is in progress already."""

    def end_storm(self, storm: Storm, notices: Sequence[Notice], ways: Sequence[str]) -> bool:
        """It is over (`storm.ended`); False if it was not in progress."""

    def storms(self, account: str, limit: int = 20) -> Sequence[Storm]:
        """Latest first; the first one is in progress if it has no end."""
