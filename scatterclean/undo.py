"""journal -> moves back: by the person's wish.  What came back is never moved again by a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scatterclean import deeds, plan, seek, settling, wording
from scatterclean.errors import Stopped
from scatterclean.model import PUTTING_AWAY, Account, Errand, Mode, Move, MoveState, SweepReport
from scatterclean.ports import Journal, Mailbox


@dataclass(frozen=True, slots=True)
class Selection:
    """Which moves to take back: of one sweep, since a moment, of one message, or those with these `ids`; nothing set
    means all."""

    sweep: int | None = None
    since: datetime | None = None
    message_id: str | None = None
    ids: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo did: `back` were brought back, `lost` are no longer where they were put.

    `still_away` are where they were put: the server refused, or the undo was stopped before their turn.
    """

    back: tuple[Move, ...]
    lost: tuple[Move, ...]
    troubles: tuple[str, ...] = ()
    still_away: tuple[Move, ...] = ()


def select(journal: Journal, account: str, selection: Selection) -> Sequence[Move]:
    """The moves that put away, are still in place, and match."""
    return journal.moves(
        account,
        states=(MoveState.MOVED, MoveState.COPIED),
        errand=PUTTING_AWAY,
        sweep=selection.sweep,
        since=selection.since,
        message_id=selection.message_id,
        ids=selection.ids,
    )


def due(journal: Journal, account: str, selection: Selection) -> Sequence[Move]:
    """What an undo would bring back, as far as is known without the server: also moves that were cut off and
    whose end is not known yet."""
    return journal.moves(
        account,
        states=(MoveState.MOVED, MoveState.COPIED, MoveState.INTENDED),
        errand=PUTTING_AWAY,
        sweep=selection.sweep,
        since=selection.since,
        message_id=selection.message_id,
        ids=selection.ids,
    )


class Nothing(StrEnum):
    """Why there is nothing to bring back."""

    NO_SWEEP = "no-sweep"  # no sweep has this number
    UNKNOWN_MESSAGE = "unknown-message"  # no message with this Message-ID was ever put away
    ALREADY_BACK = "already-back"  # all of it was brought back before
    NOT_AWAY = "not-away"  # some of it was brought back before, of the rest another hand disposed
    NONE_PUT_AWAY = "none-put-away"  # the sweep, or the time, put nothing away


# More sweeps than a person has: one a minute for some years.
_ALL = 10_000_000


def nothing(journal: Journal, accounts: Sequence[str], selection: Selection) -> Nothing:
    """Why nothing is `due` in any of these accounts."""
    found = [
        move.state
        for account in accounts
        for move in journal.moves(
            account,
            errand=PUTTING_AWAY,
            sweep=selection.sweep,
            since=selection.since,
            message_id=selection.message_id,
            ids=selection.ids,
        )
        if move.state is not MoveState.STAYED
    ]
    if found:
        back = all(state is MoveState.RETURNED for state in found)
        return Nothing.ALREADY_BACK if back else Nothing.NOT_AWAY
    if selection.message_id is not None:
        return Nothing.UNKNOWN_MESSAGE
    number = selection.sweep
    if number is None:
        return Nothing.NONE_PUT_AWAY
    known = any(report.sweep == number for a in accounts for report in journal.sweeps(a, limit=_ALL))
    known = known or any(journal.moves(a, sweep=number) for a in accounts)
    return Nothing.NONE_PUT_AWAY if known else Nothing.NO_SWEEP


def undo(
    account: Account,
    selection: Selection,
    mailbox: Mailbox,
    journal: Journal,
    *,
    clock: settling.Clock,
    stop: deeds.Stop = lambda: False,
    progress: deeds.Progress = lambda _: None,
) -> Undone:
    """Bring back every selected message that is found; those of which another hand disposed are named.

    A set stop flag ends it between two batches; what is left is `still_away`.
    """
    started = clock()
    keeping = deeds.keeps_originals(mailbox, account)
    recovered = settling.recover(mailbox, journal, account.name, clock=clock, keeping=keeping)
    under_way = {move.intent.returns for move in recovered.unsettled}
    selected = select(journal, account.name, selection)
    # Their originals never left: the mark comes off.
    copied = [m for m in selected if m.state is MoveState.COPIED]
    unmarked = deeds.unmark(mailbox, journal, copied, clock=clock)
    free = {m.id for m in unmarked}
    marked = [m for m in copied if m.id not in free]
    chosen = [m for m in selected if m.state is MoveState.MOVED]
    moves = [m for m in chosen if m.id not in under_way]
    waiting = tuple(m for m in chosen if m.id in under_way)
    # Of the others it was told why: their folders could not be looked into, or the server refused.
    late = {move.intent.returns for move in recovered.unseen}
    unseen = [m for m in waiting if m.id in late]
    told = [*recovered.troubles, *([wording.unseen(unseen)] if unseen else ())]
    if not moves:
        return Undone(tuple(unmarked), tuple(marked), (*told, *_copies(unmarked)), waiting)
    number = journal.begin_sweep(account.name, Mode.MOVE, started)
    found = seek.find(mailbox, moves)
    other = seek.elsewhere(mailbox, [m for m in moves if m.id not in found], found, stop=stop)
    found.update(other.found)
    intents = [plan.bring_back(m, found[m.id], Errand.UNDO) for m in moves if m.id in found]
    done = settling.Done()
    try:
        with suppress(Stopped):
            deeds.act(mailbox, journal, number, intents, clock=clock, stop=stop, progress=progress, done=done)
    finally:
        returned = done.count(MoveState.MOVED, MoveState.DOUBLED)
        journal.end_sweep(SweepReport(account.name, number, Mode.MOVE, started, clock(), returned=returned))
    ends = {m.intent.returns: state for m, state in done.settled}
    gone = {intent.returns for intent, _ in done.left_alone}  # taken away between find and act
    gone.update(m.id for m in moves if m.id not in found or ends.get(m.id) is MoveState.VANISHED)
    back = {m.id for m in moves if ends.get(m.id) in (MoveState.MOVED, MoveState.DOUBLED)}
    return Undone(
        back=(*unmarked, *(m for m in moves if m.id in back)),
        lost=(*marked, *(m for m in moves if m.id in gone)),
        troubles=(*told, *_copies(unmarked), *other.told, *done.troubles),
        still_away=(*(m for m in moves if m.id not in gone and m.id not in back), *waiting),
    )


def _copies(unmarked: Sequence[Move]) -> list[str]:
    if not unmarked:
        return []
    intent = unmarked[0].intent
    told = (
        f"account {intent.account}: the copies of {len(unmarked)} messages stay in {intent.target_folder!r}: on this "
        "server nothing can be taken away safely\n  Delete them with your mail program, if you like."
    )
    return [told]
