"""The returned original comes out of its bounce byte for byte, so that its signatures still hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scatterclean import bounce
from scatterclean.bounce.returned import returned_message
from scatterclean.headers import Header, with_line_feeds
from scatterclean.model import Checked, Weight
from scatterclean.names import MemoryNames
from tests.names.letters import (
    KEY_NAME,
    LETTER,
    OWN,
    PUBLIC,
    as_exim,
    as_postfix,
    as_sendmail,
    in_base64,
    lf,
    signed,
)

FIXTURES = sorted((Path(__file__).parents[1] / "bounce" / "fixtures").glob("*.eml"))
NEGATIVES = sorted((Path(__file__).parents[1] / "bounce" / "negatives").glob("*.eml"))
NAMES = MemoryNames(keys={KEY_NAME: PUBLIC})
HOWS = ((b"relaxed", b"relaxed"), (b"simple", b"simple"), (b"relaxed", b"simple"))


def judged(raw: bytes, *, complete: bool = True) -> list[Checked]:
    found = returned_message(raw, complete=complete)
    assert found is not None
    return [each.checked for each in NAMES.verify(*found, OWN)]


@pytest.mark.parametrize("line_ends", ["CRLF", "LF"])
@pytest.mark.parametrize("how", HOWS)
def test_a_signature_passes_through_a_bounce_that_returns_all(
    how: tuple[bytes, bytes], line_ends: str
) -> None:
    raw = as_postfix(signed(how=how))
    assert judged(lf(raw) if line_ends == "LF" else raw) == [Checked.PASS]


def test_it_passes_through_a_transfer_encoding_that_should_not_be_there() -> None:
    assert judged(as_postfix(in_base64(signed()), encoding="base64")) == [Checked.PASS]


def test_it_passes_where_the_original_has_parts_of_its_own() -> None:
    letter = LETTER.replace(b"text/plain", b'multipart/mixed; boundary="in"').replace(
        b"here they are.", b"--in\r\nContent-Type: text/plain\r\n\r\nhere\r\n--in--\r\n"
    )
    assert judged(as_postfix(signed(letter))) == [Checked.PASS]


def test_it_passes_where_the_original_is_empty() -> None:
    assert judged(as_postfix(signed(LETTER.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"))) == [Checked.PASS]


def test_it_passes_through_a_bounce_of_a_bounce() -> None:
    assert judged(as_postfix(as_postfix(signed()).replace(b"4ABC.1/", b"4DEF.1/"))) == [Checked.PASS]


@pytest.mark.parametrize("wrap", [as_sendmail, as_exim])
@pytest.mark.parametrize("how", HOWS)
def test_headers_that_came_back_alone_hold_and_are_unknown(wrap: object, how: tuple[bytes, bytes]) -> None:
    assert callable(wrap)
    raw = wrap(signed(how=how))
    assert judged(raw) == [Checked.UNKNOWN]
    assert judged(raw.replace(b"Minutes of", b"Pills for")) == [Checked.FAIL]
    assert judged(lf(raw)) == [Checked.UNKNOWN]
    assert judged(lf(raw.replace(b"Minutes of", b"Pills for"))) == [Checked.FAIL]


def test_the_bytes_are_those_that_were_returned() -> None:
    for original in (signed(), LETTER):
        found = returned_message(as_postfix(original))
        assert found == (lf(original), True)


def test_a_part_that_was_cut_off_is_not_whole() -> None:
    raw = as_postfix(signed())
    for cut in (raw[: raw.rindex(b"\r\n--4ABC")], raw[: raw.index(b"here they are")]):
        found = returned_message(cut, complete=False)
        assert found is not None
        assert found[1] is False
        assert judged(cut, complete=False) == [Checked.UNKNOWN]


def test_a_header_that_was_cut_off_is_not_handed_out() -> None:
    raw = as_postfix(signed())
    assert returned_message(raw[: raw.index(b"Minutes of")], complete=False) is None


def test_a_header_that_was_quoted_is_not_handed_out() -> None:
    quoted = b"\r\n".join(b"> " + line for line in signed().split(b"\r\n"))
    assert returned_message(as_exim(quoted)) is None


def test_mail_that_hangs_on_spam_in_the_dress_of_a_bounce_is_not_the_original() -> None:
    # The forged "bounce" went out under the person's address; what bounced is it, not what hangs on it.
    spam = as_postfix(signed()).replace(b"Return-Path: <>", b"Return-Path: <me@example.org>")
    found = returned_message(as_postfix(spam.replace(b"4ABC.1/", b"4DEF.1/")))
    assert found is not None
    assert Header(found[0]).get("Subject") == "Undelivered Mail Returned to Sender"


def test_labels_of_headers_alone_are_never_whole() -> None:
    for label in ("text/rfc822-headers", "message/global-headers", "message/rfc822-headers"):
        found = returned_message(as_postfix(signed(), type_=label))
        assert found is not None
        assert found[1] is False


@pytest.mark.parametrize("path", FIXTURES, ids=[path.stem for path in FIXTURES])
def test_what_is_handed_out_is_what_the_reader_read(path: Path) -> None:
    raw = path.read_bytes()
    found = returned_message(raw)
    if found is None:
        return
    read = bounce.read(raw)
    assert read is not None
    message_id = Header(found[0]).get("Message-ID")
    if message_id and any(each.weight is Weight.STRONG for each in read.references):
        assert any(each.id.text in message_id for each in read.references)
    if b"base64" not in raw.lower() and b"quoted-printable" not in raw.lower() and b"\r\r" not in raw:
        assert found[0].partition(b"\n\n")[0] in with_line_feeds(raw)


def test_most_fixtures_return_something() -> None:
    assert FIXTURES
    found = [returned_message(path.read_bytes()) for path in FIXTURES]
    assert sum(each is not None for each in found) > len(FIXTURES) // 3


@pytest.mark.parametrize("path", NEGATIVES, ids=[path.stem for path in NEGATIVES])
def test_ordinary_mail_returns_nothing(path: Path) -> None:
    assert returned_message(path.read_bytes()) is None


_RAW = as_postfix(signed())


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_answered(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(_RAW)))
    until = data.draw(st.integers(at, len(_RAW)))
    raw = _RAW[:at] + data.draw(st.binary(max_size=20)) + _RAW[until:]
    found = returned_message(raw)
    assert found is None or isinstance(found[0], bytes)
