"""recover -> harvest -> gather -> read -> judge -> plan -> act, for one account.

All facts are fetched before the first decision; all decisions are taken before the first deed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from scatterclean import alarms, calibrate, deeds, origin, plan, retention, settling, wording
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
from scatterclean.garbage import seldom
from scatterclean.gather import Gathering
from scatterclean.glean import glean
from scatterclean.harvest import Harvest, harvest, not_there
from scatterclean.knowledge import Sources, identities_of, knowledge_of
from scatterclean.model import (
    Account,
    Alarm,
    Case,
    Closure,
    Intent,
    Mode,
    Move,
    MoveState,
    Refusal,
    SweepReport,
)
from scatterclean.ports import Docket, Journal, Mailbox
from scatterclean.review import Listener, Pass, Review, slim
from scatterclean.tend import Attention, Tended, Tending


@dataclass(frozen=True, slots=True)
class Steps:
    """What a watcher of a sweep is told; it decides nothing.

    `tell` (step, done, of how many) is for progress bars.  `judging` makes a listener, which gets all cases with
    their findings in portions, before anything is moved; if all are judged once more, a new one, and what that
    one is told holds.  `alarmed` the alarms that are new; `left` those on which another hand was seen (also
    in a sweep that only observes).
    """

    tell: Callable[[str, int, int], None] = lambda _step, _done, _all: None
    judging: Callable[[], Listener] = lambda: lambda _cases: None
    alarmed: Callable[[Sequence[Alarm]], None] = lambda _alarms: None
    left: Callable[[Sequence[tuple[Intent, plan.Hand]]], None] = lambda _left: None


@dataclass(slots=True)
class Sweep:
    """One sweep of one account; made new for each.

    `sources` know all accounts of the person: each must be covered for a conviction.  `mode`, `folders` and
    `since` override the account's for a one-off; with `folders` or `since` everything in that scope is looked at
    again, else only what is new.  `attention` is kept by who sweeps an account again and again.
    """

    account: Account
    sources: Sources
    mailbox: Mailbox
    journal: Journal
    docket: Docket
    clock: settling.Clock
    mode: Mode | None = None
    folders: Sequence[str] = ()
    since: date | None = None
    stop: deeds.Stop = lambda: False
    steps: Steps = field(default_factory=Steps)
    attention: Attention = field(default_factory=Attention)

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
            with seldom():
                self._steps()
        except Stopped:
            self._note(refusal=Refusal.STOPPED)
        except Trouble as trouble:
            self._troubles.append(str(trouble))
            if not self._scope:  # cut off before: nobody may say that there was nothing
                self._note(refusal=Refusal.NOTHING_READ)
            raise
        finally:
            self._note(ended=self.clock(), troubles=tuple(self._troubles))
            self.journal.end_sweep(self._report)
        return self._report

    def _note(self, **changes: object) -> None:
        self._report = replace(self._report, **changes)  # type: ignore[arg-type]  # the fields of SweepReport

    def _steps(self) -> None:
        account, mode = self.account, self._report.mode
        keeping = deeds.keeps_originals(self.mailbox, account)
        recovered = settling.recover(
            self.mailbox, self.journal, account.name, clock=self.clock, keeping=keeping
        )
        self._troubles += recovered.troubles
        self._unsettled = recovered.unsettled
        retention.recover(self.mailbox, self.journal, account.name, clock=self.clock)

        harvested = self._harvest()
        self._note(harvested=harvested.new)

        self._gather()

        review = Review(
            account=account,
            sources=self.sources,
            mailbox=self.mailbox,
            docket=self.docket,
            clock=self.clock,
            mode=mode,
            listen=self.steps.judging,
        )
        judged_by = self._what_may_acquit()
        found = review.run(self._scope)
        self._sound(found, harvested)
        busy = {move.intent.source for move in self._unsettled}
        orphans = [c for c in found.orphans if c.where not in busy]
        self._note(verdicts=found.verdicts)

        refusal = plan.refusal(mode, harvested.refusal, self.sources.log.count(account.person))
        if refusal is None and recovered.full:
            refusal = Refusal.HALF_MOVED
        nothing_read = not self._scope and refusal in (None, Refusal.OBSERVING)
        if nothing_read:
            refusal = Refusal.NOTHING_READ
        if refusal in (None, Refusal.OBSERVING, Refusal.HALF_MOVED):
            self._tend(review, judged_by, observe=refusal is not None)
        if not orphans:
            self._note(refusal=refusal if harvested.refusal or nothing_read else None)
            return
        target = self.mailbox.personal(account.backscatter)
        intents = [plan.put_away(case, account, target) for case in orphans]
        if unsafe := deeds.unsafe_target(self.mailbox, account.name, target):
            self._troubles.append(unsafe)
            refusal = harvested.refusal or Refusal.TARGET_UNSAFE
        if refusal is not None:
            self._note(refusal=refusal, left_alone=self._would_leave_alone(intents))
            return
        self._act(orphans, intents, keeping=keeping)

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

    def _sound(self, judged: Pass, harvested: Harvest) -> None:
        """Tell the person once of each alarm."""
        account, log, now = self.account.name, self.sources.log, self.clock()
        found = alarms.sent_by_you(account, judged.alarming)
        if judged.genuine:  # the others came in earlier sweeps
            provider = knowledge_of(self.sources, self.account, now).provider
            genuine = [
                slim(case)
                for case in self.docket.genuine(account, now - alarms.MANY_BOUNCES_REACH)
                if origin.returned_by_own(case.bounce, provider)
            ]
            if genuine:
                ties = log.ask(alarms.question_for(self.account.person, genuine)).ties
                found += alarms.many_bounces(account, genuine, ties)
        if harvested.new or self._sent_since(now):
            found += alarms.bursts(account, log.hours(account, now - alarms.HABIT), now)
        self._ring(found)

    def _ring(self, found: Sequence[Alarm]) -> None:
        if new := self.journal.ring(found, self.clock()):
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
        left = [
            pair
            for b in plan.batches(intents, plan.FEW)
            for pair in deeds.fit(self.mailbox, b, moved_before)[1]
        ]
        self.steps.left(left)
        return len(left)

    def _act(self, orphans: Sequence[Case], intents: Sequence[Intent], *, keeping: bool) -> None:
        done = settling.Done()
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
                keeping=keeping,
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

    def _acted(self, orphans: Sequence[Case], done: settling.Done) -> None:
        """Note what was done, and close the cases that are over."""
        self._troubles += done.troubles
        if done.over_quota:
            self._note(refusal=Refusal.FULL)
        self.steps.left(done.left_alone)
        self._note(moved=done.count(MoveState.MOVED, MoveState.COPIED), left_alone=len(done.left_alone))
        if copied := done.count(MoveState.COPIED):
            self._note(notes=(*self._report.notes, wording.copied(copied, self.account.backscatter)))
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

    def _tend(self, review: Review, judged_by: object, *, observe: bool) -> None:
        """`judged_by`: what was known before the orphans were judged that this sweep puts away after it: what another
        account's harvest logged since then may acquit one of them."""
        mode, now = self._report.mode, self.clock()
        if not self.attention.needed((mode, observe, self._what_may_acquit()), now):
            return
        tended = Tended()
        try:
            Tending(
                account=self.account,
                mailbox=self.mailbox,
                journal=self.journal,
                docket=self.docket,
                sweep=self._report.sweep,
                judge=review.judge,
                alarmed=lambda cases: self._ring(alarms.sent_by_you(self.account.name, cases)),
                clock=self.clock,
                stop=self.stop,
                tended=tended,
            ).run(
                under_way=frozenset(m.intent.returns for m in self._unsettled if m.intent.returns),
                retiring=not self.folders and self.since is None,
                observe=observe,
            )
            if not tended.troubles and not self._unsettled:
                self.attention.paid((mode, observe, judged_by), now)
        finally:
            self._troubles += tended.troubles
            self._note(returned=tended.returned, notes=tuple(tended.notes))

    def _what_may_acquit(self) -> object:
        """As long as this is equal, no message that was put away can be found genuine, or sent by the person's
        account, that was not so before; but for what the DNS says."""
        sources, person = self.sources, self.account.person
        learned = sources.experience.learned(person, tuple(sources.filing))
        configured = (self.account, sources.filing, sources.identities, sources.servers, sources.hosts)
        logged = sources.log.count(person, outbox=True)
        return configured, logged, learned.hosts, {route.shape for route in learned.routes}


# Why a case is over after a move; one that stayed is not.  In both folders: another hand was there.
_CLOSURES: Mapping[MoveState, Closure] = {
    MoveState.MOVED: Closure.MOVED,
    MoveState.COPIED: Closure.MOVED,
    MoveState.VANISHED: Closure.GONE,
    MoveState.DOUBLED: Closure.HAND,
}
