"""One job per account in a scheduler: when it runs, how a round ends, who cuts it off; it judges and moves nothing.

A job never touches the scheduler (a waiting shutdown deadlocks): how its round went is a word in the queue, and
the main loop does the rest.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue

from apscheduler.events import (
    EVENT_JOB_ERROR,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    JobExecutionEvent,
    JobSubmissionEvent,
)
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from scatterclean import wording
from scatterclean.config import AccountSettings
from scatterclean.config.secret import end_commands
from scatterclean.errors import Trouble
from scatterclean.model import Case, SweepReport
from scatterclean.review import Listener
from scatterclean.service.followups import Waits, waits_of
from scatterclean.service.logs import about
from scatterclean.sweep import Steps
from scatterclean.wire import Household

log = logging.getLogger("scatterclean")

# A job that gave no sign of life for so long hangs: its connection is cut.  Every single network call has a
# time limit of its own (`timeout`); this catches a server that keeps dripping bytes.
SILENCE = timedelta(minutes=10)
# A round that is still there so many seconds after that hangs in what cannot be cut (a name server's answer, a keyring
# that waits for its person): longer than somebody is away from the desk for a moment.
LOST = 1800.0
# A round that was due and is not begun for so many seconds never will be: the scheduler's own thread is gone.
LATE = 300.0
# After SIGTERM the move in hand is finished; who still waits on the network then is cut off.
GRACE = 3.0
PATIENCE = 4.5
# For so long after a sweep that left nothing undone a poll need only ask whether the folders are as they were.  A sweep
# has more to do than to look for mail: the log's coverage grows, what is old is deleted, a new Sent folder is found.
CALM = 3600.0
# Where the server wakes us when mail arrives, not even that is asked more often: what it would find is what was sent.
# Less than a session is kept for (`mailbox.sessions`).
SAFETY_NET = 900.0
# Threads are made as they are needed: one for every account that is being swept, also of those that a reload
# adds, so that a slow server holds up nobody else.
THREADS = 10_000


class Pace(IntervalTrigger):  # type: ignore[misc]  # apscheduler carries no types
    """An interval after now, not after when the last round was due: what was missed is missed.

    IntervalTrigger lists every round since then before the scheduler merges them into one: where a clock jumps
    from 1970 to today, as on machines without a battery, that fills gigabytes.
    """

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        previous = previous_fire_time and max(previous_fire_time, now)
        return super().get_next_fire_time(previous, now)  # type: ignore[no-any-return]


@dataclass(slots=True)
class Round:
    """A job that is running: by which settings, when it last gave a sign of life (monotonic seconds).

    `over`: since when it is to come to its end, because of a reload.
    """

    settings: AccountSettings
    alive: float
    over: float | None = None
    cut: bool = False


@dataclass(slots=True)
class Jobs:
    """The scheduler, and the rounds that are running.  Only the main loop calls its methods.

    `woken`: accounts of which everything that is watched announces new mail.  `calm`: until when (monotonic seconds)
    nothing but a change in the folders asks for a sweep of an account.  `after` is called in the thread of a round that
    went well, before it ends, with what it found (None: nothing had changed); it raises nothing.
    """

    household: Household
    words: SimpleQueue[tuple[str, object]]
    stop: threading.Event
    rounds: dict[str, Round] = field(default_factory=dict)
    woken: frozenset[str] = frozenset()
    calm: dict[str, float] = field(default_factory=dict)
    after: Callable[[str, SweepReport | None], None] = lambda _name, _report: None
    _asked: dict[str, float] = field(default_factory=dict)
    _late: dict[str, float] = field(default_factory=dict)
    scheduler: BackgroundScheduler = field(init=False)

    def __post_init__(self) -> None:
        self.scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(THREADS)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self.scheduler.add_listener(self._heard, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
        self.scheduler.add_listener(self._passed_over, EVENT_JOB_MAX_INSTANCES)

    # --- when -------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Every account is due at once."""
        for name in self.household.accounts:
            self.schedule(name)
        self.scheduler.start()

    def schedule(self, name: str) -> None:
        """Due now, and then as often as the account's `poll` says."""
        self.calm.pop(name, None)
        poll = self.household.accounts[name].poll.total_seconds()
        self.scheduler.add_job(
            self.round,
            # Jitter: a household's accounts, and all installations of the world, do not poll in step.
            Pace(seconds=int(poll), jitter=max(1, int(poll / 10)), timezone=UTC),
            args=[name],
            id=name,
            name=name,
            replace_existing=True,
            next_run_time=datetime.now(UTC),
        )

    def again(self, name: str, wait: timedelta) -> None:
        """Due after `wait`, whatever was planned."""
        self.calm.pop(name, None)
        job = self.scheduler.get_job(name)
        if job is not None:
            job.modify(next_run_time=datetime.now(UTC) + wait)

    def earlier(self, name: str, when: datetime) -> None:
        """Due then, if nothing is planned before."""
        self.calm.pop(name, None)
        job = self.scheduler.get_job(name)
        if job is not None and when < job.next_run_time:
            job.modify(next_run_time=when)

    def sooner(self, name: str, wait: timedelta) -> None:
        """Due after `wait`, if nothing is planned before; a look whether anything changed is enough."""
        job, when = self.scheduler.get_job(name), datetime.now(UTC) + wait
        if job is not None and when < job.next_run_time:
            job.modify(next_run_time=when)

    def calmed(self, name: str) -> None:
        """A sweep found nothing that asks for another one soon."""
        self.calm[name] = time.monotonic() + CALM
        self._asked[name] = time.monotonic()

    def forget(self, name: str) -> None:
        """An account that the configuration has no longer."""
        self.calm.pop(name, None)
        self.scheduler.remove_job(name)

    # --- a round ----------------------------------------------------------------------------------------

    def round(self, name: str) -> None:
        """One sweep, in a thread of the scheduler, if one is needed; how it went is told to the main loop."""
        settings = self.household.accounts.get(name)
        if settings is None:  # taken out of the configuration meanwhile
            return
        began = time.monotonic()
        self.rounds[name] = current = Round(settings, began)
        waits = Waits()

        def alive(_step: str, _done: int, _all: int) -> None:
            current.alive = time.monotonic()

        def judging() -> Listener:
            nonlocal waits
            waits = Waits()

            def judged(cases: Sequence[Case]) -> None:
                nonlocal waits
                waits |= waits_of(cases)

            return judged

        def stop() -> bool:
            return self.stop.is_set() or current.over is not None

        try:
            # Looked at only now: whoever leaves waits for the rounds that are noted.
            if self.stop.is_set():
                return
            if name in self.household.wished():
                self.calm.pop(name, None)
                self.household.fulfil(name, stop=stop)
            if self._nothing_new(name):
                log.debug("%s: nothing has changed", name, extra=about("unchanged", name))
                self.after(name, None)
                self.words.put(("unchanged", name))
            else:
                report = self.household.sweep(name, stop=stop, steps=Steps(alive, judging))
                self.after(name, report)
                self.words.put(("swept", (report, waits, began)))
        except Trouble as trouble:
            if current.over is None:
                self.words.put(("failed", (name, trouble)))
        except KeyError:
            if name in self.household.accounts:  # else: taken out of the configuration meanwhile
                raise
        finally:
            # The last word comes behind it: what was heard while the round stood in the book is looked at then.
            self.rounds.pop(name, None)
            self.words.put(("ended", name))
            if current.over is not None:
                self.words.put(("again", name))

    def _nothing_new(self, name: str) -> bool:
        """Would a sweep find all as the last one left it?  Raises what asking does."""
        now = time.monotonic()
        if now >= self.calm.get(name, now):
            return False
        if name in self.woken and now - self._asked.get(name, now) < SAFETY_NET:
            return True
        if not self.household.unchanged(name):
            self.calm.pop(name, None)
            return False
        self._asked[name] = now
        return True

    def _heard(self, event: JobExecutionEvent) -> None:
        """A listener of the scheduler: a bug in a job must not end the account's jobs unseen."""
        if event.exception is not None:
            self.words.put(("bug", (event.job_id, event.exception)))

    def _passed_over(self, event: JobSubmissionEvent) -> None:
        """Likewise: it was due while the thread of the last round had not come back."""
        self.words.put(("passed over", event.job_id))

    def mind(self) -> None:
        """Cut off the rounds that show no life, and those that a reload ended and that go on."""
        now = time.monotonic()
        for name, current in list(self.rounds.items()):
            if current.cut:
                continue
            if current.over is not None and now - current.over > GRACE:
                current.cut = True
            elif now - current.alive > SILENCE.total_seconds():
                told = "%s: no sign of life for %s: cutting its connection"
                log.warning(told, name, wording.span(SILENCE), extra=about("cut-off", name))
                current.cut = True
            if current.cut:
                self.household.abort(name)

    def due(self) -> Mapping[str, datetime]:
        """When each account is looked at next."""
        return {
            job.id: job.next_run_time for job in self.scheduler.get_jobs() if job.next_run_time is not None
        }

    def stuck(self) -> str | None:
        """An account that this process will never look at again: its round hangs, or is no longer begun."""
        now, today = time.monotonic(), datetime.now(UTC)
        for name, current in list(self.rounds.items()):
            if now - current.alive > SILENCE.total_seconds() + LOST:
                return name
        for job in self.scheduler.get_jobs():
            if job.id in self.rounds or job.next_run_time >= today:
                self._late.pop(job.id, None)
            elif now - self._late.setdefault(job.id, now) > LATE:
                return str(job.id)
        return None

    def make_way(self) -> None:
        """Rounds under settings that are no longer true end after the move in hand; else `mind` cuts them off."""
        accounts = self.household.accounts
        for name, current in list(self.rounds.items()):
            if accounts.get(name) != current.settings:
                current.over = time.monotonic()

    # --- the end ----------------------------------------------------------------------------------------

    def end(self) -> bool:
        """Let the moves in hand end, cut who still waits after GRACE, give up after PATIENCE seconds.

        True if somebody was cut off.
        """
        began = time.monotonic()
        self.scheduler.pause()
        cut = False
        while self.rounds and time.monotonic() - began < PATIENCE:
            if not cut and time.monotonic() - began > GRACE:
                cut = True
                for name in list(self.rounds):
                    self.household.abort(name)
            end_commands()  # nothing is begun any more; they would outlive us, at a prompt that nobody answers
            time.sleep(0.02)
        return cut
