"""A notice as a message: whole, plain, of nobody else's words, and never a bounce."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scatterclean import bounce, fingerprint
from scatterclean.mailbox.memory import MemoryMailbox, MemoryServer
from scatterclean.model import Alarm, AlarmKind, Mode, Notice, NoticeKind
from scatterclean.storms import Weather
from scatterclean.tell import message_id, put, written
from scatterclean.wording import notices

NOW = datetime(2026, 11, 29, 2, 10, tzinfo=UTC)
ME = "ada@winter.example"


def notice(subject: str = "Stürme — begun", body: str = "Grüße\n.\nFrom here\n") -> Notice:
    return Notice("home", "storm:1", NoticeKind.STORM, subject, body, NOW, NOW)


def test_it_is_a_whole_message() -> None:
    raw = written(notice(), ME)
    read = email.message_from_bytes(raw, policy=email.policy.default)
    assert read["Subject"] == "Stürme — begun"
    assert (read["From"].addresses[0].addr_spec, read["To"].addresses[0].addr_spec) == (ME, ME)
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["Message-ID"] == f"<{message_id(notice())}>"
    assert parsedate_to_datetime(read["Date"]) == NOW
    assert read.get_content_type() == "text/plain"
    assert read.get_content().replace("\r\n", "\n") == f"Grüße\n.\nFrom here\n\n{notices.FOOT}\n"
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))


def test_the_same_event_has_the_same_id_and_another_another() -> None:
    other = Notice("work", "storm:1", NoticeKind.STORM, "", "", NOW, NOW)
    assert message_id(notice("one", "text")) == message_id(notice("other", "words"))
    assert message_id(other) != message_id(notice())


_evil = st.text(
    st.one_of(
        st.sampled_from("\r\n\0\x1b\u202e\u2066\u200f\u2028\ud800\x85\t"),
        st.characters(),
    ),
    max_size=300,
)
_UNSEEN = set("\0\x1b\u202e\u2066\u200f\u2028\u2029\x85")


@example(subject="", body="", address=",(¡")
@given(subject=_evil, body=_evil, address=_evil)
def test_nothing_that_a_stranger_may_have_written_adds_a_field_or_a_control_character(
    subject: str, body: str, address: str
) -> None:
    raw = written(notice(subject, body), address)
    read = email.message_from_bytes(raw, policy=email.policy.default)
    assert sorted(name.lower() for name in read.keys()) == sorted(  # noqa: SIM118 - fields, some twice
        (
            *("from", "to", "subject", "date", "message-id", "auto-submitted", "x-mailer"),
            *("content-type", "content-transfer-encoding", "mime-version"),
        )
    )
    assert not _UNSEEN & set(str(read["Subject"]))
    assert not _UNSEEN & set(read.get_content())


_WEATHER = Weather(NOW, NOW, 123, 47.0, 3, 100, 5, 15)
_COURSE = notices.Course(Mode.MOVE, "Backscatter", 100)
_ALARM = Alarm(
    "home",
    "k",
    AlarmKind.SENT_BY_YOU,
    NOW,
    (
        ("bounces", "3"),
        ("line", "550 5.1.1 User unknown"),
        ("subject", "Undelivered Mail Returned to Sender"),
        ("recipient", "x@y.example"),
    ),
)


@pytest.mark.parametrize(
    "told",
    [
        notices.storm_begun("home", _WEATHER, _COURSE, NOW),
        notices.storm_over("home", _WEATHER, _COURSE, NOW),
        notices.alarm(_ALARM),
        notices.trouble("home", NOW, "LOGIN refused: mailbox does not exist", NOW),
        notices.digest([notices.Day("home", Mode.MOVE, "Backscatter", away=3)], NOW, NOW),
        notices.trial("home"),
    ],
    ids=["storm", "over", "alarm", "trouble", "digest", "trial"],
)
def test_no_notice_is_read_as_a_bounce(told: tuple[str, str]) -> None:
    raw = written(notice(*told), ME)
    assert bounce.read(raw, complete=True) is None


def test_it_is_put_into_the_inbox_once_unread() -> None:
    server = MemoryServer()
    mailbox = MemoryMailbox(server)
    assert put(mailbox, notice(), ME) is True
    assert put(mailbox, notice(), ME) is False
    [message] = server.messages("INBOX")
    assert message.flags == frozenset()
    assert fingerprint.fingerprint(message.raw)


@pytest.mark.parametrize("address", ["postmaster@winter.example", "MAILER-DAEMON@winter.example", ME])
@pytest.mark.parametrize(
    "line",
    [
        "550 5.1.1 <bob@lake.example> user unknown; Final-Recipient: rfc822; bob@lake.example",
        "This message was created automatically by mail delivery software.",
        "Hi. This is the qmail-send program at mx.lake.example. I'm afraid I wasn't able to deliver your message",
    ],
)
@pytest.mark.parametrize("kind", [AlarmKind.SENT_BY_YOU, AlarmKind.MANY_BOUNCES])
def test_an_alarm_of_a_postmaster_that_quotes_a_bounce_is_none(
    kind: AlarmKind, line: str, address: str
) -> None:
    detail = {"bounces": "9", "recipients": "40", "sign": "dkim", "line": line, "subject": line}
    found = Alarm("home", "k", kind, NOW, tuple((detail | {"recipient": line, "id": line}).items()))
    raw = written(Notice("home", "k", NoticeKind.ALARM, *notices.alarm(found), NOW, NOW), address)
    assert bounce.read(raw) is None
    assert email.message_from_bytes(raw, policy=email.policy.default)["To"].addresses[0].addr_spec == address
