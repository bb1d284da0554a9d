"""The daemon with sweeps that the test writes: nothing ends it, nothing stops an account's jobs, it leaves cleanly."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from scatterclean.config import Settings, load
from scatterclean.errors import ConnectionLost, DatabaseUnusable, ServerBusy
from scatterclean.model import Mode, Refusal, SweepReport
from scatterclean.service import Service, clock, health, jobs
from scatterclean.service import daemon as main_loop
from scatterclean.wire import Household

PATIENCE = 20.0
MAIL = "Dear Ada, your PIN is 1234"


def report(name: str, **known: object) -> SweepReport:
    now = datetime.now(UTC)
    return SweepReport(name, 1, Mode.MOVE, now, now, **known)  # type: ignore[arg-type]  # the fields


@dataclass
class Stage:
    """A configuration, a daemon on it in a thread, and what each account's sweep does: `play[name](stop)`."""

    path: Path
    play: dict[str, Callable[[Callable[[], bool]], SweepReport]] = field(default_factory=dict)
    began: list[str] = field(default_factory=list)
    aborted: list[str] = field(default_factory=list)
    left: list[bool] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.path / "scatterclean.toml"

    def write(self, *names: str, level: str = "info", mode: str = "move", push: bool = False) -> None:
        head = f'database = "{self.path / "log.db"}"\nlog_level = "{level}"\n'
        self.config.write_text(
            head
            + "".join(
                f'[accounts.{name}]\nhost = "127.0.0.1"\nport = 1\ntls = "none"\nusername = "{name}@e.example"\n'
                f'password_env = "NOTHING"\npoll = "1h"\nmode = "{mode}"\npush = {str(push).lower()}\n'
                for name in names
            )
        )

    def load(self) -> Settings:
        return load(self.config)

    def sweep(self, name: str, *, stop: Callable[[], bool], **_: object) -> SweepReport:
        self.began.append(name)
        return self.play[name](stop) if name in self.play else report(name)

    def abort(self, name: str) -> None:
        self.aborted.append(name)

    @contextmanager
    def running(self) -> Iterator[Service]:
        with Household.open(self.load()) as household:
            daemon = Service(household, self.load)
            thread = threading.Thread(target=lambda: self.left.append(daemon.run()), daemon=True)
            thread.start()
            try:
                yield daemon
            finally:
                daemon.words.put(("stop", "the test"))
                thread.join(PATIENCE)
                assert not thread.is_alive()

    def reload(self, daemon: Service) -> None:
        daemon.words.put(("reload", "SIGHUP"))

    def wait(self, done: Callable[[], object]) -> None:
        until = time.monotonic() + PATIENCE
        while not done():
            assert not self.left, "the daemon ended by itself"
            assert time.monotonic() < until
            time.sleep(0.01)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Stage:
    stage = Stage(tmp_path)
    stage.write("home")
    monkeypatch.setattr(Household, "sweep", stage.sweep)
    monkeypatch.setattr(Household, "abort", stage.abort)
    monkeypatch.setattr(logging.getLogger("scatterclean"), "propagate", True)  # the CLI's tests take it away
    caplog.set_level(logging.INFO, "scatterclean")
    return stage


def due(daemon: Service, name: str) -> timedelta:
    """How long the account's next sweep is away."""
    return daemon.jobs.scheduler.get_job(name).next_run_time - datetime.now(UTC)  # type: ignore[no-any-return]


def hang(stop: Callable[[], bool]) -> SweepReport:
    while not stop():
        time.sleep(0.01)
    return report("?", refusal=Refusal.STOPPED)


# --- reloading --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [DatabaseUnusable("the disk is full"), RuntimeError("a bug")], ids=["trouble", "bug"]
)
def test_a_reload_that_the_database_refuses_ends_nothing_and_changes_nothing(
    stage: Stage, error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with stage.running() as daemon:
        stage.wait(lambda: stage.began)

        def refuse(*_: object) -> None:
            raise error

        monkeypatch.setattr(main_loop, "assign", refuse)
        stage.write("home", "more")
        stage.reload(daemon)
        stage.wait(lambda: "the old one stays" in caplog.text or "a bug" in caplog.text)
        assert list(daemon.household.accounts) == ["home"]
        monkeypatch.undo()
        monkeypatch.setattr(Household, "sweep", stage.sweep)
        stage.reload(daemon)
        stage.wait(lambda: "more" in stage.began)


def test_accounts_that_a_reload_adds_do_not_wait_for_those_that_hang(stage: Stage) -> None:
    many = [f"slow{n}" for n in range(12)]
    stage.play = dict.fromkeys(many, hang)
    with stage.running() as daemon:
        stage.wait(lambda: stage.began)
        stage.write(*many, "last")
        stage.reload(daemon)
        stage.wait(lambda: "last" in stage.began)


def test_an_account_that_a_reload_takes_out_ends_its_move_in_hand_uncut(stage: Stage) -> None:
    stopped = threading.Event()

    def play(stop: Callable[[], bool]) -> SweepReport:
        hang(stop)
        stopped.set()
        return report("home", refusal=Refusal.STOPPED)

    stage.play["home"] = play
    with stage.running() as daemon:
        stage.wait(lambda: stage.began)
        stage.write("other")
        stage.reload(daemon)
        stage.wait(stopped.is_set)
        assert not stage.aborted


def test_an_account_that_a_reload_takes_out_is_cut_if_it_does_not_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(jobs, "GRACE", 0.1)
    cut = threading.Event()

    def play(_stop: Callable[[], bool]) -> SweepReport:
        cut.wait(PATIENCE)
        raise ConnectionLost("home: the connection broke")

    monkeypatch.setattr(Household, "abort", lambda *_: cut.set())
    stage.play["home"] = play
    with stage.running() as daemon:
        stage.wait(lambda: stage.began)
        stage.write("other")
        stage.reload(daemon)
        stage.wait(cut.is_set)
        stage.wait(lambda: not daemon.jobs.rounds)
    assert "trying again" not in caplog.text


def test_a_sweep_under_the_old_configuration_makes_way_for_the_new_one(stage: Stage) -> None:
    """Who writes mode = "observe" and reloads wants no more moves."""
    stage.play["home"] = hang
    with stage.running() as daemon:
        stage.wait(lambda: stage.began)
        stage.write("home", mode="observe")
        stage.play.clear()
        stage.reload(daemon)
        stage.wait(lambda: stage.began == ["home", "home"])


def test_a_reload_that_changes_nothing_of_an_account_leaves_its_sweep_alone(stage: Stage) -> None:
    stage.play["home"] = hang
    with stage.running() as daemon:
        stage.wait(lambda: stage.began)
        stage.write("home", "more")
        stage.reload(daemon)
        stage.wait(lambda: "more" in stage.began)
        time.sleep(0.1)
        assert "home" in daemon.jobs.rounds


def test_a_trouble_that_outlasts_a_reload_is_told_again(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    def play(_stop: Callable[[], bool]) -> SweepReport:
        raise DatabaseUnusable("home: still the wrong password")

    stage.play["home"] = play
    with stage.running() as daemon:
        stage.wait(lambda: "wrong password" in caplog.text)
        stage.reload(daemon)
        stage.wait(lambda: caplog.text.count("wrong password") == 2)


def test_being_verbose_outlives_a_reload(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    with stage.running() as daemon:
        monkeypatch.setattr(daemon, "verbose", True)
        logging.getLogger("scatterclean").setLevel(logging.DEBUG)
        stage.write("home", "more", level="warning")
        stage.reload(daemon)
        stage.wait(lambda: "more" in stage.began)
        assert logging.getLogger("scatterclean").level == logging.DEBUG


# --- jobs -------------------------------------------------------------------------------------------------


def test_a_server_that_asks_for_years_of_patience_is_asked_again_within_an_hour(stage: Stage) -> None:
    def play(_stop: Callable[[], bool]) -> SweepReport:
        raise ServerBusy("home: throttled", retry_after=999_999_999.0)

    stage.play["home"] = play
    with stage.running() as daemon:
        stage.wait(lambda: daemon.health)
        # For a moment it is the next round as the clock has it, an hour and up to six minutes away.
        stage.wait(lambda: due(daemon, "home") < timedelta(hours=1))


def test_a_clock_that_was_wrong_by_years_is_made_up_for_by_one_round(stage: Stage) -> None:
    """APScheduler lists every round that was missed, before it runs one: gigabytes where a clock began in 1970."""
    with stage.running() as daemon:
        stage.wait(lambda: stage.began)
        job = daemon.jobs.scheduler.get_job("home")
        assert len(job._get_run_times(datetime.now(UTC) + timedelta(days=3))) == 1


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_clock_that_is_set_brings_a_round_at_once(
    stage: Stage, hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stage.running():
        stage.wait(lambda: stage.began)
        time.sleep(0.5)  # the main loop must have read the clock once, for a jump to be one
        moved = SimpleNamespace(
            time=lambda: time.time() + 3600 * hours, monotonic=time.monotonic, sleep=time.sleep
        )
        monkeypatch.setattr(clock, "time", moved)
        stage.wait(lambda: stage.began == ["home", "home"])


def test_a_round_that_shows_no_life_is_cut_and_the_account_goes_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "SILENCE", timedelta(seconds=0.2))
    monkeypatch.setattr(health, "FIRST_BACKOFF", timedelta(0))

    def play(_stop: Callable[[], bool]) -> SweepReport:
        stage.wait(lambda: stage.aborted)
        # The next round may take its time, as on a machine that has much to do.
        monkeypatch.setattr(jobs, "SILENCE", timedelta(minutes=10))
        stage.play.clear()
        raise ConnectionLost("home: the connection broke")

    stage.play["home"] = play
    with stage.running():
        stage.wait(lambda: stage.began == ["home", "home"])
    assert stage.aborted == ["home"]


def test_a_round_that_outlasts_its_interval_is_followed_by_another(stage: Stage) -> None:
    over = threading.Event()

    def play(_stop: Callable[[], bool]) -> SweepReport:
        over.wait(2.5)
        return report("home")

    stage.play["home"] = play
    with stage.running() as daemon:
        stage.wait(lambda: stage.began)
        pace = jobs.Pace(seconds=1, timezone=UTC)
        daemon.jobs.scheduler.get_job("home").modify(trigger=pace, next_run_time=datetime.now(UTC))
        stage.wait(lambda: stage.began == ["home", "home"])
        over.set()


def test_trouble_that_concerns_every_account_is_told_once(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    tried = []

    def play(_stop: Callable[[], bool]) -> SweepReport:
        tried.append(1)
        raise DatabaseUnusable("the disk is full")

    stage.play["home"] = play
    with stage.running() as daemon:
        for times in (1, 2, 3):
            stage.wait(lambda: len(tried) == times and not daemon.jobs.rounds and daemon.words.empty())  # noqa: B023
            daemon.jobs.again("home", timedelta(0))
        stage.wait(lambda: len(tried) == 4)
    assert caplog.text.count("the disk is full") == 1
    assert caplog.text.count("every account") == 1


def test_a_bug_shows_no_mail_even_in_a_debug_log(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    def play(_stop: Callable[[], bool]) -> SweepReport:
        int(MAIL)
        raise AssertionError

    stage.play["home"] = play
    caplog.set_level(logging.DEBUG, "scatterclean")
    with stage.running():
        stage.wait(lambda: "a bug" in caplog.text)
    ours = "".join(r.getMessage() + str(r.exc_info) for r in caplog.records if r.name == "scatterclean")
    assert "ValueError" in ours
    assert "test_daemon.py" in ours, "where it happened helps to mend it"
    assert "PIN" not in ours


# --- leaving ----------------------------------------------------------------------------------------------


def test_nothing_is_called_settled_when_a_connection_was_cut(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(jobs, "GRACE", 0.1)
    cut = threading.Event()

    def play(_stop: Callable[[], bool]) -> SweepReport:
        cut.wait(PATIENCE)
        raise ConnectionLost("home: the connection broke during UID MOVE")

    monkeypatch.setattr(Household, "abort", lambda *_: cut.set())
    stage.play["home"] = play
    with stage.running():
        stage.wait(lambda: stage.began)
    assert stage.left == [True]
    assert "everything is settled" not in caplog.text
    assert "at the next start" in caplog.text


def test_what_the_last_sweep_moved_is_told_before_leaving(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    def play(stop: Callable[[], bool]) -> SweepReport:
        hang(stop)
        return report("home", moved=17, refusal=Refusal.STOPPED)

    stage.play["home"] = play
    with stage.running():
        stage.wait(lambda: stage.began)
    assert "17 put away" in caplog.text


def test_a_round_that_was_handed_out_while_leaving_does_not_begin(stage: Stage) -> None:
    with stage.running() as daemon:
        stage.wait(lambda: stage.began and not daemon.jobs.rounds)
        daemon.stop.set()
        daemon.jobs.round("home")
    assert stage.began == ["home"]


def test_the_trouble_of_one_account_stops_no_other(stage: Stage) -> None:
    troubles: list[type[BaseException]] = [
        SystemExit,
        KeyboardInterrupt,
        MemoryError,
        RecursionError,
        KeyError,
    ]

    def raising(kind: type[BaseException]) -> Callable[[Callable[[], bool]], SweepReport]:
        def play(_stop: Callable[[], bool]) -> SweepReport:
            raise kind

        return play

    stage.play = {kind.__name__: raising(kind) for kind in troubles}
    stage.write(*stage.play, "home")
    with stage.running() as daemon:
        stage.wait(lambda: len(stage.began) == len(troubles) + 1)
        for name in stage.play:
            stage.wait(lambda: due(daemon, name) < timedelta(minutes=16))  # noqa: B023
            daemon.jobs.again(name, timedelta(0))
        stage.wait(lambda: len(stage.began) == 2 * len(troubles) + 1)
