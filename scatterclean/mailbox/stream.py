"""Several FETCHes under way at once, their rows in order: what is read while the server is already at the next.

It opens no folder and knows no items.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from scatterclean.mailbox.fetching import Posted, Row, Rows
from scatterclean.mailbox.session import Session


def ahead_of(
    session: Session,
    pieces: Iterable[tuple[str, list[int]]],
    post: Callable[[str, bool], Posted],
    ahead: int,
) -> Iterator[Row]:
    """The rows of all pieces in the order of the pieces' members, whatever the order of the answers.

    `pieces`: (set for the command, its UIDs).  `post` sends the FETCH of one set; its second argument is True for the
    first.  So many as `ahead` are sent before the oldest is read.  Raises what `post` and `Session.rows` do.
    """
    left = iter(pieces)
    under_way: deque[tuple[Posted, list[int]]] = deque()
    early: Rows = {}
    first = True
    try:
        while True:
            for text, members in islice(left, ahead - len(under_way)):
                under_way.append((post(text, first), members))
                first = False
            if not under_way:
                return
            posted, members = under_way.popleft()
            rows = session.rows(posted)
            for uid, row in early.items():
                rows[uid] = {**row, **rows.get(uid, {})}
            for uid in members:
                if (found := rows.pop(uid, None)) is not None:
                    yield found
            # A server may work at two commands at once (RFC 3501, 5.5), and a row that is passed over would be taken
            # for a message that is gone.
            due = {uid for _, later in under_way for uid in later} if rows else ()
            early = {uid: row for uid, row in rows.items() if uid in due}
    finally:
        for posted, _ in under_way:
            posted.wanted = False
