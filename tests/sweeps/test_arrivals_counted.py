"""What counts as an arrival when a storm is looked for: each bounce once, whatever the server does to its number."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest

from scatterclean import storms
from scatterclean.model import Mode
from tests.sweeps.world import ME, World


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.MOVE])
def test_a_server_that_numbers_the_inbox_anew_makes_no_storm_of_a_few_bounces(
    world: World, mode: Mode
) -> None:
    world.set(mode=mode)
    for number in range(1, 4):
        world.bounced(f"sent.{number}@winter.example", ago=timedelta(minutes=60 + number))
    for number in range(6):
        world.bounced(f"forged{number}@evil.example", ago=timedelta(minutes=30 + number))
    for _ in range(3):
        world.sweep()
        world.server._shelves["INBOX"].uidvalidity += 1000
    world.sweep()
    arrivals = world.store.docket.arrivals("home", world.now - timedelta(days=1))
    assert len(arrivals) == 9
    assert storms.begun(arrivals, world.now) is None
    # For judging, too: automatic replies are put away only in a storm.
    assert len(world.store.docket.orphans_between("home", world.now - timedelta(days=1), world.now)) == 6


def test_many_copies_of_one_bounce_are_many(world: World) -> None:
    for _ in range(12):
        world.bounced("forged@evil.example", ago=timedelta(minutes=30))
    world.sweep()
    arrivals = world.store.docket.arrivals("home", world.now - timedelta(days=1))
    assert len(arrivals) == 12
    assert storms.begun(arrivals, world.now) is not None


@pytest.mark.parametrize(
    "sign",
    [
        "Auto-Submitted: auto-replied",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=x",
    ],
)
def test_answers_of_machines_to_a_letter_to_many_are_no_storm(world: World, sign: str) -> None:
    """They name no message, and so nobody can say whether the letter was the person's."""
    for number in range(15):
        at = world.now - timedelta(minutes=30 + number)
        raw = (
            f"From: p{number}@firm{number}.example\r\nTo: {ME}\r\nSubject: Out of office: Hello\r\n{sign}\r\n"
            f"Message-ID: <ar{number}@firm{number}.example>\r\nDate: {format_datetime(at)}\r\n\r\nI am away.\r\n"
        )
        world.server.append("INBOX", raw.encode(), arrival=at)
    for number in range(3):
        world.bounced(f"forged{number}@evil.example", ago=timedelta(minutes=30 + number))
    world.sweep()
    arrivals = world.store.docket.arrivals("home", world.now - timedelta(days=1))
    assert len(arrivals) == 3
    assert storms.begun(arrivals, world.now) is None
