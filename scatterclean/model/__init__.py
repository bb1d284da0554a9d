"""The nouns of scatterclean: frozen values only, no behaviour beyond comparing them.  This is the glossary.

Times are aware `datetime`s in UTC.  Addresses are lower-cased `local@domain` without display name.  Ids and
texts that strangers wrote are bounded (see the limits below) and hold no NUL and no lone surrogate, so that
every store can keep them.
"""

from __future__ import annotations

from scatterclean.model.found import Because, Case, Closure, Finding, Knowledge, Reason, Verdict
from scatterclean.model.log import Answer, Coverage, Cursor, Grade, Interval, Question, Tie, TieQuestion
from scatterclean.model.moved import PERMITTED, Errand, Intent, Move, MoveState, Refusal, SweepReport
from scatterclean.model.person import Account, Identities, Mode
from scatterclean.model.said import (
    DEFAULT_SWITCHES,
    MAX_ADDRESSES,
    MAX_ID,
    MAX_REFERENCES,
    MAX_SUBJECT,
    Bounce,
    Kind,
    MessageId,
    Original,
    Reference,
    Switch,
    Weight,
)
from scatterclean.model.seen import Place, SentMessage, Sighting, Whereabouts

__all__ = [
    "DEFAULT_SWITCHES",
    "MAX_ADDRESSES",
    "MAX_ID",
    "MAX_REFERENCES",
    "MAX_SUBJECT",
    "PERMITTED",
    "Account",
    "Answer",
    "Because",
    "Bounce",
    "Case",
    "Closure",
    "Coverage",
    "Cursor",
    "Errand",
    "Finding",
    "Grade",
    "Identities",
    "Intent",
    "Interval",
    "Kind",
    "Knowledge",
    "MessageId",
    "Mode",
    "Move",
    "MoveState",
    "Original",
    "Place",
    "Question",
    "Reason",
    "Reference",
    "Refusal",
    "SentMessage",
    "Sighting",
    "SweepReport",
    "Switch",
    "Tie",
    "TieQuestion",
    "Verdict",
    "Weight",
    "Whereabouts",
]
