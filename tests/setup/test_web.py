"""Settings that a domain publishes, over real HTTPS on loopback: present, absent, and hostile in every way known."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from scatterclean.config import Tls
from scatterclean.demo.certificates import make_authority, make_certificate
from scatterclean.setup.autoconfig import published
from scatterclean.setup.servers import Said, Server
from scatterclean.setup.web import MOST, NoPage, Web

from .site import Answer, Site, leading_to, page

WELL_KNOWN = "/.well-known/autoconfig/mail/config-v1.1.xml"
AUTOCONFIG = "/mail/config-v1.1.xml?emailaddress=ada@winter.example"
GOOD = (
    b'<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="winter.example">'
    b'<incomingServer type="pop3"><hostname>pop.winter.example</hostname><port>995</port>'
    b"<socketType>SSL</socketType></incomingServer>"
    b'<incomingServer type="imap"><hostname>imap.winter.example</hostname><port>993</port>'
    b"<socketType>SSL</socketType><authentication>password-cleartext</authentication>"
    b"<username>%EMAILLOCALPART%</username></incomingServer></emailProvider></clientConfig>"
)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("web")
    make_authority(folder)
    names = ("winter.example", "autoconfig.winter.example", "evil.example")
    make_certificate(folder, "good", names=",".join(f"DNS:{name}" for name in names))
    make_certificate(folder, "other", names="DNS:other.example")
    return folder


@contextmanager
def site(
    folder: Path, answers: Mapping[tuple[str, str], Answer], *, name: str = "good"
) -> Iterator[tuple[Site, Web]]:
    served = Site((folder / f"{name}.pem", folder / f"{name}.key"), answers)
    thread = threading.Thread(target=served.serve, daemon=True)
    thread.start()
    web = Web(
        ssl.create_default_context(cafile=folder / "ca.pem"),
        dial=lambda _: ("127.0.0.1", served.port),
        seconds=1.5,
    )
    try:
        yield served, web
    finally:
        served.close()
        thread.join(10)


def test_settings_are_found_at_either_place_by_https(certificates: Path) -> None:
    expected = [Server("imap.winter.example", 993, Tls.IMPLICIT, Said.AUTOCONFIG, "%EMAILLOCALPART%")]
    for place in (("autoconfig.winter.example", AUTOCONFIG), ("winter.example", WELL_KNOWN)):
        with site(certificates, {place: page(GOOD)}) as (served, web):
            assert published("ada@winter.example", web.get) == expected
            assert served.asked[-1] == place


def test_settings_that_are_absent_are_no_trouble(certificates: Path) -> None:
    with site(certificates, {}) as (served, web), pytest.raises(NoPage, match="it answers 404"):
        published("ada@winter.example", web.get)
    assert served.asked == [("autoconfig.winter.example", AUTOCONFIG), ("winter.example", WELL_KNOWN)]


def test_a_redirect_on_the_same_host_is_followed(certificates: Path) -> None:
    answers = {
        ("winter.example", WELL_KNOWN): leading_to("/real.xml"),
        ("winter.example", "/real.xml"): page(GOOD),
    }
    with site(certificates, answers) as (_, web):
        assert len(published("ada@winter.example", web.get)) == 1


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("https://evil.example/config.xml", "it leads elsewhere, to evil.example"),
        ("http://winter.example/config.xml", "it leads to a page without HTTPS"),
        ("https://winter.example:8443/config.xml", "it leads to a page without HTTPS"),
        ("https://winter.example@evil.example/", "it leads to a page without HTTPS"),
        ("//evil.example/config.xml", "it leads elsewhere, to evil.example"),
        ("file:///etc/passwd", "it leads to a page without HTTPS"),
        ("https://winter.example:99999/", "it leads nowhere"),
        ("https://[winter.example/", "it leads nowhere"),
        (WELL_KNOWN, "it leads in circles"),
    ],
)
def test_a_redirect_elsewhere_is_not_followed(certificates: Path, target: str, why: str) -> None:
    answers = {
        ("winter.example", WELL_KNOWN): leading_to(target),
        ("evil.example", "/config.xml"): page(GOOD),
    }
    with site(certificates, answers) as (served, web), pytest.raises(NoPage, match=why):
        published("ada@winter.example", web.get)
    assert all(host != "evil.example" for host, _ in served.asked)


def test_a_huge_page_is_given_up_at_the_limit(certificates: Path) -> None:
    def endless(client: socket.socket, over: threading.Event) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with suppress(OSError):
            while not over.is_set():
                client.sendall(b"<a/>" * 4096)

    answers = {("winter.example", WELL_KNOWN): endless}
    with site(certificates, answers) as (_, web), pytest.raises(NoPage, match=f"larger than {MOST} bytes"):
        published("ada@winter.example", web.get)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b""], ids=["body", "nothing"])
def test_a_page_that_drips_is_given_up_in_time(certificates: Path, head: bytes) -> None:
    def dripping(client: socket.socket, over: threading.Event) -> None:
        with suppress(OSError):
            client.sendall(head)
            while not over.wait(0.2):
                client.sendall(b"x")

    answers = {("winter.example", WELL_KNOWN): dripping}
    with site(certificates, answers) as (_, web), pytest.raises(NoPage, match=r"time|too long"):
        published("ada@winter.example", web.get)


def test_a_certificate_for_another_name_is_not_believed(certificates: Path) -> None:
    with site(certificates, {}, name="other") as (served, web), pytest.raises(NoPage, match="not trusted"):
        published("ada@winter.example", web.get)
    assert served.asked == []
