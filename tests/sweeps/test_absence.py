"""What the log could not see for a while: an account that was away for a week, and one that came later; and what a
sweep marks when somebody else sends by the person's account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean import wording
from scatterclean.cli.sweeps import Outcome
from scatterclean.model import Because, Identities, Verdict, WithoutUidplus
from scatterclean.plan import ALARM_KEYWORD
from scatterclean.sweep import Steps

from .world import ME, World, bounce, stolen


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[World, World]]:
    """Two accounts of a person, each with a history, both swept a day ago and proved by replies."""
    home = World(tmp_path / "log.db", accounts=("home", "work"))
    work = World(tmp_path / "log.db", accounts=("home", "work"), _store=home.store)
    work.account = replace(home.account, name="work")
    for world in (home, work):
        world.history()
        world.sweep()
    home.watched()
    yield home, work
    home.close()


def together(home: World, work: World, **span: float) -> None:
    home.later(**span)
    work.now = home.now


def test_an_account_that_was_away_for_a_week_is_waited_for_and_then_counts_as_watched(
    pair: tuple[World, World],
) -> None:
    """Its token was dead; nothing vanished from Sent meanwhile."""
    home, work = pair
    together(home, work, days=3)
    home.bounced("sent.by.work@winter.example", number=1, recipient="carl@firm.example")
    home.bounced("forged.1@spam.example", number=2)
    work.sent("sent.by.work@winter.example", ago=timedelta(hours=3), to="carl@firm.example")
    for _ in range(4):  # four days on which only one of them can be read
        assert home.sweep().verdicts == {Verdict.UNDECIDED: 1, Verdict.WAITING: 1}
        together(home, work, days=1)
    [waiting] = [
        c.finding for c in home.store.docket.open_cases("home") if c.finding.verdict is Verdict.WAITING
    ]
    assert [(r.because, r["account"]) for r in waiting.because] == [(Because.SENT_UNREAD, "work")]
    work.sweep()
    report = home.sweep()
    assert report.verdicts == {Verdict.GENUINE: 1, Verdict.ORPHAN: 1}
    assert home.away() == ["2.forged.1@mx.elsewhere.example"]


def test_what_vanished_in_that_week_is_a_hole(pair: tuple[World, World]) -> None:
    home, work = pair
    together(home, work, days=3)
    home.bounced("forged.1@spam.example", number=1)
    work.server.delete("Sent", work.sent("unseen@winter.example", ago=timedelta(hours=5)))
    together(home, work, days=4)
    work.sweep()
    assert home.sweep().verdicts == {Verdict.UNDECIDED: 1}
    [case] = home.store.docket.open_cases("home")
    assert case.finding.because[0].because is Because.OUTSIDE_COVERAGE
    assert case.finding.because[0]["account"] == "work"


def test_an_account_that_came_later_lets_only_foreign_signs_convict(tmp_path: Path) -> None:
    """Of what was sent from it before, the log knows what was left."""
    world = World(tmp_path / "log.db")
    world.history()
    world.sweep()
    world.watched()
    late = World(tmp_path / "log.db", accounts=("home", "late"), _store=world.store)
    late.account = replace(world.account, name="late")
    late.history()
    world.accounts = late.accounts
    together(world, late, hours=3)
    late.sweep()
    world.bounced("forged.1@spam.example", number=1)
    at = world.now - timedelta(hours=2)
    silent = bounce("forged.2@spam.example", at=at, number=2).replace(
        b"\r\nReceived: from dsl", b"\r\nX-Way: from dsl"
    )
    world.server.append("INBOX", silent, arrival=at)
    assert world.sweep().verdicts == {Verdict.ORPHAN: 1, Verdict.UNDECIDED: 1}
    [case] = [c for c in world.store.docket.open_cases("home") if c.finding.verdict is Verdict.UNDECIDED]
    reason = case.finding.because[0]
    assert (reason.because, reason["account"], reason["why"]) == (Because.UNPROVED, "late", "backfilled")
    world.close()


def test_a_message_that_is_an_alarm_is_flagged_and_told_once(tmp_path: Path) -> None:
    """The person's own server says that the person's log-in sent it; a flag that is taken off stays off."""
    world = World(tmp_path / "log.db")
    world.set(identities=Identities(addresses=frozenset([ME, "*@winter.example"])))
    world.history()
    world.sweep()
    world.later(hours=3)
    world.watched()
    at = world.now - timedelta(hours=2)
    uid = world.server.append("INBOX", stolen("stolen.1@spam.example", at=at), arrival=at)
    first = world.sweep()
    assert first.verdicts == {Verdict.ALARM: 1}
    assert len(first.troubles) == 1
    assert len(world.store.journal.alarms("home")) == 1
    assert {"\\Flagged", ALARM_KEYWORD} <= flags(world, uid)
    world.server.unflag("INBOX", uid, "\\Flagged", ALARM_KEYWORD)
    world.later(days=1)
    assert not world.sweep().troubles
    assert len(world.store.journal.alarms("home")) == 1
    assert "\\Flagged" not in flags(world, uid)
    assert not world.away()
    world.close()


def test_what_was_put_away_and_proves_to_be_an_alarm_comes_back_flagged_and_is_told_once(
    tmp_path: Path,
) -> None:
    """The person tells later of an address and its servers."""
    world = World(tmp_path / "log.db")
    put_away_before_the_address_was_told(world)
    second = world.sweep()
    assert second.returned == 1
    assert not world.away()
    [alarm] = world.store.journal.alarms("home")
    assert [wording.alarm(alarm)] == list(second.troubles)
    [back] = [m for m in world.server.messages("INBOX") if b"stolen.1@spam.example" in m.raw]
    assert {"\\Flagged", ALARM_KEYWORD} <= set(back.flags)
    world.later(hours=1)
    assert not world.sweep().troubles
    assert len(world.store.journal.alarms("home")) == 1
    world.close()


def test_a_copy_that_proves_to_be_an_alarm_is_flagged_where_its_original_is(tmp_path: Path) -> None:
    world = World(tmp_path / "log.db")
    world.server.knows_move = world.server.knows_uidplus = False
    world.set(without_uidplus=WithoutUidplus.COPY_AND_MARK)
    put_away_before_the_address_was_told(world)
    assert world.sweep().returned == 1
    assert len(world.store.journal.alarms("home")) == 1
    [back] = [m for m in world.server.messages("INBOX") if b"stolen.1@spam.example" in m.raw]
    assert {"\\Flagged", ALARM_KEYWORD} <= set(back.flags)
    world.close()


def put_away_before_the_address_was_told(world: World) -> None:
    world.history()
    world.sweep()
    world.later(hours=3)
    world.watched()
    at = world.now - timedelta(hours=2)
    raw = stolen("stolen.1@spam.example", at=at).replace(b"smtp.winter.example", b"smtp.shop.example")
    raw = raw.replace(f"sender: {ME}".encode(), b"sender: ada@shop.example")
    world.server.append("INBOX", raw, arrival=at)
    assert world.sweep().moved == 1
    assert not world.store.journal.alarms("home")
    world.set(
        identities=Identities(addresses=frozenset([ME, "*@shop.example"])),
        hosts=frozenset([".winter.example", ".shop.example"]),
    )
    world.later(hours=1)


def test_an_alarm_is_told_by_the_sweep_in_which_others_prove_genuine(world: World) -> None:
    world.set(identities=Identities(addresses=frozenset([ME, "*@winter.example"])))
    world.bounced("late.1@elsewhere.example", number=1)
    assert world.sweep().moved == 1
    world.sent("late.1@elsewhere.example", ago=timedelta(hours=1))
    world.later(hours=1)
    at = world.now - timedelta(minutes=30)
    world.server.append("INBOX", stolen("stolen.1@spam.example", at=at), arrival=at)
    outcome = Outcome("home")
    report = world.sweep(steps=Steps(judging=outcome.judge, alarmed=outcome.alarm, left=outcome.leave))
    assert report.returned == 1
    assert list(outcome.alarms) == list(world.store.journal.alarms("home")) != []


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "log.db")
    world.history()
    world.sweep()
    world.later(hours=3)
    world.watched()
    yield world
    world.close()


def flags(world: World, uid: int) -> set[str]:
    return next(set(m.flags) for m in world.server.messages("INBOX") if m.uid == uid)
