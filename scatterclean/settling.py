"""How deeds ended, by a look at both folders: also of those that a process that died left *intended*.

It completes what is half done (a COPY of ours, where the server has no MOVE), begins nothing, and decides nothing: the
table is `plan.outcome`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from scatterclean import looking, plan, wording
from scatterclean.errors import CannotMoveSafely, CommandRefused, FolderChanged, FolderMissing
from scatterclean.model import PUTTING_AWAY, Errand, Intent, Move, MoveState, Place, Sighting
from scatterclean.ports import Journal, Mailbox

Clock = Callable[[], datetime]

# So long after it was intended a move is looked for that did not happen at first.
_AFTER_ALL = timedelta(hours=1)


@dataclass(slots=True)
class Done:
    """What became of a list of intents.

    `unsettled` are those whose end is not known yet: their folders could not be looked into, or the message is in
    neither and may be shown late (those are `unseen`, too), or it is half moved; `full`: nothing more may be copied
    now; `over_quota`: for the mailbox is full.
    """

    settled: list[tuple[Move, MoveState]] = field(default_factory=list)
    left_alone: list[tuple[Intent, plan.Hand]] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    unsettled: list[Move] = field(default_factory=list)
    unseen: list[Move] = field(default_factory=list)
    full: bool = False
    over_quota: bool = False

    def add(self, settled: Sequence[tuple[Move, MoveState]], unsettled: Sequence[Move] = ()) -> None:
        self.settled += settled
        self.unsettled += unsettled
        doubled = [move for move, state in settled if state is MoveState.DOUBLED]
        if doubled:
            self.trouble(wording.doubled(doubled))

    def half_way(self, moves: Sequence[Move], refused: CommandRefused) -> None:
        """The copies of these are made, and the server does not let us take the sources away: no more are made."""
        self.full = True
        self.trouble(wording.half_way(moves, refused.what))

    def twice(self, moves: Sequence[Move]) -> None:
        """Of these there is more than one copy in the target: made at the same time by another machine, or a hand."""
        if moves:
            self.trouble(wording.twice(moves))

    def trouble(self, told: str) -> None:
        """Once, however many batches say so."""
        if told not in self.troubles:
            self.troubles.append(told)

    def count(self, *states: MoveState) -> int:
        return sum(1 for _, settled in self.settled if settled in states)


def recover(mailbox: Mailbox, journal: Journal, account: str, *, clock: Clock, keeping: bool = False) -> Done:
    """Settle every deed of the account that was journalled and whose end is unknown.  Moves nothing new.

    Where the server refuses the look, or a folder is made anew in the middle of it, they stay *intended* until a look
    succeeds: nobody knows how they ended, and all other work goes on.
    """
    done = Done()
    intended = [
        move
        for move in journal.moves(account, states=(MoveState.INTENDED,))
        if move.intent.errand is not Errand.DELETE
    ]
    for _, together in looking.grouped(intended, _deed):
        try:
            settle(mailbox, journal, together, clock=clock, done=done, keeping=keeping)
        except (CommandRefused, FolderMissing, FolderChanged) as trouble:
            done.unsettled += together
            done.trouble(str(trouble))
    try:
        _moved_after_all(mailbox, journal, account, clock=clock, done=done)
    except CommandRefused as trouble:
        done.trouble(str(trouble))
    return done


def _moved_after_all(mailbox: Mailbox, journal: Journal, account: str, *, clock: Clock, done: Done) -> None:
    """What stayed where it was as far as a look showed, and is in the target now.

    A server carries out what it was told also after the line broke, and after we looked, if it stood still for long.
    Only what is gone from its folder is looked for: of all else the next sweep decides."""
    now = clock()
    recent = partial(journal.moves, account, errand=PUTTING_AWAY, since=now - _AFTER_ALL)
    for _, together in looking.grouped(recent(states=(MoveState.STAYED,)), _deed):
        target = together[0].intent.target_folder
        with suppress(FolderMissing, FolderChanged):
            place = together[0].intent.source.place
            there = looking.sources(mailbox, together)
            gone = [m for m in together if m.id not in there]
            if not gone or looking.state_of(mailbox, place).place != place:
                continue
            seen, same = looking.copies(mailbox, gone)
            # Equal messages may have been moved meanwhile: each copy is that of one.
            others = recent(states=(MoveState.MOVED,))
            ours = {m.target_uid for m in others if m.intent.target_folder == target}
            copies = looking.by_fingerprint({uid: one for uid, one in seen.items() if uid not in ours})
            found = [
                (m, plan.Outcome(MoveState.MOVED, copies[m.intent.fingerprint].pop(0)))
                for m in gone
                if same and copies.get(m.intent.fingerprint)
            ]
            journal.settle([(m, outcome.state, outcome.target_uid) for m, outcome in found], now)
            if found:
                _mark(mailbox, found)
                done.add([(m, outcome.state) for m, outcome in found])


def _deed(move: Move) -> tuple[Place, str, int, int, int]:
    """Moves that were intended together."""
    source = move.intent.source.place
    return source, move.intent.target_folder, move.target_uidvalidity, move.target_uidnext, move.sweep


def settle(
    mailbox: Mailbox,
    journal: Journal,
    moves: Sequence[Move],
    *,
    clock: Clock,
    done: Done,
    refused: bool = False,
    went: Mapping[int, int] | None = None,
    keeping: bool = False,
) -> None:
    """Look at both folders and settle; where the server has no MOVE, complete a COPY of ours first.

    `refused`: the server said just now that it did not do it.  Unless it answered that it did (`went`: to which UIDs,
    as far as it said), a copy must have the date of its source, too, to be taken for ours.  What must be looked at
    again stays *intended*: whose end cannot be seen yet, and a COPY that the server does not let us complete.
    """
    by_copy = not mailbox.moves_atomically()
    sources = looking.sources(mailbox, moves)
    renumbered = _renumbered(mailbox, moves, sources) if by_copy else frozenset()
    # The last look before a source is removed: another hand may take our copy at any time.
    seen, same = looking.copies(mailbox, moves, (went or {}).values())
    copies = looking.by_fingerprint(seen)
    # What is to come back and is still in its folder, under another UID or name, was not moved: nobody has to wait.
    unmoved = {
        m.id for m in moves if m.intent.errand not in PUTTING_AWAY and not copies.get(m.intent.fingerprint)
    }
    if unmoved:
        unmoved &= (
            renumbered if by_copy else _renumbered(mailbox, [m for m in moves if m.id in unmoved], sources)
        )
    unaccounted = by_copy and not refused and _unaccounted(mailbox, moves, sources, copies)
    if by_copy and went is None and not refused and not keeping:  # cut off in the middle: by `remove`, too
        copied = unaccounted or not _is_there(mailbox, moves[0])
        _undelete(mailbox, [m for m in moves if copied or copies.get(m.intent.fingerprint)], sources)
    now = clock()
    outcomes: dict[int, plan.Outcome] = {}
    for m in moves:
        source, there = sources.get(m.id), copies.get(m.intent.fingerprint, [])
        like = [uid for uid in there if went is not None or plan.is_copy(source, seen[uid][0])]
        outcome = plan.outcome(
            source is not None or m.id in unmoved,
            like or there,
            own_copy=by_copy and same and bool(like) and (keeping or plan.may_finish(m, source)),
            unaccounted=unaccounted,
            late=now - m.intended_at >= plan.LATE,
        )
        if outcome is not None and outcome.state is MoveState.MOVED and m.id in renumbered:
            outcome = plan.Outcome(MoveState.DOUBLED, outcome.target_uid)
        if outcome is not None:
            outcomes[m.id] = outcome
    done.unseen += [m for m in moves if m.id not in outcomes]
    if keeping:
        _keep(mailbox, moves, outcomes)
    halves = [m for m in moves if m.id in outcomes and outcomes[m.id].finish]
    if halves:
        said = _remove(mailbox, halves)
        sources = looking.sources(mailbox, halves)
        renumbered = _renumbered(mailbox, halves, sources)
        left = [m for m in halves if m.id in sources or m.id in renumbered]
        for m in left:
            outcomes[m.id] = plan.Outcome(MoveState.DOUBLED, outcomes[m.id].target_uid)
        if isinstance(said, CommandRefused) and left:
            for m in left:
                del outcomes[m.id]
            done.half_way(left, said)
    if not same:
        outcomes = {known: replace(outcome, target_uid=None) for known, outcome in outcomes.items()}
    ended = [m for m in moves if m.id in outcomes]
    journal.settle([(m, outcomes[m.id].state, outcomes[m.id].target_uid) for m in ended], now)
    _mark(mailbox, [(m, outcomes[m.id]) for m in ended])
    done.add([(m, outcomes[m.id].state) for m in ended], [m for m in moves if m.id not in outcomes])
    if by_copy and same:
        moved = [m for m in ended if outcomes[m.id].state is MoveState.MOVED]
        done.twice([m for m in moved if len(copies.get(m.intent.fingerprint, ())) > 1])


def _keep(mailbox: Mailbox, moves: Sequence[Move], outcomes: dict[int, plan.Outcome]) -> None:
    """The originals are to stay beside their copies: what would be completed is done.  The mark of one that was not
    copied after all comes off again."""
    for known, outcome in outcomes.items():
        if outcome.finish:
            outcomes[known] = plan.Outcome(MoveState.COPIED, outcome.target_uid)
    stayed = [m for m in moves if m.id in outcomes and outcomes[m.id].state is MoveState.STAYED]
    if stayed:
        with suppress(FolderMissing, FolderChanged):
            mailbox.unmark(stayed[0].intent.source.place, [m.intent.source.uid for m in stayed], plan.KEYWORD)


def _remove(mailbox: Mailbox, halves: Sequence[Move]) -> CommandRefused | CannotMoveSafely | None:
    """The error, if the server did not take the sources away."""
    try:
        mailbox.remove(halves[0].intent.source.place, [m.intent.source.uid for m in halves])
    except (CommandRefused, CannotMoveSafely) as trouble:
        return trouble
    return None


def _unaccounted(
    mailbox: Mailbox, moves: Sequence[Move], sources: Mapping[int, Sighting], copies: Mapping[str, list[int]]
) -> bool:
    """Did something come into Backscatter since the deed that is not to be seen?  COPY takes all or none (RFC 3501,
    6.4.7): asked only where a message seems not to have been copied."""
    if moves[0].intent.errand not in PUTTING_AWAY or all(
        m.id not in sources or copies.get(m.intent.fingerprint) for m in moves
    ):
        return False
    first, place = moves[0].target_uidnext, Place(moves[0].intent.target_folder, moves[0].target_uidvalidity)
    try:
        state = mailbox.state(place.folder)
        return state.place == place and sum(map(len, copies.values())) < state.uidnext - first
    except (FolderMissing, FolderChanged):
        return False


def _is_there(mailbox: Mailbox, move: Move) -> bool:
    """Is the target there still, as it was?"""
    try:
        return mailbox.state(move.intent.target_folder).place.uidvalidity == move.target_uidvalidity
    except FolderMissing:
        return False


def _undelete(mailbox: Mailbox, moves: Sequence[Move], sources: Mapping[int, Sighting]) -> None:
    """Take off the \\Deleted of sources that may have been copied and were not removed: it is ours, for what bears it
    is not put away.  Any program could expunge them; the copy may be gone meanwhile, or the source flagged."""
    marked = [
        m
        for m in moves
        if m.intent.errand in PUTTING_AWAY
        and m.id in sources
        and "\\deleted" in map(str.lower, sources[m.id].flags)
    ]
    if marked:
        with suppress(FolderMissing, FolderChanged, CommandRefused):
            mailbox.unmark(marked[0].intent.source.place, [m.intent.source.uid for m in marked], "\\Deleted")


def _renumbered(mailbox: Mailbox, moves: Sequence[Move], sources: Mapping[int, Sighting]) -> frozenset[int]:
    """Ids of the moves whose message is not at its UID, but still in its folder, which was renamed, or whose UIDs the
    server made anew (after a repair, or from a backup): then a copy is not all that there is of it."""
    missing = [m for m in moves if m.id not in sources]
    if not missing:
        return frozenset()
    was = missing[0].intent.source.place
    try:
        state = looking.state_of(mailbox, was)
        given = state.place == was and all(m.intent.source.uid < state.uidnext for m in missing)
        # A UID is never given twice (RFC 3501, 2.3.1.1): another message under it has all UIDs anew.
        if given and not looking.look(mailbox, was, [m.intent.source.uid for m in missing]):
            return frozenset()
        there = looking.by_fingerprint(
            looking.look(mailbox, state.place, mailbox.uids(state.place, since=looking.earliest(missing)))
        )
    except (FolderMissing, FolderChanged):
        return frozenset()
    return frozenset(m.id for m in missing if m.intent.fingerprint in there)


def _mark(mailbox: Mailbox, settled: Sequence[tuple[Move, plan.Outcome]]) -> None:
    """The keyword, on the copy and after the move: if we die before it, the journal still knows."""
    put_away = [
        outcome.target_uid
        for move, outcome in settled
        if move.intent.errand in PUTTING_AWAY
        and outcome.state is MoveState.MOVED
        and outcome.target_uid is not None
    ]
    if put_away:
        move = settled[0][0]
        # A convenience for other machines; the deed itself is settled.
        with suppress(FolderMissing, FolderChanged, CommandRefused):
            mailbox.mark(Place(move.intent.target_folder, move.target_uidvalidity), put_away, plan.KEYWORD)
