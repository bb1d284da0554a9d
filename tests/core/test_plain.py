"""Who reads a plain header by one pattern sees what a careful reader sees, or says that it is not plain."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scatterclean import sent
from scatterclean.fingerprint import (
    FIELDS,
    digest,
    digest_of_ascii,
    fingerprint,
    fingerprint_of,
    fingerprints,
)
from scatterclean.headers import Header
from scatterclean.plain import Plain

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
        st.sampled_from(VALUES),
        st.sampled_from(VALUES[:7]),
        st.text("a1<>@,. \"()\\\t\r\n=?'ü", max_size=20),
    ),
)
BLOCKS = st.builds(
    lambda lines, end: "".join((*lines, end)).encode(),
    st.lists(LINES, max_size=6),
    st.sampled_from((*["\r\n"] * 20, "", "\n", "\r\nTo: b@x\r\n")),
)


def read(reader: Plain, block: bytes) -> tuple[str, ...] | None:
    (values,) = reader.read_all([block])
    return None if values[-1] else values[:-1]


@given(BLOCKS)
def test_sent_mail_is_the_same_either_way(block: bytes) -> None:
    (values,) = sent._PLAIN.read_all([block])
    assert values[-1] or sent._plainly(*values) == sent._carefully(block)


@given(
    st.lists(
        st.one_of(BLOCKS, st.sampled_from((b"", b"\0", b"A: 1\r\n\r\n\0", b"\r\n", b"A: a  b\r\n\r\n"))),
        max_size=6,
    )
)
@example([b"a\0b", b""])
@example([b"To: a@x\r\n\r\n\0To: b@x\r\n\r\n", b"", b"To: c@x\r\n\r\n"])
def test_many_are_read_as_each_by_itself(blocks: list[bytes]) -> None:
    reader = Plain((*FIELDS, "A"), several=("Received",))
    together = [None if values[-1] else values[:-1] for values in reader.read_all(blocks)]
    assert together == [read(reader, block) for block in blocks]
    assert fingerprints(blocks) == [fingerprint_of(Header(block)) for block in blocks]


@given(BLOCKS)
@example(b"Received: one\r\nFrom: a@x\r\nReceived: two\r\n\r\n")
def test_a_fingerprint_is_the_same_either_way(block: bytes) -> None:
    assert fingerprint(block) == fingerprint_of(Header(block))


@given(st.lists(st.text(st.characters(max_codepoint=127)), min_size=6, max_size=6))
def test_a_digest_is_the_same_of_text_and_of_bytes(values: list[str]) -> None:
    assert digest_of_ascii(*values) == digest([value.encode() for value in values])


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
    values = sent._PLAIN.read_all(["\r\n".join([*lines, "", ""]).encode()])[0]
    assert not values[-1]
    assert sent._plainly(*values)[2] == ("ben@far.example", "cleo@far.example", "dora@far.example")


@pytest.mark.parametrize(
    "block",
    [
        b"A: 1\r\nA: 2\r\n\r\n",
        b"A: two  blanks\r\n\r\n",
        b"A: behind \r\n\r\n",
        b"A: before\r\n  a fold\r\n\r\n",
        b"A: a\tb\r\n\r\n",
        b"A: \xff\r\n\r\n",
        b"A: no end\r\n",
        b"A: lone\n\r\n",
        b"a: 1\r\n\r\n",
        b"C: 1\r\n\r\n",
        b"A:\r\n\r\n",
        b"A: " + b"x" * 70_000 + b"\r\n\r\n",
    ],
)
def test_what_is_not_plain_is_left_to_a_careful_reader(block: bytes) -> None:
    assert read(Plain(("A", "B"), several=("B",)), block) is None


def test_what_stands_behind_more_fields_than_a_careful_reader_sees_is_in_no_fingerprint() -> None:
    for many in range(1990, 2010):
        block = b"Received: a\r\n" * many + b"To: a\r\nDate: a\r\nFrom: a\r\nSubject: a\r\n\r\n"
        assert fingerprint(block) == fingerprint_of(Header(block))


def test_of_a_field_that_may_stand_there_more_than_once_the_first_counts() -> None:
    reader = Plain(("A", "B"), several=("B",))
    assert read(reader, b"B: 1\r\nA: x\r\n y\r\nB: 2\r\nB: 3\r\n\r\n") == ("x y", "1")
    assert read(reader, b"\r\n") == ("", "")


def test_the_received_lines_of_a_bounce_do_not_make_it_unusual() -> None:
    block = b"Received: from a\r\n\tby b; now\r\nFrom: a@x\r\nReceived: from c\r\n by d\r\n\r\n"
    assert read(Plain(FIELDS, several=("Received",)), block) == ("", "", "a@x", "", "", "from a by b; now")
