"""What a header says of who made the message: signatures, programs' marks, hops.  As it stands: nothing is checked."""

from __future__ import annotations

import re

from scatterclean.headers import Header, keys_of
from scatterclean.model import MAX_HOP, MAX_HOPS, Signature

_MAX_SIGNATURES = 8
_MAX_MARKS = 10
_MAX_MARK = 300

_MARKS = ("Authentication-Results", "X-Backscatter", "X-Batv-Status", "X-Spam-Status", "X-CustomSpam")
_MARK_KEYS = keys_of(_MARKS)
# Fields beside Content-Type that tell of a program.
_PROGRAMS = keys_of(("Auto-Submitted", "X-Autoreply", "X-Autorespond", "Precedence", "Content-Class"))

# A tag-list (RFC 6376, 3.2).  A domain name has at most 253 characters, and a selector is a part of one.
_TAG = re.compile(r"(?:^|;)\s{0,9}([ds])\s{0,9}=\s{0,9}([^\s;]{1,253})")
# Meetings are answered by programs (RFC 6047; Exchange's Content-Class), and so are receipts made (RFC 8098).
_MADE_BY_PROGRAMS = re.compile(r"\s*text/calendar|.{0,500}\bdisposition-notification", re.IGNORECASE)


def signatures(header: Header) -> tuple[Signature, ...]:
    """One for each DKIM-Signature that names its domain, in order."""
    found = []
    for value in header.all("DKIM-Signature", _MAX_SIGNATURES):
        tags = {name: text.lower().rstrip(".") for name, text in reversed(_TAG.findall(value))}
        if tags.get("d"):
            found.append(Signature(tags["d"], tags.get("s", "")))
    return tuple(found)


def is_automatic(header: Header) -> bool:
    """Did a program write it?  (RFC 3834, 5)  X-Auto-Response-Suppress alone is in people's mail, too."""
    if _MADE_BY_PROGRAMS.match(header.get("Content-Type") or ""):
        return True
    if not header.has_any(_PROGRAMS):
        return False
    submitted = (header.get("Auto-Submitted") or "").lower()
    if submitted and not re.match(r"no\b(?!-)", submitted):
        return True
    if "x-autoreply" in header or "x-autorespond" in header:
        return True
    if (header.get("Precedence") or "").lower().startswith(("auto_reply", "auto-reply")):
        return True
    return "calendarmessage" in (header.get("Content-Class") or "")[:200].lower()


def hops(header: Header, limit: int = MAX_HOPS) -> tuple[str, ...]:
    """Received values, topmost first, each cut at MAX_HOP."""
    return tuple([value[:MAX_HOP] for value in header.all_normalised("Received", limit)])


def marks(header: Header) -> tuple[str, ...]:
    """See `Bounce.marks`."""
    if not header.has_any(_MARK_KEYS):
        return ()
    found = [
        f"{name}: {value}"[:_MAX_MARK]
        for name in _MARKS
        if name in header
        for value in header.all(name, _MAX_MARKS)
    ]
    return tuple(found[:_MAX_MARKS])
