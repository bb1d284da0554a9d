"""What one harvest saw of one Sent folder, and where messages vanished from it unread.  It asks nobody."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from scatterclean.model import Cursor, Sighting
from scatterclean.ports import FolderState

# INTERNALDATE counts seconds: of three messages of one second the middle one may vanish.
_RESOLUTION = timedelta(seconds=1)


@dataclass(slots=True)
class Reading:
    """One Sent folder in one harvest; `count` messages were new in it, up to the UID `last`.

    `found` are (uid, filed_at) of them, where holes between them are looked for; not in a first harvest, where a
    million of them would take 130 MB.
    """

    state: FolderState
    cursor: Cursor | None
    covered: bool
    another: bool = False
    count: int = 0
    last: int = 0
    found: list[tuple[int, datetime]] = field(default_factory=list)

    @property
    def reset(self) -> bool:
        """Is it another folder than the one that was read?  UIDs never go down in one life of a folder (RFC 3501,
        2.3.1.1), but do where a backup was put back, or another mailbox stands behind the same name."""
        if self.cursor is None:
            return False
        return (
            self.another or self.cursor.place != self.state.place or self.state.uidnext < self.cursor.uidnext
        )

    @property
    def first(self) -> int:
        return 1 if self.cursor is None or self.reset else self.cursor.uidnext

    @property
    def uidnext(self) -> int:
        return max(self.state.uidnext, self.last + 1)

    def end(self, now: datetime) -> Cursor:
        return Cursor(self.state.place, self.uidnext, self.state.exists, now)

    @property
    def unread(self) -> int:
        """About how many messages are new in it: for the progress bar only."""
        return min(self.state.exists, max(0, self.state.uidnext - self.first))

    def saw(self, some: Sequence[Sighting]) -> None:
        """At least one, ascending, after all that were seen before."""
        self.count += len(some)
        self.last = some[-1].uid
        if self.covered and self.cursor is not None and not self.reset:
            self.found += [(sighting.uid, sighting.arrival) for sighting in some]

    def holes(self, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        """Where UIDs vanished unread after `since`: between the dates of their neighbours.

        UIDs ascend in the order of filing.  So a neighbour whose date does not (old mail that was dragged here
        keeps its INTERNALDATE, or it lies in the future) tells nothing, and the next one that does counts.
        """
        if self.cursor is None:
            return []
        uids = [uid for uid, _ in self.found]
        marks = [(self.first - 1, min(self.cursor.read_at, since, until))]
        for uid, filed in self.found:
            if marks[-1][1] <= filed <= until:
                marks.append((uid, filed))
        marks.append((self.uidnext, until))
        return [
            (before - _RESOLUTION, after + _RESOLUTION)
            for (uid, before), (next_uid, after) in pairwise(marks)
            if bisect_left(uids, next_uid) - bisect_right(uids, uid) < next_uid - uid - 1
        ]

    def vanished(self, end: int) -> bool:
        """Is there a hole below this UID, as far as was read?"""
        return self.cursor is not None and not self.reset and self.count < end - self.first
