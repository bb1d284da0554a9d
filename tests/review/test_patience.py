"""Servers that never come to an end: whoever asks them gets away, in time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import pytest

from scatterclean.errors import ConnectionLost, ServerUnreachable
from scatterclean.mailbox import connection, session
from scatterclean.mailbox.folders import listed
from scatterclean.mailbox.login import Access, open_mailbox

# Far more than what is waited for below, far less than for ever.
GIVEN_UP = 10.0
READY = b"* OK ready\r\n"
# What a server answers in turn until it is logged in to: CAPABILITY, AUTHENTICATE, password, CAPABILITY.
LOGGED_IN = (
    b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nTAG OK .\r\n",
    b"+ \r\n",
    b"TAG OK .\r\n",
    b"* CAPABILITY IMAP4rev1\r\nTAG OK .\r\n",
)


@contextmanager
def dripping(greeting: bytes, replies: Sequence[bytes], drop: bytes) -> Iterator[Access]:
    """A server that greets, answers so many commands, and then sends `drop` again and again."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            client, _ = listener.accept()
            with client, client.makefile("rb") as lines:
                client.sendall(greeting)
                tag = b""
                for reply in replies:
                    word = lines.readline().split()[0]
                    tag = word if b" " not in word and len(word) < 9 else tag
                    client.sendall(reply.replace(b"TAG", tag))
                while not over.wait(0.02):
                    client.sendall(drop)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield Access(
            account="home",
            host="127.0.0.1",
            port=int(listener.getsockname()[1]),
            username="me",
            secret=lambda: "a-password",
            tls="none",
            connect_timeout=0.3,
            read_timeout=0.3,
        )
    finally:
        over.set()
        listener.close()
        thread.join(5)


def outcome(errand: Callable[[], object], within: float = GIVEN_UP) -> BaseException | None:
    """What the errand raised; fails if it does not come back."""
    raised: list[BaseException | None] = []

    def run() -> None:
        try:
            errand()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            raised.append(error)
        else:
            raised.append(None)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(within)
    assert raised, "it never came back"
    return raised[0]


@pytest.mark.parametrize("drop", [b"x", b"* OK still here\r\n"])
def test_a_greeting_that_never_ends_is_given_up(drop: bytes) -> None:
    with dripping(b"", (), drop) as access:
        assert isinstance(outcome(lambda: open_mailbox(access)), ServerUnreachable)


@pytest.mark.parametrize("drop", [b"x", b"* OK still here\r\n"])
@pytest.mark.parametrize("answered", range(1, 4))
def test_a_login_that_never_ends_is_given_up(
    answered: int, drop: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_MOST_SECONDS", 0.5)
    with dripping(READY, LOGGED_IN[:answered], drop) as access:
        assert isinstance(outcome(lambda: open_mailbox(access)), ConnectionLost)


@pytest.mark.parametrize("drop", [b"x", b"* OK still here\r\n", b"* 1 FETCH (BODY {999999}\r\nxx"])
def test_an_answer_that_never_ends_is_given_up(drop: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_MOST_SECONDS", 0.5)
    with dripping(READY, LOGGED_IN, drop) as access:
        box = open_mailbox(access)
        assert isinstance(outcome(box.folders), ConnectionLost)


@pytest.mark.parametrize(
    "drop", [b"* OK on and on\r\n" * 100, b"* 1 FETCH (UID 1 BODY {9000}\r\n" + b"x" * 9000 + b")\r\n"]
)
def test_an_answer_that_would_fill_the_memory_is_given_up(
    drop: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_MOST", 100_000)
    with dripping(READY, LOGGED_IN, drop) as access:
        box = open_mailbox(access)
        assert isinstance(outcome(box.folders), ConnectionLost)


def test_a_line_as_long_as_it_may_be_is_understood_in_seconds_whatever_it_holds() -> None:
    for piece in (b"a[ ", b"a[", b'"a ', b"((", b'\\"', b"{1} "):
        line = b'() "/" ' + piece * (connection._LONGEST_LINE // len(piece))
        # A second each; quadratic, it takes minutes.
        assert outcome(lambda: listed([line]), within=60) is None  # noqa: B023


@pytest.mark.parametrize("drop", [b"x", b"* OK still here\r\n"])
def test_a_logout_that_never_ends_is_given_up(drop: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_LOGOUT_SECONDS", 0.5)
    with dripping(READY, LOGGED_IN, drop) as access:
        box = open_mailbox(access)
        assert outcome(box.close) is None
