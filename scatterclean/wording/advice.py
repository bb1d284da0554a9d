"""What the person can do now, by the reason that decided.  It decides nothing.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scatterclean.model import Because, Bounce, Kind, Reason
from scatterclean.wording.alarms import WHAT_TO_DO
from scatterclean.wording.text import moment, shown, table

# Of mail that the person sent; {} is the recipient.
_GENUINE: Mapping[Kind, str] = {
    Kind.BOUNCE: "read it: a message of yours did not reach {}",
    Kind.DELAY: "wait: a server is still trying to deliver a message of yours to {}",
    Kind.SUCCESS: "nothing: a message of yours reached {}",
    Kind.AUTOREPLY: "read it: it answers a message of yours",
    Kind.CHALLENGE: "read it: without the answer that it asks for, a message of yours may not be delivered",
    Kind.NOTICE: "read it: a filter found fault with a message of yours to {}",
    Kind.RECEIPT: "nothing: it tells what became of a message of yours",
    Kind.COMPLAINT: "read it: somebody reported a message of yours as spam",
}
_ELSEWHERE = (
    "if it was (from a phone, a program or a web form, say), read it, and tell scatterclean of such mail "
    '(README, "Mail that is not in Sent")'
)


def to_whom(found: Bounce) -> str:
    """The first recipient whom it is about, for a sentence."""
    names = found.recipients or found.original.to
    return shown(names[0], 60) if names else "somebody"


def _look(_: Reason, found: Bounce, account: str) -> str:
    return (
        f"look at it yourself: if you wrote to {to_whom(found)}, it is about your mail; "
        "if not, you may delete it"
    )


def _genuine(_: Reason, found: Bounce, account: str) -> str:
    return _GENUINE[found.kind].format(to_whom(found))


def _was_it_you(_: Reason, found: Bounce, account: str) -> str:
    return f"ask yourself whether the message to {to_whom(found)} was yours: {_ELSEWHERE}. If it was not: {WHAT_TO_DO}"


def _maybe_you(_: Reason, found: Bounce, account: str) -> str:
    return (
        f"ask yourself whether the message to {to_whom(found)} was yours: {_ELSEWHERE}. If it was not, somebody else "
        f"at your provider may have used your address, or somebody has your password. To be safe: {WHAT_TO_DO}"
    )


def _own_mail(_: Reason, found: Bounce, account: str) -> str:
    return f"read it if you wrote to {to_whom(found)}: `scatterclean import` makes such mail known"


def _moved_on(_: Reason, found: Bounce, account: str) -> str:
    return (
        "look after your forwarding, redirect or automatic reply: "
        f"it may have sent to {to_whom(found)}, and that failed"
    )


def _not_mine(reason: Reason, found: Bounce, account: str) -> str:
    return (
        f"if {shown(reason['address'], 60)} is yours alone, add it to `addresses` in {table(account)}; if not, "
        "nothing: it is about somebody else's mail"
    )


def _switch(reason: Reason, found: Bounce, account: str) -> str:
    kind = shown(reason["kind"] or found.kind, 20)
    return (
        f'delete it if you do not need it; {kind} = "always" under {table(account, "kinds")} lets sweeps put such '
        "mail away"
    )


def _sent_folders(_: Reason, found: Bounce, account: str) -> str:
    return (
        "see that your mail program files copies of what you send on the server, and that `sent` in "
        f"{table(account)} names that folder"
    )


def _convicted(_: Reason, found: Bounce, account: str) -> str:
    return f"nothing, if you did not write to {to_whom(found)}"


def _waits(reason: Reason, found: Bounce, account: str) -> str:
    until = f" after {moment(reason['until'])}" if reason["until"] else ""
    return f"nothing: the first sweep{until} judges it again"


def _unread(reason: Reason, found: Bounce, account: str) -> str:
    if reason["retired"]:  # no command can read it
        return (
            f"put {table(reason['account'])} back into the configuration if you still send from that account; if "
            f"not, delete this if you did not write to {to_whom(found)}"
        )
    return f"`scatterclean sweep {shown(reason['account'] or account)}`, if you cannot wait"


_ADVICE: Mapping[Because, Callable[[Reason, Bounce, str], str]] = {
    Because.ID_LOGGED: _genuine,
    Because.TIE: _genuine,
    Because.UNKNOWN_ID: _convicted,
    Because.NEVER_SENDS: _convicted,
    Because.NEVER_WROTE: _convicted,
    Because.FOREIGN: _convicted,
    Because.SENT_BY_YOU: _was_it_you,
    Because.MAY_BE_YOURS: _was_it_you,
    Because.PROVIDER_HOP: _maybe_you,
    Because.UNCHECKED: _maybe_you,
    Because.SETTLING: _waits,
    Because.SENT_UNREAD: _unread,
    Because.NO_REFERENCE: _look,
    Because.WEAK_ONLY: _look,
    Because.REPLY_ID: _look,
    Because.NO_ADDRESS: _look,
    Because.OUTSIDE_COVERAGE: _look,
    Because.UNPROVED: _look,
    Because.AUTOMATIC: _look,
    Because.INCOMPLETE: _look,
    Because.STUMBLED: _look,
    Because.NOT_YOURS: _not_mine,
    Because.ROLE_COPY: _not_mine,
    Because.SHARED: lambda r, f, a: "ask those who share the address: one of them may have sent it",
    Because.FORWARDED: _moved_on,
    Because.RECEIVED: _moved_on,
    Because.KIND_OFF: _switch,
    Because.NO_STORM: _switch,
    Because.NOTHING_COVERED: _sent_folders,
    Because.EMPTY_LOG: _sent_folders,
    Because.OWN_SHAPE: _own_mail,
    Because.UNLOGGED_SHAPE: _own_mail,
    Because.CORRESPONDENT: _own_mail,
}


def advice(reason: Reason, found: Bounce, account: str) -> str:
    """What to do about a message in `account` that was found for this reason, where it lies in the inbox."""
    return _ADVICE[reason.because](reason, found, account)
