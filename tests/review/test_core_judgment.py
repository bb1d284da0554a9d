"""What the judge is told and tells: a genuine bounce is acquitted by whatever witness there is, and `why` says what
the sweep says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean.mailbox.memory import MemoryMailbox
from scatterclean.model import Closure, Mode, Place, Sighting, Verdict
from scatterclean.why import Story, Teller
from tests.sweeps.world import World, bounce

FRIEND = "friend@far.example"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "log.db")
    world.history()
    yield world
    world.close()


def why(world: World, uid: int) -> Story:
    teller = Teller(
        world.account,
        world.sources(),
        world.mailbox(),
        world.store.journal,
        world.store.docket,
        world.now,
    )
    [story] = teller.by_uid("INBOX", uid)
    return story


def vacation(world: World, number: int, *, ago: timedelta) -> int:
    """An automatic reply to a message that was never sent, from somebody who was never written to."""
    at = world.now - ago
    raw = (
        f"Received: by mx.stranger.example id V{number}; {at:%d %b %Y %H:%M:%S} +0000\r\n"
        f"From: somebody{number}@stranger.example\r\nTo: ada@winter.example\r\n"
        f"Subject: Out of office\r\nAuto-Submitted: auto-replied\r\nDate: {at:%d %b %Y %H:%M:%S} +0000\r\n"
        f"Message-ID: <vacation.{number}@stranger.example>\r\nIn-Reply-To: <v{number}@spam.example>\r\n\r\n"
        "I am away.\r\n"
    ).encode()
    return world.server.append("INBOX", raw, arrival=at)


# --- ties -------------------------------------------------------------------------------------------------


def test_a_bounce_that_the_person_took_out_of_junk_weeks_later_is_still_tied_to_the_mail_of_its_date(
    world: World,
) -> None:
    """Its provider changed the Message-ID, so the tie is all there is; the UID is new, the returned Date is not."""
    world.sent("before@winter.example", ago=timedelta(days=20), to=FRIEND, subject="Tea on Sunday")
    world.sweep()
    world.later(hours=3)
    then = world.now - timedelta(days=20)
    raw = bounce("changed@provider.example", at=then, recipient=FRIEND, subject="Tea on Sunday")
    world.server.append("INBOX", raw, arrival=then)
    world.later(hours=1)
    world.sweep()
    assert len(world.inbox()) == 1


@pytest.mark.parametrize("tag", ["***SPAM*** ", "{Spam?} ", "[SPAM] ", "SPAM: ", "*EXTERN* Re: "])
def test_a_tag_that_a_filter_put_before_the_subject_does_not_contradict(world: World, tag: str) -> None:
    world.sent("before@winter.example", ago=timedelta(hours=5), to=FRIEND, subject="Tea on Sunday")
    subject = f"{tag}Tea on Sunday"
    world.bounced("changed@provider.example", recipient=FRIEND, subject=subject)
    world.sweep()
    assert len(world.inbox()) == 1


def test_another_subject_to_the_same_recipient_contradicts(world: World) -> None:
    world.sent("before@winter.example", ago=timedelta(hours=5), to=FRIEND, subject="Tea on Sunday")
    world.bounced("forged@spam.example", recipient=FRIEND, subject="Tea watches on sale")
    assert world.sweep().verdicts == {Verdict.UNDECIDED: 1}  # whom the person writes to, but not about this


# --- storms -----------------------------------------------------------------------------------------------


def test_an_orphan_that_is_looked_at_again_and_again_makes_no_storm(world: World) -> None:
    for number in range(6):
        world.bounced(f"forged.{number}@spam.example", number=number)
    vacation(world, 1, ago=timedelta(hours=2))
    for _ in range(3):
        report = world.sweep(mode=Mode.OBSERVE)
        assert report.verdicts == {Verdict.ORPHAN: 6, Verdict.UNDECIDED: 1}
        world.later(minutes=5)


def test_why_tells_of_a_reply_in_a_storm_what_the_sweep_found(world: World) -> None:
    for number in range(12):
        world.bounced(f"forged.{number}@spam.example", number=number)
    world.watched()
    uid = vacation(world, 1, ago=timedelta(hours=2))
    report = world.sweep(mode=Mode.OBSERVE)
    assert report.verdicts == {Verdict.ORPHAN: 13}
    finding = why(world, uid).finding
    assert finding is not None
    assert finding.verdict is Verdict.ORPHAN


def test_why_tells_of_a_message_with_a_late_arrival_what_the_sweep_found(world: World) -> None:
    """The server's clock is slow: the sweep knows that the message came after the last one."""
    world.sweep()
    world.later(hours=1)
    world.ordinary(1)
    world.sweep()
    world.later(minutes=5)
    uid = world.bounced("forged@spam.example", ago=timedelta(hours=3))
    assert world.sweep().verdicts == {Verdict.WAITING: 1}
    finding = why(world, uid).finding
    assert finding is not None
    assert finding.verdict is Verdict.WAITING


# --- rescue -----------------------------------------------------------------------------------------------


@dataclass
class Counting(World):
    """Counts whose header fields were looked at."""

    looked_at: list[str] = field(default_factory=list)

    def mailbox(self) -> MemoryMailbox:
        looked_at = self.looked_at

        class Mailbox(MemoryMailbox):
            def headers(self, place: Place, uids: Sequence[int], fields: Sequence[str]) -> Iterator[Sighting]:
                looked_at.extend([place.folder] * len(uids))
                return super().headers(place, uids, fields)

        return Mailbox(self.server)


def test_what_the_person_took_out_of_backscatter_is_looked_for_once_when_it_proves_genuine(
    tmp_path: Path,
) -> None:
    world = Counting(tmp_path / "log.db")
    world.history()
    for number in range(30):
        world.bounced(f"forged.{number}@spam.example", number=number)
    world.sweep()
    world.server.delete(world.backscatter, world.server.messages(world.backscatter)[0].uid)
    world.sent("forged.0@spam.example", ago=timedelta(hours=3))
    world.later(minutes=10)
    world.sweep()
    world.looked_at.clear()
    world.later(minutes=10)
    world.sweep()
    assert world.looked_at.count(world.backscatter) == 0
    [case] = world.store.docket.find("home", message_id="0.forged.0@mx.elsewhere.example")
    assert case.closure is Closure.HAND
    world.close()


# --- whose mail -------------------------------------------------------------------------------------------


def test_a_sweep_that_began_under_an_older_configuration_takes_no_account_from_its_person(
    world: World,
) -> None:
    """SIGHUP in the middle of a long harvest: `assign` said whose the account is now."""
    world.sweep()
    world.store.sent_log.assign({"home": "firm"})
    world.sweep()  # it still believes that the account is nobody's in particular
    assert world.store.sent_log.count("firm") == 40
