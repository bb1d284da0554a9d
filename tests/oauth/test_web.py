"""One POST: what a server may do to it.  Raw sockets on loopback, and real TLS."""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from scatterclean.calling import forget_whom_to_trust
from scatterclean.demo.certificates import CertificatesUnavailable, make_authority, make_certificate
from scatterclean.errors import ServerUnreachable
from scatterclean.model import OAuthClient
from scatterclean.oauth import Asking, web

FORM = {"refresh_token": "the-refresh-token", "grant_type": "refresh_token"}
Answer = Callable[[socket.socket], None]


def request_of(client: socket.socket) -> bytes:
    """Head and body."""
    said = b""
    while b"\r\n\r\n" not in said:
        said += client.recv(65_536) or b"\r\n\r\n"
    length = re.search(rb"Content-Length: (\d+)", said)
    whole = said.index(b"\r\n\r\n") + 4 + (int(length[1]) if length else 0)
    while len(said) < whole and (more := client.recv(65_536)):
        said += more
    return said


@contextmanager
def serving(answer: Answer, context: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[bytes]]]:
    """(port, what was heard of each connection)."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    with client, suppress(OSError):
                        one = context.wrap_socket(client, server_side=True) if context else client
                        heard.append(request_of(one))
                        answer(one)
                        one.close()

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield int(listening.getsockname()[1]), heard
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)


def says(text: bytes) -> Answer:
    return lambda client: client.sendall(text)


def page(body: bytes, status: bytes = b"200 OK", more: bytes = b"") -> bytes:
    return b"HTTP/1.1 " + status + b"\r\nContent-Length: %d\r\n" % len(body) + more + b"\r\n" + body


def test_a_status_other_than_200_is_an_answer_with_its_wait() -> None:
    with serving(says(page(b"{}", b"429 Slow", b"Retry-After: 77\r\n"))) as (port, heard):
        reply = web.post(f"http://127.0.0.1:{port}/token?tenant=a", FORM)
    assert (reply.status, reply.body, reply.retry_after) == (429, "{}", 77.0)
    assert heard[0].startswith(b"POST /token?tenant=a HTTP/1.1\r\n")


@pytest.mark.parametrize("header", [b"soon", b"-1", b"1e9", b"Fri, 31 Dec 1999 23:59:59 GMT", b"9" * 40])
def test_a_wait_that_is_no_number_of_seconds_is_none(header: bytes) -> None:
    with serving(says(page(b"{}", b"503 No", b"Retry-After: " + header + b"\r\n"))) as (port, _):
        assert web.post(f"http://127.0.0.1:{port}/", FORM).retry_after is None


def test_a_redirect_is_followed_nowhere() -> None:
    with serving(says(page(b"{}"))) as (elsewhere, there):
        leads = b"Location: http://127.0.0.1:%d/\r\n" % elsewhere
        with serving(says(page(b"", b"307 Moved", leads))) as (port, _):
            assert web.post(f"http://127.0.0.1:{port}/", FORM).status == 307
            client = OAuthClient(f"http://127.0.0.1:{port}/", "me")
            with pytest.raises(ServerUnreachable, match="does not answer as an OAuth2 server does"):
                Asking("home", client).refresh("the-refresh-token")
        assert there == []


def test_an_answer_without_end_is_cut_off() -> None:
    def endless(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(20):
            client.sendall(b"x" * web.MOST)

    with serving(endless) as (port, _), pytest.raises(web.NoAnswer, match="larger than"):
        web.post(f"http://127.0.0.1:{port}/", FORM)


def test_a_server_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "SECONDS", 0.5)
    over = threading.Event()

    def drips(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\n")
        while not over.is_set():
            client.sendall(b"X-A: b\r\n")
            time.sleep(0.05)

    try:
        with serving(drips) as (port, _), pytest.raises(web.NoAnswer, match="does not answer in time"):
            web.post(f"http://127.0.0.1:{port}/", FORM)
    finally:
        over.set()


@pytest.mark.parametrize(
    "text", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"]
)
def test_what_is_no_answer_is_told_in_a_few_words(text: bytes) -> None:
    with serving(says(text)) as (port, _), pytest.raises(web.NoAnswer) as broken:
        web.post(f"http://127.0.0.1:{port}/", FORM)
    assert "the-refresh-token" not in repr(broken.value)
    assert len(str(broken.value)) < 80


@pytest.mark.parametrize(
    "body", [b"<html>Log in to the hotel's network</html>", b"[]", b'{"token_type": "b"}', b"[" * 9999]
)
def test_a_captive_portal_is_trouble_that_time_mends(body: bytes) -> None:
    with serving(says(page(body))) as (port, _):
        asking = Asking("home", OAuthClient(f"http://127.0.0.1:{port}/", "me"))
        with pytest.raises(ServerUnreachable, match="does not answer as an OAuth2 server does") as trouble:
            asking.refresh("the-refresh-token")
    assert "captive portal" in trouble.value.hint
    assert "the-refresh-token" not in str(trouble.value)


def test_an_error_text_that_repeats_the_token_is_blanked() -> None:
    told = b'{"error": "invalid_scope", "error_description": "the-refresh-token \\u001b[31m is no good"}'
    with serving(says(page(told, b"400 Bad"))) as (port, _):
        asking = Asking("home", OAuthClient(f"http://127.0.0.1:{port}/", "me"))
        with pytest.raises(Exception, match="invalid_scope") as trouble:
            asking.refresh("the-refresh-token")
    assert "***" in str(trouble.value)
    assert "the-refresh-token" not in str(trouble.value)
    assert "\x1b" not in str(trouble.value)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """(authority, certificate, key) for localhost."""
    folder = tmp_path_factory.mktemp("tls")
    try:
        authority = make_authority(folder / "tls")
        return (authority, *make_certificate(folder / "tls", "server"))
    except CertificatesUnavailable as absent:
        pytest.skip(str(absent))


def test_a_certificate_that_nobody_vouches_for_gets_no_token(certificate: tuple[Path, Path, Path]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate[1:])
    with (
        serving(says(page(b"{}")), context) as (port, heard),
        pytest.raises(web.NoAnswer, match="its certificate is not trusted"),
    ):
        web.post(f"https://localhost:{port}/", FORM)
    assert heard == []


def test_a_certificate_that_is_trusted_gets_the_form(
    certificate: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    forget_whom_to_trust()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate[1:])
    try:
        with serving(says(page(b'{"a": 1}')), context) as (port, heard):
            assert web.post(f"https://localhost:{port}/", FORM).body == '{"a": 1}'
    finally:
        forget_whom_to_trust()
    assert b"the-refresh-token" in heard[0]


def test_who_is_reached_only_after_the_time_is_up_is_sent_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with several addresses, the first of which is a black hole: the limit fires before there is a socket that
    could be cut, and a server that then sends a byte now and then would be listened to for days."""
    real = socket.create_connection

    def slow(*args: object, **rest: object) -> socket.socket:
        time.sleep(0.5)
        return real(*args, **rest)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(web, "SECONDS", 0.2)
    monkeypatch.setattr(socket, "create_connection", slow)
    with serving(says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")) as (port, heard):
        with pytest.raises(web.NoAnswer, match="in time"):
            web.post(f"http://127.0.0.1:{port}/token", FORM)
        time.sleep(0.2)
        assert not any(b"the-refresh-token" in said for said in heard)
