"""Deeds: what is intended, what became of it, and the report of a sweep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from scatterclean.model.found import Verdict
from scatterclean.model.person import Mode
from scatterclean.model.said import Kind
from scatterclean.model.seen import Place, Whereabouts


class Errand(StrEnum):
    """Why a message is moved."""

    SWEEP = "sweep"  # an orphan, to Backscatter
    HAND = "hand"  # to Backscatter, for the person said that it is backscatter; no sweep has a say in it
    UNDO = "undo"  # the person wants it back
    RESCUE = "rescue"  # the log learned since that it is genuine
    DELETE = "delete"  # it lay in Backscatter for longer than the person wants to keep it; nothing is moved


# The errands that put away; all others take back what one of these did.
PUTTING_AWAY = frozenset((Errand.SWEEP, Errand.HAND))


class MoveState(StrEnum):
    """The life of a journalled move; the changes that it may go through stand in `PERMITTED`."""

    INTENDED = "intended"  # written down before the server is asked
    MOVED = "moved"  # looked: gone from the source, in the target
    STAYED = "stayed"  # looked: still in the source, not in the target
    VANISHED = "vanished"  # looked: in neither; another hand took it
    DOUBLED = "doubled"  # looked: in both, and not provably our copy: left alone, reported
    COPIED = "copied"  # looked: a copy is in the target; the original is left, marked, as the person has set
    RETURNED = "returned"  # was moved, and is back by an undo or a rescue
    DELETED = "deleted"  # was moved, and deleted after the time that the person has set


# What is not in it is a bug; the journal enforces it.
PERMITTED: Mapping[MoveState, frozenset[MoveState]] = {
    MoveState.INTENDED: frozenset(
        (
            MoveState.MOVED,
            MoveState.STAYED,
            MoveState.VANISHED,
            MoveState.DOUBLED,
            MoveState.COPIED,
            MoveState.DELETED,
        ),
    ),
    MoveState.MOVED: frozenset((MoveState.RETURNED, MoveState.DELETED)),
    MoveState.COPIED: frozenset((MoveState.RETURNED,)),
    MoveState.STAYED: frozenset((MoveState.MOVED,)),  # after all: the server was slower than the look
    MoveState.VANISHED: frozenset(),
    MoveState.DOUBLED: frozenset(),
    MoveState.RETURNED: frozenset(),
    MoveState.DELETED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Intent:
    """A deed that is decided and not yet done.

    `returns` is the id of the journalled move that an undo or a rescue takes back, or that a deletion ends.
    `message_id`, `subject` and `sender` are the bounce's own, for people to recognise it by, as are its `kind` and
    `recipient`, the first address that it is about.
    """

    account: str
    fingerprint: str
    source: Whereabouts
    target_folder: str
    errand: Errand = Errand.SWEEP
    returns: int | None = None
    arrival: datetime | None = None
    message_id: str | None = None
    subject: str | None = None
    sender: str | None = None
    kind: Kind | None = None
    recipient: str | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """A row of the journal: an Intent and what became of it.

    `target_uidvalidity` and `target_uidnext` were read before the deed: a copy at or above that UIDNEXT
    with the same fingerprint is ours.  `target_uid` is known once the move is settled as MOVED.
    """

    id: int
    sweep: int
    intent: Intent
    state: MoveState
    target_uidvalidity: int
    target_uidnext: int
    intended_at: datetime
    settled_at: datetime | None = None
    target_uid: int | None = None

    @property
    def target(self) -> Whereabouts | None:
        """Where the message went; None unless that is known."""
        if self.target_uid is None:
            return None
        return Whereabouts(Place(self.intent.target_folder, self.target_uidvalidity), self.target_uid)


class Refusal(StrEnum):
    """Why a whole sweep moves nothing; `wording` says each in a sentence with the way out."""

    OBSERVING = "observing"
    EMPTY_LOG = "empty-log"
    SENT_EMPTY = "sent-empty"
    SENT_UNKNOWN = "sent-unknown"
    CANNOT_MOVE = "cannot-move"
    TARGET_UNSAFE = "target-unsafe"
    HALF_MOVED = "half-moved"  # the server let us copy and not remove; that is to be completed first
    FULL = "full"  # the mailbox takes no copy
    NOTHING_READ = "nothing-read"  # not one of the watched folders could be read
    NO_SESSION = "no-session"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What one sweep of one account did and found; the row `sweeps` of the store and the words come from it.

    `moved` are this sweep's settled moves.  `refusal` says why nothing moved although something would have.
    `orphans` counts verdicts, moved or not.  `troubles` are sentences for the person, `notes` such as are no
    trouble (they are told, and not stored).
    """

    account: str
    sweep: int
    mode: Mode
    started: datetime
    ended: datetime
    looked_at: int = 0
    harvested: int = 0
    verdicts: Mapping[Verdict, int] = field(default_factory=dict)
    moved: int = 0
    returned: int = 0
    left_alone: int = 0
    refusal: Refusal | None = None
    troubles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def worked(self) -> bool:
        """Was all done that was wanted?  Else nothing was put away though something may have been due."""
        return self.refusal in (None, Refusal.OBSERVING)
