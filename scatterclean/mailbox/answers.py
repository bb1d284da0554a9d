"""What IMAP servers say -> values; tolerant of what they say wrongly, it never raises and asks nothing.

Not imapclient's parser: that one walks through every character in Python (100 us per message), fails a
whole answer for one odd item, and turns flags that are digits into numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType
from typing import TypeAlias

from scatterclean.dates import moment_of
from scatterclean.mailbox.sets import each_once, expanded

# imaplib keeps an untagged response as one `bytes`, or, where it holds literals, as tuples of (text that ends
# in {n}, literal) followed by the `bytes` behind the last literal.
Record: TypeAlias = bytes | tuple[bytes, bytes]
Value: TypeAlias = "bytes | list[Value] | None"

_TOKEN = re.compile(
    rb'(?P<open>\()|(?P<close>\))|"(?P<quoted>(?:[^"\\]|\\.)*)"?'
    # BODY[HEADER.FIELDS (A B)]<0> is one atom although it has blanks and parentheses inside; flags may
    # hold brackets and braces (Gmail; bugs.python.org issue 21815).  No section holds an open bracket of its
    # own: each is looked behind once, or a line of them takes minutes.
    rb'|(?P<atom>[A-Za-z0-9.]+\[[^\[\]]*\](?:<\d+>)?|[^\s()"]+)',
    re.DOTALL,
)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_LITERAL_MARK = re.compile(rb"~?\{\d+\+?\}$")
_MOST_UIDS = 1_000_000
_NUMBERS = re.compile(rb"(?:\d{1,10}(?: |\Z))*+")
_COUNTED = re.compile(
    rb"(?:\(TAG \"[^\"]{0,100}\"\) )?UID((?: (?:ALL [0-9:,]+|COUNT \d{1,10}))*+) ?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole answer to one command: the tagged line and every untagged line that came before it.

    `status` is OK, NO or BAD; `text` is what follows it, response code included.
    """

    status: str
    text: bytes
    untagged: Mapping[str, Sequence[Record]] = field(default_factory=lambda: MappingProxyType({}))

    def texts(self) -> list[bytes]:
        """The human texts: tagged first, then untagged OK, NO, BAD, BYE."""
        found = [self.text]
        for kind in ("OK", "NO", "BAD", "BYE"):
            found.extend(line for line in self.untagged.get(kind, ()) if isinstance(line, bytes))
        return found

    @property
    def partial(self) -> bool:
        """Was only a part of the messages looked at, although it is an OK (RFC 9738, 3)?"""
        return self.code("MESSAGELIMIT") is not None

    def code(self, name: str) -> bytes | None:
        """The argument of the first response code of that name (empty if it has none), else None."""
        for text in self.texts():
            found, argument = code_of(text)
            if found == name:
                return argument
        return None

    def number(self, kind: str) -> int | None:
        """The last number of that untagged response (`EXISTS`) or response code (`UIDNEXT`)."""
        for line in reversed(self.untagged.get(kind, ())):
            if isinstance(line, bytes) and (number := as_number(line)) is not None:
                return number
        return as_number(self.code(kind))


def code_of(text: bytes) -> tuple[str, bytes]:
    """`[TRYCREATE] No such folder` -> ("TRYCREATE", b""); ("", b"") if there is none (RFC 3501, 7.1)."""
    match = re.match(rb"\[([A-Za-z0-9-]+)(?: (\([^()]*\)|[^\]]*))?\]", text)
    if match is None:
        return "", b""
    return match[1].decode("ascii").upper(), match[2] or b""


def rows(records: Sequence[Record]) -> Iterator[list[Value]]:
    """Each untagged response as nested lists; atoms, quoted strings and literals are bytes, NIL is None."""
    row: list[Value] = []
    stack: list[list[Value]] = [row]
    for record in records:
        literal: bytes | None = None
        if isinstance(record, tuple):
            text, literal = _LITERAL_MARK.sub(b"", record[0]), record[1]
        else:
            text = record
        for match in _TOKEN.finditer(text):
            kind, token = match.lastgroup, match[0]
            if kind == "open":
                inner: list[Value] = []
                stack[-1].append(inner)
                stack.append(inner)
            elif kind == "close":
                if len(stack) > 1:
                    stack.pop()
            elif kind == "quoted":
                stack[-1].append(_ESCAPED.sub(rb"\1", match["quoted"]))
            else:
                stack[-1].append(None if token.upper() == b"NIL" else token)
        if literal is None:  # a plain record ends its response
            yield row
            row = []
            stack = [row]
        else:
            stack[-1].append(literal)


def fetched(records: Sequence[Record]) -> dict[int, dict[str, Value]]:
    """The items of FETCH responses by UID; BODY[...] stands under "BODY", whatever the section.

    Responses without a UID are news about flags that nobody asked for.  A server may split the items of one
    message over several responses (RFC 3501, 7.4.2).
    """
    result: dict[int, dict[str, Value]] = {}
    for row in rows(records):
        if len(row) < 2 or not isinstance(row[-1], list):
            continue
        items = row[-1]
        named: dict[str, Value] = {}
        for name, value in zip(items[::2], items[1::2], strict=False):
            if isinstance(name, bytes):
                named[name.decode("latin-1").upper().partition("[")[0]] = value
        uid = as_number(named.get("UID"))
        if uid:
            result.setdefault(uid, {}).update(named)
    return result


def as_number(value: Value) -> int | None:
    """A decimal number, or None."""
    return int(value) if isinstance(value, bytes) and value.isdigit() and len(value) <= 20 else None


def flags_in(value: Value) -> frozenset[str] | None:
    r"""The flags of a list, without \Recent, which is the session's (RFC 3501, 2.3.2).  None if no list."""
    if not isinstance(value, list):
        return None
    return _flags(flag for flag in value if isinstance(flag, bytes))


def flags_of(words: bytes) -> frozenset[str]:
    """The same of what stands between the parentheses."""
    return _few_flags(words) if len(words) <= 200 else _flags(words.split())


@lru_cache(maxsize=256)  # nearly all messages of a folder have one of few sets of flags
def _few_flags(words: bytes) -> frozenset[str]:
    return _flags(words.split())


def _flags(words: Iterable[bytes]) -> frozenset[str]:
    return frozenset(
        flag for flag in (word.decode("latin-1") for word in words) if flag.lower() != "\\recent"
    )


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_INTERNALDATE = re.compile(
    r"\s*(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?(?: ([+-])(\d{2})(\d{2}))?"
)


def internal_date(value: bytes | None) -> datetime | None:
    """`17-Jul-1996 02:44:25 -0700` in UTC (RFC 3501, 9: date-time); a missing zone counts as UTC."""
    if value is None:
        return None
    try:
        text = value.decode("latin-1")
        if len(text) == 26:  # 17-Jul-1996 02:44:25 -0700; a day of one digit stands behind a blank
            moment = moment_of(text[:11], text[12:20], text[21:])
            if moment is not None:
                return moment
        match = _INTERNALDATE.match(text)
        if match is None:
            return None
        away = timedelta(hours=int(match[8] or 0), minutes=int(match[9] or 0))
        zone = timezone(-away if match[7] == "-" else away)
        month = _MONTHS.index(match[2].lower()) + 1
        clock = (int(match[4]), int(match[5]), min(int(match[6]), 59))  # a leap second has no datetime
        return datetime(int(match[3]), month, int(match[1]), *clock, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def imap_date(year: int, month: int, day: int) -> str:
    """`1-Feb-1994` (RFC 3501, 9: date), whatever the locale."""
    return f"{day}-{_MONTHS[month - 1].title()}-{year:04d}"


def found_uids(answer: Answer) -> list[int]:
    """The numbers of all SEARCH and ESEARCH lines, in the order sent.

    Some servers split a long answer into two SEARCH lines, some IMAP4rev2 servers send ESEARCH unasked
    (field guide, 6).  Raises ValueError if that is more than a million.
    """
    uids: list[int] = []
    for line in answer.untagged.get("SEARCH", ()):
        if isinstance(line, bytes):
            words = line.partition(b"(")[0].split()
            if _NUMBERS.fullmatch(line):  # as nearly all are
                uids.extend(filter(None, map(int, words)))
            else:
                uids.extend(filter(None, map(as_number, words)))
    for row in rows(answer.untagged.get("ESEARCH", ())):
        told = [word for word in row if isinstance(word, bytes)]
        for name, value in pairwise(told):
            if name.upper() == b"ALL":
                uids.extend(expanded(value.decode("latin-1"), _MOST_UIDS))
    if len(uids) > _MOST_UIDS:
        raise ValueError("a SEARCH answer of more than a million UIDs")
    return uids


def counted_uids(answer: Answer) -> list[int] | None:
    """The numbers of the one ESEARCH line with ALL and COUNT (RFC 4731, 3.1), ascending; None unless it tells UIDs,
    exactly as many as it counts, and nothing stands beside it or was left out."""
    told = answer.untagged.get("ESEARCH", ())
    match = _COUNTED.fullmatch(told[0]) if len(told) == 1 and isinstance(told[0], bytes) else None
    if answer.status != "OK" or answer.partial or match is None or "SEARCH" in answer.untagged:
        return None
    pieces = match[1].upper().split()
    values = dict(zip(pieces[::2], pieces[1::2], strict=True))
    if len(pieces) != 2 * len(values) or b"COUNT" not in values:
        return None
    try:
        uids = each_once(expanded(values[b"ALL"].decode(), _MOST_UIDS)) if b"ALL" in values else []
    except ValueError:
        return None
    return uids if len(uids) == as_number(values[b"COUNT"]) else None


def statuses(records: Sequence[Record]) -> Iterator[tuple[bytes, dict[str, int]]]:
    """`STATUS name (UIDNEXT 5 ...)` -> (b"name", {"UIDNEXT": 5, ...}), in the server's bytes for the name."""
    for row in rows(records):
        if len(row) > 1 and not isinstance(row[0], list) and isinstance(row[-1], list):
            items = row[-1]
            yield (
                b"NIL" if row[0] is None else row[0],  # a folder may be called so
                {
                    name.decode("latin-1").upper(): number
                    for name, value in zip(items[::2], items[1::2], strict=False)
                    if isinstance(name, bytes) and (number := as_number(value)) is not None
                },
            )


def status_of(answer: Answer) -> dict[str, int]:
    """What the first STATUS response tells."""
    return next((told for _, told in statuses(answer.untagged.get("STATUS", ()))), {})


def copied(answer: Answer, uidvalidity: int) -> dict[int, int]:
    """{old UID: new UID} as COPYUID tells (RFC 4315, 3); nothing for another UIDVALIDITY of the target.

    For MOVE it comes in an untagged OK (RFC 6851, 4.3), one for each part of a move that was done in parts.
    """
    result: dict[int, int] = {}
    for text in answer.texts():
        name, argument = code_of(text)
        words = argument.decode("latin-1").split()
        if name != "COPYUID" or len(words) != 3 or words[0] != str(uidvalidity):
            continue
        try:
            sources, targets = (expanded(word, _MOST_UIDS) for word in words[1:])
        except ValueError:
            continue
        if len(sources) == len(targets):
            result.update(zip(sources, targets, strict=True))
    return result


def appended(answer: Answer) -> int | None:
    """The UID that APPENDUID tells (RFC 4315, 3); None from a server that does not say."""
    for text in answer.texts():
        name, argument = code_of(text)
        words = argument.split()
        if name == "APPENDUID" and len(words) == 2 and re.fullmatch(rb"[0-9]{1,10}", words[1]):
            return int(words[1])
    return None
