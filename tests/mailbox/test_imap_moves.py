"""Moving on servers that know little or refuse: nothing is removed that is not known to be copied."""

from __future__ import annotations

import pytest

from scatterclean.errors import (
    CannotMoveSafely,
    CommandRefused,
    FolderMissing,
    OverQuota,
    ServerBusy,
)
from tests.mailbox.scripts import INBOX, OPENED, TARGET, commands, opened, saying
from tests.servers import CUT, ScriptedServer

NO_MOVE = "AUTH=PLAIN UIDPLUS"


def deeds(server: ScriptedServer) -> list[bytes]:
    return [line for line in commands(server) if line.startswith((b"UID", b"STORE", b"EXPUNGE", b"CLOSE"))]


def test_without_move_and_uidplus_nothing_is_asked_of_the_server() -> None:
    with saying({}, capability="AUTH=PLAIN") as server:
        box = opened(server)
        with pytest.raises(CannotMoveSafely) as caught:
            box.move(INBOX, [1], TARGET)
        assert caught.value.hint
        with pytest.raises(CannotMoveSafely):
            box.can_move()
        with pytest.raises(CannotMoveSafely):
            box.remove(INBOX, [1])
        box.close()
    assert deeds(server) == []


def test_without_move_it_only_copies_whatever_the_server_says_of_it() -> None:
    with saying({"UID COPY": [b"TAG OK [COPYUID 7 1,3 11:12] Copied\r\n"]}, capability=NO_MOVE) as server:
        box = opened(server)
        assert box.move(INBOX, [1, 2, 3], TARGET) == {1: 11, 3: 12}
        box.close()
    assert deeds(server) == [b'UID COPY 1:3 "Backscatter"']


def test_where_originals_are_to_stay_it_copies_and_takes_a_keyword_away_and_no_more() -> None:
    with saying({}, capability="AUTH=PLAIN MOVE UIDPLUS") as server:
        box = opened(server)
        box.copy(INBOX, [1, 2, 3], TARGET)
        box.copy(INBOX, [], TARGET)
        box.close()
    assert deeds(server) == [b'UID COPY 1:3 "Backscatter"']


def test_exactly_those_are_removed_that_a_look_has_found_twice() -> None:
    with saying({}, capability=NO_MOVE) as server:
        box = opened(server)
        box.remove(INBOX, [3, 1])
        box.close()
    assert deeds(server) == [b"UID STORE 1,3 +FLAGS.SILENT (\\Deleted)", b"UID EXPUNGE 1,3"]


def test_what_may_not_be_expunged_is_not_left_marked_as_deleted() -> None:
    with saying({"UID EXPUNGE": [b"TAG NO [NOPERM] no right\r\n"]}, capability=NO_MOVE) as server:
        box = opened(server)
        with pytest.raises(CommandRefused):
            box.remove(INBOX, [3, 1])
        box.close()
    assert deeds(server)[2:] == [b"UID STORE 1,3 -FLAGS.SILENT (\\Deleted)"]


@pytest.mark.parametrize("said", [b"Copied", b"[COPYUID 8 1 11] Copied", b"[COPYUID 7 1:2 11] Copied"])
def test_a_copy_whose_uids_are_not_told_removes_nothing(said: bytes) -> None:
    with saying({"UID COPY": [b"TAG OK " + said + b"\r\n"]}, capability=NO_MOVE) as server:
        box = opened(server)
        assert box.move(INBOX, [1], TARGET) == {}
        box.close()
    assert deeds(server) == [b'UID COPY 1 "Backscatter"']


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"[OVERQUOTA] full", OverQuota),
        (b"[TRYCREATE] gone", FolderMissing),
        (b"[UNAVAILABLE] x", ServerBusy),
    ],
)
def test_a_copy_that_is_refused_removes_nothing(said: bytes, error: type[Exception]) -> None:
    with saying({"UID COPY": [b"TAG NO " + said + b"\r\n"]}, capability=NO_MOVE) as server:
        box = opened(server)
        with pytest.raises(error):
            box.move(INBOX, [1], TARGET)
        box.close()
    assert deeds(server) == [b'UID COPY 1 "Backscatter"']


def test_old_copyuids_are_never_taken_for_new_ones() -> None:
    told = b"* OK [COPYUID 7 1 11] Moved\r\nTAG OK done\r\n"
    with saying({"UID MOVE": [told, b"TAG OK done\r\n"]}) as server:
        box = opened(server)
        assert box.move(INBOX, [1], TARGET) == {1: 11}
        assert box.move(INBOX, [2], TARGET) == {}
        box.close()


def test_moves_go_in_batches_of_a_hundred() -> None:
    with saying({"UID MOVE": [b"TAG OK done\r\n"]}) as server:
        box = opened(server)
        box.move(INBOX, range(1, 251), TARGET)
        box.close()
    assert deeds(server) == [
        b'UID MOVE 1:100 "Backscatter"',
        b'UID MOVE 101:200 "Backscatter"',
        b'UID MOVE 201:250 "Backscatter"',
    ]


def test_nothing_is_moved_out_of_a_read_only_folder() -> None:
    with saying({"SELECT": [OPENED % (9, b"ONLY")]}) as server:
        box = opened(server)
        with pytest.raises(CommandRefused, match="read-only"):
            box.move(INBOX, [1], TARGET)
        with pytest.raises(CommandRefused, match="read-only"):
            box.remove(INBOX, [1])
        assert box.mark(INBOX, [1], "$Backscatter") is False
        box.close()
    assert deeds(server) == []


@pytest.mark.parametrize(
    ("permanent", "allowed"),
    [
        (b"* OK [PERMANENTFLAGS (\\Seen \\*)] .\r\n", True),
        (b"* OK [PERMANENTFLAGS (\\Seen $backscatter)] .\r\n", True),
        (b"* OK [PERMANENTFLAGS (\\Seen)] .\r\n", False),
        (b"* OK [PERMANENTFLAGS ()] .\r\n", False),
        (b"", False),
    ],
)
def test_a_keyword_is_set_only_where_the_folder_keeps_it(permanent: bytes, allowed: bool) -> None:
    select = b"* 9 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n" + permanent + b"TAG OK [READ-WRITE] .\r\n"
    with saying({"SELECT": [select]}) as server:
        box = opened(server)
        assert box.mark(INBOX, [1], "$Backscatter") is allowed
        box.close()
    assert deeds(server) == ([b"UID STORE 1 +FLAGS.SILENT ($Backscatter)"] if allowed else [])


@pytest.mark.parametrize("keyword", ["", "\\Deleted", "a b", "a)", "a\r\nb", "(", "*", "ä"])
def test_what_is_no_keyword_is_never_sent(keyword: str) -> None:
    with saying({}) as server:
        box = opened(server)
        with pytest.raises(ValueError, match="not a keyword"):
            box.mark(INBOX, [1], keyword)
        box.close()
    assert deeds(server) == []


def test_logging_out_of_a_server_that_hangs_up_raises_nothing() -> None:
    with saying({"LOGOUT": [CUT]}) as server:
        box = opened(server)
        box.close()
        box.close()
