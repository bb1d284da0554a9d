"""The story of one message: what it is, what the log knew, which rule decided.  It changes nothing."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from scatterclean import bounce, plan, wording
from scatterclean.errors import FolderMissing
from scatterclean.fingerprint import FIELDS as FINGERPRINT_FIELDS
from scatterclean.fingerprint import fingerprint
from scatterclean.headers import Header, decoded, ids_in
from scatterclean.judge import judge, needed, question_for
from scatterclean.knowledge import knowledge_of, storms_around
from scatterclean.model import (
    Account,
    Bounce,
    Closure,
    Errand,
    Finding,
    Grade,
    Knowledge,
    MessageId,
    Move,
    MoveState,
    Sighting,
    Verdict,
    Whereabouts,
)
from scatterclean.ports import Docket, Journal, Mailbox, SentLog
from scatterclean.sweep import FIRST_CAP, LAST_CAP
from scatterclean.wording import moment, shown

# Of a message that a person asks about by Message-ID, this many equal ones are told.
_MOST = 20


@dataclass(frozen=True, slots=True)
class Story:
    """What is known of one message now.

    `bounce` is None for ordinary mail; then there is no finding either.  `moves` are the journal's rows
    about it, oldest first.  `needed_from` is from when on the log has to know what was sent; `knowledge` is
    what the judgment rests on.  `hand` says why no sweep moves it, whatever the finding; `away`: it lies in
    Backscatter.
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
    knowledge: Knowledge | None = None
    hand: plan.Hand | None = None
    away: bool = False

    @property
    def put_away(self) -> bool:
        """Did a sweep put it where it lies now?"""
        moves = (m for m in self.moves if m.intent.errand is Errand.SWEEP)
        return self.away and any(m.state is MoveState.MOVED for m in moves)


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
            uids = self.mailbox.with_message_id(place, wanted[0].text)
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
        found = self._read(folder, seen.uid)
        known_as = fingerprint(seen.header)
        moves = tuple(m for m in self.journal.moves(self.account.name) if m.intent.fingerprint == known_as)
        arrival = self._arrival(folder, seen, known_as, moves)
        knowledge = self._knowledge(found, arrival) if found else None
        away = self._same(folder, self.mailbox.personal(self.account.backscatter))
        return Story(
            account=self.account.name,
            folder=folder,
            uid=seen.uid,
            arrival=arrival,
            message_id=ids_in(message_id)[0].text if message_id and ids_in(message_id) else None,
            subject=decoded(header.get("Subject") or ""),
            sender=decoded(header.get("From") or ""),
            bounce=found,
            finding=judge(found, arrival, knowledge, self.account) if found and knowledge else None,
            moves=moves,
            needed_from=needed(found, arrival) if found else None,
            knowledge=knowledge,
            hand=None if away else self._hand(folder, seen, known_as),
            away=away,
        )

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

    def _knowledge(self, found: Bounce, arrival: datetime) -> Knowledge:
        answer = self.log.ask(question_for(self.account.person, [(found, arrival)]))
        storms = storms_around(self.docket, self.account.name, [arrival])
        known = knowledge_of(self.log, self.account, self.accounts, self.now, storms)
        return replace(known, answer=answer)


def _named(seen: Sighting, wanted: MessageId) -> bool:
    ids = ids_in(Header(seen.header).get("Message-ID") or "")
    return any(not set(wanted.keys).isdisjoint(each.keys) for each in ids)


# --- in words -------------------------------------------------------------------------------------------


def told(story: Story) -> list[tuple[str, list[str]]]:
    """The story as paragraphs: (heading, sentences)."""
    paragraphs = [("The message", _message(story))]
    found, knowledge = story.bounce, story.knowledge
    if found is None or story.finding is None or knowledge is None:
        line = (
            "ordinary mail: not automatic mail about another message. A sweep looks no further at such mail."
        )
        paragraphs.append(("What it is", [line]))
    else:
        paragraphs += [
            ("What it is", _what(found)),
            ("What it quotes", _quotes(found, knowledge)),
            ("What the log knows", _known(found, knowledge, story)),
            ("The finding", _finding(story, story.finding)),
        ]
    if story.moves:
        paragraphs.append(("What was done with it", [wording.move(move) for move in story.moves]))
    return paragraphs


def _message(story: Story) -> list[str]:
    return [
        f"{story.folder}, UID {story.uid}, account {story.account}; it came {moment(story.arrival)}",
        f"From: {shown(story.sender) or '(nobody)'}",
        f"Subject: {shown(story.subject) or '(none)'}",
        f"Message-ID: {f'<{shown(story.message_id)}>' if story.message_id else '(none)'}",
    ]


def _what(found: Bounce) -> list[str]:
    told = [f"a {wording.KINDS[found.kind]}" + (f", status {shown(found.status)}" if found.status else "")]
    if found.reporting_mta:
        told.append(f"written by {shown(found.reporting_mta)}")
    if found.recipients:
        told.append(f"about mail to {_some(found.recipients)}")
    original = found.original
    for label, value in (
        ("from", original.sender),
        ("to", _some(original.to)),
        ("subject", original.subject),
        ("sent", moment(original.date) if original.date else None),
    ):
        if value:
            told.append(f"the original, {label}: {shown(value)}")
    if found.delivered_to:
        told.append(f"delivered to {_some(found.delivered_to)}")
    if found.diagnostic:
        told.append(f"it says: {shown(found.diagnostic)}")
    told += [f"a part could not be read ({name}; please report this)" for name in found.stumbled]
    if found.incomplete:
        told.append("it is so large that the returned message was not read to its end")
    return told


def _quotes(found: Bounce, knowledge: Knowledge) -> list[str]:
    lines = [
        f"<{shown(r.id.text)}>: {r.weight}, in: {shown(r.found_in)}; "
        + ("in the log" if knowledge.answer.known.intersection(r.id.keys) else "not in the log")
        for r in found.references
    ]
    return lines or ["no Message-ID of another message"]


def _known(found: Bounce, knowledge: Knowledge, story: Story) -> list[str]:
    lines = [f"{knowledge.logged} messages that were sent"]
    if found.recipients:
        ties = [f"{shown(t.recipient)} on {moment(t.sent_at)}" for t in knowledge.answer.ties]
        lines.append(f"you wrote to: {', '.join(ties[:5])}" if ties else "no mail to them in the days before")
    start, end = story.needed_from, story.arrival
    if start is None or end is None:
        return lines
    lines.append(f"it would have to know what you sent from {moment(start)} to {moment(end)}")
    for account, coverage in sorted(knowledge.coverage.items()):
        if coverage.since is None:
            lines.append(f"account {account}: its Sent folders were never read")
            continue
        span = f"account {account}: read from {moment(coverage.since)} through {moment(coverage.through)}"
        hole = coverage.hole(start, end)
        if hole is not None:
            lines.append(f"{span}, but not from {moment(hole[0])} to {moment(hole[1])}")
        elif coverage.grade(start, end) is Grade.WITNESSED:
            lines.append(f"{span}; watched all of that time")
        else:
            lines.append(
                f"{span}; as your Sent folder was when it was first read; what you had deleted by then is unknown"
            )
    return lines


def _finding(story: Story, finding: Finding) -> list[str]:
    cause = finding.because[0].because if finding.because else None
    lines = [_verdict(story, finding), *(f"because {each}" for each in wording.because(finding))]
    if cause is not None:
        changes = wording.CHANGES[cause]
        if finding.verdict is Verdict.ORPHAN and story.hand is not None:
            changes = "nothing: it stays where you have it"
        elif finding.verdict is Verdict.ORPHAN and story.away and not story.put_away:
            changes = "nothing: what no sweep put away is not brought back"
        lines.append(f"the rule that decided: {wording.RULES[cause]}")
        lines.append(f"what would change it: {changes}")
    return lines


def _verdict(story: Story, finding: Finding) -> str:
    """The verdict and what comes of it where the message lies now."""
    if finding.verdict is not Verdict.ORPHAN:
        return wording.VERDICTS[finding.verdict]
    if story.away:
        return f"{wording.NEVER_SENT}; " + (
            "it was put away" if story.put_away else "it lies in Backscatter, where no sweep put it"
        )
    if story.hand is None:
        return wording.VERDICTS[finding.verdict]
    return f"{wording.NEVER_SENT}, but it stays: {_why_it_stays(story, story.hand)}; no sweep will move it"


def _why_it_stays(story: Story, hand: plan.Hand) -> str:
    if hand is not plan.Hand.RETURNED:
        return wording.HANDS[hand]
    sweeps = [m for m in story.moves if m.intent.errand is Errand.SWEEP and m.state is not MoveState.STAYED]
    last = sweeps[-1] if sweeps else None
    if last is not None and last.state is MoveState.DOUBLED:
        return "it is also in Backscatter, and a sweep leaves both alone"
    if last is not None and last.state is MoveState.INTENDED:
        return "a move of it was begun, and how it ended will be looked up at the next sweep"
    back = [m for m in story.moves if last is not None and m.intent.returns == last.id and _done(m)]
    if back and back[-1].intent.errand is Errand.UNDO:
        return f"you brought it back (undo, {moment(back[-1].intended_at)})"
    if back:
        return f"a sweep brought it back ({moment(back[-1].intended_at)})"
    return "it was put away before and came back by your hand"


def _done(move: Move) -> bool:
    return move.state in (MoveState.MOVED, MoveState.DOUBLED)


def where_now(uid: int, chain: Sequence[Move]) -> str:
    """Where a message went that is no longer at its UID, and how to ask for it there."""
    steps = []
    for move in chain:
        intent = move.intent
        deed, errand = ("moved", "sweep") if intent.errand is Errand.SWEEP else ("brought back", "sweep")
        if intent.errand is Errand.UNDO:
            errand = "undo"
        at = f" (UID {move.target_uid})" if move.target_uid is not None else ""
        steps.append(f"{deed} to {shown(intent.target_folder)}{at} by {errand} {move.sweep}")
    last = chain[-1]
    account = shlex.quote(last.intent.account)
    ask = ""
    if last.target_uid is not None:
        folder = shlex.quote(shown(last.intent.target_folder))
        ask = f"; see `scatterclean why {account} {last.target_uid} --folder {folder}`"
    return f"UID {uid} was {', '.join(steps)}{ask}"


def _some(addresses: Sequence[str]) -> str:
    more = f" and {len(addresses) - 3} more" if len(addresses) > 3 else ""
    return ", ".join(shown(address, 60) for address in addresses[:3]) + more
