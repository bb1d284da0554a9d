"""The mailbox in memory breaks off where it is told to, as a server does."""

from __future__ import annotations

import pytest

from scatterclean.errors import CannotMoveSafely, CommandRefused, ConnectionLost
from scatterclean.mailbox.memory import MemoryMailbox, MemoryServer


def world(*, move: bool) -> tuple[MemoryServer, MemoryMailbox]:
    server = MemoryServer(move=move)
    server.create("Backscatter")
    for number in (1, 2):
        server.append("INBOX", b"Subject: %d\n\nbody" % number)
    return server, MemoryMailbox(server)


def uids(server: MemoryServer, folder: str) -> list[int]:
    return [message.uid for message in server.messages(folder)]


@pytest.mark.parametrize(
    ("move", "effects", "inbox", "backscatter"),
    [
        (True, 0, [1, 2], []),
        (True, 1, [2], [1]),
        (True, 2, [], [1, 2]),
        (False, 0, [1, 2], []),
        (False, 1, [1, 2], [1, 2]),  # copied
        (False, 3, [1, 2], [1, 2]),  # and marked
        (False, 4, [2], [1, 2]),  # and one expunged
        (False, 5, [], [1, 2]),
    ],
)
def test_the_connection_breaks_after_that_many_effects(
    move: bool, effects: int, inbox: list[int], backscatter: list[int]
) -> None:
    server, box = world(move=move)
    place, target = box.state("INBOX").place, box.state("Backscatter").place
    server.cut_after = effects
    with pytest.raises(ConnectionLost):
        box.remove(place, list(box.move(place, [1, 2], target)))
    assert (uids(server, "INBOX"), uids(server, "Backscatter")) == (inbox, backscatter)
    with pytest.raises(ConnectionLost):
        box.state("INBOX")
    assert MemoryMailbox(server).state("INBOX").exists == len(inbox)


def test_a_connection_that_is_to_break_later_serves_until_then() -> None:
    server, box = world(move=True)
    place, target = box.state("INBOX").place, box.state("Backscatter").place
    server.cut_after = 3
    assert box.move(place, [1, 2], target) == {1: 1, 2: 2}
    server.append("INBOX", b"Subject: 3\n\n")
    with pytest.raises(ConnectionLost):
        box.move(place, [3], target)


def test_without_move_and_uidplus_nothing_is_moved() -> None:
    server = MemoryServer(move=False, uidplus=False)
    server.append("INBOX", b"Subject: 1\n\n")
    box = MemoryMailbox(server)
    place = box.state("INBOX").place
    for call in (box.can_move, lambda: box.remove(place, [1]), lambda: box.move(place, [1], place)):
        with pytest.raises(CannotMoveSafely):
            call()
    assert uids(server, "INBOX") == [1]


def test_a_folder_outside_of_the_namespace_is_refused() -> None:
    box = MemoryMailbox(MemoryServer(separator=".", prefix="INBOX."))
    with pytest.raises(CommandRefused):
        box.create("Backscatter")


def test_a_server_without_keywords_says_so_and_sets_none() -> None:
    server = MemoryServer(keywords=False)
    uid = server.append("INBOX", b"Subject: 1\n\n")
    box = MemoryMailbox(server)
    assert box.mark(box.state("INBOX").place, [uid], "$Backscatter") is False
    assert server.messages("INBOX")[0].flags == frozenset()


def test_every_body_that_was_read_is_known_afterwards() -> None:
    server, box = world(move=True)
    place = box.state("INBOX").place
    list(box.headers(place, [1, 2], ["Subject"]))
    assert server.bodies == []
    list(box.raw(place, [2], 10))
    assert server.bodies == [("INBOX", 2)]


def test_a_flag_that_another_hand_takes_away_is_gone() -> None:
    server, _ = world(move=True)
    server.flag("INBOX", 1, "\\Seen", "$X")
    server.unflag("INBOX", 1, "\\Seen")
    assert server.messages("INBOX")[0].flags == {"$X"}
