"""Moves, hands, refusals and whole sweeps in words.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from scatterclean.model import (
    PUTTING_AWAY,
    Errand,
    Intent,
    Mode,
    Move,
    MoveState,
    Refusal,
    SweepReport,
    Verdict,
)
from scatterclean.plan import Hand
from scatterclean.wording.text import moment, shown

HANDS: Mapping[Hand, str] = {
    Hand.GONE: "it is no longer there",
    Hand.CHANGED: "another message stands in its place",
    Hand.FLAGGED: "you flagged or answered it",
    Hand.DELETED: "it is marked as deleted",
    Hand.RETURNED: "it was put away before and came back: your hand is final",
}

MOVE_STATES: Mapping[MoveState, str] = {
    MoveState.INTENDED: "begun; how it ended will be looked up at the next sweep",
    MoveState.MOVED: "put away",
    MoveState.STAYED: "not moved",
    MoveState.VANISHED: "taken by another hand",
    MoveState.DOUBLED: "in both folders; left alone",
    MoveState.COPIED: "copied; the original stays, marked $Backscatter",
    MoveState.RETURNED: "put away, and brought back since",
    MoveState.DELETED: "deleted since, as `keep_backscatter` says",
}

ERRANDS: Mapping[Errand, str] = {
    Errand.SWEEP: "by a sweep",
    Errand.HAND: "because you said that it is backscatter",
    Errand.UNDO: "by an undo",
    Errand.RESCUE: "because it proved genuine",
    Errand.DELETE: "because of its age",
}


def move(one: Move) -> str:
    """A move in one line: when, why, from where to where, and what became of it."""
    intent = one.intent
    state = MOVE_STATES[one.state]
    if one.state is MoveState.MOVED and intent.errand not in PUTTING_AWAY:
        state = "brought back"
    if intent.errand is Errand.DELETE:
        where = f"in {intent.target_folder}"
    else:
        where = f"from {intent.source.place.folder} to {intent.target_folder}"
    return f"{moment(one.intended_at)}, {ERRANDS[intent.errand]} (number {one.sweep}), {where}: {state}"


REFUSALS: Mapping[Refusal, str] = {
    Refusal.OBSERVING: 'nothing was moved: this account only observes (`mode = "move"` or --move moves)',
    Refusal.EMPTY_LOG: "nothing was moved: the log of what you sent is empty",
    Refusal.SENT_EMPTY: "nothing was moved: the Sent folder is empty",
    Refusal.SENT_UNKNOWN: "nothing was moved: it is not known where your sent mail is filed",
    Refusal.HALF_MOVED: "nothing more was moved: what was begun before cannot be completed yet",
    Refusal.CANNOT_MOVE: "nothing was moved: this server offers no safe way to move",
    Refusal.TARGET_UNSAFE: (
        "nothing was moved: the server uses the folder for backscatter for something else; "
        "set `backscatter` to a folder of its own"
    ),
    Refusal.FULL: "nothing more was moved: the mailbox is full",
    Refusal.NOTHING_READ: "nothing was looked at: no watched folder could be read",
    Refusal.NO_SESSION: "nothing was looked at: there was no session with the server",
    Refusal.STOPPED: "stopped before the end; what was moved is complete, the rest stays for the next sweep",
}

# In the place of OBSERVING, where the configuration would let it move.
ASKED_TO_OBSERVE = "nothing was moved: you asked for --observe; without that, this account moves"


def copied(number: int, folder: str) -> str:
    """What `without_uidplus = "copy-and-mark"` did."""
    what = "1 message was" if number == 1 else f"{number} messages were"
    return (
        f"{what} copied to {shown(folder)!r}, for this server can move nothing safely; the originals stay where they "
        "are, marked $Backscatter (`without_uidplus`)"
    )


# So many of what will be deleted are named; all of them are in the folder.
_NAMED = 20


def would_delete(moves: Sequence[Move], keep: timedelta, after: datetime | None = None) -> str:
    """What `keep_backscatter` will delete (from that moment on), each in a line; or would, if None."""
    days = keep // timedelta(days=1)
    number = "1 message" if len(moves) == 1 else f"{len(moves)} messages"
    folders = ", ".join(sorted({shown(move.intent.target_folder) for move in moves}))
    when = "would be deleted" if after is None else f"will be deleted by the sweeps from {moment(after)} on"
    lines = [
        f"{number} in {folders}, put away more than {days} days ago, {when} (`keep_backscatter`):",
        *(
            f"  put away {moment(move.settled_at)}: {shown(move.intent.subject) or '(no subject)'}, "
            f"from {shown(move.intent.sender) or 'nobody'}"
            for move in moves[:_NAMED]
        ),
    ]
    if len(moves) > _NAMED:
        lines.append(f"  and {len(moves) - _NAMED} more")
    return "\n".join(lines)


def deleted(number: int) -> str:
    """What `keep_backscatter` has deleted."""
    return (
        f"{'1 message was' if number == 1 else f'{number} messages were'} deleted, as `keep_backscatter` says"
    )


def doubled(moves: Sequence[Move]) -> str:
    """Of one deed: these are in both folders."""
    intent = moves[0].intent
    return (
        f"account {intent.account}: {len(moves)} of the messages that were moved from "
        f"{intent.source.place.folder!r} to {intent.target_folder!r} are in both folders now\n"
        "  Nothing is lost, and they are left alone: delete the ones that you do not want."
    )


def half_way(moves: Sequence[Move], said: str) -> str:
    """The copies of these are made, and the server does not let their sources be taken away."""
    intent = moves[0].intent
    return (
        f"account {intent.account}: {len(moves)} of the messages that were moved from "
        f"{intent.source.place.folder!r} to {intent.target_folder!r} are in both folders for now, for the server "
        f"does not let them be taken out of {intent.source.place.folder!r}\n"
        f"  {said}\n"
        "  Each sweep tries again, and moves nothing else before that; you may also delete one of each yourself."
    )


def unseen(moves: Sequence[Move]) -> str:
    """These are to be brought back, and how the attempt before this ended cannot be seen."""
    return (
        f"account {moves[0].intent.account}: how the last attempt to bring {len(moves)} of these back ended cannot be "
        "seen yet: some servers show a message that was moved some minutes later\n"
        "  Nothing is done with them before that is known: ask again in ten minutes."
    )


def twice(moves: Sequence[Move]) -> str:
    """Of these there is more than one copy in the target."""
    intent = moves[0].intent
    return (
        f"account {intent.account}: DOUBLED: {len(moves)} of the messages that were moved to "
        f"{intent.target_folder!r} are there more than once\n"
        "  Nothing is lost. Does another machine sweep this mailbox, too? On a server without MOVE one must "
        "do it alone. Delete the copies that you do not want."
    )


def there_already(moves: Sequence[Move]) -> str:
    """Copies of these are in the target before any was made."""
    intent = moves[0].intent
    return (
        f"account {intent.account}: {len(moves)} of the messages that were to be moved from "
        f"{intent.source.place.folder!r} are in {intent.target_folder!r} already: another machine or program moves "
        "them, too\n"
        "  They are left where they are, and looked at again by the next sweep."
    )


def unmarked(intent: Intent) -> str:
    """The server keeps no keywords, and copies could not be told from what was not copied."""
    return (
        f"account {intent.account}: the server keeps no keywords in {intent.source.place.folder!r}, so nothing is "
        'copied: `without_uidplus = "copy-and-mark"` could not tell what was\n'
        '  Set it to "refuse".'
    )


def target_unsafe(account: str, target: str, use: str) -> str:
    """The server uses the folder for backscatter for something else (a SPECIAL-USE)."""
    return (
        f"account {account}: the folder for backscatter, {target!r}, is what the server uses for {use!r}: "
        "mail that is put there may be deleted or mistaken, so nothing is moved\n"
        '  Set `backscatter` to a folder of its own, such as "Backscatter"; it is made if it is missing.'
    )


def of_account(account: str, text: str) -> str:
    """A trouble that names its account, once."""
    named = text.startswith((f"{account}: ", f"account {account}: "))
    return text if named else f"{account}: {text}"


def sweep_line(report: SweepReport, *, bare: bool = False) -> str:
    """A sweep in one line: what was moved, what stayed and why; `bare`: without the account's name."""
    count = report.verdicts
    orphans = count.get(Verdict.ORPHAN, 0)
    parts = []
    if report.mode is Mode.OBSERVE:
        parts.append(f"{max(orphans - report.left_alone, 0)} would be put away")
    else:
        parts.append(f"{report.moved} put away")
    parts += [
        f"{count[verdict]} {verdict}"
        for verdict in (Verdict.ALARM, Verdict.GENUINE, Verdict.WAITING, Verdict.UNDECIDED)
        if count.get(verdict)
    ]
    if report.left_alone:
        parts.append(f"{report.left_alone} left alone (your hand was on them)")
    if report.returned:
        parts.append(f"{report.returned} brought back")
    line = ", ".join(parts) if bare else f"{report.account}: {', '.join(parts)}"
    if report.harvested:
        line += f"; {report.harvested} new in the sent log"
    return line
