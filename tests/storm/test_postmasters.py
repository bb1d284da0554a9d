"""The note to a postmaster: what it says, to whom, and that no stranger writes in it."""

from __future__ import annotations

import re
import unicodedata

import pytest

from scatterclean.model import Kind
from scatterclean.wording.postmasters import NAME, note, postmaster

from .made import bouncer, hostile_bouncer


def test_it_says_what_happened_when_how_often_and_by_which_message_the_log_finds_it() -> None:
    letter = note(bouncer(ip="193.0.6.139"))
    assert letter.to == "postmaster@mail.example"
    assert letter.subject == "Your mail server mx1.mail.example sends bounces to forged senders"
    for line in (
        "  Server: mx1.mail.example [193.0.6.139]",
        "  Number: 12 bounces, 3 automatic replies",
        "  First: 2026-11-23 14:30:00 +0100",
        "  Last: 2026-11-23 20:27:00 +0100",
        "  Message-ID of one of them: <20261123.1@mx1.mail.example>",
        "  Status: 5.1.1, 5.2.2",
        "  It says: smtp; 550 5.1.1 User unknown",
        "  Could not be delivered to: nobody@mail.example",
    ):
        assert line in letter.text.splitlines()
    assert "Named by" not in letter.text


def test_it_is_signed_by_nobody_and_every_line_of_prose_fits_a_mailer() -> None:
    lines = note(bouncer()).text.splitlines()
    assert lines[-1] == NAME
    assert lines[0] == "Hello,"
    assert max(len(line) for line in lines if not line.startswith("  ")) <= 72


@pytest.mark.parametrize(
    ("kinds", "says", "says_not"),
    [
        ({Kind.BOUNCE: 1}, "550 to RCPT TO", "automatic replies answer"),
        ({Kind.AUTOREPLY: 2}, "automatic replies answer", "550 to RCPT TO"),
        ({Kind.NOTICE: 2}, "Switch off notices", "550 to RCPT TO"),
        ({Kind.CHALLENGE: 2}, "Send no challenge", "550 to RCPT TO"),
        ({}, "550 to RCPT TO", "Send no challenge"),
    ],
)
def test_what_is_asked_for_fits_what_the_server_sends(
    kinds: dict[Kind, int], says: str, says_not: str
) -> None:
    text = " ".join(note(bouncer(kinds=kinds)).text.split())
    assert says in text
    assert says_not not in text
    assert "refuse there. Send no bounce and no notice about what is found later (RFC 5321, 6.2)" in text
    assert "Check SPF and DMARC before you accept" in text


def test_the_subject_names_what_the_server_sends() -> None:
    assert "sends automatic replies to" in note(bouncer(kinds={Kind.AUTOREPLY: 2})).subject
    assert "sends automatic mail to" in note(bouncer(kinds={Kind.NOTICE: 2})).subject


@pytest.mark.parametrize(
    ("host", "domain", "ip", "to"),
    [
        ("mx1.mail.example", "mail.example", "", "postmaster@mail.example"),
        ("MX1.Mail.Example.", "", "", "postmaster@mx1.mail.example"),
        ("mx", "bücher.example", "", "postmaster@xn--bcher-kva.example"),
        ("localhost", "", "193.0.6.139", "postmaster@[193.0.6.139]"),
        ("localhost", "", "2001:67c:2e8:22::c100:68b", "postmaster@[IPv6:2001:67c:2e8:22::c100:68b]"),
        ("localhost", "", "127.0.0.1", ""),
        ("192.168.1.1", "192.168.1.1", "192.168.1.1", ""),
        ("a@b.example", "c d.example", "", ""),
        ("mx.example\r\nBcc: x@example.org", "x.example\n", "", "postmaster@x.example"),
        ("", "", "", ""),
        ("x" * 300 + ".example", "é" * 300, "nonsense", ""),
    ],
)
def test_the_address_is_one_that_mail_can_go_to_or_none(host: str, domain: str, ip: str, to: str) -> None:
    assert postmaster(bouncer(host, domain=domain, ip=ip)) == to


def test_a_server_without_a_name_is_known_by_its_address() -> None:
    letter = note(bouncer("", domain="", ip="193.0.6.139"))
    assert letter.subject == "Your mail server [193.0.6.139] sends bounces to forged senders"
    assert "  Server: [193.0.6.139]" in letter.text
    assert note(bouncer("", domain="", ip="")).subject == "Your mail server sends bounces to forged senders"
    assert "  Server: (without a name)" in note(bouncer("", domain="", ip="")).text


def test_lists_that_name_it_are_named() -> None:
    assert "  Named by: ips.backscatterer.org\n" in note(bouncer(listed=("ips.backscatterer.org",))).text


def test_whatever_strangers_wrote_no_header_is_forged_no_line_begun_and_no_link_sent() -> None:
    letter = note(hostile_bouncer())
    assert letter.to == ""
    assert letter.subject == "Your mail server sends bounces to forged senders"
    ours = note(bouncer(listed=("a",))).text.splitlines()
    labels = [line.partition(":")[0] for line in ours if line.startswith("  ") and "://" not in line]
    found = [line for line in letter.text.splitlines() if line not in ours]
    assert found
    assert {line.partition(":")[0] for line in found} <= set(labels)
    for character in letter.text.replace("\n", ""):
        assert unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert "https://evil" not in letter.text
    assert "www.evil" not in letter.text
    assert max(map(len, letter.text.splitlines())) < 500
    assert not re.search(r"^Bcc", letter.text, re.MULTILINE)
