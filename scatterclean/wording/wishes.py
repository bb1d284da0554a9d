"""Wishes of the person and what became of them, in words.  Pure."""

from __future__ import annotations

from collections.abc import Mapping

from scatterclean.model import Wish, WishKind, WishState

NOT_THERE = (
    "the message is no longer where it was: another hand has moved or deleted it. Nothing was done: look for it in "
    "your mail program."
)
DELETED = "it was deleted since, as `keep_backscatter` says."
IN_BOTH = "it is in both folders already. Nothing was done: delete the one that you do not want."
AWAY_BEFORE = "it had been put away before."
PROVED_YOURS = "it proved to be about a message that you sent, so it stays where it is."
ALARMING = (
    "it is an alarm by now: it speaks of a message that your own account sent. It stays where it is: read first what "
    "its page says."
)
SERVER_REFUSED = "the server did not move it. Nothing was lost: ask again later."
UNDER_WAY = "it is begun, and the server does not show yet how it ended. It is looked up again soon."
EXPIRED = "nobody could carry it out for a day, so nothing was done. Ask again if you still want it."

LEFT_TO_THE_DAEMON = (
    "the daemon has not done all of it yet, and goes on by itself: `scatterclean status` tells whether it is in "
    "trouble"
)

STATES: Mapping[tuple[WishKind, WishState], str] = {
    (WishKind.BRING_BACK, WishState.ASKED): "is to be brought back",
    (WishKind.BRING_BACK, WishState.DONE): "was brought back",
    (WishKind.BRING_BACK, WishState.GONE): "could not be brought back",
    (WishKind.BRING_BACK, WishState.REFUSED): "could not be brought back",
    (WishKind.BRING_BACK, WishState.EXPIRED): "was not brought back",
    (WishKind.PUT_AWAY, WishState.ASKED): "is to be put away",
    (WishKind.PUT_AWAY, WishState.DONE): "was put away",
    (WishKind.PUT_AWAY, WishState.GONE): "could not be put away",
    (WishKind.PUT_AWAY, WishState.REFUSED): "could not be put away",
    (WishKind.PUT_AWAY, WishState.EXPIRED): "was not put away",
}


def outcome(wish: Wish) -> str:
    """What became of it, in half a sentence that begins with the message, and the reason if there is one."""
    told = EXPIRED if wish.state is WishState.EXPIRED else wish.told
    said = STATES[wish.kind, wish.state]
    return f"{said}: {told}" if told else f"{said}."
