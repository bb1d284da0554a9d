"""What servers say, rightly and wrongly, becomes values; nothing of it raises."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatterclean.mailbox.answers import (
    Answer,
    Record,
    code_of,
    copied,
    counted_uids,
    fetched,
    flags_in,
    found_uids,
    imap_date,
    internal_date,
    rows,
    status_of,
)


@given(st.lists(st.one_of(st.binary(), st.tuples(st.binary(), st.binary()))))
def test_no_bytes_of_a_server_raise(records: list[Record]) -> None:
    answer = Answer("OK", b"", dict.fromkeys(("OK", "FETCH", "SEARCH", "STATUS"), records))
    for row in rows(records):
        assert isinstance(row, list)
    assert all(uid > 0 for uid in fetched(records))
    found_uids(answer)
    status_of(answer)
    copied(answer, 1)
    for record in records:
        internal_date(record if isinstance(record, bytes) else None)


def test_a_fetch_with_a_literal_is_read() -> None:
    records: list[Record] = [
        (
            b'1 (UID 7 INTERNALDATE " 7-Feb-1994 21:52:25 -0800" FLAGS (\\Seen $X) RFC822.SIZE 9 BODY[X (A)] {5}',
            b"a)\r\n\r",
        ),
        b")",
        (b"2 (BODY[]<0> {2}", b"xx"),
        b" UID 8 FLAGS (a]b {c} 12))",
    ]
    assert fetched(records) == {
        7: {
            "UID": b"7",
            "INTERNALDATE": b" 7-Feb-1994 21:52:25 -0800",
            "FLAGS": [b"\\Seen", b"$X"],
            "RFC822.SIZE": b"9",
            "BODY": b"a)\r\n\r",
        },
        8: {"BODY": b"xx", "UID": b"8", "FLAGS": [b"a]b", b"{c}", b"12"]},
    }


def test_a_body_may_be_quoted_or_nil() -> None:
    assert fetched([b'1 (UID 7 BODY[] "a \\"b\\" \\\\")'])[7]["BODY"] == b'a "b" \\'
    assert fetched([b"1 (UID 7 BODY[] NIL)"])[7]["BODY"] is None
    assert fetched([b'1 (UID 7 BODY[] "NIL")'])[7]["BODY"] == b"NIL"


def test_one_message_in_two_responses_is_put_together() -> None:
    found = fetched([b"1 (UID 7 FLAGS (\\Seen))", (b"1 (UID 7 BODY[] {1}", b"x"), b")"])
    assert found == {7: {"UID": b"7", "FLAGS": [b"\\Seen"], "BODY": b"x"}}


def test_news_about_flags_without_a_uid_are_nobodys() -> None:
    assert fetched([b"3 (FLAGS (\\Seen))"]) == {}


def test_recent_is_not_a_flag_of_the_message() -> None:
    assert flags_in([b"\\Recent", b"\\Seen"]) == frozenset({"\\Seen"})
    assert flags_in(None) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"17-Jul-1996 02:44:25 -0700", datetime(1996, 7, 17, 9, 44, 25, tzinfo=UTC)),
        (b" 1-Jan-2026 00:00:00 +0000", datetime(2026, 1, 1, tzinfo=UTC)),
        (b"01-jan-2026 00:30:00 +0545", datetime(2025, 12, 31, 18, 45, tzinfo=UTC)),
        (b"31-Dec-2016 23:59:60 +0000", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (b"1-Jan-2026 00:00:00", datetime(2026, 1, 1, tzinfo=UTC)),
        (b"01-Jan-0000 00:00:00 +0000", None),
        (b"01-Jan-0001 00:00:00 +1400", None),
        (b"31-Feb-2026 00:00:00 +0000", None),
        (b"01-Foo-2026 00:00:00 +0000", None),
        (b"01-Jan-2026 00:00:00 +9999", None),
        (b"yesterday", None),
        (None, None),
    ],
)
def test_internaldate_is_a_moment_or_nothing(text: bytes | None, expected: datetime | None) -> None:
    assert internal_date(text) == expected


def test_a_date_to_search_for_knows_no_locale() -> None:
    assert imap_date(2026, 3, 4) == "4-Mar-2026"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"[TRYCREATE] No such folder [x]", ("TRYCREATE", b"")),
        (b"[copyuid 1 2 3] done", ("COPYUID", b"1 2 3")),
        (b"[PERMANENTFLAGS (\\Seen a]b \\*)] ok", ("PERMANENTFLAGS", b"(\\Seen a]b \\*)")),
        (b"no code [here]", ("", b"")),
        (b"[", ("", b"")),
    ],
)
def test_response_codes_are_found_at_the_beginning_only(text: bytes, expected: tuple[str, bytes]) -> None:
    assert code_of(text) == expected


def test_all_search_and_esearch_lines_count() -> None:
    answer = Answer("OK", b"", {"SEARCH": [b"1 2", b"", b"3 (MODSEQ 99)"]})
    assert found_uids(answer) == [1, 2, 3]
    answer = Answer("OK", b"", {"ESEARCH": [b'(TAG "A1") UID COUNT 4 ALL 4,7:9']})
    assert found_uids(answer) == [4, 7, 8, 9]
    assert found_uids(Answer("OK", b"", {"ESEARCH": [b'(TAG "A1") UID']})) == []


def test_ranges_are_believed_if_they_hold_as_many_as_are_counted() -> None:
    def told(line: bytes, status: str = "OK") -> list[int] | None:
        return counted_uids(Answer(status, b"", {"ESEARCH": [line]}))

    assert told(b'(TAG "A1") UID COUNT 4 ALL 4,7:9') == [4, 7, 8, 9]
    assert told(b'(tag "A1") UID ALL 9:7,4 COUNT 4') == [4, 7, 8, 9]
    assert told(b'(TAG "A1") UID COUNT 0') == []
    assert told(b'(TAG "A1") UID COUNT 5 ALL 4,7:9') is None
    assert told(b'(TAG "A1") UID COUNT 4 ALL 4,7:9', "NO") is None
    assert told(b'(TAG "A1") UID COUNT 4 ALL 4,7:9 MODSEQ 7') is None
    assert told(b'(TAG "A1") UID') is None


def test_an_esearch_of_all_numbers_there_are_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        found_uids(Answer("OK", b"", {"ESEARCH": [b"UID ALL 1:4294967295"]}))


def test_copyuid_is_read_from_the_tagged_and_the_untagged_line() -> None:
    tagged = Answer("OK", b"[COPYUID 7 1:3,9 11:13,20] Copied [x]")
    assert copied(tagged, 7) == {1: 11, 2: 12, 3: 13, 9: 20}
    untagged = Answer("OK", b"done", {"OK": [b"[COPYUID 7 1 11] a", b"[COPYUID 7 2 12] b"]})
    assert copied(untagged, 7) == {1: 11, 2: 12}


@pytest.mark.parametrize(
    "text", [b"[COPYUID 8 1 2] x", b"[COPYUID 7 1:3 4] x", b"[COPYUID 7  ] x", b"[COPYUID 7 1:* 4:*] x"]
)
def test_a_copyuid_that_cannot_be_right_tells_nothing(text: bytes) -> None:
    assert copied(Answer("OK", text), 7) == {}


def test_status_is_read_whatever_the_folder_is_called() -> None:
    for name in (b"INBOX", b'"a (b) \\"c"', b"NIL"):
        answer = Answer("OK", b"", {"STATUS": [name + b" (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 5)"]})
        assert status_of(answer) == {"MESSAGES": 3, "UIDNEXT": 4, "UIDVALIDITY": 5}
    literal: list[Record] = [(b"{3}", b"(x)"), b" (UIDNEXT 4)"]
    assert status_of(Answer("OK", b"", {"STATUS": literal})) == {"UIDNEXT": 4}
