"""Open cases are judged in portions: however they fall, a sweep ends the same; and memory does not grow with them."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from datetime import timedelta

import pytest

from scatterclean import review
from scatterclean.model import Case, Closure, Identities, Verdict
from scatterclean.sweep import Steps
from tests.contracts.records import UNDECIDED, case

from .world import ME, World, stolen

NO_WAY = "by mx.elsewhere.example (qmail 1 invoked by uid 89)"


def swept(world: World) -> tuple[list[list[Case]], dict[Verdict, int], int]:
    """One sweep: what the listener of each pass was told, the verdicts, how many were moved."""
    passes: list[list[Case]] = []

    def judging() -> review.Listener:
        passes.append([])
        return passes[-1].extend

    report = world.sweep(steps=Steps(judging=judging))
    return passes, dict(report.verdicts), report.moved


def mixed(world: World) -> None:
    """Of each verdict something; what a storm tells, what a letter in the inbox acquits, an alarm, own mail."""
    for number in range(12):
        world.bounced(f"storm.{number}@spam.example", number=number)
        world.bounced(f"quiet.{number}@spam.example", number=100 + number, hop=NO_WAY)
    for number in (1, 7, 12):
        world.bounced(f"sent.{number}@winter.example", number=200 + number)
    at = world.now - timedelta(hours=2)
    world.server.append("INBOX", stolen("left@spam.example", at=at, number=300), arrival=at)
    world.bounced("just.now@spam.example", ago=timedelta(minutes=1), number=301)


@pytest.mark.parametrize("portion", [1, 4, 1000])
def test_however_the_cases_are_portioned_a_sweep_ends_the_same(
    world: World, portion: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review, "PORTION", portion)
    world.set(identities=Identities(addresses=frozenset([ME, "*@winter.example"])))
    world.sweep()
    world.later(hours=3)
    world.watched()
    mixed(world)
    passes, verdicts, moved = swept(world)
    assert verdicts == {Verdict.ORPHAN: 24, Verdict.GENUINE: 3, Verdict.ALARM: 1, Verdict.WAITING: 1}
    assert moved == 24
    assert len(passes) > 1, "a storm was seen: all were judged once more"
    assert [sorted(c.where.uid for c in told) for told in passes] == [list(range(1, 30))] * len(passes)
    # What the last pass was told is what is on record.
    on_record = {c.id: c.finding for c in world.store.docket.find("home")}
    assert {c.id: c.finding for c in passes[-1]} == on_record
    assert all(c.bounce.original.received for c in world.store.docket.find("home") if not c.bounce.incomplete)


def test_what_is_gone_is_closed_in_any_portion(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review, "PORTION", 2)
    uids = [world.bounced(f"f.{n}@spam.example", ago=timedelta(minutes=1), number=n) for n in range(7)]
    swept(world)
    for uid in uids[::2]:
        world.server.delete("INBOX", uid)
    passes, verdicts, _ = swept(world)
    assert verdicts == {Verdict.WAITING: 3}
    assert [c.where.uid for c in passes[-1]] == uids[1::2]
    closed = [c for c in world.store.docket.find("home") if c.closure is Closure.GONE]
    assert sorted(c.where.uid for c in closed) == uids[::2]


def test_memory_does_not_grow_with_the_undecided(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a number and a date of each is kept; a case is some thousand bytes."""
    monkeypatch.setattr(review, "PORTION", 50)

    def peak(upto: int) -> int:
        known = len(world.store.docket.open_cases("home"))
        uids = [world.bounced("", number=n, hop=NO_WAY) for n in range(known, upto)]
        place = world.mailbox().state("INBOX").place
        found = [
            replace(case(uid, finding=UNDECIDED), where=replace(case(uid).where, place=place)) for uid in uids
        ]
        world.store.docket.enter("home", found, None)
        one = review.Review(
            account=world.account,
            sources=world.sources(),
            mailbox=world.mailbox(),
            docket=world.store.docket,
            clock=world.clock,
            mode=world.account.mode,
            listen=lambda: lambda _cases: None,
        )
        one.run({"INBOX"})  # after it the findings are on record
        tracemalloc.start()
        try:
            one.run({"INBOX"})
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    small, large = peak(400), peak(2000)
    assert len(world.store.docket.open_cases("home")) == 2000
    assert (large - small) / 1600 < 500, (small, large)
