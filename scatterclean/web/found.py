"""What the pages show, from the store: messages with what is on record of them, and what may be asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scatterclean.model import Case, Move, MoveState, Verdict, Wish, WishKind
from scatterclean.why import told
from scatterclean.wire import Household

Paragraphs = Sequence[tuple[str, Sequence[str]]]
# More equal ones at one place are none of ours.
_FEW = 20


@dataclass(frozen=True, slots=True)
class Message:
    """One message: `move` put it away, or `case` is on record of it, or both; `may` is what can be asked for.

    `waiting` is a wish about it that is not carried out yet."""

    move: Move | None
    case: Case | None
    paragraphs: Paragraphs
    may: WishKind | None
    waiting: Wish | None

    @property
    def account(self) -> str:
        return self.move.intent.account if self.move else self.case.account if self.case else ""

    @property
    def subject(self) -> str:
        found = self.move.intent.subject if self.move else self.case.bounce.subject if self.case else None
        return found or ""

    @property
    def sender(self) -> str:
        found = self.move.intent.sender if self.move else self.case.bounce.sender if self.case else None
        return found or ""

    @property
    def path(self) -> str:
        return f"/away/{self.move.id}" if self.move else f"/stays/{self.case.id if self.case else 0}"


# What is in Backscatter can be brought back; what came back can be put away again.
_MAY: Mapping[MoveState, WishKind] = {
    MoveState.MOVED: WishKind.BRING_BACK,
    MoveState.COPIED: WishKind.BRING_BACK,
    MoveState.RETURNED: WishKind.PUT_AWAY,
}


def put_away(household: Household, known: int) -> Message | None:
    """The message that this move put away."""
    moves = household.store.journal.moves(ids=[known])
    if not moves or moves[0].intent.account not in household.accounts:
        return None
    [move] = moves
    source, docket = move.intent.source, household.store.docket
    place = source.place
    at = docket.find(
        move.intent.account, folder=place.folder, uidvalidity=place.uidvalidity, uid=source.uid, limit=_FEW
    )
    same = [case for case in at if case.where == source and case.fingerprint == move.intent.fingerprint]
    if not same and move.intent.message_id:  # put away again: it had come back under another UID
        named = docket.find(move.intent.account, message_id=move.intent.message_id, limit=_FEW)
        same = [case for case in named if case.fingerprint == move.intent.fingerprint]
    case = same[0] if same else None
    may = _MAY.get(move.state)
    return Message(
        move=move,
        case=case,
        paragraphs=told(household.on_record(case), back_by=_back_by(may)) if case else (),
        may=may,
        waiting=_waiting(household, move=move.id),
    )


def _back_by(may: WishKind | None) -> str:
    """In the words of the story: where a button stands above it, nobody has to open a terminal."""
    return "the button above" if may is WishKind.BRING_BACK else ""


def staying(household: Household, known: int) -> Message | None:
    """The message of this case."""
    case = household.store.docket.get(known)
    if case is None or case.account not in household.accounts:
        return None
    undecided = case.closed_at is None and case.finding.verdict in (Verdict.UNDECIDED, Verdict.ORPHAN)
    return Message(
        move=None,
        case=case,
        paragraphs=told(household.on_record(case)),
        may=WishKind.PUT_AWAY if undecided else None,
        waiting=_waiting(household, case=case.id),
    )


def moved_since(household: Household, case: Case) -> Move | None:
    """The last move that put the message of this case away, if one did."""
    moves = household.store.journal.moves(case.account, fingerprint=case.fingerprint)
    here = [m for m in moves if m.intent.source == case.where and m.state is not MoveState.STAYED]
    return here[-1] if here else None


def _waiting(household: Household, *, move: int | None = None, case: int | None = None) -> Wish | None:
    same = (w for w in household.store.wishes.waiting() if (w.move, w.case) == (move, case))
    return next(same, None)


def from_server(household: Household, message: Message) -> Paragraphs:
    """The story as the mail server shows the message now; raises what a session does.  () if it is not there."""
    with household.teller(message.account) as teller:
        if message.move is not None and message.move.state is MoveState.MOVED and (at := message.move.target):
            stories = teller.by_uid(at.place.folder, at.uid)
            known_as = message.move.intent.message_id
        elif message.case is not None:
            stories = teller.by_uid(message.case.where.place.folder, message.case.where.uid)
            known_as = message.case.bounce.message_id
        else:
            stories, known_as = [], message.move.intent.message_id if message.move else None
        same = [s for s in stories if not known_as or s.message_id == known_as.strip("<> ")]
        if not same and known_as:
            same = teller.by_message_id(known_as)
        return told(same[0], back_by=_back_by(message.may)) if same else ()
