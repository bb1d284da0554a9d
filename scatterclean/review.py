"""All open cases of an account are judged anew, in portions: after years of storms they are tens of thousands.

A pass goes through all of them, portion by portion, and keeps of each case only what the steps after it need.
What a pass brings to light (a machine of the person's, a storm, an id that the person received) may change other
cases, already seen: then all are judged once more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from scatterclean import calibrate, deeds, origin, plan, recall
from scatterclean.errors import FolderChanged, FolderMissing
from scatterclean.judge import judge, question_for
from scatterclean.knowledge import Sources, Storms, asked, knowledge_of, storms_around
from scatterclean.model import (
    Account,
    Because,
    Case,
    Closure,
    Knowledge,
    Lessons,
    Mode,
    Original,
    Verdict,
)
from scatterclean.ports import Docket, Mailbox

# So many cases are in memory at once, and are asked about in one question; a case takes some 8 kB.
PORTION = 200

# One pass over the cases: it is told each portion with its findings.
Listener = Callable[[Sequence[Case]], None]


@dataclass(slots=True)
class Pass:
    """What one pass over the open cases found.

    `genuine` are whole, for there is something to learn from them; `alarming` are whole, too.  `orphans` and
    `changed` (those whose finding is not the one on record) are `slim`.
    """

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    genuine: list[Case] = field(default_factory=list)
    alarming: list[Case] = field(default_factory=list)
    orphans: list[Case] = field(default_factory=list)
    changed: list[Case] = field(default_factory=list)
    arrivals: list[datetime] = field(default_factory=list)
    # Of those that are orphans on record.
    orphaned: list[datetime] = field(default_factory=list)
    storm_would_tell: bool = False
    # By the log alone, and for the first time.
    doubtful: list[Case] = field(default_factory=list)
    newly_alarming: list[Case] = field(default_factory=list)

    def add(self, before: Case, now: Case) -> None:
        """One case, as it is on record and as it was judged now."""
        verdict = now.finding.verdict
        self.verdicts[verdict] += 1
        self.arrivals.append(now.arrival)
        self.storm_would_tell = self.storm_would_tell or plan.storm_would_tell(now.finding)
        was = before.finding.verdict
        if was is Verdict.ORPHAN:
            self.orphaned.append(before.arrival)
        if verdict is Verdict.GENUINE:
            self.genuine.append(now)
        elif verdict is Verdict.ALARM:
            self.alarming.append(now)
            if was is not Verdict.ALARM:
                self.newly_alarming.append(now)
        changed = now.finding != before.finding
        thin = slim(now) if changed or verdict is Verdict.ORPHAN else now
        if verdict is Verdict.ORPHAN:
            self.orphans.append(thin)
            if was is not Verdict.ORPHAN:
                self.doubtful += recall.doubtful([thin])
        if changed:
            self.changed.append(thin)


@dataclass(slots=True)
class Review:
    """Judges the open cases of one account in the folders of `scope`; made new for each sweep.

    Only those in the folders that were looked at: another may have been taken out of `watch`, or was not asked
    for, and one that is missing may come back.  `listen` makes a listener for each pass: what the last one was
    told holds.
    """

    account: Account
    sources: Sources
    mailbox: Mailbox
    docket: Docket
    clock: Callable[[], datetime]
    mode: Mode
    listen: Callable[[], Listener]

    def run(self, scope: Collection[str]) -> Pass:
        """Judge all, from what is on record; close what is genuine or gone."""
        there = self._still_there(scope)
        storms: Storms = ()
        found = self._pass(there, storms)
        if self._learned_from(found.genuine):
            found = self._pass(there, storms)
        if found.storm_would_tell:
            storms = storms_around(
                self.docket,
                self.account.name,
                found.arrivals,
                replaced=found.orphaned,
                found=[c.arrival for c in found.orphans],
            )
            if storms:
                found = self._pass(there, storms)
        if self._recalled(found.doubtful):
            found = self._pass(there, storms)
        if self.mode is Mode.MOVE:  # before it is on record: if we die in between, it is done again
            deeds.flag(self.mailbox, [c.where for c in found.newly_alarming])
        self.docket.update(found.changed)
        self.docket.close(found.genuine, self.clock(), Closure.GENUINE)
        return found

    def judge(self, cases: Sequence[Case], storms: Storms) -> list[Case]:
        """These with what is found of them now."""
        return self._judge(cases, self._known(storms))

    def _known(self, storms: Storms) -> Knowledge:
        return knowledge_of(self.sources, self.account, self.clock(), storms)

    def _judge(self, cases: Sequence[Case], known: Knowledge) -> list[Case]:
        knows = asked(self.sources, self.account, known, [(c.bounce, c.arrival) for c in cases])
        return [replace(c, finding=judge(c.bounce, c.arrival, knows, self.account)) for c in cases]

    def _pass(self, there: Sequence[int], storms: Storms) -> Pass:
        found, listener = Pass(), self.listen()
        known = self._known(storms)
        for cases in self._portions(there):
            judged = self._judge(cases, known)
            for before, now in zip(cases, judged, strict=True):
                found.add(before, now)
            listener(judged)
        return found

    def _portions(self, ids: Sequence[int]) -> Iterator[Sequence[Case]]:
        for start in range(0, len(ids), PORTION):
            yield self.docket.open_cases(self.account.name, ids[start : start + PORTION])

    def _still_there(self, scope: Collection[str]) -> list[int]:
        """The ids of the cases to judge.  Closes those whose message another hand took away, or whose folder was
        made anew."""
        there: list[int] = []
        gone: list[int] = []
        for place, ids in self.docket.open_ids(self.account.name).items():
            if place.folder not in scope:
                continue
            try:
                seen = set(self.mailbox.uids(place, min(ids)))
            except (FolderMissing, FolderChanged):
                seen = set()
            for uid, number in ids.items():
                (there if uid in seen else gone).append(number)
        for cases in self._portions(sorted(gone)):
            self.docket.close(cases, self.clock(), Closure.GONE)
        return sorted(there)

    def _recalled(self, doubtful: Sequence[Case]) -> bool:
        """Did the person receive what some of these are about?  Asked once for each: the first time that it is an
        orphan by the log alone."""
        lessons = recall.received(self.mailbox, self.account, doubtful, self.clock())
        self.sources.experience.learn(self.account.name, self.account.person, lessons)
        return bool(lessons)

    def _learned_from(self, genuine: Sequence[Case]) -> bool:
        """Genuine bounces show through which machines the person's mail leaves, and whether its ids survive.
        True if that was not known yet: then all are judged once more."""
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


def slim(case: Case) -> Case:
    """Without what a judgment needs and nobody after it: the returned header but for its subject, and all Received
    lines, which are most of a case."""
    bounce = case.bounce
    original = Original(subject=bounce.original.subject)
    return replace(case, bounce=replace(bounce, original=original, received=(), marks=(), diagnostic=None))
