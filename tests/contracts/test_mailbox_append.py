"""The contract of `ports.Mailbox` where it puts a message into a folder, on every implementation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scatterclean.errors import CommandRefused, FolderMissing, OverQuota
from scatterclean.mailbox.login import open_mailbox
from tests.contracts.worlds import MESSAGE, World
from tests.servers import ScriptedServer

LONG = MESSAGE % 1 + b"\xc3\xa4 line of text\r\n" * 5000


@pytest.mark.parametrize("folder", ["INBOX", "inbox"])
def test_a_message_is_put_there_as_it_is_without_a_flag(world: World, folder: str) -> None:
    uid = world.box.append(folder, LONG)
    [message] = world.hand.messages("INBOX")
    assert (message.raw, message.flags) == (LONG, frozenset())
    assert abs(message.arrival - datetime.now(UTC)) < timedelta(minutes=5)
    assert uid in (None, message.uid)


def test_it_is_found_by_its_id_and_the_session_goes_on(world: World) -> None:
    place = world.place()
    assert world.box.with_message_ids(place, ["bounce.1@example.net"]) == []
    world.box.append("INBOX", MESSAGE % 1)
    world.box.append("INBOX", MESSAGE % 2)
    assert len(world.box.with_message_ids(place, ["bounce.1@example.net"])) == 1
    assert len(world.box.uids(place)) == 2


def test_a_folder_that_is_not_there_is_said_to_be_missing(world: World) -> None:
    with pytest.raises(FolderMissing):
        world.box.append(world.box.personal("Nowhere"), MESSAGE % 1)
    assert world.box.state("INBOX").exists == 0


def test_a_full_mailbox_refuses_it_and_the_session_goes_on(full_world: World) -> None:
    full_world.deliver(1, 2)
    with pytest.raises(OverQuota):
        full_world.box.append("INBOX", MESSAGE % 3)
    assert len(full_world.box.uids(full_world.place())) == 2


def test_a_server_that_refuses_at_once_is_not_sent_the_message() -> None:
    script = {"APPEND": [b"TAG NO [LIMIT] not now\r\n", b"TAG NO no such right\r\n"]}
    with ScriptedServer(script) as server:
        box = open_mailbox(server.access())
        for error in ("patience", "APPEND"):
            with pytest.raises(Exception, match=error):
                box.append("INBOX", MESSAGE % 1)
        box.close()
    assert not [line for line in server.heard if b"could not deliver" in line]
    assert sum(b"APPEND" in line for line in server.heard) == 2


def test_a_server_that_takes_it_and_then_says_no_has_not_got_it() -> None:
    script = {"APPEND": [b"+ go on\r\nTAG NO cannot be filed\r\n"]}
    with ScriptedServer(script) as server:
        box = open_mailbox(server.access())
        with pytest.raises(CommandRefused, match="cannot be filed"):
            box.append("INBOX", b"Subject: x\r\n\r\n")
        box.close()
