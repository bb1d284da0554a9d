"""intend -> do -> look -> settle: with `settling`, the only place that changes a mailbox.  It decides nothing.

Every deed is journalled before the server is asked, and settled only by what a look at both folders shows.
A process that dies anywhere in between leaves rows that say *intended*; `settling.recover` settles them at the next
start by the same look and the same table (`plan.outcome`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from scatterclean import looking, plan, wording
from scatterclean.errors import (
    CannotMoveSafely,
    CommandRefused,
    FolderChanged,
    FolderMissing,
    OverQuota,
    Stopped,
)
from scatterclean.model import (
    PUTTING_AWAY,
    Account,
    Errand,
    Intent,
    Move,
    MoveState,
    Whereabouts,
    WithoutUidplus,
)
from scatterclean.ports import FolderState, Journal, Mailbox
from scatterclean.settling import Clock, Done, settle

# How far back in Backscatter, in UIDs, copies of another machine are looked for before ours is made: two batches.
RECENT = 2 * plan.FEW
# A batch is as large as may take so long: in this time a hand may come between the look at a message and its move.
QUICK = timedelta(seconds=2)
_GROWTH = 10  # no batch is larger than so many of the last one

# What stops a deed that is not a sweep's.  \\Deleted: what bears it is not put away by anybody (`settling._undelete`).
_IT_IS_NOT_THERE = frozenset((plan.Hand.GONE, plan.Hand.CHANGED))
_NOT_EVEN_BY_WISH: Mapping[Errand, frozenset[plan.Hand]] = {
    Errand.HAND: _IT_IS_NOT_THERE | {plan.Hand.DELETED},
    Errand.UNDO: _IT_IS_NOT_THERE,
    Errand.RESCUE: _IT_IS_NOT_THERE,
    Errand.DELETE: _IT_IS_NOT_THERE,
}

Stop = Callable[[], bool]
Progress = Callable[[int], None]


def unsafe_target(mailbox: Mailbox, account: str, target: str) -> str:
    """What is wrong with `target` if the server uses it for something in which mail is not kept, else ""."""
    uses = {use for folder in mailbox.folders() if folder.name == target for use in folder.use}
    used = min(uses & looking.USED_OTHERWISE, default=None)
    return wording.target_unsafe(account, target, used) if used else ""


def fit(
    mailbox: Mailbox, intents: Sequence[Intent], moved_before: frozenset[str]
) -> tuple[list[Intent], list[tuple[Intent, plan.Hand]]]:
    """Those that may be moved as they are now, and those on which another hand was seen."""
    able: list[Intent] = []
    left: list[tuple[Intent, plan.Hand]] = []
    seen = looking.look(mailbox, intents[0].source.place, [i.source.uid for i in intents])
    for intent in intents:
        sighting, now_is = seen.get(intent.source.uid, (None, ""))
        hand = plan.hands_off(intent.fingerprint, sighting, now_is, intent.fingerprint in moved_before)
        if intent.errand is not Errand.SWEEP and hand not in _NOT_EVEN_BY_WISH[intent.errand]:
            hand = None  # what the person asks for is done, and what comes back does so with all its flags
        if hand is None:
            able.append(intent)
        else:
            left.append((intent, hand))
    return able, left


def keeps_originals(mailbox: Mailbox, account: Account) -> bool:
    """Are orphans only copied, and the originals marked?  Where nothing can be moved, and the person has set it."""
    if account.without_uidplus is not WithoutUidplus.COPY_AND_MARK:
        return False
    try:
        mailbox.can_move()
    except CannotMoveSafely:
        return True
    return False


def act(
    mailbox: Mailbox,
    journal: Journal,
    sweep: int,
    intents: Sequence[Intent],
    *,
    clock: Clock,
    stop: Stop = lambda: False,
    progress: Progress = lambda _: None,
    done: Done | None = None,
    keeping: bool = False,
) -> Done:
    """Move what is intended, batch by batch, as far as no other hand was there first.

    Raises CannotMoveSafely before anything is done; ConnectionLost and the like in the middle leave rows
    *intended*.  A set stop flag ends it between two batches with Stopped; all done so far is settled.
    `done` is filled on the way: who gives one knows how far it came, also when this raises.  `keeping`: see
    `keeps_originals`.
    """
    done = Done() if done is None else done
    if not intents:
        return done
    if not keeping:
        mailbox.can_move()
    by_account = looking.grouped(intents, lambda i: i.account)
    known = (journal.moved_before(a, [i.fingerprint for i in some]) for a, some in by_account)
    moved_before = frozenset().union(*known)
    # Without MOVE few at once: what is half done is looked for among the last of the target (`RECENT`).
    pace = _Pace(plan.MANY if mailbox.moves_atomically() else plan.FEW)
    for batch in _batches(intents, pace):
        if stop():
            raise Stopped
        began, before = clock(), len(done.settled)
        try:
            able, left = fit(mailbox, batch, moved_before)
            done.left_alone += left
            if able:
                _move(mailbox, journal, sweep, able, clock=clock, done=done, keeping=keeping)
        except (FolderMissing, FolderChanged) as trouble:
            done.trouble(str(trouble))
        progress(len(batch))
        if done.full:
            break
        moved = sum(1 for _, state in done.settled[before:] if state is MoveState.MOVED)
        pace.took(moved, clock() - began)
    return done


@dataclass(slots=True)
class _Pace:
    """How many go into the next batch, `many` at most: a small one first, then as many as the server moves quickly, by
    what the last batch took.  What was left alone took no time, and few that went tell little of many."""

    many: int
    size: int = plan.FEW

    def took(self, moved: int, spent: timedelta) -> None:
        """A clock that was set back tells nothing."""
        if not moved and spent >= timedelta(0):
            return
        quickly = int(moved * (QUICK / spent)) if spent else self.many
        self.size = max(plan.FEW, min(quickly, moved * _GROWTH, self.many))


def _batches(intents: Sequence[Intent], pace: _Pace) -> Iterator[list[Intent]]:
    for whole in plan.batches(intents, pace.many):
        at = 0
        while at < len(whole):
            batch = whole[at : at + pace.size]
            at += len(batch)
            yield batch


def _move(
    mailbox: Mailbox,
    journal: Journal,
    sweep: int,
    intents: list[Intent],
    *,
    clock: Clock,
    done: Done,
    keeping: bool,
) -> None:
    target = _target(mailbox, intents[0])
    moves = journal.intend(sweep, intents, target, clock())
    if intents[0].errand in PUTTING_AWAY and not mailbox.moves_atomically():
        moves = _not_there(mailbox, journal, moves, target, clock=clock, done=done)
        if not moves:
            return
    went: Mapping[int, int] | None = None
    place, uids = moves[0].intent.source.place, [m.intent.source.uid for m in moves]
    try:
        if keeping:
            # The mark first: whatever is forgotten behind it, this is never copied twice (`plan.hands_off`).
            if mailbox.mark(place, uids, plan.KEYWORD):
                mailbox.copy(place, uids, target.place)
                went = {}
            else:
                done.trouble(wording.unmarked(moves[0].intent))
                done.full = True
        else:
            went = mailbox.move(place, uids, target.place)
    except (CommandRefused, OverQuota) as trouble:
        # A clean NO.  RFC 6851, 3.3: some of them may have been moved all the same, so look as always.
        done.trouble(str(trouble))
        done.full = done.over_quota = isinstance(trouble, OverQuota)
    settle(mailbox, journal, moves, clock=clock, done=done, refused=went is None, went=went, keeping=keeping)


def _not_there(
    mailbox: Mailbox,
    journal: Journal,
    moves: Sequence[Move],
    target: FolderState,
    *,
    clock: Clock,
    done: Done,
) -> Sequence[Move]:
    """Those of which no copy is in the target yet.  Without MOVE another machine can have made one, and not taken the
    source away: one more would be a double that neither sees.

    Looked after the target's UIDNEXT was read: of what comes later the look after the deed shows two.
    """
    recent = looking.equal_ones(mailbox, target.place, max(1, target.uidnext - RECENT))
    ours = Counter(m.intent.fingerprint for m, state in done.settled if state is MoveState.MOVED)
    there = [m for m in moves if len(recent.get(m.intent.fingerprint, ())) > ours[m.intent.fingerprint]]
    if there:
        stayed = [(m, MoveState.STAYED) for m in there]
        journal.settle([(m, state, None) for m, state in stayed], clock())
        done.add(stayed)
        done.trouble(wording.there_already(there))
    return [m for m in moves if m not in there]


def _target(mailbox: Mailbox, intent: Intent) -> FolderState:
    try:
        return mailbox.state(intent.target_folder)
    except FolderMissing:
        if intent.errand not in PUTTING_AWAY:
            raise
        mailbox.create(intent.target_folder)
        return mailbox.state(intent.target_folder)


def flag(mailbox: Mailbox, where: Sequence[Whereabouts]) -> None:
    """Flag what the person must look at.  Once: what bears the keyword was flagged before, and a flag that the
    person took away since stays away."""
    for place in {one.place for one in where}:
        uids = [one.uid for one in where if one.place == place]
        with suppress(FolderMissing, FolderChanged, CommandRefused):
            keyword = plan.ALARM_KEYWORD.lower()
            fresh = [
                uid
                for uid, (seen, _) in looking.look(mailbox, place, uids).items()
                if keyword not in {name.lower() for name in seen.flags} and "\\flagged" not in seen.flags
            ]
            if fresh:
                mailbox.mark(place, fresh, "\\Flagged")
                mailbox.mark(place, fresh, plan.ALARM_KEYWORD)


def unmark(mailbox: Mailbox, journal: Journal, moves: Sequence[Move], *, clock: Clock) -> list[Move]:
    """Take the mark off originals that were copied, and settle these as returned; what is not there is left out.
    The copies stay where they are: on a server without UIDPLUS nothing can be taken away safely."""
    ended = []
    for place, together in looking.grouped(moves, lambda m: m.intent.source.place):
        there = looking.sources(mailbox, together)
        here = [m for m in together if m.id in there]
        if here and mailbox.unmark(place, [m.intent.source.uid for m in here], plan.KEYWORD):
            journal.settle([(m, MoveState.RETURNED, None) for m in here], clock())
            ended += here
    return ended
