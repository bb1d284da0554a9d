"""Findings, moves and reports -> the words that people read; log, command line and page say the same.  Pure.

What strangers wrote is shown only through `shown`: no control character reaches a terminal.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo

from scatterclean.model import (
    Because,
    Finding,
    Kind,
    Mode,
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

VERDICTS: Mapping[Verdict, str] = {
    Verdict.GENUINE: "genuine: you sent the message that it speaks of; it stays",
    Verdict.ALARM: "alarm: your account sent a message that you did not log; look at it",
    Verdict.WAITING: "waiting: it will be judged again; it stays until then",
    Verdict.UNDECIDED: "undecided: it cannot be told whether it is yours; it stays",
    Verdict.ORPHAN: "orphan: you never sent the message that it speaks of; it goes to Backscatter",
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
        f"it cites <{shown(r['id'])}>, which {shown(r['replier']) or 'whoever replied'} may have made up, or "
        "whom you have written to before"
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

REFUSALS: Mapping[Refusal, str] = {
    Refusal.OBSERVING: 'nothing was moved: this account only observes (`mode = "move"` or --move moves)',
    Refusal.EMPTY_LOG: "nothing was moved: the log of what you sent is empty",
    Refusal.SENT_EMPTY: "nothing was moved: the Sent folder is empty",
    Refusal.SENT_UNKNOWN: "nothing was moved: it is not known where your sent mail is filed",
    Refusal.CANNOT_MOVE: "nothing was moved: this server offers no safe way to move",
    Refusal.STOPPED: "stopped before the end; what was moved is complete, the rest stays for the next sweep",
}


def sweep_line(report: SweepReport) -> str:
    """A sweep in one line, for the log: what was moved, what stayed and why."""
    count = report.verdicts
    orphans = count.get(Verdict.ORPHAN, 0)
    parts = []
    if report.mode is Mode.OBSERVE:
        parts.append(f"{orphans} would be put away")
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
    line = f"{report.account}: {', '.join(parts)}"
    if report.harvested:
        line += f"; {report.harvested} new in the sent log"
    return line
