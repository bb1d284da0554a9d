"""What is read from the header fields of a Sent copy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

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


def test_a_date_from_before_mail_had_one_is_not_believed_where_the_server_names_no_arrival() -> None:
    header = b"Message-ID: <a@x>\r\nDate: Fri, 02 Jan 1970 12:00:00 +0000\r\n\r\n"
    for arrival in (datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 3, tzinfo=UTC)):
        message = sent.read(Sighting(1, arrival, frozenset(), 100, header))
        assert (message.dated, message.sent_at) == (False, arrival)
