"""Situations planted end to end: mail in a mailbox, a real store; and the pieces of which answers are made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from scatterclean.mailbox.memory import MemoryServer
from scatterclean.model import (
    Identities,
)
from tests.sweeps.world import ME, World

OWN_DOMAIN = Identities(addresses=frozenset([ME, "*@winter.example"]))
STORM = 12
NO_SIGN = "No sign that your account was used:"
CANNOT = "Cannot tell whether your account was used:"
NOT_YOURS = "bounces speak of messages that you did not send"
BY_ALL = "and for all of them the line of the server that refused them names a stranger's machine"


def settled(tmp_path: Path) -> Iterator[World]:
    """A year of sent mail, watched for a month, proved by a reply."""
    made = World(tmp_path / "log.db")
    made.history()
    made.watched()
    yield made
    made.close()


def storm(world: World, count: int = STORM, *, first: int = 0, **rest: object) -> None:
    for number in range(first, first + count):
        ago = timedelta(hours=2, minutes=number % 300 / 10)
        world.bounced(f"forged.{number}@spam.example", number=number, ago=ago, **rest)


def own(world: World, *numbers: int) -> None:
    """Bounces of letters that the person sent."""
    for number in numbers:
        world.bounced(f"sent.{number}@winter.example", number=number, recipient="friend@f.example")


def swept(world: World) -> None:
    """Twice, so that what waits is judged, too."""
    world.sweep()
    world.later(minutes=30)
    world.sweep()


def second(world: World, *, person: str = "", swept: bool = True) -> World:
    """Another account on the same store, with a year of mail in a Sent folder of its own."""
    work = World(world.path, now=world.now, server=MemoryServer())
    work._store = world.store
    work.account = replace(world.account, name="work", person=person)
    work.accounts = ("work",) if person else ("home", "work")
    if not person:
        world.accounts = ("home", "work")
    work.history()
    world.store.sent_log.assign({"home": "", "work": person})
    if swept:
        work.sweep()
        work.watched()
    return work
