"""What the dashboard asks for beside the process that has the database, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from scatterclean.model import Wish, WishState


class Wishes(Protocol):
    """Written down by whoever is asked, carried out by whoever holds the lock of the database, each once."""

    def ask(self, wish: Wish) -> Wish:
        """Write it down (committed when this returns), and ring; the wish with its id.

        One with the same key, or one that is still ASKED for the same kind, move and case, is returned in its place.
        Raises TooManyWishes if very many are still ASKED."""

    def rang(self) -> bool:
        """Did anybody ask since this was called last?  Costs next to nothing; the first time it is True."""

    def waiting(self, account: str | None = None) -> Sequence[Wish]:
        """Those that are ASKED, the oldest first."""

    def begin(self, wish: Wish, sweep: int) -> Wish:
        """Its deed is about to be journalled under this number (committed when this returns)."""

    def note(self, wish: Wish, told: str, now: datetime) -> None:
        """It was tried and could not be done yet."""

    def settle(
        self, wish: Wish, state: WishState, now: datetime, *, told: str = "", done_by: int | None = None
    ) -> None:
        """Raises NobodyCanMend for a change that is not permitted."""

    def get(self, known: int) -> Wish | None: ...

    def latest(self, limit: int = 20) -> Sequence[Wish]:
        """The latest first."""
