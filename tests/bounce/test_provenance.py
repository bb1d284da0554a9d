"""What a bounce says of who made the original, and what filters said of the bounce: kept as it stands, bounded."""

from __future__ import annotations

import pytest

from scatterclean import bounce
from scatterclean.model import MAX_HOP, MAX_HOPS, Bounce, Checked, Signature


def read(returned: str, outer: str = "") -> Bounce:
    raw = f"""Return-Path: <>
From: MAILER-DAEMON@mx.elsewhere.example (Mail Delivery System)
To: ada@winter.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
{outer}MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.elsewhere.example

Final-Recipient: rfc822; bob@elsewhere.example
Action: failed
Status: 5.1.1

--b
Content-Type: message/rfc822

{returned}From: ada@winter.example
To: bob@elsewhere.example
Subject: hello
Message-ID: <1@winter.example>

hello
--b--
"""
    found = bounce.read(raw.encode("utf-8", "surrogateescape"))
    assert found is not None
    return found


SIGNED = "DKIM-Signature: v=1; a=rsa-sha256;\n\td=Winter.Example; s=Key-1; h=From:To;\n\tbh=d=x; b=s=y\n"


def test_domain_and_selector_of_each_signature_are_read_unchecked() -> None:
    other = "DKIM-Signature: d = relay.example. ;s= s2 ; b=abc\n"
    assert read(SIGNED + other).original.dkim == (
        Signature("winter.example", "key-1", Checked.UNKNOWN),
        Signature("relay.example", "s2", Checked.UNKNOWN),
    )


@pytest.mark.parametrize(
    "field",
    [
        "DKIM-Signature: nonsense",
        "DKIM-Signature: d=; s=x",
        "DKIM-Signature: s=x",
        "X-DKIM: d=winter.example",
        "",
    ],
)
def test_what_names_no_domain_is_no_signature(field: str) -> None:
    assert read(field and field + "\n").original.dkim == ()


def test_signatures_are_bounded_in_number_and_length() -> None:
    found = read(SIGNED * 20 + "DKIM-Signature: d=" + "x" * 5000 + "\n").original
    assert len(found.dkim) == 8
    long = read("DKIM-Signature: d=" + "x" * 5000 + "; s=" + "y" * 5000 + "\n").original.dkim
    assert all(len(each.domain) <= 253 and len(each.selector) <= 253 for each in long)


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated (vacation)",
        "auto-submitted: no-way",
        "X-Autoreply: yes",
        "X-Autorespond: hello",
        "Precedence: auto_reply",
        "Content-Type: text/calendar; method=REPLY",
        "Content-Class: urn:content-classes:calendarmessage",
        "Content-Type: multipart/report;\n\treport-type=disposition-notification; boundary=c",
    ],
)
def test_a_program_wrote_the_original(field: str) -> None:
    assert read(field + "\n").original.automatic


@pytest.mark.parametrize(
    "field",
    [
        "",
        "Auto-Submitted: no",
        "Auto-Submitted: No (a person)",
        "X-Auto-Response-Suppress: OOF",
        "Precedence: bulk",
        "Precedence: list",
        "Content-Type: multipart/mixed; boundary=c",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Class: urn:content-classes:message",
    ],
)
def test_a_person_wrote_the_original(field: str) -> None:
    assert not read(field and field + "\n").original.automatic


def test_marks_of_filters_are_those_of_the_bounce_itself() -> None:
    outer = "Authentication-Results: mx.winter.example; spf=none\nX-Backscatter: yes\nX-Spam-Status: No, score=1\n"
    found = read("X-Backscatter: no\nX-Batv-Status: pasted\n", outer)
    assert found.marks == (
        "Authentication-Results: mx.winter.example; spf=none",
        "X-Backscatter: yes",
        "X-Spam-Status: No, score=1",
    )


def test_marks_are_bounded_in_number_and_length() -> None:
    found = read("", "X-Backscatter: " + "y" * 5000 + "\n" + "Authentication-Results: x\n" * 50)
    assert len(found.marks) == 10
    assert all(len(mark) <= 300 for mark in found.marks)


def test_received_lines_are_bounded_in_number_and_length() -> None:
    found = read("Received: " + "x" * 9000 + "\n" + "Received: from a by b\n" * 300)
    assert len(found.original.received) == MAX_HOPS
    assert len(found.original.received[0]) == MAX_HOP


def test_a_looping_message_keeps_the_line_at_its_bottom() -> None:
    """MTAs give up after 25 to 100 hops; who sent it stands in the last line."""
    loop = "Received: from a.elsewhere.example by b.elsewhere.example\n" * 60
    last = "from laptop by smtp.winter.example with ESMTPSA"
    assert read(loop + f"Received: {last}\n").original.received[-1] == last
