"""A sent log in memory, made of files: for trying the judge, not for a mailbox.  It remembers no message's body."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from scatterclean.errors import PersonCanMend, Reach
from scatterclean.model import SHORTEST_CUT, Answer, Question, SentMessage, Tie
from scatterclean.outbox.copies import sent_copy
from scatterclean.outbox.files import Message


class SentUnreadable(PersonCanMend):
    """A message that was really sent cannot be read: judging without it could call its bounce an orphan."""

    reach = Reach.EVERYTHING


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
            log.add(sent_copy(message))
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
            known=frozenset(key for key in question.keys if key in self._keys or self._begins(key)),
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

    def _begins(self, key: str) -> bool:
        """May it be a logged id that somebody cut short?"""
        return "@" not in key and len(key) >= SHORTEST_CUT and any(k.startswith(key) for k in self._keys)
