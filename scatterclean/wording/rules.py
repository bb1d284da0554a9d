"""The rules of the judge for people: which one decided, and what would make another finding of it.  Pure."""

from __future__ import annotations

from collections.abc import Mapping

from scatterclean.model import Because, Reason
from scatterclean.wording.reasons import helps
from scatterclean.wording.text import table

_NOTHING_SURE = "what does not name for certain the message that it is about stays"
_WHOSE = "only what is about mail from an address that is yours alone is put away"
_NOT_WHOLE = "what could not be read as a whole stays"
_RECEIVED = "what is about mail that you received, not sent, stays"
_MAY_BE = "what may be about mail of your own stays"
_NOT_KNOWN = (
    "nothing is put away before the Sent folders were read for all of the time in which it may have been sent"
)
_ALONE = "what comes alone, and does not show that a stranger sent it, stays if it may be about mail of yours"
_SURELY = "nothing speaks for it, and the log would know the message if you had sent it"
RULES: Mapping[Because, str] = {
    Because.ID_LOGGED: "a message that you sent is named in it",
    Because.TIE: "you wrote to that recipient shortly before",
    Because.SENT_BY_YOU: "what your own account sent, and you did not, is an alarm",
    Because.MAY_BE_YOURS: _MAY_BE,
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
    Because.FORWARDED: _RECEIVED,
    Because.RECEIVED: _RECEIVED,
    Because.UNCHECKED: _MAY_BE,
    Because.PROVIDER_HOP: _MAY_BE,
    Because.AUTOMATIC: _MAY_BE,
    Because.OWN_SHAPE: _MAY_BE,
    Because.UNLOGGED_SHAPE: _MAY_BE,
    Because.CORRESPONDENT: _MAY_BE,
    Because.EMPTY_LOG: "without any sent mail in the log nothing is put away",
    Because.OUTSIDE_COVERAGE: _NOT_KNOWN,
    Because.NOTHING_COVERED: _NOT_KNOWN,
    Because.SETTLING: _NOT_KNOWN,
    Because.SENT_UNREAD: _NOT_KNOWN,
    Because.UNPROVED: (
        "where nothing shows that a stranger sent it, the log counts only if it was watched all the time and a reply "
        "has proved it"
    ),
    Because.NO_STORM: "mail of its kind is put away only while backscatter comes in heaps",
    Because.UNKNOWN_ID: _SURELY,
    Because.NEVER_SENDS: _SURELY,
    Because.NEVER_WROTE: "nothing speaks for it, a stranger sent it, and you never wrote to anybody whom it is about",
    Because.FOREIGN: _SURELY,
}

_LOG_IT = "a copy of that message in a Sent folder, or in what you give to `scatterclean import`"
CHANGES: Mapping[Because, str] = {
    Because.ID_LOGGED: "nothing: what the log knows is never put away",
    Because.TIE: "nothing: what may be an answer to you is never put away",
    Because.UNKNOWN_ID: (
        "a copy of that message in a Sent folder, or in what you give to `scatterclean import`: then it counts as "
        "yours, and a sweep that put it away brings it back"
    ),
    Because.NEVER_SENDS: "taking the address out of `never_sends`",
    Because.SETTLING: "a copy of that message, if one is filed in a Sent folder by then: it is genuine then",
    Because.SENT_UNREAD: "reading those Sent folders: `scatterclean harvest`, or the next sweep of that account",
    Because.NO_REFERENCE: (
        'nothing while `without_id` is "keep": without a Message-ID it may be yours as well; "recipient" puts away '
        "what comes from a stranger's machine and is about people to whom you never wrote"
    ),
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
    Because.NO_STORM: "a storm around it (ten orphans or more within six hours), or `kinds` in the configuration",
    Because.SENT_BY_YOU: f"{_LOG_IT}: then it is genuine",
    Because.MAY_BE_YOURS: f"{_LOG_IT}: then it is genuine; if it was not you, change your password",
    Because.PROVIDER_HOP: (
        f"{_LOG_IT}: then it is genuine; else nothing, for what went through your provider may be yours"
    ),
    Because.UNCHECKED: "DNS that answers (`dns = true`), if all of the message came back; else nothing",
    Because.FORWARDED: "nothing: it is about mail that was really passed on",
    Because.RECEIVED: "nothing: it is about mail that you really received",
    Because.AUTOMATIC: "nothing, unless it shows that a stranger's machine sent the message",
    Because.OWN_SHAPE: "taking the pattern out of `own_ids`",
    Because.UNLOGGED_SHAPE: (
        f"{_LOG_IT}: then it is genuine; where that program files its copies from now on, later ones can be told"
    ),
    Because.CORRESPONDENT: f"{_LOG_IT}: then it is genuine; else nothing: it is about one of your contacts",
    Because.UNPROVED: "proof that the log is whole, or a sign that a stranger sent it",
    Because.NEVER_WROTE: '`without_id = "keep"`, or mail of yours to one of its recipients',
    Because.FOREIGN: "nothing: it only supports the finding",
}


def rule(reason: Reason) -> str:
    """The rule that decided, where this reason did."""
    alone = reason.because is Because.UNPROVED and reason["why"] in {"device", "passed-on"}
    return _ALONE if alone else RULES[reason.because]


def changes(reason: Reason) -> str:
    """What would make another finding of what was found for this reason."""
    if reason.because is Because.SENT_UNREAD and reason["retired"]:
        return f"reading those Sent folders again: {table(reason['account'])} in the configuration"
    return helps(reason) if reason.because is Because.UNPROVED else CHANGES[reason.because]
