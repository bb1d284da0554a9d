"""Sent folders of which the log believed that it had watched them: a wrong clock, a backup, another mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean.mailbox.memory import MemoryServer

from .world import NOW, World, bounce, letter

HOUR = timedelta(hours=1)
# An id as a provider makes it: neither the own domain's nor a phone's.
REALLY_SENT = "really.sent@mail.provider.example"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "log.db")
    world.history()
    yield world
    world.close()


def storm_and_one_really_sent(world: World) -> None:
    """Orphans of a stranger's machine, and a bounce of mail that was sent, of which no hop came back."""
    world.sweep()
    world.later(hours=3)
    for number in range(12):
        world.bounced(f"forged{number}@spam.example", number=number, recipient=f"x{number}@x.example")
    at = world.now - 2 * HOUR
    head, hop, rest = bounce(REALLY_SENT, at=at, recipient="p3@elsewhere.example").rpartition(b"Received: ")
    assert hop
    raw = head + rest.partition(b"\r\n")[2]
    world.server.append("INBOX", raw, arrival=at)
    world.later(hours=1)
    world.sweep()
    assert "0.really.sent@mx.elsewhere.example" in world.inbox()


def test_a_clock_that_was_behind_at_the_first_sweep_watched_nothing(world: World) -> None:
    """A machine without a clock of its own started with that of its last shutdown; Sent was cleared just before."""
    world.now = NOW - timedelta(days=200)
    world.sweep()
    world.now = NOW + HOUR
    answer = letter("Re: Hello", sender="friend@f.example", ident="r1@f.example", at=NOW)
    cites = answer.replace(b"Subject", b"In-Reply-To: <sent.3@winter.example>\r\nSubject")
    world.server.append("INBOX", cites, arrival=NOW)  # the log is proved
    assert any("clock" in told for told in world.sweep().troubles)
    assert not any("clock" in told for told in world.sweep().troubles)
    storm_and_one_really_sent(world)


def test_a_backup_of_sent_that_was_put_back_gives_out_uids_again(world: World) -> None:
    for number in range(12):
        world.sent(f"lost{number}@winter.example", ago=timedelta(days=1, hours=number))
    world.sweep()
    world.watched()
    world.later(hours=1)
    shelf = world.server.shelf("Sent")
    assert shelf is not None
    for uid in sorted(shelf.messages)[-12:]:
        del shelf.messages[uid]
    shelf.uidnext -= 12
    sent_since(world)
    storm_and_one_really_sent(world)


def test_another_mailbox_under_the_name_of_an_account_was_not_read(world: World) -> None:
    """`username` was changed: the folders have equal names, and small UIDVALIDITYs are often equal, too."""
    world.sweep()
    world.watched()
    world.later(hours=1)
    world.server = MemoryServer()
    for number in range(30):
        world.sent(f"other{number}@winter.example", ago=timedelta(days=60 - number))
    sent_since(world)
    storm_and_one_really_sent(world)


def sent_since(world: World) -> None:
    for number in range(13):
        ident = REALLY_SENT if number == 3 else f"new{number}@mail.provider.example"
        ago = timedelta(minutes=30 - number)
        world.sent(ident, ago=ago, to=f"p{number}@elsewhere.example", subject="Cheap watches")
