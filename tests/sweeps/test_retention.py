"""Retention: off by default; a list and a day first; only what the journal says was put there, by UID EXPUNGE."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean import tend
from scatterclean.errors import ConnectionLost
from scatterclean.knowledge import Storms
from scatterclean.mailbox.memory import MemoryServer
from scatterclean.model import Case, Mode
from scatterclean.review import Review
from tests.sweeps.world import World

QUARTER = timedelta(days=90)


@pytest.fixture(params=[True, False], ids=["MOVE", "no MOVE"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "log.db", MemoryServer(move=request.param))
    world.history()
    for number in (1, 2, 3):
        world.bounced(f"forged.{number}@spam.example", number=number)
    assert world.sweep().moved == 3
    yield world
    world.close()


def keep(world: World, days: int = 90) -> None:
    world.set(keep_backscatter=timedelta(days=days))


def uid(world: World, mark: str) -> int:
    [found] = [m.uid for m in world.server.messages(world.backscatter) if mark.encode() in m.raw]
    return found


def pass_notice(world: World) -> None:
    """The first sweep of an account that keeps lists only; a day later it may delete."""
    assert "will be deleted" in "\n".join(world.sweep().notes)
    world.later(hours=25)


def test_without_the_key_nothing_is_ever_deleted(world: World) -> None:
    for _ in range(3):
        world.later(days=2000)
        assert world.sweep().notes == ()
        assert len(world.away()) == 3


def test_what_is_younger_is_neither_listed_nor_deleted(world: World) -> None:
    keep(world)
    world.later(days=89)
    assert world.sweep().notes == ()
    world.later(hours=12)
    assert world.sweep().notes == ()
    assert len(world.away()) == 3


def test_the_first_time_is_only_a_list_and_a_day_later_they_go(world: World) -> None:
    keep(world)
    world.later(days=91)
    [told] = world.sweep().notes
    assert (
        "3 messages in Backscatter, put away more than 90 days ago, will be deleted by the sweeps from"
        in told
    )
    assert told.count("Undelivered Mail Returned to Sender, from mailer-daemon@mx.elsewhere.example") == 3
    assert len(world.away()) == 3
    world.later(hours=23)
    world.sweep()
    assert len(world.away()) == 3
    world.later(hours=2)
    report = world.sweep()
    assert report.notes == ("3 messages were deleted, as `keep_backscatter` says",)
    assert world.away() == []
    assert world.sweep().notes == ()


def test_an_account_that_observes_only_says_what_it_would_delete(world: World) -> None:
    keep(world)
    world.later(days=91)
    for _ in range(3):
        [told] = world.sweep(mode=Mode.OBSERVE).notes
        assert "would be deleted" in told
        world.later(days=2)
    assert len(world.away()) == 3


def test_a_shorter_time_is_another_list(world: World) -> None:
    keep(world)
    world.later(days=60)
    world.sweep()
    keep(world, 30)
    [told] = world.sweep().notes
    assert "put away more than 30 days ago, will be deleted" in told
    assert len(world.away()) == 3


def test_only_what_this_tool_put_there_goes(world: World) -> None:
    keep(world)
    [raw] = [m.raw for m in world.server.messages(world.backscatter) if b"forged.1@" in m.raw]
    other = raw.replace(b"forged.1@", b"by-hand@").replace(b"1.forged.1@", b"by.hand@")
    world.server.append(world.backscatter, other, arrival=world.now - timedelta(days=400))
    world.server.append("INBOX", other, arrival=world.now, flags=["\\Seen", "\\Deleted"])
    world.later(days=91)
    pass_notice(world)
    world.sweep()
    assert [m.raw for m in world.server.messages(world.backscatter)] == [other]
    assert [m.raw for m in world.server.messages("INBOX")] == [other]


@pytest.mark.parametrize("flag", ["\\Flagged", "\\Answered", "Keep", "$Label1"])
def test_what_bears_the_mark_of_a_hand_stays(world: World, flag: str) -> None:
    keep(world)
    world.server.flag(world.backscatter, uid(world, "forged.2@"), flag)
    world.server.flag(world.backscatter, uid(world, "forged.3@"), "\\Seen")
    world.later(days=91)
    pass_notice(world)
    world.sweep()
    assert len(world.away()) == 1
    assert uid(world, "forged.2@")


def test_what_another_client_marked_as_deleted_and_is_not_ours_is_not_expunged_along(world: World) -> None:
    keep(world)
    foreign = world.server.append(world.backscatter, b"Subject: mine\r\n\r\nmine\r\n", flags=["\\Deleted"])
    world.later(days=91)
    pass_notice(world)
    world.sweep()
    assert [(m.uid, m.flags) for m in world.server.messages(world.backscatter)] == [
        (foreign, frozenset(("\\Deleted",)))
    ]


def test_what_was_moved_about_by_another_hand_is_not_ours_any_more(world: World) -> None:
    keep(world)
    world.server.create("Elsewhere")
    world.server.move(world.backscatter, uid(world, "forged.1@"), "Elsewhere")
    back = world.server.move("Elsewhere", world.server.messages("Elsewhere")[0].uid, world.backscatter)
    world.server.move(world.backscatter, uid(world, "forged.2@"), "INBOX")
    world.later(days=91)
    pass_notice(world)
    world.sweep()
    assert [m.uid for m in world.server.messages(world.backscatter)] == [back]
    assert len(world.server.messages("INBOX")) == 1


def test_what_would_be_judged_differently_today_stays(world: World) -> None:
    keep(world)
    world.later(days=91)
    pass_notice(world)
    world.set(own_ids=("forged.1@spam.example",))
    world.sweep()
    there = [m.raw for f in ("INBOX", world.backscatter) for m in world.server.messages(f)]
    assert len(there) == 1
    assert b"forged.1@" in there[0]


def test_a_folder_that_was_made_anew_loses_nothing(world: World) -> None:
    keep(world)
    kept = [m.raw for m in world.server.messages(world.backscatter)]
    world.server.renew(world.backscatter)
    for raw in kept:
        world.server.append(world.backscatter, raw)
    world.later(days=91)
    world.sweep()
    world.later(days=2)
    world.sweep()
    assert len(world.away()) == 3


def test_a_server_without_uid_expunge_deletes_nothing_and_says_why(world: World) -> None:
    keep(world)
    world.later(days=91)
    pass_notice(world)
    world.server.knows_uidplus = False
    report = world.sweep()
    assert len(world.away()) == 3
    assert report.moved == 0


def test_a_deed_that_was_cut_off_is_settled_and_nothing_else_goes(world: World) -> None:
    keep(world)
    stranger = world.server.append(world.backscatter, b"Subject: mine\r\n\r\nmine\r\n")
    world.later(days=91)
    pass_notice(world)
    for effects in range(7):
        world.server.cut_after = effects
        with suppress(ConnectionLost):
            world.sweep()
        world.server.cut_after = None
        assert stranger in [m.uid for m in world.server.messages(world.backscatter)]
    world.sweep()
    assert [m.uid for m in world.server.messages(world.backscatter)] == [stranger]


def test_what_is_old_is_asked_about_in_portions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """After years these are tens of thousands; one question of all would hold all their ids and dates at once."""
    asked: list[int] = []
    judge = Review.judge

    def counted(one: Review, cases: Sequence[Case], storms: Storms) -> list[Case]:
        asked.append(len(cases))
        return judge(one, cases, storms)

    monkeypatch.setattr(tend, "TENDED", 2)
    monkeypatch.setattr(Review, "judge", counted)
    keep(world)
    world.later(days=91)
    assert "3 messages" in "\n".join(world.sweep().notes)
    assert (max(asked), sum(asked)) == (2, 6)
