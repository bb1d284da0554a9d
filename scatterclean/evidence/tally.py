"""Counting what strangers wrote in bounded memory: each bounce may name another host or subject.  Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)

# So many different texts are kept, and twice as many while counting; what came least often goes.  A text that is one
# of a storm's most frequent is met too often to be among those.
MOST = 20_000


@dataclass(slots=True)
class Tally(Generic[T]):
    """How often each text was met.  `gone` were let go of: one that came again later counts as another."""

    counts: Counter[T] = field(default_factory=Counter)
    gone: int = 0

    def add(self, some: Iterable[T] | Mapping[T, int]) -> None:
        self.counts.update(some)
        if len(self.counts) > 2 * MOST:
            self.gone += len(self.counts) - MOST
            self.counts = Counter(dict(self.counts.most_common(MOST)))

    def top(self, most: int) -> tuple[list[tuple[T, int]], int]:
        """The most frequent, and how many different ones there were beside them."""
        return self.counts.most_common(most), self.gone + max(len(self.counts) - most, 0)
