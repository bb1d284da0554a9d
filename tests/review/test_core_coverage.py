"""Coverage that no harvest earned would convict: what was never read must stay a hole, whatever cut the reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean.errors import ConnectionLost, Stopped
from scatterclean.harvest import harvest
from scatterclean.mailbox.memory import MemoryMailbox, MemoryServer
from scatterclean.model import Identities, Place, Sighting
from tests.sweeps.world import ME, World, letter


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "log.db")
    yield world
    world.close()


def harvest_of(world: World, stop: Callable[[], bool]) -> None:
    harvest(world.mailbox(), world.store.sent_log, world.account, now=world.now, stop=stop)


def cut_off_after(batches: int) -> Callable[[], bool]:
    """A stop flag that is seen after so many batches."""
    asked = [0]

    def stop() -> bool:
        asked[0] += 1
        return asked[0] > batches

    return stop


def many_sent(world: World, count: int, *, newest: timedelta = timedelta(days=3)) -> None:
    for number in range(count, 0, -1):
        world.sent(f"old.{number}@winter.example", ago=newest + timedelta(hours=6 * number))


def renew_with_the_same_uidvalidity(server: MemoryServer, folder: str) -> None:
    """As after a restore from a backup, or another mailbox behind the same name on a server that numbers all 1."""
    before = server._shelves[folder].uidvalidity
    server.renew(folder)
    server._shelves[folder].uidvalidity = before


# --- what was cut off -------------------------------------------------------------------------------------


def test_a_first_harvest_cut_off_before_sent_was_made_anew_leaves_a_hole(world: World) -> None:
    many_sent(world, 600)
    world.sent("mine@winter.example", ago=timedelta(days=2))
    with pytest.raises(Stopped):
        harvest_of(world, cut_off_after(1))
    world.server.renew("Sent")
    world.sent("later@winter.example", ago=timedelta(hours=1))
    world.bounced("mine@winter.example")
    world.sweep()
    assert len(world.inbox()) == 1


def test_a_harvest_cut_off_while_it_read_a_folder_made_anew_leaves_a_hole(world: World) -> None:
    many_sent(world, 40)
    world.sweep()
    world.sent("mine@winter.example", ago=timedelta(0))
    world.later(hours=1)
    world.server.renew("Sent")
    many_sent(world, 600)  # put back from a backup that is older than `mine`
    with pytest.raises(Stopped):
        harvest_of(world, cut_off_after(1))
    world.later(hours=1)
    world.bounced("mine@winter.example", ago=timedelta(minutes=30))
    world.sweep()
    assert len(world.inbox()) == 1


def test_uids_that_begin_anew_without_a_new_uidvalidity_are_read_again_and_leave_a_hole(world: World) -> None:
    many_sent(world, 40)
    world.sweep()
    world.sent("lost@winter.example", ago=timedelta(0))
    world.later(hours=1)
    renew_with_the_same_uidvalidity(world.server, "Sent")
    world.sent("mine@winter.example", ago=timedelta(minutes=40))
    world.bounced("mine@winter.example", ago=timedelta(minutes=30), number=1)
    world.bounced("lost@winter.example", ago=timedelta(minutes=30), number=2)
    world.sweep()
    world.later(hours=1)
    world.sweep()
    assert len(world.inbox()) == 2


def test_an_inbox_whose_uids_begin_anew_without_a_new_uidvalidity_is_looked_at(world: World) -> None:
    world.history()
    world.ordinary(10)
    world.sweep()
    world.later(hours=3)
    renew_with_the_same_uidvalidity(world.server, "INBOX")
    world.bounced("forged@spam.example", ago=timedelta(hours=1))
    world.sweep()
    assert len(world.away()) == 1


@dataclass
class Breaking(World):
    """A server on which the connection breaks as soon as one folder's messages are looked at."""

    breaks: str = ""

    def mailbox(self) -> MemoryMailbox:
        world = self

        class Mailbox(MemoryMailbox):
            def headers(self, place: Place, uids: Sequence[int], fields: Sequence[str]) -> Iterator[Sighting]:
                if place.folder == world.breaks:
                    raise ConnectionLost("memory broke")
                return super().headers(place, uids, fields)

        return Mailbox(self.server)


def test_of_two_sent_folders_the_one_that_fails_keeps_the_other_from_covering(tmp_path: Path) -> None:
    world = Breaking(tmp_path / "log.db")
    world.history()
    world.server.create("Gesendet")
    old = letter("Old", sender=ME, ident="old@winter.example", at=world.now - timedelta(days=400))
    world.server.append("Gesendet", old, arrival=world.now - timedelta(days=400))
    world.sweep()
    world.later(hours=2)
    world.sent("one@winter.example", ago=timedelta(hours=1))
    raw = letter("Two", sender=ME, ident="mine@winter.example", at=world.now - timedelta(hours=1))
    world.server.append("Gesendet", raw, arrival=world.now - timedelta(hours=1))
    world.bounced("mine@winter.example", ago=timedelta(minutes=50))
    world.breaks = "Gesendet"
    for _ in range(3):
        with pytest.raises(ConnectionLost):
            world.sweep()
        world.later(minutes=5)
    covered = world.store.sent_log.coverage(["home"])["home"].through
    assert covered is not None
    assert covered < world.now - timedelta(hours=2)
    world.breaks = ""
    world.sweep()
    assert len(world.inbox()) == 1
    world.close()


def test_what_vanished_unread_is_a_hole_also_after_a_harvest_that_was_cut_off(tmp_path: Path) -> None:
    world = Breaking(tmp_path / "log.db")
    world.history()
    world.server.create("Gesendet")
    old = letter("Old", sender=ME, ident="old@winter.example", at=world.now - timedelta(days=400))
    world.server.append("Gesendet", old, arrival=world.now - timedelta(days=400))
    world.sweep()
    world.later(hours=2)
    world.sent("one@winter.example", ago=timedelta(hours=1))
    mine = letter("Two", sender=ME, ident="mine@winter.example", at=world.now - timedelta(hours=1))
    uid = world.server.append("Gesendet", mine, arrival=world.now - timedelta(hours=1))
    world.breaks = "Gesendet"
    with pytest.raises(ConnectionLost):
        world.sweep()
    world.breaks = ""
    world.server.delete("Gesendet", uid)
    world.later(minutes=30)
    world.bounced("mine@winter.example", ago=timedelta(minutes=20))
    world.sweep()
    assert len(world.inbox()) == 1
    world.close()


def test_a_first_harvest_that_was_given_up_days_ago_covers_nothing_that_it_did_not_read(world: World) -> None:
    many_sent(world, 600)
    with pytest.raises(Stopped):
        harvest_of(world, cut_off_after(1))
    world.later(days=30)
    for message in world.server.messages("Sent"):
        world.server.delete("Sent", message.uid)  # and what was sent in these 30 days, too
    world.sent("last@winter.example", ago=timedelta(hours=1))
    world.bounced("mine@winter.example")
    world.sweep()
    assert len(world.inbox()) == 1


def test_a_first_harvest_that_was_cut_off_and_goes_on_covers_as_if_it_had_not_been(world: World) -> None:
    many_sent(world, 600)
    with pytest.raises(Stopped):
        harvest_of(world, cut_off_after(1))
    world.bounced("forged@spam.example")
    world.sweep()
    assert len(world.away()) == 1


# --- deletions --------------------------------------------------------------------------------------------


def test_a_copy_that_vanished_unread_beside_one_with_an_old_date_is_a_hole(world: World) -> None:
    """Who drags old mail into Sent keeps its INTERNALDATE: that date does not bound the hole."""
    world.history()
    world.sweep()
    world.later(minutes=30)
    gone = world.sent("mine@winter.example", ago=timedelta(0))
    world.sent("dragged.here@winter.example", ago=timedelta(days=700))
    world.server.delete("Sent", gone)
    world.later(minutes=30)
    world.bounced("mine@winter.example", ago=timedelta(minutes=20))
    world.sweep()
    assert len(world.inbox()) == 1


# --- the clock --------------------------------------------------------------------------------------------


def test_a_clock_that_was_ahead_does_not_cover_for_an_account_that_was_not_read_since(
    tmp_path: Path,
) -> None:
    home, work = World(tmp_path / "log.db"), World(tmp_path / "log.db")
    home.accounts = work.accounts = ("home", "work")
    work.account = replace(work.account, name="work")
    work._store = home.store
    home.history()
    work.history()
    work.later(hours=5)  # a machine with two systems: its clock stands at local time until it was set
    work.sweep()
    work.later(hours=-5)
    home.sweep()
    work.sent("mine@winter.example", ago=timedelta(0))
    home.later(hours=2)
    home.bounced("mine@winter.example", ago=timedelta(hours=1))
    home.sweep()
    assert len(home.inbox()) == 1
    work.later(hours=6)
    work.sweep()
    home.later(hours=4)
    home.bounced("forged@spam.example", ago=timedelta(minutes=45))
    home.sweep()
    assert len(home.away()) == 1, "and when that time has come all goes on"
    home.close()


def test_a_clock_that_is_behind_is_told_in_the_same_words_at_every_sweep(world: World) -> None:
    world.history()
    world.later(hours=1)
    world.sweep()
    world.later(hours=-1)
    said = set()
    for _ in range(3):
        world.later(minutes=5)
        said.add(world.sweep().troubles)
    [[told]] = said  # what is the same is told once
    assert "the clock of this machine is behind" in told


def test_a_clock_that_was_ahead_stops_no_conviction_once_it_is_right(world: World) -> None:
    world.history()
    world.later(days=300)
    world.sweep()
    world.later(days=-300)
    world.later(hours=1)
    world.bounced("forged@spam.example", ago=timedelta(minutes=30))
    world.sweep()
    world.later(hours=1)
    world.sweep()
    assert len(world.away()) == 1


def test_a_bounce_that_was_gathered_while_the_clock_was_behind_keeps_its_settle_time(world: World) -> None:
    world.history()
    world.sweep()
    world.later(days=3)  # that is now, but the clock has not heard of it yet
    right = world.now
    world.bounced("mine@winter.example", ago=timedelta(0))
    world.now = right - timedelta(days=2)
    world.sweep()
    world.now = right + timedelta(minutes=1)
    world.sweep()
    assert len(world.inbox()) == 1
    world.sent("mine@winter.example", ago=timedelta(0))
    world.later(hours=1)
    world.sweep()
    assert len(world.inbox()) == 1


def test_a_bounce_that_was_gathered_while_the_clock_was_behind_is_acquitted_by_the_mail_that_it_is_about(
    world: World,
) -> None:
    world.history()
    world.sweep()
    world.later(days=3)
    right = world.now
    world.sent("mine@winter.example", ago=timedelta(hours=1), to="friend@far.example", subject="Tea?")
    world.bounced(
        "rewritten@provider.example", ago=timedelta(0), recipient="friend@far.example", subject="Tea?"
    )
    world.now = right - timedelta(days=2)
    world.sweep()
    world.now = right + timedelta(hours=1)
    world.sweep()
    assert len(world.inbox()) == 1


# --- whose accounts ----------------------------------------------------------------------------------------


def test_an_account_with_another_name_earns_its_coverage_anew(world: World) -> None:
    many_sent(world, 5, newest=timedelta(hours=1))
    world.sweep()
    world.set(name="haus", identities=Identities(addresses=frozenset([ME])))
    world.accounts = ("haus",)
    world.bounced("forged@spam.example")
    world.sweep()
    assert len(world.inbox()) == 1
