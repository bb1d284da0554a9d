"""Ids of one program on one host have one shape; those of another have another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatterclean.model import MessageId
from scatterclean.shapes import MAX_SHAPE, shape_of


def shape(text: str) -> str:
    return shape_of(MessageId(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # Thunderbird, Apple Mail: a UUID, whatever its digits are
        ("4f3c2a1b-0d9e-4a8b-9c7d-1e2f3a4b5c6d@a.example", "ABCDEFAB-1234-1234-DEAD-123456789012@a.example"),
        # Python's email.utils.make_msgid
        (
            "176398000012.1234.5678901234567@host1.a.example",
            "176398111118.99.1234567890123456@host2.a.example",
        ),
        # Gmail
        (
            "CAFk3_x9+abcdefgQW3=Qw_abcdefghij@mail.gmail.com",
            "CABcdefGHIJklmnopq-rstuvwxyz0=4@mail.gmail.com",
        ),
        # Mutt
        ("20261123061459.GA24584@a.example", "20250101000000.BC1@a.example"),
        # Outlook.com: every machine has a name of its own
        (
            "DB7PR04MB1234ABCDEF0123@DB7PR04MB1234.eurprd04.prod.outlook.com",
            "AM9PR10MB4321FEDCBA9876@AM9PR10MB4321.eurprd10.prod.outlook.com",
        ),
    ],
)
def test_ids_of_one_program_have_one_shape(one: str, other: str) -> None:
    assert shape(one) == shape(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("4f3c2a1b-0d9e-4a8b-9c7d-1e2f3a4b5c6d@a.example", "4f3c2a1b-0d9e-4a8b-9c7d-1e2f3a4b5c6d@b.example"),
        ("4f3c2a1b-0d9e-4a8b-9c7d-1e2f3a4b5c6d@a.example", "1763980000.1234.56789@a.example"),
        ("newsletter-17-42@a.example", "17@a.example"),
    ],
)
def test_another_host_or_another_pattern_is_another_shape(one: str, other: str) -> None:
    assert shape(one) != shape(other)


def test_case_brackets_and_an_assp_tag_do_not_change_the_shape() -> None:
    plain = shape("sent.17@winter.example")
    assert shape("<Sent.17@WINTER.example>") == plain
    assert shape("ab123.0123abcdef.sent.17@winter.example") == plain


def test_of_an_empty_id_there_is_no_shape() -> None:
    assert shape(" <> ") == ""


@given(st.text(max_size=1200))
def test_any_text_has_a_bounded_shape(text: str) -> None:
    assert len(shape(text)) <= MAX_SHAPE
