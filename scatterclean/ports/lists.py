"""Lists of messages, page by page, for the dashboard.  Nothing is changed."""

from __future__ import annotations

from typing import Protocol

from scatterclean.model import Case, Move
from scatterclean.model.listed import Leaf, Turn, Wanted


class Lists(Protocol):
    """Each page is one look along an index, or one scan of narrow rows, however many messages there are."""

    def put_away(self, wanted: Wanted, turn: Turn, size: int) -> Leaf[Move]:
        """Moves that put away and did not come to nothing, the latest first."""

    def count_put_away(self, wanted: Wanted, most: int) -> int:
        """How many there are of them; `most`, if there are as many or more."""

    def count_staying(self, wanted: Wanted, most: int) -> int:
        """How many there are of them; `most`, if there are as many or more."""

    def staying(self, wanted: Wanted, turn: Turn, size: int) -> Leaf[Case]:
        """Cases that were not put away, open or genuine, by when they came, the latest first."""
