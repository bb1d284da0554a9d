"""The nouns of scatterclean: frozen values only, no behaviour beyond comparing them.  This is the glossary.

Times are aware `datetime`s in UTC.  Addresses are lower-cased `local@domain` without display name.  Ids and
texts that strangers wrote are bounded (see the limits below) and hold no NUL and no lone surrogate, so that
every store can keep them.
"""

from __future__ import annotations

from scatterclean.model.found import Because, Case, Closure, Finding, Knowledge, Reason, Verdict
from scatterclean.model.learned import (
    Alarm,
    AlarmKind,
    Hour,
    Learned,
    Lessons,
    Proofs,
    Route,
    RouteCause,
)
from scatterclean.model.log import (
    OUTBOX,
    Answer,
    Coverage,
    Cursor,
    Grade,
    Interval,
    Question,
    Tie,
    TieQuestion,
)
from scatterclean.model.moved import PERMITTED, Errand, Intent, Move, MoveState, Refusal, SweepReport
from scatterclean.model.notice import (
    NOTICE_DOMAIN,
    NOTICE_PERMITTED,
    Arrival,
    Handover,
    Notice,
    NoticeKind,
    NoticeState,
    Storm,
)
from scatterclean.model.oauth import OAuthClient
from scatterclean.model.origin import Checked, Origin, OriginSign, Provider, Signature, Whose
from scatterclean.model.person import SHARED_BY_MANY, Account, Identities, Mode, WithoutId, WithoutUidplus
from scatterclean.model.push import Push
from scatterclean.model.said import (
    DEFAULT_SWITCHES,
    MAX_ADDRESSES,
    MAX_HOP,
    MAX_HOPS,
    MAX_ID,
    MAX_REFERENCES,
    MAX_SUBJECT,
    SHORTEST_CUT,
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
    "MAX_HOP",
    "MAX_HOPS",
    "MAX_ID",
    "MAX_REFERENCES",
    "MAX_SUBJECT",
    "NOTICE_DOMAIN",
    "NOTICE_PERMITTED",
    "OUTBOX",
    "PERMITTED",
    "SHARED_BY_MANY",
    "SHORTEST_CUT",
    "Account",
    "Alarm",
    "AlarmKind",
    "Answer",
    "Arrival",
    "Because",
    "Bounce",
    "Case",
    "Checked",
    "Closure",
    "Coverage",
    "Cursor",
    "Errand",
    "Finding",
    "Grade",
    "Handover",
    "Hour",
    "Identities",
    "Intent",
    "Interval",
    "Kind",
    "Knowledge",
    "Learned",
    "Lessons",
    "MessageId",
    "Mode",
    "Move",
    "MoveState",
    "Notice",
    "NoticeKind",
    "NoticeState",
    "OAuthClient",
    "Origin",
    "OriginSign",
    "Original",
    "Place",
    "Proofs",
    "Provider",
    "Push",
    "Question",
    "Reason",
    "Reference",
    "Refusal",
    "Route",
    "RouteCause",
    "SentMessage",
    "Sighting",
    "Signature",
    "Storm",
    "SweepReport",
    "Switch",
    "Tie",
    "TieQuestion",
    "Verdict",
    "Weight",
    "Whereabouts",
    "Whose",
    "WithoutId",
    "WithoutUidplus",
]
