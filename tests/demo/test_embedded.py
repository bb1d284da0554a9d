"""The embedded IMAP server: what the demo needs of it holds, and it leaves nothing behind."""

from __future__ import annotations

import gc
import imaplib
import logging
import socket
import tempfile
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from scatterclean.demo.embedded import EmbeddedServer

LETTER = b"From: mira@castellano.example\r\nMessage-ID: <one@castellano.example>\r\n\r\nHello.\r\n"
WHEN = datetime(2024, 2, 29, 3, 4, 5, tzinfo=timezone(timedelta(hours=5, minutes=30)))
USER = "ada@winter.example"


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(USER) as running:
        yield running
    assert running.troubles == []


@pytest.fixture
def client(server: EmbeddedServer) -> Iterator[imaplib.IMAP4]:
    connection = connect(server)
    yield connection
    connection.logout()


def connect(server: EmbeddedServer) -> imaplib.IMAP4:
    connection = imaplib.IMAP4(server.host, server.port, timeout=10)
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.login(server.username, server.password)
    return connection


def text_of(answer: object) -> str:
    """All that an answer of imaplib says, in one string."""
    return str(answer)


def test_it_leaves_no_thread_no_file_no_log_line_and_no_open_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    before = threading.enumerate()
    with caplog.at_level(logging.INFO), EmbeddedServer(USER) as server:
        client = connect(server)
        client.append("INBOX", "", imaplib.Time2Internaldate(WHEN), LETTER)
        client.logout()
    gc.collect()  # what was not closed would warn now, and warnings are errors
    assert threading.enumerate() == before
    assert list(tmp_path.iterdir()) == []
    assert caplog.records == []
    assert server.troubles == []
    with pytest.raises(OSError, match=r"."):
        socket.create_connection((server.host, server.port), timeout=2)


def test_it_stops_while_somebody_is_still_logged_in_and_says_goodbye() -> None:
    before = threading.enumerate()
    with EmbeddedServer(USER) as server:
        client = connect(server)
    assert threading.enumerate() == before
    with pytest.raises((imaplib.IMAP4.abort, OSError)):
        client.noop()
    client.shutdown()
    gc.collect()


def test_it_stops_in_the_middle_of_an_idle() -> None:
    before = threading.enumerate()
    with EmbeddedServer(USER) as server:
        client = connect(server)
        client.select("INBOX")
        client.send(b"a1 IDLE\r\n")
        assert client.readline().startswith(b"+")
    assert threading.enumerate() == before
    client.shutdown()
    gc.collect()


def test_it_stops_when_what_runs_inside_fails() -> None:
    before = threading.enumerate()
    with pytest.raises(KeyboardInterrupt), EmbeddedServer(USER):
        raise KeyboardInterrupt
    assert threading.enumerate() == before


def test_every_server_has_a_port_a_password_and_mail_of_its_own() -> None:
    with EmbeddedServer(USER) as one, EmbeddedServer(USER) as other:
        assert one.port != other.port
        assert one.password != other.password
        first, second = connect(one), connect(other)
        first.append("INBOX", "", imaplib.Time2Internaldate(WHEN), LETTER)
        assert second.select("INBOX")[1] == [b"0"]
        first.logout()
        second.logout()


def test_a_wrong_password_is_refused(server: EmbeddedServer) -> None:
    connection = imaplib.IMAP4(server.host, server.port, timeout=10)
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        connection.login(server.username, server.password + "x")
    connection.logout()


def test_it_listens_on_loopback_alone_and_does_not_ask_for_its_own_name(
    server: EmbeddedServer, client: imaplib.IMAP4
) -> None:
    assert client.sock.getpeername() == ("127.0.0.1", server.port)
    assert socket.gethostname().encode() not in client.welcome


def test_it_can_all_that_a_sweep_needs(client: imaplib.IMAP4) -> None:
    assert {b"IMAP4rev1", b"MOVE", b"UIDPLUS"} <= set(client.capability()[1][0].split())


def test_append_keeps_date_zone_flags_and_keywords(client: imaplib.IMAP4) -> None:
    client.append("INBOX", r"(\Seen \Flagged $Forwarded)", imaplib.Time2Internaldate(WHEN), LETTER)
    client.select("INBOX", readonly=True)
    said = text_of(client.uid("FETCH", "1:*", "(FLAGS INTERNALDATE)"))
    for wanted in ("29-Feb-2024 03:04:05 +0530", r"\\Seen", r"\\Flagged", "$Forwarded"):
        assert wanted in said


def test_append_keeps_every_byte(client: imaplib.IMAP4) -> None:
    raw = LETTER + bytes(range(128, 256)) + b"\r\n.\r\n" + b"x" * 70_000 + b"\r\n"
    client.append("INBOX", "", imaplib.Time2Internaldate(WHEN), raw)
    client.select("INBOX", readonly=True)
    assert client.uid("FETCH", "1:*", "(BODY.PEEK[])")[1][0][1] == raw


def test_keywords_can_be_set_and_stay(client: imaplib.IMAP4) -> None:
    client.append("INBOX", "", imaplib.Time2Internaldate(WHEN), LETTER)
    client.select("INBOX")
    assert rb"\*" in client.response("PERMANENTFLAGS")[1][0]
    client.uid("STORE", "101", "+FLAGS", "($Backscatter)")
    client.select("INBOX", readonly=True)
    assert "$Backscatter" in text_of(client.uid("FETCH", "101", "(FLAGS)"))


def test_move_says_where_each_went_and_keeps_date_flags_and_keywords(client: imaplib.IMAP4) -> None:
    for _ in range(3):
        client.append("INBOX", r"(\Seen $Forwarded)", imaplib.Time2Internaldate(WHEN), LETTER)
    client.create("Backscatter")
    client.select("INBOX")
    client.uid("MOVE", "101,103,999", "Backscatter")
    assert client.response("COPYUID")[1][-1].endswith(b" 101,103 101:102")
    assert client.uid("SEARCH", "ALL")[1] == [b"102"]
    client.select("Backscatter", readonly=True)
    said = text_of(client.uid("FETCH", "1:*", "(FLAGS INTERNALDATE)"))
    assert said.count("29-Feb-2024 03:04:05 +0530") == 2
    assert said.count("$Forwarded") == 2


def test_a_folder_that_exists_already_is_not_made_anew(client: imaplib.IMAP4) -> None:
    client.create("Sent")
    client.append("Sent", "", imaplib.Time2Internaldate(WHEN), LETTER)
    assert client.create("Sent")[0] == "NO"
    assert client.select("Sent")[1] == [b"1"]
