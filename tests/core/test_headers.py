"""Header fields out of any bytes: the quick reader sees what the plain one sees, and nothing raises."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatterclean.dates import date_in, moment_of
from scatterclean.headers import Header, addresses_in, as_text, decoded, ids_in, in_charset, with_line_feeds
from scatterclean.model import MessageId

PIECES = st.sampled_from(
    (
        b"From: a@b", b"X-Y:", b"Subject : hi", b" folded", b"\tfolded", b"  ",
        b"junk line", b"no name: x", b":", b"From", b"\xff: x",
    )
)  # fmt: skip
ENDS = st.sampled_from((b"\n", b"\r\n", b"\r"))


LINE_END = re.compile(rb"\r\n|\n|\r")
FIELD = re.compile(rb"^([!-9;-~]{1,76})[ \t]*:[ \t]*(.*)$", re.DOTALL)


def fields_of(block: bytes) -> Iterator[tuple[str, bytes]]:
    """(lower-cased name, unfolded value) of a header block up to its blank line; junk lines do not count."""
    name = ""
    value: list[bytes] = []
    count = 0
    for line in LINE_END.split(block):
        if not line.strip(b" \t"):
            if line or (not count and not name):  # a line of blanks is folding junk; blank lines may lead
                continue
            break
        if line[:1] in (b" ", b"\t"):
            if name:
                value.append(line.strip())
            continue
        match = FIELD.match(line)
        if name:
            yield name, b" ".join(value)[:65_536]
            name = ""
            count += 1
            if count >= 2000:
                return
        if match:
            name = match[1].decode("ascii").lower()
            value = [match[2].strip()]
    if name:
        yield name, b" ".join(value)[:65_536]


def plainly(block: bytes) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in fields_of(block):
        found.setdefault(name, []).append(as_text(b" ".join(value.split())))
    return found


@given(st.lists(PIECES, max_size=12), ENDS)
def test_header_sees_the_same_fields_as_the_plain_reader(lines: list[bytes], end: bytes) -> None:
    block = end.join(lines)
    header = Header(block)
    quickly = {name: [" ".join(value.split()) for value in header.all(name)] for name in header.names()}
    assert quickly == plainly(block)


def test_a_header_ends_at_its_blank_line() -> None:
    header = Header(b"\r\nFrom: a@b\r\nX-A: 1\r\n  2\r\n\r\nX-A: body\r\n")
    assert header.all("x-a") == ["1 2"]
    assert header.get("FROM") == "a@b"
    assert "X-B" not in header
    assert header.raw("X-B") is None
    assert len(header) == 2


@pytest.mark.parametrize("raw", [b"a\r\nb\rc\r\r\nd\ne", b"a\nb\nc\nd\ne"])
def test_every_kind_of_line_end_becomes_a_line_feed(raw: bytes) -> None:
    assert with_line_feeds(raw) == b"a\nb\nc\nd\ne"


@given(st.binary(max_size=300))
def test_no_value_makes_a_reader_raise(raw: bytes) -> None:
    text = as_text(raw)
    decoded(text)
    decoded(f"=?utf-8?b?{text}?= =?{text}?q?=41?=")
    addresses_in(text)
    ids_in(text)
    date_in(text)
    in_charset(raw, text)


_ADDRESSES = st.lists(
    st.sampled_from(
        ("Ada@x.example", "b@y", "b@y", "'c'@z", ".d.@z`", "e", "@", "f@g@h",
         ">", ", ", ",", " ", ";", ":", "[", "\t")
    ),
    max_size=9,
).map("".join)  # fmt: skip


@given(_ADDRESSES, st.integers(1, 3))
def test_a_list_of_nothing_but_addresses_is_read_as_any_other(value: str, limit: int) -> None:
    # With a comment, which counts as a blank, it takes the longer way.
    assert addresses_in(value, limit) == addresses_in(f"{value} ()", limit)
    assert addresses_in(f"{value}, g@h", 50) == addresses_in(f"{value}, g@h ()", 50)


@given(st.text(st.sampled_from("aÄß@.<> \t\n\x00\x7f\x85\xa0\u2028\u200b\ud800&;="), max_size=12))
def test_the_key_of_an_id_is_without_blanks_brackets_and_controls(text: str) -> None:
    left = re.sub(r"[\s<>\x00-\x1f\x7f]+", "", text).casefold()
    assert MessageId(text).keys == ((left,) if left else ())
    [*found] = ids_in(f"<{text}>")
    if "<" not in text and ">" not in text:
        assert found == [MessageId(one) for one in ["".join(text.split())] if one]


def test_broken_base64_in_a_subject_is_kept_as_it_stands() -> None:
    assert decoded("=?utf-8?b?QQQQQ?=") == "=?utf-8?b?QQQQQ?="


def test_lone_surrogates_and_controls_become_blanks() -> None:
    assert decoded("a\x00\x07b\ud800c") == "a b c"


def test_charsets_are_read_by_their_wider_relatives_and_unknown_ones_as_latin() -> None:
    assert in_charset("退信".encode("gb18030"), "GB2312") == "退信"
    assert in_charset(b"\x93quoted\x94", "iso-8859-1") == "\u201cquoted\u201d"
    assert in_charset(b"gr\xfc\xdfe", "x-unknown") == "grüße"


def test_a_charset_that_is_quadratic_is_not_used() -> None:
    assert in_charset(b"bcher-kva", "punycode") == "bcher-kva"


@pytest.mark.parametrize(
    ("day", "clock"),
    [
        ("23 Nov 2026", "120000.7"),
        ("23 Nov-2026", "12:00:00"),
        ("23xNovx2026", "12:00:00"),
        ("23 nov 2026", "12:00:00"),
        ("33 Nov 2026", "12:00:00"),
        ("23 Nob 2026", "12:00:00"),
        ("-3 Nov 2026", "12:00:00"),
        ("23 Nov -001", "12:00:00"),
        ("23 Nov ٢٠٢٦", "12:00:00"),
        ("23 Nov 2026", "12:00   "),
        ("", ""),
    ],
)
def test_what_is_written_otherwise_is_left_to_who_reads_all_dates(day: str, clock: str) -> None:
    assert moment_of(day, clock, "+0000") is None


@pytest.mark.parametrize("day", ["03-Nov-2026", " 3-Nov-2026", "03 Nov 2026", " 3 Nov 2026"])
def test_a_day_is_the_same_however_it_is_written(day: str) -> None:
    assert moment_of(day, "12:00:01", "-0130") == datetime(2026, 11, 3, 13, 30, 1, tzinfo=UTC)


@pytest.mark.parametrize("zone", [".1234", ",1234", ":1234", "+01.0", "-0a00", " 0100", "+١٢٣٤"])
def test_what_is_no_zone_is_not_taken_for_one_nor_the_clock_for_the_local_time(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = set()
    for local in ("UTC", "America/New_York", "Asia/Tokyo"):
        monkeypatch.setenv("TZ", local)
        time.tzset()
        assert moment_of("23 Nov 2026", "12:00:00", zone) is None
        seen.add(date_in(f"Mon, 23 Nov 2026 12:00:00 {zone}"))
    monkeypatch.undo()
    time.tzset()
    assert len(seen) == 1


def test_blanks_around_a_date_do_not_count_however_many() -> None:
    blanks = " " * 60_000
    assert date_in(blanks + "Mon, 23 Nov 2026 12:00:00 +0000" + blanks) == datetime(
        2026, 11, 23, 12, tzinfo=UTC
    )
    assert date_in(blanks + "x" + blanks) is None
