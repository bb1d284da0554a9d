"""The story of one message: what it is, what the log knew, which rule decided.  It changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from scatterclean import bounce
from scatterclean.errors import FolderMissing
from scatterclean.fingerprint import FIELDS as FINGERPRINT_FIELDS
from scatterclean.fingerprint import fingerprint
from scatterclean.headers import Header, decoded, ids_in
from scatterclean.judge import judge, needed, question_for
from scatterclean.model import Account, Bounce, Finding, Knowledge, MessageId, Move, Sighting
from scatterclean.ports import Docket, Journal, Mailbox, SentLog
from scatterclean.sweep import FIRST_CAP, LAST_CAP, knowledge_of

# Of a message that a person asks about by Message-ID, this many equal ones are told.
_MOST = 20


@dataclass(frozen=True, slots=True)
class Story:
    """What is known of one message now.

    `bounce` is None for ordinary mail; then there is no finding either.  `moves` are the journal's rows
    about it, oldest first.  `needed_from` is from when on the log has to know what was sent.
    """

    account: str
    folder: str
    uid: int
    arrival: datetime | None
    message_id: str | None
    subject: str | None
    sender: str | None
    bounce: Bounce | None
    finding: Finding | None
    moves: tuple[Move, ...] = ()
    needed_from: datetime | None = None


@dataclass(slots=True)
class Teller:
    """Tells stories of the messages of one account."""

    account: Account
    accounts: Sequence[str]
    mailbox: Mailbox
    log: SentLog
    journal: Journal
    docket: Docket
    now: datetime

    def by_uid(self, folder: str, uid: int) -> list[Story]:
        """The message with this UID, as it is on the server now; [] if there is none."""
        place = self.mailbox.state(folder).place
        return [self._story(folder, seen) for seen in self.mailbox.headers(place, [uid], FINGERPRINT_FIELDS)]

    def by_message_id(self, message_id: str) -> list[Story]:
        """Messages with this Message-ID in the watched folders and in Backscatter; angle brackets or not."""
        wanted = ids_in(message_id) or (MessageId(message_id),)
        folders = dict.fromkeys((*self.account.watch, self.mailbox.personal(self.account.backscatter)))
        stories: list[Story] = []
        for folder in folders:
            try:
                place = self.mailbox.state(folder).place
            except FolderMissing:
                continue
            uids = self.mailbox.with_message_id(place, wanted[0].text)[:_MOST]
            seen = list(self.mailbox.headers(place, uids, FINGERPRINT_FIELDS))
            stories += [self._story(folder, sighting) for sighting in seen]
        return stories

    def _story(self, folder: str, seen: Sighting) -> Story:
        header = Header(seen.header)
        message_id = header.get("Message-ID")
        found = self._read(folder, seen.uid)
        known_as = fingerprint(seen.header)
        # A message that was put away has another INTERNALDATE on few servers, but never an earlier one.
        moves = tuple(m for m in self.journal.moves(self.account.name) if m.intent.fingerprint == known_as)
        arrival = min([seen.arrival, *(m.intent.arrival for m in moves if m.intent.arrival)])
        return Story(
            account=self.account.name,
            folder=folder,
            uid=seen.uid,
            arrival=arrival,
            message_id=ids_in(message_id)[0].text if message_id and ids_in(message_id) else None,
            subject=decoded(header.get("Subject") or ""),
            sender=decoded(header.get("From") or ""),
            bounce=found,
            finding=self._judge(found, arrival) if found else None,
            moves=moves,
            needed_from=needed(found, arrival) if found else None,
        )

    def _read(self, folder: str, uid: int) -> Bounce | None:
        """Ordinary mail is told by its header fields: its body is not fetched for this either."""
        place = self.mailbox.state(folder).place
        if not any(
            bounce.candidate(s.header) for s in self.mailbox.headers(place, [uid], bounce.CANDIDATE_FIELDS)
        ):
            return None
        found: Bounce | None = None
        for cap in (FIRST_CAP, LAST_CAP):
            for _, raw in self.mailbox.raw(place, [uid], cap):
                found = bounce.read(raw, complete=len(raw) < cap)
            if found is None or not found.incomplete:
                break
        return found

    def _judge(self, found: Bounce, arrival: datetime) -> Finding:
        return judge(found, arrival, self._knowledge(found, arrival), self.account)

    def _knowledge(self, found: Bounce, arrival: datetime) -> Knowledge:
        answer = self.log.ask(question_for(self.account.person, [(found, arrival)]))
        return replace(knowledge_of(self.log, self.account, self.accounts, self.now), answer=answer)
