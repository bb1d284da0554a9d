"""The answer to one FETCH, read as it comes in: nearly all by one pattern, the rest by imaplib.  It asks for nothing.

imaplib takes six calls and three searches for a response, and keeps all of them to be read once more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from scatterclean.mailbox.answers import (
    Answer,
    Value,
    as_number,
    fetched,
    flags_in,
    flags_of,
    internal_date,
)
from scatterclean.mailbox.connection import Connection


class Row(NamedTuple):
    """What was told of one message, `arrival` by INTERNALDATE; None for what was not.  A `Sighting` is made of it, so
    it is a tuple in the same order."""

    uid: int
    arrival: datetime | None = None
    flags: frozenset[str] | None = None
    size: int | None = None
    body: bytes | None = None


Rows = dict[int, Row]

# A response as nearly all servers write it to us: what was asked for, in any order, and the literal as the last.
# Bounded: no command of ours is longer than 8 kB.
_RESPONSE = (
    rb'\* \d{1,10} FETCH \((?:UID (\d{1,10})|INTERNALDATE "([^"\\\r\n]*)"|FLAGS \(([^()"\[{\r\n]*)\)'
    rb"|RFC822\.SIZE (\d{1,20})| )*+"
    rb"BODY\[(?:SECTION[^\]\r\n]{0,8192})\](?:<\d+>)? \{(\d{1,10})\}\r\n"
)
_ASKED = re.compile(rb"BODY\.PEEK\[([^\]]*)\]")


def usual(items: bytes) -> re.Pattern[bytes]:
    """The pattern of a usual response to a FETCH of these items: nearly all servers repeat the section as it was asked
    for, or in capitals, and then it need not be looked through."""
    asked = _ASKED.search(items)
    return _usual_with(asked[1] if asked else b"")


@lru_cache(maxsize=32)
def _usual_with(section: bytes) -> re.Pattern[bytes]:
    written = b"".join(re.escape(one) + b"|" for one in dict.fromkeys((section, section.upper())))
    return re.compile(_RESPONSE.replace(b"SECTION", written))


_END = b")\r\n"
# Behind the end of a literal.
_BEYOND = len(_END)


@dataclass(slots=True, eq=False)
class Posted:
    """A UID FETCH that was sent; `rows` is None until its answer was read.

    `usual`: how a usual response is written.  `keep`: so many bytes of each literal are kept.  `wanted`: will anybody
    ask for the rows?
    """

    tag: bytes
    usual: re.Pattern[bytes]
    about: str
    keep: int
    wanted: bool = True
    rows: Rows | None = None


def post(connection: Connection, uids: bytes, items: bytes, *, about: str, keep: int) -> Posted:
    """Send it; whoever sends more before reading the answer reads them in the same order."""
    return Posted(connection.post("UID", b"FETCH", uids, items), usual(items), about, keep)


def answer(connection: Connection, posted: Posted) -> tuple[Answer, Rows]:
    """Its answer, and the rows as `answers.fetched` gives them, the last word of the server counting.

    Raises what `Connection.ask` does.
    """
    tag, keep = posted.tag, posted.keep
    connection.expect(keep)
    rows: Rows = {}
    while not connection.ended(tag):
        if _usual(connection, posted, rows):
            continue
        connection.respond()
        if unusual := connection.untagged_responses.pop("FETCH", None):
            if isinstance(unusual[-1], tuple):
                raise ValueError("a FETCH response without an end")
            for uid, named in fetched(unusual).items():
                _add(rows, _row(uid, named))
    return connection.end(tag), rows


def joined(earlier: Row, later: Row) -> Row:
    """One message told of twice: the last word counts."""
    told = {name: value for name, value in later._asdict().items() if value is not None}
    return earlier._replace(**told)


def _usual(connection: Connection, posted: Posted, rows: Rows) -> bool:
    """Read the responses that have come in, as long as they are as usual and their literals are wanted as a whole;
    at least one, or False."""
    came = bytes(connection.ahead())
    size, at = len(came), 0
    match_at, keep = posted.usual.match, posted.keep
    while match := match_at(came, at):
        number, date, words, octets, literal = match.groups()
        start = match.end()
        end = start + int(literal)
        beyond = end + _BEYOND
        if number is None or end - start > keep:
            break
        if size < beyond:
            if at:
                break
            came = bytes(connection.ahead(beyond))
            size = len(came)
        if came[end:beyond] != _END:
            break  # more items behind the literal, or the connection ended
        at = beyond
        uid = int(number)
        flags = None if words is None else flags_of(words)
        row = Row(uid, internal_date(date), flags, None if octets is None else int(octets), came[start:end])
        if uid in rows or not uid:
            _add(rows, row)
        else:
            rows[uid] = row
    if at:
        connection.skip(at)
    return at > 0


def _row(uid: int, named: Mapping[str, Value]) -> Row:
    date, body = named.get("INTERNALDATE"), named.get("BODY")
    return Row(
        uid,
        internal_date(date if isinstance(date, bytes) else None),
        flags_in(named.get("FLAGS")),
        as_number(named.get("RFC822.SIZE")),
        body if isinstance(body, bytes) else None,
    )


def _add(rows: Rows, row: Row) -> None:
    if row.uid:
        rows[row.uid] = joined(rows[row.uid], row) if row.uid in rows else row
