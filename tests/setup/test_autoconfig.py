"""The XML that strangers publish: only encrypted IMAP counts, and nothing in it can do harm."""

from __future__ import annotations

import pytest

from scatterclean.config import Tls
from scatterclean.setup.autoconfig import addresses_of, servers_in
from scatterclean.setup.web import NoPage


def settings(**values: str) -> bytes:
    known = {
        "hostname": "imap.winter.example",
        "port": "993",
        "socketType": "SSL",
        "authentication": "password-cleartext",
        "username": "%EMAILADDRESS%",
    } | values
    inner = "".join(f"<{key}>{value}</{key}>" for key, value in known.items())
    server = f'<incomingServer type="imap">{inner}</incomingServer>'
    return f"<clientConfig><emailProvider>{server}</emailProvider></clientConfig>".encode()


def test_both_kinds_of_encryption_are_understood() -> None:
    [implicit] = servers_in(settings())
    [starttls] = servers_in(settings(socketType="STARTTLS", port="143"))
    assert (implicit.tls, implicit.port) == (Tls.IMPLICIT, 993)
    assert (starttls.tls, starttls.port) == (Tls.STARTTLS, 143)
    assert implicit.user("ada@winter.example") == "ada@winter.example"


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (settings(socketType="plain", port="143"), "without encryption"),
        (settings(authentication="NTLM"), "no IMAP server"),
        (settings(hostname="imap.winter.example evil"), "no IMAP server"),
        (settings(hostname=""), "no IMAP server"),
        (settings(port="70000"), "no IMAP server"),
        (settings(port="-1"), "no IMAP server"),
        (settings(username="a&#10;b"), "no IMAP server"),
        (b"<html><body>Welcome!</body></html>", "no IMAP server"),
        (b"not xml at all", "no proper XML"),
        (b"", "no proper XML"),
        (b'<?xml version="1.0" encoding="no-such-code"?><a/>', "no proper XML"),
        (b"<a>" * 3000, "more elements"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type"),
        (b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><a>&c;</a>', "document type"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(page: bytes, why: str) -> None:
    with pytest.raises(NoPage, match=why):
        servers_in(page)


@pytest.mark.parametrize("ways", ["OAuth2", "OAuth2</authentication><authentication>password-cleartext"])
def test_a_server_that_wants_oauth_is_one_that_can_be_logged_in_to(ways: str) -> None:
    assert len(servers_in(settings(authentication=ways))) == 1


def test_settings_are_asked_for_by_https_alone() -> None:
    assert all(url.startswith("https://") for url in addresses_of("ada@winter.example"))


def test_an_address_cannot_reach_out_of_its_place_in_the_url() -> None:
    first, _ = addresses_of("a&b#c/../?d@winter.example")
    assert first == (
        "https://autoconfig.winter.example/mail/config-v1.1.xml?emailaddress=a%26b%23c%2F..%2F%3Fd@winter.example"
    )
