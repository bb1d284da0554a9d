"""What was put away is found again, wherever another hand has put it since; and never the wrong one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean import seek
from scatterclean.mailbox.memory import MemoryServer
from scatterclean.model import MoveState, Whereabouts
from scatterclean.undo import Selection
from tests.sweeps.crash import Template, discard, later, take_back
from tests.sweeps.tripwire import Death, Fate
from tests.sweeps.world import World

NO_MOVE = pytest.mark.parametrize("knows_move", [True, False], ids=["MOVE", "COPY"])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "log.db")
    world.history()
    yield world
    world.close()


def put_away(world: World, count: int = 3) -> list[str]:
    for number in range(count):
        world.bounced(f"forged.{number}@spam.example", number=number)
    before = world.inbox()
    assert world.sweep().moved == count
    return before


def refile(world: World, folder: str, *, position: int | None = None) -> None:
    """Another client moves what is in Backscatter (or one of it) elsewhere."""
    world.server.create(folder)
    away = world.server.messages(world.backscatter)
    for message in away if position is None else [away[position]]:
        world.server.move(world.backscatter, message.uid, folder)


@NO_MOVE
def test_undo_follows_a_folder_that_was_renamed(tmp_path: Path, *, knows_move: bool) -> None:
    world = World(tmp_path / "log.db", MemoryServer(move=knows_move))
    world.history()
    before = put_away(world)
    world.server.rename("Backscatter", "Junk bounces of 2026")
    undone = world.undo()
    assert (len(undone.back), undone.lost, undone.troubles) == (3, (), ())
    assert world.inbox() == before
    assert world.ids("Junk bounces of 2026") == []
    assert world.sweep().moved == 0
    world.close()


def test_undo_finds_what_is_in_the_renamed_folder_and_in_the_new_one(world: World) -> None:
    put_away(world, 2)
    world.server.rename("Backscatter", "Old")
    world.later(hours=3)
    world.bounced("forged.late@spam.example", number=7)
    assert world.sweep().moved == 1
    assert world.ids("Old") != world.away() != []
    assert len(world.undo().back) == 3
    assert (world.ids("Old"), world.away()) == ([], [])


def test_undo_of_one_leaves_the_others_in_the_renamed_folder(world: World) -> None:
    put_away(world)
    world.server.rename("Backscatter", "Old")
    undone = world.undo(Selection(message_id="1.forged.1@mx.elsewhere.example"))
    assert len(undone.back) == 1
    assert world.inbox() == ["1.forged.1@mx.elsewhere.example"]
    assert len(world.ids("Old")) == 2


def test_what_proved_genuine_comes_back_from_a_renamed_folder(world: World) -> None:
    put_away(world)
    world.server.rename("Backscatter", "Old")
    world.sent("forged.1@spam.example", ago=timedelta(hours=3))
    assert world.sweep().returned == 1
    assert world.inbox() == ["1.forged.1@mx.elsewhere.example"]
    assert len(world.ids("Old")) == 2


def test_a_folder_of_another_name_with_a_uidvalidity_that_two_have_is_no_renamed_one(world: World) -> None:
    """Servers that make UIDVALIDITY of the time."""
    put_away(world)
    place = world.mailbox().state("Backscatter").place
    world.server.rename("Backscatter", "Old")
    world.server.create("Other")
    other = world.server.shelf("Other")
    assert other is not None
    other.uidvalidity = place.uidvalidity
    moves = world.store.journal.moves("home", states=[MoveState.MOVED])
    assert seek.find(world.mailbox(), moves) == {}
    assert len(world.undo().back) == 3  # by Message-ID


def test_undo_brings_back_what_another_client_filed_elsewhere(world: World) -> None:
    before = put_away(world)
    refile(world, "Projects/Bounces", position=0)
    refile(world, "Archive", position=0)
    undone = world.undo()
    assert (len(undone.back), undone.lost) == (3, ())
    assert world.inbox() == before


def test_undo_leaves_what_was_thrown_away_in_the_trash(world: World) -> None:
    put_away(world)
    refile(world, "Trash", position=0)
    undone = world.undo()
    assert (len(undone.back), len(undone.lost)) == (2, 1)
    assert len(world.ids("Trash")) == 1


def test_undo_leaves_a_copy_alone_if_the_person_dragged_the_message_back(world: World) -> None:
    """Brought back by hand, and a copy kept elsewhere: it is where it belongs, and not to be doubled."""
    put_away(world, 1)
    world.server.create("Archive")
    [away] = world.server.messages("Backscatter")
    world.server.copy("Backscatter", away.uid, "Archive")
    world.server.move("Backscatter", away.uid, "INBOX")
    undone = world.undo()
    assert (undone.back, len(undone.lost)) == ((), 1)
    assert (len(world.inbox()), len(world.ids("Archive"))) == (1, 1)


def test_undo_brings_none_of_two_equal_ones_back_if_one_was_put_away(world: World) -> None:
    put_away(world, 1)
    refile(world, "Archive")
    [filed] = world.server.messages("Archive")
    world.server.copy("Archive", filed.uid, "Archive")
    undone = world.undo()
    assert (undone.back, len(undone.lost)) == ((), 1)
    assert (world.inbox(), len(world.ids("Archive"))) == ([], 2)


def test_another_message_with_the_same_message_id_is_not_brought_back(world: World) -> None:
    put_away(world, 1)
    [away] = world.server.messages("Backscatter")
    world.server.create("Archive")
    world.server.append("Archive", away.raw.replace(b"Subject: Undelivered", b"Subject: Re: Undelivered"))
    world.server.delete("Backscatter", away.uid)
    undone = world.undo()
    assert (undone.back, len(undone.lost)) == ((), 1)
    assert len(world.ids("Archive")) == 1


def test_a_bounce_without_a_message_id_is_found_elsewhere_by_its_fingerprint(world: World) -> None:
    uid = world.bounced("forged.1@spam.example", number=1)
    message = next(m for m in world.server.messages("INBOX") if m.uid == uid)
    head, gap, rest = message.raw.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"message-id:")]
    world.server.delete("INBOX", uid)
    world.server.append("INBOX", b"\r\n".join(lines) + gap + rest, arrival=message.arrival)
    assert world.sweep().moved == 1
    refile(world, "Archive")
    assert len(world.undo().back) == 1
    assert len(world.server.messages("INBOX")) == 1


def test_what_proved_genuine_and_was_filed_elsewhere_by_hand_is_left_there_and_told_once(
    world: World,
) -> None:
    put_away(world)
    refile(world, "Proofs", position=1)
    world.sent("forged.1@spam.example", ago=timedelta(hours=3))
    report = world.sweep()
    assert (report.returned, len(world.ids("Proofs"))) == (0, 1)
    [told] = report.troubles
    assert "'Proofs'" in told
    assert "genuine" in told
    assert world.sweep().troubles == ()


def test_a_search_that_would_have_no_end_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    put_away(world)
    refile(world, "Archive")
    monkeypatch.setattr(seek, "SEARCHES", 1)  # INBOX takes it
    world.bounced("sent.1@winter.example", number=9)
    undone = world.undo()
    assert (undone.back, len(undone.lost)) == ((), 3)
    assert "too much to look through" in undone.troubles[0]


def test_a_move_that_died_before_the_folder_was_renamed_is_settled_as_moved(world: World) -> None:
    world.bounced("forged.1@spam.example", number=1)
    world.sweep()
    [done] = world.store.journal.moves("home", states=[MoveState.MOVED])
    world.undo()
    # The same deed once more, by hand: journalled, moved, and nothing settled.
    world.later(hours=1)
    state = world.mailbox().state("Backscatter")
    [back] = world.server.messages("INBOX")
    source = Whereabouts(world.mailbox().state("INBOX").place, back.uid)
    [move] = world.store.journal.intend(1, [replace(done.intent, source=source)], state, world.now)
    world.server.move("INBOX", back.uid, "Backscatter")
    world.server.rename("Backscatter", "Old")
    world.later(hours=1)
    world.sweep()
    [row] = [m for m in world.store.journal.moves("home") if m.id == move.id]
    assert row.state is MoveState.MOVED
    assert len(world.undo().back) == 1


@NO_MOVE
@pytest.mark.parametrize("elsewhere", [False, True], ids=["renamed", "filed elsewhere"])
def test_an_undo_of_what_was_found_again_that_dies_anywhere_is_completed_by_the_next(
    tmp_path: Path, *, elsewhere: bool, knows_move: bool
) -> None:
    first = World(tmp_path / "log.db", MemoryServer(move=knows_move))
    first.history()
    before = put_away(first, 2)
    if elsewhere:
        refile(first, "Old")
    else:
        first.server.rename("Backscatter", "Old")
    template = Template(first)
    deaths = 0
    for step in range(10_000):
        world = template.copy()
        try:
            take_back(Selection())(world, Fate(step))
        except Death:
            deaths += 1
        else:
            discard(world)
            break
        world.close()
        world.undo()
        assert (world.inbox(), world.ids("Old")) == (before, []), f"died at step {step}"
        later(world, minutes=30)
        assert world.sweep(folders=["INBOX"]).moved == 0
        assert not world.store.journal.moves("home", states=[MoveState.INTENDED, MoveState.DOUBLED])
        discard(world)
    assert deaths > 10
