"""Was it you?  No sign, and alarms: situations planted end to end, whole sentences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from scatterclean.model import (
    AlarmKind,
    Identities,
    Mode,
)
from scatterclean.model.report import Says
from scatterclean.wording.alarms import WHAT_TO_DO
from tests.evidence.asking import answer_of, report_of, sentence_of
from tests.evidence.situations import (
    BY_ALL,
    NO_SIGN,
    NOT_YOURS,
    OWN_DOMAIN,
    STORM,
    own,
    second,
    settled,
    storm,
    swept,
)
from tests.sweeps.world import ME, World, bounce, stolen


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield from settled(tmp_path)


# --- no sign --------------------------------------------------------------------------------------------


def test_a_storm_alone(world: World) -> None:
    storm(world)
    swept(world)
    assert sentence_of(world) == (f"{NO_SIGN} all 12 {NOT_YOURS}, {BY_ALL}.")


def test_a_storm_and_mail_of_your_own_that_came_back(world: World) -> None:
    storm(world)
    own(world, 1, 2)
    swept(world)
    assert sentence_of(world) == (f"{NO_SIGN} 12 of 14 {NOT_YOURS}, {BY_ALL}; 2 are your own mail.")


def test_a_few_that_cannot_be_decided_are_told_and_are_no_doubt(world: World) -> None:
    storm(world, 1000)
    own(world, 1)
    for number in range(3):
        raw = bounce(f"lost.{number}@x.example", at=world.now - timedelta(hours=2), number=5000 + number)
        at = raw.index(b"Message-ID: <lost")
        world.server.append(
            "INBOX", raw[:at] + raw[at:].partition(b"\r\n")[2], arrival=world.now - timedelta(hours=2)
        )
    swept(world)
    assert sentence_of(world) == (
        f"{NO_SIGN} 1,000 of 1,004 {NOT_YOURS}, {BY_ALL}; 1 is your own mail; 3 could not be decided."
    )


def test_nothing_at_all(world: World) -> None:
    world.ordinary()
    swept(world)
    assert sentence_of(world) == (
        f"{NO_SIGN} no bounce is on record; your log covers what you sent since 24 October."
    )
    assert sentence_of(world, since=world.now - timedelta(days=3)) == (
        f"{NO_SIGN} no bounce came since 20 November; your log covers what you sent since 24 October."
    )


def test_a_log_that_begins_later_than_the_time_asked_about_is_told(tmp_path: Path) -> None:
    world = World(tmp_path / "log.db")
    world.sent("sent.1@winter.example", ago=timedelta(days=5))
    swept(world)
    assert sentence_of(world, since=world.now - timedelta(days=30)) == (
        f"{NO_SIGN} no bounce came since 24 October; your log covers only what you sent since 18 November."
    )
    world.close()


def test_your_own_mail_alone(world: World) -> None:
    own(world, 1)
    swept(world)
    assert (
        sentence_of(world) == "No sign that your account was used: the only bounce speaks of your own mail."
    )
    own(world, 2)
    swept(world)
    assert sentence_of(world) == "No sign that your account was used: both bounces speak of your own mail."


def test_an_account_that_only_observes_says_the_same(world: World) -> None:
    world.set(mode=Mode.OBSERVE)
    storm(world)
    swept(world)
    assert sentence_of(world).startswith(
        "No sign that your account was used: all 12 bounces speak of messages"
    )


def test_after_an_undo_they_are_still_not_yours(world: World) -> None:
    storm(world)
    swept(world)
    assert len(world.away()) == STORM
    world.undo()
    swept(world)
    assert world.away() == []
    assert sentence_of(world) == (
        f"{NO_SIGN} all 12 {NOT_YOURS}, {BY_ALL}; all of them were brought back to your inbox."
    )


def test_an_address_that_never_sends(world: World) -> None:
    never = "shop@winter.example"
    world.set(identities=Identities(addresses=frozenset([ME]), never_sends=frozenset([never])))
    storm(world, 2, sender=never, to=never)
    storm(world, first=100)
    swept(world)
    assert sentence_of(world) == (
        f"{NO_SIGN} all 14 {NOT_YOURS}, {BY_ALL}, and 2 of them are about an address that you never send from."
    )


def test_mail_that_was_passed_on_is_somebody_elses_and_no_doubt(world: World) -> None:
    """A forwarding of the person failed: the provider had taken the message in for the person."""
    at = world.now - timedelta(hours=2)
    taken_in = (
        "Received: from out.firm.example (out.firm.example [198.51.100.9]) by mx.winter.example"
        f" for <{ME}>; now\r\nFrom: bob@firm.example\r\nTo: nobody"
    )
    for number in range(2):
        hop = "mx.winter.example (mx.winter.example [192.0.2.25])"
        raw = bounce(f"letter.{number}@firm.example", at=at, number=number, hop=hop)
        returned = f"From: {ME}\r\nTo: nobody".encode()
        assert returned in raw
        world.server.append("INBOX", raw.replace(returned, taken_in.encode()), arrival=at)
    swept(world)
    assert (
        sentence_of(world)
        == f"{NO_SIGN} neither bounce could be decided (both of them are about somebody else's mail)."
    )


def test_several_accounts(world: World) -> None:
    work = second(world)
    storm(world)
    swept(world)
    work.sweep()
    assert sentence_of(world, work) == (
        f"No sign that any of your accounts was used: all 12 {NOT_YOURS}, {BY_ALL}."
    )


def test_several_persons(world: World) -> None:
    work = second(world, person="ben")
    storm(world)
    swept(world)
    own(work, 3)
    swept(work)
    assert sentence_of(world, work) == (
        f"No sign that any of your accounts was used: 12 of 13 {NOT_YOURS}, {BY_ALL}; 1 is your own mail."
    )
    assert sentence_of(work) == "No sign that your account was used: the only bounce speaks of your own mail."


def test_mail_that_proved_to_be_yours_after_it_was_put_away_is_your_own(world: World) -> None:
    """Its copy came late, from another program; the next sweep brings the bounce back."""
    world.bounced("late.1@phone.example", number=1)
    storm(world)
    swept(world)
    assert len(world.away()) == STORM + 1
    world.sent("late.1@phone.example", ago=timedelta(hours=3), to="nobody@elsewhere.example")
    swept(world)
    assert len(world.away()) == STORM
    assert sentence_of(world) == (
        f"{NO_SIGN} 12 of 13 {NOT_YOURS}, {BY_ALL}; 1 is your own mail; 1 of all these was brought back to your inbox."
    )


def test_a_folder_that_the_server_numbers_anew_counts_once(world: World) -> None:
    world.set(mode=Mode.OBSERVE)
    storm(world)
    swept(world)
    world.server.renew("INBOX")
    swept(world)
    assert sentence_of(world) == f"{NO_SIGN} all 12 {NOT_YOURS}, {BY_ALL}."


# --- alarms ---------------------------------------------------------------------------------------------


ALARM = (
    "ALARM: account home: your account seems to have sent mail that is not in your Sent folders. 1 message that came "
    'back is about such mail; the first came {at}, about mail to nobody@elsewhere.example: "Cheap watches" (it says: '
    '"from pc (dsl-7.stranger.example [198.51.100.7]) (Authenticated sender: ada@winter.example) by '
    'smtp.winter.example (Postfix) with ESMTPSA id 4AB; {received}").'
)


def alarmed(at: datetime) -> str:
    received = format_datetime(at - timedelta(minutes=2))
    return ALARM.format(at=f"{at.astimezone():%Y-%m-%d %H:%M %Z}", received=received)


def test_an_alarm_and_what_to_do_now(world: World) -> None:
    world.set(identities=OWN_DOMAIN)
    at = world.now - timedelta(hours=2)
    world.server.append("INBOX", stolen("stolen.1@spam.example", at=at), arrival=at)
    swept(world)
    found = answer_of(world)
    assert found.says is Says.ALARM
    assert found.sentence == f"{alarmed(at)} The only bounce speaks of mail that your account sent."
    assert found.more[0] == f"If that is not it: {WHAT_TO_DO}"
    assert found.more[1].startswith("It is harmless if ")


def test_an_alarm_that_is_hidden_in_a_storm_wins(world: World) -> None:
    world.set(identities=OWN_DOMAIN)
    storm(world, 2000)
    at = world.now - timedelta(hours=2)
    world.server.append("INBOX", stolen("stolen.1@spam.example", at=at), arrival=at)
    storm(world, 20, first=6000)
    swept(world)
    assert sentence_of(world) == (
        f"{alarmed(at)} 2,020 of 2,021 {NOT_YOURS}, {BY_ALL}; 1 speaks of mail that your account sent."
    )


def test_an_alarm_stays_the_answer_when_its_bounce_was_deleted(world: World) -> None:
    world.set(identities=OWN_DOMAIN)
    at = world.now - timedelta(hours=2)
    uid = world.server.append("INBOX", stolen("stolen.1@spam.example", at=at), arrival=at)
    swept(world)
    world.server.delete("INBOX", uid)
    storm(world)
    swept(world)
    assert answer_of(world).says is Says.ALARM
    assert answer_of(world, since=world.now + timedelta(hours=1)).says is not Says.ALARM


def test_a_burst_without_any_bounce(world: World) -> None:
    swept(world)
    to = ", ".join(f"s{number}@net{number}.example" for number in range(60))
    world.sent("spam.1@winter.example", ago=timedelta(minutes=5), to=to)
    world.sweep()
    found = report_of(world).conclusion
    assert [alarm.kind for alarm in found.alarms] == [AlarmKind.BURST]
    hour = world.now.replace(minute=0) if world.now.minute >= 5 else world.now
    assert sentence_of(world) == (
        "ALARM: account home: 60 people to whom you never wrote before got mail from this account within one "
        f"hour ({hour.astimezone():%Y-%m-%d %H:%M %Z}). Before, there were at most 0 in an hour."
    )


def test_an_alarm_in_another_account_of_the_person_counts(world: World) -> None:
    world.set(identities=OWN_DOMAIN)
    work = second(world)
    at = world.now - timedelta(hours=2)
    world.server.append("INBOX", stolen("stolen.1@spam.example", at=at), arrival=at)
    swept(world)
    assert answer_of(work).says is Says.ALARM
