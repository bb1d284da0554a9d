"""intend -> do -> look -> settle: the only place that changes a mailbox.  It decides nothing.

Every deed is journalled before the server is asked, and settled only by what a look at both folders shows.
A process that dies anywhere in between leaves rows that say *intended*; `recover` settles them at the next
start by the same look and the same table (`plan.outcome`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from scatterclean import looking, plan
from scatterclean.errors import (
    CannotMoveSafely,
    CommandRefused,
    FolderChanged,
    FolderMissing,
    OverQuota,
    Stopped,
)
from scatterclean.model import Errand, Intent, Move, MoveState, Place, Sighting, Whereabouts
from scatterclean.ports import FolderState, Journal, Mailbox

# How far back in Backscatter, in UIDs, copies of another machine are looked for before ours is made: two batches.
RECENT = 200

Clock = Callable[[], datetime]
Stop = Callable[[], bool]
Progress = Callable[[int], None]


def unsafe_target(mailbox: Mailbox, account: str, target: str) -> str:
    """What is wrong with `target` if the server uses it for something in which mail is not kept, else ""."""
    uses = {use for folder in mailbox.folders() if folder.name == target for use in folder.use}
    if uses.isdisjoint(looking.USED_OTHERWISE):
        return ""
    return (
        f"account {account}: the folder for backscatter, {target!r}, is what the server uses for "
        f"{min(uses & looking.USED_OTHERWISE)!r}: mail that is put there may be deleted or mistaken, so nothing is "
        "moved\n"
        '  Set `backscatter` to a folder of its own, such as "Backscatter"; it is made if it is missing.'
    )


@dataclass(slots=True)
class Done:
    """What became of a list of intents.

    `unsettled` are those whose end is not known yet: their folders could not be looked into, or the message is in
    neither and may be shown late, or it is half moved; `full`: nothing more may be copied now.
    """

    settled: list[tuple[Move, MoveState]] = field(default_factory=list)
    left_alone: list[tuple[Intent, plan.Hand]] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    unsettled: list[Move] = field(default_factory=list)
    full: bool = False

    def add(self, settled: Sequence[tuple[Move, MoveState]], unsettled: Sequence[Move] = ()) -> None:
        self.settled += settled
        self.unsettled += unsettled
        doubled = [move for move, state in settled if state is MoveState.DOUBLED]
        if doubled:
            intent = doubled[0].intent
            self.trouble(
                f"account {intent.account}: {len(doubled)} of the messages that were moved from "
                f"{intent.source.place.folder!r} to {intent.target_folder!r} are in both folders now\n"
                "  Nothing is lost, and they are left alone: delete the ones that you do not want."
            )

    def half_way(self, moves: Sequence[Move], refused: CommandRefused) -> None:
        """The copies of these are made, and the server does not let us take the sources away: no more are made."""
        self.full = True
        intent = moves[0].intent
        self.trouble(
            f"account {intent.account}: {len(moves)} of the messages that were moved from "
            f"{intent.source.place.folder!r} to {intent.target_folder!r} are in both folders for now, for the server "
            f"does not let them be taken out of {intent.source.place.folder!r}\n"
            f"  {refused.what}\n"
            "  Each sweep tries again, and moves nothing else before that; you may also delete one of each yourself."
        )

    def twice(self, moves: Sequence[Move]) -> None:
        """Of these there is more than one copy in the target: made at the same time by another machine, or a hand."""
        if moves:
            intent = moves[0].intent
            self.trouble(
                f"account {intent.account}: DOUBLED: {len(moves)} of the messages that were moved to "
                f"{intent.target_folder!r} are there more than once\n"
                "  Nothing is lost. Does another machine sweep this mailbox, too? On a server without MOVE one must "
                "do it alone. Delete the copies that you do not want."
            )

    def trouble(self, told: str) -> None:
        """Once, however many batches say so."""
        if told not in self.troubles:
            self.troubles.append(told)

    def count(self, *states: MoveState) -> int:
        return sum(1 for _, settled in self.settled if settled in states)


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
        if intent.errand is not Errand.SWEEP and hand not in (plan.Hand.GONE, plan.Hand.CHANGED):
            hand = None  # what the person asks for, or what proved genuine, comes back with all its flags
        if hand is None:
            able.append(intent)
        else:
            left.append((intent, hand))
    return able, left


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
) -> Done:
    """Move what is intended, batch by batch, as far as no other hand was there first.

    Raises CannotMoveSafely before anything is done; ConnectionLost and the like in the middle leave rows
    *intended*.  A set stop flag ends it between two batches with Stopped; all done so far is settled.
    `done` is filled on the way: who gives one knows how far it came, also when this raises.
    """
    done = Done() if done is None else done
    if not intents:
        return done
    mailbox.can_move()
    by_account = {i.account: frozenset(x.fingerprint for x in intents) for i in intents}
    moved_before = frozenset().union(*(journal.moved_before(a, f) for a, f in by_account.items()))
    for batch in plan.batches(intents):
        if stop():
            raise Stopped
        try:
            able, left = fit(mailbox, batch, moved_before)
            done.left_alone += left
            if able:
                _move(mailbox, journal, sweep, able, clock=clock, done=done)
        except (FolderMissing, FolderChanged) as trouble:
            done.trouble(str(trouble))
        progress(len(batch))
        if done.full:
            break
    return done


def _move(
    mailbox: Mailbox, journal: Journal, sweep: int, intents: list[Intent], *, clock: Clock, done: Done
) -> None:
    target = _target(mailbox, intents[0])
    moves = journal.intend(sweep, intents, target, clock())
    if intents[0].errand is Errand.SWEEP and not mailbox.moves_atomically():
        moves = _not_there(mailbox, journal, moves, target, clock=clock, done=done)
        if not moves:
            return
    refused = False
    try:
        mailbox.move(moves[0].intent.source.place, [m.intent.source.uid for m in moves], target.place)
    except (CommandRefused, OverQuota) as trouble:
        # A clean NO.  RFC 6851, 3.3: some of them may have been moved all the same, so look as always.
        done.trouble(str(trouble))
        done.full = isinstance(trouble, OverQuota)
        refused = True
    _settle(mailbox, journal, moves, clock=clock, done=done, refused=refused)


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
        intent = there[0].intent
        done.trouble(
            f"account {intent.account}: {len(there)} of the messages that were to be moved from "
            f"{intent.source.place.folder!r} are in {intent.target_folder!r} already: another machine or program moves "
            "them, too\n"
            "  They are left where they are, and looked at again by the next sweep."
        )
    return [m for m in moves if m not in there]


def _target(mailbox: Mailbox, intent: Intent) -> FolderState:
    try:
        return mailbox.state(intent.target_folder)
    except FolderMissing:
        if intent.errand is not Errand.SWEEP:
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


def recover(mailbox: Mailbox, journal: Journal, account: str, *, clock: Clock) -> Done:
    """Settle every deed of the account that was journalled and whose end is unknown.  Moves nothing new.

    Where the server refuses the look, they stay *intended* until it allows it: nobody knows how they ended, and
    all other work goes on.
    """
    done = Done()
    intended = [
        move
        for move in journal.moves(account, states=(MoveState.INTENDED,))
        if move.intent.errand is not Errand.DELETE
    ]
    for _, together in looking.grouped(intended, _deed):
        try:
            _settle(mailbox, journal, together, clock=clock, done=done)
        except CommandRefused as refused:
            done.unsettled += together
            done.trouble(str(refused))
    return done


def _deed(move: Move) -> tuple[Place, str, int, int, int]:
    """Moves that were intended together."""
    source = move.intent.source.place
    return source, move.intent.target_folder, move.target_uidvalidity, move.target_uidnext, move.sweep


def _settle(
    mailbox: Mailbox,
    journal: Journal,
    moves: Sequence[Move],
    *,
    clock: Clock,
    done: Done,
    refused: bool = False,
) -> None:
    """Look at both folders and settle; where the server has no MOVE, complete a COPY of ours first.

    `refused`: the server said just now that it did not do it.  What must be looked at again stays *intended*: whose
    end cannot be seen yet, and a COPY that the server does not let us complete.
    """
    copies = looking.copies(mailbox, moves)
    sources = looking.sources(mailbox, moves)
    copies = copies or looking.copies_renamed(mailbox, moves, sources)
    by_copy = not mailbox.moves_atomically()
    unaccounted = by_copy and not refused and _unaccounted(mailbox, moves, sources, copies)
    renumbered = _renumbered(mailbox, moves, sources) if by_copy else frozenset()
    now = clock()
    looked = {
        m.id: plan.outcome(
            m.id in sources,
            copies.get(m.intent.fingerprint, []),
            own_copy=by_copy and plan.may_finish(m, sources.get(m.id)),
            unaccounted=unaccounted,
            late=now - m.intended_at >= plan.LATE,
        )
        for m in moves
    }
    outcomes = {known: outcome for known, outcome in looked.items() if outcome is not None}
    for known in renumbered & outcomes.keys():
        if outcomes[known].state is MoveState.MOVED:
            outcomes[known] = plan.Outcome(MoveState.DOUBLED, outcomes[known].target_uid)
    halves = [m for m in moves if m.id in outcomes and outcomes[m.id].finish]
    if halves:
        said = _remove(mailbox, halves)
        sources = looking.sources(mailbox, halves)
        left = [m for m in halves if m.id in sources]
        for m in left:
            outcomes[m.id] = plan.Outcome(MoveState.DOUBLED, outcomes[m.id].target_uid)
        if isinstance(said, CommandRefused) and left:
            for m in left:
                del outcomes[m.id]
            done.half_way(left, said)
    ended = [m for m in moves if m.id in outcomes]
    journal.settle([(m, outcomes[m.id].state, outcomes[m.id].target_uid) for m in ended], now)
    _mark(mailbox, [(m, outcomes[m.id]) for m in ended])
    done.add([(m, outcomes[m.id].state) for m in ended], [m for m in moves if m.id not in outcomes])
    if by_copy:
        moved = [m for m in ended if outcomes[m.id].state is MoveState.MOVED]
        done.twice([m for m in moved if len(copies.get(m.intent.fingerprint, ())) > 1])


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
    if moves[0].intent.errand is not Errand.SWEEP or all(
        m.id not in sources or copies.get(m.intent.fingerprint) for m in moves
    ):
        return False
    first, place = moves[0].target_uidnext, Place(moves[0].intent.target_folder, moves[0].target_uidvalidity)
    try:
        state = mailbox.state(place.folder)
        return state.place == place and sum(map(len, copies.values())) < state.uidnext - first
    except (FolderMissing, FolderChanged):
        return False


def _renumbered(mailbox: Mailbox, moves: Sequence[Move], sources: Mapping[int, Sighting]) -> frozenset[int]:
    """Ids of the moves whose message is not at its UID, but still in its folder, for the server made the UIDs anew
    (after a repair, or from a backup): then a copy is not all that there is of it."""
    missing = [m for m in moves if m.id not in sources]
    if not missing:
        return frozenset()
    was = missing[0].intent.source.place
    try:
        state = mailbox.state(was.folder)
        if state.place == was and all(m.intent.source.uid < state.uidnext for m in missing):
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
        if move.intent.errand is Errand.SWEEP
        and outcome.state is MoveState.MOVED
        and outcome.target_uid is not None
    ]
    if put_away:
        move = settled[0][0]
        # A convenience for other machines; the deed itself is settled.
        with suppress(FolderMissing, FolderChanged, CommandRefused):
            mailbox.mark(Place(move.intent.target_folder, move.target_uidvalidity), put_away, plan.KEYWORD)
