"""The contract of `ports.Bell`, on every implementation: in memory, and IMAP IDLE on a real Dovecot."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from scatterclean.demo.dovecot import ScratchDovecot, find_dovecot
from scatterclean.errors import ConnectionLost, FolderMissing, PushUnavailable
from scatterclean.mailbox.idle import open_bell
from scatterclean.mailbox.memory import MemoryServer
from scatterclean.mailbox.memory_bell import MemoryBell
from scatterclean.ports import Bell
from tests.conftest import absent
from tests.contracts.worlds import MESSAGE, NOON
from tests.servers import DovecotHand, OtherHand, access_to, fresh_user

# Longer than any announcement takes; it is waited out only where nothing comes.
LONG, SHORT = 20.0, 0.3


@dataclass(frozen=True)
class Tower:
    """A mailbox, another hand at work in it, and how to listen to one of its folders."""

    hand: OtherHand
    listen: Callable[[str], Bell]

    def deliver(self, *numbers: int, folder: str = "INBOX") -> list[int]:
        return [self.hand.append(folder, MESSAGE % n, arrival=NOON) for n in numbers]


@pytest.fixture(params=["memory", "dovecot"])
def tower(request: pytest.FixtureRequest) -> Iterator[Tower]:
    if request.param == "memory":
        memory = MemoryServer()
        yield Tower(memory, lambda folder: MemoryBell(memory, folder))
        return
    server: ScratchDovecot = request.getfixturevalue("dovecot")
    access = access_to(server, fresh_user())
    with ExitStack() as stack:
        hand = DovecotHand(server, access.username)
        stack.callback(hand.close)

        def listen(folder: str) -> Bell:
            bell = open_bell(access, folder)
            stack.callback(bell.close)
            return bell

        yield Tower(hand, listen)


def test_it_rings_for_what_arrives_and_then_is_silent(tower: Tower) -> None:
    bell = tower.listen("INBOX")
    assert not bell.wait(SHORT)
    tower.deliver(1)
    assert bell.wait(LONG)
    assert not bell.wait(SHORT)
    tower.deliver(2)
    assert bell.wait(LONG)


def test_it_rings_while_it_is_waited_for(tower: Tower) -> None:
    bell = tower.listen("inbox")
    rang: list[bool] = []
    listener = threading.Thread(target=lambda: rang.append(bell.wait(LONG)))
    listener.start()
    tower.deliver(1)
    listener.join(LONG)
    assert rang == [True]


def test_what_leaves_the_folder_or_arrives_in_another_rings_nothing(tower: Tower) -> None:
    first, second = tower.deliver(1, 2)
    bell = tower.listen("INBOX")
    tower.hand.delete("INBOX", first)
    tower.hand.move("INBOX", second, "Trash")
    tower.deliver(3, folder="Sent")
    assert not bell.wait(SHORT)
    tower.deliver(4)
    assert bell.wait(LONG)


def test_what_takes_the_place_of_a_message_that_left_rings(tower: Tower) -> None:
    [uid] = tower.deliver(1)
    bell = tower.listen("INBOX")
    tower.hand.delete("INBOX", uid)
    tower.deliver(2)
    assert bell.wait(LONG)


def test_a_burst_rings_and_is_over(tower: Tower) -> None:
    bell = tower.listen("INBOX")
    tower.deliver(*range(1, 30))
    assert bell.wait(LONG)
    rings = 0
    while bell.wait(SHORT):
        rings += 1
    assert rings < 30


def test_it_listens_to_any_folder(tower: Tower) -> None:
    tower.hand.create("Rückläufer")
    bell = tower.listen("Rückläufer")
    tower.deliver(1, folder="Rückläufer")
    assert bell.wait(LONG)


def test_a_folder_that_is_not_there_cannot_be_listened_to(tower: Tower) -> None:
    with pytest.raises(FolderMissing):
        tower.listen("Nowhere")


def test_a_renewal_is_answered_and_it_goes_on_listening(tower: Tower) -> None:
    bell = tower.listen("INBOX")
    for number in (1, 2, 3):
        assert not bell.renew()
        tower.deliver(number)
        assert bell.wait(LONG)


def test_what_arrived_before_a_renewal_is_not_lost(tower: Tower) -> None:
    bell = tower.listen("INBOX")
    tower.deliver(1)
    assert bell.renew()
    assert not bell.wait(SHORT)


def test_the_mark_tells_whether_anything_came_between_two_bells(tower: Tower) -> None:
    first = tower.listen("INBOX")
    again = tower.listen("INBOX")
    assert again.mark() == first.mark()
    tower.deliver(1)
    assert tower.listen("INBOX").mark() != first.mark()
    first.renew()
    assert first.mark() == tower.listen("INBOX").mark()


def test_who_waits_learns_that_the_connection_was_cut(tower: Tower) -> None:
    bell = tower.listen("INBOX")
    ends: list[BaseException] = []

    def listen() -> None:
        try:
            bell.wait(LONG)
        except ConnectionLost as end:
            ends.append(end)

    listener = threading.Thread(target=listen)
    listener.start()
    bell.abort()
    listener.join(LONG)
    assert len(ends) == 1
    with pytest.raises(ConnectionLost):
        bell.renew()
    bell.close()


def test_after_the_farewell_nothing_is_heard(tower: Tower) -> None:
    bell = tower.listen("INBOX")
    bell.close()
    bell.close()
    with pytest.raises(ConnectionLost):
        bell.wait(SHORT)


def test_listening_changes_nothing(tower: Tower) -> None:
    tower.deliver(1)
    before = tower.hand.messages("INBOX")
    bell = tower.listen("INBOX")
    bell.renew()
    bell.close()
    assert tower.hand.messages("INBOX") == before


def test_a_server_without_idle_says_so_at_once() -> None:
    with pytest.raises(PushUnavailable):
        MemoryBell(MemoryServer(idle=False))
    if find_dovecot() is None:
        absent("Dovecot 2.3")
    with (
        ScratchDovecot(capability="IMAP4rev1 UIDPLUS MOVE") as server,
        pytest.raises(PushUnavailable, match="no IDLE"),
    ):
        open_bell(access_to(server, fresh_user()), "INBOX")
