"""Choices that come out the same on every machine and every version of Python; nothing is secret here."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

_HEX = "0123456789abcdef"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Dice:
    """A stream of choices that depends on `seed` alone; of `random`, only `random()` promises that."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._thrown = 0

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1."""
        self._thrown += 1
        digest = blake2b(f"{self._seed}/{self._thrown}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % limit

    def between(self, low: int, high: int) -> int:
        """A number from `low` to `high`, both included."""
        return low + self.below(high - low + 1)

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def text(self, length: int, alphabet: str = _HEX) -> str:
        return "".join(self.pick(alphabet) for _ in range(length))

    def digits(self, length: int) -> str:
        return self.text(length, "0123456789")

    def letters(self, length: int) -> str:
        return self.text(length, _LETTERS)

    def upper(self, length: int) -> str:
        """Queue ids and the like: digits and capitals."""
        return self.text(length, "0123456789ABCDEFGHJKLMNPQRSTVWXYZ")

    def uuid(self) -> str:
        return "-".join((self.text(8), self.text(4), "4" + self.text(3), "9" + self.text(3), self.text(12)))

    def fork(self, label: str) -> Dice:
        """A stream of its own: what is thrown there does not change what comes after here."""
        return Dice(f"{self._seed}/{label}")
