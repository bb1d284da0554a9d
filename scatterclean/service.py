"""The daemon: one job per account, signals, a heartbeat; it judges and moves nothing itself.

Signal handlers only put a word into a queue; the main loop does the rest, and it alone touches the
scheduler (a job that does so deadlocks a waiting shutdown).  One account's trouble never stops another's.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from scatterclean import wording
from scatterclean.config import AccountSettings, Settings, load
from scatterclean.config.secret import end_commands
from scatterclean.errors import PersonCanMend, Reach, TimeCanMend, Trouble
from scatterclean.model import SweepReport
from scatterclean.sweep import Steps
from scatterclean.wire import Household, assign

log = logging.getLogger("scatterclean")

# A job that gave no sign of life for so long hangs: its connection is cut.  Every single network call has a
# time limit of its own (`timeout`); this catches a server that keeps dripping bytes.
SILENCE = timedelta(minutes=10)
# After SIGTERM the move in hand is finished; who still waits on the network then is cut off.
GRACE = 3.0
PATIENCE = 4.5
HEARTBEAT = 1.0
# The wall clock and the monotonic one part by more than this: suspended, or the clock was set.
CLOCK_JUMP = 30.0
# After a failure an account is tried again this soon, then after twice as long, and so on up to MAX_BACKOFF.
FIRST_BACKOFF = timedelta(seconds=5)
MAX_BACKOFF = timedelta(minutes=15)
# What only the person can mend is not tried more often than this: many servers lock out who hammers.
PERSON_BACKOFF = timedelta(minutes=15)
# A server that asks for more patience than this is mistaken, and the account would be forgotten.
MOST_PATIENCE = timedelta(hours=1)
# Threads are made as they are needed: one for every account that is being swept, also of those that a reload
# adds, so that a slow server holds up nobody else.
THREADS = 10_000


class _Pace(IntervalTrigger):  # type: ignore[misc]  # apscheduler carries no types
    """An interval after now, not after when the last round was due: what was missed is missed.

    IntervalTrigger lists every round since then before the scheduler merges them into one: where a clock jumps
    from 1970 to today, as on machines without a battery, that fills gigabytes.
    """

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        previous = previous_fire_time and max(previous_fire_time, now)
        return super().get_next_fire_time(previous, now)  # type: ignore[no-any-return]


@dataclass(slots=True)
class _Round:
    """A job that is running: by which settings, when it last gave a sign of life (monotonic seconds).

    `over`: since when it is to come to its end, because of a reload.
    """

    settings: AccountSettings
    alive: float
    over: float | None = None
    cut: bool = False


@dataclass(slots=True)
class _Health:
    """How an account fares: failures in a row, and what was last told (nothing is told twice in a row)."""

    failures: int = 0
    since: datetime | None = None
    told: frozenset[str] = frozenset()
    line: str = ""


@dataclass(slots=True)
class Service:
    """Runs until SIGTERM or SIGINT.  `household` is opened and closed by the caller."""

    household: Household
    reload: Callable[[], Settings]
    verbose: bool = False
    words: SimpleQueue[tuple[str, object]] = field(default_factory=SimpleQueue)
    _scheduler: BackgroundScheduler = field(init=False)
    _stop: threading.Event = field(default_factory=threading.Event)
    _rounds: dict[str, _Round] = field(default_factory=dict)
    _health: dict[str, _Health] = field(default_factory=dict)

    def run(self) -> bool:
        """True if everybody left in time; False if a thread still hangs on something that cannot be cut."""
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(THREADS)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(self._heard, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
        for name in self.household.accounts:
            self._schedule(name)
        self._scheduler.start()
        log.info("watching %s; the first sweep begins now", ", ".join(self.household.accounts))
        wall, monotonic = time.time(), time.monotonic()
        while not self._stop.is_set():
            self._listen()
            wall, monotonic = self._mind_the_clock(wall, monotonic)
            self._mind_the_rounds()
        return self._leave()

    # --- jobs -------------------------------------------------------------------------------------------

    def _schedule(self, name: str) -> None:
        poll = self.household.accounts[name].poll.total_seconds()
        self._scheduler.add_job(
            self._round,
            # Jitter: a household's accounts, and all installations of the world, do not poll in step.
            _Pace(seconds=int(poll), jitter=max(1, int(poll / 10)), timezone=UTC),
            args=[name],
            id=name,
            name=name,
            replace_existing=True,
            next_run_time=datetime.now(UTC),
        )

    def _round(self, name: str) -> None:
        """One sweep, in a thread of the scheduler; how it went is told to the main loop."""
        settings = self.household.accounts.get(name)
        if settings is None:  # taken out of the configuration meanwhile
            return
        self._rounds[name] = current = _Round(settings, time.monotonic())

        def alive(_step: str, _done: int, _all: int) -> None:
            current.alive = time.monotonic()

        def stop() -> bool:
            return self._stop.is_set() or current.over is not None

        try:
            # Looked at only now: whoever leaves waits for the rounds that are noted.
            if not self._stop.is_set():
                report = self.household.sweep(name, stop=stop, steps=Steps(alive))
                self.words.put(("swept", report))
        except Trouble as trouble:
            if current.over is None:
                self.words.put(("failed", (name, trouble)))
        except KeyError:
            if name in self.household.accounts:  # else: taken out of the configuration meanwhile
                raise
        finally:
            self._rounds.pop(name, None)
            if current.over is not None:
                self.words.put(("again", name))

    def _heard(self, event: JobExecutionEvent) -> None:
        """A listener of the scheduler: a bug in a job must not end the account's jobs unseen."""
        if event.exception is not None:
            self.words.put(("bug", (event.job_id, event.exception)))

    # --- the main loop ----------------------------------------------------------------------------------

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
            case "stop", signum if not self._stop.is_set():
                log.info("asked to leave (%s): finishing what is in hand", signum)
                self._stop.set()
            case "reload", _ if not self._stop.is_set():
                self._reload()
            case "swept", SweepReport() as report:
                self._swept(report)
            case "failed", (str() as name, Trouble() as trouble):
                self._failed(name, trouble)
            case "again", str() as name:
                # Not at once: the scheduler counts the round as running until its thread has come back.
                self._again(name, timedelta(seconds=HEARTBEAT))
            case "bug", (str() as name, BaseException() as error):
                self._bug(name, error)
                self._again(name, MAX_BACKOFF)

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
        )

    def _swept(self, report: SweepReport) -> None:
        health = self._health.setdefault(report.account, _Health())
        if health.failures and health.since is not None:
            log.info("%s: works again (since %s it did not)", report.account, wording.moment(health.since))
        told = frozenset(report.troubles)
        for trouble in report.troubles:
            if trouble not in health.told:
                log.warning("%s", trouble)
        line = wording.sweep_line(report)
        news = report.moved or report.returned or report.harvested or line != health.line
        log.log(logging.INFO if news else logging.DEBUG, "%s", line)
        self._health[report.account] = _Health(told=told, line=line)

    def _failed(self, name: str, trouble: Trouble) -> None:
        if self._stop.is_set() or name not in self.household.accounts:
            return
        now = datetime.now(UTC)
        health = self._health.setdefault(name, _Health())
        told = frozenset([trouble.what])
        wait = min(FIRST_BACKOFF * 2 ** min(health.failures, 20), MAX_BACKOFF)
        if isinstance(trouble, PersonCanMend):
            wait = max(wait, PERSON_BACKOFF)
        if isinstance(trouble, TimeCanMend) and trouble.retry_after is not None:
            wait = max(wait, min(timedelta(seconds=trouble.retry_after), MOST_PATIENCE))
        if told != health.told:
            what, hint = wording.of_account(name, trouble.what), trouble.hint and f"\n  {trouble.hint}"
            log.warning("%s (trying again in %s)%s", what, _seconds(wait), hint)
            if trouble.reach is Reach.EVERYTHING:
                log.error("%s: this concerns every account", name)
        self._health[name] = _Health(health.failures + 1, health.since or now, told, health.line)
        self._again(name, wait)

    def _again(self, name: str, wait: timedelta) -> None:
        job = self._scheduler.get_job(name)
        if job is not None:
            job.modify(next_run_time=datetime.now(UTC) + wait)

    def _mind_the_clock(self, wall: float, monotonic: float) -> tuple[float, float]:
        """After a suspend or a set clock the scheduler's times are void: everything is due now."""
        now_wall, now_monotonic = time.time(), time.monotonic()
        jump = (now_wall - wall) - (now_monotonic - monotonic)
        if abs(jump) > CLOCK_JUMP or now_monotonic - monotonic > CLOCK_JUMP + HEARTBEAT:
            log.info("the clock moved by %+.0f s (suspended, or set): looking at all accounts now", jump)
            for name in self.household.accounts:
                self._again(name, timedelta(0))
        return now_wall, now_monotonic

    def _mind_the_rounds(self) -> None:
        now = time.monotonic()
        for name, current in list(self._rounds.items()):
            if current.cut:
                continue
            if current.over is not None and now - current.over > GRACE:
                current.cut = True
            elif now - current.alive > SILENCE.total_seconds():
                log.warning("%s: no sign of life for %s: cutting its connection", name, _seconds(SILENCE))
                current.cut = True
            if current.cut:
                self.household.abort(name)

    def _reload(self) -> None:
        try:
            settings = self.reload()
            if settings.database != self.household.settings.database:
                raise PersonCanMend(f"another database ({settings.database}) needs a restart")
            assign(settings, self.household.store)
        except Trouble as trouble:
            log.error("the new configuration was refused, the old one stays:\n%s", trouble)
            return
        for warning in settings.warnings:
            log.warning("%s", warning)
        gone = self.household.accounts.keys() - {a.name for a in settings.accounts}
        self.household.settings = settings
        accounts = self.household.accounts
        log.setLevel("DEBUG" if self.verbose else settings.log_level.value.upper())
        for name, current in list(self._rounds.items()):
            if accounts.get(name) != current.settings:
                # It ends after the move in hand; `_mind_the_rounds` cuts it off if it does not.
                current.over = time.monotonic()
        for name in gone:
            self._scheduler.remove_job(name)
            self._health.pop(name, None)
        for health in self._health.values():
            health.told = frozenset()  # who has mended something wants to hear whether it helped
        for name in accounts:
            self._schedule(name)
        log.info("configuration read anew: watching %s", ", ".join(accounts))

    # --- leaving ----------------------------------------------------------------------------------------

    def _leave(self) -> bool:
        """Let the move in hand end, cut who still waits after GRACE, give up after PATIENCE seconds."""
        began = time.monotonic()
        self._scheduler.pause()
        cut = False
        while self._rounds and time.monotonic() - began < PATIENCE:
            if not cut and time.monotonic() - began > GRACE:
                cut = True
                for name in list(self._rounds):
                    self.household.abort(name)
            end_commands()  # nothing is begun any more; they would outlive us, at a prompt that nobody answers
            time.sleep(0.02)
        while not self.words.empty():  # what the last sweeps did
            self._listen()
        self._scheduler.shutdown(wait=False)
        if self._rounds:
            log.warning(
                "left while %s still waited; what was begun is settled at the next start", list(self._rounds)
            )
            return False
        log.info(
            "left; %s", "what was cut off is settled at the next start" if cut else "everything is settled"
        )
        return True


def _seconds(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    return f"{seconds // 60} min" if seconds >= 120 and seconds % 60 == 0 else f"{seconds} s"


def _listen_for(words: SimpleQueue[tuple[str, object]], *signals: str) -> None:
    """From here on these signals are words in the queue."""

    def asked(signum: int, _frame: FrameType | None) -> None:
        name = signal.Signals(signum).name
        words.put(("reload" if name == "SIGHUP" else "stop", name))

    for name in signals:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), asked)


def run(config_path: Path, *, verbose: bool = False) -> int:
    """`scatterclean run`: open the store, watch until asked to leave.  Raises ConfigBroken, Database*."""
    words: SimpleQueue[tuple[str, object]] = SimpleQueue()
    # Before anything else: unheard, it ends the process.  The other two may, as long as nothing runs.
    _listen_for(words, "SIGHUP")
    settings = load(config_path)
    set_up_logging("debug" if verbose else settings.log_level.value)
    for warning in settings.warnings:
        log.warning("%s", warning)
    with Household.open(settings) as household:
        service = Service(household, lambda: load(config_path), verbose, words)
        _listen_for(words, "SIGTERM", "SIGINT")
        in_time = service.run()
        if not in_time:
            # The interpreter would wait for the thread (a login, a password command) at its exit.  Nothing is
            # lost: the journal is committed, and what was begun is settled at the next start.
            logging.shutdown()
            os._exit(0)
    return 0


def set_up_logging(level: str) -> None:
    """One line per event on standard error; journald gets levels instead of times (sd-daemon(3))."""
    handler = logging.StreamHandler(sys.stderr)
    under_journald = "JOURNAL_STREAM" in os.environ
    handler.setFormatter(
        _Journald() if under_journald else logging.Formatter("%(asctime)s %(levelname)-7s %(message)s")
    )
    log.handlers[:] = [handler]
    log.setLevel(level.upper())
    log.propagate = False
    # Foreign libraries log protocol lines (imapclient: message bodies) at DEBUG: never below WARNING.
    for foreign in ("apscheduler", "imapclient", "alembic", "sqlalchemy"):
        logging.getLogger(foreign).setLevel(logging.CRITICAL if foreign == "apscheduler" else logging.WARNING)


class _Journald(logging.Formatter):
    _LEVELS = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))

    def format(self, record: logging.LogRecord) -> str:
        number = next((n for level, n in self._LEVELS if record.levelno >= level), 7)
        return "\n".join(f"<{number}>{line}" for line in super().format(record).splitlines())
