"""What a returned message holds is named, bounded, and never fetched; whatever the bytes are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatterclean.bounce.contents import MAX_LINK, MAX_NAMED, Attachment, Contents, contents

SPAM = """From: ada@winter.example\r
To: nobody@elsewhere.example\r
Subject: Invoice\r
Message-ID: <forged.1@spam.example>\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary="S"\r
\r
--S\r
Content-Type: text/plain; charset=utf-8\r
Content-Transfer-Encoding: quoted-printable\r
\r
Pay at http://evil.example/pay?a=3D1, or (https://evil.example/b).\r
Again: http://evil.example/pay?a=3D1\r
--S\r
Content-Type: text/html; charset=utf-8\r
\r
<a href="https://click.example/?x=1&amp;y=2">your bank</a> and www.bank.example\r
--S\r
Content-Type: application/octet-stream; name="invoice.pdf.exe"\r
Content-Disposition: attachment; filename="invoice.pdf.exe"\r
Content-Transfer-Encoding: base64\r
\r
TVqQ\r
--S\r
Content-Type: application/pdf\r
Content-Disposition: attachment; filename*=utf-8''Rechnung%20M%C3%A4rz.pdf\r
\r
x\r
--S--\r
"""


def bounced(original: str, part: str = "message/rfc822") -> bytes:
    return (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.elsewhere.example\r\nTo: ada@winter.example\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B1"\r\n\r\n'
        "--B1\r\nContent-Type: text/plain\r\n\r\nSorry. See https://help.elsewhere.example/\r\n\r\n"
        "--B1\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.elsewhere.example\r\n\r\n"
        "Final-Recipient: rfc822; nobody@elsewhere.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--B1\r\nContent-Type: {part}\r\n\r\n{original}\r\n--B1--\r\n"
    ).encode()


def mixed(*parts: str) -> str:
    head = SPAM.partition("--S\r\n")[0]
    return head + "".join(f"--S\r\n{part}\r\n" for part in parts) + "--S--\r\n"


def test_links_and_attachments_of_the_returned_message_are_named_and_not_those_of_the_notice() -> None:
    found = contents(bounced(SPAM))
    assert found.links == (
        "http://evil.example/pay?a=1",
        "https://evil.example/b",
        "https://click.example/?x=1&y=2",
        "www.bank.example",
    )
    assert [(a.name, a.dangerous) for a in found.attachments] == [
        ("invoice.pdf.exe", True),
        ("Rechnung März.pdf", False),
    ]
    assert (found.more_links, found.more_attachments, found.cut) == (0, 0, False)


def test_where_only_the_header_came_back_there_is_nothing_to_name() -> None:
    assert not contents(bounced(SPAM.partition("\r\n\r\n")[0], "text/rfc822-headers"))


def test_ordinary_mail_holds_nothing_that_was_returned() -> None:
    assert contents(SPAM.encode()) == Contents()


def test_what_was_cut_off_says_so() -> None:
    raw = bounced(SPAM)
    assert contents(raw[:-150], complete=False).cut


def test_links_and_attachments_are_counted_beyond_those_that_are_kept() -> None:
    text = " ".join(f"http://h{n}.example/" for n in range(MAX_NAMED + 7))
    found = contents(bounced(mixed(f"Content-Type: text/plain\r\n\r\n{text}")))
    assert (len(found.links), found.more_links) == (MAX_NAMED, 7)
    many = [f'Content-Type: image/png; name="{n}.png"\r\n\r\nx' for n in range(55)]
    found = contents(bounced(mixed(*many)))
    assert (len(found.attachments), found.more_attachments) == (MAX_NAMED, 5)


def test_a_link_without_end_is_cut() -> None:
    [link] = contents(bounced(mixed(f"Content-Type: text/plain\r\n\r\nhttp://{'a' * 1500}"))).links
    assert len(link) == MAX_LINK


@pytest.mark.parametrize(
    "name",
    ["a.exe", "a.pdf.EXE", "a.js", "a.html", "a.zip", "a.exe .", "a.docm", "a.lnk", "annexe\u202efdp.png"],
)
def test_types_by_which_malware_travels_are_dangerous_however_they_are_written(name: str) -> None:
    assert Attachment(name, "application/octet-stream").dangerous


@pytest.mark.parametrize("name", ["a.png", "exe", "notes.txt", "html.jpeg", "", ".zip.txt"])
def test_other_types_are_not(name: str) -> None:
    assert not Attachment(name, "image/png").dangerous


def test_without_a_name_the_media_type_tells() -> None:
    assert Attachment("", "application/zip").dangerous
    assert not Attachment("", "image/png").dangerous


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ('attachment; filename="=?utf-8?q?M=C3=A4rz=2Eexe?="', "März.exe"),
        ("attachment; filename*0*=utf-8''M%C3%A4; filename*1=\"rz.\"; filename*2=exe", "März.exe"),
        ("attachment; filename=plain.exe", "plain.exe"),
        ("attachment", ""),
    ],
)
def test_names_are_read_as_mail_programs_read_them(field: str, name: str) -> None:
    part = f"Content-Type: application/octet-stream\r\nContent-Disposition: {field}\r\n\r\nx"
    [found] = contents(bounced(mixed(part))).attachments
    assert found.name == name


@given(st.binary(max_size=400), st.integers(0, 2000))
def test_it_never_raises_and_stays_bounded(junk: bytes, at: int) -> None:
    raw = bounced(SPAM)
    found = contents(raw[:at] + junk + raw[at:])
    assert len(found.links) <= MAX_NAMED
    assert len(found.attachments) <= MAX_NAMED
    assert all(len(link) <= MAX_LINK for link in found.links)
