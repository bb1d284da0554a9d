"""A small internet on loopback: names, web servers and mail servers as providers have them, with true certificates.

Only the resolver is played: it says for a name and a port where on loopback that is.  All else is the program's own:
its DNS questions, its HTTPS, its TLS with the names that it asked for, its login.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import Result

from scatterclean.calling import forget_whom_to_trust
from scatterclean.demo.certificates import make_authority, make_certificate
from scatterclean.names.dns import resolver_of
from scatterclean.setup import records
from tests.hosts.quirks import Provider, Quirky
from tests.names.server import LoopbackDns, Zone, loopback_dns
from tests.servers import Host, ScriptedServer

from .played import left_in, typed
from .site import Answer, Site

# Everybody's, with certificates for these; evil.example has a good one, too: that proves nothing.
HOSTS = (
    *("winter.example", "imap.winter.example", "mail.winter.example", "autoconfig.winter.example"),
    *("imap.evil.example", "evil.example", "imap.gmail.com", "imap.mail.yahoo.com", "outlook.office365.com"),
)


@dataclass
class Internet:
    """`home` holds the configuration and the log; `places`: (host, port) -> a port on loopback."""

    home: Path
    folder: Path
    dns: LoopbackDns
    stack: ExitStack
    places: dict[tuple[str, int], int] = field(default_factory=dict)
    dialled: list[tuple[str, int]] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.home / "config" / "scatterclean.toml"

    @property
    def pair(self) -> tuple[Path, Path]:
        return self.folder / "everybody.pem", self.folder / "everybody.key"

    def web(self, answers: Mapping[tuple[str, str], Answer]) -> Site:
        """A web server for all hosts that `answers` names."""
        site = Site(self.pair, answers)
        thread = threading.Thread(target=site.serve, daemon=True)
        thread.start()
        self.stack.callback(thread.join, 10)
        self.stack.callback(site.close)
        for host, _ in answers:
            self.places[host, 443] = site.port
        return site

    def mail(self, host: str, server: Host, provider: Provider, port: int = 993) -> Quirky:
        """A real server by that name, behaving as `provider`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.pair)
        quirky = self.stack.enter_context(Quirky(server.port, server.password, provider, context))
        self.places[host, port] = quirky.port
        return quirky

    def scripted(
        self,
        host: str,
        script: Mapping[str, Sequence[bytes]] | None = None,
        *,
        capability: str = "AUTH=PLAIN",
    ) -> ScriptedServer:
        """A server by that name that says what it is told to."""
        server = ScriptedServer(script, capability=capability, certificate=self.pair)
        self.stack.enter_context(server)
        self.places[host, 993] = server.port
        return server

    def __call__(self, *options: str, answers: Sequence[str] = ()) -> Result:
        """`scatterclean init` with these options; each answer is a line."""
        return typed(self.config, options, answers)

    def left(self) -> list[str]:
        """All that is there afterwards."""
        return left_in(self.home)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("internet")
    make_authority(folder)
    make_certificate(folder, "everybody", names=",".join(f"DNS:{name}" for name in HOSTS))
    return folder


@contextmanager
def an_internet(home: Path, authority: Path, patch: pytest.MonkeyPatch, zone: Zone) -> Iterator[Internet]:
    """`zone`: what DNS publishes."""
    for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "TMPDIR"):
        patch.setenv(variable, str(home / variable))
    patch.setenv("TMPDIR", str(home))
    patch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
    forget_whom_to_trust()  # a process trusts what it trusted first
    with ExitStack() as stack:
        stack.callback(forget_whom_to_trust)
        dns = stack.enter_context(loopback_dns(zone))
        internet = Internet(home, authority, dns, stack)
        patch.setattr(records, "resolver_of", _resolver_at(dns.port))
        patch.setattr(socket, "getaddrinfo", _played(internet, socket.getaddrinfo))
        yield internet


def _resolver_at(port: int) -> Callable[..., object]:
    def resolver(_servers: object, _port: object, conf: Path, *, per_try: float) -> object:
        return resolver_of(["127.0.0.1"], port, conf, per_try=per_try)

    return resolver


def _played(internet: Internet, real: Callable[..., object]) -> Callable[..., object]:
    def look_up(host: str, port: int, *more: object, **named: object) -> object:
        if host in ("127.0.0.1", "localhost"):
            return real(host, port, *more, **named)
        internet.dialled.append((host, port))
        if not any(known == host for known, _ in internet.places):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        # A port that nobody serves there refuses the connection, as 1 does.
        return real("127.0.0.1", internet.places.get((host, port), 1), *more, **named)

    return look_up
