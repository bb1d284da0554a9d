"""What was put away long ago is deleted from Backscatter, where the person has set `keep_backscatter`.

Nothing else is ever deleted.  Only what the journal knows to have been put there by this tool, where it was put, as
it was then, with no mark of another hand on it; and the first time only a list is told, and a day passes.  Every
deletion is journalled before it is done, as the moves of `deeds` are.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from scatterclean import deeds, looking, plan, settling, wording
from scatterclean.errors import CannotMoveSafely, CommandRefused, FolderChanged, FolderMissing, Stopped
from scatterclean.model import Account, Case, Errand, Intent, Move, MoveState, Place, Verdict, Whereabouts
from scatterclean.ports import Journal, Mailbox

# So long the person has to look at the list before the first of it goes.
NOTICE = timedelta(days=1)

PutAway = Sequence[tuple[Case, Move]]


def old(put_away: PutAway, account: Account, now: datetime) -> list[tuple[Case, Move]]:
    """Those that lie in Backscatter for longer than the person wants to keep them."""
    keep = account.keep_backscatter
    if keep is None:
        return []
    return [
        (case, move)
        for case, move in put_away
        if move.state is MoveState.MOVED and move.settled_at and move.settled_at <= now - keep
    ]


def retire(  # noqa: PLR0917 - the ports, and what they are about
    mailbox: Mailbox,
    journal: Journal,
    account: Account,
    sweep: int,
    judged: PutAway,
    done: settling.Done,
    *,
    clock: settling.Clock,
    stop: deeds.Stop,
    observe: bool,
) -> str:
    """Delete those of the `old` whose verdict, judged today, is still orphan; what the person is told, if anything.

    `done` is filled on the way, also when this raises.  A set stop flag ends it between two batches with Stopped.
    """
    keep = account.keep_backscatter
    due = [move for case, move in judged if case.finding.verdict is Verdict.ORPHAN and move.target_uid]
    if keep is None or not due:
        return ""
    if observe:
        return wording.would_delete(due, keep)
    now = clock()
    # A shorter time is another list; a longer one deletes nothing that was not on the list before.
    told = journal.note(account.name, f"keep_backscatter {keep // timedelta(days=1)}d", now)
    if now < told + NOTICE:
        return wording.would_delete(due, keep, told + NOTICE)
    intents = [plan.delete(move, _where(move)) for move in due]
    for batch in plan.batches(intents, plan.FEW):
        if stop():
            raise Stopped
        try:
            _delete(mailbox, journal, sweep, batch, clock=clock, done=done)
        except (CannotMoveSafely, CommandRefused) as trouble:
            done.trouble(str(trouble))
            break
        except (FolderMissing, FolderChanged):
            continue
    return ""


def recover(mailbox: Mailbox, journal: Journal, account: str, *, clock: settling.Clock) -> None:
    """Settle every deletion that was journalled and whose end is unknown.  Deletes nothing."""
    intended = journal.moves(account, states=(MoveState.INTENDED,), errand=Errand.DELETE)
    for place in {move.intent.source.place for move in intended}:
        with suppress(CommandRefused):  # then it stays open until the server allows a look
            _settle(mailbox, journal, [m for m in intended if m.intent.source.place == place], clock)


def _where(move: Move) -> Whereabouts:
    """Where it was put, and nowhere else: what another hand moved about is not ours any more."""
    return Whereabouts(Place(move.intent.target_folder, move.target_uidvalidity), move.target_uid or 0)


def _delete(
    mailbox: Mailbox,
    journal: Journal,
    sweep: int,
    batch: Sequence[Intent],
    *,
    clock: settling.Clock,
    done: settling.Done,
) -> None:
    place = batch[0].source.place
    seen = looking.look(mailbox, place, [intent.source.uid for intent in batch])
    able = [i for i in batch if plan.may_delete(i.fingerprint, *seen.get(i.source.uid, (None, "")))]
    state = mailbox.state(place.folder)
    if not able or state.place != place:
        return
    moves = journal.intend(sweep, able, state, clock())
    try:
        mailbox.remove(place, [intent.source.uid for intent in able])
    finally:
        # A connection that is gone shows nothing: then the rows stay *intended*.
        done.settled += _settle(mailbox, journal, moves, clock)


def _settle(
    mailbox: Mailbox, journal: Journal, moves: Sequence[Move], clock: settling.Clock
) -> list[tuple[Move, MoveState]]:
    """DELETED if it is gone, whoever took it away.  In a folder that was made anew nobody can tell."""
    place = moves[0].intent.source.place
    try:
        there = set(mailbox.uids(place))
        states = [MoveState.STAYED if m.intent.source.uid in there else MoveState.DELETED for m in moves]
    except (FolderMissing, FolderChanged):
        states = [MoveState.VANISHED for _ in moves]
    settled = list(zip(moves, states, strict=True))
    journal.settle([(move, state, None) for move, state in settled], clock())
    return settled
