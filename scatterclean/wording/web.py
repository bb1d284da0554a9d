"""What the dashboard says beside the story of a message.  Pure."""

from __future__ import annotations

from collections.abc import Mapping

from scatterclean.model import Case, Closure, Errand, MoveState, Verdict, WishKind
from scatterclean.wording.reasons import reason

# What became of what was put away, as a person asks for it.
MOVE_STATES: Mapping[MoveState, str] = {
    MoveState.MOVED: "in the folder for backscatter",
    MoveState.RETURNED: "brought back",
    MoveState.COPIED: "copied, the original marked",
    MoveState.DELETED: "deleted because of its age",
    MoveState.VANISHED: "taken by another hand",
    MoveState.DOUBLED: "also still where it came",
    MoveState.INTENDED: "on its way there",
}

# Who put it away.
HANDS: Mapping[Errand, str] = {Errand.SWEEP: "a sweep", Errand.HAND: "you"}

# What stays, and why in a word.
VERDICTS: Mapping[Verdict, str] = {
    Verdict.UNDECIDED: "undecided",
    Verdict.WAITING: "waiting",
    Verdict.ALARM: "alarm",
    Verdict.GENUINE: "your own mail",
    Verdict.ORPHAN: "not yours, left alone",
}

QUESTIONS: Mapping[WishKind, str] = {
    WishKind.BRING_BACK: "Bring this message back?",
    WishKind.PUT_AWAY: "Is this backscatter?",
}
BUTTONS: Mapping[WishKind, str] = {
    WishKind.BRING_BACK: "Bring back",
    WishKind.PUT_AWAY: "This is backscatter",
}
YES: Mapping[WishKind, str] = {
    WishKind.BRING_BACK: "Yes, bring it back",
    WishKind.PUT_AWAY: "Yes, put it away",
}
WISH_TITLES: Mapping[WishKind, str] = {
    WishKind.BRING_BACK: "Bringing back",
    WishKind.PUT_AWAY: "Putting away",
}
UNDO: Mapping[WishKind, str] = {
    WishKind.BRING_BACK: "Undo: put it away again",
    WishKind.PUT_AWAY: "Undo: bring it back",
}


def how_many(number: int, most: int) -> str:
    """So many are in a list; `most`: no more were counted."""
    if number > most:
        return f"more than {most:,} messages"
    return "1 message" if number == 1 else f"{number:,} messages"


def in_short(case: Case) -> str:
    """Why it stays, in half a sentence."""
    if case.closure is Closure.HAND:
        return "your hand was on it: you flagged or answered it, or brought it back"
    because = case.finding.because
    return reason(because[0]) if because else "it has not been judged yet"
