"""Lists of messages for people: what is wanted, and one page of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from scatterclean.model.found import Verdict
from scatterclean.model.moved import Errand, MoveState
from scatterclean.model.said import Kind

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list shows: all that fits everything that is set.

    `since` and `until` (not including) are about when a message came.  `text` is looked for in subject, sender,
    recipients and ids, in any case.  `state` and `errand` are for what was put away, `verdict` for what stays.
    """

    account: str | None = None
    kind: Kind | None = None
    verdict: Verdict | None = None
    state: MoveState | None = None
    errand: Errand | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a page ends: the place of a row in the order of its list, the latest first."""

    number: int
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """Which page: the rows behind a mark (older), or before it (`newer`); without a mark the first page."""

    mark: Mark | None = None
    newer: bool = False


@dataclass(frozen=True, slots=True)
class Leaf(Generic[T]):
    """One page: the latest first; `older` and `newer` lead on, None where the list ends."""

    rows: tuple[T, ...]
    older: Turn | None = None
    newer: Turn | None = None
