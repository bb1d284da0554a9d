"""Both directions compressed (RFC 4978): the same mail in fewer bytes, within the same bounds, where it helps."""

from __future__ import annotations

import random
import socket
import tracemalloc
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatterclean.demo.dovecot import ScratchDovecot, find_dovecot
from scatterclean.errors import ConnectionLost
from scatterclean.mailbox import session
from scatterclean.mailbox.deflate import Deflated
from scatterclean.mailbox.imap import ImapMailbox
from scatterclean.mailbox.login import open_mailbox
from scatterclean.mailbox.portions import Portions
from scatterclean.model import Place
from tests.conftest import absent
from tests.mailbox.scripts import INBOX, commands, header, opened, saying
from tests.servers import RealHand, access_to, fresh_user

MESSAGES = 40
SMALL = Portions(headers=5, ahead=3)
FIELDS = ("Message-ID", "Subject")


def compressed(*pieces: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-15)
    return b"".join(deflater.compress(piece) + deflater.flush(zlib.Z_SYNC_FLUSH) for piece in pieces)


class Line:
    """A socket that gives what it has in pieces of chosen sizes, and takes what is sent."""

    def __init__(self, data: bytes, sizes: Iterator[int]) -> None:
        self._data, self._sizes, self.sent = data, sizes, b""

    def recv(self, size: int) -> bytes:
        now = min(size, next(self._sizes))
        came, self._data = self._data[:now], self._data[now:]
        return came

    def sendall(self, data: bytes) -> None:
        self.sent += data


def deflated(data: bytes, sizes: Iterator[int], came: bytes = b"") -> tuple[Deflated, Line]:
    line = Line(data, sizes)
    return Deflated(line, came), line  # type: ignore[arg-type]  # all of a socket that is used


@given(
    st.lists(st.binary(max_size=2000) | st.builds(lambda n: b"ab" * n, st.integers(0, 5000)), max_size=5),
    st.randoms(use_true_random=False),
)
def test_what_was_compressed_comes_out_whatever_the_pieces(pieces: list[bytes], dice: random.Random) -> None:
    data = compressed(*pieces)
    early = dice.randrange(len(data) + 1)
    reader, _ = deflated(data[early:], iter(lambda: dice.randrange(1, 300), 0), data[:early])
    found = b""
    while came := reader.recv(dice.randrange(1, 700)):
        found += came
    assert found == b"".join(pieces)


def test_each_command_is_sent_at_once() -> None:
    writer, line = deflated(b"", iter(()))
    inflater = zlib.decompressobj(wbits=-15)
    for command in (b"a NOOP\r\n", b"b UID FETCH 1 (FLAGS)\r\n"):
        line.sent = b""
        writer.sendall(command)
        assert inflater.decompress(line.sent) == command


def test_a_gigabyte_in_a_megabyte_is_never_in_memory() -> None:
    deflater = zlib.compressobj(wbits=-15)
    bomb = b"".join(deflater.compress(b"\0" * 2**20) for _ in range(1024)) + deflater.flush(zlib.Z_SYNC_FLUSH)
    reader, _ = deflated(bomb, iter(lambda: 2**16, 0))
    tracemalloc.start()
    total = 0
    while came := reader.recv(2**16):
        assert len(came) <= 2**16
        total += len(came)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == 2**30
    assert peak < 2**21


def test_what_cannot_be_decompressed_is_a_broken_connection() -> None:
    reader, _ = deflated(b"\xff" * 50, iter(lambda: 50, 0))
    with pytest.raises(OSError, match="decompressed"):
        reader.recv(10)


# --- sessions --------------------------------------------------------------------------------------------


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> None:
    """All servers are far away."""
    monkeypatch.setattr(session, "_DISTANT", 0.0)


@pytest.fixture(scope="module")
def zlib_dovecot() -> Iterator[ScratchDovecot]:
    if find_dovecot() is None:
        absent("Dovecot 2.3")
    with ScratchDovecot(compress=True) as server:
        yield server


class Counting(socket.socket):
    """The same connection; `came` counts its bytes."""

    came = 0

    def recv(self, *args: int) -> bytes:
        data = super().recv(*args)
        self.came += len(data)
        return data


def counting(box: ImapMailbox) -> Counting:
    connection = box._session._connection
    assert connection is not None
    was = connection.sock
    counted = Counting(was.family, was.type, was.proto, was.detach())
    counted.settimeout(60)
    connection.sock = counted
    return counted


def filled(server: ScratchDovecot) -> str:
    user = fresh_user()
    hand = RealHand(server, user)
    for number in range(MESSAGES):
        at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=number)
        raw = f"Message-ID: <{number}.letter@winter.example>\r\nSubject: About the garden {number}\r\n\r\nHi\r\n"
        hand.append("INBOX", raw.encode(), arrival=at)
    hand.close()
    return user


def read(box: ImapMailbox) -> list[tuple[int, datetime, bytes]]:
    place = box.state("INBOX").place
    return [(s.uid, s.arrival, s.header) for s in box.headers(place, box.uids(place), FIELDS)]


def test_a_real_server_tells_the_same_in_far_fewer_bytes_and_all_else_goes_on(
    zlib_dovecot: ScratchDovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = access_to(zlib_dovecot, filled(zlib_dovecot))
    box = open_mailbox(access, SMALL)
    line = counting(box)
    monkeypatch.setattr(session, "_DISTANT", float("inf"))
    plain, bytes_plain = read(box), line.came
    monkeypatch.setattr(session, "_DISTANT", 0.0)
    line.came = 0
    squeezed, bytes_squeezed = read(box), line.came
    assert squeezed == plain
    assert len(plain) == MESSAGES
    assert bytes_squeezed < bytes_plain / 2
    box.create("Backscatter")
    place, target = box.state("INBOX").place, box.state("Backscatter").place
    went = box.move(place, [plain[0][0], plain[1][0]], target)
    assert sorted(went) == [plain[0][0], plain[1][0]]
    assert box.rest()
    box.begin(())
    assert len(read(box)) == MESSAGES - 2
    box.close()


ROWS = b"".join(header(uid) for uid in range(1, 6)) + b"TAG OK .\r\n"


def in_portions(box: ImapMailbox) -> int:
    return sum(1 for _ in box.headers(INBOX, range(1, 16), ["Subject"]))


@pytest.mark.usefixtures("far")
@pytest.mark.parametrize("answer", [b"TAG NO [COMPRESSIONACTIVE] .\r\n", b"TAG BAD .\r\n"])
def test_a_server_that_refuses_it_is_read_as_before_and_not_asked_again(answer: bytes) -> None:
    with saying(
        {"COMPRESS": [answer], "UID FETCH": [ROWS] * 6}, "AUTH=PLAIN UIDPLUS MOVE COMPRESS=DEFLATE"
    ) as server:
        box = opened(server, Portions(headers=5, ahead=1))
        in_portions(box)
        in_portions(box)
        assert commands(server).count(b"COMPRESS DEFLATE") == 1
        box.close()


@pytest.mark.usefixtures("far")
def test_a_server_that_says_ok_and_compresses_nothing_ends_the_session() -> None:
    with saying(
        {"COMPRESS": [b"TAG OK .\r\n* OK what?\r\n"]}, "AUTH=PLAIN UIDPLUS MOVE COMPRESS=DEFLATE"
    ) as server:
        box = opened(server, Portions(headers=5, ahead=1), read_timeout=2.0)
        with pytest.raises(ConnectionLost):
            in_portions(box)


def test_a_server_next_door_and_a_short_answer_are_not_compressed(monkeypatch: pytest.MonkeyPatch) -> None:
    with saying({"UID FETCH": [ROWS] * 9}, "AUTH=PLAIN UIDPLUS MOVE COMPRESS=DEFLATE") as server:
        monkeypatch.setattr(session, "_DISTANT", 60.0)
        box = opened(server, Portions(headers=5, ahead=1))
        in_portions(box)
        monkeypatch.setattr(session, "_DISTANT", 0.0)
        list(box.headers(Place("INBOX", 7), range(1, 6), ["Subject"]))
        assert b"COMPRESS DEFLATE" not in commands(server)
        box.close()
