"""The story that `why` tells: it threatens nothing that no sweep does, and it tells of the message that was meant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scatterclean.why import Story, Teller, told
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
        world.accounts,
        world.mailbox(),
        world.store.sent_log,
        world.store.journal,
        world.store.docket,
        world.now,
    )


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
