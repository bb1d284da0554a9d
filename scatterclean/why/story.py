"""What is known of one message: fetched anew, judged as a sweep judges it; nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from scatterclean import bounce, plan
from scatterclean.bounce.contents import Contents, contents
from scatterclean.errors import FolderMissing
from scatterclean.fingerprint import FIELDS as FINGERPRINT_FIELDS
from scatterclean.fingerprint import fingerprint
from scatterclean.gather import FIRST_CAP, LAST_CAP
from scatterclean.headers import Header, decoded, ids_in
from scatterclean.judge import judge
from scatterclean.judge.hearing import Hearing
from scatterclean.knowledge import Sources, asked, knowledge_of, storms_around
from scatterclean.model import (
    OUTBOX,
    PUTTING_AWAY,
    Account,
    Alarm,
    Because,
    Bounce,
    Closure,
    Errand,
    Finding,
    Knowledge,
    MessageId,
    Mode,
    Move,
    MoveState,
    Origin,
    Sighting,
    Whereabouts,
)
from scatterclean.ports import Docket, Journal, Mailbox

# Of a message that a person asks about by Message-ID, this many equal ones are told.
_MOST = 20
# So long an alarm is told with every story.
ALARMING = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Story:
    """What is known of one message now.

    `bounce` is None for ordinary mail; then there is no finding either.  `moves` are the journal's rows
    about it, oldest first.  `needed` is the stretch of time in which the log has to know what was sent; `knowledge`
    is what the judgment rests on; `filed_in` are the accounts in whose Sent folders the original would be; `origin`
    says who sent the original, `contents` what it holds.  `arrival` is when it came as the sweep reckons, `dated`
    what the server says.  `beside`: so many messages the log knows from elsewhere than Sent (imports, `scatterclean
    sendmail`, `also_sent`); `from_beside`: only from there it knows the message that decided.  `hand` says why no
    sweep moves it, whatever the finding; `away`: it lies in Backscatter.  `mode` is the account's; `alarms` are
    those of the last days, the latest first.
    """

    account: str
    folder: str
    uid: int
    arrival: datetime | None
    dated: datetime | None
    message_id: str | None
    subject: str | None
    sender: str | None
    bounce: Bounce | None
    finding: Finding | None
    moves: tuple[Move, ...] = ()
    needed: tuple[datetime, datetime] | None = None
    knowledge: Knowledge | None = None
    filed_in: tuple[str, ...] = ()
    origin: Origin | None = None
    contents: Contents = field(default_factory=Contents)
    hand: plan.Hand | None = None
    away: bool = False
    mode: Mode = Mode.OBSERVE
    alarms: tuple[Alarm, ...] = ()
    beside: int = 0
    from_beside: bool = False

    @property
    def put_away(self) -> bool:
        """Did a sweep, or the person's command, put it where it lies now?"""
        moves = (m for m in self.moves if m.intent.errand in PUTTING_AWAY)
        return self.away and any(m.state is MoveState.MOVED for m in moves)

    @property
    def by_hand(self) -> bool:
        """Was it the person who said that it is backscatter?"""
        moves = (m for m in self.moves if m.intent.errand is Errand.HAND)
        return self.away and any(m.state is MoveState.MOVED for m in moves)


@dataclass(slots=True)
class Teller:
    """Tells stories of the messages of one account."""

    account: Account
    sources: Sources
    mailbox: Mailbox
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
            uids = self.mailbox.with_message_ids(place, [wanted[0].text])
            # The server finds it inside other ids too (RFC 3501, 6.4.4: HEADER is a substring match).
            seen = [s for s in self.mailbox.headers(place, uids, FINGERPRINT_FIELDS) if _named(s, wanted[0])]
            stories += [self._story(folder, sighting) for sighting in seen[:_MOST]]
        return stories

    def moved_on(self, folder: str, uid: int) -> list[Move]:
        """How a message that had this UID in this folder was moved, as the journal has it: the first move from there
        and those that followed it; [] if there is none."""
        here: Whereabouts | None = Whereabouts(self.mailbox.state(folder).place, uid)
        settled = self.journal.moves(self.account.name, states=(MoveState.MOVED, MoveState.RETURNED))
        chain: list[Move] = []
        for move in settled:  # oldest first
            if here is not None and move.intent.source == here:
                chain.append(move)
                here = move.target
        return chain

    def _story(self, folder: str, seen: Sighting) -> Story:
        header = Header(seen.header)
        message_id = header.get("Message-ID")
        known_as = fingerprint(seen.header)
        found, held = self._read(folder, seen.uid)
        if found is not None:
            found = self._with_checked(found, folder, seen.uid, known_as)
        moves = tuple(self.journal.moves(self.account.name, fingerprint=known_as))
        arrival = self._arrival(folder, seen, known_as, moves)
        knowledge = self._knowledge(found, arrival) if found else None
        hearing = Hearing(found, arrival, knowledge, self.account) if found and knowledge else None
        finding = judge(found, arrival, knowledge, self.account) if found and knowledge else None
        away = self._same(folder, self.mailbox.personal(self.account.backscatter))
        return Story(
            account=self.account.name,
            folder=folder,
            uid=seen.uid,
            arrival=arrival,
            dated=seen.arrival,
            message_id=ids_in(message_id)[0].text if message_id and ids_in(message_id) else None,
            subject=decoded(header.get("Subject") or ""),
            sender=decoded(header.get("From") or ""),
            bounce=found,
            finding=finding,
            moves=moves,
            needed=hearing.window if hearing else None,
            knowledge=knowledge,
            filed_in=tuple(account for account, _ in hearing.filed_in) if hearing else (),
            origin=hearing.origin if hearing else None,
            contents=held,
            hand=None if away else self._hand(folder, seen, known_as),
            away=away,
            mode=self.account.mode,
            alarms=self.alarms(),
            beside=sum(self.sources.log.count_account(name + OUTBOX) for name in self.sources.filing),
            from_beside=finding is not None and from_beside(self.sources, self.account, finding),
        )

    def alarms(self) -> tuple[Alarm, ...]:
        """Those of this account that were raised in the last days, the latest first."""
        return tuple(reversed(self.journal.alarms(self.account.name, since=self.now - ALARMING)))

    def _same(self, folder: str, other: str) -> bool:
        return folder == other or self.mailbox.state(folder).place.folder == other

    def _hand(self, folder: str, seen: Sighting, known_as: str) -> plan.Hand | None:
        """As the sweep sees it: it looks at the flags and the journal, and what it left alone once it forgets."""
        moved_before = known_as in self.journal.moved_before(self.account.name, [known_as])
        hand = plan.hands_off(known_as, seen, known_as, moved_before)
        if hand is not None:
            return hand
        name = self.mailbox.state(folder).place.folder
        cases = self.docket.find(self.account.name, folder=name, uid=seen.uid)
        closed = any(c.closure is Closure.HAND and c.fingerprint == known_as for c in cases)
        return plan.Hand.FLAGGED if closed else None

    def _arrival(self, folder: str, seen: Sighting, known_as: str, moves: Sequence[Move]) -> datetime:
        """As the sweep reckons it, which knows between which two looks the message came."""
        name = self.mailbox.state(folder).place.folder
        for case in self.docket.find(self.account.name, folder=name, uid=seen.uid):
            if case.fingerprint == known_as:
                return case.arrival
        # A message that was put away has another INTERNALDATE on few servers, but never an earlier one.
        return min([seen.arrival, *(m.intent.arrival for m in moves if m.intent.arrival)])

    def _read(self, folder: str, uid: int) -> tuple[Bounce | None, Contents]:
        """Ordinary mail is told by its header fields: its body is not fetched for this either."""
        place = self.mailbox.state(folder).place
        if not any(
            bounce.candidate(s.header) for s in self.mailbox.headers(place, [uid], bounce.CANDIDATE_FIELDS)
        ):
            return None, Contents()
        found: Bounce | None = None
        held = Contents()
        for cap in (FIRST_CAP, LAST_CAP):
            whole = True
            for _, raw in self.mailbox.raw(place, [uid], cap):
                whole = len(raw) < cap
                found = bounce.read(raw, complete=whole)
                held = contents(raw, complete=whole)
            if found is None or whole:
                break
        return found, held if found is not None else Contents()

    def _with_checked(self, found: Bounce, folder: str, uid: int, known_as: str) -> Bounce:
        """With its signatures as the sweep found them that checked them; here nobody asks DNS."""
        account, place = self.account.name, self.mailbox.state(folder).place.folder
        if found.message_id:  # in whatever folder it lay then
            cases = self.docket.find(account, message_id=found.message_id, limit=_MOST)
        else:
            cases = self.docket.find(account, folder=place, uid=uid)
        for case in cases:
            if case.fingerprint == known_as:
                return replace(found, original=replace(found.original, dkim=case.bounce.original.dkim))
        return found

    def _knowledge(self, found: Bounce, arrival: datetime) -> Knowledge:
        storms = storms_around(self.docket, self.account.name, [arrival])
        known = knowledge_of(self.sources, self.account, self.now, storms)
        return asked(self.sources, self.account, known, [(found, arrival)])


def from_beside(sources: Sources, account: Account, finding: Finding) -> bool:
    """Does the log know the message that decided only from elsewhere than Sent?"""
    first = finding.because[0] if finding.because else None
    if first is None or first.because is not Because.ID_LOGGED:
        return False
    holders = sources.log.holders(account.person, MessageId(first["id"]).keys)
    accounts = frozenset[str]().union(*holders.values())
    return bool(accounts) and all(name.endswith(OUTBOX) for name in accounts)


def _named(seen: Sighting, wanted: MessageId) -> bool:
    ids = ids_in(Header(seen.header).get("Message-ID") or "")
    return any(not set(wanted.keys).isdisjoint(each.keys) for each in ids)
