"""A polite note to the postmaster of a server that bounces to forged senders; nothing sends it.  Pure.

All that strangers wrote stands behind a label of ours on a line of its own: it begins no line, and is no header.
"""

from __future__ import annotations

import ipaddress
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from scatterclean.model import Kind
from scatterclean.model.report import Bouncer
from scatterclean.wording.heaps import counted
from scatterclean.wording.text import defanged, shown

# RFC 3676, 4.2 and every mailer: lines of mail that is typed.
_WIDTH = 72
# What a stranger wrote is cut to, in a line; a host name has at most 253 characters (RFC 1035, 2.3.4).
_HOST, _LINE, _FEW = 253, 200, 3
# RFC 1035, 2.3.1 as it is used; at least two labels, the last one not a number: else postmaster@ leads nowhere.
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}$)(?:{_LABEL}\.)+(?!\d+$){_LABEL}")
_LINK = re.compile(r"://|www\.", re.IGNORECASE)

NAME = "[your name]"


@dataclass(frozen=True, slots=True)
class Note:
    """`to` is one bare address in ASCII, or "" if none is known; `subject` one line; `text` lines that end in "\\n"."""

    to: str
    subject: str
    text: str


_WHAT_HAPPENS = (
    "Your server, named below, accepted such mail and afterwards sent its answers to me, because my address stood in "
    "it. That is called backscatter. To whoever is forged it is as bad as the spam itself, and it can bring a server "
    "onto blocklists. I write because you can stop it, and you may not know of it."
)


def note(bouncer: Bouncer) -> Note:
    """To be read, signed and sent by the person, or not; times carry their offset, as in logs of mail servers."""
    kinds = frozenset(bouncer.kinds) or frozenset((Kind.BOUNCE,))
    paragraphs = [
        "Hello,",
        "somebody sends mail with my address as a forged sender. I did not send it, and I cannot stop it.",
        _WHAT_HAPPENS,
        "What I have seen:",
        _evidence(bouncer),
        "What stops it:",
        *(f"{number}. {line}" for number, line in enumerate(_remedies(kinds), 1)),
        "More about it:",
        _READ_MORE,
        "You need not answer me. Thank you for looking into it.",
        NAME,
    ]
    return Note(
        to=postmaster(bouncer),
        subject=_subject(bouncer, kinds),
        text="\n\n".join(_wrapped(each) for each in paragraphs) + "\n",
    )


def _subject(bouncer: Bouncer, kinds: frozenset[Kind]) -> str:
    """Only what is a host name or an address stands in it: whatever a stranger wrote stays out of the header."""
    name = _domain(bouncer.host) or _domain(bouncer.domain) or _literal(bouncer.ip)
    what = (
        "bounces"
        if kinds & _UNDELIVERABLE
        else "automatic replies"
        if kinds <= _REPLIES
        else "automatic mail"
    )
    return f"Your mail server{name and ' '}{name} sends {what} to forged senders"


def postmaster(bouncer: Bouncer) -> str:
    """Where the postmaster can be written to (RFC 5321, 4.5.1: every domain with a mail server has one); else ""."""
    for name in (bouncer.domain, bouncer.host):
        if domain := _domain(name):
            return f"postmaster@{domain}"
    literal = _literal(bouncer.ip)
    return f"postmaster@{literal}" if literal else ""


def unlinked(text: str, limit: int = _LINE) -> str:
    """A line of text of a stranger without a link: nobody opens or sends one that a stranger chose."""
    text = " ".join(shown(text, limit * 2).split())
    return defanged(text, limit) if _LINK.search(text) else shown(text, limit)


def _domain(name: str) -> str:
    """The name in the form that DNS knows, lower-cased; "" if it is none."""
    name = name.strip().rstrip(".").lower()
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    return name if _DOMAIN.fullmatch(name) else ""


def _literal(ip: str) -> str:
    """RFC 5321, 4.1.3; "" for what is no address of the whole internet."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ""
    if not address.is_global:
        return ""
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"


def _host(bouncer: Bouncer) -> str:
    """The server as it calls itself, and the address from which it came; never empty."""
    name = unlinked(bouncer.host, _HOST) or unlinked(bouncer.domain, _HOST)
    literal = _literal(bouncer.ip)
    if not name:
        return literal or "(without a name)"
    return f"{name} {literal}" if literal and bouncer.ip not in name else name


def _evidence(bouncer: Bouncer) -> str:
    return "\n".join(f"  {label}: {value}" for label, value in _lines(bouncer) if value)


def _lines(bouncer: Bouncer) -> Iterator[tuple[str, str]]:
    yield "Server", _host(bouncer)
    kinds = sorted(bouncer.kinds.items(), key=lambda item: (-item[1], item[0]))
    yield "Number", ", ".join(counted(many, kind) for kind, many in kinds) or str(bouncer.bounces)
    yield "First", _time(bouncer.first)
    yield "Last", _time(bouncer.last)
    yield "Message-ID of one of them", unlinked(bouncer.example)
    yield "Status", ", ".join(unlinked(each, 20) for each in bouncer.statuses[:_FEW])
    yield "It says", unlinked(bouncer.diagnostic)
    yield "Could not be delivered to", ", ".join(unlinked(each, 100) for each in bouncer.recipients[:_FEW])
    yield "Named by", ", ".join(unlinked(each, _HOST) for each in bouncer.listed or ())


def _time(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M:%S %z")


_UNDELIVERABLE = frozenset((Kind.BOUNCE, Kind.DELAY, Kind.SUCCESS, Kind.COMPLAINT))
_REPLIES = frozenset((Kind.AUTOREPLY, Kind.RECEIPT))


def _remedies(kinds: frozenset[Kind]) -> Iterator[str]:
    """What fits what the server sends; each with the place where it is written (looked up on 2026-11-29)."""
    if kinds & _UNDELIVERABLE:
        yield (
            "Refuse mail for addresses that do not exist while the other side is still connected (550 to RCPT TO: "
            "RFC 5321, 3.3). Once a server has accepted a message it has to report its failure (RFC 5321, 6.1), and "
            "the report goes to whoever was forged. A gateway or backup server needs the list of valid addresses for "
            "that, or asks the server behind it (recipient verification)."
        )
    yield (
        "Look for spam and viruses while the other side is still connected, and refuse there. Send no bounce and no "
        "notice about what is found later (RFC 5321, 6.2)."
    )
    yield (
        "Check SPF and DMARC before you accept (RFC 7208, 8.4; RFC 7489, 10.3), and never answer a sender that did not "
        "pass."
    )
    if kinds & _REPLIES:
        yield (
            "Let automatic replies answer only mail that passed the filter and names the person in To or Cc, and "
            "each sender once in some days (RFC 3834, 2)."
        )
    if Kind.NOTICE in kinds:
        yield "Switch off notices to the sender about spam and viruses: that sender is nearly always forged."
    if Kind.CHALLENGE in kinds:
        yield (
            'Send no challenge ("confirm that you are a person") to a sender that SPF or DKIM does not prove: it is '
            "spam to everybody who was forged."
        )


_READ_MORE = "\n".join(
    (
        "  https://en.wikipedia.org/wiki/Backscatter_(email)",
        "  https://www.rfc-editor.org/rfc/rfc5321#section-6.2",
        "  https://www.rfc-editor.org/rfc/rfc3834#section-2",
        "  https://www.postfix.org/LOCAL_RECIPIENT_README.html",
        "  https://www.postfix.org/ADDRESS_VERIFICATION_README.html",
    )
)


def _wrapped(paragraph: str) -> str:
    """Prose in lines of at most 72 characters; what is laid out stays as it is: a Message-ID is copied whole."""
    if paragraph.startswith("  "):
        return paragraph
    hanging = "   " if re.match(r"\d+\. ", paragraph) else ""
    return textwrap.fill(
        paragraph, _WIDTH, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False
    )
