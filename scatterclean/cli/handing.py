"""An undo that is handed over to the daemon, which has the database; what became of it is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
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
# So many are asked for at once: the daemon takes them back together.
_PORTION = 200


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
    """Ask for each of these moves of one account to be taken back, some at a time, and wait for the daemon.

    What it has not done when nothing happens for long, or the person stops waiting, it still does, as far as it was
    asked for.  Raises TooManyWishes."""
    back: list[Move] = []
    lost: list[Move] = []
    left: list[Move] = []
    told: list[str] = []
    for start in range(0, len(moves), _PORTION):
        some = moves[start : start + _PORTION]
        if stop() or words.LEFT_TO_THE_DAEMON in told:
            left += some
            continue
        for move, wish in _waited_for(household, some, stop, progress):
            if wish.state is WishState.DONE:
                back.append(move)
            elif wish.state is WishState.GONE:
                lost.append(move)
            else:
                left.append(move)
                told += [wish.told] if wish.told else []
                told += [words.LEFT_TO_THE_DAEMON] if wish.state is WishState.ASKED else []
    return Undone(tuple(back), tuple(lost), tuple(dict.fromkeys(told)), tuple(left))


def _waited_for(
    household: Household, moves: Sequence[Move], stop: Callable[[], bool], progress: Callable[[int], None]
) -> list[tuple[Move, Wish]]:
    """Each with its wish, as it stands when all are over or there is no more waiting."""
    wishes, clock = household.store.wishes, household.clock
    asked = [
        wishes.ask(Wish(move.intent.account, WishKind.BRING_BACK, token_urlsafe(24), clock(), move=move.id))
        for move in moves
    ]
    last, over = time.monotonic(), 0
    while not stop() and time.monotonic() - last < _PATIENCE:
        asked = [wishes.get(wish.id) or wish if wish.state is WishState.ASKED else wish for wish in asked]
        ended = sum(wish.state is not WishState.ASKED for wish in asked)
        if ended > over:
            progress(ended - over)
            last, over = time.monotonic(), ended
        if over == len(asked):
            break
        time.sleep(_BEAT)
    return list(zip(moves, asked, strict=True))
