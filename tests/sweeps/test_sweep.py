"""The whole sweep on a server in memory and a real store: what moves, what stays, and whose hand is final."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean.errors import CommandRefused
from scatterclean.mailbox.memory import MemoryMailbox, MemoryServer
from scatterclean.model import (
    Account,
    Cursor,
    Identities,
    MessageId,
    Mode,
    MoveState,
    Place,
    Refusal,
    SentMessage,
    Verdict,
)
from scatterclean.ports import FolderState
from scatterclean.undo import Selection

from .world import ME, NOW, World, letter


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "log.db")
    world.history()
    yield world
    world.close()


def flood(world: World, count: int = 5) -> list[int]:
    return [world.bounced(f"forged.{n}@spam.example", number=n) for n in range(count)]


def test_orphans_move_and_genuine_bounces_and_letters_stay(world: World) -> None:
    world.ordinary()
    flood(world)
    world.sent("real@winter.example", ago=timedelta(hours=3))
    world.bounced("real@winter.example")
    report = world.sweep()
    assert report.moved == 5
    assert report.verdicts == {Verdict.ORPHAN: 5, Verdict.GENUINE: 1}
    assert world.away() == sorted(f"{n}.forged.{n}@mx.elsewhere.example" for n in range(5))
    assert len(world.inbox()) == 6


def test_no_body_of_ordinary_mail_is_fetched_and_nothing_is_marked_as_read(world: World) -> None:
    world.ordinary(50)
    uids = flood(world)
    before = world.server.messages("INBOX")
    world.sweep(mode=Mode.OBSERVE)
    assert {uid for folder, uid in world.server.bodies if folder == "INBOX"} == set(uids)
    assert not [folder for folder, _ in world.server.bodies if folder != "INBOX"]
    assert world.server.messages("INBOX") == before


def test_flags_keywords_and_dates_survive_the_move_and_the_keyword_tells_of_it(world: World) -> None:
    [uid] = flood(world, 1)
    world.server.flag("INBOX", uid, "\\Seen", "Work")
    [before] = world.server.messages("INBOX")
    world.sweep()
    [after] = world.server.messages(world.backscatter)
    assert after.flags == before.flags | {"$Backscatter"}
    assert (after.arrival, after.raw) == (before.arrival, before.raw)
    assert world.backscatter in world.server.subscribed()


def test_observing_moves_nothing_and_says_what_would_move(world: World) -> None:
    flood(world)
    report = world.sweep(mode=Mode.OBSERVE)
    assert (report.moved, report.refusal, report.verdicts) == (0, Refusal.OBSERVING, {Verdict.ORPHAN: 5})
    assert len(world.inbox()) == 5
    assert world.sweep().moved == 5


def test_a_second_sweep_moves_nothing_and_fetches_nothing(world: World) -> None:
    flood(world)
    world.sweep()
    fetched = len(world.server.bodies)
    assert world.sweep().moved == 0
    assert len(world.server.bodies) == fetched


# --- whose hand is final --------------------------------------------------------------------------------


def test_undo_brings_everything_back_and_no_later_sweep_takes_it_again(world: World) -> None:
    flood(world)
    before = world.inbox()
    world.sweep()
    undone = world.undo()
    assert (len(undone.back), undone.lost) == (5, ())
    assert world.inbox() == before
    for _ in range(2):
        assert world.sweep().moved == 0
    assert world.sweep(since=world.now.date() - timedelta(days=30)).moved == 0
    assert world.inbox() == before


def test_undo_of_one_message_and_of_one_sweep_leaves_the_others(world: World) -> None:
    flood(world, 2)
    first = world.sweep()
    world.later(hours=3)
    world.bounced("forged.late@spam.example", number=7)
    world.sweep()
    one = world.undo(Selection(message_id="<0.forged.0@mx.elsewhere.example>"))
    assert [m.intent.message_id for m in one.back] == ["0.forged.0@mx.elsewhere.example"]
    rest = world.undo(Selection(sweep=first.sweep))
    assert [m.intent.message_id for m in rest.back] == ["1.forged.1@mx.elsewhere.example"]
    assert world.away() == ["7.forged.late@mx.elsewhere.example"]


def test_what_the_person_drags_back_is_never_moved_again(world: World) -> None:
    flood(world, 2)
    world.sweep()
    world.server.move(world.backscatter, world.server.messages(world.backscatter)[0].uid, "INBOX")
    assert world.sweep().moved == 0
    assert len(world.inbox()) == 1


def test_what_was_dragged_back_is_left_alone_even_with_a_new_database(world: World, tmp_path: Path) -> None:
    flood(world, 2)
    world.sweep()
    world.server.move(world.backscatter, world.server.messages(world.backscatter)[0].uid, "INBOX")
    world.close()
    world.path = tmp_path / "other.db"
    assert world.sweep().moved == 0


@pytest.mark.parametrize("flag", ["\\Flagged", "\\Answered"])
def test_what_the_person_flagged_or_answered_is_left_alone(world: World, flag: str) -> None:
    [uid] = flood(world, 1)
    world.server.flag("INBOX", uid, flag)
    report = world.sweep()
    assert (report.moved, report.left_alone) == (0, 1)


def test_undo_names_what_another_hand_took_away(world: World) -> None:
    flood(world, 2)
    world.sweep()
    world.server.delete(world.backscatter, world.server.messages(world.backscatter)[0].uid)
    undone = world.undo()
    assert (len(undone.back), len(undone.lost)) == (1, 1)


def test_undo_finds_what_was_put_away_after_the_folder_was_made_anew(world: World) -> None:
    flood(world, 2)
    world.sweep()
    kept = world.server.messages(world.backscatter)
    world.server.renew(world.backscatter)
    for message in reversed(kept):
        world.server.append(world.backscatter, message.raw, arrival=message.arrival, flags=message.flags)
    assert len(world.undo().back) == 2
    assert len(world.inbox()) == 2


# --- no sent log, no moves ------------------------------------------------------------------------------


def test_with_an_empty_sent_folder_nothing_moves_and_the_way_out_is_told(tmp_path: Path) -> None:
    world = World(tmp_path / "log.db")
    flood(world)
    report = world.sweep()
    assert (report.moved, report.refusal) == (0, Refusal.SENT_EMPTY)
    assert "`sent = [...]`" in report.troubles[0]
    world.close()


@pytest.mark.parametrize("sent", [(), ("Sent",)], ids=["found", "configured"])
def test_with_a_missing_sent_folder_nothing_moves_and_the_way_out_is_told(
    world: World, sent: tuple[str, ...]
) -> None:
    world.set(sent=sent)
    world.server.drop("Sent")
    flood(world)
    report = world.sweep()
    assert (report.moved, report.refusal) == (0, Refusal.SENT_UNKNOWN)
    assert "sent = [" in report.troubles[0]


@pytest.mark.parametrize("new_one", [False, True], ids=["gone", "an empty one in its place"])
def test_with_a_renamed_sent_folder_nothing_moves_until_the_person_says_so(
    world: World, new_one: bool
) -> None:
    world.sweep()
    world.server.rename("Sent", "Sent 2025")
    if new_one:
        world.server.create("Sent")
    flood(world)
    report = world.sweep()
    assert report.moved == 0
    assert report.refusal in (Refusal.SENT_UNKNOWN, Refusal.SENT_EMPTY)
    assert "sent = [" in report.troubles[0]
    world.set(sent=("Sent 2025",))
    assert world.sweep().refusal is None


def test_a_sent_folder_that_was_cleared_stops_all_moves(world: World) -> None:
    world.sweep()
    for message in world.server.messages("Sent"):
        world.server.delete("Sent", message.uid)
    flood(world)
    report = world.sweep()
    assert (report.moved, report.refusal) == (0, Refusal.SENT_EMPTY)
    assert "held 40 messages before" in report.troubles[0]


def test_a_young_sent_folder_convicts_nobody(tmp_path: Path) -> None:
    world = World(tmp_path / "log.db")
    world.sent("first@winter.example", ago=timedelta(days=2))
    flood(world)
    report = world.sweep()
    assert (report.moved, report.verdicts) == (0, {Verdict.UNDECIDED: 5})
    world.close()


def test_sent_folders_are_found_by_their_names_in_other_languages(tmp_path: Path) -> None:
    world = World(tmp_path / "log.db", MemoryServer(separator=".", prefix="INBOX."))
    world.history()
    world.server.rename("INBOX.Sent", "INBOX.Gesendete Elemente")
    flood(world)
    assert world.sweep().moved == 5
    assert "INBOX.Backscatter" in world.server.folder_names()
    world.close()


# --- coverage -------------------------------------------------------------------------------------------


def test_a_sent_folder_made_anew_is_a_hole_and_a_warning(world: World) -> None:
    world.sweep()
    kept = world.server.messages("Sent")
    world.later(hours=1)
    world.server.renew("Sent")
    for message in kept:
        world.server.append("Sent", message.raw, arrival=message.arrival)
    report = world.sweep()
    assert "UIDVALIDITY changed" in report.troubles[0]
    world.later(days=1)
    flood(world)
    assert world.sweep().verdicts == {Verdict.UNDECIDED: 5}
    world.later(days=20)
    world.bounced("forged.later@spam.example", number=9)
    assert world.sweep().moved == 1


def test_a_sent_message_that_vanished_unread_is_a_hole(world: World) -> None:
    world.sweep()
    world.later(hours=1)
    uid = world.sent("vanished@winter.example", ago=timedelta(minutes=10))
    world.server.delete("Sent", uid)
    world.later(hours=3)
    world.sent("next@winter.example", ago=timedelta(minutes=1))
    flood(world)
    assert world.sweep().verdicts == {Verdict.UNDECIDED: 5}


def test_one_old_message_with_a_wrong_clock_does_not_stretch_the_coverage(tmp_path: Path) -> None:
    world = World(tmp_path / "log.db")
    for number in range(60):
        world.sent(f"new.{number}@winter.example", ago=timedelta(hours=number))
    world.sent("clock@winter.example", ago=timedelta(days=5000))
    flood(world)
    assert world.sweep().verdicts == {Verdict.UNDECIDED: 5}
    world.close()


# --- waiting and judged again ---------------------------------------------------------------------------


def test_a_fresh_bounce_waits_for_the_settle_time_and_is_then_moved_without_being_fetched_again(
    world: World,
) -> None:
    world.bounced("forged@spam.example", ago=timedelta(minutes=1))
    assert world.sweep().verdicts == {Verdict.WAITING: 1}
    fetched = len(world.server.bodies)
    world.later(minutes=15)
    assert world.sweep().moved == 1
    assert len(world.server.bodies) == fetched


def test_a_sent_copy_that_comes_late_acquits_a_waiting_bounce(world: World) -> None:
    world.bounced("late@winter.example", ago=timedelta(minutes=1))
    world.sweep()
    world.sent("late@winter.example", ago=timedelta(minutes=3))
    world.later(minutes=15)
    report = world.sweep()
    assert (report.moved, report.verdicts) == (0, {Verdict.GENUINE: 1})


def test_a_clock_of_the_server_that_is_slow_does_not_end_the_settle_time_early(world: World) -> None:
    world.sweep()
    world.later(minutes=5)
    world.bounced("forged@spam.example", ago=timedelta(hours=3))  # came just now; the server says 3 hours ago
    assert world.sweep().verdicts == {Verdict.WAITING: 1}


def test_a_bounce_waits_for_every_account_of_the_person_and_names_it(world: World) -> None:
    world.accounts = ("home", "work")
    flood(world, 1)
    assert world.sweep().verdicts == {Verdict.WAITING: 1}
    [case] = world.store.docket.open_cases("home")
    assert case.finding.because[0]["account"] == "work"


def test_mail_sent_from_another_account_of_the_person_acquits(world: World, tmp_path: Path) -> None:
    world.accounts = ("home", "work")
    work = World(tmp_path / "log.db", account=Account("work", Identities(), mode=Mode.MOVE))
    work.history()
    work.sent("from-work@winter.example", ago=timedelta(hours=4))
    work._store = world.store
    work.accounts = world.accounts
    work.sweep()
    world.bounced("from-work@winter.example")
    world.bounced("forged@spam.example")
    assert world.sweep().verdicts == {Verdict.GENUINE: 1, Verdict.ORPHAN: 1}


def test_a_moved_bounce_that_proves_genuine_comes_back_by_itself_and_only_once(world: World) -> None:
    world.bounced("script@winter.example", hop="vps.example (vps.example [203.0.113.9])")
    assert world.sweep().moved == 1
    world.sent("script@winter.example", ago=timedelta(hours=3))
    report = world.sweep()
    assert (report.returned, world.away()) == (1, [])
    assert world.sweep().returned == 0
    assert len(world.inbox()) == 1


def test_a_case_whose_message_is_gone_is_closed(world: World) -> None:
    uid = world.bounced("forged@spam.example", ago=timedelta(minutes=1))
    world.sweep()
    world.server.delete("INBOX", uid)
    world.later(minutes=15)
    assert world.sweep().verdicts == {}
    assert not world.store.docket.open_cases("home")


def test_an_inbox_made_anew_is_read_again_and_nothing_is_judged_by_old_uids(world: World) -> None:
    flood(world)
    world.sweep(mode=Mode.OBSERVE)
    world.ordinary()
    kept = world.server.messages("INBOX")
    world.server.renew("INBOX")
    for message in reversed(kept):
        world.server.append("INBOX", message.raw, arrival=message.arrival)
    assert world.sweep().moved == 5
    assert all("firm.example" in ident for ident in world.inbox())


def test_equal_messages_are_each_moved_once(world: World) -> None:
    for _ in range(3):
        world.bounced("forged@spam.example")
    assert world.sweep().moved == 3
    assert (world.inbox(), len(world.away())) == ([], 3)
    assert len(world.undo().back) == 3


# --- whose message --------------------------------------------------------------------------------------


def test_a_bounce_about_somebody_else_stays(world: World) -> None:
    world.bounced("forged@spam.example", to="eve@other.example", sender="eve@other.example")
    assert world.sweep().verdicts == {Verdict.UNDECIDED: 1}


def test_addresses_are_learned_from_sent_mail(world: World) -> None:
    world.set(identities=Identities())
    flood(world)
    assert world.sweep().moved == 5
    assert ME in world.store.sent_log.senders("")


def test_mail_of_an_account_that_was_taken_out_of_the_configuration_is_not_missed(world: World) -> None:
    """It is sent as before, filed where nobody reads any more, and its bounces are forwarded to this account."""
    work = "ada@firm.example"
    world.watched()
    world.store.sent_log.record("work", "", [sent_message(work)], Cursor(Place("Sent", 1), 2, 1, world.now))
    world.bounced("really-sent@firm.example", sender=work, to=work, hop="out.host.example ([203.0.113.9])")
    assert world.sweep().verdicts == {Verdict.WAITING: 1}
    # When this account files such mail, its silence counts again.
    world.server.append(
        "Sent", letter("Hi", sender=work, ident="as.work@firm.example", at=world.now), arrival=world.now
    )
    assert world.sweep().moved == 1


def sent_message(sender: str) -> SentMessage:
    at = NOW - timedelta(days=20)
    return SentMessage("f" * 32, (MessageId("w1@firm.example"),), sender, ("boss@c.example",), "Hi", at, at)


# --- servers --------------------------------------------------------------------------------------------


def test_a_server_that_cannot_move_safely_keeps_everything_and_says_why(tmp_path: Path) -> None:
    world = World(tmp_path / "log.db", MemoryServer(move=False, uidplus=False))
    world.history()
    flood(world)
    report = world.sweep()
    assert (report.moved, report.refusal, len(world.inbox())) == (0, Refusal.CANNOT_MOVE, 5)
    world.close()


def test_a_folder_that_is_not_there_is_told_with_those_that_are(world: World) -> None:
    [told] = world.sweep(folders=["Nope"]).troubles
    assert "The server has: 'INBOX', " in told
    assert "configuration" not in told  # it was named on the command line
    world.set(watch=("Nope",))
    [told] = world.sweep().troubles
    assert "The server has: 'INBOX', " in told
    assert "in the configuration" in told
    report = world.sweep()
    assert (report.refusal, report.worked) == (Refusal.NOTHING_READ, False)
    assert world.sweep(mode=Mode.OBSERVE).refusal is Refusal.NOTHING_READ
    world.set(watch=("Nope", "INBOX"))
    assert world.sweep().worked


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("folder", ["Trash", "Junk", "Drafts"])
def test_nothing_is_put_into_a_folder_that_the_server_uses_for_something_else(
    world: World, folder: str, mode: Mode
) -> None:
    world.set(backscatter=folder)
    flood(world)
    report = world.sweep(mode=mode)
    assert (report.moved, report.refusal, len(world.inbox())) == (0, Refusal.TARGET_UNSAFE, 5)
    assert folder in report.troubles[0]
    assert "Set `backscatter`" in report.troubles[0]
    assert not world.ids(folder)


def test_over_quota_nothing_is_marked_or_lost(tmp_path: Path) -> None:
    world = World(tmp_path / "log.db", MemoryServer(move=False))
    world.history()
    flood(world)
    world.server.over_quota = True
    report = world.sweep()
    assert (report.moved, len(world.inbox()), report.refusal) == (0, 5, Refusal.FULL)
    assert all("\\Deleted" not in m.flags for m in world.server.messages("INBOX"))
    assert "full" in report.troubles[0]
    world.server.over_quota = False
    assert world.sweep().moved == 5
    assert all(m.state in (MoveState.STAYED, MoveState.MOVED) for m in world.store.journal.moves("home"))
    world.close()


def test_a_folder_that_the_server_refuses_to_show_does_not_stop_the_others(world: World) -> None:
    class Refusing(MemoryMailbox):
        def state(self, folder: str) -> FolderState:
            if folder == "Locked":
                raise CommandRefused("home: the server answered NO to STATUS about 'Locked'")
            return super().state(folder)

    world.mailbox = lambda: Refusing(world.server)  # type: ignore[method-assign]  # this test's own server
    world.set(watch=("Locked", "INBOX"))
    flood(world)
    report = world.sweep()
    assert report.moved == 5
    assert "Locked" in report.troubles[0]


def test_an_address_of_another_account_of_the_person_is_the_persons(world: World) -> None:
    """Forwarded to this account, or both in one inbox: the bounce is about the person all the same."""
    second = "ada@second.example"
    world.bounced("forged.1@spam.example", sender=second, to=second, number=1)
    assert world.sweep().verdicts == {Verdict.UNDECIDED: 1}  # nobody said so
    world.mates = (Identities(addresses=frozenset(["*@second.example"])),)
    assert world.sweep().moved == 1


def test_an_address_that_others_use_too_in_another_account_stays_shared(world: World) -> None:
    info = "info@winter.example"
    world.set(identities=Identities(addresses=frozenset(["*@winter.example"])))
    world.mates = (Identities(shared=frozenset([info])),)
    world.bounced("forged.1@spam.example", sender=info, to=info, number=1)
    assert world.sweep().verdicts == {Verdict.UNDECIDED: 1}
