"""Time that passes oddly: a wait is renewed in time, a suspended day costs one round, a clock set back stops nothing.

Nobody waits for any of it: the clocks are moved by the test.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace

import apscheduler.schedulers.base
import pytest

from scatterclean.config import load
from scatterclean.model import Mode, SweepReport
from scatterclean.service import Service, clock, daemon, followups, health, jobs, watcher
from scatterclean.service.watcher import Watch, Watchers
from scatterclean.wire import Household
from tests.faults.case import LIMIT, Begin
from tests.faults.proxy import Proxy
from tests.faults.running import in_the_end, running
from tests.servers import Host

DAY = 24 * 3600.0
POLL = timedelta(minutes=5)
_SOON = 0.02


@dataclass
class Time:
    """Both clocks of the service and of its scheduler, in seconds ahead of the true ones."""

    wall: float = 0.0
    monotonic: float = 0.0

    def now(self, zone: tzinfo | None = None) -> datetime:
        return datetime.now(zone) + timedelta(seconds=self.wall)

    def rule(self, patch: pytest.MonkeyPatch) -> None:
        this = self

        class Moved(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # a plain one
                return this.now(tz)

        for module in (apscheduler.schedulers.base, daemon, health, jobs):
            patch.setattr(module, "datetime", Moved)
        moved = SimpleNamespace(
            time=lambda: time.time() + self.wall,
            monotonic=lambda: time.monotonic() + self.monotonic,
            sleep=time.sleep,
        )
        for module in (clock, jobs, watcher):
            patch.setattr(module, "time", moved)


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> Time:
    monkeypatch.setattr(daemon, "HEARTBEAT", _SOON)
    monkeypatch.setattr(watcher, "BEAT", _SOON)
    monkeypatch.setattr(followups, "BETWEEN_WAKES", timedelta(seconds=_SOON))
    moved = Time()
    moved.rule(monkeypatch)
    return moved


def configured(path: Path, *names: str) -> Path:
    file = path / "scatterclean.toml"
    file.write_text(
        f'database = "{path / "log.db"}"\n'
        + "".join(
            f'[accounts.{name}]\nhost = "127.0.0.1"\nport = 1\ntls = "none"\nusername = "{name}@e.example"\n'
            f'password_env = "NOTHING"\npoll = "{POLL.seconds}s"\npush = false\n'
            for name in names
        )
    )
    return file


# --- listening ------------------------------------------------------------------------------------------


@dataclass
class Bell:
    """One that is never renewed by itself; its clock goes on only while somebody waits for it."""

    busy: bool
    over: threading.Event
    now: float = 0.0
    since: float = 0.0
    idles: list[float] = field(default_factory=list)

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        if self.now > DAY:
            self.over.set()
        return self.busy

    def renew(self) -> bool:
        self.idles.append(self.now - self.since)
        self.now += 30.0  # a server that takes its time to answer
        self.since = self.now
        return False

    def mark(self) -> tuple[int, int]:
        return (1, 1)

    def close(self) -> None: ...
    def abort(self) -> None: ...


@pytest.mark.parametrize("busy", [False, True])
def test_for_a_whole_day_no_wait_lasts_longer_than_five_minutes(
    busy: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Household.open(load(configured(tmp_path, "home"))) as household:
        watch = Watch(household.accounts["home"], None)
        bell = Bell(busy, watch.over)
        monkeypatch.setattr(watcher, "time", SimpleNamespace(monotonic=lambda: bell.now))
        monkeypatch.setattr(Household, "bell", lambda _self, _settings: bell)
        watchers = Watchers(household, SimpleQueue())
        watchers._listen(watch)
    assert max(bell.idles) <= 300
    assert sum(bell.idles) + 30 * len(bell.idles) > DAY - 300
    assert len(bell.idles) < DAY / 60, "no server is to be asked every minute"


def test_a_renewal_goes_unnoticed_and_what_arrives_behind_it_is_swept(
    moved: Time, hosts: Callable[[str], Host], begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The watcher's own clock: for the main loop nothing jumps.
    watching = Time()
    monkeypatch.setattr(
        watcher, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + watching.monotonic)
    )
    with Proxy(hosts("dovecot").port).running() as proxy:
        case = begin("dovecot", proxy.port, held=1)
        with running(case, poll=timedelta(hours=9)) as home:
            home.wait(lambda: home.watch, "the watch does not stand")
            stands = home.watch
            for renewed in (1, 2):
                sweeps = len(proxy.accepted)
                assert proxy.phases.count("DONE") == renewed - 1
                watching.monotonic += 300
                home.wait(lambda: proxy.phases.count("IDLE") > renewed, "it is not renewed")  # noqa: B023 - now
                assert len(proxy.accepted) == sweeps, "a renewal is no reason to sweep"
            case.arrive()
            home.wait_for_sweep()
            assert home.watch is stands
        in_the_end(case)


# --- suspended, and set ---------------------------------------------------------------------------------


@dataclass
class Stage:
    """A daemon for three accounts; a sweep notes that it began, and lasts until it is let go."""

    time: Time
    service: Service
    began: Counter[str] = field(default_factory=Counter)
    go: threading.Event = field(default_factory=threading.Event)

    def sweep(self, name: str, **_: object) -> SweepReport:
        self.began[name] += 1
        self.go.wait(LIMIT)
        now = self.time.now(UTC)
        return SweepReport(name, 1, Mode.MOVE, now, now)

    def wait(self, done: Callable[[], object]) -> None:
        until = time.monotonic() + LIMIT
        while not done():
            assert time.monotonic() < until
            time.sleep(0.01)

    def rounds(self, each: int) -> None:
        """Every account had so many, and the next is due in time by the clock as it is now, and not before."""
        names = list(self.service.household.accounts)
        self.wait(lambda: all(self.began[name] >= each for name in names) and not self.service.jobs.rounds)
        self.wait(lambda: all(self.due(name) > POLL / 2 for name in names))
        time.sleep(6 * _SOON)  # some more beats of the main loop
        assert self.began == dict.fromkeys(names, each)
        for name in names:
            assert POLL / 2 < self.due(name) <= POLL * 1.2, name

    def due(self, name: str) -> timedelta:
        job = self.service.jobs.scheduler.get_job(name)
        return job.next_run_time - self.time.now(UTC)  # type: ignore[no-any-return]  # carries no types


@pytest.fixture
def stage(moved: Time, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with Household.open(load(configured(tmp_path, "ada", "ben", "cleo"))) as household:
        stage = Stage(moved, Service(household, lambda: household.settings))
        monkeypatch.setattr(Household, "sweep", lambda _self, name, **more: stage.sweep(name, **more))
        with serving(stage):
            yield stage


@contextmanager
def serving(stage: Stage) -> Iterator[None]:
    thread = threading.Thread(target=stage.service.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stage.go.set()
        stage.service.words.put(("stop", "the test"))
        thread.join(LIMIT)
        assert not thread.is_alive()


# Suspended: the monotonic clock stands still (Linux), or goes on (a stopped process, other systems); no machine sets
# it back.  In a stopped process the scheduler may wake first and find its rounds overdue by itself: then there are two
# rounds, which is no harm and not looked at here.
JUMPS = {
    "suspended for a day": (DAY, 0.0),
    "stopped for a day": (DAY, DAY),
    "set forward by a year": (365 * DAY, 0.0),
    "set back by five hours": (-5 * 3600.0, 0.0),
    "set back by a year": (-365 * DAY, 0.0),
}


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_jumps_brings_one_round_for_each_account_and_then_the_usual_ones(
    jump: str, stage: Stage
) -> None:
    stage.go.set()
    stage.rounds(1)
    wall, monotonic = JUMPS[jump]
    stage.time.wall += wall
    stage.time.monotonic += monotonic
    stage.rounds(2)


@pytest.mark.parametrize("jump", list(JUMPS)[:: 1 if os.environ.get("SCATTERCLEAN_EVERY_FAULT") else 3])
def test_a_round_that_is_under_way_when_the_clock_jumps_is_the_one(jump: str, stage: Stage) -> None:
    stage.wait(lambda: stage.began == {"ada": 1, "ben": 1, "cleo": 1})
    time.sleep(6 * _SOON)  # the main loop has read its clocks
    wall, monotonic = JUMPS[jump]
    stage.time.wall += wall
    stage.time.monotonic += monotonic
    time.sleep(6 * _SOON)  # it has noticed
    stage.go.set()
    stage.rounds(1)


def test_a_suspended_day_costs_one_sweep_and_one_renewal_on_a_real_server(
    moved: Time, hosts: Callable[[str], Host], begin: Begin
) -> None:
    with Proxy(hosts("dovecot").port).running() as proxy:
        case = begin("dovecot", proxy.port, held=1)
        with running(case, poll=POLL) as home:
            home.wait(lambda: home.watch, "the watch does not stand")
            # A round that is under way would be the one that looks; the watch, too, has brought one forward.
            home.wait(lambda: len(proxy.accepted) > 1 and "home" in home.service._heard, "it does not sweep")
            jobs = home.service.jobs
            home.wait(
                lambda: not jobs.rounds and jobs.due()["home"] - datetime.now(UTC) > POLL / 2,
                "it never rests",
            )
            before = len(proxy.accepted)
            moved.wall += DAY
            home.wait(lambda: proxy.phases.count("IDLE") == 2, "it is not renewed")
            # Nobody trusts the session that was kept over such a time: it is parted with, and another looks.
            home.wait(lambda: len(proxy.accepted) == before + 1, "it does not look")
            time.sleep(6 * _SOON)
            assert len(proxy.accepted) == before + 1
            assert proxy.phases.count("LOGOUT") == 1
            case.arrive()
            home.wait_for_sweep()
        in_the_end(case)
