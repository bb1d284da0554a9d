"""Subjects compared loosely: what relays, lists and people do to a subject is no contradiction.  Pure."""

from __future__ import annotations

import re

_PREFIXES = re.compile(r"^(?:\W*\w{1,10}(?:\[\d+\])?\s*:\s*|\W*\[[^\]]{1,40}\]\s*)+")
_NOT_WORD = re.compile(r"[\W_]+")


def loose(subject: str | None) -> str:
    """Without prefixes (Re:, AW:, [list]), punctuation, case and blanks; "" if nothing is left."""
    return _NOT_WORD.sub("", _PREFIXES.sub("", subject or "")).casefold()


def compatible(returned: str | None, logged: str | None) -> bool:
    """May `returned` be what became of `logged` on its way?  A missing one contradicts nothing."""
    one, other = loose(returned), loose(logged)
    if not one or not other:
        return True
    # S/MIME and PGP gateways show "..." outside (RFC 9788); MTAs cut long subjects; filters put a tag before them
    # (SpamAssassin's rewrite_header, MailScanner's "{Spam?}").
    return one.startswith(other[:20]) or other.startswith(one[:20]) or one.endswith(other)


def same(one: str | None, other: str | None) -> bool:
    """Are both there, and equal but for prefixes and punctuation?"""
    return loose(one) == loose(other) != ""
