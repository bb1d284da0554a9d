"""Single behaviours of the reader that no whole fixture shows: stumbling formats, giants, addresses, limits."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from scatterclean import bounce
from scatterclean.bounce import formats
from scatterclean.model import MAX_REFERENCES, Kind, Weight

HEAD = b"""\
Return-Path: <>
From: MAILER-DAEMON@mx.example.net
To: ada@example.org
Subject: failure notice
"""
COPY = b"""\
From: ada@example.org
To: olga@example.net
Subject: hi
Message-ID: <hi-1@example.org>

hi
"""


@pytest.fixture
def plug_in(tmp_path: Path) -> Iterator[Path]:
    """A directory whose modules are formats for the time of a test."""
    formats.__path__.append(str(tmp_path))
    formats.all_formats.cache_clear()
    yield tmp_path
    formats.__path__.remove(str(tmp_path))
    formats.all_formats.cache_clear()
    for path in tmp_path.glob("*.py"):
        sys.modules.pop(f"{formats.__name__}.{path.stem}", None)


def test_a_format_is_one_file_and_is_found_by_itself(plug_in: Path) -> None:
    (plug_in / "pigeons.py").write_text(
        "from scatterclean.bounce.found import Cited\n"
        "from scatterclean.model import Weight\n"
        "def find(message, kind):\n"
        "    yield Cited('ring-7@loft.example', Weight.WEAK, 'ring')\n"
    )
    found = bounce.read(HEAD + b"\n" + COPY)
    assert found is not None
    assert [(ref.id.text, ref.found_in) for ref in found.references] == [
        ("hi-1@example.org", "pasted header"),
        ("ring-7@loft.example", "ring"),
    ]


def test_a_format_that_raises_is_named_and_the_others_are_heard(plug_in: Path) -> None:
    (plug_in / "broken.py").write_text(
        "def find(message, kind):\n    raise ValueError('a secret')\n    yield\n"
    )
    found = bounce.read(HEAD + b"\n" + COPY)
    assert found is not None
    assert found.stumbled == ("broken: ValueError",)
    assert [ref.id.text for ref in found.references] == ["hi-1@example.org"]


def test_a_giant_is_read_by_its_beginning() -> None:
    giant = HEAD + b"\n" + COPY + b"x" * 76 * 1024 * 700
    tracemalloc.start()
    found = bounce.read(giant)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found is not None
    assert [ref.id.text for ref in found.references] == ["hi-1@example.org"]
    assert peak < len(giant) / 4


def test_references_are_bounded_and_what_was_returned_comes_first() -> None:
    many = b" ".join(b"<%d@example.org>" % number for number in range(200))
    found = bounce.read(HEAD + b"References: " + many + b"\n\n" + COPY)
    assert found is not None
    assert len(found.references) == MAX_REFERENCES
    assert found.references[0].id.text == "hi-1@example.org"


@pytest.mark.parametrize(
    "written",
    [
        "ada@example.org",
        "Ada <ADA@example.org>",
        "prvs=3123abcdef=ada@example.org",
        "btv1==123abc==ada@example.org",
        "SRS0=Xk3f=7B=example.org=ada@forward.example.com",
        "SRS1=aB3d=first.example.com==Xk3f=7B=example.org=ada@second.example.com",
    ],
)
@pytest.mark.parametrize("name", ["Delivered-To", "X-Original-To", "Envelope-To", "To"])
def test_the_address_that_a_bounce_came_to_is_unwrapped(name: str, written: str) -> None:
    found = bounce.read(
        f"{name}: {written}\nReturn-Path: <>\nFrom: MAILER-DAEMON\nSubject: failure notice\n\n".encode()
        + COPY
    )
    assert found is not None
    assert found.delivered_to == ("ada@example.org",)


def test_the_hops_of_the_bounce_and_of_the_original_are_kept_apart() -> None:
    found = bounce.read(
        b"Received: from mx by ours; Tue, 3 Mar 2026 10:15:05 +0100\n"
        + HEAD
        + b"\nReceived: from bot\n\tby mx;\n"
        + COPY
    )
    assert found is not None
    assert found.received == ("from mx by ours; Tue, 3 Mar 2026 10:15:05 +0100",)
    assert found.original.received == ("from bot by mx;",)
    assert not found.original.dkim_signed


def test_a_signature_in_the_returned_header_is_seen() -> None:
    found = bounce.read(HEAD + b"\nDKIM-Signature: v=1; d=example.org;\n\tb=abc\n" + COPY)
    assert found is not None
    assert found.original.dkim_signed


def test_in_reply_to_of_a_bounce_is_weak_since_it_may_be_what_the_original_answered() -> None:
    found = bounce.read(
        HEAD + b"In-Reply-To: <earlier@example.org>\n\n<olga@example.net>:\nno mailbox (#5.1.1)\n"
    )
    assert found is not None
    assert found.kind is Kind.BOUNCE
    (ref,) = found.references
    assert (ref.id.text, ref.weight, ref.by_reply) == ("earlier@example.org", Weight.WEAK, True)


def test_candidates_are_told_from_the_fetched_fields_alone() -> None:
    assert bounce.candidate(HEAD)
    assert not bounce.candidate(b"From: Olga <olga@example.net>\r\nSubject: lunch\r\n\r\n")
    assert not bounce.candidate(b"")


@pytest.mark.parametrize("raw", [b"", b"\n\n\n", b"\x00", b"From", b"\xef\xbb\xbf", b"Return-Path: <>"])
def test_scraps_are_ordinary_mail(raw: bytes) -> None:
    assert bounce.read(raw) is None


def test_messages_within_messages_without_end_are_read_to_a_bounded_depth() -> None:
    shell = (
        b"From: a@example.org\nSubject: undeliverable\nContent-Type: multipart/mixed; boundary=b%d\n\n"
        b"--b%d\n\ncould not be delivered to olga@example.net\n--b%d\nContent-Type: message/rfc822\n\n"
    )
    nest = b"".join(shell % (number, number, number) for number in range(3000))
    assert bounce.candidate(nest)
    bounce.read(nest)  # raised RecursionError once
    found = bounce.read(HEAD + b"Content-Type: message/rfc822\n\n" + nest)
    assert found is not None
    assert found.stumbled == ()
    assert max((ref.level for ref in found.references), default=0) <= bounce.MAX_LEVEL


@pytest.mark.parametrize(
    ("telling", "weight"),
    [
        (b"Subject: Absent in August\n", Weight.WEAK),  # some servers leave a null path on people's answers
        (b"Subject: Absent in August\nAuto-Submitted: auto-replied\n", Weight.STRONG),
        (b"Subject: Absent in August\nPrecedence: bulk\n", Weight.STRONG),
        (b"Subject: Automatic reply: shed\n", Weight.STRONG),
        (b"Subject: Olga Sommer is out of the office.\n", Weight.STRONG),
    ],
)
def test_what_an_absence_answers_is_strong_only_where_a_program_says_that_it_wrote_it(
    telling: bytes, weight: Weight
) -> None:
    head = b"Return-Path: <>\nFrom: Olga <olga@example.net>\nTo: ada@example.org\nIn-Reply-To: <shed-1@example.org>\n"
    found = bounce.read(head + telling + b"\nback in September\n")
    assert found is not None
    assert [(ref.id.text, ref.weight) for ref in found.references] == [("shed-1@example.org", weight)]
