"""UIDs as text: ranges, on lines that stay short; it knows no server and no folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from operator import lt

# RFC 2683, 3.2.1.5: servers should accept command lines of 8,000 octets.  Dovecot answers a line of 114 kB
# with BAD, Courier hangs up (field guide, 6).
LINE = 8000
_HIGHEST = 2**32 - 1  # RFC 3501, 9: nz-number


def each_once(uids: Iterable[int]) -> list[int]:
    """Ascending.  By far most are so already, and are given back as they are: of a million a set would take 60 MB."""
    result = uids if isinstance(uids, list) else list(uids)
    return result if all(map(lt, result, islice(result, 1, None))) else sorted(set(result))


def ordered(uids: Iterable[int]) -> list[int]:
    """Ascending, each once.  Raises ValueError for a number that cannot be a UID: that is our bug."""
    result = each_once(uids)
    if result and not (result[0] >= 1 and result[-1] <= _HIGHEST):
        raise ValueError(f"not a UID: {result[0] if result[0] < 1 else result[-1]}")
    return result


def _runs(ascending: Iterable[int]) -> Iterator[tuple[int, int]]:
    start = end = 0
    for uid in ascending:
        if start and uid == end + 1:
            end = uid
            continue
        if start:
            yield start, end
        start = end = uid
    if start:
        yield start, end


def _text(start: int, end: int) -> str:
    return str(start) if start == end else f"{start}:{end}"


def compressed(uids: Iterable[int]) -> str:
    """`[3, 1, 2, 7]` -> `1:3,7` (RFC 3501, 9: sequence-set); empty for no UIDs."""
    return ",".join(_text(start, end) for start, end in _runs(ordered(uids)))


def cut(uids: Iterable[int], most: int, room: int = LINE) -> Iterator[tuple[str, list[int]]]:
    """The UIDs in pieces of at most `most`, each with its sequence-set of at most `room` characters.

    A range names only UIDs that are in `uids`: a deed must never reach a neighbour.
    `most` is at least 1, `room` at least 21 (one range of two ten-digit numbers).
    """
    if most < 1 or room < 21:
        raise ValueError("no room for a single UID")
    texts: list[str] = []
    members: list[int] = []
    used = 0
    for first, last in _runs(ordered(uids)):
        start = first
        while start <= last:
            if len(members) == most or (texts and used + 1 + len(_text(start, last)) > room):
                yield ",".join(texts), members
                texts, members, used = [], [], 0
            end = min(last, start + most - len(members) - 1)
            text = _text(start, end)
            used += len(text) + (1 if texts else 0)
            texts.append(text)
            members.extend(range(start, end + 1))
            start = end + 1
    if members:
        yield ",".join(texts), members


def expanded(text: str, most: int) -> list[int]:
    """`4,7:9` -> `[4, 7, 8, 9]` in the order of the text (RFC 4315, 3: `9:7` is the same as `7:9`).

    Raises ValueError for anything else, `*` included, and for more than `most` numbers: what a server sends
    is bounded.
    """
    result: list[int] = []
    for piece in text.split(","):
        first, colon, last = piece.partition(":")
        if not (first.isascii() and first.isdigit() and (not colon or (last.isascii() and last.isdigit()))):
            raise ValueError("not a set of UIDs")
        start, end = sorted((int(first), int(last) if colon else int(first)))
        if start < 1 or end > _HIGHEST or len(result) + end - start + 1 > most:
            raise ValueError("not a set of UIDs, or too large a one")
        result.extend(range(start, end + 1))
    return result
