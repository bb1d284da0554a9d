"""Attempts to make the answer lie: it must not say "no sign" where there was one, or where none could be seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean.errors import ConnectionLost
from scatterclean.mailbox.memory import MemoryMailbox
from scatterclean.model import Because, Identities, Refusal
from scatterclean.model.report import Doubt, Says
from tests.evidence.asking import answer_of, report_of, sentence_of
from tests.evidence.situations import OWN_DOMAIN, second, storm, swept
from tests.sweeps.world import ME, World, bounce, stolen

YOURS = "1 bounce speaks of mail that may have left through your own account"
AT_PROVIDER = "smtp.winter.example (smtp.winter.example [192.0.2.25])"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A year of sent mail, watched for a month, proved by a reply."""
    made = World(tmp_path / "log.db")
    made.history()
    made.watched()
    yield made
    made.close()


def planted(world: World, raw: bytes) -> None:
    """One of an intruder's messages came back, in a storm."""
    world.server.append("INBOX", raw, arrival=world.now - timedelta(hours=2))
    storm(world)
    swept(world)


def taken_over(world: World, *changes: tuple[bytes, bytes]) -> bytes:
    raw = stolen("stolen.1@spam.example", at=world.now - timedelta(hours=2))
    for before, after in changes:
        assert before in raw
        raw = raw.replace(before, after)
    return raw


def test_an_intruder_who_marks_his_mail_as_automatic_is_not_hidden_by_it(world: World) -> None:
    world.set(identities=OWN_DOMAIN)
    marked = (b"Subject: Cheap watches", b"Auto-Submitted: auto-generated\r\nSubject: Cheap watches")
    planted(world, taken_over(world, marked))
    assert YOURS in sentence_of(world)
    [heap] = report_of(world).open
    assert [reason.because for reason in heap.cases[0].finding.because] == [
        Because.AUTOMATIC,
        Because.PROVIDER_HOP,
    ]


def test_your_log_in_with_a_shared_address_is_no_mail_of_somebody_else(world: World) -> None:
    shared = Identities(OWN_DOMAIN.addresses, shared=frozenset(["info@winter.example"]))
    world.set(identities=shared)
    planted(world, taken_over(world, (b"\r\nFrom: " + ME.encode(), b"\r\nFrom: info@winter.example")))
    assert YOURS in sentence_of(world)
    assert report_of(world).conclusion.others == 0


def test_a_colleagues_mail_in_a_shared_mailbox_is_no_sign(world: World) -> None:
    """It leaves through the same provider."""
    world.set(identities=Identities(OWN_DOMAIN.addresses, shared=frozenset(["info@winter.example"])))
    at = world.now - timedelta(hours=2)
    planted(world, bounce("c.1@x.example", at=at, number=50, sender="info@winter.example", hop=AT_PROVIDER))
    found = report_of(world).conclusion
    assert (found.says, found.others) == (Says.NO_SIGN, 1)


def test_mail_that_left_through_your_provider_is_seen_without_a_message_id(world: World) -> None:
    raw = bounce("x.1@spam.example", at=world.now - timedelta(hours=2), number=50, hop=AT_PROVIDER)
    planted(world, raw.replace(b"Message-ID: <x.1@spam.example>\r\n", b""))
    assert YOURS in sentence_of(world)


def test_a_stolen_log_in_is_told_before_its_bounce_is_judged(world: World) -> None:
    world.set(identities=OWN_DOMAIN)
    storm(world)
    swept(world)
    at = world.now - timedelta(minutes=1)
    world.server.append("INBOX", stolen("stolen.1@spam.example", at=at), arrival=at)
    world.sweep()
    assert YOURS in sentence_of(world)
    world.later(minutes=30)
    world.sweep()
    assert answer_of(world).says is Says.ALARM


def test_an_alarm_of_before_the_time_that_is_asked_about_is_told(world: World) -> None:
    world.set(identities=OWN_DOMAIN)
    planted(world, taken_over(world))
    for _ in range(3):
        world.later(days=1)
        world.sweep()
    storm(world, first=100)
    swept(world)
    told = "But from before the time that this is about an alarm of 23 November 10:00 is on record"
    assert told in sentence_of(world, since=world.now - timedelta(days=2))
    assert "on record" not in sentence_of(world)


def test_an_alarm_of_an_account_that_the_configuration_no_longer_has_counts(world: World) -> None:
    world.set(identities=OWN_DOMAIN)
    work = second(world)
    planted(world, taken_over(world))
    work.accounts = ("work",)
    swept(work)
    assert answer_of(work).says is Says.ALARM


def test_an_alarm_of_another_person_does_not_count(world: World) -> None:
    world.set(identities=OWN_DOMAIN)
    work = second(world, person="ben")
    planted(world, taken_over(world))
    swept(work)
    assert answer_of(work).says is Says.NO_SIGN


def test_that_the_log_does_not_know_them_is_not_enough_to_say_no_sign(world: World) -> None:
    """What an intruder sends by SMTP is in no Sent folder; nobody knows the person's servers here."""
    world.set(hosts=frozenset())
    storm(world)
    swept(world)
    [doubted] = report_of(world).conclusion.doubts
    assert doubted.doubt is Doubt.UNTRACED
    assert sentence_of(world) == (
        "Cannot tell whether your account was used: nothing shows through whose servers the 12 messages that came back "
        "and are not in your log were sent. All 12 bounces speak of messages that you did not send."
    )


def test_a_log_with_a_hole_covers_what_was_sent_since_the_hole(world: World) -> None:
    world.sweep()
    for message in world.server.messages("Sent"):
        world.server.delete("Sent", message.uid)
    world.server.renew("Sent")
    world.later(days=5)
    world.sweep()
    world.sent("new.1@winter.example", ago=timedelta(minutes=5))
    swept(world)
    assert sentence_of(world).endswith("your log covers what you sent since today.")


def test_an_inbox_that_was_never_read_holds_no_bounce_that_anybody_knows_of(world: World) -> None:
    storm(world)
    world.set(watch=("Nowhere",))
    assert world.sweep().refusal is Refusal.NOTHING_READ
    assert "account home was never looked at" in sentence_of(world)


def test_a_sweep_that_is_cut_off_before_the_inbox_did_not_look(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept(world)
    world.later(days=2)
    storm(world)

    def lost(*_: object, **__: object) -> None:
        raise ConnectionLost("the server hung up")

    with monkeypatch.context() as cut:
        cut.setattr(MemoryMailbox, "uids", lost)
        with pytest.raises(ConnectionLost):
            world.sweep()
    assert "account home was not looked at since" in sentence_of(world)
    swept(world)
    assert answer_of(world).says is Says.NO_SIGN


def test_an_inbox_of_which_only_some_days_were_read_is_not_known(world: World) -> None:
    world.sweep(since=(world.now - timedelta(days=2)).date())
    world.bounced("x.1@spam.example", number=1, ago=timedelta(days=10))
    assert answer_of(world, since=world.now - timedelta(days=30)).says is Says.CANNOT_TELL


def test_what_was_looked_at_by_a_clock_that_was_ahead_says_nothing_of_today(world: World) -> None:
    swept(world)
    right = world.now
    world.later(days=365)
    world.sweep()
    world.now = right + timedelta(days=10)
    assert answer_of(world).says is Says.CANNOT_TELL
    swept(world)
    assert answer_of(world).says is Says.NO_SIGN


FOR_ME = f"Received: from firm.example (firm.example [198.51.100.9]) by mx.winter.example for <{ME}>; now\r\n"


@pytest.mark.parametrize("author", [ME, "bob@firm.example"])
def test_in_your_name_nothing_is_passed_on(world: World, author: str) -> None:
    """An intruder writes a line that makes his mail look like mail that came in for the person."""
    raw = bounce("x.1@spam.example", at=world.now - timedelta(hours=2), number=50, hop=AT_PROVIDER)
    own = f"From: {ME}\r\nTo: nobody".encode()
    assert own in raw
    planted(world, raw.replace(own, f"{FOR_ME}From: {author}\r\nTo: nobody".encode()))
    assert (YOURS in sentence_of(world)) == (author == ME)


def test_the_id_of_mail_that_you_received_hides_nothing_in_your_name(world: World) -> None:
    world.ordinary()
    world.sweep()
    at = world.now - timedelta(hours=2)
    planted(world, bounce("l1@firm.example", at=at, number=50, hop=AT_PROVIDER))
    assert YOURS in sentence_of(world)
