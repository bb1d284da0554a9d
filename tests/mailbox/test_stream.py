"""Several FETCHes are under way at once; what happens meanwhile neither loses a row nor mixes up two answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scatterclean.errors import CommandRefused, ConnectionLost
from scatterclean.mailbox.portions import Portions
from scatterclean.mailbox.together import manners_of
from scatterclean.model import Place, Sighting
from tests.mailbox.scripts import INBOX, commands, header, opened, saying
from tests.servers import CUT, ScriptedServer

DONE = b"TAG OK done\r\n"
ONE_EACH = Portions(headers=1, ahead=3)


def seen(sightings: Iterator[Sighting]) -> list[tuple[int, bytes]]:
    return [(s.uid, s.header) for s in sightings]


def text(uid: int) -> bytes:
    return b"Subject: %d\r\n\r\n" % uid


def whole(*uids: int) -> list[tuple[int, bytes]]:
    return [(uid, text(uid)) for uid in uids]


def row(uid: int) -> bytes:
    return header(uid, text(uid))


def fetches(server: ScriptedServer) -> int:
    return sum(line.startswith(b"UID FETCH") for line in commands(server))


def test_a_server_that_answers_only_when_three_were_asked_is_understood() -> None:
    late = b"TAG-2 OK .\r\n".join((row(1), row(2) + b"TAG-1 OK .\r\n" + row(3) + DONE))
    with saying({"UID FETCH": [b"", b"", late, row(4) + DONE]}) as server:
        box = opened(server, ONE_EACH)
        assert seen(box.headers(INBOX, [1, 2, 3, 4], ["Subject"])) == whole(1, 2, 3, 4)
        assert fetches(server) == 4
        box.close()


@pytest.mark.parametrize(
    "late",
    [
        row(3) + row(2) + row(1) + b"TAG-2 OK .\r\nTAG-1 OK .\r\nTAG OK .\r\n",
        row(3) + b"TAG OK .\r\n" + row(2) + b"TAG-1 OK .\r\n" + row(1) + b"TAG-2 OK .\r\n",
        row(2) + row(1) + b"TAG-2 OK .\r\n* 2 FETCH (UID 2 FLAGS (a))\r\nTAG-1 OK .\r\n" + row(3) + DONE,
    ],
    ids=["rows before those of others", "backwards", "news of flags between"],
)
def test_a_row_that_comes_with_another_answer_is_not_lost(late: bytes) -> None:
    with saying({"UID FETCH": [b"", b"", late]}) as server:
        box = opened(server, ONE_EACH)
        assert seen(box.headers(INBOX, [3, 1, 2], ["Subject"])) == whole(1, 2, 3)
        box.close()


def test_a_row_that_nobody_asked_for_is_not_given_out() -> None:
    with saying({"UID FETCH": [row(1) + row(9) + DONE, row(2) + row(1) + DONE]}) as server:
        box = opened(server, ONE_EACH)
        assert seen(box.headers(INBOX, [1, 2], ["Subject"])) == whole(1, 2)
        box.close()


def test_what_is_asked_in_between_gets_its_own_answer() -> None:
    script = {"UID FETCH": [row(uid) + DONE for uid in range(1, 6)], "UID SEARCH": [b"* SEARCH 8\r\n" + DONE]}
    with saying(script) as server:
        box = opened(server, ONE_EACH)
        sightings = box.headers(INBOX, [1, 2, 3, 4, 5], ["Subject"])
        first = next(sightings)
        assert box.uids(INBOX) == [8]
        assert [(first.uid, first.header), *seen(sightings)] == whole(1, 2, 3, 4, 5)
        box.close()


def test_another_folder_in_between_is_left_again() -> None:
    script = {"UID FETCH": [row(uid) + DONE for uid in (1, 2, 3, 7, 4)]}
    with saying(script) as server:
        box = opened(server, ONE_EACH)
        sightings = box.headers(INBOX, [1, 2, 3, 4], ["Subject"])
        first = next(sightings)
        assert seen(box.headers(Place("Sent", 7), [7], ["Subject"])) == whole(7)
        assert [(first.uid, first.header), *seen(sightings)] == whole(1, 2, 3, 4)
        folders = [line.split()[1] for line in commands(server) if line.startswith(b"EXAMINE")]
        assert folders == [b'"INBOX"', b'"Sent"', b'"INBOX"']
        box.close()


def test_who_stops_reading_leaves_nothing_to_the_next() -> None:
    with saying({"UID FETCH": [row(uid) + DONE for uid in (1, 2, 3, 2)]}) as server:
        box = opened(server, ONE_EACH)
        sightings = box.headers(INBOX, [1, 2, 3], ["Subject"])
        assert next(sightings).uid == 1
        del sightings
        assert seen(box.headers(INBOX, [2], ["Subject"])) == whole(2)
        assert fetches(server) == 4
        box.close()


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (row(2) + b"TAG NO not now\r\n", CommandRefused),
        (row(2) + CUT, ConnectionLost),
        (row(2)[:-9] + CUT, ConnectionLost),
        (b"* BYE enough\r\n" + CUT, ConnectionLost),
    ],
)
def test_of_an_answer_that_fails_and_of_later_ones_nothing_is_believed(
    broken: bytes, error: type[Exception]
) -> None:
    with saying({"UID FETCH": [row(1) + DONE, broken, row(3) + DONE]}) as server:
        box = opened(server, ONE_EACH)
        sightings = box.headers(INBOX, [1, 2, 3], ["Subject"])
        assert next(sightings).uid == 1
        with pytest.raises(error):
            next(sightings)
        with pytest.raises(ConnectionLost):
            box.uids(INBOX)
        box.close()


def test_a_refusal_of_what_nobody_waits_for_ends_the_session_all_the_same() -> None:
    with saying({"UID FETCH": [row(1) + DONE, row(2) + b"TAG NO not now\r\n"]}) as server:
        box = opened(server, ONE_EACH)
        sightings = box.headers(INBOX, [1, 2], ["Subject"])
        assert next(sightings).uid == 1
        with pytest.raises(CommandRefused):
            box.uids(INBOX)
        with pytest.raises(ConnectionLost):
            next(sightings)


def test_a_session_that_is_closed_in_the_middle_reads_nothing_more() -> None:
    with saying({"UID FETCH": [row(1) + DONE, b""]}) as server:
        box = opened(server, ONE_EACH, read_timeout=60)
        assert next(box.headers(INBOX, [1, 2, 3], ["Subject"])).uid == 1
        box.close()
        assert b"LOGOUT" not in commands(server)


@pytest.mark.parametrize("how", [b"TAG BAD too many commands\r\n", b"TAG NO [LIMIT] too many\r\n", CUT])
def test_a_server_that_does_not_bear_so_many_at_once_is_asked_one_by_one_the_next_time(how: bytes) -> None:
    with saying({"UID FETCH": [b"", how]}) as server:
        box = opened(server, ONE_EACH)
        with pytest.raises((CommandRefused, ConnectionLost)):
            seen(box.headers(INBOX, [1, 2, 3], ["Subject"]))
        assert manners_of(f"127.0.0.1:{server.port}").alone


def test_a_refusal_of_one_that_was_asked_alone_says_nothing_of_the_manners() -> None:
    with saying({"UID FETCH": [b"TAG NO not now\r\n"]}) as server:
        box = opened(server, ONE_EACH)
        with pytest.raises(CommandRefused):
            seen(box.headers(INBOX, [1], ["Subject"]))
        assert not manners_of(f"127.0.0.1:{server.port}").alone


def test_a_server_that_sends_too_much_of_later_answers_with_an_earlier_one_cannot_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scatterclean.mailbox.stream._EARLY", 20)
    with saying({"UID FETCH": [row(1) + row(2) + row(3) + DONE, DONE, DONE]}) as server:
        box = opened(server, ONE_EACH)
        sightings = box.headers(INBOX, [1, 2, 3], ["Subject"])
        assert next(sightings).uid == 1
        with pytest.raises(ConnectionLost):
            next(sightings)
    with saying({"UID FETCH": [row(uid) + row(3) + DONE for uid in (1, 2, 3)]}) as server:
        manners_of(f"127.0.0.1:{server.port}").dislikes_it()
        box = opened(server, ONE_EACH)
        assert seen(box.headers(INBOX, [1, 2, 3], ["Subject"])) == whole(1, 2, 3)
        box.close()
