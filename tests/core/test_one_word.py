"""A subject that is one encoded word is decoded by a shorter way than the library's: to the same text."""

from __future__ import annotations

import base64
from email.errors import HeaderParseError
from email.header import decode_header

from hypothesis import given
from hypothesis import strategies as st

from scatterclean import headers

CHARSETS = st.sampled_from(
    ["utf-8", "UTF-8", "iso-8859-1", "windows-1252", "koi8-r", "x-unknown", "us-ascii"]
)
ENCODED = st.text(alphabet="abCD019+/=_.-?! ", max_size=40)


def by_the_library(value: str) -> str:
    [(piece, charset)] = decode_header(value)
    assert isinstance(piece, bytes)
    return headers.in_charset(piece, charset or "ascii")


@given(st.binary(min_size=1, max_size=60), CHARSETS)
def test_base64(raw: bytes, charset: str) -> None:
    value = f"=?{charset}?B?{base64.b64encode(raw).decode()}?="
    assert headers._one_word(value) == by_the_library(value)


@given(st.binary(min_size=1, max_size=60), CHARSETS)
def test_quoted_printable(raw: bytes, charset: str) -> None:
    shown = "".join(chr(b) if chr(b).isalnum() and b < 128 else "_" if b == 32 else f"={b:02X}" for b in raw)
    value = f"=?{charset}?q?{shown}?="
    assert headers._one_word(value) == by_the_library(value)


@given(st.sampled_from("BbQq"), ENCODED, CHARSETS)
def test_what_is_not_exactly_so_goes_the_long_way(how: str, shown: str, charset: str) -> None:
    value = f"=?{charset}?{how}?{shown}?="
    short = headers._one_word(value)
    if short is not None:
        try:
            assert short == by_the_library(value)
        except HeaderParseError:
            raise AssertionError(f"the library refuses {value!r}") from None
