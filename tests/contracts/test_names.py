"""What every implementation of `ports.Names` promises: the one in memory, and DNS against a server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from scatterclean.model import Checked, Signature
from scatterclean.names import DnsNames, MemoryNames, NoNames
from scatterclean.ports import Names
from tests.names.letters import DOMAIN, KEY_NAME, LETTER, NOW, OWN, PUBLIC, SELECTOR, lf, signed
from tests.names.server import Zone, loopback_dns, quoted

ZONE: Zone = {
    DOMAIN: {"TXT": [quoted("v=spf1 ip4:192.0.2.0/25 ip6:2001:db8::/32 -all")]},
    KEY_NAME: {"TXT": [quoted(PUBLIC)]},
    f"revoked._domainkey.{DOMAIN}": {"TXT": [quoted("v=DKIM1; p=")]},
    f"silent._domainkey.{DOMAIN}": "servfail",
    "silent.example": "servfail",
}
NETWORKS = ("192.0.2.0/25", "2001:db8::/32")


@pytest.fixture(params=["memory", "dns"])
def names(request: pytest.FixtureRequest) -> Iterator[Names]:
    if request.param == "memory":
        yield MemoryNames(
            {DOMAIN: NETWORKS, "silent.example": None},
            {
                KEY_NAME: PUBLIC,
                f"revoked._domainkey.{DOMAIN}": "v=DKIM1; p=",
                f"silent._domainkey.{DOMAIN}": None,
            },
            clock=lambda: NOW,
        )
        return
    with ExitStack() as stack:
        server = stack.enter_context(loopback_dns(ZONE))
        yield DnsNames(["127.0.0.1"], server.port, clock=lambda: NOW)


def checked(names: Names, message: bytes, *, whole: bool = True) -> list[Checked]:
    return [each.checked for each in names.verify(message, whole, OWN)]


def test_networks_are_those_of_the_record(names: Names) -> None:
    assert names.networks(DOMAIN) == NETWORKS
    assert names.networks("Example.ORG.") == NETWORKS


@pytest.mark.parametrize("domain", ["silent.example", "nowhere.example", "", "..", "x" * 300, "a b\x00c"])
def test_networks_of_whom_nobody_knows_are_unknown(names: Names, domain: str) -> None:
    assert names.networks(domain) is None


@pytest.mark.parametrize("line_ends", ["CRLF", "LF"])
@pytest.mark.parametrize("how", [(b"relaxed", b"relaxed"), (b"simple", b"simple"), (b"relaxed", b"simple")])
def test_a_signature_holds_over_the_whole_message(
    names: Names, how: tuple[bytes, bytes], line_ends: str
) -> None:
    message = signed(how=how)
    if line_ends == "LF":
        message = lf(message)
    assert names.verify(message, True, OWN) == (Signature(DOMAIN, SELECTOR, Checked.PASS),)


def test_a_header_alone_that_holds_is_unknown_for_the_body_was_not_seen(names: Names) -> None:
    header = signed().partition(b"\r\n\r\n")[0] + b"\r\n"
    assert checked(names, header, whole=False) == [Checked.UNKNOWN]
    assert checked(names, signed(), whole=False) == [Checked.UNKNOWN], "what is there may not be all"


@pytest.mark.parametrize("whole", [True, False])
def test_a_header_that_was_altered_fails(names: Names, whole: bool) -> None:
    forged = signed().replace(b"Minutes", b"Pills")
    assert checked(names, forged, whole=whole) == [Checked.FAIL]


def test_a_body_that_was_altered_or_cut_is_unknown(names: Names) -> None:
    # Postfix up to 2.4 and others cut a returned body without a word: that accuses nobody.
    assert checked(names, signed().replace(b"here they are.", b"here")) == [Checked.UNKNOWN]


@pytest.mark.parametrize("selector", ["invented", "revoked"])
def test_a_key_that_the_domain_does_not_have_fails(names: Names, selector: str) -> None:
    assert checked(names, signed(selector=selector)) == [Checked.FAIL]


def test_a_key_of_which_nobody_answers_is_unknown(names: Names) -> None:
    assert checked(names, signed(selector="silent")) == [Checked.UNKNOWN]


def test_signatures_of_other_domains_are_not_asked_for(names: Names) -> None:
    theirs = signed(domain="example.net")
    assert names.verify(theirs, True, OWN) == ()
    assert names.verify(signed(), True, frozenset()) == ()
    assert names.verify(signed(domain="notexample.org"), True, OWN) == ()


def test_a_signature_below_an_own_domain_is_checked(names: Names) -> None:
    (found,) = names.verify(signed(domain="mail.example.org"), True, OWN)
    assert found == Signature("mail.example.org", SELECTOR, Checked.FAIL)  # no such key


def test_unsigned_mail_has_no_signatures(names: Names) -> None:
    assert names.verify(LETTER, True, OWN) == ()
    assert names.verify(b"", True, OWN) == ()


def test_without_dns_everything_is_unknown_but_signatures_are_seen() -> None:
    names: Names = NoNames()
    assert names.networks(DOMAIN) is None
    assert names.verify(signed(), True, OWN) == (Signature(DOMAIN, SELECTOR, Checked.UNKNOWN),)
