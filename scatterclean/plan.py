"""Findings -> intents, or hands off; storms; how a move that was cut off ended.  Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from scatterclean.model import (
    Account,
    Because,
    Case,
    Errand,
    Finding,
    Intent,
    Mode,
    Move,
    MoveState,
    Place,
    Refusal,
    Sighting,
    Verdict,
    Whereabouts,
)
from scatterclean.storms import SPAN, runs

# The keyword that goes with every message that was put away: a lost database or a second machine sees by it
# that a message in the inbox came back by the person's hand.
KEYWORD = "$Backscatter"
# Goes with `\\Flagged` on a bounce that is about mail which the person's account sent and the log does not know.
ALARM_KEYWORD = "$BackscatterAlarm"

# Servers of many machines (Microsoft's, Yahoo's) may show a message that was moved a while later: what is in neither
# folder is looked for until then.
LATE = timedelta(minutes=10)

# Further than this in the future coverage is not waited for.  (Machines without a clock of their own start with the
# time of their last shutdown; with two systems on one machine the clock may be ahead by the zone.)
WRONG_CLOCK = timedelta(days=3)


def storms(arrivals: Iterable[datetime]) -> tuple[tuple[datetime, datetime], ...]:
    """The stretches around runs of orphans (see `storms.runs`), each widened by the time that makes one run."""
    return tuple((first - SPAN, last + SPAN) for first, last in runs(arrivals))


def storm_would_tell(finding: Finding) -> bool:
    """Was it undecided only because no storm was known?"""
    return any(
        reason.because is Because.NO_STORM
        or (reason.because is Because.UNPROVED and reason["why"] in ("device", "passed-on"))
        for reason in finding.because
    )


# --- what to move ---------------------------------------------------------------------------------------


_HANDLED = frozenset(("\\flagged", "\\answered"))


class Hand(StrEnum):
    """Why a message is left alone although it could be moved."""

    GONE = "gone"  # no longer there
    CHANGED = "changed"  # another message has its UID
    FLAGGED = "flagged"  # the person flagged or answered it
    DELETED = "deleted"  # marked \\Deleted by somebody
    RETURNED = "returned"  # it was moved once before: it came back by the person's hand


def hands_off(fingerprint: str, sighting: Sighting | None, now_is: str, moved_before: bool) -> Hand | None:
    """None if the message may be put away.  `now_is` is the fingerprint that was seen just now."""
    if sighting is None:
        return Hand.GONE
    if now_is != fingerprint:
        return Hand.CHANGED
    flags = {flag.lower() for flag in sighting.flags}
    if moved_before or KEYWORD.lower() in flags:
        return Hand.RETURNED
    if flags & _HANDLED:
        return Hand.FLAGGED
    if "\\deleted" in flags:
        return Hand.DELETED
    return None


def put_away(case: Case, account: Account, target_folder: str, errand: Errand = Errand.SWEEP) -> Intent:
    """The intent to move an orphan, or what the person says is one, to Backscatter."""
    return Intent(
        account=account.name,
        fingerprint=case.fingerprint,
        source=case.where,
        target_folder=target_folder,
        errand=errand,
        arrival=case.arrival,
        message_id=case.bounce.message_id,
        subject=case.bounce.subject,
        sender=case.bounce.sender,
        kind=case.bounce.kind,
        recipient=next(iter(case.bounce.recipients), None),
    )


def put_away_again(move: Move, found: Whereabouts, target_folder: str) -> Intent:
    """The intent to move a message, which was put away once and came back, to Backscatter, as the person says."""
    return replace(move.intent, source=found, target_folder=target_folder, errand=Errand.HAND, returns=None)


def bring_back(move: Move, found: Whereabouts, errand: Errand) -> Intent:
    """The intent to move a message back to where it was taken from."""
    intent = move.intent
    return Intent(
        account=intent.account,
        fingerprint=intent.fingerprint,
        source=found,
        target_folder=intent.source.place.folder,
        errand=errand,
        returns=move.id,
        arrival=intent.arrival,
        message_id=intent.message_id,
        subject=intent.subject,
        sender=intent.sender,
        kind=intent.kind,
        recipient=intent.recipient,
    )


def delete(move: Move, where: Whereabouts) -> Intent:
    """The intent to delete what was put away long ago; it goes nowhere."""
    return replace(bring_back(move, where, Errand.DELETE), target_folder=where.place.folder)


# What servers and mail programs set by themselves, junk filters among them; all else is the mark of a hand.
_NO_HAND = frozenset(
    ("\\seen", "\\recent", "\\deleted", KEYWORD.lower(), "junk", "$junk", "nonjunk", "$notjunk", "notjunk")
)


def may_delete(fingerprint: str, sighting: Sighting | None, now_is: str) -> bool:
    """Is it what was put there, and did nobody mark it since?"""
    if sighting is None or now_is != fingerprint:
        return False
    return {flag.lower() for flag in sighting.flags} <= _NO_HAND


def refusal(mode: Mode, harvest_refusal: Refusal | None, logged: int) -> Refusal | None:
    """Why nothing may be moved in this sweep, if so; what cannot be trusted is said first."""
    if harvest_refusal is not None:
        return harvest_refusal
    if logged == 0:
        return Refusal.EMPTY_LOG
    return Refusal.OBSERVING if mode is Mode.OBSERVE else None


def proved(finding: Finding) -> bool:
    """Does what was put away come back?  What only might be the person's own does not: a stranger who writes a
    reply could bring a whole storm back."""
    if finding.verdict in (Verdict.GENUINE, Verdict.ALARM):
        return True
    return any(reason.because is Because.OWN_SHAPE for reason in finding.because)


# So many messages are moved, and are open in the journal, between two looks; more where the server is quick.
FEW, MANY = 100, 1000


def batches(intents: Sequence[Intent], size: int) -> list[list[Intent]]:
    """Intents of one source and target each, at most `size`, in order.

    Equal fingerprints never share a batch: within a batch a fingerprint names one message.
    """
    found: list[list[Intent]] = []
    lanes: dict[tuple[Place, str], _Lane] = {}
    for intent in intents:
        key = (intent.source.place, intent.target_folder)
        lane = lanes.get(key)
        if lane is None:
            lane = lanes[key] = _Lane()
        at = max(lane.full, lane.behind[intent.fingerprint])
        if at == len(lane.batches):
            lane.batches.append([])
            found.append(lane.batches[at])
        batch = lane.batches[at]
        batch.append(intent)
        lane.behind[intent.fingerprint] = at + 1
        if len(batch) == size:
            lane.full = at + 1
    return found


@dataclass(slots=True)
class _Lane:
    """The batches of one source and target, of which so many are full (always the first ones), and behind which of
    them a fingerprint goes next.  A flood is tens of thousands, and a stranger can make all of them equal."""

    batches: list[list[Intent]] = field(default_factory=list)
    full: int = 0
    behind: Counter[str] = field(default_factory=Counter)


# --- what became of it ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a move is settled.  `finish`: first remove the source, which is left of our own COPY, then look."""

    state: MoveState
    target_uid: int | None = None
    finish: bool = False


def may_finish(move: Move, source: Sighting | None) -> bool:
    """May a COPY of ours be completed by removing the source?  Not over a hand that came in between: who flagged
    or answered it while we were away has it in the inbox, and the copy knows nothing of that."""
    if source is None or move.intent.errand is not Errand.SWEEP:
        return True
    return _HANDLED.isdisjoint(flag.lower() for flag in source.flags)


def is_copy(source: Sighting | None, other: Sighting) -> bool:
    """Can `other`, with the fingerprint of `source`, be a COPY of it?  COPY keeps INTERNALDATE (RFC 3501, 6.4.7); a
    message that was sent once more, for its server did not hear that it came, has its own."""
    return source is not None and (source.arrival, source.size) == (other.arrival, other.size)


def outcome(
    source_there: bool, copies: Sequence[int], *, own_copy: bool, unaccounted: bool = False, late: bool = True
) -> Outcome | None:
    """From what a look showed: "OK" of the server is no proof (design, invariant 8).  None: look again later.

    `copies`: UIDs in the target, at or above the UIDNEXT journalled before the deed, with the message's
    fingerprint.  `own_copy`: the server has no MOVE, so a copy beside the source can be the first half of
    our own move (and `may_finish`).  With MOVE a message that is in both was doubled by another hand.
    `unaccounted`: the server has no MOVE, and in the target came something in that is not to be seen: maybe our
    copy, which another hand has taken, or which is shown late.  `late`: it is not shown late any more (`LATE`).

        source there   copies   outcome
        yes            none     STAYED; if unaccounted as in neither: the hand that took our copy is final
        yes            one      MOVED after finishing (no MOVE), else DOUBLED
        yes            more     DOUBLED
        no             one      MOVED
        no             more     MOVED to the first: ours, and a copy that somebody made of it
        no             none     VANISHED, if it is `late`; before that nobody knows
    """
    if source_there and (copies or not unaccounted):
        if not copies:
            return Outcome(MoveState.STAYED)
        if len(copies) == 1 and own_copy:
            return Outcome(MoveState.MOVED, copies[0], finish=True)
        return Outcome(MoveState.DOUBLED, copies[0])
    if copies:
        return Outcome(MoveState.MOVED, min(copies))
    return Outcome(MoveState.VANISHED) if late else None
