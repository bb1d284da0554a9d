"""An SPF record (RFC 7208) -> all networks that it authorises, or None where that cannot be known.

It checks no sender.  Its answer is used both ways: a hop inside keeps mail, and no hop inside may convict.  So an
answer that lacks a network would convict the innocent: whatever cannot be expanded makes it None, and what the
record is not sure of ("?", "~") is counted in.
"""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Callable
from typing import Protocol

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# RFC 7208, 4.6.4: terms that ask, of these without an answer, hosts of one MX term.
_MAX_ASKING, _MAX_VOID, _MAX_EXCHANGERS = 10, 2, 10
_MAX_TERMS = 300
_MAX_NETWORKS = 4000
_PATIENCE = 20.0  # seconds for one domain, all its records together (RFC 7208, 4.6.4 asks for 20 at least)
# Wider ones mean everybody: no registry ever gave an operator of mail so much (IANA's largest: /8 and /12).
_WIDEST = {4: 8, 6: 12}

_VERSION = re.compile(r"v=spf1(?: |$)", re.IGNORECASE)
_MODIFIER = re.compile(r"([a-z][a-z0-9_.-]*)=(.*)", re.IGNORECASE | re.DOTALL)
_MECHANISM = re.compile(r"([+?~-]?)([a-z][a-z0-9]*)(?::([^/]*)|(?=/)|$)(.*)", re.IGNORECASE | re.DOTALL)
_IP = re.compile(r"([+?~-]?)(ip4|ip6):(.*)", re.IGNORECASE | re.DOTALL)
_LENGTHS = re.compile(r"(?:/(\d{1,2}))?(?://(\d{1,3}))?$")


class Asked(Protocol):
    """The look-ups of `dns.Dns`: () is none, None is unknown."""

    def texts(self, name: str) -> tuple[str, ...] | None: ...
    def addresses(self, name: str) -> tuple[str, ...] | None: ...
    def exchangers(self, name: str) -> tuple[str, ...] | None: ...


class _Unknown(Exception):
    """The set of networks cannot be known."""


def networks(domain: str, dns: Asked, clock: Callable[[], float] = time.monotonic) -> tuple[str, ...] | None:
    """CIDR, without overlaps, IPv4 first; () if the record authorises nobody.  Never raises.

    None: no record or several, an error in it, nobody answered, macros, exists, ptr, "+all", or no "all" that
    says of other hosts that they are not authorised ("?all" leaves it open).
    """
    expansion = _Expansion(dns, clock)
    try:
        if not expansion.record(domain):
            return None
        four = ipaddress.collapse_addresses(
            each for each in expansion.found if isinstance(each, ipaddress.IPv4Network)
        )
        six = ipaddress.collapse_addresses(
            each for each in expansion.found if isinstance(each, ipaddress.IPv6Network)
        )
        return (*map(str, four), *map(str, six))
    except (_Unknown, ValueError):
        return None


class _Expansion:
    """What was found so far, and how much was asked for it."""

    def __init__(self, dns: Asked, clock: Callable[[], float]) -> None:
        self.found: list[Network] = []
        self._dns = dns
        self._clock = clock
        self._until = clock() + _PATIENCE
        self._asking = 0
        self._void = 0

    def record(self, domain: str) -> bool:
        """Expand the record of a domain; does it say of all others that they are not authorised?"""
        redirect = None
        for term in self._terms(domain):
            modifier = _MODIFIER.fullmatch(term)
            if modifier:
                if modifier[1].lower() == "redirect":
                    if redirect is not None:  # RFC 7208, 6: twice is an error
                        raise _Unknown
                    redirect = modifier[2]
                continue
            ip = _IP.fullmatch(term)
            mechanism = ip or _MECHANISM.fullmatch(term)
            if mechanism is None:
                raise _Unknown
            name = mechanism[2].lower()
            if name == "all":
                if mechanism[1] in ("", "+"):
                    raise _Unknown  # everybody
                return mechanism[1] != "?"  # what stands behind it does not count, nor does a redirect
            if ip:
                network = _network(ip[3], 4 if name == "ip4" else 6)
                if ip[1] != "-":
                    self._add(network)
            elif mechanism[1] != "-":  # what is taken out again is left in: too many networks keep mail
                self._expand(name, mechanism[3], mechanism[4], domain)
        if redirect is None:
            return False  # RFC 7208, 4.7: nothing is said of others
        self._ask()
        return self.record(_literal(redirect))

    def _terms(self, domain: str) -> list[str]:
        records = self._known(self._dns.texts(domain))
        policies = [text for text in records if _VERSION.match(text)]
        if len(policies) != 1:
            raise _Unknown
        terms = policies[0].split(" ")[1:]
        if len(terms) > _MAX_TERMS:
            raise _Unknown
        return [term for term in terms if term]

    def _expand(self, name: str, argument: str | None, rest: str, domain: str) -> None:
        if name == "include":
            if rest:
                raise _Unknown
            self._ask()
            self.record(_literal(argument))
            return
        lengths = _LENGTHS.fullmatch(rest)
        if name not in ("a", "mx") or lengths is None:
            raise _Unknown  # ptr, exists, and what nobody knows
        four, six = int(lengths[1] or 32), int(lengths[2] or 128)
        target = domain if argument is None else _literal(argument)
        self._ask()
        if name == "a":
            self._hosts([target], four, six)
            return
        exchangers = self._known(self._dns.exchangers(target))
        if len(exchangers) > _MAX_EXCHANGERS:
            raise _Unknown
        self._count_void(exchangers)
        self._hosts(exchangers, four, six, of_one=False)

    def _hosts(self, hosts: list[str] | tuple[str, ...], four: int, six: int, *, of_one: bool = True) -> None:
        for host in hosts:
            addresses = self._known(self._dns.addresses(host))
            if of_one:
                self._count_void(addresses)
            for address in addresses:
                length = six if ":" in address else four
                self._add(_network(f"{address}/{length}", 6 if ":" in address else 4))

    def _ask(self) -> None:
        self._asking += 1
        if self._asking > _MAX_ASKING:
            raise _Unknown

    def _known(self, records: tuple[str, ...] | None) -> tuple[str, ...]:
        if records is None or self._clock() > self._until:
            raise _Unknown
        return records

    def _count_void(self, records: tuple[str, ...]) -> None:
        self._void += not records
        if self._void > _MAX_VOID:
            raise _Unknown

    def _add(self, network: Network) -> None:
        if network.prefixlen < _WIDEST[network.version] or len(self.found) >= _MAX_NETWORKS:
            raise _Unknown
        self.found.append(network)


def _network(text: str, version: int) -> Network:
    """Raises ValueError."""
    if version == 4:
        return ipaddress.IPv4Network(text, strict=False)
    if "%" in text:  # a zone index (fe80::1%eth0)
        raise _Unknown
    return ipaddress.IPv6Network(text, strict=False)


def _literal(target: str | None) -> str:
    """A domain without macros: those expand to something else for every message."""
    if not target or "%" in target or len(target) > 253:
        raise _Unknown
    return target
