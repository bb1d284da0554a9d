"""intend -> do -> look -> settle: the only place that changes a mailbox.  It decides nothing.

Every deed is journalled before the server is asked, and settled only by what a look at both folders shows.
A process that dies anywhere in between leaves rows that say *intended*; `recover` settles them at the next
start by the same look and the same table (`plan.outcome`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from scatterclean import plan, wording
from scatterclean.errors import (
    CannotMoveSafely,
    CommandRefused,
    FolderChanged,
    FolderMissing,
    OverQuota,
    Stopped,
)
from scatterclean.looks import by_fingerprint, copies_of, look, renumbered, since, sources_of, unaccounted
from scatterclean.model import Errand, Intent, Move, MoveState, Place, Whereabouts
from scatterclean.ports import FolderState, Journal, Mailbox

K = TypeVar("K")

# SPECIAL-USE (RFC 6154, 2; RFC 8457): providers empty Trash and Junk, drafts are sent, and the others are views of
# mail that is elsewhere (Gmail), or are read as what the person sent.
_USED_OTHERWISE = frozenset(("trash", "junk", "drafts", "sent", "all", "flagged", "important"))

Clock = Callable[[], datetime]
Stop = Callable[[], bool]
Progress = Callable[[int], None]


def unsafe_target(mailbox: Mailbox, account: str, target: str) -> str:
    """What is wrong with `target` if the server uses it for something in which mail is not kept, else ""."""
    uses = {use for folder in mailbox.folders() if folder.name == target for use in folder.use}
    used = min(uses & _USED_OTHERWISE, default=None)
    return wording.target_unsafe(account, target, used) if used else ""


@dataclass(slots=True)
class Done:
    """What became of a list of intents.

    `unsettled` are those whose end is not known yet: their folders could not be looked into, or the message is in
    neither and may be shown late; `full`: the mailbox takes no more copies.
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
            self.trouble(wording.doubled(doubled))

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
    seen = look(mailbox, intents[0].source.place, [i.source.uid for i in intents])
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
    went: Mapping[int, int] | None = None
    try:
        went = mailbox.move(intents[0].source.place, [i.source.uid for i in intents], target.place)
    except (CommandRefused, OverQuota) as trouble:
        # A clean NO.  RFC 6851, 3.3: some of them may have been moved all the same, so look as always.
        done.trouble(str(trouble))
        done.full = isinstance(trouble, OverQuota)
    done.add(*_settle(mailbox, journal, moves, clock, refused=went is None, went=went))


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
                for uid, (seen, _) in look(mailbox, place, uids).items()
                if keyword not in {name.lower() for name in seen.flags} and "\\flagged" not in seen.flags
            ]
            if fresh:
                mailbox.mark(place, fresh, "\\Flagged")
                mailbox.mark(place, fresh, plan.ALARM_KEYWORD)


def recover(mailbox: Mailbox, journal: Journal, account: str, *, clock: Clock) -> Done:
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
    for _, together in _grouped(intended, _deed):
        try:
            done.add(*_settle(mailbox, journal, together, clock))
        except (CommandRefused, FolderMissing, FolderChanged) as trouble:
            done.unsettled += together
            done.trouble(str(trouble))
    return done


def _deed(move: Move) -> tuple[Place, str, int, int, int]:
    """Moves that were intended together."""
    source = move.intent.source.place
    return source, move.intent.target_folder, move.target_uidvalidity, move.target_uidnext, move.sweep


def _settle(
    mailbox: Mailbox,
    journal: Journal,
    moves: Sequence[Move],
    clock: Clock,
    *,
    refused: bool = False,
    went: Mapping[int, int] | None = None,
) -> tuple[list[tuple[Move, MoveState]], list[Move]]:
    """Look at both folders and settle; where the server has no MOVE, complete a COPY of ours first.

    Returns what was settled, and what must be looked at again.  `refused`: the server said just now that it did not
    do it.  Unless it answered that it did (`went`: to which UIDs, as far as it said), a copy must have the date of its
    source, too, to be taken for ours.
    """
    by_copy = not mailbox.moves_atomically()
    sources = sources_of(mailbox, moves)
    elsewhere = renumbered(mailbox, moves, sources) if by_copy else frozenset()
    # The last look before a source is removed: another hand may take our copy at any time.
    seen, same = copies_of(mailbox, moves, (went or {}).values())
    copies = by_fingerprint(seen)
    hidden = by_copy and not refused and unaccounted(mailbox, moves, sources, copies)
    now = clock()
    outcomes: dict[int, plan.Outcome] = {}
    for m in moves:
        source, there = sources.get(m.id), copies.get(m.intent.fingerprint, [])
        like = [uid for uid in there if went is not None or plan.is_copy(source, seen[uid][0])]
        outcome = plan.outcome(
            source is not None,
            like or there,
            own_copy=by_copy and same and bool(like) and plan.may_finish(m, source),
            unaccounted=hidden,
            late=now - m.intended_at >= plan.LATE,
        )
        if outcome is not None and outcome.state is MoveState.MOVED and m.id in elsewhere:
            outcome = plan.Outcome(MoveState.DOUBLED, outcome.target_uid)
        if outcome is not None:
            outcomes[m.id] = outcome
    halves = [m for m in moves if m.id in outcomes and outcomes[m.id].finish]
    if halves:
        # Then the look shows both, and both are left alone.
        with suppress(CommandRefused, CannotMoveSafely):
            mailbox.remove(halves[0].intent.source.place, [m.intent.source.uid for m in halves])
        sources = sources_of(mailbox, halves)
        elsewhere = renumbered(mailbox, halves, sources)
        for m in halves:
            if m.id in sources or m.id in elsewhere:
                outcomes[m.id] = plan.Outcome(MoveState.DOUBLED, outcomes[m.id].target_uid)
    if not same:
        outcomes = {known: replace(outcome, target_uid=None) for known, outcome in outcomes.items()}
    ended = [m for m in moves if m.id in outcomes]
    journal.settle([(m, outcomes[m.id].state, outcomes[m.id].target_uid) for m in ended], now)
    _mark(mailbox, [(m, outcomes[m.id]) for m in ended])
    return [(m, outcomes[m.id].state) for m in ended], [m for m in moves if m.id not in outcomes]


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


def find(mailbox: Mailbox, moves: Sequence[Move]) -> dict[int, Whereabouts]:
    """Where messages that were put away are now: {move id: whereabouts}; who is not in it was not found.

    By UID and fingerprint first.  What is not there (the folder was made anew, another hand moved it about)
    is looked for in the whole folder by fingerprint; if not exactly as many equal messages are there as
    were put away, nobody can tell which is which, and none is found.
    """
    found: dict[int, Whereabouts] = {}
    for place, here in _grouped(moves, lambda m: Place(m.intent.target_folder, m.target_uidvalidity)):
        seen = look(mailbox, place, [m.target_uid for m in here if m.target_uid is not None])
        for move in here:
            uid = move.target_uid or 0
            if seen.get(uid, (None, ""))[1] == move.intent.fingerprint:
                found[move.id] = Whereabouts(place, uid)
    lost = [m for m in moves if m.id not in found]
    for folder, missing in _grouped(lost, lambda m: m.intent.target_folder):
        try:
            place = mailbox.state(folder).place
            there = by_fingerprint(look(mailbox, place, mailbox.uids(place, since=since(missing))))
        except (FolderMissing, FolderChanged):
            continue
        taken = {where.uid for where in found.values() if where.place == place}
        for known_as, equal in _grouped(missing, lambda m: m.intent.fingerprint):
            uids = [uid for uid in there.get(known_as, []) if uid not in taken]
            if len(uids) == len(equal):
                found.update((m.id, Whereabouts(place, uid)) for m, uid in zip(equal, uids, strict=True))
    return found


def _grouped(moves: Iterable[Move], key: Callable[[Move], K]) -> list[tuple[K, list[Move]]]:
    groups: dict[K, list[Move]] = {}
    for move in moves:
        groups.setdefault(key(move), []).append(move)
    return list(groups.items())
