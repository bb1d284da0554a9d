"""An undo that is handed over to the daemon, which has the database; what became of it is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import TYPE_CHECKING

from scatterclean.errors import DatabaseLocked
from scatterclean.model import Move, Wish, WishKind, WishState
from scatterclean.undo import Undone
from scatterclean.wire import Household
from scatterclean.wording import wishes as words

if TYPE_CHECKING:
    from scatterclean.config import Settings

# Seconds between two looks, and how long nothing may happen before it is left to the daemon.
_BEAT, _PATIENCE = 0.2, 120.0


def beside_the_daemon(settings: Settings, locked: DatabaseLocked) -> Household:
    """A household that may only look and ask; raises `locked` if who has the database is no daemon."""
    household = Household.open(settings, read_only=True, asking=True)
    if household.store.pushes() is None:
        household.store.close()
        raise locked
    return household


def hand_over(
    household: Household,
    moves: Sequence[Move],
    *,
    stop: Callable[[], bool],
    progress: Callable[[int], None],
) -> Undone:
    """Ask for each of these moves of one account to be taken back, and wait for the daemon.

    What it has not done when nothing happens for long, or the person stops waiting, it still does.  Raises
    TooManyWishes."""
    wishes = household.store.wishes
    asked = {
        wishes.ask(
            Wish(
                account=move.intent.account,
                kind=WishKind.BRING_BACK,
                key=token_urlsafe(24),
                asked_at=datetime.now(UTC),
                move=move.id,
            )
        ).id: move
        for move in moves
    }
    ended: dict[int, Wish] = {}
    last = time.monotonic()
    while len(ended) < len(asked) and not stop() and time.monotonic() - last < _PATIENCE:
        time.sleep(_BEAT)
        now = [wish for known in asked.keys() - ended.keys() if (wish := wishes.get(known)) is not None]
        over = {wish.id: wish for wish in now if wish.state is not WishState.ASKED}
        if over:
            last = time.monotonic()
            progress(len(over))
        ended |= over
    left = [wish for known in asked.keys() - ended.keys() if (wish := wishes.get(known)) is not None]
    told = [wish.told for wish in (*ended.values(), *left) if wish.told and wish.state is not WishState.GONE]
    if left:
        told.append(words.LEFT_TO_THE_DAEMON)
    states = {known: wish.state for known, wish in ended.items()}
    return Undone(
        back=tuple(asked[known] for known in asked if states.get(known) is WishState.DONE),
        lost=tuple(asked[known] for known in asked if states.get(known) is WishState.GONE),
        troubles=tuple(dict.fromkeys(told)),
        still_away=tuple(
            asked[known] for known in asked if states.get(known) not in (WishState.DONE, WishState.GONE)
        ),
    )
