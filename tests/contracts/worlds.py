"""A fresh mailbox with another hand at work in it, whatever the server: what the mailbox contract runs on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from scatterclean.model import Place
from scatterclean.ports import Mailbox
from tests.servers import OtherHand

NOON = datetime(2026, 3, 14, 12, 0, 0, tzinfo=UTC)

MESSAGE = (
    b"Return-Path: <>\r\n"
    b"Received: from mx.example.net (mx.example.net [192.0.2.7])\r\n"
    b"\tby in.example.org with ESMTP id 4XYZ\r\n"
    b"From: MAILER-DAEMON@example.net\r\n"
    b"To: me@example.org\r\n"
    b"Subject: Undelivered\r\n"
    b"Message-ID: <bounce.%d@example.net>\r\n"
    b"\r\n"
    b"I could not deliver your message.\r\n"
)


@dataclass(frozen=True)
class World:
    """A fresh mailbox, another hand at work in it, and the kind of server that it is on."""

    hand: OtherHand
    open: Callable[[], Mailbox]
    box: Mailbox
    separator: str
    prefix: str
    uses: bool = True  # does LIST show what special folders are for (RFC 6154)?
    refuses: str = ""  # characters that no name of a folder may hold
    hides: str = ""  # the name of a folder that LIST does not show

    def place(self, folder: str = "INBOX") -> Place:
        return self.box.state(folder).place

    def target(self) -> Place:
        name = self.box.personal("Backscatter")
        self.box.create(name)
        return self.box.state(name).place

    def move(self, place: Place, uids: Sequence[int], target: Place) -> Mapping[int, int]:
        """A whole move: where the server has none, the sources of what was copied are removed, as `deeds` does."""
        went = self.box.move(place, uids, target)
        if not self.box.moves_atomically():
            self.box.remove(place, list(went))
        return went

    def deliver(self, *numbers: int, flags: tuple[str, ...] = (), folder: str = "INBOX") -> list[int]:
        return [self.hand.append(folder, MESSAGE % n, flags=flags, arrival=NOON) for n in numbers]
