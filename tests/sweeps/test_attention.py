"""What was put away is judged anew when something new is known, and once an hour: not in each sweep of a storm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scatterclean.config import load
from scatterclean.mailbox.memory import MemoryMailbox, MemoryServer
from scatterclean.model import Case, Identities, Lessons, Mode, Move, Route, RouteCause, SweepReport
from scatterclean.ports import Docket
from scatterclean.review import Listener
from scatterclean.sweep import Steps, Sweep
from scatterclean.tend import Attention
from scatterclean.wire import Household
from tests.contracts.records import cursor, message

from .world import ME, NOW, World


class Watched:
    """The docket as it is; says how often somebody went through all that was put away."""

    def __init__(self, docket: Docket) -> None:
        self._docket = docket
        self.times = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._docket, name)

    def moved_cases(self, account: str) -> Iterator[tuple[Case, Move]]:
        self.times += 1
        return self._docket.moved_cases(account)


def swept(world: World, attention: Attention, steps: Steps | None = None) -> tuple[SweepReport, int]:
    docket = Watched(world.store.docket)
    report = Sweep(
        account=world.account,
        sources=world.sources(),
        mailbox=world.mailbox(),
        journal=world.store.journal,
        docket=docket,
        clock=world.clock,
        attention=attention,
        steps=steps or Steps(),
    ).run()
    return report, docket.times


def test_a_storm_is_swept_without_going_through_what_was_put_away_before(world: World) -> None:
    attention = Attention()
    world.bounced("forged@spam.example")
    assert (swept(world, attention)[0].moved, len(world.away())) == (1, 1)
    for number in range(1, 5):
        world.bounced(f"forged.{number}@spam.example", number=number)
        waits, before = swept(world, attention)
        world.later(minutes=11)
        report, times = swept(world, attention)
        assert (waits.moved, report.moved, before, times) == (0, 1, 0, 0)


def test_a_sent_copy_that_comes_late_brings_its_bounce_back_at_once(world: World) -> None:
    attention = Attention()
    world.bounced("script@winter.example", hop="vps.example (vps.example [203.0.113.9])")
    assert swept(world, attention)[0].moved == 1
    assert swept(world, attention)[1] == 0
    world.sent("script@winter.example", ago=timedelta(hours=3))
    report, times = swept(world, attention)
    assert (report.returned, times, world.away()) == (1, 1, [])


def test_it_is_judged_anew_after_an_hour_and_when_the_clock_goes_back(world: World) -> None:
    attention = Attention()
    assert [swept(world, attention)[1] for _ in range(2)] == [1, 0]
    world.later(minutes=59)
    assert swept(world, attention)[1] == 0
    world.later(minutes=1)
    assert [swept(world, attention)[1] for _ in range(2)] == [1, 0]
    world.later(minutes=-30)
    assert swept(world, attention)[1] == 1


def test_another_configuration_a_learned_machine_and_a_route_have_it_judged_anew(world: World) -> None:
    attention = Attention()
    assert [swept(world, attention)[1] for _ in range(2)] == [1, 0]
    world.set(identities=Identities(addresses=frozenset([ME, "other@winter.example"])))
    assert [swept(world, attention)[1] for _ in range(2)] == [1, 0]
    world.store.experience.learn("home", "", Lessons(hosts=frozenset([".relay.example"])))
    assert [swept(world, attention)[1] for _ in range(2)] == [1, 0]
    route = Route("n@script.example", RouteCause.REPLY, "1@script.example", world.now)
    world.store.experience.learn("home", "", Lessons(routes=(route,)))
    assert [swept(world, attention)[1] for _ in range(2)] == [1, 0]


def test_what_could_not_be_brought_back_is_tried_again_by_the_next_sweep(world: World) -> None:
    world.server.knows_move = False
    attention = Attention()
    world.bounced("script@winter.example", hop="vps.example (vps.example [203.0.113.9])")
    swept(world, attention)
    world.sent("script@winter.example", ago=timedelta(hours=3))
    world.server.over_quota = True
    report, _ = swept(world, attention)
    assert (report.returned, len(world.away())) == (0, 1)
    world.server.over_quota = False
    report, times = swept(world, attention)
    assert (report.returned, times, world.away()) == (1, 1, [])


def test_a_household_keeps_one_attention_for_each_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "scatterclean.toml"
    config.write_text(
        'database = "log.db"\n'
        + "".join(
            f'[accounts.{name}]\nhost = "127.0.0.1"\nport = 1\ntls = "none"\n'
            f'username = "{name}@winter.example"\npassword_env = "X"\n'
            for name in ("home", "work")
        )
    )
    given: list[Attention] = []

    def run(self: Sweep) -> SweepReport:
        given.append(self.attention)
        return SweepReport(self.account.name, 1, Mode.MOVE, NOW, NOW)

    monkeypatch.setattr(Sweep, "run", run)
    box = MemoryMailbox(MemoryServer())
    monkeypatch.setattr(Household, "session", lambda _self, _name: nullcontext(box))
    with Household.open(load(config)) as household:
        for name in ("home", "work", "home", "work"):
            household.sweep(name)
    assert given[0] is given[2]
    assert given[1] is given[3]
    assert given[0] is not given[1]


def test_what_another_account_logs_while_an_orphan_is_judged_brings_it_back_by_the_next_sweep(
    world: World,
) -> None:
    """Between the judgment and the move another account's thread may read the very message in its Sent folder."""
    attention = Attention()
    world.bounced("forged.1@spam.example")
    late = message(1, ids=["forged.1@spam.example"])

    def logged(_cases: Sequence[Case]) -> None:
        world.store.sent_log.record("work", "", [late], cursor())

    def judging() -> Listener:
        return logged

    assert swept(world, attention, Steps(judging=judging))[0].moved == 1
    world.later(minutes=1)
    assert swept(world, attention)[0].returned == 1
    assert world.away() == []
