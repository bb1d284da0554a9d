"""Verdicts and the reasons for them: one case in a sentence, many cases in a heap.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scatterclean.model import Because, Finding, Kind, OriginSign, Reason, Verdict
from scatterclean.wording.text import KINDS, moment, place, quoted, shown

NEVER_SENT = "orphan: you never sent the message that it speaks of"

PROBABLY_YOURS = "genuine: it is most probably about mail of yours; it stays"

VERDICTS: Mapping[Verdict, str] = {
    Verdict.GENUINE: "genuine: you sent the message that it speaks of; it stays",
    Verdict.ALARM: "alarm: your account sent a message that is not among what you sent; look at it",
    Verdict.WAITING: "waiting: it will be judged again; it stays until then",
    Verdict.UNDECIDED: "undecided: it cannot be told whether it is yours; it stays",
    Verdict.ORPHAN: f"{NEVER_SENT}; it goes to Backscatter",
}

# What each word means, for who reads it for the first time.
MEANS: Mapping[Verdict, str] = {
    Verdict.GENUINE: "about mail that you sent",
    Verdict.ALARM: "about mail that your account sent, and maybe not you",
    Verdict.WAITING: "too early to say",
    Verdict.UNDECIDED: "it cannot be told whose mail it is about",
    Verdict.ORPHAN: "about mail that you never sent",
}

# Why a log that was silent is not enough, in `UNPROVED`, and what shows no stranger.
_SILENCE: Mapping[str, Callable[[Reason], str]] = {
    "backfilled": lambda r: (
        f"the log of account {r['account']} holds what was in Sent when that was first read: "
        "what you had deleted by then it does not know"
    ),
    "unproved": lambda r: (
        f"no reply to mail of yours has shown yet that the log of account {r['account']} holds all that you send"
    ),
    "device": lambda _: (
        "it came alone, not in a storm, and its Message-ID could be of a phone or a program of yours that files no "
        "copy in Sent"
    ),
    "passed-on": lambda _: (
        "it came alone, not in a storm, and does not show that the message was sent from an address of yours: it may "
        "be somebody's mail to you that was passed on"
    ),
}
_NO_STRANGER: Mapping[str, str] = {
    OriginSign.PROVIDER_UNKNOWN: (
        "scatterclean does not know through which servers your mail leaves "
        "(set `outbound = [...]` in the account, or let DNS be asked)"
    ),
    OriginSign.NO_CHAIN: "the bounce does not show which way the message went",
}
_STORM = "a storm around it (ten orphans within six hours), or a sign that a stranger sent it"
_HELPS: Mapping[str, str] = {
    "backfilled": (
        "nothing for this one; later ones can be told once the log was watched for about ten days and a reply to mail "
        "of yours was seen"
    ),
    "unproved": "a reply to mail that you sent: the next one that is seen proves that the log is whole",
    "device": _STORM,
    "passed-on": _STORM,
}


def _by_whom(reason: Reason) -> str:
    """The line of evidence behind "your own account sent it"."""
    line = quoted(reason["line"])
    if reason["sign"] == OriginSign.SIGNED:
        return f"the message that came back is signed with the key of your own domain{line}"
    if reason["sign"] == OriginSign.AUTHENTICATED:
        return f"your own mail server says that somebody who had logged in as you sent the message{line}"
    return f"the message that came back was sent from your own account{line}"


_REASONS: Mapping[Because, Callable[[Reason], str]] = {
    Because.ID_LOGGED: lambda r: (
        f"you sent the message <{shown(r['id'])}> that it quotes ({place(r['found_in'])})"
    ),
    Because.TIE: lambda r: (
        f"you wrote to {shown(r['recipient'])} on {moment(r['sent_at'])}, shortly before it came"
    ),
    Because.UNKNOWN_ID: lambda r: (
        f"the message <{shown(r['id'])}> that it quotes ({place(r['found_in'])}) is not among those that you sent, "
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
        + ("; the configuration no longer has that account" if r["retired"] else "")
    ),
    Because.NO_REFERENCE: lambda _: "it does not say which message it is about (no Message-ID in it)",
    Because.WEAK_ONLY: lambda r: (
        f"the only Message-ID in it, <{shown(r['id'])}>, stands where it proves nothing ({place(r['found_in'])})"
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
    Because.INCOMPLETE: lambda _: (
        "it is so large, or names so many messages, that it was not read to its end"
    ),
    Because.KIND_OFF: lambda r: (
        f"mail of this kind ({_kind(r)}) is never moved (`kinds` in the configuration)"
    ),
    Because.NO_STORM: lambda r: (
        f"mail of this kind ({_kind(r)}) is moved only during a storm (ten orphans or more within six hours), "
        "and there was none"
    ),
    Because.SENT_BY_YOU: lambda r: (
        f"{_by_whom(r)}, but it is not among what you sent: somebody else may have your password"
    ),
    Because.MAY_BE_YOURS: lambda r: (
        f"{_by_whom(r)}; whether it was you, the log cannot tell: it does not know all that you sent"
    ),
    Because.PROVIDER_HOP: lambda r: (
        f"the message may have left through your own mail provider, and so may be yours{quoted(r['line'])}"
    ),
    Because.UNCHECKED: lambda r: (
        f"the message bears a signature of {shown(r['domain']) or 'a domain of yours'}, and it could not be "
        "checked whether that is real"
    ),
    Because.FORWARDED: lambda r: (
        "it is about mail that you received, not sent: your mail provider had taken that message in for you, and "
        f"then it was passed on, or answered by itself{quoted(r['line'])}"
    ),
    Because.RECEIVED: lambda r: (
        f"you received the message <{shown(r['id'])}> that it is about: a forwarding, a redirect or an automatic "
        "reply of yours may have failed"
    ),
    Because.AUTOMATIC: lambda _: (
        "it is about a message that a program wrote, maybe in your name (an automatic reply, an answer to an "
        "invitation): such mail is often in no Sent folder"
    ),
    Because.OWN_SHAPE: lambda r: (
        f'the Message-ID <{shown(r["id"])}> looks like your own ("{shown(r["pattern"])}" in `own_ids`)'
    ),
    Because.UNLOGGED_SHAPE: lambda r: (
        f"the Message-ID <{shown(r['id'])}> looks like that of mail which you send from somewhere that files no "
        f"copy (ids like {shown(r['shape'])})"
    ),
    Because.CORRESPONDENT: lambda r: (
        f"you write to {shown(r['recipient'])}: it may be about a message of yours of which no copy was filed"
    ),
    Because.UNPROVED: lambda r: f"{_silence(r)}; and {_no_stranger(r)}",
    Because.NEVER_WROTE: lambda r: (
        f"it names no Message-ID, but you never wrote to {shown(r['recipient'])}, and a stranger sent the message "
        '(`without_id = "recipient"`)'
    ),
    Because.FOREIGN: lambda r: (
        f"the message that came back was sent through a stranger's machine, not through your provider"
        f"{quoted(r['line'])}"
    ),
}


def _kind(reason: Reason) -> str:
    try:
        return KINDS[Kind(reason["kind"])]
    except ValueError:
        return reason["kind"]


def _silence(reason: Reason) -> str:
    told = _SILENCE.get(reason["why"])
    return told(reason) if told else "that the log does not know it does not prove enough"


def _no_stranger(reason: Reason) -> str:
    return _NO_STRANGER.get(reason["sign"], "nothing in it shows that a stranger sent the message")


def helps(reason: Reason) -> str:
    """What would prove it, for a reason `UNPROVED`."""
    ways = [_HELPS.get(reason["why"], "a log that is watched")]
    if reason["sign"] == OriginSign.PROVIDER_UNKNOWN:
        ways.append(
            "naming the servers through which your mail leaves (`outbound = [...]` in the account), or letting DNS be "
            "asked for them (`dns = true`)"
        )
    return "; or ".join(ways)


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
    Because.INCOMPLETE: "they are so large, or name so many messages, that they were not read to their end",
    Because.KIND_OFF: "mail of their kind is never moved (`kinds` in the configuration)",
    Because.NO_STORM: (
        "mail of their kind is moved only during a storm (ten orphans or more within six hours), and there was none"
    ),
    Because.SENT_BY_YOU: (
        "your own account sent the messages that they are about, and they are not among what you sent: somebody "
        "else may have your password"
    ),
    Because.MAY_BE_YOURS: (
        "your own account sent the messages that they are about; whether it was you, the log cannot tell"
    ),
    Because.PROVIDER_HOP: "the messages may have left through your own mail provider, and so may be yours",
    Because.UNCHECKED: (
        "the messages bear a signature of a domain of yours, and it could not be checked whether that is real"
    ),
    Because.FORWARDED: "they are about mail that your provider had taken in for you and that was passed on",
    Because.RECEIVED: (
        "they are about mail that you received: a forwarding, a redirect or an automatic reply may have failed"
    ),
    Because.AUTOMATIC: "they are about messages that a program wrote, maybe in your name",
    Because.OWN_SHAPE: "the Message-IDs in them look like your own (`own_ids`)",
    Because.UNLOGGED_SHAPE: (
        "the Message-IDs in them look like those of mail which you send from somewhere that files no copy"
    ),
    Because.CORRESPONDENT: (
        "you write to these recipients: they may be about messages of yours of which no copy was filed"
    ),
    Because.UNPROVED: (
        "that the log does not know these messages does not prove enough, and nothing shows that a stranger sent "
        "them (`scatterclean why` tells what would help)"
    ),
    Because.NEVER_WROTE: (
        'you never wrote to their recipients, and a stranger sent the messages (`without_id = "recipient"`)'
    ),
    Because.FOREIGN: "the messages were sent through strangers' machines, not through your provider",
}
