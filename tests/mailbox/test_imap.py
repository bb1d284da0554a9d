"""What servers do wrong, or only oddly: the session is in step or dropped, and nothing is moved by mistake."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime

import pytest

from scatterclean.errors import (
    CommandRefused,
    ConnectionLost,
    FolderMissing,
    ServerBusy,
)
from scatterclean.mailbox.imap import ImapMailbox
from scatterclean.mailbox.portions import Portions
from scatterclean.model import Place
from scatterclean.ports import FolderState
from tests.mailbox.scripts import FOLDER, INBOX, TARGET, commands, header, opened, saying
from tests.servers import CUT, SILENCE, ScriptedServer

# --- in step or dropped ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [
        CUT,
        header(1)[:60] + CUT,  # in the middle of a literal's line
        header(1)[:-12] + CUT,  # in the middle of a literal
        header(1) + CUT,  # before the tagged answer
        b"* BYE Server shutting down.\r\n" + CUT,
        b"* BYE Server shutting down.\r\nTAG OK done\r\n",
        b"Dear Anna, this is mail\r\nTAG OK done\r\n",
        b"* 1 FETCH (UID 1 BODY[] {99999999999}\r\n" + CUT,
        b"A999999 OK somebody else's answer\r\n",
        b"* OK " + b"x" * 1_000_001 + b"\r\nTAG OK done\r\n",
        SILENCE,
    ],
)
def test_anything_but_a_clean_answer_ends_the_session(reply: bytes) -> None:
    with saying({"UID FETCH": [reply, header(1) + b"TAG OK done\r\n"]}) as server:
        box = opened(server, read_timeout=0.5)
        with pytest.raises(ConnectionLost) as caught:
            list(box.headers(INBOX, [1], ["Subject"]))
        assert "Anna" not in str(caught.value)
        asked = len(server.heard)
        with pytest.raises(ConnectionLost):
            list(box.headers(INBOX, [1], ["Subject"]))
        box.close()
        assert len(server.heard) == asked  # nothing more was said on that connection


def test_a_fetch_that_fails_in_the_middle_leaves_nothing_to_the_next() -> None:
    broken = header(1, b"Subject: stale\r\n\r\n") + b"TAG NO [SERVERBUG] Internal error\r\n"
    with saying({"UID FETCH": [broken, header(2) + b"TAG OK done\r\n"]}) as server:
        box = opened(server)
        with pytest.raises(CommandRefused):
            list(box.headers(INBOX, [1], ["Subject"]))
        with pytest.raises(ConnectionLost):
            list(box.headers(INBOX, [1, 2], ["Subject"]))


def test_a_clean_refusal_leaves_the_session_in_step() -> None:
    script = {
        "UID SEARCH": [
            b"TAG BAD Request is throttled. Suggested Backoff Time: 1500 milliseconds\r\n",
            b"* SEARCH 3\r\nTAG OK done\r\n",
        ]
    }
    with saying(script) as server:
        box = opened(server)
        with pytest.raises(ServerBusy) as caught:
            box.uids(INBOX)
        assert caught.value.retry_after == pytest.approx(1.5)
        assert box.uids(INBOX) == [3]
        box.close()


def test_news_that_nobody_asked_for_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    noise = (
        b"* OK Still here\r\n* 17 EXISTS\r\n* 2 EXPUNGE\r\n* 3 RECENT\r\n* 4 FETCH (FLAGS (\\Deleted))\r\n"
        b"* 1 FETCH (UID 1 FLAGS (\\Answered))\r\n* 5 FETCH (UID 55 FLAGS ())\r\n"
        b"* NO [ALERT] Disk is nearly full\r\n* FLAGS (\\Seen)\r\n* OK [HIGHESTMODSEQ 5] .\r\n"
    )
    with saying({"UID FETCH": [noise + header(1) + noise + b"TAG OK done\r\n"]}) as server:
        box = opened(server)
        for _ in range(2):
            [seen] = box.headers(INBOX, [1], ["Subject"])
            assert seen.header == b"Subject: x\r\n\r\n"
        box.close()
    alerts = [r for r in caplog.records if "Disk is nearly full" in r.getMessage()]
    assert [(one.levelno, one.getMessage().count("home")) for one in alerts] == [(logging.WARNING, 1)]


def test_an_ok_after_goodbye_counts_and_then_the_session_is_over() -> None:
    with saying({"UID SEARCH": [b"* SEARCH 3\r\nTAG OK done\r\n* BYE idle too long\r\n" + CUT]}) as server:
        box = opened(server)
        assert box.uids(INBOX) == [3]
        with pytest.raises(ConnectionLost):
            box.uids(INBOX)


def test_a_timeout_says_what_was_not_answered() -> None:
    with saying({"UID SEARCH": [SILENCE]}) as server:
        box = opened(server, read_timeout=0.2)
        with pytest.raises(ConnectionLost, match=r"UID SEARCH in time"):
            box.uids(INBOX)


# --- looking ---------------------------------------------------------------------------------------------


def test_a_giant_header_is_cut_and_the_next_message_is_read() -> None:
    giant = b"Subject: " + b"x" * 3_000_000 + b"\r\n\r\n"
    with saying({"UID FETCH": [header(1, giant) + header(2) + b"TAG OK done\r\n"]}) as server:
        box = opened(server)
        first, second = box.headers(INBOX, [1, 2], ["Subject"])
        assert first.header == giant[: 2**17]
        assert second.header == b"Subject: x\r\n\r\n"
        box.close()


def test_a_server_that_ignores_the_cap_is_cut_at_it() -> None:
    body = b"* 1 FETCH (UID 1 BODY[] {500000}\r\n" + b"y" * 500_000 + b")\r\nTAG OK done\r\n"
    with saying({"UID FETCH": [body]}) as server:
        box = opened(server)
        assert list(box.raw(INBOX, [1], 1000)) == [(1, b"y" * 1000)]
        box.close()


def test_bodies_are_asked_for_within_the_memory_that_they_may_take() -> None:
    with saying({"UID FETCH": [b"TAG OK done\r\n"]}) as server:
        box = opened(server)
        list(box.raw(INBOX, range(1, 101), 65_536))
        box.close()
    # Half of it at once, for two answers are under way.
    assert [line for line in commands(server) if line.startswith(b"UID FETCH")] == [
        b"UID FETCH 1:32 (UID BODY.PEEK[]<0.65536>)",
        b"UID FETCH 33:64 (UID BODY.PEEK[]<0.65536>)",
        b"UID FETCH 65:96 (UID BODY.PEEK[]<0.65536>)",
        b"UID FETCH 97:100 (UID BODY.PEEK[]<0.65536>)",
    ]


def test_no_line_is_longer_than_8_kb_whatever_is_asked() -> None:
    scattered = range(10**9, 10**9 + 20_000, 2)
    with saying({"UID MOVE": [b"TAG OK done\r\n"]}) as server:
        box = opened(server, Portions(found=50, headers=10_000, raw=2**30, moved=10_000))
        list(box.headers(INBOX, scattered, ["Message-ID", "References"] * 20))
        list(box.raw(INBOX, scattered, 100))
        box.move(INBOX, scattered, Place("R&D" * 300, 7))
        box.remove(INBOX, scattered)
        box.mark(INBOX, scattered, "$Backscatter")
        box.close()
    assert max(len(line) for line in server.heard) <= 8000
    assert sum(line.startswith(b"UID MOVE") for line in commands(server)) > 5


def test_a_message_that_is_gone_is_passed_over() -> None:
    gone = (
        b'* 1 FETCH (UID 1 INTERNALDATE "14-Mar-2026 12:00:00 +0000" FLAGS () RFC822.SIZE 9 '
        b"BODY[HEADER.FIELDS (SUBJECT)] NIL)\r\n"
    )
    with saying({"UID FETCH": [gone + header(2) + b"TAG OK done\r\n"]}) as server:
        box = opened(server)
        assert [seen.uid for seen in box.headers(INBOX, [1, 2], ["Subject"])] == [2]
        box.close()


def test_a_message_without_a_believable_internaldate_arrived_in_1970() -> None:
    with saying({"UID FETCH": [header(1, date=b"00-Jan-0000 00:00:00 +0000") + b"TAG OK .\r\n"]}) as server:
        box = opened(server)
        [seen] = box.headers(INBOX, [1], ["Subject"])
        assert seen.arrival == datetime(1970, 1, 1, tzinfo=UTC)
        box.close()


@pytest.mark.parametrize("fields", [[], ["Subject)] BODY[]"], ["a\r\nb"], [""], ['"x"']])
def test_what_is_no_name_of_a_field_is_never_sent(fields: list[str]) -> None:
    with saying({}) as server:
        box = opened(server)
        with pytest.raises(ValueError, match="not names"):
            list(box.headers(INBOX, [1], fields))
        box.close()
        assert not any(b"FETCH" in line for line in server.heard)


def test_a_search_is_cut_into_windows_that_leave_no_uid_out() -> None:
    def found(*uids: int) -> bytes:
        return b"* SEARCH " + b" ".join(b"%d" % uid for uid in uids) + b"\r\nTAG OK done\r\n"

    cuts = b"* 3 FETCH (UID 500)\r\n* 6 FETCH (UID 900)\r\nTAG OK done\r\n"
    script = {"FETCH": [cuts], "UID SEARCH": [found(20, 30, 500), found(901 - 1, 700), found(950)]}
    with saying(script) as server:
        box = opened(server, Portions(found=3))
        assert box.uids(INBOX, 20, since=date(2026, 3, 4)) == [20, 30, 500, 700, 900, 950]
        box.close()
    assert [line for line in commands(server) if b"EXAMINE" not in line and b"LOGOUT" not in line] == [
        b"FETCH 3,6 (UID)",
        b"UID SEARCH UID 20:500 SINCE 4-Mar-2026",
        b"UID SEARCH UID 501:900 SINCE 4-Mar-2026",
        b"UID SEARCH UID 901:* SINCE 4-Mar-2026",
    ]


RANGED = "AUTH=PLAIN UIDPLUS MOVE ESEARCH"


def test_uids_come_as_ranges_in_one_answer_where_there_are_few_gaps() -> None:
    full = FOLDER["EXAMINE"][0].replace(b"* 9 EXISTS", b"* 990 EXISTS")
    script = {
        "EXAMINE": [full],
        "UID SEARCH": [b"* ESEARCH UID COUNT 4 ALL 998:999,3,7\r\nTAG OK done\r\n"],
    }
    with saying(script, RANGED) as server:
        box = opened(server, Portions(found=50))
        assert box.uids(INBOX, 5) == [7, 998, 999]
        box.close()
    assert [line for line in commands(server) if b"SEARCH" in line or b"FETCH" in line] == [
        b"UID SEARCH RETURN (ALL COUNT) UID 5:*"
    ]


def test_where_many_are_missing_the_ranges_are_cut_into_windows() -> None:
    def found(told: bytes) -> bytes:
        return b"* ESEARCH UID %b\r\nTAG OK done\r\n" % told

    cuts = b"* 3 FETCH (UID 500)\r\n* 6 FETCH (UID 900)\r\nTAG OK done\r\n"
    script = {
        "FETCH": [cuts],
        "UID SEARCH": [found(b"ALL 2,7 COUNT 2"), found(b"COUNT 0"), found(b"ALL 950 COUNT 1")],
    }
    with saying(script, RANGED) as server:
        box = opened(server, Portions(found=3))
        assert box.uids(INBOX) == [2, 7, 950]
        box.close()


@pytest.mark.parametrize(
    "doubtful",
    [
        b"* ESEARCH UID ALL 1:2 COUNT 3\r\nTAG OK done\r\n",  # fewer than it counts
        b"* ESEARCH UID ALL 1:9 COUNT 3\r\nTAG OK done\r\n",  # a range over UIDs that are not there
        b"* ESEARCH UID ALL 1,1,2 COUNT 3\r\nTAG OK done\r\n",
        b"* ESEARCH UID ALL 1:3\r\nTAG OK done\r\n",
        b"* ESEARCH ALL 1:3 COUNT 3\r\nTAG OK done\r\n",  # sequence numbers
        b"* ESEARCH UID COUNT 3\r\nTAG OK done\r\n",
        b"* ESEARCH UID COUNT 0 COUNT 3 ALL 1:3 ALL 7:9\r\nTAG OK done\r\n",
        b"* ESEARCH UID ALL 1:* COUNT 3\r\nTAG OK done\r\n",
        b"* ESEARCH UID COUNT 1 ALL 1\r\n* ESEARCH UID COUNT 2 ALL 1:2\r\nTAG OK done\r\n",
        b"* ESEARCH UID COUNT 1 ALL 1\r\n* SEARCH 2\r\nTAG OK done\r\n",
        b"* SEARCH 1 2\r\nTAG OK done\r\n",
        b"* ESEARCH UID COUNT 4000000000 ALL 1:4000000000\r\nTAG OK done\r\n",
        b"TAG OK done\r\n",
        b"TAG BAD unknown option\r\n",
        b"TAG NO not here\r\n",
    ],
)
def test_a_doubtful_answer_in_ranges_is_not_believed_and_not_asked_for_again(doubtful: bytes) -> None:
    plain = b"* SEARCH 1 2 3\r\nTAG OK done\r\n"
    with saying({"UID SEARCH": [doubtful, plain, plain]}, RANGED) as server:
        box = opened(server)
        assert [box.uids(INBOX), box.uids(INBOX)] == [[1, 2, 3]] * 2
        box.close()
    assert [b"RETURN" in line for line in commands(server) if b"SEARCH" in line] == [True, False, False]


def test_a_doubtful_answer_about_very_many_is_asked_for_again_in_windows() -> None:
    """In one line of a plain answer there would be more than a line may hold."""
    full = FOLDER["EXAMINE"][0].replace(b"* 9 EXISTS", b"* 9 EXISTS\r\n* 990 EXISTS")
    cuts = b"* 400 FETCH (UID 400)\r\n* 800 FETCH (UID 800)\r\nTAG OK done\r\n"
    plain = [b"* SEARCH %d\r\nTAG OK done\r\n" % uid for uid in (7, 500, 900)]
    script = {"EXAMINE": [full], "FETCH": [cuts], "UID SEARCH": [b"TAG BAD what\r\n", *plain]}
    with saying(script, RANGED) as server:
        box = opened(server, Portions(found=400))
        assert box.uids(INBOX) == [7, 500, 900]
        box.close()
    assert [line for line in commands(server) if b"SEARCH" in line] == [
        b"UID SEARCH RETURN (ALL COUNT) UID 1:*",
        b"UID SEARCH UID 1:400",
        b"UID SEARCH UID 401:800",
        b"UID SEARCH UID 801:*",
    ]


# --- a server that looks at few messages at once (RFC 9738) ----------------------------------------------

LIMITED = "AUTH=PLAIN UIDPLUS MOVE MESSAGELIMIT=4"
CUTS = b"* 4 FETCH (UID 400)\r\n* 8 FETCH (UID 800)\r\nTAG OK done\r\n"


@pytest.mark.parametrize("capability", [LIMITED, f"{LIMITED} ESEARCH"])
def test_a_server_with_a_limit_is_asked_for_no_more_at_once(capability: str) -> None:
    told = [b"* %bSEARCH %b\r\nTAG OK done\r\n"] * 3
    uids = (2, 401, 802)
    ranged = "ESEARCH" in capability
    answers = [
        line % ((b"E", b"UID ALL %d COUNT 1" % uid) if ranged else (b"", b"%d" % uid))
        for line, uid in zip(told, uids, strict=True)
    ]
    fetched = [header(uid) + b"TAG OK done\r\n" for uid in (1, 5)]
    with saying({"FETCH": [CUTS], "UID SEARCH": answers, "UID FETCH": fetched}, capability) as server:
        box = opened(server)
        assert box.uids(INBOX) == [2, 401, 802]
        assert [seen.uid for seen in box.headers(INBOX, range(1, 6), ["Subject"])] == [1, 5]
        box.move(INBOX, range(1, 6), TARGET)
        box.close()
    said = [line.replace(b"RETURN (ALL COUNT) ", b"") for line in commands(server)]
    assert [line for line in said if b"SEARCH" in line] == [
        b"UID SEARCH UID 1:400",
        b"UID SEARCH UID 401:800",
        b"UID SEARCH UID 801:*",
    ]
    assert [line.split(b" ")[:3] for line in said if line.startswith((b"UID FETCH", b"UID MOVE"))] == [
        [b"UID", b"FETCH", b"1:4"],
        [b"UID", b"FETCH", b"5"],
        [b"UID", b"MOVE", b"1:4"],
        [b"UID", b"MOVE", b"5"],
    ]


def test_ids_are_searched_for_window_by_window_where_there_is_a_limit() -> None:
    answers = [b"* SEARCH %d\r\nTAG OK done\r\n" % uid for uid in (2, 401, 802)]
    with saying({"FETCH": [CUTS], "UID SEARCH": answers}, LIMITED) as server:
        box = opened(server)
        assert box.with_message_ids(INBOX, ["a@x"]) == [2, 401, 802]
        box.close()
    assert [line for line in commands(server) if b"SEARCH" in line] == [
        b'UID SEARCH UID 1:400 HEADER Message-ID "a@x"',
        b'UID SEARCH UID 401:800 HEADER Message-ID "a@x"',
        b'UID SEARCH UID 801:* HEADER Message-ID "a@x"',
    ]


PART = b"TAG OK [MESSAGELIMIT 2 7] only a part was looked at\r\n"


@pytest.mark.parametrize(
    "act",
    [
        lambda box: box.uids(INBOX),
        lambda box: box.with_message_ids(INBOX, ["a@x"]),
        lambda box: list(box.headers(INBOX, [7, 8, 9], ["Subject"])),
        lambda box: list(box.raw(INBOX, [7, 8, 9], 100)),
    ],
)
@pytest.mark.parametrize("capability", ["AUTH=PLAIN UIDPLUS MOVE", RANGED])
def test_what_is_only_a_part_is_never_taken_for_all(
    act: Callable[[ImapMailbox], object], capability: str
) -> None:
    """Also where nothing of it was announced."""
    script = {
        "UID SEARCH": [b"* SEARCH 8 9\r\n" + PART],
        "UID SEARCH RETURN": [b"* ESEARCH UID ALL 8:9 COUNT 2\r\n" + PART],
        "UID FETCH": [header(8) + header(9) + PART],
    }
    with saying(script, capability) as server:
        box = opened(server)
        with pytest.raises(CommandRefused, match="only a part"):
            act(box)
        box.close()


@pytest.mark.parametrize("said", [b"TAG OK done\r\n", b"* SEARCH\r\nTAG OK done\r\n"])
@pytest.mark.parametrize("capability", ["AUTH=PLAIN UIDPLUS MOVE", RANGED])
def test_a_server_that_names_no_message_of_many_is_not_believed(said: bytes, capability: str) -> None:
    with saying({"UID SEARCH": [said]}, capability) as server:
        box = opened(server)
        with pytest.raises(CommandRefused, match="9 messages are in 'INBOX'"):
            box.uids(INBOX)
        # Behind the last one nothing may be, or none of that day.
        assert box.uids(INBOX, 1000) == box.uids(INBOX, since=date(2026, 3, 4)) == []
        box.close()


def test_two_search_lines_are_one_answer() -> None:
    with saying({"UID SEARCH": [b"* SEARCH 1 2\r\n* SEARCH 3\r\nTAG OK done\r\n"]}) as server:
        box = opened(server)
        assert box.uids(INBOX) == [1, 2, 3]
        box.close()


def test_an_absurd_search_answer_ends_the_session() -> None:
    with saying({"UID SEARCH": [b"* ESEARCH UID ALL 1:4000000000\r\nTAG OK done\r\n"]}) as server:
        box = opened(server)
        with pytest.raises(ConnectionLost):
            box.uids(INBOX)


def test_looking_examines_and_only_moving_selects() -> None:
    with saying({"UID FETCH": [header(1) + b"TAG OK .\r\n"], "UID MOVE": [b"TAG OK .\r\n"]}) as server:
        box = opened(server)
        box.uids(INBOX)
        list(box.headers(INBOX, [1], ["Subject"]))
        list(box.raw(INBOX, [1], 100))
        assert not any(line.startswith(b"SELECT") for line in commands(server))
        box.move(INBOX, [1], TARGET)
        assert b'SELECT "INBOX"' in commands(server)
        box.close()
    said = b"\n".join(server.heard)
    assert b"BODY[" not in said.replace(b"BODY.PEEK[", b"")
    assert not any(word in said for word in (b"CLOSE", b"\nEXPUNGE"))


# --- folders ---------------------------------------------------------------------------------------------


def test_courier_tells_no_uidnext_so_the_last_message_does() -> None:
    script = {
        "STATUS": [b"* STATUS INBOX (MESSAGES 2 UIDVALIDITY 7)\r\nTAG OK .\r\n"],
        "EXAMINE": [b"* 2 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\nTAG OK [READ-ONLY] .\r\n"],
        "UID FETCH *": [b"* 2 FETCH (UID 41)\r\nTAG OK .\r\n"],
    }
    with saying(script) as server:
        box = opened(server)
        assert box.state("INBOX") == FolderState(INBOX, 42, 2)
        box.close()


def test_special_uses_are_asked_for_where_a_plain_list_leaves_them_out() -> None:
    script = {
        'LIST "" "*" RETURN': [b'* LIST (\\sent) "/" Gesendet\r\n* LIST () "/" INBOX\r\nTAG OK .\r\n'],
        "LIST": [b'* LIST () "/" Gesendet\r\n* LIST () "/" INBOX\r\nTAG OK .\r\n'],
    }
    with saying(script, capability="AUTH=PLAIN SPECIAL-USE LIST-EXTENDED") as server:
        box = opened(server)
        assert {one.name: one.use for one in box.folders()} == {"Gesendet": {"sent"}, "INBOX": frozenset()}
        box.close()


_NICETIES = ("ID", "NAMESPACE", 'LIST "" "*" RETURN')
_ALL_OF_THEM = "AUTH=PLAIN ID NAMESPACE SPECIAL-USE LIST-EXTENDED"


@pytest.mark.parametrize("command", _NICETIES)
def test_what_is_only_good_to_know_may_be_refused(command: str) -> None:
    with saying({command: [b"TAG NO not here\r\n"]}, capability=_ALL_OF_THEM) as server:
        box = opened(server)
        assert [one.name for one in box.folders()] == ["INBOX"]
        box.close()


@pytest.mark.parametrize("command", _NICETIES)
def test_what_is_only_good_to_know_is_no_reason_to_go_on_against_a_request_for_patience(command: str) -> None:
    busy = b"TAG NO Request is throttled. Suggested Backoff Time: 7000 milliseconds\r\n"

    def look(server: ScriptedServer) -> None:
        with closing(opened(server)) as box:
            box.folders()

    with saying({command: [busy]}, capability=_ALL_OF_THEM) as server, pytest.raises(ServerBusy) as raised:
        look(server)
    assert raised.value.retry_after == pytest.approx(7)


def test_a_folder_with_a_broken_name_is_asked_for_by_the_servers_bytes() -> None:
    listed = b'* LIST () "/" "M\xc3\xbcll"\r\n* LIST () "/" "A&B"\r\n* LIST () "/" INBOX\r\nTAG OK .\r\n'
    with saying({"LIST": [listed]}) as server:
        box = opened(server)
        box.state("Müll")
        box.state("A&B")
        box.close()
    assert b'STATUS "M\xc3\xbcll" (MESSAGES UIDNEXT UIDVALIDITY)' in commands(server)
    assert b'STATUS "A&B" (MESSAGES UIDNEXT UIDVALIDITY)' in commands(server)


@pytest.mark.parametrize(
    "name", ['x"\r\nX LOGOUT\r\n', "a\r\n", 'q" "', "back\\", "nul\0", "\ud800", "{5}\r\nhello"]
)
def test_no_name_of_a_folder_becomes_a_command_on_the_wire(name: str) -> None:
    calls: list[Callable[[ImapMailbox], object]] = [
        lambda box: box.state(name),
        lambda box: box.create(name),
        lambda box: box.uids(Place(name, 7)),
        lambda box: box.move(INBOX, [1], Place(name, 7)),
    ]
    with saying({}) as server:
        for call in calls:
            box = opened(server)
            call(box)
            box.close()
    known = {b"LIST", b"STATUS", b"CREATE", b"SUBSCRIBE", b"EXAMINE", b"SELECT", b"UID", b"LOGOUT"}
    login = {b"CAPABILITY", b"AUTHENTICATE"}
    said = [line.split(b" ") for line in server.heard]
    assert {words[1] for words in said if len(words) > 1} <= known | login
    assert sum(len(words) == 1 for words in said) == len(calls)  # only the password is a line of one word


def test_a_refusal_without_a_code_is_a_missing_folder_if_the_list_has_none() -> None:
    with saying({"STATUS": [b"TAG NO Unable to open this mailbox.\r\n"]}) as server:
        box = opened(server)
        with pytest.raises(FolderMissing):
            box.state("Backscatter")
        with pytest.raises(CommandRefused):
            box.state("INBOX")  # that one is in the list, so it is something else
        box.close()


def test_a_folder_without_uidvalidity_is_not_trusted() -> None:
    with saying({"EXAMINE": [b"* 2 EXISTS\r\nTAG OK .\r\n"]}) as server:
        box = opened(server)
        with pytest.raises(CommandRefused, match="UIDVALIDITY"):
            box.uids(INBOX)
