"""An e-mail address -> the server of its mailbox: known providers, DNS, published settings, common names.

Each step is told, bounded in time, and of no consequence if it fails.  What is found has greeted over TLS with a
certificate for its name; it has not seen a password yet, and whether it may is for the person to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from scatterclean.config import Tls
from scatterclean.errors import Trouble
from scatterclean.setup import providers
from scatterclean.setup.autoconfig import published
from scatterclean.setup.greeting import Greeting
from scatterclean.setup.providers import Login, Provider
from scatterclean.setup.servers import Said, Server, SetupEnds
from scatterclean.setup.web import NoPage

_MOST = 4  # servers that are greeted per step


@dataclass(frozen=True, slots=True)
class Network:
    """What discovery needs of the world; tests imitate it on loopback.

    `services`, `exchangers` and `reachable`: see `Records`; `page`: see `Web.get`; `greet`: see `greeting.greet`."""

    services: Callable[[str], Sequence[Server]]
    exchangers: Callable[[str], Sequence[str]]
    page: Callable[[str], bytes]
    greet: Callable[[Server], Greeting]
    reachable: Callable[[], bool] = lambda: True


@dataclass(frozen=True, slots=True)
class Found:
    """A server that greeted, and the provider that is known to be behind the address or the server."""

    server: Server
    greeting: Greeting
    provider: Provider | None = None


Say = Callable[[str], None]


def discover(address: str, network: Network, say: Say) -> Found | None:
    """The first server that is named and answers; None if none does.

    Raises SetupEnds if the domain's mail is with a provider that has no IMAP, or if no name server answers."""
    domain = address.rpartition("@")[2]
    for step in (_table, _srv, _autoconfig, _exchanger, _common):
        found = _first(step(address, domain, network, say), network, say)
        if found:
            return found
    return None


def _first(servers: Iterable[Server], network: Network, say: Say) -> Found | None:
    for number, server in enumerate(servers):
        if number == _MOST:
            break
        try:
            greeting = network.greet(server)
        except Trouble as trouble:
            say(f"{server}: {reason_of(trouble, server)}")
            continue
        say(f"{server}: answers, and its certificate is good")
        return Found(server, greeting, providers.of_host(server.host))
    return None


def passable(provider: Provider | None) -> None:
    """Raises SetupEnds where there is no IMAP for us."""
    if provider is None or provider.login is not Login.NO_IMAP:
        return
    raise SetupEnds(
        f"{provider.name} does not offer IMAP to other programs by itself", hint="\n  ".join(provider.advice)
    )


def reason_of(trouble: Trouble, server: Server) -> str:
    """What went wrong, without the name of the account that is not there yet, nor of the server."""
    return (
        trouble.what.removeprefix("setup: ")
        .removeprefix(f"{server.host}:{server.port}")
        .removeprefix(":")
        .strip()
    )


def _table(_: str, domain: str, __: Network, say: Say) -> Sequence[Server]:
    provider = providers.of_domain(domain)
    server = provider.server(domain) if provider else None
    if provider and server:
        say(f"{domain} is known: {provider.name}")
    return [server] if server else []


def _srv(_: str, domain: str, network: Network, say: Say) -> Sequence[Server]:
    servers = network.services(domain)
    if not servers and not network.reachable():
        raise SetupEnds(
            "no name server answered: is this machine online?",
            hint="Try again when it is. If it only has no DNS, name the server: --host ADDRESS",
        )
    say(f"DNS records of {domain} (SRV): {_names(servers)}")
    return servers


def _autoconfig(address: str, domain: str, network: Network, say: Say) -> Sequence[Server]:
    try:
        servers = published(address, network.page)
    except NoPage as none:
        say(f"settings that {domain} publishes: not used, {none}")
        return []
    say(f"settings that {domain} publishes: {_names(servers)}")
    return servers


def _exchanger(_: str, domain: str, network: Network, say: Say) -> Sequence[Server]:
    hosts = network.exchangers(domain)
    for host in hosts:
        provider = providers.of_exchanger(host)
        server = provider.server(domain, Said.MX) if provider else None
        if provider:
            say(f"mail for {domain} is received by {provider.name}")
            passable(provider)
            return [server] if server else []
    return []


def _common(_: str, domain: str, __: Network, say: Say) -> Iterable[Server]:
    say("common names:")
    for tls in (Tls.IMPLICIT, Tls.STARTTLS):
        for label in ("imap", "mail"):
            yield Server(f"{label}.{domain}", tls.port, tls, Said.GUESS)


def _names(servers: Sequence[Server]) -> str:
    return ", ".join(map(str, servers[:_MOST])) or "none"
