"""New mail of a watched folder -> cases for the judge, and lessons about the log.  It judges and moves nothing.

Header fields first; only of what may be automatic mail about another message is more fetched, and size-capped.
Of mail whose header fields look ordinary no body is fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from scatterclean import bounce, calibrate, plan
from scatterclean.bounce.provenance import signatures
from scatterclean.bounce.returned import returned_message
from scatterclean.dates import date_in
from scatterclean.errors import Stopped
from scatterclean.fingerprint import FIELDS as FINGERPRINT_FIELDS
from scatterclean.fingerprint import fingerprints
from scatterclean.headers import Header
from scatterclean.judge import ABSURD_AGE
from scatterclean.knowledge import Sources, identities_of
from scatterclean.model import (
    NOTICE_DOMAIN,
    Account,
    Bounce,
    Case,
    Checked,
    Cursor,
    Finding,
    Identities,
    Place,
    Signature,
    Verdict,
    Whereabouts,
)
from scatterclean.ports import Docket, FolderState, Journal, Mailbox

# Of a candidate this much is fetched first: one round of 64 KiB is the fastest evidence (field guide, 6).
FIRST_CAP = 64 * 1024
# ... and this much of those whose returned header was not complete in it.
LAST_CAP = 1024 * 1024
# After so many the stop flag is looked at, and progress is told.
BATCH = 500
# Ordinary messages that are learned from at once: the fewer, the more of the time goes into asking the log.
LEARNED = 2000
CANDIDATES = 200

FIELDS = tuple(dict.fromkeys((*bounce.CANDIDATE_FIELDS, *calibrate.FIELDS)))
_LOOK_FIELDS = tuple(dict.fromkeys((*FINGERPRINT_FIELDS, *calibrate.FIELDS)))

Tell = Callable[[str, int, int], None]


@dataclass(slots=True)
class Gathering:
    """What gathering needs of one sweep.  `tell` is for progress bars: (step, done, of how many)."""

    account: Account
    mailbox: Mailbox
    journal: Journal
    docket: Docket
    sources: Sources
    clock: Callable[[], datetime]
    stop: Callable[[], bool]
    tell: Tell
    looked_at: int = 0
    _identities: Identities | None = field(default=None, init=False)
    _shapes: frozenset[str] | None = field(default=None, init=False)

    def folder(self, name: str, *, again: bool = False, since: date | None = None) -> Place:
        """Look at what is new in a folder, or at all of it (`again`), or at what came since a day.

        Raises FolderMissing, FolderChanged, CommandRefused; Stopped between two batches.
        """
        state = self.mailbox.state(name)
        cursor = self.docket.cursor(self.account.name, name)
        known = cursor if cursor is not None and cursor.place == state.place else None
        if known is not None and state.uidnext < known.uidnext:
            known = None  # its UIDs begin anew: another folder in all but its UIDVALIDITY
        again = again or since is not None
        if known is not None and not again and state.uidnext <= known.uidnext:
            return state.place
        now = self.clock()
        first = 1 if known is None or again else known.uidnext
        uids = self.mailbox.uids(state.place, first, since=since)
        self.tell("gather", 0, len(uids))
        candidates = self._candidates(state.place, uids, now, fresh=0 if known is None else known.uidnext)
        for start in range(0, len(candidates), CANDIDATES):
            self._breathe()
            chunk = candidates[start : start + CANDIDATES]
            self.docket.enter(self.account.name, list(self._cases(state, chunk, known, now)), None)
            self.tell("read", len(chunk), len(candidates))
        if since is None:  # else older mail was not looked at
            end = max([state.uidnext, *(uid + 1 for uid in uids[-1:])])
            self.docket.enter(self.account.name, (), Cursor(state.place, end, state.exists, now))
        return state.place

    @property
    def _own(self) -> Identities:
        if self._identities is None:
            self._identities = identities_of(self.sources, self.account)
        return self._identities

    def _breathe(self) -> None:
        if self.stop():
            raise Stopped

    # --- header fields ------------------------------------------------------------------------------------

    def _candidates(self, place: Place, uids: Sequence[int], now: datetime, *, fresh: int) -> list[int]:
        """UIDs of what may be automatic mail, ascending; of the rest, what it teaches is learned, once
        (`fresh`: from this UID on nothing was looked at before)."""
        found: list[int] = []
        passing: list[calibrate.Passing] = []
        looked = 0
        for looked, seen in enumerate(self.mailbox.headers(place, uids, FIELDS), 1):
            self.looked_at += 1
            head = bounce.head_of(seen.header)
            if bounce.is_candidate(head):
                found.append(seen.uid)
            elif seen.uid >= fresh:
                passing.append(calibrate.Passing(head, seen.arrival))
            if len(passing) == LEARNED:
                self._learn(passing, now)
                passing = []
            if looked % BATCH == 0:
                self.tell("gather", BATCH, len(uids))
                self._breathe()
        self._learn(passing, now)
        if looked % BATCH:
            self.tell("gather", looked % BATCH, len(uids))
        found.sort()
        return found

    def _learn(self, mail: Sequence[calibrate.Passing], now: datetime) -> None:
        # What we put there ourselves did not come by, and teaches nothing.  Who forges such an id is not judged less.
        ours = [one for one in mail if any(i.text.endswith(f"@{NOTICE_DOMAIN}") for i in one.ids)]
        self.looked_at -= len(ours)
        mail = [one for one in mail if one not in ours] if ours else mail
        if not mail:
            return
        log, experience, person = self.sources.log, self.sources.experience, self.account.person
        if self._shapes is None:
            self._shapes = log.shapes(person)
        question = calibrate.question_for(person, mail, self._own)
        answer = log.ask(question)
        lessons = calibrate.from_mail(
            mail,
            answer,
            log.holders(person, answer.known),
            self._shapes,
            experience.received(person, question.keys),
            self._own,
            now,
        )
        if lessons:
            experience.learn(self.account.name, person, lessons)

    # --- candidates -----------------------------------------------------------------------------------------

    def _cases(
        self, state: FolderState, uids: Sequence[int], known: Cursor | None, now: datetime
    ) -> Iterator[Case]:
        """Cases of those that are automatic mail, did not come back by a hand, and are not on record yet."""
        seen = {s.uid: s for s in self.mailbox.headers(state.place, uids, _LOOK_FIELDS)}
        known_as = dict(zip(seen, fingerprints([s.header for s in seen.values()]), strict=True))
        returned = self.journal.moved_before(self.account.name, known_as.values())
        keyword = plan.KEYWORD.lower()
        fresh = [
            uid
            for uid, sighting in seen.items()
            if known_as[uid] not in returned and keyword not in {f.lower() for f in sighting.flags}
        ]
        ordinary = set(fresh) if known is None else {uid for uid in fresh if uid >= known.uidnext}
        for uid, found in self._bounces(state.place, fresh):
            ordinary.discard(uid)
            # A message above the last UIDNEXT came after we last asked, whatever its INTERNALDATE says.  If it
            # came in the future it is our clock that may be behind: an arrival drawn back to it would end the
            # settle time early once the clock is right, and hide the person's mail from the tie.
            arrival = seen[uid].arrival if seen[uid].arrival < now + ABSURD_AGE else now
            if known is not None and uid >= known.uidnext and arrival < known.read_at:
                # Between the two looks: the later one counts (or the earlier, if the clock went back between).
                arrival = now if known.read_at > now + plan.WRONG_CLOCK else max(now, known.read_at)
            yield Case(
                account=self.account.name,
                where=Whereabouts(state.place, uid),
                fingerprint=known_as[uid],
                arrival=arrival,
                bounce=found,
                finding=Finding(Verdict.WAITING, ()),
            )
        self._learn([calibrate.passing(seen[u].header, seen[u].arrival) for u in sorted(ordinary)], now)

    def _bounces(self, place: Place, uids: Sequence[int]) -> Iterator[tuple[int, Bounce]]:
        """Read these messages; what the first cap cut off too early is read once more, up to the last."""
        cut: list[int] = []
        for uid, raw in self.mailbox.raw(place, uids, FIRST_CAP):
            found = bounce.read(raw, complete=len(raw) < FIRST_CAP)
            if found is None:
                continue
            if found.incomplete or self._signature_cut(found, raw, FIRST_CAP):
                cut.append(uid)
            else:
                yield uid, self._checked(found, raw)
        for uid, raw in self.mailbox.raw(place, cut, LAST_CAP) if cut else ():
            found = bounce.read(raw, complete=len(raw) < LAST_CAP)
            if found is not None:
                yield uid, self._checked(found, raw)

    def _own_signatures(self, found: Bounce) -> frozenset[str]:
        """Own domains in whose name the returned original was signed."""
        own = self._own.domains
        return frozenset(
            domain
            for domain in own
            for signed in found.original.dkim
            if signed.domain == domain or signed.domain.endswith(f".{domain}")
        )

    def _signature_cut(self, found: Bounce, raw: bytes, cap: int) -> bool:
        return len(raw) >= cap and bool(self._own_signatures(found))

    def _checked(self, found: Bounce, raw: bytes) -> Bounce:
        """With the signatures of own domains checked.  It is done now, for the body is not kept."""
        own = self._own_signatures(found)
        names = self.sources.names
        returned = returned_message(raw, complete=len(raw) < LAST_CAP) if own and names is not None else None
        if names is None or returned is None:
            return found
        message, whole = returned
        # Of several returned parts the reader may have taken another one: only what was checked is marked.
        header = Header(message)
        if signatures(header) != found.original.dkim or date_in(header.get("Date")) != found.original.date:
            return found
        checked: dict[Signature, Checked] = {}
        for signature in names.verify(message, whole, own):
            asked = replace(signature, checked=Checked.UNKNOWN)
            checked[asked] = max(
                checked.get(asked, signature.checked), signature.checked, key=_STRENGTH.index
            )
        dkim = tuple(replace(s, checked=checked.get(s, Checked.UNKNOWN)) for s in found.original.dkim)
        return replace(found, original=replace(found.original, dkim=dkim))


# Of two signatures with one domain and selector, the better one counts.
_STRENGTH = (Checked.FAIL, Checked.UNKNOWN, Checked.PASS)
