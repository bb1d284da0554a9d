"""What the person asks for in the dashboard: a wish, which whoever has the database carries out, and its outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class WishKind(StrEnum):
    BRING_BACK = "bring-back"  # what was put away, to where it was taken from
    PUT_AWAY = "put-away"  # what stays, or came back: "this is backscatter"


class WishState(StrEnum):
    """The life of a wish; the changes that it may go through stand in `WISH_PERMITTED`."""

    ASKED = "asked"  # written down; it may be under way
    DONE = "done"  # looked: the message is where the person wants it
    GONE = "gone"  # another hand took it, or put it elsewhere: nothing was done
    REFUSED = "refused"  # nothing was done; `told` says why
    EXPIRED = "expired"  # nobody could carry it out for so long that the person may not want it any more


# What is not in it is a bug; the store enforces it.
WISH_PERMITTED: Mapping[WishState, frozenset[WishState]] = {
    WishState.ASKED: frozenset((WishState.DONE, WishState.GONE, WishState.REFUSED, WishState.EXPIRED)),
    WishState.DONE: frozenset(),
    WishState.GONE: frozenset(),
    WishState.REFUSED: frozenset(),
    WishState.EXPIRED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """About the journalled move `move` that put the message away (and, to put it away again, was taken back), or about
    the `case` of a message that stays; the other one is None.

    `key` is of the form that the person sent: sent twice, it is one wish.  `sweep` is the number under which the deed
    was begun last, known before it is journalled.  `told` are words for the person: why it was refused, or what it
    waits for; `tried_at` is when it was tried last.  `done_by` is the move that put the message away.
    """

    account: str
    kind: WishKind
    key: str
    asked_at: datetime
    move: int | None = None
    case: int | None = None
    state: WishState = WishState.ASKED
    id: int = 0
    sweep: int | None = None
    told: str = ""
    tried_at: datetime | None = None
    settled_at: datetime | None = None
    done_by: int | None = None
