"""What there is to tell: alarms, storms, trouble that lasts, a digest; written down once, told by `telling`.

Everything that was told is known from the store, so a restart tells nothing twice.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from scatterclean import storms, tell, wording
from scatterclean.config.notify import Digest
from scatterclean.errors import Trouble
from scatterclean.model import (
    Alarm,
    Errand,
    Mode,
    MoveState,
    Notice,
    NoticeKind,
    Refusal,
    Storm,
    SweepReport,
    Verdict,
)
from scatterclean.wire import Household
from scatterclean.wording import notices as words

log = logging.getLogger("scatterclean")

# What was rung and not told, for the process died in between, is told so long after.
_ALARMING = timedelta(days=7)
# An account has to fail before our eyes for so long, too: after a suspend the network comes back late.
_SEEN_FAILING = timedelta(hours=1)
_AWAY = (MoveState.MOVED, MoveState.COPIED)
# So many tries without a session are searched for the first one of an account that was never swept.
_SWEEPS = 500


@dataclass(slots=True)
class Failing:
    """An account that cannot be swept: since when, as far as this process saw it, and why, at the last try.

    `looked`: the server lets us in, and yet nothing can be put away."""

    since: datetime
    said: str
    looked: bool = False


@dataclass(slots=True)
class Events:
    """`storming`: accounts in which a storm is in progress.  `failing`: those that cannot be swept now.

    Methods for one account are called in its round's thread, the others by the main loop."""

    household: Household
    storming: set[str] = field(default_factory=set)
    failing: dict[str, Failing] = field(default_factory=dict)
    _last_well: dict[str, datetime] = field(default_factory=dict)
    _known: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        for name in self.household.accounts:
            if self._current(name) is not None:
                self.storming.add(name)

    # --- writing down -------------------------------------------------------------------------------------

    def ways(self, kind: NoticeKind) -> tuple[str, ...]:
        """None if the person does not want to be told of such."""
        wanted = self.household.settings.notify
        return wanted.handovers if kind in wanted.kinds else ()

    def notice(
        self, account: str, key: str, kind: NoticeKind, told: tuple[str, str], now: datetime
    ) -> Notice:
        wanted = self.household.settings.notify
        through = kind is NoticeKind.ALARM and not wanted.quiet_alarms
        due = None if through else tell.quiet_until(now, wanted.quiet)
        return Notice(account, key, kind, *told, made=now, due=due or now)

    def _announce(self, one: Notice, now: datetime, ways: Sequence[str] | None = None) -> None:
        ways = self.ways(one.kind) if ways is None else ways
        new = self.household.store.notices.announce([one], ways, now)
        if new and ways:
            log.info("%s: to be told (%s): %s", one.account, ", ".join(ways), one.subject)

    # --- alarms -------------------------------------------------------------------------------------------

    def alarms(self, name: str, now: datetime) -> None:
        """Those on record that were not told yet."""
        for one in self.household.store.journal.alarms(name, since=now - _ALARMING):
            if (name, one.key) not in self._known:
                self._announce(self._alarm(one, now), now)
                self._known.add((name, one.key))

    def _alarm(self, one: Alarm, now: datetime) -> Notice:
        return self.notice(one.account, f"alarm:{one.key}", NoticeKind.ALARM, words.alarm(one), now)

    # --- storms -------------------------------------------------------------------------------------------

    def storm(self, name: str, now: datetime) -> None:
        """Has one begun, or ended?"""
        notices, docket = self.household.store.notices, self.household.store.docket
        before = next(iter(notices.storms(name, 1)), None)
        if before is not None and before.since - storms.SPAN > now:
            # The clock stood in the future: nothing true can be said of it.
            notices.end_storm(replace(before, ended=now), (), ())
            self.storming.discard(name)
            before = None
        current = before if before is not None and before.ended is None else None
        since = now - storms.REACH if current is None else min(current.since, now - storms.REACH)
        arrivals = docket.arrivals(name, since)
        local = now.astimezone()
        if current is None:
            weather = storms.begun(arrivals, now, before.ended if before else None)
            if weather is None:
                return
            course = self._course(name, weather.since)
            told = words.storm_begun(name, weather, course, local)
            key = f"storm:{weather.since.isoformat()}"
            one = self.notice(name, key, NoticeKind.STORM, told, now)
            if notices.begin_storm(Storm(name, weather.since, now), [one], self.ways(one.kind)):
                log.warning("%s: %s", name, told[0])
            self.storming.add(name)
        elif storms.over(arrivals, now):
            weather = storms.weather(arrivals, current.since, now)
            told = words.storm_over(name, weather, self._course(name, current.since), local)
            key = f"storm-over:{current.since.isoformat()}"
            one = self.notice(name, key, NoticeKind.STORM, told, now)
            ended = Storm(name, current.since, current.noticed, now)
            if notices.end_storm(ended, [one], self.ways(one.kind)):
                log.info("%s: %s", name, told[0])
            self.storming.discard(name)

    def _current(self, name: str) -> Storm | None:
        last = next(iter(self.household.store.notices.storms(name, 1)), None)
        return last if last is not None and last.ended is None else None

    def _course(self, name: str, since: datetime) -> words.Course:
        account, journal = self.household.accounts[name].account, self.household.store.journal
        moves = journal.moves(name, states=_AWAY, errand=Errand.SWEEP, since=since)
        away = sum(m.intent.arrival is not None and m.intent.arrival >= since for m in moves)
        last = next(iter(journal.sweeps(name, 1)), None)
        refusal = last.refusal if last is not None and last.refusal is not Refusal.STOPPED else None
        return words.Course(account.mode, account.backscatter, away, refusal, account.settle)

    # --- trouble that lasts -------------------------------------------------------------------------------

    def well(self, name: str, now: datetime) -> None:
        """A round went well."""
        self._last_well[name] = now
        self.failing.pop(name, None)

    def failed(self, name: str, trouble: Trouble, now: datetime) -> None:
        self._fails(name, str(trouble), now, looked=False)

    def cleaned_nothing(self, name: str, report: SweepReport, now: datetime) -> None:
        """A round came to its end, and could put nothing away."""
        refused = f"{wording.REFUSALS[report.refusal]}\n" if report.refusal else ""
        self._fails(name, refused + "\n".join(report.troubles), now, looked=True)

    def _fails(self, name: str, said: str, now: datetime, *, looked: bool) -> None:
        known = self.failing.setdefault(name, Failing(now, ""))
        known.said, known.looked = said, looked

    def clock_moved(self, now: datetime) -> None:
        """What failed before that says nothing about now."""
        for one in self.failing.values():
            one.since = now

    def troubles(self, now: datetime) -> None:
        """Is there an account that could not be swept for too long?"""
        after = self.household.settings.notify.trouble_after
        for name, failing in list(self.failing.items()):
            if name not in self.household.accounts:
                self.failing.pop(name, None)
                continue
            if now - failing.since < min(after, _SEEN_FAILING):
                continue
            since, known = self._since(name, failing.since)
            key = f"trouble:{since.isoformat() if known else 'never'}"
            if now - since < after or (name, key) in self._known:
                continue
            before = self.household.store.notices.last_of(name, "trouble:", now)
            if before is not None and before > since:
                continue  # it did not go well since then: another process knew another last success
            last = since if known else None
            told = words.trouble(name, last, failing.said, now.astimezone(), looked=failing.looked)
            self._announce(self.notice(name, key, NoticeKind.TROUBLE, told, now), now)
            self._known.add((name, key))

    def _since(self, name: str, seen: datetime) -> tuple[datetime, bool]:
        """(the last success, True), or (the first try that is on record, False) if there was none."""
        if name in self._last_well:
            return self._last_well[name], True
        last = self.household.store.history.last_success(name)
        if last is not None:
            self._last_well[name] = last
            return last, True
        tried = self.household.store.journal.sweeps(name, _SWEEPS)
        return min([seen, *(report.started for report in tried)]), False

    # --- a digest -----------------------------------------------------------------------------------------

    def digests(self, now: datetime) -> None:
        """One for each person, if it is due, and if anything happened."""
        wanted = self.household.settings.notify
        if wanted.digest is Digest.NEVER:
            return
        due = tell.digest_before(now, wanted.digest_at, weekday=0 if wanted.digest is Digest.WEEKLY else None)
        for name, mates in self._persons().items():
            notices = self.household.store.notices
            last = notices.last_of(name, "digest:", now)
            if last is not None and last >= due:
                continue
            key = f"digest:{due.isoformat()}"
            days = [] if last is None else [self._day(mate, last, now) for mate in mates]
            days = [one for one in days if one.worth_telling]
            # The first one is only the beginning of the time that the next one tells of.
            told = words.digest(days, last.astimezone(), now.astimezone()) if last and days else ("", "")
            self._announce(self.notice(name, key, NoticeKind.DIGEST, told, now), now, None if days else ())

    def _persons(self) -> dict[str, list[str]]:
        """{the first account of each person: all accounts of that person}."""
        found: dict[str, list[str]] = {}
        for name in self.household.accounts:
            mates = self.household.of_person(name)
            found.setdefault(mates[0], mates)
        return found

    def _day(self, name: str, since: datetime, now: datetime) -> words.Day:
        store, account = self.household.store, self.household.accounts[name].account
        moves = [
            move
            for move in store.journal.moves(name, errand=Errand.SWEEP, since=since)
            if move.intended_at > since
        ]
        arrivals = [one for one in store.docket.arrivals(name, since) if one.at > since]
        failing = self.failing.get(name)
        return words.Day(
            account=name,
            mode=account.mode if account.mode is Mode.OBSERVE else Mode.MOVE,
            folder=account.backscatter,
            away=sum(move.state in (*_AWAY, MoveState.RETURNED) for move in moves),
            returned=sum(move.state is MoveState.RETURNED for move in moves),
            own=sum(one.verdict is Verdict.GENUINE for one in arrivals),
            open=store.docket.counts(name),
            alarms=store.journal.alarms(name, since=since),
            storms=sum(one.noticed >= since for one in store.notices.storms(name)),
            storming=name in self.storming,
            failing_since=self._since(name, failing.since)[0] if failing is not None else None,
            failing_looked=failing is not None and failing.looked,
        )
