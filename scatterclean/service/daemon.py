"""The main loop: it hears words (of signals, jobs, the configuration) and tells the scheduler; it does no work itself.

Signal handlers and jobs only put a word into a queue; this loop does the rest, and it alone touches the
scheduler.  One account's trouble never stops another's.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf
from queue import Empty, SimpleQueue

from scatterclean.config import Settings
from scatterclean.errors import NobodyCanMend, PersonCanMend, ServerBusy, Trouble
from scatterclean.model import Refusal, SweepReport
from scatterclean.service.clock import CLOCK_JUMP, Clocks
from scatterclean.service.followups import HEAP, Followups, Waits
from scatterclean.service.health import MAX_BACKOFF, Health, backoff
from scatterclean.service.jobs import Jobs
from scatterclean.service.logs import about
from scatterclean.service.notify import Notifier
from scatterclean.service.outward import Outward
from scatterclean.service.telling import Telling
from scatterclean.service.watcher import Watch, Watchers
from scatterclean.wire import Household, assign

log = logging.getLogger("scatterclean")

HEARTBEAT = 1.0


@dataclass(slots=True)
class Service:
    """Runs until SIGTERM or SIGINT.  `household` is opened and closed by the caller."""

    household: Household
    reload: Callable[[], Settings]
    verbose: bool = False
    words: SimpleQueue[tuple[str, object]] = field(default_factory=SimpleQueue)
    health: dict[str, Health] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    jobs: Jobs = field(init=False)
    watchers: Watchers = field(init=False)
    outward: Outward = field(init=False)
    followups: Followups = field(default_factory=Followups)
    notifier: Notifier = field(default_factory=Notifier)
    telling: Telling = field(init=False)
    _stuck: str | None = None
    _news: set[str] = field(default_factory=set)
    _heard: dict[str, float] = field(default_factory=dict)
    _wished: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.telling = Telling(self.household, self.stop, self._well)
        self.jobs = Jobs(self.household, self.words, self.stop, after=self.telling.after_round)
        self.watchers = Watchers(self.household, self.words)
        self.outward = Outward(self.household)
        self.household.keep_sessions()

    def run(self) -> bool:
        """True if everybody left in time; False if a thread still hangs on something that cannot be cut."""
        self.jobs.start()
        names = ", ".join(self.household.accounts)
        log.info("watching %s; the first sweep begins now", names, extra=about("watching"))
        self.notifier.ready(self._status())
        clocks = Clocks()
        while not self.stop.is_set():
            self._listen()
            jump = clocks.jumped(HEARTBEAT)
            if jump is not None:
                self._moved(jump)
            self.jobs.mind()
            self.watchers.due = self.jobs.due()
            self.watchers.mind(self._well)
            self.jobs.woken = self.watchers.woken()
            self._mind_wishes()
            self.household.tidy_sessions()
            for name in self.telling.mind():
                self.jobs.earlier(name, datetime.now(UTC) + HEAP)
            self.outward.mind()
            self._show_life()
        self.notifier.leaving()
        return self._leave()

    def _show_life(self) -> None:
        """That this loop turns is not enough: an account whose rounds no longer come to an end needs a new process."""
        self.notifier.status(self._status())
        if not self.notifier.due():
            return
        stuck = self.jobs.stuck()
        if stuck is None:
            self.notifier.alive()
        elif stuck != self._stuck:
            hangs = "%s: its round hangs and cannot be cut off: waiting to be restarted"
            log.error(hangs, stuck, extra=about("hanging", stuck))
        self._stuck = stuck

    def _status(self) -> str:
        ill = [name for name in self.household.accounts if name in self.health and self.health[name].failures]
        return f"watching {', '.join(self.household.accounts)}" + (
            f"; in trouble: {', '.join(ill)}" if ill else ""
        )

    def _listen(self) -> None:
        try:
            word, what = self.words.get(timeout=HEARTBEAT)
        except Empty:
            return
        try:
            self._hear(word, what)
        except Exception as bug:  # noqa: BLE001 - with the main loop everything would end
            self._bug("the daemon", bug)

    def _hear(self, word: str, what: object) -> None:
        match word, what:
            case "stop", signum if not self.stop.is_set():
                log.info("asked to leave (%s): finishing what is in hand", signum, extra=about("leaving"))
                self.stop.set()
            case "reload", _ if not self.stop.is_set():
                self.notifier.reloading()
                try:
                    self._reload()
                finally:
                    self.notifier.ready(self._status())
            case "listening", Watch() as watch if self.watchers.listening(watch):
                self._wake(watch.name)
            case "rang", Watch() as watch if self.watchers.rang(watch):
                self._wake(watch.name)
            case "silent", (Watch() as watch, Exception() as why):
                if self.watchers.silent(watch, why) and isinstance(why, ServerBusy):
                    self._rest(watch.name, why)
            case _:
                self._hear_of_round(word, what)

    def _hear_of_round(self, word: str, what: object) -> None:
        match word, what:
            case "swept", (SweepReport() as report, Waits() as waits, float() as began):
                self._swept(report, waits, began)
            case "unchanged", str() as name:
                self.outward.well(name)
                self._unchanged(name)
            case "failed", (str() as name, Trouble() as trouble):
                self._failed(name, trouble)
            case "ended", str() as name:
                self._ended(name)
            # Not at once: the scheduler counts the round as running until its thread has come back.
            case "again", str() as name:
                self.jobs.again(name, timedelta(seconds=HEARTBEAT))
            case "passed over", str() as name if name not in self.jobs.rounds and self._well(name):
                self.jobs.sooner(name, timedelta(seconds=HEARTBEAT))
            case "bug", (str() as name, BaseException() as error):
                self._bug(name, error)
                self.outward.failed(name)
                self.telling.failed(name, NobodyCanMend(f"a bug of scatterclean ({type(error).__name__})"))
                self.jobs.again(name, MAX_BACKOFF)

    def _bug(self, name: str, error: BaseException) -> None:
        # The text of a foreign exception may hold a piece of mail: only its kind is logged, and where it arose.
        where = ""
        if log.isEnabledFor(logging.DEBUG):
            where = "\n" + "".join(traceback.format_tb(error.__traceback__)).rstrip()
        log.error(
            "%s: a bug of scatterclean (%s); this round was given up, the next one comes as usual%s",
            name,
            type(error).__name__,
            where,
            extra=about("bug", name if name in self.household.accounts else None, kind=type(error).__name__),
        )

    # --- rounds, and what follows from them -------------------------------------------------------------

    def _swept(self, report: SweepReport, waits: Waits, began: float) -> None:
        """`began`: when the round did, in monotonic seconds."""
        name = report.account
        self.health.setdefault(name, Health()).swept(report)
        if report.worked:
            self.outward.well(name, report)
        elif report.refusal is not Refusal.STOPPED:
            self.outward.failed(name)
        if self.stop.is_set() or name not in self.household.accounts:
            return
        self.followups.swept(name, datetime.now(UTC), waits)
        mates = self.household.of_person(name)
        self._calm(report, mates, began)
        self._unchanged(name)
        answers = self.followups.answers(name, mates)
        for due in (self.followups.ripe(name, mates), answers):
            for mate, when in due.items():
                if mate in self.jobs.rounds and due is answers:
                    self._news.add(mate)  # the scheduler would pass over it
                elif self._well(mate):
                    self.jobs.earlier(mate, when)

    def _unchanged(self, name: str) -> None:
        """A round went well."""
        if name not in self.jobs.woken and (pace := self.telling.pace(name)) is not None:
            self.jobs.sooner(name, pace)

    def _ended(self, name: str) -> None:
        """A round is over, and not in the book any more; if there was news while it ran (mail, or a Sent folder that it
        waits for), it may have looked before."""
        if name in self._news:
            self._news.discard(name)
            if not self.stop.is_set():
                self._wake(name)

    def _calm(self, report: SweepReport, mates: Collection[str], began: float) -> None:
        """Will nothing but a change in the folders ask for a sweep?  Not as long as something waits: for a moment, or
        for another account of the person to be read."""
        if any(self.followups.waits.get(mate, Waits()) != Waits() for mate in mates):
            for mate in mates:
                self.jobs.calm.pop(mate, None)
        elif (
            report.refusal in (None, Refusal.OBSERVING)
            and not report.troubles
            # What was heard since the round began it may not have seen, whenever it is told of.
            and self._heard.get(report.account, -inf) < began
        ):
            self.jobs.calmed(report.account)

    def _failed(self, name: str, trouble: Trouble) -> None:
        if self.stop.is_set() or name not in self.household.accounts:
            return
        self.outward.failed(name)
        self._news.discard(name)  # the next try sees it
        self.telling.failed(name, trouble)
        if isinstance(trouble, ServerBusy):
            self.watchers.give_way(name)
        self.followups.swept(name, datetime.now(UTC), self.followups.waits.get(name, Waits()))
        self.jobs.again(name, self.health.setdefault(name, Health()).failed(name, trouble))

    def _rest(self, name: str, busy: ServerBusy) -> None:
        """Its watcher was told how long to wait: that is for the whole account, and nothing brings its round forward.
        No failure of a round: it is not told as one."""
        self.telling.asked_for_patience(name)
        if busy.retry_after and name in self.household.accounts:
            self.health.setdefault(name, Health()).failures += 1
            self.jobs.again(name, backoff(0, busy))

    def _well(self, name: str) -> bool:
        """Was it swept, and is not in trouble?  If it is, its back-off counts, and nothing else."""
        health = self.health.get(name)
        return health is not None and not health.failures

    def _wake(self, name: str) -> None:
        """Mail arrived.  An account in trouble is not swept more often because of that."""
        self._heard[name] = time.monotonic()
        self.jobs.calm.pop(name, None)
        if not self._well(name):
            return
        if name in self.jobs.rounds:
            self._news.add(name)
        else:
            self.jobs.earlier(name, self.followups.wake(name, datetime.now(UTC)))

    def _mind_wishes(self) -> None:
        """The person asked for something in the dashboard: the account's next round, which carries it out, is due now.
        One that is in trouble is not asked more often because of that."""
        try:
            if self.household.store.wishes.rang():
                self._wished |= self.household.wished()
        except Trouble as trouble:  # every round looks for them, too
            log.warning("what was asked for in the dashboard cannot be read yet: %s", trouble)
        for name in self._wished - self.jobs.rounds.keys():
            if name not in self.household.accounts:
                self._wished.discard(name)
            elif self._well(name):
                self._wished.discard(name)
                self.jobs.earlier(name, datetime.now(UTC))

    def _moved(self, jump: float) -> None:
        """After a suspend or a set clock the scheduler's times are void: everything is due now."""
        self.telling.clock_moved()
        if abs(jump) > CLOCK_JUMP:
            told = f"the clock moved by {jump:+.0f} s (suspended, or set)"
        else:  # its clocks run on through a suspend, or it had too much to do
            told = "this machine stood still for a while"
        log.info("%s: looking at all accounts now", told, extra=about("clock-moved", seconds=round(jump)))
        self.household.tidy_sessions(all_of_them=True)  # they are probably dead
        for name in self.household.accounts:
            self.jobs.again(name, timedelta(0))
        self.watchers.renew()

    # --- the configuration ------------------------------------------------------------------------------

    def _reload(self) -> None:
        try:
            settings = self.reload()
            if settings.database != self.household.settings.database:
                raise PersonCanMend(f"another database ({settings.database}) needs a restart")
            assign(settings, self.household.store)
        except Trouble as trouble:
            told = "the new configuration was refused, the old one stays:\n%s"
            log.error(told, trouble, extra=about("config-refused"))
            return
        for warning in settings.warnings:
            log.warning("%s", warning, extra=about("config-unwise"))
        gone = self.household.accounts.keys() - {a.name for a in settings.accounts}
        self.household.settings = settings
        accounts = self.household.accounts
        log.setLevel("DEBUG" if self.verbose else settings.log_level.value.upper())
        self.jobs.make_way()
        for name in gone:
            self.jobs.forget(name)
            self.health.pop(name, None)
            self._heard.pop(name, None)
            self.followups.forget(name)
        for health in self.health.values():
            health.anew()
        for name in accounts:
            self.jobs.schedule(name)
        self.watchers.read_anew()
        log.info("configuration read anew: watching %s", ", ".join(accounts), extra=about("config-read"))

    def _leave(self) -> bool:
        """Nothing new begins; what is in hand ends, or is cut off."""
        self.watchers.end()
        cut = self.jobs.end()
        self.watchers.join()
        while not self.words.empty():  # what the last sweeps did
            self._listen()
        self.telling.leave()
        self.outward.mind()
        self.outward.end()
        self.jobs.scheduler.shutdown(wait=False)
        self.household.keep_sessions(wanted=False)
        if self.jobs.rounds:
            still = list(self.jobs.rounds)
            told = "left while %s still waited; what was begun is settled at the next start"
            log.warning(told, ", ".join(still), extra=about("left", settled=False))
            return False
        rest = "what was cut off is settled at the next start" if cut else "everything is settled"
        log.info("left; %s", rest, extra=about("left", settled=not cut))
        return True
