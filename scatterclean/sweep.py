"""recover -> harvest -> gather -> read -> judge -> plan -> act, for one account; and rescue.

All facts are fetched before the first decision; all decisions are taken before the first deed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from scatterclean import bounce, deeds, plan
from scatterclean.errors import (
    CannotMoveSafely,
    CommandRefused,
    FolderChanged,
    FolderMissing,
    PersonCanMend,
    Reach,
    Stopped,
    Trouble,
)
from scatterclean.fingerprint import FIELDS as FINGERPRINT_FIELDS
from scatterclean.fingerprint import fingerprint
from scatterclean.harvest import WRONG_CLOCK, Harvest, harvest, not_there
from scatterclean.judge import ABSURD_AGE, judge, question_for
from scatterclean.knowledge import Storms, knowledge_of, storms_around
from scatterclean.model import (
    Account,
    Bounce,
    Case,
    Closure,
    Cursor,
    Errand,
    Finding,
    Intent,
    Mode,
    Move,
    MoveState,
    Place,
    Refusal,
    SweepReport,
    Switch,
    Verdict,
    Whereabouts,
)
from scatterclean.ports import Docket, FolderState, Journal, Mailbox, SentLog

# Of a candidate this much is fetched first: one round of 64 KiB is the fastest evidence (field guide, 6).
FIRST_CAP = 64 * 1024
# ... and this much of those whose returned header was not complete in it.
LAST_CAP = 1024 * 1024
CANDIDATES = 200
QUESTIONS = 1000


@dataclass(frozen=True, slots=True)
class Steps:
    """What a watcher of a sweep is told; it decides nothing.

    `tell` (step, done, of how many) is for progress bars.  `judged` gets all cases with their findings, once,
    before anything is moved; `left` those on which another hand was seen (also in a sweep that only observes).
    """

    tell: Callable[[str, int, int], None] = lambda _step, _done, _all: None
    judged: Callable[[Sequence[Case]], None] = lambda _cases: None
    left: Callable[[Sequence[tuple[Intent, plan.Hand]]], None] = lambda _left: None


@dataclass(slots=True)
class Sweep:
    """One sweep of one account; made new for each.

    `accounts` are the names of all accounts of the person: each must be covered for a conviction.
    `mode`, `folders` and `since` override the account's for a one-off; with `folders` or `since` everything
    in that scope is looked at again, else only what is new.
    """

    account: Account
    accounts: Sequence[str]
    mailbox: Mailbox
    log: SentLog
    journal: Journal
    docket: Docket
    clock: deeds.Clock
    mode: Mode | None = None
    folders: Sequence[str] = ()
    since: date | None = None
    stop: deeds.Stop = lambda: False
    steps: Steps = field(default_factory=Steps)

    _troubles: list[str] = field(default_factory=list, init=False)
    _looked_at: int = field(default=0, init=False)
    _scope: set[str] = field(default_factory=set, init=False)
    _unsettled: list[Move] = field(default_factory=list, init=False)
    _report: SweepReport = field(init=False)

    def run(self) -> SweepReport:
        """Sweep, and store the report.  An error that reaches the account is reported, stored, and raised."""
        mode = self.mode or self.account.mode
        started = self.clock()
        number = self.journal.begin_sweep(self.account.name, mode, started)
        # What is known of the sweep so far: one that is stopped or cut off tells what it did, too.
        self._report = SweepReport(self.account.name, number, mode, started, started)
        try:
            self._steps()
        except Stopped:
            self._note(refusal=Refusal.STOPPED)
        except Trouble as trouble:
            self._troubles.append(str(trouble))
            raise
        finally:
            self._note(ended=self.clock(), looked_at=self._looked_at, troubles=tuple(self._troubles))
            self.journal.end_sweep(self._report)
        return self._report

    def _note(self, **changes: object) -> None:
        self._report = replace(self._report, **changes)  # type: ignore[arg-type]  # the fields of SweepReport

    def _steps(self) -> None:
        account = self.account
        recovered = deeds.recover(self.mailbox, self.journal, account.name, clock=self.clock)
        self._troubles += recovered.troubles
        self._unsettled = recovered.unsettled

        harvested = self._harvest()
        self._note(harvested=harvested.new)

        for folder in self.folders or account.watch:
            try:
                self._gather(folder)
            except FolderMissing as trouble:
                self._troubles.append(not_there(self.mailbox, trouble, named=bool(self.folders)))
            except (CommandRefused, FolderChanged) as trouble:
                self._troubles.append(str(trouble))

        cases, verdicts = self._review()
        self.steps.judged(cases)
        busy = {move.intent.source for move in self._unsettled}
        orphans = [c for c in cases if c.finding.verdict is Verdict.ORPHAN and c.where not in busy]
        self._note(verdicts=verdicts)

        refusal = plan.refusal(self._report.mode, harvested.refusal, self.log.count(account.person))
        if refusal is None:
            self._rescue()
        if not orphans:
            self._note(refusal=refusal if harvested.refusal else None)
            return
        target = self.mailbox.personal(account.backscatter)
        intents = [plan.put_away(case, account, target) for case in orphans]
        if unsafe := deeds.unsafe_target(self.mailbox, account.name, target):
            self._troubles.append(unsafe)
            refusal = harvested.refusal or Refusal.TARGET_UNSAFE
        if refusal is not None:
            self._note(refusal=refusal, left_alone=self._would_leave_alone(intents))
            return
        self._act(orphans, intents)

    # --- harvest and gather -----------------------------------------------------------------------------

    def _harvest(self) -> Harvest:
        harvested = harvest(
            self.mailbox,
            self.log,
            self.account,
            now=self.clock(),
            stop=self.stop,
            progress=lambda done, total: self.steps.tell("harvest", done, total),
        )
        self._troubles += harvested.troubles
        return harvested

    def _gather(self, folder: str) -> None:
        """New automatic mail of one watched folder becomes cases.  No body of ordinary mail is fetched."""
        state = self.mailbox.state(folder)
        self._scope.add(state.place.folder)
        cursor = self.docket.cursor(self.account.name, folder)
        again = bool(self.folders) or self.since is not None
        known = cursor if cursor is not None and cursor.place == state.place else None
        if known is not None and state.uidnext < known.uidnext:
            known = None  # its UIDs begin anew: another folder in all but its UIDVALIDITY
        if known is not None and not again and state.uidnext <= known.uidnext:
            return
        first = 1 if known is None or again else known.uidnext
        now = self.clock()
        uids = self.mailbox.uids(state.place, first, since=self.since)
        self.steps.tell("gather", 0, len(uids))
        candidates: list[int] = []
        looked = 0
        for looked, seen in enumerate(self.mailbox.headers(state.place, uids, bounce.CANDIDATE_FIELDS), 1):
            self._looked_at += 1
            if bounce.candidate(seen.header):
                candidates.append(seen.uid)
            if looked % 500 == 0:
                self.steps.tell("gather", 500, len(uids))
                self._breathe()
        if looked % 500:
            self.steps.tell("gather", looked % 500, len(uids))
        candidates.sort()
        for start in range(0, len(candidates), CANDIDATES):
            self._breathe()
            chunk = candidates[start : start + CANDIDATES]
            cases = list(self._read(state, chunk, known, now))
            self.docket.enter(self.account.name, cases, None)
            self.steps.tell("read", len(chunk), len(candidates))
        if self.since is None:  # else older mail was not looked at
            end = max([state.uidnext, *(uid + 1 for uid in uids[-1:])])
            self.docket.enter(self.account.name, (), Cursor(state.place, end, state.exists, now))

    def _breathe(self) -> None:
        if self.stop():
            raise Stopped

    def _read(
        self, state: FolderState, uids: Sequence[int], known: Cursor | None, now: datetime
    ) -> Iterator[Case]:
        """Cases of those that are automatic mail, did not come back by a hand, and are not on record yet."""
        seen = {s.uid: s for s in self.mailbox.headers(state.place, uids, FINGERPRINT_FIELDS)}
        known_as = {uid: fingerprint(s.header) for uid, s in seen.items()}
        returned = self.journal.moved_before(self.account.name, known_as.values())
        keyword = plan.KEYWORD.lower()
        fresh = [
            uid
            for uid, sighting in seen.items()
            if known_as[uid] not in returned and keyword not in {f.lower() for f in sighting.flags}
        ]
        for uid, found in self._bounces(state.place, fresh):
            # A message above the last UIDNEXT came after we last asked, whatever its INTERNALDATE says.  If it
            # came in the future it is our clock that may be behind: an arrival drawn back to it would end the
            # settle time early once the clock is right, and hide the person's mail from the tie.
            arrival = seen[uid].arrival if seen[uid].arrival < now + ABSURD_AGE else now
            if known is not None and uid >= known.uidnext and arrival < known.read_at:
                # Between the two looks: the later one counts (or the earlier, if the clock went back between).
                arrival = now if known.read_at > now + WRONG_CLOCK else max(now, known.read_at)
            yield Case(
                account=self.account.name,
                where=Whereabouts(state.place, uid),
                fingerprint=known_as[uid],
                arrival=arrival,
                bounce=found,
                finding=Finding(Verdict.WAITING, ()),
            )

    def _bounces(self, place: Place, uids: Sequence[int]) -> Iterator[tuple[int, Bounce]]:
        """Read these messages; what the first cap cut off too early is read once more, up to the last."""
        cut: list[int] = []
        for uid, raw in self.mailbox.raw(place, uids, FIRST_CAP):
            found = bounce.read(raw, complete=len(raw) < FIRST_CAP)
            if found is not None and found.incomplete:
                cut.append(uid)
            elif found is not None:
                yield uid, found
        for uid, raw in self.mailbox.raw(place, cut, LAST_CAP) if cut else ():
            found = bounce.read(raw, complete=len(raw) < LAST_CAP)
            if found is not None:
                yield uid, found

    # --- judge ------------------------------------------------------------------------------------------

    def _review(self) -> tuple[list[Case], Mapping[Verdict, int]]:
        """Judge all open cases, new and old, from what is on record; close what is genuine or gone.

        Only those in the folders that were looked at: another may have been taken out of `watch`, or was not
        asked for, and one that is missing may come back.
        """
        open_cases = self.docket.open_cases(self.account.name)
        cases = self._still_there([c for c in open_cases if c.where.place.folder in self._scope])
        judged = self._judge(cases, ())
        if any(self.account.switches[c.bounce.kind] is Switch.STORM for c in judged):
            found = [c for c in judged if c.finding.verdict is Verdict.ORPHAN]
            arrivals = [c.arrival for c in judged]
            storms = storms_around(self.docket, self.account.name, arrivals, stored=cases, found=found)
            if storms:
                judged = self._judge(judged, storms)
        before = {c.id: c.finding for c in cases}
        self.docket.update([c for c in judged if before[c.id] != c.finding])
        genuine = [c for c in judged if c.finding.verdict is Verdict.GENUINE]
        self.docket.close(genuine, self.clock(), Closure.GENUINE)
        return judged, Counter(c.finding.verdict for c in judged)

    def _still_there(self, cases: Sequence[Case]) -> list[Case]:
        """Close the cases whose message another hand took away, or whose folder was made anew."""
        there: dict[Place, set[int]] = {}
        for place in {c.where.place for c in cases}:
            first = min(c.where.uid for c in cases if c.where.place == place)
            try:
                there[place] = set(self.mailbox.uids(place, first))
            except (FolderMissing, FolderChanged):
                there[place] = set()
        gone = [c for c in cases if c.where.uid not in there[c.where.place]]
        self.docket.close(gone, self.clock(), Closure.GONE)
        missing = {c.id for c in gone}
        return [c for c in cases if c.id not in missing]

    def _judge(self, cases: Sequence[Case], storms: Storms) -> list[Case]:
        knowledge = knowledge_of(self.log, self.account, self.accounts, self.clock(), storms)
        judged = []
        for start in range(0, len(cases), QUESTIONS):
            chunk = cases[start : start + QUESTIONS]
            question = question_for(self.account.person, [(c.bounce, c.arrival) for c in chunk])
            knows = replace(knowledge, answer=self.log.ask(question))
            judged += [replace(c, finding=judge(c.bounce, c.arrival, knows, self.account)) for c in chunk]
        return judged

    # --- act --------------------------------------------------------------------------------------------

    def _would_leave_alone(self, intents: Sequence[Intent]) -> int:
        moved_before = self.journal.moved_before(self.account.name, [i.fingerprint for i in intents])
        left = [pair for b in plan.batches(intents) for pair in deeds.fit(self.mailbox, b, moved_before)[1]]
        self.steps.left(left)
        return len(left)

    def _act(self, orphans: Sequence[Case], intents: Sequence[Intent]) -> None:
        done = deeds.Done()
        try:
            deeds.act(
                self.mailbox,
                self.journal,
                self._report.sweep,
                intents,
                clock=self.clock,
                stop=self.stop,
                progress=lambda n: self.steps.tell("move", n, len(intents)),
                done=done,
            )
        except PersonCanMend as trouble:
            if trouble.reach is Reach.EVERYTHING:
                raise
            self._troubles.append(str(trouble))
            if isinstance(trouble, CannotMoveSafely):
                self._note(refusal=Refusal.CANNOT_MOVE)
        except (Stopped, Trouble):
            self._acted(orphans, done)
            raise
        self._acted(orphans, done)

    def _acted(self, orphans: Sequence[Case], done: deeds.Done) -> None:
        """Note what was done, and close the cases that are over."""
        self._troubles += done.troubles
        self.steps.left(done.left_alone)
        self._note(moved=done.count(MoveState.MOVED), left_alone=len(done.left_alone))
        by_source = {c.where: c for c in orphans}
        over: dict[Closure, list[Case]] = {}
        for move, state in done.settled:
            if state in _CLOSURES:
                over.setdefault(_CLOSURES[state], []).append(by_source[move.intent.source])
        for intent, hand in done.left_alone:
            closure = Closure.GONE if hand in (plan.Hand.GONE, plan.Hand.CHANGED) else Closure.HAND
            over.setdefault(closure, []).append(by_source[intent.source])
        for closure, cases in over.items():
            self.docket.close(cases, self.clock(), closure)

    def _rescue(self) -> None:
        """Bring back what was put away and has since proved genuine."""
        under_way = {move.intent.returns for move in self._unsettled}
        put_away = [(c, m) for c, m in self.docket.moved_cases(self.account.name) if m.id not in under_way]
        judged = self._judge([case for case, _ in put_away], ())
        pairs = zip(judged, put_away, strict=True)
        proved = {move.id: (c, move) for c, (_, move) in pairs if c.finding.verdict is Verdict.GENUINE}
        if not proved:
            return
        found = deeds.find(self.mailbox, [move for _, move in proved.values()])
        intents = [
            plan.bring_back(m, found[m.id], Errand.RESCUE) for _, m in proved.values() if m.id in found
        ]
        self._let_go([(case, move) for case, move in proved.values() if move.id not in found])
        done = deeds.Done()
        try:
            deeds.act(
                self.mailbox,
                self.journal,
                self._report.sweep,
                intents,
                clock=self.clock,
                stop=self.stop,
                done=done,
            )
        finally:
            self._troubles += done.troubles
            self._note(returned=done.count(MoveState.MOVED, MoveState.DOUBLED))

    def _let_go(self, lost: Sequence[tuple[Case, Move]]) -> None:
        """Another hand took these out of Backscatter: looking for them costs the whole folder, so it is done once.
        A folder that is missing may come back."""
        there = set()
        for folder in {move.intent.target_folder for _, move in lost}:
            with suppress(FolderMissing):
                there.add(self.mailbox.state(folder).place.folder)
        gone = [case for case, move in lost if move.intent.target_folder in there]
        self.docket.close(gone, self.clock(), Closure.HAND)


# Why a case is over after a move; one that stayed is not.  In both folders: another hand was there.
_CLOSURES: Mapping[MoveState, Closure] = {
    MoveState.MOVED: Closure.MOVED,
    MoveState.VANISHED: Closure.GONE,
    MoveState.DOUBLED: Closure.HAND,
}
