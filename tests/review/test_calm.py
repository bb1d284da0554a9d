"""When a poll need only ask whether anything changed, and when it must sweep: nothing that waits is forgotten."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scatterclean.config import load
from scatterclean.errors import ConnectionLost, ServerBusy
from scatterclean.model import Mode, Push, Refusal, SweepReport
from scatterclean.service import Service, jobs
from scatterclean.service.followups import Waits
from scatterclean.service.watcher import Rest
from scatterclean.wire import Household

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)


def report(name: str = "home", **known: object) -> SweepReport:
    return SweepReport(name, 1, Mode.MOVE, NOW, NOW, **known)  # type: ignore[arg-type]  # the fields


@dataclass
class Stage:
    """A daemon whose main loop the test turns by hand, with sweeps and answers of the test's."""

    daemon: Service
    swept: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    reports: Callable[[str], SweepReport] = report
    same: Callable[[], bool] = lambda: True

    def sweep(self, name: str, **_: object) -> SweepReport:
        self.swept.append(name)
        return self.reports(name)

    def unchanged(self, name: str) -> bool:
        self.asked.append(name)
        return self.same()

    def poll(self, name: str = "home") -> tuple[int, int]:
        """A round as the scheduler begins it; (sweeps, questions) that it took."""
        before = len(self.swept), len(self.asked)
        self.daemon.jobs.round(name)
        self.turn()
        return len(self.swept) - before[0], len(self.asked) - before[1]

    def turn(self) -> None:
        while not self.daemon.words.empty():
            self.daemon._listen()


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    config = tmp_path / "scatterclean.toml"
    config.write_text(
        'database = "log.db"\n'
        + "".join(
            f'[accounts.{name}]\nhost = "127.0.0.1"\nport = 1\ntls = "none"\nusername = "{name}@e.example"\n'
            f'password_env = "NOTHING"\nwatch = {watch}\nperson = "{person}"\n'
            for name, watch, person in (
                ("home", '["INBOX"]', "ada"),
                ("work", '["INBOX"]', "ada"),
                ("club", '["INBOX", "Lists"]', "bob"),
            )
        )
    )
    with Household.open(load(config)) as household:
        daemon = Service(household, lambda: load(config))
        stage = Stage(daemon)
        monkeypatch.setattr(Household, "sweep", lambda _, name, **known: stage.sweep(name, **known))
        monkeypatch.setattr(Household, "unchanged", lambda _, name: stage.unchanged(name))
        for name in household.accounts:
            daemon.jobs.schedule(name)  # in a scheduler that does not run
        yield stage


SWEPT, ASKED, BOTH, NEITHER = (1, 0), (0, 1), (1, 1), (0, 0)


def test_the_first_poll_sweeps_and_the_next_only_asks(stage: Stage) -> None:
    assert stage.poll() == SWEPT
    assert [stage.poll() for _ in range(3)] == [ASKED] * 3


def test_what_changed_is_swept_in_the_same_round_and_once(stage: Stage) -> None:
    stage.poll()
    stage.same = lambda: False
    assert stage.poll() == BOTH
    stage.same = lambda: True
    assert stage.poll() == ASKED


def test_once_an_hour_it_sweeps_whatever_is_asked(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.poll()
    later = time.monotonic() + jobs.CALM + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert stage.poll() == SWEPT
    assert stage.poll() == ASKED


@pytest.mark.parametrize(
    "known",
    [
        {"troubles": ("Sent is gone",)},
        *({"refusal": refusal} for refusal in Refusal if refusal is not Refusal.OBSERVING),
    ],
)
def test_after_a_sweep_that_left_something_undone_polls_sweep(stage: Stage, known: dict[str, object]) -> None:
    stage.reports = lambda name: report(name, **known)
    assert [stage.poll() for _ in range(2)] == [SWEPT, SWEPT]


def test_who_only_observes_is_left_in_peace_too(stage: Stage) -> None:
    stage.reports = lambda name: report(name, refusal=Refusal.OBSERVING)
    assert [stage.poll() for _ in range(2)] == [SWEPT, ASKED]


@pytest.mark.parametrize("waits", [Waits(ripe=NOW + timedelta(days=9)), Waits(unread=frozenset({"home"}))])
def test_as_long_as_something_waits_all_accounts_of_its_person_are_swept(stage: Stage, waits: Waits) -> None:
    for name in ("home", "work", "club"):
        stage.poll(name)
    stage.daemon._swept(report("work"), waits, time.monotonic())
    assert [stage.poll(name) for name in ("home", "work", "club")] == [SWEPT, SWEPT, ASKED]
    stage.daemon._swept(report("work"), waits, time.monotonic())
    assert stage.poll("home") == SWEPT
    stage.daemon._swept(report("work"), Waits(), time.monotonic())
    assert stage.poll("home") == SWEPT
    assert [stage.poll(name) for name in ("home", "work")] == [ASKED, ASKED]


@pytest.mark.parametrize(
    "event",
    [
        lambda daemon: daemon._wake("home"),
        lambda daemon: daemon.jobs.again("home", timedelta(0)),
        lambda daemon: daemon.jobs.earlier("home", NOW),
        lambda daemon: daemon.jobs.schedule("home"),
        lambda daemon: daemon._reload(),
        lambda daemon: daemon._moved(60.0),
        lambda daemon: daemon._failed("home", ConnectionLost("gone")),
    ],
    ids=["mail arrived", "again", "earlier", "scheduled", "reload", "suspend", "failed"],
)
def test_what_asks_for_a_sweep_gets_a_sweep(stage: Stage, event: Callable[[Service], None]) -> None:
    stage.poll()
    event(stage.daemon)
    assert stage.poll() == SWEPT


def test_mail_that_arrives_while_the_question_is_asked_is_swept(stage: Stage) -> None:
    stage.poll()

    def arrives() -> bool:
        stage.daemon._wake("home")
        return True

    stage.same = arrives
    assert stage.poll() == ASKED
    assert not stage.daemon._news
    assert stage.daemon.jobs.scheduler.get_job("home").next_run_time < datetime.now(UTC) + timedelta(
        seconds=30
    )
    assert stage.poll() == SWEPT


def test_mail_that_arrives_between_the_last_word_of_a_round_and_its_end_is_swept(stage: Stage) -> None:
    stage.poll()
    jobs_now = stage.daemon.jobs
    jobs_now.rounds["home"] = jobs.Round(stage.daemon.household.accounts["home"], time.monotonic())
    stage.daemon._wake("home")
    del jobs_now.rounds["home"]
    assert stage.poll() == SWEPT


def test_a_server_that_wants_patience_when_it_is_asked_gets_it(stage: Stage) -> None:
    stage.poll()

    def busy() -> bool:
        raise ServerBusy("home: not now", retry_after=600)

    stage.same = busy
    assert stage.poll() == ASKED
    due = stage.daemon.jobs.scheduler.get_job("home").next_run_time
    assert due > datetime.now(UTC) + timedelta(seconds=500)
    assert stage.poll() == SWEPT


# --- while the server wakes us ----------------------------------------------------------------------------


def woken(stage: Stage) -> None:
    stage.daemon.watchers.rests |= {name: Rest(push=Push.WOKEN) for name in ("home", "club")}
    stage.daemon.jobs.woken = stage.daemon.watchers.woken()


def test_an_account_whose_server_wakes_us_costs_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken(stage)
    assert [stage.poll() for _ in range(3)] == [SWEPT, NEITHER, NEITHER]
    later = time.monotonic() + jobs.SAFETY_NET + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert [stage.poll() for _ in range(2)] == [ASKED, NEITHER]


def test_a_second_watched_folder_of_which_nobody_tells_is_asked_for(stage: Stage) -> None:
    woken(stage)
    assert [stage.poll("club") for _ in range(2)] == [SWEPT, ASKED]


def test_when_the_watcher_is_gone_it_is_asked_for_at_every_poll(stage: Stage) -> None:
    woken(stage)
    stage.poll()
    stage.daemon.watchers.rests["home"].push = Push.COMING
    stage.daemon.jobs.woken = stage.daemon.watchers.woken()
    assert stage.poll() == ASKED
