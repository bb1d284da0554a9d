"""Several FETCHes under way at once, their rows in order: what is read while the server is already at the next.

It opens no folder and knows no items.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from scatterclean.errors import CommandRefused, ConnectionLost
from scatterclean.mailbox import sets
from scatterclean.mailbox.fetching import Posted, Row, Rows, joined
from scatterclean.mailbox.session import Session

# Bytes of sets that may be under way with another one: while the server waits for us to read it may not read on, and
# we would wait for each other if more were said than fits between us.
_SAID = 2 * sets.LINE
# Bytes that are kept of what came with the answers to earlier ones: as much as one answer may hold.
_EARLY = 128 * 2**20


def ahead_of(
    session: Session,
    pieces: Iterable[tuple[str, list[int]]],
    post: Callable[[str, bool], Posted],
    ahead: int,
) -> Iterator[Row]:
    """The rows of all pieces in the order of the pieces' members, whatever the order of the answers.

    `pieces`: (set for the command, its UIDs).  `post` sends the FETCH of one set; its second argument is True for the
    first.  Up to `ahead` are sent before the oldest is read.  Raises what `post` and `Session.rows` do.
    """
    left = iter(pieces)
    under_way: deque[tuple[Posted, list[int], int]] = deque()
    early: Rows = {}
    said = 0
    first = True
    try:
        while True:
            while len(under_way) < ahead and said <= _SAID and (piece := next(left, None)):
                text, members = piece
                under_way.append((post(text, first), members, len(text)))
                said += len(text)
                first = False
            if not under_way:
                return
            posted, members, length = under_way.popleft()
            said -= length
            rows = session.rows(posted)
            for uid, row in early.items():
                rows[uid] = joined(row, rows[uid]) if uid in rows else row
            if [*rows] == members:  # as nearly all servers answer
                yield from rows.values()
                early = {}
                continue
            for uid in members:
                if (found := rows.pop(uid, None)) is not None:
                    yield found
            # A server may work at two commands at once (RFC 3501, 5.5), and a row that is passed over would be taken
            # for a message that is gone.
            due = {uid for _, later, _ in under_way for uid in later} if rows else ()
            early = {uid: row for uid, row in rows.items() if uid in due}
            if sum(len(row.body or b"") for row in early.values()) > _EARLY:
                session.drop()
                raise ConnectionLost(
                    f"{session.account}: {session.where} sent too much of what was to come later"
                )
    except (CommandRefused, ConnectionLost):
        # Maybe it does not bear so many at once: the next attempt must not end as this one did.
        if under_way:
            session.manners.dislikes_it()
        raise
    finally:
        for posted, _, _ in under_way:
            posted.wanted = False
