"""Figures and heartbeat: exact, after good rounds alone, told of once when they fail, and no round waits for them."""

from __future__ import annotations

import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from scatterclean.config import load
from scatterclean.config.outward import PingUrl
from scatterclean.model import Mode, SweepReport
from scatterclean.service import metrics, outward, ping
from scatterclean.service.metrics import Family, Round
from scatterclean.service.outward import Outward
from scatterclean.wire import Household

PATIENCE = 20.0
SECRET = "sesame-42"


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(logging.getLogger("scatterclean"), "propagate", True)
    caplog.set_level(logging.DEBUG, "scatterclean")


@pytest.fixture
def household(tmp_path: Path) -> Iterator[Household]:
    config = tmp_path / "scatterclean.toml"
    config.write_text(
        f'database = "log.db"\nmetrics_file = "mine.prom"\nping_url = "http://127.0.0.1:1/{SECRET}"\n'
        + "".join(
            f'[accounts.{name}]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\nusername = "{name}"\npassword = "x"\n'
            for port, name in enumerate(("home", "work"), 1)
        )
    )
    config.chmod(0o600)
    with Household.open(load(config)) as opened:
        yield opened


def wait(done: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < until
        time.sleep(0.01)


def report(name: str) -> SweepReport:
    now = datetime.now(UTC)
    return SweepReport(name, 1, Mode.MOVE, now - timedelta(seconds=2), now)


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """What Prometheus' own parser reads."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


# --- the file ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["plain", 'a"b', "a\\b", "a\\nb", "a\nb", "ü {},=", "\\"])
def test_labels_and_help_come_back_from_prometheus_own_parser(label: str) -> None:
    told = metrics.text([Family("x_total", "counter", f"of {label}", [({"account": label, "v": "1"}, 3)])])
    [family] = text_string_to_metric_families(told)
    assert family.documentation == f"of {label}"
    [sample] = family.samples
    assert (sample.labels, sample.value) == ({"account": label, "v": "1"}, 3.0)


def test_every_name_is_explained_once_and_all_its_samples_stand_together(household: Household) -> None:
    rounds = {"home": Round(datetime.now(UTC), 0, 2, 1.5), "work": Round(None, 3, 3)}
    lines = metrics.text(metrics.families(household.store, rounds)).splitlines()
    names = [line.split(" ")[2] for line in lines if line.startswith("# TYPE")]
    assert names == [line.split(" ")[2] for line in lines if line.startswith("# HELP")]
    assert len(names) == len(set(names))
    order = [line.partition("{")[0] for line in lines if not line.startswith("#")]
    assert [name for at, name in enumerate(order) if order[at - 1 : at] != [name]] == names
    counters = {line.split(" ")[2] for line in lines if line.endswith(" counter")}
    assert all(name.endswith("_total") == (name in counters) for name in names)
    read = samples("\n".join(lines) + "\n")
    home, work = (("account", "home"),), (("account", "work"),)
    assert read["scatterclean_last_sweep_duration_seconds", home] == 1.5
    assert read["scatterclean_consecutive_failures", work] == 3
    assert read["scatterclean_moved_total", home] == 0
    assert read["scatterclean_open_messages", (*home, ("verdict", "waiting"))] == 0
    assert ("scatterclean_last_success_timestamp_seconds", work) not in read, "never is not 1970"


def test_a_moment_keeps_its_whole_value() -> None:
    told = metrics.text([Family("x", "gauge", "x", [({}, 1764442800.25)])])
    assert "x{} 1764442800.25\n" in told


def test_the_file_is_replaced_whole_and_may_be_read_by_others(tmp_path: Path) -> None:
    path = tmp_path / "mine.prom"
    mask = os.umask(0o077)
    try:
        metrics.write(path, "old\n")
        with path.open() as reader:
            metrics.write(path, "new\n")
            assert reader.read() == "old\n", "who reads while it is written reads the old one"
    finally:
        os.umask(mask)
    assert path.read_text() == "new\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_was_left_half_written_or_a_planted_link_hinders_nothing(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / ".mine.prom.new").symlink_to(victim)
    metrics.write(tmp_path / "mine.prom", "new\n")
    assert victim.read_text() == "mine"
    assert not (tmp_path / "mine.prom").is_symlink()


def test_after_a_round_the_file_is_there_and_its_trouble_is_told_once(
    household: Household, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "mine.prom"
    path.mkdir()  # nothing can be put in place of a folder
    told = Outward(household, call=lambda _url: None)
    for _ in range(5):
        told.well("home", report("home"))
        told.mind()
        told.end()
    assert caplog.text.count("metrics_file: ") == 1
    path.rmdir()
    told.well("home", report("home"))
    told.mind()
    wait(path.exists)
    wait(lambda: "metrics_file works again" in caplog.text)
    assert (
        samples(path.read_text())["scatterclean_last_sweep_duration_seconds", (("account", "home"),)] == 2.0
    )


# --- the switch -------------------------------------------------------------------------------------------


def test_it_is_called_only_while_all_accounts_are_well_and_once_a_minute(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[PingUrl] = []
    told = Outward(household, call=called.append)

    def rounds(*well: str, failed: str = "") -> int:
        for name in well:
            told.well(name, report(name))
        if failed:
            told.failed(failed)
        told.mind()
        told.end()
        return len(called)

    assert rounds("home") == 0, "nothing is known of the other yet"
    assert rounds("work") == 1
    assert rounds("home", "work") == 1, "a minute is not over"
    monkeypatch.setattr(outward, "BETWEEN", 0.0)
    assert rounds() == 2, "what came within the minute is told when it is over"
    assert rounds() == 2, "no round, no call"
    assert rounds("home", failed="work") == 2
    assert rounds("home") == 2
    assert rounds("work") == 3
    assert called[0].target == f"/{SECRET}"


def test_a_call_that_hangs_delays_nothing_and_is_not_made_twice(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outward, "BETWEEN", 0.0)
    monkeypatch.setattr(outward, "FAREWELL", 0.0)
    hangs, began = threading.Event(), []

    def call(_url: PingUrl) -> None:
        began.append(1)
        hangs.wait(PATIENCE)

    told = Outward(household, call=call)
    for _ in range(5):
        told.well("home")
        told.well("work")
        told.mind()
    wait(lambda: began)
    told.end()
    assert not hangs.is_set(), "nobody waited"
    assert len(began) == 1
    hangs.set()


@pytest.mark.parametrize(
    "error", [OSError(111, f"refused {SECRET}"), ValueError(SECRET), ping.NotHeard("its server answers 500")]
)
def test_its_failure_is_told_once_without_the_address_and_so_is_its_end(
    error: Exception, household: Household, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outward, "BETWEEN", 0.0)
    broken = True

    def call(_url: PingUrl) -> None:
        if broken:
            raise error

    told = Outward(household, call=call)
    for at in range(8):
        broken = at < 5
        told.well("home")
        told.well("work")
        told.mind()
        told.end()
    assert caplog.text.count("ping_url: ") == 1
    assert caplog.text.count("ping_url works again") == 1
    if not isinstance(error, OSError):  # the text of the system's own is what the system says
        assert SECRET not in caplog.text
