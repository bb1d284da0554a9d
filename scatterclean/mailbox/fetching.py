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
            for uid, row in fetched(unusual).items():
                _add(rows, uid, row)
    return connection.end(tag), rows


def _usual(connection: Connection, keep: int, rows: Rows) -> bool:
    """Read the responses that have come in, as long as they are as usual and their literals are wanted as a whole;
    at least one, or False."""
    ahead = connection.ahead()
    at = 0
    while match := _USUAL.match(ahead, at):
        uid, date, flags, octets, literal = match.groups()
        start = match.end()
        end = start + int(literal)
        del match  # while it is there, the buffer cannot grow
        if uid is None or end - start > keep:
            break
        if len(ahead) < end + len(_END):
            if at:
                break
            ahead = connection.ahead(end + len(_END))
        if ahead[end : end + len(_END)] != _END:
            break  # more items behind the literal, or the connection ended
        row: Row = {"UID": uid, "BODY": bytes(ahead[start:end])}
        if date is not None:
            row["INTERNALDATE"] = date
        if flags is not None:
            row["FLAGS"] = [*flags.split()]
        if octets is not None:
            row["RFC822.SIZE"] = octets
        _add(rows, int(uid), row)
        at = end + len(_END)
    if at:
        connection.skip(at)
    return at > 0


def _add(rows: Rows, uid: int, row: Row) -> None:
    if uid in rows:
        rows[uid].update(row)
    elif uid:
        rows[uid] = row
