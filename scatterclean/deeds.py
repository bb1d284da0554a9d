"""intend -> do -> look -> settle: the only place that changes a mailbox.  It decides nothing.

Every deed is journalled before the server is asked, and settled only by what a look at both folders shows.
A process that dies anywhere in between leaves rows that say *intended*; `recover` settles them at the next
start by the same look and the same table (`plan.outcome`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar

from scatterclean import plan
from scatterclean.errors import (
    CannotMoveSafely,
    CommandRefused,
    FolderChanged,
    FolderMissing,
    OverQuota,
    Stopped,
)
from scatterclean.fingerprint import FIELDS as FINGERPRINT_FIELDS
from scatterclean.fingerprint import fingerprint
from scatterclean.model import Errand, Intent, Move, MoveState, Place, Sighting, Whereabouts
from scatterclean.ports import FolderState, Journal, Mailbox

K = TypeVar("K")

# SPECIAL-USE (RFC 6154, 2; RFC 8457): providers empty Trash and Junk, drafts are sent, and the others are views of
# mail that is elsewhere (Gmail), or are read as what the person sent.
USED_OTHERWISE = frozenset(("trash", "junk", "drafts", "sent", "all", "flagged", "important"))

Clock = Callable[[], datetime]
Stop = Callable[[], bool]
Progress = Callable[[int], None]


def unsafe_target(mailbox: Mailbox, account: str, target: str) -> str:
    """What is wrong with `target` if the server uses it for something in which mail is not kept, else ""."""
    uses = {use for folder in mailbox.folders() if folder.name == target for use in folder.use}
    if uses.isdisjoint(USED_OTHERWISE):
        return ""
    return (
        f"account {account}: the folder for backscatter, {target!r}, is what the server uses for "
        f"{min(uses & USED_OTHERWISE)!r}: mail that is put there may be deleted or mistaken, so nothing is moved\n"
        '  Set `backscatter` to a folder of its own, such as "Backscatter"; it is made if it is missing.'
    )


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
            intent = doubled[0].intent
            self.trouble(
                f"account {intent.account}: {len(doubled)} of the messages that were moved from "
                f"{intent.source.place.folder!r} to {intent.target_folder!r} are in both folders now\n"
                "  Nothing is lost, and they are left alone: delete the ones that you do not want."
            )

    def trouble(self, told: str) -> None:
        """Once, however many batches say so."""
        if told not in self.troubles:
            self.troubles.append(told)

    def count(self, *states: MoveState) -> int:
        return sum(1 for _, settled in self.settled if settled in states)


def look(mailbox: Mailbox, place: Place, uids: Sequence[int]) -> dict[int, tuple[Sighting, str]]:
    """uid -> (sighting, fingerprint) of those that are there now; {} if the folder is gone or another."""
    try:
        seen = mailbox.headers(place, uids, FINGERPRINT_FIELDS) if uids else ()
        return {s.uid: (s, fingerprint(s.header)) for s in seen}
    except (FolderMissing, FolderChanged):
        return {}


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
    refused = False
    try:
        mailbox.move(intents[0].source.place, [i.source.uid for i in intents], target.place)
    except (CommandRefused, OverQuota) as trouble:
        # A clean NO.  RFC 6851, 3.3: some of them may have been moved all the same, so look as always.
        done.trouble(str(trouble))
        done.full = isinstance(trouble, OverQuota)
        refused = True
    done.add(*_settle(mailbox, journal, moves, clock, refused=refused))


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

    Where the server refuses the look, they stay *intended* until it allows it: nobody knows how they ended, and
    all other work goes on.
    """
    done = Done()
    intended = [
        move
        for move in journal.moves(account, states=(MoveState.INTENDED,))
        if move.intent.errand is not Errand.DELETE
    ]
    for _, together in grouped(intended, _deed):
        try:
            done.add(*_settle(mailbox, journal, together, clock))
        except CommandRefused as refused:
            done.unsettled += together
            done.trouble(str(refused))
    return done


def _deed(move: Move) -> tuple[Place, str, int, int, int]:
    """Moves that were intended together."""
    source = move.intent.source.place
    return source, move.intent.target_folder, move.target_uidvalidity, move.target_uidnext, move.sweep


def _settle(
    mailbox: Mailbox, journal: Journal, moves: Sequence[Move], clock: Clock, *, refused: bool = False
) -> tuple[list[tuple[Move, MoveState]], list[Move]]:
    """Look at both folders and settle; where the server has no MOVE, complete a COPY of ours first.

    Returns what was settled, and what must be looked at again.  `refused`: the server said just now that it did not
    do it.
    """
    copies = _copies(mailbox, moves)
    sources = _sources(mailbox, moves)
    copies = copies or _copies_renamed(mailbox, moves, sources)
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
    for m in moves:
        if m.id in renumbered and outcomes[m.id].state is MoveState.MOVED:
            outcomes[m.id] = plan.Outcome(MoveState.DOUBLED, outcomes[m.id].target_uid)
    halves = [m for m in moves if m.id in outcomes and outcomes[m.id].finish]
    if halves:
        # Then the look shows both, and both are left alone.
        with suppress(CommandRefused, CannotMoveSafely):
            mailbox.remove(halves[0].intent.source.place, [m.intent.source.uid for m in halves])
        sources = _sources(mailbox, halves)
        for m in halves:
            if m.id in sources:
                outcomes[m.id] = plan.Outcome(MoveState.DOUBLED, outcomes[m.id].target_uid)
    ended = [m for m in moves if m.id in outcomes]
    journal.settle([(m, outcomes[m.id].state, outcomes[m.id].target_uid) for m in ended], now)
    _mark(mailbox, [(m, outcomes[m.id]) for m in ended])
    return [(m, outcomes[m.id].state) for m in ended], [m for m in moves if m.id not in outcomes]


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
        there = by_fingerprint(look(mailbox, state.place, mailbox.uids(state.place, since=earliest(missing))))
    except (FolderMissing, FolderChanged):
        return frozenset()
    return frozenset(m.id for m in missing if m.intent.fingerprint in there)


def earliest(moves: Sequence[Move]) -> date | None:
    """No message of these has an earlier INTERNALDATE, whatever the zone of the server is."""
    return min((m.intent.arrival.date() - timedelta(days=1) for m in moves if m.intent.arrival), default=None)


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


def _copies(mailbox: Mailbox, moves: Sequence[Move]) -> Mapping[str, list[int]]:
    """fingerprint -> UIDs in the target that were not there before the deed."""
    target = Place(moves[0].intent.target_folder, moves[0].target_uidvalidity)
    return _new(mailbox, target, moves[0].target_uidnext)


def _copies_renamed(
    mailbox: Mailbox, moves: Sequence[Move], sources: Mapping[int, Sighting]
) -> Mapping[str, list[int]]:
    """The same, if the person renamed the target meanwhile; only of those that have left the source: over a copy in
    a folder that is somebody's by now nothing is removed."""
    left = {m.intent.fingerprint for m in moves if m.id not in sources}
    target = Place(moves[0].intent.target_folder, moves[0].target_uidvalidity)
    now = renamed(mailbox, target) if left else None
    there = _new(mailbox, now, moves[0].target_uidnext) if now else {}
    return {known_as: uids for known_as, uids in there.items() if known_as in left}


def _new(mailbox: Mailbox, place: Place, first: int) -> Mapping[str, list[int]]:
    try:
        return by_fingerprint(look(mailbox, place, mailbox.uids(place, first)))
    except (FolderMissing, FolderChanged):
        return {}


def renamed(mailbox: Mailbox, place: Place) -> Place | None:
    """Under which name a folder that is not at `place` any more goes on; None if it is there, or nobody can tell.

    RENAME keeps the UIDs (RFC 3501, 6.3.5), and on all servers that were tried UIDVALIDITY too.  Servers that make
    it of the time give one to two folders of the same second: then it names none.
    """
    with suppress(FolderMissing):
        if mailbox.state(place.folder).place == place:
            return None
    found = []
    for folder in mailbox.folders():
        # INBOX is nobody's new name: it cannot be renamed to.
        if folder.selectable and folder.name != "INBOX" and folder.use.isdisjoint(USED_OTHERWISE):
            with suppress(FolderMissing, CommandRefused):
                state = mailbox.state(folder.name)
                if state.place.uidvalidity == place.uidvalidity:
                    found.append(state.place)
    return found[0] if len(found) == 1 else None


def by_fingerprint(seen: Mapping[int, tuple[Sighting, str]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for uid, (_, known_as) in sorted(seen.items()):
        found.setdefault(known_as, []).append(uid)
    return found


def _sources(mailbox: Mailbox, moves: Sequence[Move]) -> dict[int, Sighting]:
    """move id -> the message, of those that are still where they were."""
    seen = look(mailbox, moves[0].intent.source.place, [m.intent.source.uid for m in moves])
    found = ((m, seen.get(m.intent.source.uid)) for m in moves)
    return {m.id: there[0] for m, there in found if there is not None and there[1] == m.intent.fingerprint}


def grouped(moves: Iterable[Move], key: Callable[[Move], K]) -> list[tuple[K, list[Move]]]:
    groups: dict[K, list[Move]] = {}
    for move in moves:
        groups.setdefault(key(move), []).append(move)
    return list(groups.items())
