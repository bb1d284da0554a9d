"""Alarms as people read them: what happened, what else could explain it, what to do now.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scatterclean.model import Alarm, AlarmKind
from scatterclean.wording.text import moment, quoted, shown

WHAT_TO_DO = (
    "Change the password of the account now, from a device that you trust. Revoke app passwords and end all other "
    "sessions. Look for forwarding addresses and filter rules that you did not make. Then tell your provider."
)

_HAPPENED: Mapping[AlarmKind, Callable[[Alarm], str]] = {
    AlarmKind.SENT_BY_YOU: lambda a: (
        f"your account seems to have sent mail that is not in your Sent folders. {_bounces(a)}; the first came "
        f'{moment(a.at)}, about mail to {shown(a["recipient"], 60) or "somebody"}: "{shown(a["subject"], 60)}"'
        f"{quoted(a['line'])}"
    ),
    AlarmKind.BURST: lambda a: (
        f"{a['strangers']} people to whom you never wrote before got mail from this account within one hour "
        f"({moment(a.at)}). Before, there were at most {a['usual']} in an hour"
    ),
    AlarmKind.MANY_BOUNCES: lambda a: (
        f'one message from your Sent folder, "{shown(a["subject"], 60)}", came back from {a["recipients"]} '
        "recipients. Did you send it?"
    ),
}
_ELSE: Mapping[AlarmKind, str] = {
    AlarmKind.SENT_BY_YOU: (
        "It is harmless if you deleted that mail from Sent before it was read; if a phone, program or web form of "
        "yours files no copies (then `scatterclean import` or `own_ids` tells so); or if somebody sent an old "
        "message of yours once more."
    ),
    AlarmKind.BURST: "It is harmless if you sent an invitation, a newsletter or the like.",
    AlarmKind.MANY_BOUNCES: "It is harmless if you wrote to a list of old addresses.",
}


def _bounces(one: Alarm) -> str:
    number = one["bounces"]
    return (
        "1 message that came back is about such mail"
        if number == "1"
        else (f"{number} messages that came back are about such mail")
    )


def alarm_told(one: Alarm) -> tuple[str, str, str]:
    """What happened; what else could explain it; what to do: a sentence or a few each."""
    happened = _HAPPENED[one.kind](one)
    stop = "" if happened.endswith("?") else "."
    return (
        f"ALARM: account {one.account}: {happened}{stop}",
        _ELSE[one.kind],
        f"If that is not it: {WHAT_TO_DO}",
    )


def alarm(one: Alarm) -> str:
    """An alarm, a line for each of `alarm_told`: among the troubles of a sweep."""
    return "\n  ".join(alarm_told(one))


def tells_alarm(trouble: str) -> bool:
    """Is a trouble of a sweep an alarm?"""
    return trouble.startswith("ALARM: account ")


def alarm_unnamed(account: str) -> str:
    """An alarm for a log, which names no message and nobody that mail went to."""
    return (
        f"ALARM: account {account}: somebody else may be using it; `scatterclean status` says what happened, and what "
        f"else could explain it\n  {WHAT_TO_DO}"
    )
