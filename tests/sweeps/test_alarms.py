"""Alarms over sweeps: what an intruder does slowly, or in one message, is seen as well; a stranger raises none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean.alarms import BURST_STRANGERS, MANY_BOUNCES
from scatterclean.harvest import harvest
from scatterclean.model import AlarmKind, Identities

from .world import ME, World, bounce, letter


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "log.db")
    made.history()
    made.sweep()
    made.watched()
    yield made
    made.close()


def rung(world: World) -> list[AlarmKind]:
    return [alarm.kind for alarm in world.store.journal.alarms("home")]


def strangers(count: int, mark: str = "s") -> str:
    return ", ".join(f"{mark}{number}@net{number}.example" for number in range(count))


# --- the burst ------------------------------------------------------------------------------------------


def test_one_message_to_many_strangers_is_a_burst(world: World) -> None:
    world.sent("spam.1@winter.example", ago=timedelta(minutes=5), to=strangers(2 * BURST_STRANGERS))
    world.sweep()
    assert rung(world) == [AlarmKind.BURST]


def test_a_burst_that_comes_in_drops_between_many_sweeps_is_one(world: World) -> None:
    for number in range(2 * BURST_STRANGERS):
        world.sent(f"spam.{number}@winter.example", ago=timedelta(), to=f"s{number}@net{number}.example")
        world.later(seconds=30)
        world.sweep()
    assert rung(world) == [AlarmKind.BURST]


def test_a_burst_that_another_errand_harvested_is_seen_by_the_next_sweep(world: World) -> None:
    world.later(minutes=5)
    world.sent("spam.1@winter.example", ago=timedelta(minutes=1), to=strangers(2 * BURST_STRANGERS))
    harvest(world.mailbox(), world.store.sent_log, world.account, now=world.now)
    world.later(minutes=1)
    world.sweep()
    assert rung(world) == [AlarmKind.BURST]


def undated(world: World, folder: str, count: int) -> list[int]:
    """Old mail to many people, whose copies bear no Date: the server stamped it when it was put there."""
    uids = []
    for number in range(count):
        raw = letter(
            "Hello", to=f"s{number}@net{number}.example", sender=ME, ident=f"old.{number}@winter.example"
        )
        lines = [line for line in raw.split(b"\r\n") if not line.startswith(b"Date:")]
        assert len(lines) == raw.count(b"\r\n")
        uids.append(world.server.append(folder, b"\r\n".join(lines), arrival=world.now))
    return uids


def test_old_mail_without_a_date_that_is_imported_into_sent_is_no_burst(world: World) -> None:
    undated(world, "Sent", 500)
    world.sweep()
    assert rung(world) == []
    assert world.store.sent_log.count_account("home") == 540  # it acquits like all that is logged


def test_old_mail_without_a_date_that_is_copied_into_sent_is_no_burst(world: World) -> None:
    world.server.create("Old")
    for uid in undated(world, "Old", 2 * BURST_STRANGERS):
        world.server.copy("Old", uid, "Sent")
    world.sweep()
    assert rung(world) == []


def test_a_burst_is_seen_beside_old_mail_that_is_imported(world: World) -> None:
    undated(world, "Sent", 2 * BURST_STRANGERS)
    world.sent("spam.1@winter.example", ago=timedelta(), to=strangers(2 * BURST_STRANGERS, "t"))
    world.sweep()
    [alarm] = world.store.journal.alarms("home")
    assert (alarm.kind, alarm["strangers"]) == (AlarmKind.BURST, str(2 * BURST_STRANGERS))


def test_an_import_of_old_mail_makes_no_later_burst_usual(world: World) -> None:
    undated(world, "Sent", 500)
    world.sweep()
    assert rung(world) == []
    world.later(days=10)
    world.sent("spam.1@winter.example", ago=timedelta(minutes=5), to=strangers(2 * BURST_STRANGERS, "t"))
    world.sweep()
    assert rung(world) == [AlarmKind.BURST]


# --- many bounces ---------------------------------------------------------------------------------------


OWN = "smtp.winter.example"


def sent_to_many(world: World, count: int) -> None:
    """An intruder's message that the server filed in Sent, to fewer people than make a burst."""
    world.set(identities=Identities(addresses=frozenset([ME, "*@winter.example"])))
    world.sent("spam.1@winter.example", ago=timedelta(hours=3), to=strangers(count))
    world.sweep()
    assert rung(world) == []


def come_back(world: World, number: int, *, by: str = OWN, ident: str = "spam.1") -> None:
    recipient = f"s{number}@net{number}.example"
    world.bounced(f"{ident}@winter.example", number=number, recipient=recipient, by=by)


def test_bounces_for_one_message_count_over_sweeps(world: World) -> None:
    sent_to_many(world, MANY_BOUNCES)
    for number in range(MANY_BOUNCES):
        assert rung(world) == []
        come_back(world, number)
        world.later(minutes=10)
        world.sweep()
    assert rung(world) == [AlarmKind.MANY_BOUNCES]
    come_back(world, 0)
    world.sweep()
    assert len(rung(world)) == 1  # told once


def test_bounces_of_many_weeks_do_not_add_up(world: World) -> None:
    sent_to_many(world, MANY_BOUNCES)
    for number in range(MANY_BOUNCES):
        come_back(world, number)
        world.later(hours=12)
        world.sweep()
    assert rung(world) == []


def test_who_knows_one_id_and_many_friends_of_the_person_raises_no_alarm(world: World) -> None:
    """Each of them got mail of the person's lately, but not that message: the bounces are a stranger's."""
    for number in range(2 * MANY_BOUNCES):
        world.sent(
            f"met.{number}@winter.example",
            ago=timedelta(days=3, minutes=number),
            to=f"s{number}@net{number}.example",
        )
    world.sent("post.1@winter.example", ago=timedelta(hours=3), to="list@chor.example")
    world.sweep()
    before = rung(world)
    for number in range(2 * MANY_BOUNCES):
        come_back(world, number, ident="post.1")
    world.sweep()
    assert AlarmKind.MANY_BOUNCES not in rung(world)
    assert rung(world) == before


def test_who_got_a_message_to_many_people_raises_no_alarm(world: World) -> None:
    """Each of them sees its id and all its recipients, and can write all of a bounce but the lines on top."""
    sent_to_many(world, MANY_BOUNCES + 5)
    for number in range(MANY_BOUNCES + 5):
        come_back(world, number, by="mx.elsewhere.example")
    world.sweep()
    assert rung(world) == []


def test_a_bounce_that_a_stranger_wrote_in_the_name_of_the_own_server_counts_nothing(world: World) -> None:
    sent_to_many(world, MANY_BOUNCES + 5)
    for number in range(MANY_BOUNCES + 5):
        at = world.now - timedelta(hours=2)
        forged = bounce(
            "spam.1@winter.example", at=at, number=number, recipient=f"s{number}@net{number}.example", by=OWN
        )
        came_in = (
            b"Received: from pc (dsl-7.stranger.example [198.51.100.7])\r\n"
            b"\tby smtp.winter.example (Postfix) with ESMTP id 1; Mon, 23 Nov 2026 10:00:00 +0000\r\n"
        )
        world.server.append("INBOX", came_in + forged, arrival=at)
    world.sweep()
    assert rung(world) == []


def test_a_newsletter_of_which_many_copies_come_back_each_month_is_no_alarm(world: World) -> None:
    """It goes to the same people, of whom more and more are gone."""
    world.set(identities=Identities(addresses=frozenset([ME, "*@winter.example"])))
    world.sent("news.1@winter.example", ago=timedelta(days=31), to=strangers(4 * MANY_BOUNCES))
    world.sent("spam.1@winter.example", ago=timedelta(hours=3), to=strangers(4 * MANY_BOUNCES))
    for number in range(2 * MANY_BOUNCES):
        come_back(world, number)
    world.sweep()
    assert AlarmKind.MANY_BOUNCES not in rung(world)
