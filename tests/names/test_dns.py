"""Look-ups over the wire: what is no answer is unknown, what is known is remembered, and silence costs little."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scatterclean.model import Checked
from scatterclean.names import DnsNames
from scatterclean.names.dns import Dns
from tests.names.letters import DOMAIN, KEY_NAME, OWN, PUBLIC, signed
from tests.names.server import LoopbackDns, Zone, loopback_dns, quoted

ZONE: Zone = {
    "a.example": {
        "TXT": ['"one " "text"', '"\\255"'],
        "A": ["192.0.2.1", "192.0.2.2"],
        "AAAA": ["2001:db8::1"],
        "MX": ["10 mx.a.example.", "20 mx2.a.example."],
    },
    "null.example": {"MX": ["0 ."]},
    "empty.example": {},
    "alias.example": {"CNAME": ["a.example."]},
    "loop.example": {"CNAME": ["pool.example."]},
    "pool.example": {"CNAME": ["loop.example."]},
    "big.example": {"TXT": [quoted("x" * 60_000)]},
    "broken.example": "servfail",
    "garbage.example": "garbage",
    "silent.example": "silent",
    "half.example": {"A": ["192.0.2.1"]},
}


class Clock:
    """Seconds that pass when told so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def dns_of(server: LoopbackDns, clock: Clock | None = None, patience: float = 2.0) -> Dns:
    return Dns(["127.0.0.1"], server.port, patience=patience, clock=clock or Clock())


def test_records_are_read() -> None:
    with loopback_dns(ZONE) as server:
        dns = dns_of(server)
        assert sorted(dns.texts("A.example.") or ()) == ["one text", "\xff"]
        assert dns.addresses("a.example") == ("192.0.2.1", "192.0.2.2", "2001:db8::1")
        assert dns.exchangers("a.example") == ("mx.a.example", "mx2.a.example")
        assert dns.exchangers("null.example") == ()
        assert dns.addresses("alias.example") == ("192.0.2.1", "192.0.2.2", "2001:db8::1")
        assert dns.addresses("half.example") == ("192.0.2.1",)


def test_an_answer_too_long_for_udp_is_fetched_over_tcp() -> None:
    with loopback_dns(ZONE) as server:
        assert dns_of(server).texts("big.example") == ("x" * 60_000,)


@pytest.mark.parametrize(
    "name", ["nowhere.example", "empty.example", "x" * 64 + ".example", "a..example", "y." * 200]
)
def test_a_name_that_has_no_such_records_has_none(name: str) -> None:
    with loopback_dns(ZONE) as server:
        assert dns_of(server).texts(name) == ()


@pytest.mark.parametrize("name", ["broken.example", "loop.example", "garbage.example"])
def test_what_is_no_answer_is_unknown(name: str) -> None:
    with loopback_dns(ZONE) as server:
        assert dns_of(server, patience=0.3).texts(name) is None


def test_answers_are_remembered_for_their_time_and_within_bounds() -> None:
    clock = Clock()
    for ttl, kept, gone in ((300, 299, 301), (0, 59, 61), (10_000_000, 3599, 3601)):
        with loopback_dns(ZONE, ttl) as server:
            dns = dns_of(server, clock)
            for after, asked in ((0, 1), (kept, 1), (gone - kept, 2)):
                clock.now += after
                assert dns.exchangers("a.example") is not None
                assert len(server.asked) == asked


def test_that_there_is_none_is_remembered_for_a_minute() -> None:
    clock = Clock()
    with loopback_dns(ZONE) as server:
        dns = dns_of(server, clock)
        for name in ("nowhere.example", "broken.example"):
            server.asked.clear()
            dns.texts(name)
            clock.now += 59
            dns.texts(name)
            assert len(server.asked) == 1
            clock.now += 2
            dns.texts(name)
            assert len(server.asked) == 2


def test_while_nobody_answers_nobody_is_asked_for_a_minute() -> None:
    clock = Clock()
    zone: dict[str, dict[str, list[str]] | str] = {f"s{i}.example": "servfail" for i in range(10)}
    zone["fine.example"] = {"TXT": ['"yes"']}
    with loopback_dns(zone) as server:
        dns = dns_of(server, clock)
        assert dns.texts("fine.example") == ("yes",)
        for i in range(5):
            assert dns.texts(f"s{i}.example") is None
        assert len(server.asked) == 1 + 3
        assert dns.texts("fine.example") == ("yes",), "what is remembered is still known"
        clock.now += 61
        assert dns.texts("s6.example") is None, "one question, and silence again"
        assert dns.texts("s7.example") is None
        assert len(server.asked) == 1 + 3 + 1
        clock.now += 361
        assert dns.texts("fine.example") == ("yes",)
        assert dns.texts("s8.example") is None
        assert dns.texts("s9.example") is None
        assert len(server.asked) == 1 + 3 + 1 + 3, "after a while it takes three again"


def test_answers_in_between_do_not_prolong_the_waiting() -> None:
    zone: dict[str, dict[str, list[str]] | str] = {f"s{i}.example": "servfail" for i in range(10)}
    with loopback_dns(zone) as server:
        dns = dns_of(server)
        for i in range(10):
            dns.texts(f"s{i}.example")
            dns.texts(f"nowhere{i}.example")
            dns.texts(f"{'x' * 64}{i}.example")
        assert [name for name, _ in server.asked if name.startswith("s")] == [
            "s0.example",
            "s1.example",
            "s2.example",
        ]


def test_five_thousand_bounces_do_not_wait_for_a_silent_server() -> None:
    zone: Zone = {f"s{i}._domainkey.{DOMAIN}": "silent" for i in range(5000)}
    with loopback_dns(zone) as server:
        names = DnsNames(["127.0.0.1"], server.port, patience=0.05, monotonic=Clock())
        letter = signed()
        for i in range(5000):
            (found,) = names.verify(letter.replace(b"s=s1;", b"s=s%d;" % i), True, OWN)
            assert found.checked is Checked.UNKNOWN
        assert len({name for name, _ in server.asked}) == 3


def test_memory_is_bounded() -> None:
    with loopback_dns({}) as server:
        dns = dns_of(server)
        for i in range(2100):
            dns.texts(f"n{i}.example")
        assert len(dns._cache) <= 2000
        server.asked.clear()
        dns.texts("n2099.example")
        assert server.asked == []


@pytest.mark.parametrize(
    "content", [None, "", "# nothing here\n", "nameserver\n", "nameserver not-an-address\n"]
)
def test_without_a_resolver_everything_is_unknown(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "resolv.conf"
    if content is not None:
        path.write_text(content)
    names = DnsNames(resolv_conf=path)
    assert names.networks(DOMAIN) is None
    (found,) = names.verify(signed(), True, OWN)
    assert found.checked is Checked.UNKNOWN


def test_the_systems_configuration_is_read_again_after_a_while(tmp_path: Path) -> None:
    path, clock = tmp_path / "resolv.conf", Clock()
    dns = Dns(resolv_conf=path, clock=clock, patience=0.05)
    assert dns.texts("a.example") is None
    path.write_text("nameserver 127.0.0.1\n")
    clock.now += 61
    dns.texts("b.example")
    assert dns._resolver is not None
    assert list(dns._resolver.nameservers)


def test_a_silent_server_is_given_up() -> None:
    with loopback_dns(ZONE) as server:
        assert dns_of(server, patience=0.1).texts("silent.example") is None


def test_a_key_over_the_wire_verifies_through_an_alias() -> None:
    zone: Zone = {
        KEY_NAME: {"CNAME": ["keys.provider.example."]},
        "keys.provider.example": {"TXT": [quoted(PUBLIC)]},
    }
    with loopback_dns(zone) as server:
        names = DnsNames(["127.0.0.1"], server.port)
        assert [each.checked for each in names.verify(signed(), True, OWN)] == [Checked.PASS]


def test_the_libraries_are_imported_at_the_first_question() -> None:
    code = (
        "import sys; from scatterclean.names import DnsNames, NoNames, MemoryNames; DnsNames();"
        "MemoryNames(); NoNames().networks('a');"
        "print([each for each in sys.modules if each.split('.')[0] in ('dns', 'dkim')])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
