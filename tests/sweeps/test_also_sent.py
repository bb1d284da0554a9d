"""`also_sent`: what the person sent and some program filed among other mail acquits, and proves nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean.model import Because, Identities, Verdict

from .world import ME, World, letter


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "log.db")
    made.history()
    made.watched()
    made.server.create("Conversations")
    yield made
    made.close()


def filed(world: World, ident: str, sender: str) -> None:
    at = world.now - timedelta(hours=3)
    raw = letter("Cheap watches", to="nobody@elsewhere.example", sender=sender, ident=ident, at=at)
    world.server.append("Conversations", raw, arrival=at)


def returned(world: World, ident: str) -> None:
    """By a stranger's machine, so that the bounce goes unless the log knows the message."""
    world.bounced(ident, hop="dsl-7.stranger.example (dsl-7.stranger.example [198.51.100.7])")


def test_what_is_from_an_own_address_there_was_sent(world: World) -> None:
    world.set(also_sent=("Conversations",))
    filed(world, "phone.1@phone.example", f"Ada <{ME.upper()}>")
    returned(world, "phone.1@phone.example")
    assert world.sweep().verdicts == {Verdict.GENUINE: 1}
    [case] = world.store.docket.find("home")
    assert case.finding.because[0].because is Because.ID_LOGGED


def test_the_same_bounce_goes_if_the_folder_is_not_named(world: World) -> None:
    filed(world, "phone.1@phone.example", ME)
    returned(world, "phone.1@phone.example")
    assert world.sweep().moved == 1


def test_what_others_wrote_there_was_not_sent(world: World) -> None:
    """A stranger whose spam lies there logs nothing by it."""
    world.set(also_sent=("Conversations",))
    filed(world, "spam.1@spam.example", "eve@spam.example")
    returned(world, "spam.1@spam.example")
    assert world.sweep().moved == 1


def test_what_comes_there_later_brings_the_bounce_back(world: World) -> None:
    world.set(also_sent=("Conversations",))
    returned(world, "phone.1@phone.example")
    assert world.sweep().moved == 1
    filed(world, "phone.1@phone.example", ME)
    world.later(minutes=5)
    assert world.sweep().returned == 1
    assert world.away() == []


def test_it_is_read_once_and_is_no_coverage_and_no_account_of_its_own(world: World) -> None:
    world.sweep()
    log = world.store.sent_log
    logged, senders = log.count_account("home"), log.senders(world.account.person)
    assert logged == 40
    assert senders == {ME}
    own = Identities(addresses=frozenset([ME, "ada+phone@winter.example"]))
    world.set(also_sent=("Conversations",), identities=own)
    for number in range(3):
        filed(world, f"phone.{number}@phone.example", "ada+phone@winter.example")
    world.sweep()
    world.sweep()
    assert log.count_account("home/outbox") == 3
    assert log.count_account("home") == logged
    assert log.senders(world.account.person) == senders
    assert log.coverage(["home/outbox"])["home/outbox"].intervals == ()


def test_a_folder_that_is_not_there_is_told_and_stops_nothing(world: World) -> None:
    world.set(also_sent=("Conversation", "Conversations"))
    filed(world, "phone.1@phone.example", ME)
    returned(world, "phone.1@phone.example")
    report = world.sweep()
    assert report.verdicts == {Verdict.GENUINE: 1}
    [trouble] = [text for text in report.troubles if "also_sent" in text]
    assert "spelled as it is on the server" in trouble
