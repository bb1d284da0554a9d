"""Findings, moves and reports -> the words that people read; log, command line and page say the same.  Pure.

What strangers wrote is shown only through `shown`: no control character reaches a terminal.
"""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo

from scatterclean.model import (
    Because,
    Case,
    Errand,
    Finding,
    Kind,
    Mode,
    Move,
    MoveState,
    Reason,
    Refusal,
    SweepReport,
    Verdict,
)
from scatterclean.plan import Hand

KINDS: Mapping[Kind, str] = {
    Kind.BOUNCE: "bounce",
    Kind.DELAY: "delay warning",
    Kind.SUCCESS: "delivery confirmation",
    Kind.AUTOREPLY: "automatic reply",
    Kind.CHALLENGE: "challenge",
    Kind.NOTICE: "filter's notice",
    Kind.RECEIPT: "read receipt",
    Kind.COMPLAINT: "spam complaint",
}

NEVER_SENT = "orphan: you never sent the message that it speaks of"

VERDICTS: Mapping[Verdict, str] = {
    Verdict.GENUINE: "genuine: you sent the message that it speaks of; it stays",
    Verdict.ALARM: "alarm: your account sent a message that you did not log; look at it",
    Verdict.WAITING: "waiting: it will be judged again; it stays until then",
    Verdict.UNDECIDED: "undecided: it cannot be told whether it is yours; it stays",
    Verdict.ORPHAN: f"{NEVER_SENT}; it goes to Backscatter",
}

# What every message that strangers can write into is cut to, in one line of output.
_SHOWN = 120


def shown(text: str | None, limit: int = _SHOWN) -> str:
    """Text of a stranger for a terminal or a log: no control, escape, direction or invisible characters."""
    kept = "".join(
        " "
        if c in "\t\n\r"
        else c
        if unicodedata.category(c) not in _UNPRINTABLE
        else "\N{REPLACEMENT CHARACTER}"
        for c in (text or "")[: limit * 4]
    )
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"


_UNPRINTABLE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def moment(iso: str | datetime | None, zone: tzinfo | None = None) -> str:
    """A time for people: "2026-11-23 14:02 CET" in `zone` (None: the machine's)."""
    if not iso:
        return "never"
    when = datetime.fromisoformat(iso) if isinstance(iso, str) else iso
    return when.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z").strip()


_REASONS: Mapping[Because, Callable[[Reason], str]] = {
    Because.ID_LOGGED: lambda r: f"you sent the message <{shown(r['id'])}> that it quotes ({r['found_in']})",
    Because.TIE: lambda r: (
        f"you wrote to {shown(r['recipient'])} on {moment(r['sent_at'])}, shortly before it came"
    ),
    Because.UNKNOWN_ID: lambda r: (
        f"the message <{shown(r['id'])}> that it quotes ({r['found_in']}) is not among those that you sent, "
        "and the log would have known it"
    ),
    Because.NEVER_SENDS: lambda r: (
        f"it is about mail from {shown(r['address'])}, an address that you never send from"
    ),
    Because.SETTLING: lambda r: (
        "it is too fresh: a copy may still be filed in a Sent folder; "
        f"judged again after {moment(r['until'])}"
    ),
    Because.SENT_UNREAD: lambda r: (
        f"the Sent folders of account {r['account']} were not read since it came "
        f"(last read: {moment(r['through'])})"
    ),
    Because.NO_REFERENCE: lambda _: "it does not say which message it is about (no Message-ID in it)",
    Because.WEAK_ONLY: lambda r: (
        f"the only Message-ID in it, <{shown(r['id'])}>, stands where it proves nothing ({r['found_in']})"
    ),
    Because.REPLY_ID: lambda r: (
        f"it names <{shown(r['id'])}>, but an automatic reply proves too little: "
        f"{shown(r['replier']) or 'whoever replied'} may have made up that id, or you have written there before"
    ),
    Because.NOT_YOURS: lambda r: (
        f"it is not about you: {shown(r['address'])} is none of your addresses "
        "(if it is, add it to `addresses`)"
    ),
    Because.ROLE_COPY: lambda r: (
        f"it came to {shown(r['address'])}: a copy for a postmaster, list owner or moderator "
        "(if that address is yours alone, add it to `addresses`)"
    ),
    Because.NO_ADDRESS: lambda _: "it does not say whose message it is about",
    Because.SHARED: lambda r: f"others send from {shown(r['address'])} too (`shared`)",
    Because.NOTHING_COVERED: lambda _: "no Sent folder was ever read",
    Because.OUTSIDE_COVERAGE: lambda r: (
        f"the log of account {r['account']} does not know what you sent from {moment(r['hole_from'])} to "
        f"{moment(r['hole_to'])}" + (f" (it begins {moment(r['since'])})" if r["since"] else "")
    ),
    Because.EMPTY_LOG: lambda _: "the log of what you sent is empty: nothing can be told",
    Because.STUMBLED: lambda r: f"a part of it could not be read ({r['format']}; please report this)",
    Because.INCOMPLETE: lambda _: "it is so large that the returned message was not read to its end",
    Because.KIND_OFF: lambda r: (
        f"mail of this kind ({_kind(r)}) is never moved (`kinds` in the configuration)"
    ),
    Because.NO_STORM: lambda r: (
        f"mail of this kind ({_kind(r)}) is moved only during a storm of backscatter, and there is none"
    ),
}


def _kind(reason: Reason) -> str:
    try:
        return KINDS[Kind(reason["kind"])]
    except ValueError:
        return reason["kind"]


def reason(one: Reason) -> str:
    """One reason as (the end of) a sentence, without a full stop."""
    return _REASONS[one.because](one)


def because(finding: Finding) -> list[str]:
    """All reasons of a finding, the deciding one first."""
    return [reason(one) for one in finding.because]


# The same reasons for many messages at once, without the details of any.
CAUSES: Mapping[Because, str] = {
    Because.ID_LOGGED: "you sent the messages that they quote",
    Because.TIE: "you wrote to that address shortly before they came",
    Because.UNKNOWN_ID: (
        "the messages that they quote are not among those that you sent, and the log would have known them"
    ),
    Because.NEVER_SENDS: "they are about mail from addresses that you never send from",
    Because.SETTLING: "they are too fresh: a copy may still be filed in a Sent folder",
    Because.SENT_UNREAD: "not all Sent folders were read since they came",
    Because.NO_REFERENCE: "they do not say which message they are about (no Message-ID in them)",
    Because.WEAK_ONLY: "the Message-IDs in them stand where they prove nothing",
    Because.REPLY_ID: "automatic replies prove too little: the id may be made up, or you wrote there before",
    Because.NOT_YOURS: "they are not about you: none of your addresses (if one is, add it to `addresses`)",
    Because.ROLE_COPY: "they are copies for a postmaster, list owner or moderator",
    Because.NO_ADDRESS: "they do not say whose messages they are about",
    Because.SHARED: "others send from these addresses too (`shared`)",
    Because.NOTHING_COVERED: "no Sent folder was ever read",
    Because.OUTSIDE_COVERAGE: "they are about a time of which the log does not know what you sent",
    Because.EMPTY_LOG: "the log of what you sent is empty: nothing can be told",
    Because.STUMBLED: "a part of them could not be read (please report this)",
    Because.INCOMPLETE: "they are so large that the returned messages were not read to their end",
    Because.KIND_OFF: "mail of their kind is never moved (`kinds` in the configuration)",
    Because.NO_STORM: "mail of their kind is moved only during a storm of backscatter, and there is none",
}

# The rules of judge.py, for people.
_NOTHING_SURE = "what does not name for certain the message that it is about stays"
_WHOSE = "only what is about mail from an address that is yours alone is put away"
_NOT_WHOLE = "what could not be read as a whole stays"
_NOT_KNOWN = "nothing is put away that came, or is about, a time of which the Sent folders were not read"
_SURELY = "nothing speaks for it, and the log would know the message if you had sent it"
RULES: Mapping[Because, str] = {
    Because.ID_LOGGED: "a message that you sent is named in it",
    Because.TIE: "you wrote to that recipient shortly before",
    Because.KIND_OFF: "mail of its kind is not put away",
    Because.STUMBLED: _NOT_WHOLE,
    Because.INCOMPLETE: _NOT_WHOLE,
    Because.NO_REFERENCE: _NOTHING_SURE,
    Because.WEAK_ONLY: _NOTHING_SURE,
    Because.REPLY_ID: _NOTHING_SURE,
    Because.NOT_YOURS: _WHOSE,
    Because.ROLE_COPY: _WHOSE,
    Because.NO_ADDRESS: _WHOSE,
    Because.SHARED: _WHOSE,
    Because.EMPTY_LOG: "without any sent mail in the log nothing is put away",
    Because.OUTSIDE_COVERAGE: _NOT_KNOWN,
    Because.NOTHING_COVERED: _NOT_KNOWN,
    Because.SETTLING: _NOT_KNOWN,
    Because.SENT_UNREAD: _NOT_KNOWN,
    Because.NO_STORM: "mail of its kind is put away only while backscatter comes in heaps",
    Because.UNKNOWN_ID: _SURELY,
    Because.NEVER_SENDS: _SURELY,
}

# What would make another finding of it.
CHANGES: Mapping[Because, str] = {
    Because.ID_LOGGED: "nothing: what the log knows is never put away",
    Because.TIE: "nothing: what may be an answer to you is never put away",
    Because.UNKNOWN_ID: (
        "a copy of that message in a Sent folder: once one is read there it counts as yours, and a sweep that put "
        "it away brings it back"
    ),
    Because.NEVER_SENDS: "taking the address out of `never_sends`",
    Because.SETTLING: "time",
    Because.SENT_UNREAD: "reading those Sent folders: `scatterclean harvest`, or the next sweep of that account",
    Because.NO_REFERENCE: "nothing: without a Message-ID it may be yours as well",
    Because.WEAK_ONLY: "nothing: without a better Message-ID it may be yours as well",
    Because.REPLY_ID: "nothing: it may answer mail of yours",
    Because.NOT_YOURS: "adding the address to `addresses`, if you alone send from it",
    Because.ROLE_COPY: "adding the address to `addresses`, if you alone send from it",
    Because.NO_ADDRESS: "nothing: it may be about anybody's mail",
    Because.SHARED: "taking the address out of `shared`, if you alone send from it",
    Because.NOTHING_COVERED: "reading the Sent folders: `scatterclean harvest`",
    Because.OUTSIDE_COVERAGE: (
        "nothing for this one; about what comes from now on the log will know, as long as it is swept regularly"
    ),
    Because.EMPTY_LOG: "sent mail that is filed in a Sent folder on the server",
    Because.STUMBLED: "a version of scatterclean that can read it",
    Because.INCOMPLETE: "nothing: what was not read may be yours",
    Because.KIND_OFF: "`kinds` in the configuration",
    Because.NO_STORM: "a storm around it, or `kinds` in the configuration",
}


def by_reason(cases: Iterable[Case]) -> list[tuple[Verdict, str, list[Case]]]:
    """Cases that have verdict and deciding reason in common, with a sentence for each heap; the largest first.

    The sentence tells the details where all in the heap share them.
    """
    heaps: dict[tuple[Verdict, Because | None], list[Case]] = {}
    for case in cases:
        reasons = case.finding.because
        heaps.setdefault((case.finding.verdict, reasons[0].because if reasons else None), []).append(case)
    told = []
    for (verdict, cause), heap in heaps.items():
        sentences = {reason(case.finding.because[0]) for case in heap} if cause else {VERDICTS[verdict]}
        sentence = sentences.pop() if len(sentences) == 1 else CAUSES[cause] if cause else ""
        told.append((verdict, sentence, heap))
    order = list(Verdict)
    return sorted(told, key=lambda each: (order.index(each[0]), -len(each[2])))


def examples(cases: Sequence[Case], most: int = 3) -> list[str]:
    """The commonest subjects among these, each with how many have it and who sent one."""
    heaps: dict[str, list[Case]] = {}
    for case in cases:
        heaps.setdefault(shown(case.bounce.subject, 60), []).append(case)
    lines = []
    for heap in sorted(heaps.values(), key=len, reverse=True)[:most]:
        times = f"{len(heap)} x " if len(heap) > 1 else ""
        others = " and others" if len({case.bounce.sender for case in heap}) > 1 else ""
        lines.append(f"{times}{example(heap[0])}{others}")
    if len(heaps) > most:
        rest = len(heaps) - most
        lines.append(f"and {rest} other subject{'s' if rest > 1 else ''}")
    return lines


def example(case: Case) -> str:
    """One message as a person finds it in the inbox: subject and sender."""
    return f'"{shown(case.bounce.subject, 60)}" from {shown(case.bounce.sender, 60) or "nobody"}'


def how_to_ask(case: Case) -> str:
    """The command that tells its story, safe to paste: what a stranger wrote is quoted for a shell."""
    ident = case.bounce.message_id
    account, place = shlex.quote(case.account), case.where.place.folder
    if ident and shown(ident) == ident and ident.isascii():
        return f"scatterclean why {account} {shlex.quote(f'<{ident}>')}"
    return f"scatterclean why {account} {case.where.uid} --folder {shlex.quote(shown(place))}"


def row(case: Case) -> str:
    """One message in one line of a list: when it came, sender, subject, Message-ID."""
    ident = f"<{shown(case.bounce.message_id)}>" if case.bounce.message_id else "(no Message-ID)"
    sender = shown(case.bounce.sender, 60) or "nobody"
    return f'{moment(case.arrival)}  {sender}  "{shown(case.bounce.subject)}"  {ident}'


def about(case: Case) -> str:
    """What one message is about, for the few that count: who did not get which letter."""
    recipients = case.bounce.recipients or case.bounce.original.to
    letter = case.bounce.original.subject
    to = f", about mail to {shown(recipients[0], 60)}" if recipients else ""
    return f"{example(case)}{to}" + (f': "{shown(letter, 60)}"' if letter else "")


def counted(number: int, kind: Kind) -> str:
    """ "1 bounce", "3 read receipts", "2 automatic replies"."""
    noun = KINDS[kind]
    if number != 1:
        noun = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number} {noun}"


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
    MoveState.RETURNED: "brought back",
}

ERRANDS: Mapping[Errand, str] = {
    Errand.SWEEP: "by a sweep",
    Errand.UNDO: "by an undo",
    Errand.RESCUE: "because it proved genuine",
}


def move(one: Move) -> str:
    """A move in one line: when, why, from where to where, and what became of it."""
    intent = one.intent
    state = MOVE_STATES[one.state]
    if one.state is MoveState.MOVED and intent.errand is not Errand.SWEEP:
        state = MOVE_STATES[MoveState.RETURNED]
    return (
        f"{moment(one.intended_at)}, {ERRANDS[intent.errand]} (number {one.sweep}), "
        f"from {intent.source.place.folder} to {intent.target_folder}: {state}"
    )


REFUSALS: Mapping[Refusal, str] = {
    Refusal.OBSERVING: 'nothing was moved: this account only observes (`mode = "move"` or --move moves)',
    Refusal.EMPTY_LOG: "nothing was moved: the log of what you sent is empty",
    Refusal.SENT_EMPTY: "nothing was moved: the Sent folder is empty",
    Refusal.SENT_UNKNOWN: "nothing was moved: it is not known where your sent mail is filed",
    Refusal.CANNOT_MOVE: "nothing was moved: this server offers no safe way to move",
    Refusal.TARGET_UNSAFE: (
        "nothing was moved: the server uses the folder for backscatter for something else; "
        "set `backscatter` to a folder of its own"
    ),
    Refusal.NO_SESSION: "nothing was looked at: there was no session with the server",
    Refusal.STOPPED: "stopped before the end; what was moved is complete, the rest stays for the next sweep",
}


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
        for verdict in (Verdict.GENUINE, Verdict.ALARM, Verdict.WAITING, Verdict.UNDECIDED)
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
