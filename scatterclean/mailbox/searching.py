"""Message-IDs -> SEARCH criteria on lines that stay short; it asks nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scatterclean.mailbox.folders import quoted

# Bytes of ids in one SEARCH: with one more its line stays below 8 kB (field guide, 6).
_SEARCHED, _LONGEST_ID = 6000, 998


def searches(message_ids: Sequence[str]) -> Iterator[bytes]:
    """Criteria that together find every message whose Message-ID holds one of these texts.

    A SEARCH without CHARSET knows ASCII only: other texts, and those that are too long for an id, are left out."""
    keys = [
        b"HEADER Message-ID " + quoted(text.encode())
        for text in message_ids
        if text and text.isascii() and text.isprintable() and len(text) < _LONGEST_ID
    ]
    while keys:
        some, size = [keys.pop()], 0
        while keys and size + len(keys[-1]) < _SEARCHED:
            size += len(keys[-1]) + len(b"OR ")
            some.append(keys.pop())
        yield b"OR " * (len(some) - 1) + b" ".join(some)
