"""What is read from the header fields of a Sent copy."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatterclean import sent
from scatterclean.model import SentMessage, Sighting

from .people import NOW


def read(*lines: str) -> SentMessage:
    return sent.read(Sighting(1, NOW, frozenset(), 100, "\r\n".join([*lines, "", ""]).encode()))


def test_every_name_of_the_message_is_kept() -> None:
    message = read(
        "Message-ID: <a@x>",
        "Message-Id: <b@x>",
        "X-Microsoft-Original-Message-ID: <c@x>",
        "X-Google-Original-Message-ID:",
        " <d@",
        "\tx>",
        "Resent-Message-ID: e@x",
    )
    assert {i.text for i in message.ids} == {"a@x", "b@x", "c@x", "d@x", "e@x"}


@pytest.mark.parametrize(
    "field",
    [
        "Message-ID: =?utf-8?q?=3Clong=2E4711=40winter=2Eexample=3E?=",
        "Message-ID:\r\n =?us-ascii?Q?=3Clong=2E4711=40?=\r\n =?us-ascii?Q?winter=2Eexample=3E?=",
        "Message-ID: =?utf-8?B?PGxvbmcuNDcxMUB3aW50ZXIuZXhhbXBsZT4=?=",
        "X-Microsoft-Original-Message-ID: <=?utf-8?q?long=2E4711=40winter=2Eexample?=>",
    ],
)
def test_an_id_that_was_folded_as_an_encoded_word_is_kept_as_it_is_meant(field: str) -> None:
    assert "long.4711@winter.example" in {i.text for i in read(field).ids}


def test_all_recipients_are_kept_however_many() -> None:
    addresses = [f"member.{n}@club.example" for n in range(1000)]
    message = read(
        "To: " + ",\r\n ".join(addresses), "Cc: Eve <EVE@other.example>", "Bcc: hidden@other.example"
    )
    assert set(message.recipients) == {*addresses, "eve@other.example", "hidden@other.example"}


@pytest.mark.parametrize(
    ("date", "believed"),
    [
        ("Sun, 22 Nov 2026 12:00:00 +0000", True),
        ("Wed, 04 Mar 2015 12:00:00 +0000", True),  # an old mailbox that was imported: INTERNALDATE is today
        ("Thu, 01 Jan 1970 00:00:10 +0000", False),
        ("Mon, 23 Nov 2037 12:00:00 +0000", False),
        ("some day", False),
        ("", False),
    ],
)
def test_a_date_is_believed_unless_it_is_absurd(date: str, believed: bool) -> None:
    message = read(f"Date: {date}")
    assert (message.sent_at != NOW) is believed
    assert message.filed_at == NOW


def test_a_date_in_another_zone_may_lie_a_little_in_the_future() -> None:
    message = read("Date: Tue, 24 Nov 2026 20:00:00 +0000")
    assert message.sent_at == NOW + timedelta(hours=32)


def test_nothing_at_all_is_a_message_without_a_name() -> None:
    message = read()
    assert (message.ids, message.sender, message.recipients, message.subject) == ((), None, (), None)


# --- the short way and the careful one -------------------------------------------------------------------

NAMES = ("Message-ID", "Message-Id", "Date", "From", "To", "Subject", "Received", "Cc", "Bcc", "message-id")
VALUES = (
    "<a.1@x.example>",
    "<a@x> <b@x>",
    "=?utf-8?q?=3Ca=40x=3E?=",
    "Sun, 22 Nov 2026 12:00:00 +0000",
    "ada@x.example",
    "Ada Winter <Ada@x.example>, ben@y.example,\r\n cleo@z.example",
    '"Winter, Ada" <ada@x.example>,\r\n\tben@y.example',
    "word\r\n  word",
    "two  blanks",
    "behind ",
    "",
    "Grüße",
    "=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=",
    "a:b: c",
    "from a by b\r\n\twith c;\r\n Sun, 22 Nov 2026 12:00:00 +0000",
    "a\tb",
    "a\nb",
    "a\rb",
    "a\x00b",
    "a\r\n\r\nTo: b@x",
)
LINES = st.builds(
    lambda name, colon, value: f"{name}{colon}{value}\r\n",
    st.sampled_from(NAMES),
    st.sampled_from((*[": "] * 20, ":", " : ", ":  ")),
    st.one_of(
        st.sampled_from(VALUES), st.sampled_from(VALUES[:7]), st.text("a1<>@,. \"()\\\t\r\n=?'ü", max_size=20)
    ),
)


@given(
    st.lists(LINES, max_size=6).map("".join), st.sampled_from((*["\r\n"] * 20, "", "\n", "\r\nTo: b@x\r\n"))
)
def test_who_reads_a_plain_header_by_one_pattern_sees_what_a_careful_reader_sees(
    lines: str, end: str
) -> None:
    block = (lines + end).encode()
    plainly = sent._plainly(block)
    assert plainly is None or plainly == sent._carefully(block)


def test_what_nearly_all_programs_write_is_plain() -> None:
    lines = [
        "Received: from [192.0.2.9] by out.winter.example\r\n\twith ESMTPSA id 4711",
        "From: Ada Winter <ada@winter.example>",
        'To: "Ben, the other" <ben@far.example>,\r\n cleo@far.example',
        "Cc: Dora <DORA@far.example>, ben@far.example",
        "Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?= and more\r\n words",
        "Date: Sun, 22 Nov 2026 12:00:00 +0100",
        "Message-ID: <4711@winter.example>",
    ]
    block = "\r\n".join([*lines, "", ""]).encode()
    plainly = sent._plainly(block)
    assert plainly is not None
    assert plainly == sent._carefully(block)
    assert plainly[2] == ("ben@far.example", "cleo@far.example", "dora@far.example")
