"""One call of a real server on loopback, with and without TLS: it ends in time and tells no address."""

from __future__ import annotations

import shutil
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from scatterclean.config.outward import PingUrl
from scatterclean.demo.certificates import make_authority, make_certificate
from scatterclean.service import ping
from tests.conftest import absent

SECRET = "/sesame-42?token=sesame"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


@contextmanager
def serving(
    play: Callable[[socket.socket], None], context: ssl.SSLContext | None = None
) -> Iterator[tuple[PingUrl, list[bytes]]]:
    """A server for one connection; what it was asked."""
    asked: list[bytes] = []

    def serve() -> None:
        with suppress(OSError):
            plain, _ = door.accept()
            with plain, context.wrap_socket(plain, server_side=True) if context else plain as connection:
                asked.append(connection.recv(4096))
                play(connection)

    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield PingUrl(context is not None, "localhost", door.getsockname()[1], SECRET), asked
    thread.join(10)


def test_it_asks_for_the_address_and_says_who_it_is() -> None:
    with serving(lambda c: c.sendall(OK)) as (url, asked):
        ping.call(url)
    head, *fields = asked[0].decode().split("\r\n")
    assert head == f"GET {SECRET} HTTP/1.1"
    assert f"Host: localhost:{url.port}" in fields
    assert any(field.startswith("User-Agent: scatterclean/") for field in fields)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "its server answers 404"),
        (b"HTTP/1.1 500 sesame-42\r\n\r\n", "its server answers 500"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\n\r\n", "leads elsewhere .302."),
        (b"* OK IMAP4rev1 sesame-42\r\n", "no web server"),
        (b"HTTP/1.1 2\xc2\xb20 OK\r\n", "no web server"),
        (b"HTTP/1.1 200" + b"x" * 100_000, "no web server answers|its server cannot be reached|$"),
        (b"", "no web server"),
    ],
)
def test_any_other_answer_is_told_in_our_words(answer: bytes, said: str) -> None:
    with serving(lambda c: c.sendall(answer)) as (url, _):
        if answer.startswith(b"HTTP/1.1 200"):
            ping.call(url)  # the status is all that counts, and no more than it is read
            return
        with pytest.raises(ping.NotHeard, match=said) as caught:
            ping.call(url)
    assert "sesame" not in str(caught.value)
    assert "evil" not in str(caught.value)


def test_a_server_that_sends_a_byte_at_a_time_gains_no_time_by_that() -> None:
    def drip(connection: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection.sendall(b"H")
                time.sleep(0.02)

    with serving(drip) as (url, _), pytest.raises(ping.NotHeard, match="in time"):
        ping.call(url, seconds=0.4)


def test_a_server_that_is_silent_or_not_there_is_told_as_such() -> None:
    gone = threading.Event()

    def silent(_: socket.socket) -> None:
        gone.wait(10)

    with serving(silent) as (url, _):
        with pytest.raises(ping.NotHeard, match="in time"):
            ping.call(url, seconds=0.3)
        gone.set()
    with pytest.raises(ping.NotHeard, match="cannot be reached"):
        ping.call(PingUrl(False, "127.0.0.1", url.port, "/"))
    with pytest.raises(ping.NotHeard, match="cannot be reached"):
        ping.call(PingUrl(False, f"{'x' * 64}.example", 80, "/"))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """(the server's, one that trusts it)."""
    folder = tmp_path_factory.mktemp("certificates")
    if shutil.which("openssl") is None:
        absent("openssl")
    authority = make_authority(folder)
    certificate, key = make_certificate(folder, "server")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    return server, ssl.create_default_context(cafile=authority)


def test_by_https_it_asks_whom_it_trusts(certificates: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server, trusting = certificates
    with serving(lambda c: c.sendall(OK), server) as (url, asked):
        ping.call(url, context=trusting)
    assert asked[0].startswith(b"GET /sesame")


def test_a_certificate_that_nobody_vouches_for_hears_no_address(
    certificates: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    server = serving(lambda c: c.sendall(OK), certificates[0])
    with server as (url, asked), pytest.raises(ping.NotHeard, match="not trusted"):
        ping.call(url)
    assert asked == []


def test_a_server_without_tls_hears_no_address(tmp_path: Path) -> None:
    with serving(lambda c: c.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as (plain, asked):
        url = PingUrl(True, plain.host, plain.port, plain.target)
        with pytest.raises(ping.NotHeard, match="no proper TLS"):
            ping.call(url)
    assert b"sesame" not in b"".join(asked)
