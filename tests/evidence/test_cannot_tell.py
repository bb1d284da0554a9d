"""Where it cannot be told whether it was you, and where a doubt would be crying wolf: whole sentences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean.model import (
    Lessons,
    Mode,
    Refusal,
    Route,
    RouteCause,
    SweepReport,
)
from scatterclean.model.report import Says
from scatterclean.wording.alarms import WHAT_TO_DO
from tests.evidence.asking import answer_of, sentence_of
from tests.evidence.situations import (
    BY_ALL,
    CANNOT,
    NOT_YOURS,
    second,
    settled,
    storm,
    swept,
)
from tests.sweeps.world import World, bounce


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield from settled(tmp_path)


def test_sent_was_never_read(tmp_path: Path) -> None:
    world = World(tmp_path / "log.db")
    found = answer_of(world)
    assert found.sentence == (
        f"{CANNOT} the Sent folders of account home were never read. No bounce is on record."
    )
    assert found.more == ("`scatterclean sweep home` reads them.",)
    world.close()


def test_nothing_is_in_sent(tmp_path: Path) -> None:
    world = World(tmp_path / "log.db")
    storm(world, 3)
    swept(world)
    assert sentence_of(world).startswith(
        "Cannot tell whether your account was used: nothing was ever found in the Sent folders of account home"
    )
    world.close()


def test_the_log_does_not_cover_the_time_of_the_bounces(tmp_path: Path) -> None:
    world = World(tmp_path / "log.db")
    world.sent("sent.1@winter.example", ago=timedelta(days=5))
    storm(world, 3)
    swept(world)
    found = answer_of(world)
    assert found.sentence == (
        f"{CANNOT} 3 bounces are about times of which the log of account home knows nothing (it begins 18 "
        "November). None of 3 bounces could be decided."
    )
    assert "`--since 2026-11-18`" in found.more[0]
    world.close()


def test_one_bounce_in_a_hole_is_enough_and_the_rest_is_told(world: World) -> None:
    storm(world)
    world.bounced("old.1@spam.example", number=700, ago=timedelta(days=500))
    swept(world)
    assert sentence_of(world) == (
        f"{CANNOT} 1 bounce is about a time of which the log of account home knows nothing (it begins 24 "
        f"October). 12 of 13 {NOT_YOURS}, {BY_ALL}; 1 could not be decided."
    )
    assert answer_of(world, since=world.now - timedelta(days=30)).says is Says.NO_SIGN


def test_a_bounce_in_a_hole_behind_the_beginning_of_the_log(world: World) -> None:
    """Mail vanished from Sent unread, while nobody looked: the log does not know of those days."""
    swept(world)
    world.later(days=1)
    for number in range(2):
        world.sent(f"never.{number}@winter.example", ago=timedelta(hours=20 - number))
    world.server.delete("Sent", max(message.uid for message in world.server.messages("Sent")) - 1)
    world.sweep()
    world.later(hours=1)
    world.bounced("forged.1@spam.example", number=1, ago=timedelta(hours=2))
    swept(world)
    assert sentence_of(world) == (
        f"{CANNOT} 1 bounce is about a time of which the log of account home knows nothing. The only bounce could not "
        "be decided."
    )
    assert "--since" not in answer_of(world).more[0]


def test_mail_that_may_have_left_through_your_provider(world: World) -> None:
    storm(world)
    world.bounced("x.1@spam.example", number=50, hop="smtp.winter.example (smtp.winter.example [192.0.2.25])")
    swept(world)
    found = answer_of(world)
    assert found.sentence == (
        f"{CANNOT} 1 bounce speaks of mail that may have left through your own account. 12 of 13 {NOT_YOURS}, "
        f"{BY_ALL}; 1 could not be decided."
    )
    assert found.more == (
        f"Look at them: did you send those messages, from a phone, a program or a web form, say? If not: {WHAT_TO_DO}",
    )


def test_a_provider_that_rewrites_ids(world: World) -> None:
    route = Route("n.n@mta.provider.example", RouteCause.REWRITTEN, "1.2@mta.provider.example", world.now)
    world.store.experience.learn("home", "", Lessons(routes=(route,)))
    storm(world)
    swept(world)
    assert answer_of(world).says is Says.NO_SIGN  # none of these is like the person's
    world.bounced("4711.12@mta.provider.example", number=90)
    swept(world)
    assert sentence_of(world) == (
        f"{CANNOT} bounces in account home quote Message-IDs like those of mail that you send and of which no "
        f"equal copy is filed (n.n@mta.provider.example). 12 of 13 {NOT_YOURS}, {BY_ALL}; 1 could not be decided."
    )


def test_all_undecided(world: World) -> None:
    for number in range(5):
        raw = bounce(f"lost.{number}@x.example", at=world.now - timedelta(hours=2), number=number)
        at = raw.index(b"Message-ID: <lost")
        world.server.append(
            "INBOX", raw[:at] + raw[at:].partition(b"\r\n")[2], arrival=world.now - timedelta(hours=2)
        )
    swept(world)
    found = answer_of(world)
    assert found.sentence == "Cannot tell whether your account was used: none of 5 bounces could be decided."
    assert found.more == (
        (
            "Most of them: they do not say which message they are about (no Message-ID in them). "
            '`without_id = "recipient"` lets them be judged by whom they are about.'
        ),
    )


def test_a_log_that_nothing_proves_and_servers_that_nobody_knows(tmp_path: Path) -> None:
    """As on the first day: Sent was read once, no reply was seen, and no DNS says through which servers mail leaves."""
    world = World(tmp_path / "log.db")
    world.set(hosts=frozenset())
    world.history()
    storm(world)
    swept(world)
    found = answer_of(world)
    assert found.sentence == f"{CANNOT} none of 12 bounces could be decided."
    assert found.more[0].startswith(
        "Most of them: that the log does not know these messages does not prove enough"
    )
    assert "`outbound = [...]`" in found.more[0]
    world.close()


def test_all_are_too_fresh_to_be_judged(world: World) -> None:
    storm(world, 0)
    for number in range(4):
        world.bounced(f"forged.{number}@spam.example", number=number, ago=timedelta(minutes=1))
    world.sweep()
    found = answer_of(world)
    assert (
        found.sentence == "Cannot tell whether your account was used: all 4 bounces are still to be judged."
    )
    world.later(minutes=20)
    world.sweep()
    assert answer_of(world).says is Says.NO_SIGN


def test_a_few_fresh_ones_beside_a_storm_are_only_told(world: World) -> None:
    storm(world)
    world.bounced("forged.99@spam.example", number=99, ago=timedelta(minutes=1))
    world.sweep()
    assert sentence_of(world).endswith("; 1 is still to be judged.")
    assert answer_of(world).says is Says.NO_SIGN


def no_session(world: World, **ago: float) -> None:
    """A try that came to no session, as the household records it."""
    at = world.now - timedelta(**ago)
    number = world.store.journal.begin_sweep("home", Mode.MOVE, at)
    world.store.journal.end_sweep(SweepReport("home", number, Mode.MOVE, at, at, refusal=Refusal.NO_SESSION))


def test_an_account_that_cannot_be_reached(world: World) -> None:
    storm(world)
    swept(world)
    world.later(hours=20)
    no_session(world, minutes=30)
    assert answer_of(world).says is Says.NO_SIGN  # it happens
    no_session(world, hours=0)
    world.later(hours=2)
    found = answer_of(world)
    assert found.sentence.startswith(
        f"{CANNOT} account home was not looked at since yesterday 12:30. All 12 {NOT_YOURS}"
    )


def test_an_account_that_nobody_sweeps_any_more(world: World) -> None:
    swept(world)
    world.later(days=4)
    assert sentence_of(world) == (
        f"{CANNOT} account home was not looked at since 23 November 12:30. No bounce is on record; your log "
        "covers what you sent since 24 October."
    )


def test_the_sent_folders_of_another_account_that_bounces_wait_for(world: World) -> None:
    second(world, swept=False)
    storm(world)
    swept(world)
    found = answer_of(world)
    assert found.sentence == (
        f"{CANNOT} the Sent folders of account work were never read; all 12 bounces are still to be judged."
    )
    assert found.more[0] == "`scatterclean sweep work` reads them."
