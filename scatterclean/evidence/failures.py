"""Why a message was not delivered, in plain kinds: by the server's words, else by its enhanced status code.  Pure.

The words come first where they are plain: servers put 5.0.0, 5.5.0 and 5.7.1 before anything.  Codes are those of RFC
3463 and of IANA's registry (SMTP Enhanced Status Codes, seen 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from scatterclean.model import Bounce, Kind
from scatterclean.model.report import Failure

_MOST = 1000  # characters of the server's line that are looked at
_CODE = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
# Names are no words: "spam-box@junk.example" may be unknown, and "quota@" as well.
_NAMES = re.compile(r"[^\s@<>]{1,254}+@[^\s<>,;:]{1,254}+|(?<=\bhost )\S++(?= said:)|(?<=\bname=)\S++")

_OF_KIND: Mapping[Kind, Failure] = {
    Kind.DELAY: Failure.DELAYED,
    Kind.SUCCESS: Failure.DELIVERED,
    Kind.RECEIPT: Failure.DELIVERED,
    Kind.AUTOREPLY: Failure.ANSWERED,
    Kind.CHALLENGE: Failure.ANSWERED,
    Kind.COMPLAINT: Failure.REFUSED_AS_SPAM,
}

# Seen in tests/bounce/fixtures and the shared corpora; asked in this order: a line about a full mailbox may say
# "mailbox unavailable", one about a blocklist "spam".
_WORDS: tuple[tuple[Failure, str], ...] = (
    (
        Failure.TOO_LARGE,
        r"too (?:large|big)|exceeds? (?:the )?(?:\w+ ){0,3}(?:size|limit of)|size limit|message size|maximum size",
    ),
    (
        Failure.MAILBOX_FULL,
        (
            r"quota|(?:mail)?box (?:\S+ ){0,3}full|inbox is full|insufficient (?:system |disk )?(?:storage|space)|"
            r"out of storage|storage (?:limit|exceeded)|over its limit|postfach ist voll|bo[iî]te .{0,20}pleine"
        ),
    ),
    (
        Failure.MAILBOX_CLOSED,
        (
            r"(?:account|mailbox|user|address|recipient)\S* (?:\S+ ){0,5}(?:disabled|suspended|inactive|deactivated|"
            r"closed|locked|expired|discontinued|terminated)|inactive (?:user|account|recipient)|"
            r"no longer (?:active|available|in use|accept|valid|monitored)|"
            r"has been (?:disabled|discontinued|deactivated)"
        ),
    ),
    (
        Failure.REFUSED_SENDER,
        (
            r"\b(?:spf|dkim|dmarc|dnsbl|rbl|spamhaus|spamcop|barracudacentral|ptr)\b|black ?list|block ?list|"
            r"blocked using|reputation|reverse dns|listed (?:at|by|in|on) |client host \S+ (?:blocked|rejected)|"
            r"sender (?:address )?(?:verif\w+ failed|rejected|denied)|unauthenticated (?:e-?)?mail|banned sending ip"
        ),
    ),
    (
        Failure.REFUSED_AS_SPAM,
        r"spam|junk|unsolicited|bulk mail|virus|malware|phish|suspicious|infected|content (?:was )?rejected",
    ),
    (
        Failure.UNKNOWN_DOMAIN,
        (
            r"host (?:or domain name )?not found|domain (?:name )?(?:\S+ ){0,2}(?:not found|does not exist|not exist)|"
            r"unrouteable mail domain|name service error|null mx|nxdomain|no such domain|(?:host|domain) unknown|"
            r"unknown (?:host|domain)|doesn't accept mail|dns (?:error|domain)|does not accept (?:any )?mail"
        ),
    ),
    (
        Failure.UNKNOWN_ADDRESS,
        (
            r"(?:user|recipient|mailbox|address|account|inbox) (?:\S+ ){0,3}(?:unknown|not found|not exist|invalid|"
            r"doesn't exist|unavailable|unroutable)|"
            r"unknown (?:or illegal |local |to )?(?:user|recipient|mailbox|address|alias|local)|"
            r"no (?:such|valid) (?:user|mailbox|recipient|address|person|local|account)|no mailbox here|"
            r"(?:does not|doesn't|doesn.t) (?:exist|have an? \S+ account)|not a (?:known|valid) |"
            r"invalid (?:recipient|mailbox|user|address|final)|recipient (?:address )?rejected|not our customer|"
            r"unroute?able address|not listed in|isn't listed|couldn't be found|could not be found|"
            r"unbekannt|inconnu|desconocid|sconosciut|onbekend"
        ),
    ),
    (
        Failure.NOT_ALLOWED,
        (
            r"relay(?:ing)? (?:access )?(?:denied|not)|unable to relay|not permitted|not allowed|not authori[sz]ed|"
            r"access denied|\bpolicy\b|restricted|permission|authentication required|prohibited|moderat"
        ),
    ),
    (
        Failure.UNREACHABLE,
        (
            r"time[d]? ?out|connection (?:refused|reset|lost|failed|dropped)|unreachable|retry time|could not connect|"
            r"couldn't connect|unable to connect|no route|expired|temporar\w+ (?:failure|unavailable|error)|"
            r"too many hops|loop|not responding|lost connection"
        ),
    ),
)
_PATTERNS = tuple((failure, re.compile(words)) for failure, words in _WORDS)

_CODES: Mapping[tuple[int, int], Failure] = {
    (1, 0): Failure.UNKNOWN_ADDRESS,
    (1, 1): Failure.UNKNOWN_ADDRESS,
    (1, 2): Failure.UNKNOWN_DOMAIN,
    (1, 3): Failure.UNKNOWN_ADDRESS,
    (1, 4): Failure.UNKNOWN_ADDRESS,
    (1, 6): Failure.UNKNOWN_ADDRESS,
    (1, 7): Failure.REFUSED_SENDER,
    (1, 8): Failure.REFUSED_SENDER,
    (1, 10): Failure.UNKNOWN_DOMAIN,
    (2, 1): Failure.MAILBOX_CLOSED,
    (2, 2): Failure.MAILBOX_FULL,
    (2, 3): Failure.TOO_LARGE,
    (3, 4): Failure.TOO_LARGE,
    (4, 3): Failure.UNKNOWN_DOMAIN,
    (4, 4): Failure.UNREACHABLE,
    (7, 8): Failure.NOT_ALLOWED,
}
# By the second number alone: network and system; security and policy.
_CLASSES: Mapping[int, Failure] = {
    3: Failure.UNREACHABLE,
    4: Failure.UNREACHABLE,
    7: Failure.NOT_ALLOWED,
}
# 7.20 to 7.29 are about SPF, DKIM, reverse names (RFC 7372); 7.5xx are Exchange Online's (7.509: DMARC).
_SENDERS = frozenset((*range(20, 30), 509))


def failure_of(bounce: Bounce) -> Failure:
    """By its kind if nothing failed, else by what the server said."""
    if bounce.kind in _OF_KIND:
        return _OF_KIND[bounce.kind]
    said = " ".join((bounce.diagnostic or "")[:_MOST].lower().split())
    code = _CODE.search(bounce.status or "") or _CODE.search(said)
    plain = _NAMES.sub("@", said)
    for failure, words in _PATTERNS:
        if words.search(plain):
            full = failure is Failure.TOO_LARGE and code is not None and (code[2], code[3]) == ("2", "2")
            return Failure.MAILBOX_FULL if full else failure
    if code is None:
        return Failure.OTHER
    subject, detail = int(code[2]), int(code[3])
    if subject == 7 and detail in _SENDERS:
        return Failure.REFUSED_SENDER
    return _CODES.get((subject, detail)) or _CLASSES.get(subject, Failure.OTHER)
