"""An address -> a server: in which order is looked, what is passed over, and that DNS is read as RFC 6186 has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scatterclean.config import Tls
from scatterclean.errors import CertificateRefused, ServerUnreachable, Trouble
from scatterclean.setup import providers
from scatterclean.setup.discovery import Network, discover
from scatterclean.setup.greeting import Greeting
from scatterclean.setup.providers import PROVIDERS, Login
from scatterclean.setup.records import Records
from scatterclean.setup.servers import Said, Server, SetupEnds, address_in, host_in
from scatterclean.setup.web import NoPage
from tests.names.server import Zone, loopback_dns

ADA = "ada@winter.example"
SRV = Server("imap.winter.example", 993, Tls.IMPLICIT, Said.SRV)


class Play:
    def __init__(
        self, up: set[str], *, services: tuple[Server, ...] = (), page: bytes = b"", mx: str = ""
    ) -> None:
        self.up, self.services, self.page, self.mx = up, services, page, mx
        self.lines: list[str] = []
        self.greeted: list[str] = []

    def look(self, address: str = ADA) -> Server | None:
        network = Network(
            lambda _: self.services, lambda _: [self.mx] if self.mx else [], self._page, self._greet
        )
        found = discover(address, network, self.lines.append)
        return found.server if found else None

    def _page(self, _: str) -> bytes:
        if not self.page:
            raise NoPage("there is no such server")
        return self.page

    def _greet(self, server: Server) -> Greeting:
        self.greeted.append(str(server))
        if server.host not in self.up:
            trouble: Trouble = ServerUnreachable(f"setup: {server.host}:{server.port} refuses the connection")
            if server.host.startswith("bad-certificate"):
                trouble = CertificateRefused(
                    f"setup: {server.host}:{server.port}: the certificate is not trusted"
                )
            raise trouble
        return Greeting(frozenset(("IMAP4REV1", "AUTH=PLAIN")))


def test_a_known_provider_is_taken_from_the_table_and_nobody_else_is_asked() -> None:
    play = Play({"imap.gmail.com"}, services=(SRV,))
    server = play.look("ada@gmail.com")
    assert server is not None
    assert (server.host, server.said) == ("imap.gmail.com", Said.TABLE)
    assert len(play.greeted) == 1


def test_dns_comes_before_published_settings_and_these_before_guesses() -> None:
    page = (
        b'<a><incomingServer type="imap"><hostname>auto.winter.example</hostname><port>993</port>'
        b"<socketType>SSL</socketType></incomingServer></a>"
    )
    everywhere = {"imap.winter.example", "auto.winter.example", "mail.winter.example"}
    for up, said in (
        (everywhere, Said.SRV),
        (everywhere - {"imap.winter.example"}, Said.AUTOCONFIG),
        ({"mail.winter.example"}, Said.GUESS),
        (set(), None),
    ):
        server = Play(up, services=(SRV,), page=page).look()
        assert (server.said if server else None) == said


def test_a_domain_of_ones_own_at_a_provider_is_known_by_its_mx() -> None:
    play = Play({"imap.gmail.com"}, mx="aspmx.l.google.com")
    server = play.look()
    assert server is not None
    assert (server.host, server.said) == ("imap.gmail.com", Said.MX)


def test_the_user_name_is_the_providers_own_kind_in_its_domain_and_the_address_in_others() -> None:
    icloud = Play({"imap.mail.me.com"}).look("ada@icloud.com")
    assert icloud is not None
    assert icloud.user("ada@icloud.com") == "ada"
    own = Play({"imap.mail.me.com"}, mx="mx01.mail.icloud.com").look()
    assert own is not None
    assert own.user(ADA) == ADA


def test_a_server_with_a_bad_certificate_is_told_and_passed_over() -> None:
    bad = Server("bad-certificate.winter.example", 993, Tls.IMPLICIT, Said.SRV)
    play = Play({"imap.winter.example"}, services=(bad, SRV))
    assert play.look() == SRV
    assert "bad-certificate.winter.example, port 993 (TLS): the certificate is not trusted" in play.lines


def test_every_step_is_told() -> None:
    play = Play(set())
    assert play.look() is None
    told = "\n".join(play.lines)
    for words in ("(SRV): none", "publishes: not used, there is no such server", "common names"):
        assert words in told
    assert len(play.greeted) == 4


def test_dns_records_are_read_with_their_priorities_and_a_dot_means_none() -> None:
    zone = {
        "_imaps._tcp.winter.example": {
            "SRV": [
                "20 0 993 second.winter.example.",
                "10 0 9993 first.winter.example.",
                "10 5 993 heavy.winter.example.",
            ]
        },
        "_imap._tcp.winter.example": {"SRV": ["0 0 0 ."]},
        "winter.example": {"MX": ["20 b.mx.example.", "10 a.mx.example."]},
    }
    with loopback_dns(zone) as dns:
        records = Records(["127.0.0.1"], dns.port)
        found = records.services("winter.example")
        assert [(s.host, s.port, s.tls) for s in found] == [
            ("heavy.winter.example", 993, Tls.IMPLICIT),
            ("first.winter.example", 9993, Tls.IMPLICIT),
            ("second.winter.example", 993, Tls.IMPLICIT),
        ]
        assert records.exchangers("winter.example") == ["a.mx.example", "b.mx.example"]


@pytest.mark.parametrize("answer", ["silent", "servfail", "garbage"])
def test_dns_that_does_not_answer_is_no_record(answer: str) -> None:
    zone = {f"{s}.winter.example": answer for s in ("_imaps._tcp", "_imap._tcp")}
    with loopback_dns(zone) as dns:
        assert Records(["127.0.0.1"], dns.port, patience=0.5).services("winter.example") == []


def test_a_machine_without_resolvers_has_no_records(tmp_path: Path) -> None:
    assert Records(resolv_conf=tmp_path / "nothing").services("winter.example") == []


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" ada@Winter.EXAMPLE ", ADA),
        ("<ada@winter.example>", ADA),
        ("mailto:ada@winter.example", ADA),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada", ""),
        ("ada@", ""),
        ("@winter.example", ""),
        ("ada@winter", ""),
        ("ada@winter..example", ""),
        ("a b@winter.example", ""),
        ("*@winter.example", ""),
        ("ada\n@winter.example", ""),
        ("ada@evil.example/winter.example", ""),
    ],
)
def test_an_address_is_read_as_people_type_it_and_nothing_else_passes(typed: str, address: str) -> None:
    assert address_in(typed) == address


def test_every_provider_of_the_table_can_be_used_or_says_what_to_do() -> None:
    assert len(PROVIDERS) > 20
    for provider in PROVIDERS:
        assert len(provider.advice) <= 2
        if provider.login is not Login.PASSWORD:
            assert provider.advice, provider.name
        for domain, host in provider.hosts.items():
            assert host_in(host) == host
            if domain:
                assert host_in(domain) == domain
                assert providers.of_domain(domain) is provider


def test_no_domain_belongs_to_two_providers() -> None:
    domains = [domain for provider in PROVIDERS for domain in provider.hosts if domain]
    assert len(domains) == len(set(domains))


# --- offline ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["silent", "servfail"])
def test_a_machine_that_is_offline_is_told_so_and_nothing_else_is_tried(answer: str) -> None:
    names = ("_imaps._tcp.winter.example", "_imap._tcp.winter.example", ".")
    with loopback_dns(dict.fromkeys(names, answer)) as dns:
        records = Records(["127.0.0.1"], dns.port, patience=0.5)
        play = Play(set())
        network = Network(records.services, records.exchangers, play._page, play._greet, records.reachable)
        with pytest.raises(SetupEnds, match=r"^no name server answered: is this machine online\?"):
            discover(ADA, network, play.lines.append)
    assert play.greeted == []


def test_a_machine_without_resolvers_is_told_as_offline(tmp_path: Path) -> None:
    records = Records(resolv_conf=tmp_path / "nothing")
    assert records.services("winter.example") == []
    assert not records.reachable()


def test_a_router_that_leaves_questions_for_srv_unanswered_is_not_taken_for_being_offline() -> None:
    zone: Zone = {
        "_imaps._tcp.winter.example": "silent",
        "_imap._tcp.winter.example": "silent",
        ".": {"NS": ["a.root.example."]},
    }
    with loopback_dns(zone) as dns:
        records = Records(["127.0.0.1"], dns.port, patience=0.5)
        assert records.services("winter.example") == []
        assert records.reachable()


def test_a_domain_that_does_not_exist_is_an_answer() -> None:
    with loopback_dns({}) as dns:
        records = Records(["127.0.0.1"], dns.port)
        assert records.services("winter.example") == []
        asked = len(dns.asked)
        assert records.reachable()
        assert len(dns.asked) == asked
