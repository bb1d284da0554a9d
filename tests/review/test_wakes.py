"""Mail that arrives while a round ends is swept soon, not at the next poll: the end has several moments, and on a busy
machine much fits between two of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from scatterclean.errors import PersonCanMend
from scatterclean.model import SweepReport
from scatterclean.service import Service, followups, jobs
from scatterclean.service import daemon as main_loop
from scatterclean.service.followups import Waits
from scatterclean.service.jobs import Jobs, Round
from scatterclean.service.watcher import Watch, Watchers
from scatterclean.sweep import Steps
from scatterclean.wire import Household

from . import test_daemon
from .test_daemon import PATIENCE, Stage, report

stage = test_daemon.stage
BRIEF = timedelta(seconds=0.05)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main_loop, "HEARTBEAT", BRIEF.total_seconds())
    monkeypatch.setattr(followups, "HEAP", BRIEF)
    monkeypatch.setattr(followups, "BETWEEN_WAKES", BRIEF)


class Rounds(dict[str, Round]):
    """Whoever takes a round away waits until the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.leaving, self.let = threading.Event(), threading.Event()

    def pop(self, *known: object) -> Round:
        self.leaving.set()
        self.let.wait(PATIENCE)
        return super().pop(*known)  # type: ignore[call-overload, no-any-return]  # as it was called


def heard(daemon: Service) -> None:
    """All words that are there were heard."""
    until = time.monotonic() + PATIENCE
    while not daemon.words.empty():
        assert time.monotonic() < until
        time.sleep(0.01)
    time.sleep(0.1)  # the last one, too


def mail_arrives(daemon: Service) -> None:
    """The watcher says so."""
    watch = daemon.watchers.watches.setdefault("home", Watch(daemon.household.accounts["home"], None))
    daemon.words.put(("rang", watch))


def mail_is_heard_of_behind_its_round(
    stage: Stage,
    daemon: Service,
    monkeypatch: pytest.MonkeyPatch,
    rang: Callable[[Watchers, Watch], bool],
) -> None:
    """It arrives in the second round, which is over when the main loop, held in `rang`, hears of it."""
    sweeping = threading.Event()

    def play(_stop: Callable[[], bool]) -> SweepReport:
        sweeping.wait(PATIENCE)
        return report("home")

    stage.wait(lambda: daemon.health)
    stage.play["home"] = play
    daemon.words.put(("again", "home"))
    stage.wait(lambda: len(stage.began) == 2)
    monkeypatch.setattr(Watchers, "rang", rang)
    mail_arrives(daemon)
    sweeping.set()
    stage.wait(lambda: not daemon.jobs.rounds)


@pytest.mark.parametrize("when", ["in the sweep", "when it was told"])
def test_mail_that_arrives_before_the_round_is_put_down_is_swept_soon(stage: Stage, when: str) -> None:
    sweeping = threading.Event()

    def play(_stop: Callable[[], bool]) -> SweepReport:
        sweeping.wait(PATIENCE)
        return report("home")

    with stage.running() as daemon:
        stage.wait(lambda: daemon.health)  # the first one is over, and went well
        stage.play["home"] = play
        mail_arrives(daemon)
        stage.wait(lambda: len(stage.began) == 2)
        rounds = Rounds()
        rounds.update(daemon.jobs.rounds)
        daemon.jobs.rounds = rounds
        if when == "in the sweep":
            mail_arrives(daemon)
            heard(daemon)
        # The main loop hears how the sweep went while the round still stands in the book.
        sweeping.set()
        stage.wait(rounds.leaving.is_set)
        heard(daemon)
        if when == "when it was told":
            mail_arrives(daemon)
            heard(daemon)
        assert len(stage.began) == 2
        rounds.let.set()
        stage.wait(lambda: len(stage.began) == 3)


def test_a_round_that_is_due_while_the_thread_of_the_last_one_has_not_come_back_is_made_up_for(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scheduler passes over what is due meanwhile, until the next poll."""
    back, due = threading.Event(), Jobs.round

    def slow(self: Jobs, name: str) -> None:
        due(self, name)
        back.wait(PATIENCE)

    monkeypatch.setattr(Jobs, "round", slow)
    with stage.running() as daemon:
        stage.wait(lambda: stage.began)
        stage.wait(lambda: not daemon.jobs.rounds)
        mail_arrives(daemon)
        time.sleep(0.5)
        assert stage.began == ["home"]
        back.set()
        stage.wait(lambda: stage.began == ["home", "home"])


def test_what_was_heard_before_the_round_was_told_of_is_not_calmed_away(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The main loop is behind: mail arrived in a round of which it hears only later that all is quiet."""
    behind = threading.Event()

    def rang(_self: Watchers, _watch: Watch) -> bool:
        behind.wait(PATIENCE)
        return True

    monkeypatch.setattr(Watchers, "woken", lambda _self: frozenset({"home"}))
    with stage.running() as daemon:
        mail_is_heard_of_behind_its_round(stage, daemon, monkeypatch, rang)
        behind.set()
        stage.wait(lambda: len(stage.began) == 3)


def test_nor_by_that_of_the_round_before(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The main loop is further behind: the round that mail has woken begins before it hears of the last one."""
    behind, looked, locked = threading.Event(), threading.Event(), threading.Event()
    wished, tidy = Household.wished, Household.tidy_sessions
    looking = threading.Event()
    looked.set()
    locked.set()

    def rang(_self: Watchers, _watch: Watch) -> bool:
        behind.wait(PATIENCE)
        locked.clear()
        looked.clear()
        return True

    def slowly_wished(self: Household) -> frozenset[str]:
        if threading.current_thread().name.startswith("ThreadPool") and not looked.is_set():
            looking.set()
            looked.wait(PATIENCE)
        return frozenset(wished(self))

    def slowly_tidied(self: Household, *, all_of_them: bool = False) -> None:
        locked.wait(PATIENCE)
        tidy(self, all_of_them=all_of_them)

    monkeypatch.setattr(Household, "wished", slowly_wished)
    monkeypatch.setattr(Household, "tidy_sessions", slowly_tidied)
    monkeypatch.setattr(Watchers, "woken", lambda _self: frozenset({"home"}))
    with stage.running() as daemon:
        mail_is_heard_of_behind_its_round(stage, daemon, monkeypatch, rang)
        behind.set()
        stage.wait(looking.is_set)
        locked.set()
        heard(daemon)
        looked.set()
        stage.wait(lambda: len(stage.began) == 3)


def test_what_was_passed_over_does_not_shorten_a_back_off(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    back, behind, failing, due = threading.Event(), threading.Event(), threading.Event(), Jobs.round
    back.set()

    def slow(self: Jobs, name: str) -> None:
        due(self, name)
        back.wait(PATIENCE)

    def play(_stop: Callable[[], bool]) -> SweepReport:
        failing.wait(PATIENCE)
        raise PersonCanMend("home: wrong password")

    def rang(_self: Watchers, _watch: Watch) -> bool:
        behind.wait(PATIENCE)
        return False

    monkeypatch.setattr(Jobs, "round", slow)
    with stage.running() as daemon:
        stage.wait(lambda: daemon.health)
        stage.play["home"] = play
        time.sleep(0.2)  # the thread of the first round has come back
        back.clear()
        daemon.words.put(("again", "home"))
        stage.wait(lambda: len(stage.began) == 2)
        monkeypatch.setattr(Watchers, "rang", rang)
        mail_arrives(daemon)
        failing.set()
        stage.wait(lambda: not daemon.jobs.rounds)
        # Its poll is due while its thread has not come back and the main loop has not heard of the failure.
        daemon.jobs.scheduler.get_job("home").modify(next_run_time=datetime.now(UTC))
        stage.wait(lambda: daemon.words.qsize() >= 3)
        behind.set()
        heard(daemon)
        back.set()
        assert daemon.jobs.due()["home"] - datetime.now(UTC) > timedelta(minutes=1)


def test_an_account_that_waits_for_another_and_is_still_at_work_looks_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.write("a", "b")
    monkeypatch.setattr(jobs, "waits_of", lambda _cases: Waits(None, frozenset({"b"})))
    monkeypatch.setattr(Household, "of_person", lambda _self, _name: ["a", "b"])
    working = threading.Event()
    working.set()

    def sweep(name: str, *, steps: Steps, **_: object) -> SweepReport:
        stage.began.append(name)
        if name == "a":
            steps.judging()([])
            working.wait(PATIENCE)
        return report(name)

    monkeypatch.setattr(Household, "sweep", staticmethod(sweep))
    with stage.running() as daemon:
        stage.wait(lambda: len(daemon.health) == 2)
        time.sleep(1)  # they have answered each other
        daemon.followups._answered.clear()
        working.clear()
        before = stage.began.count("a")
        daemon.words.put(("again", "a"))
        stage.wait(lambda: stage.began.count("a") == before + 1)
        read = stage.began.count("b")
        daemon.words.put(("again", "b"))
        stage.wait(lambda: stage.began.count("b") == read + 1 and "b" not in daemon.jobs.rounds)
        heard(daemon)
        working.set()
        stage.wait(lambda: stage.began.count("a") == before + 2)
