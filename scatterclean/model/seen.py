"""Where messages are, and what is seen of them.

Of what a harvest makes for each message, a tuple is made in a third of the time of a frozen dataclass.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from scatterclean.model.said import MessageId


@dataclass(frozen=True, slots=True)
class Place:
    """A folder in one of its lives: UIDs mean something only together with both (RFC 3501, 2.3.1.1)."""

    folder: str
    uidvalidity: int


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Names a message on a server, but only together with its fingerprint (some servers reuse UIDs)."""

    place: Place
    uid: int

    def __str__(self) -> str:
        return f"{self.place.folder}/{self.uid}"


class Sighting(NamedTuple):
    """A message as it was seen in a folder: header fields only.

    `arrival` is INTERNALDATE.  `flags` are as the server wrote them (`\\Seen`, `$Backscatter`).
    `header` holds the fields that were asked for, as raw bytes; `size` is RFC822.SIZE in bytes.
    """

    uid: int
    arrival: datetime
    flags: frozenset[str]
    size: int
    header: bytes


class SentMessage(NamedTuple):
    """A message that the person really sent, read from the header fields of its copy in a Sent folder.

    `ids` are all its names (Message-ID, X-Microsoft-Original-Message-ID ...); it may have none.
    `sent_at` is its Date if that is believable, else INTERNALDATE; `filed_at` is INTERNALDATE.  `dated` is false in
    the second case: a copy that came with an old mailbox bears the day of import.
    """

    fingerprint: str
    ids: tuple[MessageId, ...]
    sender: str | None
    recipients: tuple[str, ...]
    subject: str | None
    sent_at: datetime
    filed_at: datetime
    dated: bool = True
