"""The story that `why` tells: it threatens nothing that no sweep does, and it tells of the message that was meant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from scatterclean.cli import forms
from scatterclean.model import Alarm, AlarmKind, Because, Finding, Mode, Reason, Verdict
from scatterclean.why import Story, Teller, told
from tests.bounce.test_contents import SPAM, bounced
from tests.sweeps.world import World, bounce, letter


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "log.db")
    world.history()
    world.sweep()
    yield world
    world.close()


def teller(world: World) -> Teller:
    return Teller(
        world.account,
        world.sources(),
        world.mailbox(),
        world.store.journal,
        world.store.docket,
        world.now,
    )


OWN = "mail.winter.example (mail.winter.example [192.0.2.1])"


def one(world: World, uid: int) -> Story:
    [story] = teller(world).by_uid("INBOX", uid)
    return story


def words(story: Story) -> str:
    return "\n".join(line for _, lines in told(story) for line in lines)


def orphan(world: World) -> str:
    """Put away by a sweep; its Message-ID."""
    world.later(hours=3)
    world.bounced("forged.1@spam.example", number=1)
    world.later(hours=1)
    assert world.sweep().moved == 1
    return "1.forged.1@mx.elsewhere.example"


def test_what_lies_in_backscatter_was_put_away(world: World) -> None:
    ident = orphan(world)
    [story] = teller(world).by_message_id(ident)
    assert "speaks of; it was put away" in words(story)
    assert "it goes" not in words(story)


def test_after_an_undo_it_stays_and_the_story_says_since_when(world: World) -> None:
    ident = orphan(world)
    world.undo()
    [story] = teller(world).by_message_id(ident)
    assert "but it stays: you brought it back (undo, 2026-11-23 " in words(story)
    assert "no sweep will move it" in words(story)
    assert "goes to Backscatter" not in words(story)
    assert "brings it back" not in words(story)
    assert world.sweep().moved == 0


def test_what_came_back_by_the_persons_hand_stays(world: World) -> None:
    ident = orphan(world)
    [away] = world.server.messages(world.backscatter)
    world.server.append("INBOX", away.raw, arrival=away.arrival, flags=sorted(away.flags))
    stories = teller(world).by_message_id(ident)
    story = next(s for s in stories if s.folder == "INBOX")
    assert "it was put away before and came back by your hand; no sweep will move it" in words(story)


@pytest.mark.parametrize("flag", ["\\Flagged", "\\Answered"])
def test_what_the_person_flagged_or_answered_stays(world: World, flag: str) -> None:
    world.later(hours=3)
    raw = bounce("forged.1@spam.example", at=world.now)
    uid = world.server.append("INBOX", raw, arrival=world.now, flags=[flag])
    world.later(hours=1)
    assert world.sweep().left_alone == 1
    [story] = teller(world).by_uid("INBOX", uid)
    assert "but it stays: you flagged or answered it; no sweep will move it" in words(story)


def test_what_an_earlier_sweep_left_to_the_person_stays_when_the_flag_is_gone(world: World) -> None:
    world.later(hours=3)
    raw = bounce("forged.1@spam.example", at=world.now)
    uid = world.server.append("INBOX", raw, arrival=world.now, flags=["\\Flagged"])
    world.later(hours=1)
    world.sweep()
    world.server.unflag("INBOX", uid, "\\Flagged")
    [story] = teller(world).by_uid("INBOX", uid)
    assert "but it stays: you flagged or answered it" in words(story)
    assert world.sweep().moved == 0


def test_what_no_sweep_has_seen_yet_still_goes(world: World) -> None:
    world.later(hours=3)
    uid = world.bounced("forged.1@spam.example", number=1)
    world.later(hours=1)
    world.server.append("Sent", letter("x", ident="late@winter.example", at=world.now), arrival=world.now)
    [story] = teller(world).by_uid("INBOX", uid)
    assert story.hand is None
    assert not story.away


def test_a_message_id_inside_another_is_not_that_message(world: World) -> None:
    for number, ident in enumerate(("a1@firm.example", "xa1@firm.example", "A1@firm.example")):
        world.server.append("INBOX", letter(f"Letter {number}", ident=ident), arrival=world.now)
    stories = teller(world).by_message_id("<a1@firm.example>")
    assert [story.subject for story in stories] == ["Letter 0", "Letter 2"]
    assert teller(world).by_message_id("firm.example") == []


def test_in_an_account_that_observes_it_would_go(world: World) -> None:
    uid = world.bounced("forged.1@spam.example", number=1)
    world.sweep(mode=Mode.OBSERVE)
    world.later(hours=1)
    world.sweep(mode=Mode.OBSERVE)
    world.set(mode=Mode.OBSERVE)
    told = words(one(world, uid))
    assert "it would go to Backscatter, but this account only observes" in told
    assert "it goes to" not in told
    world.set(mode=Mode.MOVE)
    assert "it goes to Backscatter" in words(one(world, uid))


def test_it_tells_who_sent_the_message_and_by_which_line(world: World) -> None:
    forged = world.bounced("forged.1@spam.example", number=1)
    passed = world.bounced("lost@winter.example", number=2, hop=OWN)
    genuine = world.bounced("sent.1@winter.example", number=3, hop=OWN)
    told = words(one(world, forged))
    assert (
        "a stranger sent it: it went through other people's machines, and not through your provider (the line"
        in told
    )
    assert told.count("dsl-7.stranger.example [") == 1
    story = one(world, passed)
    assert "cannot tell: it passed your own mail provider" in words(story)
    assert "what may be about mail of your own stays" in words(story)
    assert "you did: it is in the log of what you sent" in words(one(world, genuine))


def test_a_strangers_machine_is_no_certainty_where_the_finding_is_none(world: World) -> None:
    """A reader of both lines asked which one is true."""
    world.later(hours=3)
    known = world.bounced("forged.1@spam.example", number=1, recipient="friend@f.example")
    forged = world.bounced("forged.2@spam.example", number=2)
    world.sweep(mode=Mode.OBSERVE)
    doubt = "unless you send on a way that is not known here"
    assert one(world, known).finding is not None
    assert "it looks as if a stranger sent it" in words(one(world, known))
    assert doubt in words(one(world, known))
    assert doubt not in words(one(world, forged))


def test_an_alarm_about_another_message_is_told_as_such(world: World) -> None:
    uid = world.bounced("forged.1@spam.example", number=1)
    detail = (("messages", "90"), ("strangers", "90"), ("usual", "2"))
    world.store.journal.ring([Alarm("home", "burst:x", AlarmKind.BURST, world.now, detail)], world.now)
    assert "The message below is another one" in words(one(world, uid))


def test_beside_an_alarm_nothing_undecided_is_to_be_deleted(world: World) -> None:
    """A reader was told of a break-in, and below it that he may delete what came with it."""
    uid = world.bounced("forged.1@spam.example", number=1, recipient="friend@f.example")
    detail = (("messages", "90"), ("strangers", "90"), ("usual", "2"))
    assert "delete nothing while the alarm stands" not in words(one(world, uid))
    world.store.journal.ring([Alarm("home", "burst:x", AlarmKind.BURST, world.now, detail)], world.now)
    story = one(world, uid)
    assert story.finding is not None
    assert story.finding.verdict is Verdict.UNDECIDED
    assert "delete nothing while the alarm stands" in words(story)


def test_what_is_told_by_the_recipient_alone_is_called_probable(world: World) -> None:
    """A reader saw "you sent it" above and "cannot tell" below."""
    world.sent("lunch@winter.example", ago=timedelta(hours=3), to="friend@f.example")
    raw = bounce("x", at=world.now, recipient="friend@f.example").partition(
        b"Content-Type: text/rfc822-headers"
    )[0]
    uid = world.server.append("INBOX", raw, arrival=world.now)
    world.sweep(mode=Mode.OBSERVE)
    story = one(world, uid)
    assert story.finding is not None
    assert story.finding.because[0].because is Because.TIE
    assert "genuine: it is most probably about mail of yours" in words(story)


def test_links_and_attachments_are_named_defanged_and_marked(world: World) -> None:
    uid = world.server.append("INBOX", bounced(SPAM), arrival=world.now)
    story = one(world, uid)
    told = words(story)
    assert "hxxp://evil[.]example/pay?a=1" in told
    assert "http://" not in told
    assert '"invoice.pdf.exe" (DANGEROUS' in told
    assert "nothing of this was opened or fetched" in told
    form = forms.story(story)
    assert "http://" not in json.dumps(form)
    held = cast("dict[str, list[dict[str, object]]]", form["contents"])
    assert [each["dangerous"] for each in held["attachments"]] == [True, False]


def test_json_has_the_facts_of_the_story(world: World) -> None:
    uid = world.bounced("forged.1@spam.example", number=1)
    world.later(hours=1)
    world.sweep(mode=Mode.OBSERVE)
    story = one(world, uid)
    form = forms.story(story)
    assert (form["mode"], form["filed_in"], form["calibrated"], form["alarms"]) == ("move", ["home"], [], [])
    origin = cast("dict[str, str]", form["origin"])
    assert (origin["whose"], origin["sign"]) == ("stranger", "chain")
    assert str(form["rule"]) in words(story)
    assert story.needed is not None
    assert form["needed_until"] == story.needed[1].isoformat()


def test_marks_of_filters_are_told_and_prove_nothing(world: World) -> None:
    raw = bounce("forged.1@spam.example", at=world.now).replace(
        b"Auto-Submitted", b"X-Backscatter: Yes\r\nAuto-Submitted"
    )
    told = words(one(world, world.server.append("INBOX", raw, arrival=world.now)))
    assert "a filter wrote (this proves nothing by itself): X-Backscatter: Yes" in told


def test_a_weak_id_is_told_with_what_weak_means(world: World) -> None:
    raw = bounce("forged.1@spam.example", at=world.now)
    head, _, _ = raw.partition(b"--B1\r\nContent-Type: text/rfc822-headers")
    raw = head.replace(b"User unknown", b"User unknown (Message-ID: <forged.2@spam.example>)") + b"--B1--\r\n"
    story = one(world, world.server.append("INBOX", raw, arrival=world.now))
    assert story.bounce is not None
    assert all(f"{reference.weight}: it " in words(story) for reference in story.bounce.references)


def test_an_alarm_is_told_before_all_else(world: World) -> None:
    uid = world.bounced("forged.1@spam.example", number=1)
    alarm = Alarm("home", "burst:1", AlarmKind.BURST, world.now, (("strangers", "50"), ("usual", "1")))
    world.store.journal.ring([alarm], world.now)
    (heading, lines), *_ = told(one(world, uid))
    assert heading == "Alarm"
    assert "50 people" in lines[0]
    assert "scatterclean status home" in lines[1]


def test_a_message_that_is_an_alarm_says_what_to_do_now(world: World) -> None:
    story = one(world, world.bounced("forged.1@spam.example", number=1))
    reason = Reason.of(Because.SENT_BY_YOU, sign="signed", line="d=winter.example s=k", id="a@b.example")
    story = replace(story, finding=Finding(Verdict.ALARM, (reason,)))
    (heading, lines), *_ = told(story)
    assert heading == "Alarm"
    assert "signed with the key of your own domain" in lines[0]
    assert "password" in lines[1]
    alarm = Alarm("home", "sent-by-you:x", AlarmKind.SENT_BY_YOU, world.now, (("bounces", "2"),))
    (_, lines), *_ = told(replace(story, alarms=(alarm,)))
    assert "2 messages that came back" in lines[0]
    assert "harmless" in lines[1]


def test_ordinary_mail_has_a_story_without_findings(world: World) -> None:
    uid = world.server.append("INBOX", letter("Hi", ident="l@firm.example"), arrival=world.now)
    story = one(world, uid)
    assert [heading for heading, _ in told(story)] == ["The message", "What it is"]
    form = forms.story(story)
    assert (form["origin"], form["contents"], form["rule"], form["finding"]) == (None, None, None, None)


def test_a_genuine_one_has_no_line_that_seems_to_deny_it(world: World) -> None:
    """The recipient who failed is another than the one who was written to (a list, a forwarding)."""
    uid = world.bounced("sent.3@winter.example", number=1)
    story = one(world, uid)
    assert story.finding is not None
    assert story.finding.verdict is Verdict.GENUINE
    assert "no mail of yours" not in words(story)
    assert "the log holds 40 messages of your Sent folders" in words(story)


def test_one_alone_is_told_the_rule_that_really_decided(world: World) -> None:
    """The log was watched and is proved: the rule must not say that it was not enough."""
    world.watched()
    raw = bounce("5a@winter.example", at=world.now - timedelta(hours=2))
    raw = raw.replace(b"Received: from smtp.winter", b"X-Way: from smtp.winter")
    uid = world.server.append("INBOX", raw, arrival=world.now - timedelta(hours=2))
    story = one(world, uid)
    assert story.finding is not None
    assert story.finding.because[0]["why"] == "device"
    told_words = words(story)
    assert "it came alone, not in a storm" in told_words
    assert (
        "the rule that decided: what comes alone, and does not show that a stranger sent it, stays if"
        in told_words
    )
