"""Hosts of links and names of files in what a bounce returns: found in any packing, bounded, and never an error."""

from __future__ import annotations

import base64
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatterclean import bounce
from scatterclean.bounce.lures import lures
from scatterclean.headers import Header
from scatterclean.model import MAX_FILES, MAX_LINKS, Original

REPORT = """Return-Path: <>
From: MAILER-DAEMON@mx.elsewhere.example
To: ada@winter.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="B1"

--B1
Content-Type: text/plain

<nobody@elsewhere.example>: 550 5.1.1 User unknown, see http://help.elsewhere.example/

--B1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.elsewhere.example

Final-Recipient: rfc822; nobody@elsewhere.example
Action: failed

--B1
Content-Type: message/rfc822

Received: from a.example by b.example; Mon, 23 Nov 2026 09:00:00 +0000
From: ada@winter.example
To: nobody@elsewhere.example
Subject: Cheap watches
Message-ID: <1@spam.example>
{fields}
{body}
--B1--
"""


def returned(body: bytes, fields: str = "") -> Original:
    """What is read of a bounce that returns a message with this body and these fields beside the usual."""
    head, _, tail = REPORT.format(fields=fields, body="BODY").encode().partition(b"BODY")
    found = bounce.read(head + body + tail)
    assert found is not None
    return found.original


def test_links_in_plain_text_are_told_by_host() -> None:
    found = returned(
        b"Buy at HTTP://Shop.Watches.example:8080/a?b=http://inner.example or https://user:pw@evil.example#x\n"
        b"ftp://198.51.100.7/f, http://[2001:db8::1]/ and http://gr\xc3\xb6sse.example. Again http://shop.watches.example/b"
    )
    assert found.body
    assert found.links == (
        *("shop.watches.example", "inner.example", "evil.example"),
        *("198.51.100.7", "[2001:db8::1]", "größe.example".replace("ß", "ss")),
    )


@pytest.mark.parametrize(
    "text", [b"mailto:a@b.example", b"gopher://old.example/", b"://x.example", b"http://x", b"http:// a.b"]
)
def test_what_is_no_link_names_no_host(text: bytes) -> None:
    assert returned(text).links == ()


def test_quoted_printable_is_undone() -> None:
    body = quopri.encodestring(b"a" * 60 + b" http://shop.watches.example/path <a href=3D>")
    assert b"=\n" in body
    found = returned(
        body.replace(b"watches", b"w=61tches"),
        "Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n",
    )
    assert found.links == ("shop.watches.example",)


def test_base64_is_undone() -> None:
    body = base64.encodebytes(b'<a href="https://login.bank.example/">x</a>')
    found = returned(body, "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: BASE64\n")
    assert found.links == ("login.bank.example",)


def test_entities_in_html_hide_no_link() -> None:
    found = returned(b'<a href="http&#58;&#47;&#47;evil&#46;example/">x</a>', "Content-Type: text/html\n")
    assert found.links == ("evil.example",)


PACKED = b"""--I
Content-Type: text/plain
Content-Transfer-Encoding: base64

%s
--I
Content-Type: application/zip; name="invoice.zip"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="=?utf-8?q?invoice=2Ezip?="

UEsDBA==
--I
Content-Type: image/png
Content-Transfer-Encoding: base64

aaaa
--I--
"""


def test_attachments_are_told_by_name_or_by_type_and_are_not_searched() -> None:
    text = base64.encodebytes(b"see http://shop.watches.example/").strip()
    found = returned(PACKED % text, 'Content-Type: multipart/mixed; boundary="I"\n')
    assert found.links == ("shop.watches.example",)
    assert found.files == (("invoice.zip", "application/zip"), ("", "image/png"))


def test_alternatives_without_files_are_searched_as_they_lie() -> None:
    body = (
        b"--I\nContent-Type: text/plain\n\nhttp://one.example/\n"
        b"--I\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n"
        b'<a href=3D"http://two.exa=\nmple/">\n--I--\n'
    )
    assert returned(body, 'Content-Type: multipart/alternative; boundary="I"\n').links == (
        "one.example",
        "two.example",
    )


def test_a_header_alone_tells_nothing_of_a_body() -> None:
    found = returned(b"")
    assert (found.body, found.links, found.files) == (False, (), ())


def test_the_notice_of_the_server_is_not_searched() -> None:
    assert "help.elsewhere.example" not in returned(b"http://shop.watches.example/").links


def test_hosts_and_files_are_bounded_in_number_and_length() -> None:
    many = b"\n".join(b"http://h%d.example/" % number for number in range(500))
    assert len(returned(many).links) == MAX_LINKS
    assert returned(b"http://" + b"a" * 5000 + b".example/").links == ()
    file = b'--I\nContent-Type: application/x; name="%d%s.exe"\n\nx\n'
    found = returned(
        b"".join(file % (number, b"n" * 400) for number in range(50)) + b"--I--\n",
        'Content-Type: multipart/mixed; boundary="I"\n',
    )
    assert len(found.files) == MAX_FILES
    assert max(len(name) for name, _ in found.files) <= 120


def test_hostile_hosts_stay_as_they_stand_and_end_where_a_host_ends() -> None:
    found = returned("http://a\u202eb.example/ http://<script>.example/ http://x\x1b[31m.example".encode())
    assert found.links[0] == "a\u202eb.example"
    assert not any(c in host for host in found.links for c in "<>/ ")


@given(
    st.binary(max_size=400),
    st.sampled_from(["", "base64", "quoted-printable", "x-uuencode", "8bit"]),
    st.booleans(),
)
def test_no_body_is_an_error(body: bytes, encoding: str, multipart: bool) -> None:
    kind = 'multipart/mixed; boundary="I"' if multipart else "text/html; charset=utf-16"
    block = f"Content-Type: {kind}\nContent-Transfer-Encoding: {encoding}".encode()
    found = lures(Header(block), block, b"http://a.example/\n--I\nContent-Type: text/plain\n\n" + body)
    assert len(found.links) <= MAX_LINKS
    assert len(found.files) <= MAX_FILES
