"""Taking in: what waited acquits, once and for good; it gives no coverage, no habits and no addresses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import scatterclean.wire
from scatterclean.config import AccountSettings, Secret, Settings, Source
from scatterclean.mailbox.memory import MemoryMailbox, MemoryServer
from scatterclean.model import OUTBOX, Account, Identities, Verdict
from scatterclean.outbox import PLACE, spool, take_in
from scatterclean.store.columns import cleaned
from scatterclean.wire import Household
from tests.contracts.records import NOW, message
from tests.sweeps.world import World

WAITING = message(1, ids=["script.1@host.winter.example"], to=["nobody@elsewhere.example"], sent_at=NOW)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "log.db")
    yield world
    world.close()


def taken(world: World) -> tuple[int, list[str]]:
    return take_in(world.path, world.store.sent_log, "home", "", world.now)


def spooled(world: World) -> list[spool.Spooled]:
    return list(spool.pending(world.path, "home"))


def test_what_waits_is_new_once_and_its_file_goes(world: World) -> None:
    spool.put(world.path, "home", [WAITING, message(2)])
    assert taken(world) == (2, [])
    assert spooled(world) == []
    assert taken(world) == (0, [])
    spool.put(world.path, "home", [WAITING])
    assert taken(world) == (0, [])
    assert world.store.sent_log.count_account("home" + OUTBOX) == 2


def test_what_waits_for_another_account_stays_for_it(world: World) -> None:
    spool.put(world.path, "work", [WAITING])
    assert taken(world) == (0, [])
    assert len(list(spool.pending(world.path, "work"))) == 1


def test_a_death_between_the_commit_and_the_removal_harms_nothing(world: World) -> None:
    spool.put(world.path, "home", [WAITING])
    [before] = spooled(world)
    raw = before.path.read_bytes()
    assert taken(world) == (1, [])
    before.path.write_bytes(raw)  # as if it had not been removed
    assert taken(world) == (0, [])
    assert spooled(world) == []


def test_a_damaged_file_stays_is_told_each_time_and_stops_no_other(world: World) -> None:
    spool.put(world.path, "home", [WAITING, message(2)])
    [damaged] = spooled(world)
    damaged.path.write_bytes(damaged.path.read_bytes()[:-30])
    spool.put(world.path, "home", [message(3)])
    new, [told] = taken(world)
    assert new == 2  # the whole one of the damaged file, and the other file
    assert str(damaged.path) in told
    assert "1 of 2 records" in told
    assert [s.path for s in spooled(world)] == [damaged.path]
    assert taken(world) == (0, [told])


def test_the_name_under_which_the_cursor_is_kept_is_no_folders(world: World) -> None:
    assert cleaned(PLACE.folder) == PLACE.folder
    assert not PLACE.folder.isprintable()
    spool.put(world.path, "home", [WAITING])
    taken(world)
    assert list(world.store.sent_log.cursors("home" + OUTBOX)) == [PLACE.folder]


def test_an_imported_id_acquits_a_bounce_that_would_have_moved(world: World) -> None:
    world.history()
    world.watched()
    world.bounced("script.1@host.winter.example", hop="vps.far.example (vps.far.example [203.0.113.9])")
    world.bounced("forged@spam.example", number=1, recipient="victim@third.example")
    spool.put(world.path, "home", [WAITING])
    taken(world)
    report = world.sweep()
    assert report.verdicts == {Verdict.GENUINE: 1, Verdict.ORPHAN: 1}
    assert world.away() == ["1.forged@mx.elsewhere.example"]


def test_an_import_that_comes_too_late_brings_the_bounce_back(world: World) -> None:
    world.history()
    world.watched()
    world.bounced("script.1@host.far.example")
    assert world.sweep().moved == 1
    spool.put(world.path, "home", [message(1, ids=["script.1@host.far.example"], sent_at=NOW)])
    taken(world)
    world.sweep()
    assert world.away() == []


def test_an_import_gives_no_coverage_no_count_no_sender_and_no_shape(world: World) -> None:
    log = world.store.sent_log
    spool.put(world.path, "home", [message(n, sent_at=NOW - timedelta(days=n)) for n in range(1, 900)])
    assert taken(world) == (899, [])
    assert log.coverage(["home", "home" + OUTBOX]) == {
        "home": log.coverage(["none"])["none"],
        "home" + OUTBOX: log.coverage(["none"])["none"],
    }
    assert (log.count(""), log.senders(""), log.shapes("")) == (0, frozenset(), frozenset())
    world.bounced("forged@spam.example")
    assert world.sweep().moved == 0  # no Sent folder was ever read


# --- through the household: what the daemon and the commands do -------------------------------------------


@pytest.fixture
def household(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Household]:
    account = Account("home", Identities(), person="ada")
    one = AccountSettings(account, host="127.0.0.1", username="me", secret=Secret(Source.PLAIN, ("x",)))
    monkeypatch.setattr(scatterclean.wire, "connect", lambda _: MemoryMailbox(MemoryServer()))
    with Household.open(Settings(tmp_path / "c.toml", tmp_path / "log.db", (one,))) as household:
        yield household


def test_a_sweep_takes_in_first_and_its_report_tells_what_is_damaged(
    household: Household, tmp_path: Path
) -> None:
    spool.put(tmp_path / "log.db", "home", [WAITING])
    spool.put(tmp_path / "log.db", "home", [message(2)])
    whole, damaged = spool.pending(tmp_path / "log.db", "home")
    damaged.path.write_bytes(b"rubbish")
    report = household.sweep("home")
    assert household.store.sent_log.count_account("home" + OUTBOX) == 1
    assert str(damaged.path) in report.troubles[0]
    assert (whole.path.exists(), damaged.path.exists()) == (False, True)


def test_a_harvest_takes_in_as_well(household: Household, tmp_path: Path) -> None:
    spool.put(tmp_path / "log.db", "home", [WAITING])
    assert household.harvest("home").new == 0  # of the Sent folders
    assert household.store.sent_log.count_account("home" + OUTBOX) == 1
    assert not list(spool.pending(tmp_path / "log.db", "home"))
