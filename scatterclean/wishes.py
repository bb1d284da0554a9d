"""What the person asked for in the dashboard -> deeds, each wish once, whatever dies in between.

It decides nothing: the person has.  It only looks whether what was asked for is still so.  That a wish is carried out
once rests on the journal: a move can be taken back once, and the number under which a message is put away by hand is
written into the wish before the deed is journalled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from scatterclean import deeds, looking, plan, settling, undo, wording
from scatterclean.errors import CannotMoveSafely, FolderChanged, FolderMissing
from scatterclean.model import (
    Account,
    Case,
    Closure,
    Errand,
    Intent,
    Mode,
    Move,
    MoveState,
    Place,
    SweepReport,
    Verdict,
    Whereabouts,
    Wish,
    WishKind,
    WishState,
)
from scatterclean.ports import Docket, Journal, Mailbox
from scatterclean.ports.wishes import Wishes
from scatterclean.wording import wishes as words

# What nobody could carry out for so long the person may not want any more.
PATIENCE = timedelta(days=1)

_AWAY = (MoveState.MOVED, MoveState.COPIED)
_BACK = (MoveState.MOVED, MoveState.DOUBLED)


@dataclass(slots=True)
class Fulfilling:
    """Carries out what is asked for in one account; made new for each session."""

    account: Account
    mailbox: Mailbox
    journal: Journal
    docket: Docket
    wishes: Wishes
    clock: settling.Clock
    stop: deeds.Stop = lambda: False

    def run(self) -> None:
        """A wish that cannot be carried out is settled with the reason; ConnectionLost and the like are raised, and
        what was begun goes on at the next run."""
        waiting = self.wishes.waiting(self.account.name)
        if back := [wish for wish in waiting if wish.kind is WishKind.BRING_BACK]:
            self._bring_back(back)
        for wish in waiting:
            if wish.kind is WishKind.PUT_AWAY and not self.stop():
                self._put_away(wish)

    def _settle(self, wish: Wish, state: WishState, told: str = "", done_by: int | None = None) -> None:
        self.wishes.settle(wish, state, self.clock(), told=told, done_by=done_by)

    def _too_old(self, wish: Wish) -> bool:
        return self.clock() - wish.asked_at > PATIENCE

    # --- bring back -------------------------------------------------------------------------------------

    def _bring_back(self, some: Sequence[Wish]) -> None:
        due: list[Wish] = []
        states = self._states(some)
        begun = {
            m.intent.returns for m in self.journal.moves(self.account.name, states=(MoveState.INTENDED,))
        }
        for wish in some:
            state = states.get(wish.move or 0)
            if state in (*_AWAY, MoveState.INTENDED):
                if self._too_old(wish) and wish.move not in begun:
                    self._settle(wish, WishState.EXPIRED)
                else:
                    due.append(wish)
            else:
                self._settle(wish, *_ALREADY.get(state, (WishState.GONE, words.NOT_THERE)))
        if not due:
            return
        selection = undo.Selection(ids=frozenset(wish.move for wish in due if wish.move is not None))
        undone = undo.undo(
            self.account, selection, self.mailbox, self.journal, clock=self.clock, stop=self.stop
        )
        back, lost = {move.id for move in undone.back}, {move.id for move in undone.lost}
        told = "\n".join(undone.troubles)
        states = self._states(due)
        begun = {
            m.intent.returns for m in self.journal.moves(self.account.name, states=(MoveState.INTENDED,))
        }
        for wish in due:
            state = states.get(wish.move or 0)
            if wish.move in back or state is MoveState.RETURNED:
                self._settle(wish, WishState.DONE)
            elif wish.move in lost or state not in (*_AWAY, MoveState.INTENDED):
                self._settle(wish, WishState.GONE, words.NOT_THERE)
            elif self.stop() or state is MoveState.INTENDED or wish.move in begun:
                self.wishes.note(wish, told or words.UNDER_WAY, self.clock())
            else:
                self._settle(wish, WishState.REFUSED, told)

    def _states(self, some: Sequence[Wish]) -> Mapping[int, MoveState]:
        ids = [wish.move for wish in some if wish.move is not None]
        return {move.id: move.state for move in self.journal.moves(self.account.name, ids=ids)}

    # --- this is backscatter ----------------------------------------------------------------------------

    def _put_away(self, wish: Wish) -> None:
        started = self.clock()
        keeping = deeds.keeps_originals(self.mailbox, self.account)
        settling.recover(self.mailbox, self.journal, self.account.name, clock=self.clock, keeping=keeping)
        if (before := self._begun(wish)) is not None:
            self._ended(wish, before, before.state, "")
            return
        if self._too_old(wish):
            self._settle(wish, WishState.EXPIRED)
            return
        intent = self._intent(wish)
        if intent is None:
            return
        if unsafe := deeds.unsafe_target(self.mailbox, self.account.name, intent.target_folder):
            self._settle(wish, WishState.REFUSED, unsafe)
            return
        number = self.journal.begin_sweep(self.account.name, Mode.MOVE, started)
        wish = self.wishes.begin(wish, number)
        done = settling.Done()
        try:
            deeds.act(
                self.mailbox, self.journal, number, [intent], clock=self.clock, done=done, keeping=keeping
            )
        except CannotMoveSafely as trouble:
            self._settle(wish, WishState.REFUSED, str(trouble))
            return
        finally:
            moved = done.count(*_AWAY)
            report = SweepReport(self.account.name, number, Mode.MOVE, started, self.clock(), moved=moved)
            self.journal.end_sweep(report)
        told = "\n".join(done.troubles)
        if done.settled:
            move, state = done.settled[0]
            self._ended(wish, move, state, told)
        elif done.unsettled:
            self.wishes.note(wish, told or words.UNDER_WAY, self.clock())
        else:
            hands = [hand for _, hand in done.left_alone]
            gone = not hands or hands[0] in (plan.Hand.GONE, plan.Hand.CHANGED)
            why = words.NOT_THERE if gone else wording.HANDS[hands[0]]
            self._settle(wish, WishState.GONE if gone else WishState.REFUSED, told or why)

    def _begun(self, wish: Wish) -> Move | None:
        """The deed of this wish that another process began, if it came to anything."""
        if wish.sweep is None:
            return None
        begun = self.journal.moves(self.account.name, sweep=wish.sweep, errand=Errand.HAND)
        return next((move for move in begun if move.state is not MoveState.STAYED), None)

    def _ended(self, wish: Wish, move: Move, state: MoveState, told: str) -> None:
        if state is MoveState.INTENDED:
            self.wishes.note(wish, told or words.UNDER_WAY, self.clock())
            return
        case = self.docket.get(wish.case) if wish.case is not None else None
        if case is not None and state in _CLOSURES:
            self.docket.close([case], self.clock(), _CLOSURES[state])
        if state is MoveState.VANISHED:
            self._settle(wish, WishState.GONE, words.NOT_THERE)
        elif state is MoveState.STAYED:
            self._settle(wish, WishState.REFUSED, told or words.SERVER_REFUSED)
        else:
            self._settle(wish, WishState.DONE, told, move.id)

    def _intent(self, wish: Wish) -> Intent | None:
        """None if it is over: then the wish is settled."""
        target = self.mailbox.personal(self.account.backscatter)
        if wish.case is not None:
            case = self.docket.get(wish.case)
            over = _over(case)
            if case is not None and over is None:
                return plan.put_away(case, self.account, target, Errand.HAND)
            self._settle(wish, *(over or (WishState.GONE, words.NOT_THERE)))
            return None
        move = next(iter(self.journal.moves(self.account.name, ids=[wish.move or 0])), None)
        if move is None or move.state is not MoveState.RETURNED:
            away = move is not None and move.state in _AWAY
            self._settle(wish, *((WishState.DONE, "") if away else (WishState.GONE, words.NOT_THERE)))
            return None
        where = self._where_it_came_back(move)
        if where is None:
            self._settle(wish, WishState.GONE, words.NOT_THERE)
            return None
        return plan.put_away_again(move, where, target)

    def _where_it_came_back(self, move: Move) -> Whereabouts | None:
        known_as, folder = move.intent.fingerprint, move.intent.source.place.folder
        same = self.journal.moves(self.account.name, fingerprint=known_as)
        returns = [m for m in same if m.intent.returns == move.id and m.state in _BACK]
        if not returns:  # only copied: the original never left
            return move.intent.source
        if (there := returns[-1].target) is not None:
            seen = looking.look(self.mailbox, there.place, [there.uid])
            if there.uid in seen and seen[there.uid][1] == known_as:
                return there
        try:
            place = self.mailbox.state(folder).place
            return self._only_one(place, move)
        except (FolderMissing, FolderChanged):
            return None

    def _only_one(self, place: Place, move: Move) -> Whereabouts | None:
        """By its id; of several equal ones nobody can tell which came back."""
        ident = move.intent.message_id
        uids = self.mailbox.with_message_ids(place, [ident]) if ident and ident.isascii() else []
        seen = looking.by_fingerprint(looking.look(self.mailbox, place, uids))
        equal = seen.get(move.intent.fingerprint, [])
        return Whereabouts(place, equal[0]) if len(equal) == 1 else None


# A move that is not in its place any more, and what a wish to take it back comes to.
_ALREADY: Mapping[MoveState | None, tuple[WishState, str]] = {
    MoveState.RETURNED: (WishState.DONE, ""),
    MoveState.DELETED: (WishState.GONE, words.DELETED),
    MoveState.DOUBLED: (WishState.REFUSED, words.IN_BOTH),
}

_CLOSURES: Mapping[MoveState, Closure] = {
    MoveState.MOVED: Closure.MOVED,
    MoveState.COPIED: Closure.MOVED,
    MoveState.DOUBLED: Closure.HAND,
    MoveState.VANISHED: Closure.GONE,
}


def _over(case: Case | None) -> tuple[WishState, str] | None:
    """What the wish to put this away comes to without any deed; None if it is to be done."""
    if case is None or case.closure is Closure.GONE:
        return WishState.GONE, words.NOT_THERE
    if case.closure is Closure.MOVED:
        return WishState.DONE, words.AWAY_BEFORE
    if case.closure is Closure.GENUINE or case.finding.verdict is Verdict.GENUINE:
        return WishState.REFUSED, words.PROVED_YOURS
    if case.finding.verdict is Verdict.ALARM:
        return WishState.REFUSED, words.ALARMING
    return None
