"""The scratch Dovecot itself: it comes and goes, keeps mail over a restart, and tells what was said."""

from __future__ import annotations

import logging
import socket

import pytest

from scatterclean.demo import dovecot as dovecot_module
from scatterclean.demo.dovecot import DovecotBroken, ScratchDovecot, find_dovecot
from scatterclean.errors import ConnectionLost, ServerUnreachable
from scatterclean.mailbox.login import open_mailbox
from tests.conftest import absent
from tests.servers import DovecotHand, access_to, fresh_user

SECRET_BODY = b"Subject: private\r\n\r\nDear diary, my pin is 1234.\r\n"


@pytest.fixture
def own() -> ScratchDovecot:
    """A Dovecot that a test may stop and start; not started yet."""
    if find_dovecot() is None:
        absent("Dovecot 2.3")
    return ScratchDovecot(trace=True)


def test_a_restart_cuts_sessions_and_keeps_mail(own: ScratchDovecot) -> None:
    with own as server:
        access = access_to(server, fresh_user())
        hand = DovecotHand(server, access.username)
        hand.append("INBOX", SECRET_BODY)
        box = open_mailbox(access)
        before = box.state("INBOX")
        server.restart()
        with pytest.raises(ConnectionLost):
            box.state("INBOX")
        with pytest.raises(ConnectionLost):
            box.folders()
        again = open_mailbox(access)
        assert again.state("INBOX") == before
        server.stop()
        with pytest.raises(ConnectionLost):
            again.uids(before.place)
        with pytest.raises(ServerUnreachable):
            open_mailbox(access)
        hand.abandon()


def test_nothing_is_left_of_it(own: ScratchDovecot) -> None:
    with own as server:
        base, port = server.base, server.port
        assert base.is_dir()
    assert not base.exists()
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", port), 1):  # noqa: PT011 - any will do
        pass


def test_the_trace_shows_that_looking_reads_no_body(
    own: ScratchDovecot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with own as server:
        access = access_to(server, fresh_user())
        hand = DovecotHand(server, access.username)
        for _ in range(3):
            hand.append("INBOX", SECRET_BODY)
        server.tracing(access.username)
        box = open_mailbox(access)
        place = box.state("INBOX").place
        box.uids(place)
        assert len(list(box.headers(place, [1, 2, 3], ["Subject"]))) == 3
        said, answered = server.trace_of(access.username)
        assert b"EXAMINE" in said
        assert b"SELECT" not in said
        assert b"private" in answered
        assert b"diary" not in answered
        list(box.raw(place, [2], 1000))
        said, answered = server.trace_of(access.username)
        assert answered.count(b"diary") == 1
        assert said.count(b"BODY.PEEK[]") == 1
        assert server.password.encode() not in said
        box.close()
        hand.close()
    assert "diary" not in caplog.text
    assert "private" not in caplog.text


def test_a_server_that_does_not_come_up_shows_what_it_said(
    own: ScratchDovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dovecot_module, "_TEMPLATE", "no_such_setting = 1\n")
    with pytest.raises(DovecotBroken, match="no_such_setting"), own:
        pass
    own.__exit__(None, None, None)
