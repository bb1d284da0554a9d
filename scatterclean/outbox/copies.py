"""A message in a file -> SentMessage: only its header is looked at.  It reads no file itself."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from scatterclean import sent
from scatterclean.dates import date_in
from scatterclean.headers import Header
from scatterclean.model import SentMessage, Sighting
from scatterclean.outbox.files import Message

# A header is rarely larger than some ten kB; Postfix stops at 100 kB (header_size_limit).
HEADER_CAP = 256 * 1024
_HEADER_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
# Before the first mail and after any that is read by this program: a broken clock.
_EARLIEST, _LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def header_of(raw: bytes) -> bytes:
    """The header block of a message, without its blank line."""
    block = raw[:HEADER_CAP].lstrip(b"\r\n")
    end = _HEADER_END.search(block)
    return block[: end.start()] if end else block


def arrival_of(message: Message, header: Header) -> datetime | None:
    """When a message came: the hop that delivered it (topmost Received), its place, its Date.

    None if nothing believable says so.
    """
    received = header.all("Received")
    said = [date_in(received[0].rpartition(";")[2])] if received else []
    said += [message.stamped, date_in(header.get("Date"))]
    return next((when for when in said if when and _EARLIEST < when < _LATEST), None)


def sent_copy(message: Message) -> SentMessage:
    """A copy in a file has no INTERNALDATE: its own Date is believed, for that is all there is."""
    block = header_of(message.raw)
    header = Header(block)
    date = date_in(header.get("Date"))
    if date is None or not _EARLIEST < date < _LATEST:
        date = arrival_of(message, header) or _EARLIEST
    return sent.read(Sighting(uid=0, arrival=date, flags=frozenset(), size=len(message.raw), header=block))
