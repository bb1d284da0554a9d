"""The answer to one FETCH, read as it comes in: nearly all by one pattern, the rest by imaplib.  It asks for nothing.

imaplib takes six calls and three searches for a response, and keeps all of them to be read once more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scatterclean.mailbox.answers import Answer, Value, fetched
from scatterclean.mailbox.connection import Connection

Row = dict[str, Value]
Rows = dict[int, Row]

# A response as nearly all servers write it to us: what was asked for, in any order, and the literal as the last.
# Bounded: no command of ours is longer than 8 kB.
_USUAL = re.compile(
    rb'\* \d{1,10} FETCH \((?:UID (\d{1,10})|INTERNALDATE "([^"\\\r\n]*)"|FLAGS \(([^()"\[{\r\n]*)\)'
    rb"|RFC822\.SIZE (\d{1,20})| )*+"
    rb"BODY\[[^\]\r\n]{0,8192}\](?:<\d+>)? \{(\d{1,10})\}\r\n"
)
_END = b")\r\n"


@dataclass(slots=True, eq=False)
class Posted:
    """A UID FETCH that was sent; `rows` is None until its answer was read.

    `keep`: so many bytes of each literal are kept.  `wanted`: will anybody ask for the rows?
    """

    tag: bytes
    about: str
    keep: int
    wanted: bool = True
    rows: Rows | None = None


def post(connection: Connection, *args: bytes, about: str, keep: int) -> Posted:
    """Send it; whoever sends more before reading the answer reads them in the same order."""
    return Posted(connection.post("UID", b"FETCH", *args), about, keep)


def answer(connection: Connection, posted: Posted) -> tuple[Answer, Rows]:
    """Its answer, and the rows as `answers.fetched` gives them, the last word of the server counting.

    Raises what `Connection.ask` does.
    """
    tag, keep = posted.tag, posted.keep
    connection.expect(keep)
    rows: Rows = {}
    while not connection.ended(tag):
        if _usual(connection, keep, rows):
            continue
        connection.respond()
        if unusual := connection.untagged_responses.pop("FETCH", None):
            if isinstance(unusual[-1], tuple):
                raise ValueError("a FETCH response without an end")
            _add(rows, fetched(unusual))
    return connection.end(tag), rows


def _usual(connection: Connection, keep: int, rows: Rows) -> bool:
    """Read one response, if the next one is as usual and its literal is wanted as a whole."""
    ahead = connection.ahead()
    match = _USUAL.match(ahead)
    if match is None or not match[1] or (size := int(match[5])) > keep:
        return False
    start = match.end()
    end = start + size
    uid, date, flags, octets = match.group(1, 2, 3, 4)
    del match  # while it is there, the buffer cannot grow
    ahead = connection.ahead(end + len(_END))
    if ahead[end : end + len(_END)] != _END:
        return False  # more items behind the literal, or the connection ended
    row: Row = {"UID": uid, "BODY": bytes(ahead[start:end])}
    if date is not None:
        row["INTERNALDATE"] = date
    if flags is not None:
        row["FLAGS"] = [*flags.split()]
    if octets is not None:
        row["RFC822.SIZE"] = octets
    connection.skip(end + len(_END))
    _add(rows, {int(uid): row})
    return True


def _add(rows: Rows, more: Rows) -> None:
    for uid, row in more.items():
        if uid in rows:
            rows[uid].update(row)
        elif uid:
            rows[uid] = row
