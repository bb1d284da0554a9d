"""recover -> harvest -> gather -> read -> judge -> plan -> act, for one account; and rescue.

All facts are fetched before the first decision; all decisions are taken before the first deed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import islice

from scatterclean import alarms, calibrate, deeds, origin, plan, recall, retention, wording
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
from scatterclean.gather import Gathering
from scatterclean.glean import glean
from scatterclean.harvest import Harvest, harvest, not_there
from scatterclean.judge import judge, question_for
from scatterclean.knowledge import Sources, Storms, asked, identities_of, knowledge_of, storms_around
from scatterclean.model import (
    Account,
    Alarm,
    Because,
    Case,
    Closure,
    Intent,
    Lessons,
    Mode,
    Move,
    MoveState,
    Place,
    Refusal,
    SweepReport,
    Verdict,
)
from scatterclean.ports import Docket, Journal, Mailbox
from scatterclean.rescue import rescue

QUESTIONS = 1000
# So many of those that were put away are in memory at once: after years they are tens of thousands.
TENDED = 400


@dataclass(frozen=True, slots=True)
class Steps:
    """What a watcher of a sweep is told; it decides nothing.

    `tell` (step, done, of how many) is for progress bars.  `judged` gets all cases with their findings, once,
    before anything is moved; `alarmed` the alarms that are new; `left` those on which another hand was seen (also
    in a sweep that only observes).
    """

    tell: Callable[[str, int, int], None] = lambda _step, _done, _all: None
    judged: Callable[[Sequence[Case]], None] = lambda _cases: None
    alarmed: Callable[[Sequence[Alarm]], None] = lambda _alarms: None
    left: Callable[[Sequence[tuple[Intent, plan.Hand]]], None] = lambda _left: None


@dataclass(slots=True)
class Sweep:
    """One sweep of one account; made new for each.

    `sources` know all accounts of the person: each must be covered for a conviction.  `mode`, `folders` and
    `since` override the account's for a one-off; with `folders` or `since` everything in that scope is looked at
    again, else only what is new.
    """

    account: Account
    sources: Sources
    mailbox: Mailbox
    journal: Journal
    docket: Docket
    clock: deeds.Clock
    mode: Mode | None = None
    folders: Sequence[str] = ()
    since: date | None = None
    stop: deeds.Stop = lambda: False
    steps: Steps = field(default_factory=Steps)

    _troubles: list[str] = field(default_factory=list, init=False)
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
            self._note(ended=self.clock(), troubles=tuple(self._troubles))
            self.journal.end_sweep(self._report)
        return self._report

    def _note(self, **changes: object) -> None:
        self._report = replace(self._report, **changes)  # type: ignore[arg-type]  # the fields of SweepReport

    def _steps(self) -> None:
        account = self.account
        recovered = deeds.recover(self.mailbox, self.journal, account.name, clock=self.clock)
        self._troubles += recovered.troubles
        self._unsettled = recovered.unsettled
        retention.recover(self.mailbox, self.journal, account.name, clock=self.clock)

        harvested = self._harvest()
        self._note(harvested=harvested.new)

        self._gather()

        cases, verdicts = self._review()
        self.steps.judged(cases)
        self._sound(cases, harvested)
        busy = {move.intent.source for move in self._unsettled}
        orphans = [c for c in cases if c.finding.verdict is Verdict.ORPHAN and c.where not in busy]
        self._note(verdicts=verdicts)

        refusal = plan.refusal(self._report.mode, harvested.refusal, self.sources.log.count(account.person))
        if refusal in (None, Refusal.OBSERVING):
            self._tend(observe=refusal is not None)
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
            self.sources.log,
            self.account,
            now=self.clock(),
            stop=self.stop,
            progress=lambda done, total: self.steps.tell("harvest", done, total),
        )
        self._troubles += harvested.troubles
        log, account = self.sources.log, self.account
        own = identities_of(self.sources, account)
        gleaned, troubles = glean(self.mailbox, log, account, own, now=self.clock(), stop=self.stop)
        harvested.new += gleaned
        self._troubles += troubles
        return harvested

    def _gather(self) -> None:
        gathering = Gathering(
            account=self.account,
            mailbox=self.mailbox,
            journal=self.journal,
            docket=self.docket,
            sources=self.sources,
            clock=self.clock,
            stop=self.stop,
            tell=self.steps.tell,
        )
        try:
            for folder in self.folders or self.account.watch:
                try:
                    place = gathering.folder(folder, again=bool(self.folders), since=self.since)
                    self._scope.add(place.folder)
                except FolderMissing as trouble:
                    self._troubles.append(not_there(self.mailbox, trouble, named=bool(self.folders)))
                except (CommandRefused, FolderChanged) as trouble:
                    self._troubles.append(str(trouble))
        finally:
            self._note(looked_at=gathering.looked_at)
        self.sources.experience.forget_received(self.account.person, self.clock() - calibrate.RECEIVED_LIFE)

    # --- judge ------------------------------------------------------------------------------------------

    def _review(self) -> tuple[list[Case], Mapping[Verdict, int]]:
        """Judge all open cases, new and old, from what is on record; close what is genuine or gone.

        Only those in the folders that were looked at: another may have been taken out of `watch`, or was not
        asked for, and one that is missing may come back.
        """
        open_cases = self.docket.open_cases(self.account.name)
        cases = self._still_there([c for c in open_cases if c.where.place.folder in self._scope])
        storms: Storms = ()
        judged = self._judge(cases, storms)
        if self._learned_from(judged):
            judged = self._judge(cases, storms)
        if any(plan.storm_would_tell(c.finding) for c in judged):
            found = [c for c in judged if c.finding.verdict is Verdict.ORPHAN]
            arrivals = [c.arrival for c in judged]
            storms = storms_around(self.docket, self.account.name, arrivals, stored=cases, found=found)
            if storms:
                judged = self._judge(judged, storms)
        before = {c.id: c.finding for c in cases}
        if self._recalled([c for c in recall.doubtful(judged) if before[c.id].verdict is not Verdict.ORPHAN]):
            judged = self._judge(judged, storms)
        if self._report.mode is Mode.MOVE:  # before it is on record: if we die in between, it is done again
            alarming = [c for c in judged if c.finding.verdict is Verdict.ALARM]
            deeds.flag(self.mailbox, [c.where for c in alarming if before[c.id].verdict is not Verdict.ALARM])
        self.docket.update([c for c in judged if before[c.id] != c.finding])
        genuine = [c for c in judged if c.finding.verdict is Verdict.GENUINE]
        self.docket.close(genuine, self.clock(), Closure.GENUINE)
        return judged, Counter(c.finding.verdict for c in judged)

    def _recalled(self, doubtful: Sequence[Case]) -> bool:
        """Did the person receive what some of these are about?  Asked once for each: the first time that it is an
        orphan by the log alone."""
        lessons = recall.received(self.mailbox, self.account, doubtful, self.clock())
        self.sources.experience.learn(self.account.name, self.account.person, lessons)
        return bool(lessons)

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
        known = knowledge_of(self.sources, self.account, self.clock(), storms)
        judged = []
        for start in range(0, len(cases), QUESTIONS):
            chunk = cases[start : start + QUESTIONS]
            knows = asked(self.sources, self.account, known, [(c.bounce, c.arrival) for c in chunk])
            judged += [replace(c, finding=judge(c.bounce, c.arrival, knows, self.account)) for c in chunk]
        return judged

    def _learned_from(self, judged: Sequence[Case]) -> bool:
        """Genuine bounces show through which machines the person's mail leaves, and whether its ids survive.
        True if that was not known yet: then all are judged once more."""
        genuine = [c for c in judged if c.finding.verdict is Verdict.GENUINE]
        if not genuine:
            return False
        person, experience = self.account.person, self.sources.experience
        known = experience.learned(person, tuple(self.sources.filing))
        by_id = [c.bounce.original for c in genuine if c.finding.because[0].because is Because.ID_LOGGED]
        hosts = {
            host
            for original in by_id
            for host in origin.outbound(original.received, original.sender, self.account.server)
        }
        by_tie = [c for c in genuine if c.finding.because[0].because is Because.TIE]
        ties = self.sources.log.ask(question_for(person, [(c.bounce, c.arrival) for c in by_tie])).ties
        routes = [
            route
            for route in calibrate.from_findings(by_tie, ties)
            if route.shape not in {old.shape for old in known.routes}
        ]
        lessons = Lessons(routes=tuple(routes), hosts=frozenset(hosts - known.hosts))
        if lessons:
            experience.learn(self.account.name, person, lessons)
        return bool(lessons)

    def _sound(self, cases: Sequence[Case], harvested: Harvest) -> None:
        """Tell the person once of each alarm."""
        account, log, now = self.account.name, self.sources.log, self.clock()
        found = alarms.sent_by_you(account, cases)
        if any(c.finding.verdict is Verdict.GENUINE for c in cases):  # the others came in earlier sweeps
            provider = knowledge_of(self.sources, self.account, now).provider
            genuine = [
                case
                for case in self.docket.genuine(account, now - alarms.MANY_BOUNCES_REACH)
                if origin.returned_by_own(case.bounce, provider)
            ]
            if genuine:
                ties = log.ask(alarms.question_for(self.account.person, genuine)).ties
                found += alarms.many_bounces(account, genuine, ties)
        if harvested.new or self._sent_since(now):
            found += alarms.bursts(account, log.hours(account, now - alarms.HABIT), now)
        new = self.journal.ring(found, now)
        self._troubles += [wording.alarm(alarm) for alarm in new]
        self.steps.alarmed(new)

    def _sent_since(self, now: datetime) -> bool:
        """Was anything sent since the last sweep?  Another errand may have harvested it."""
        last, before = (
            self.sources.log.last_sent(self.account.name),
            self.journal.sweeps(self.account.name, 1),
        )
        return last is not None and last >= (
            before[0].started - alarms.FILING if before else now - alarms.BURST_REACH
        )

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

    def _tend(self, *, observe: bool) -> None:
        """What was put away: bring back what proved genuine, delete what is older than the person wants to keep."""
        under_way = {move.intent.returns for move in self._unsettled}
        retiring = not self.folders and self.since is None
        put_away = self.docket.moved_cases(self.account.name)
        old: list[tuple[Case, Move]] = []
        while some := list(islice(put_away, TENDED)):
            free = [(case, move) for case, move in some if move.id not in under_way]
            back = self._rescue(free) if not observe else frozenset()
            if retiring:
                kept = [(case, move) for case, move in free if move.id not in back]
                old += retention.old(kept, self.account, self.clock())
        if old:
            self._retire(old, observe=observe)

    def _retire(self, old: retention.PutAway, *, observe: bool) -> None:
        cases = [case for case, _ in old]
        storms = storms_around(self.docket, self.account.name, [case.arrival for case in cases])
        judged = [(case, move) for case, (_, move) in zip(self._judge(cases, storms), old, strict=True)]
        done = deeds.Done()
        try:
            told = retention.retire(
                self.mailbox,
                self.journal,
                self.account,
                self._report.sweep,
                judged,
                done,
                clock=self.clock,
                stop=self.stop,
                observe=observe,
            )
            if told:
                self._note(notes=(told,))
        finally:
            self._troubles += done.troubles
            if number := done.count(MoveState.DELETED):
                self._note(notes=(wording.deleted(number),))

    def _rescue(self, put_away: retention.PutAway) -> frozenset[int]:
        """Bring back what was put away and has since proved genuine, or the person's own by the configuration.
        Returns the ids of the moves that this is about."""
        judged = self._judge([case for case, _ in put_away], ())
        proved = [pair for case, pair in zip(judged, put_away, strict=True) if plan.proved(case.finding)]
        if not proved:
            return frozenset()
        done = deeds.Done()
        try:
            rescue(
                self.mailbox,
                self.journal,
                self.docket,
                self._report.sweep,
                proved,
                clock=self.clock,
                stop=self.stop,
                done=done,
            )
        finally:
            self._troubles += done.troubles
            more = done.count(MoveState.MOVED, MoveState.DOUBLED)
            self._note(returned=self._report.returned + more)
        return frozenset(move.id for _, move in proved)


# Why a case is over after a move; one that stayed is not.  In both folders: another hand was there.
_CLOSURES: Mapping[MoveState, Closure] = {
    MoveState.MOVED: Closure.MOVED,
    MoveState.VANISHED: Closure.GONE,
    MoveState.DOUBLED: Closure.HAND,
}
