"""A sent log in memory, made of files: for trying the judge, not for a mailbox.  It remembers no message's body."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from scatterclean import sent
from scatterclean.errors import PersonCanMend, Reach
from scatterclean.headers import Header, date_in
from scatterclean.model import Answer, Question, SentMessage, Sighting, Tie
from scatterclean.trial.files import Message

# A header is rarely larger than some ten kB; Postfix stops at 100 kB (header_size_limit).
_HEADER_CAP = 256 * 1024
_HEADER_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
# Before the first mail and after any that is read by this program: a broken clock.
_EARLIEST, _LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class SentUnreadable(PersonCanMend):
    """A message that was really sent cannot be read: judging without it could call its bounce an orphan."""

    reach = Reach.EVERYTHING


def header_of(raw: bytes) -> bytes:
    """The header block of a message, without its blank line."""
    block = raw[:_HEADER_CAP].lstrip(b"\r\n")
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


@dataclass(slots=True)
class Log:
    """What was really sent.  `latest` is the last `sent_at`."""

    count: int = 0
    latest: datetime | None = None
    senders: set[str] = field(default_factory=set)
    _keys: set[str] = field(default_factory=set)
    _sent_to: dict[str, list[tuple[datetime, str | None]]] = field(default_factory=dict)
    _domains: set[str] = field(default_factory=set)

    @staticmethod
    def of(messages: Iterable[Message]) -> Log:
        """Raises SentUnreadable for the first that could not be read."""
        log = Log()
        for message in messages:
            if message.error:
                raise SentUnreadable(
                    f"--sent: {message.file} cannot be read: {message.error}",
                    hint="the log of what was sent must be complete; see to that, or leave --sent out",
                )
            log.add(_sent(message))
        return log

    def add(self, message: SentMessage) -> None:
        self.count += 1
        self.latest = max(self.latest or message.sent_at, message.sent_at)
        if message.sender:
            self.senders.add(message.sender)
        for an_id in message.ids:
            self._keys.update(an_id.keys)
        for recipient in message.recipients:
            self._sent_to.setdefault(recipient, []).append((message.sent_at, message.subject))
            self._domains.add(recipient.rpartition("@")[2])

    def ask(self, question: Question) -> Answer:
        """As ports.SentLog.ask, for its only person."""
        return Answer(
            known=frozenset(key for key in question.keys if key in self._keys),
            ties=tuple(
                Tie(tie.recipient, sent_at, subject)
                for tie in sorted(question.ties, key=lambda tie: (tie.recipient, tie.since))
                for sent_at, subject in self._sent_to.get(tie.recipient, ())
                if tie.since <= sent_at <= tie.until
            ),
            correspondents=frozenset(
                asked for asked in question.correspondents if asked in self._sent_to or asked in self._domains
            ),
        )


def _sent(message: Message) -> SentMessage:
    block = header_of(message.raw)
    header = Header(block)
    # A copy has no INTERNALDATE here: its own Date is believed, for that is all there is.
    date = date_in(header.get("Date"))
    if date is None or not _EARLIEST < date < _LATEST:
        date = arrival_of(message, header) or _EARLIEST
    return sent.read(Sighting(uid=0, arrival=date, flags=frozenset(), size=len(message.raw), header=block))
