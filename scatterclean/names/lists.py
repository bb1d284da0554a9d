"""`ports.hostlists.HostLists` by DNS: is a host on a list of backscattering ones (RFC 5782)?  Off unless configured.

Who answers is a stranger, and lists die: their domains are sold, and then name everybody.  So a list is believed only
as long as it names its test entry 127.0.0.2 and not 127.0.0.1 (RFC 5782, 5), and an answer only if it lies in
127.0.0.0/8.  Else it is unknown.

Known to be of this kind (looked up on 2026-11-29):
* ips.backscatterer.org, by UCEPROTECT, IPv4 only: a host stays on it for four weeks after it was seen; to be
  used only on bounces (http://www.backscatterer.org/?target=usage).  It names no limit for queries; who asks very
  much is to copy the zone.  A resolver that rewrites answers made it name everybody (matteocorti/check_rbl#50:
  62.0.58.94).  To be taken off sooner costs money: many postmasters hold little of it for that.
* backscatter.spameatingmonkey.net: fifteen days; 100,000 queries a day and five a second are free
  (http://spameatingmonkey.com/faq.html).
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import compress
from pathlib import Path

from scatterclean.names.dns import RESOLV_CONF, Dns, Records

# Whom strangers make us ask about is bounded (invariant 12), and so is how fast a list is asked.
MAX_ASKED = 50
_AT_ONCE = 5
_PATIENCE = 2.0  # seconds for one question
_LIMIT = 6.0  # seconds for all: then what is not answered is unknown
_AGAIN = 600.0  # seconds after which an unknown one is asked again, where the process lives on
# (named by every list, named by none), by version of IP
_TESTS: Mapping[int, tuple[str, str]] = {4: ("127.0.0.2", "127.0.0.1"), 6: ("::ffff:7f00:2", "::ffff:7f00:1")}
_NO_LISTING = ipaddress.ip_address("127.0.0.1")

_LISTS = ipaddress.ip_network("127.0.0.0/8")
# Spamhaus and others: "you ask too much", "you ask by a public resolver", "you ask wrongly"; never a listing.
_REFUSALS = ipaddress.ip_network("127.255.255.0/24")


class DnsLists:
    """Asks each `lists` (zones) of it once; what it was told holds as long as the object lives.  Thread-safe."""

    def __init__(
        self,
        lists: Sequence[str],
        nameservers: Sequence[str] = (),
        port: int = 53,
        *,
        patience: float = _PATIENCE,
        limit: float = _LIMIT,
        resolv_conf: Path = RESOLV_CONF,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`patience`: seconds per question; `limit`: seconds for a whole call of `listed`, about."""
        self._lists = tuple(dict.fromkeys(each.lower().strip(".") for each in lists))
        self._dns = Dns(nameservers, port, patience=patience, resolv_conf=resolv_conf, clock=monotonic)
        self._limit = limit
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], bool] = {}
        self._unknown_until: dict[tuple[str, str], float] = {}

    def listed(self, addresses: Collection[str]) -> Mapping[str, tuple[str, ...] | None]:
        askable = [each for each in dict.fromkeys(addresses) if _is_public(each)][:MAX_ASKED]
        if askable and self._lists:
            self._ask(askable)
        return {each: self._told(each) if each in askable else None for each in addresses}

    def _told(self, address: str) -> tuple[str, ...] | None:
        with self._lock:
            answers = {zone: self._known.get((zone, address)) for zone in self._lists}
        naming = tuple(zone for zone, named in answers.items() if named)
        return naming if naming or (answers and None not in answers.values()) else None

    def _ask(self, addresses: Sequence[str]) -> None:
        until = self._monotonic() + self._limit
        families = dict.fromkeys(_version(each) for each in addresses)
        tests = [(zone, version) for zone in self._lists for version in families]
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="lists") as pool:
            sound = set(
                compress(tests, pool.map(lambda test: self._is_sound(test[0], test[1], until), tests))
            )
            questions = [
                (zone, each) for zone in self._lists for each in addresses if (zone, _version(each)) in sound
            ]
            list(pool.map(lambda question: self._look(question[0], question[1], until), questions))

    def _is_sound(self, zone: str, version: int, until: float) -> bool:
        """Does it name what every list names, and not what none does?"""
        positive, negative = _TESTS[version]
        return self._look(zone, positive, until) is True and self._look(zone, negative, until) is False

    def _look(self, zone: str, address: str, until: float) -> bool | None:
        key = (zone, address)
        now = self._monotonic()
        with self._lock:
            if key in self._known:
                return self._known[key]
            if now >= until or now < self._unknown_until.get(key, now):
                return None
        named = _is_naming(self._dns.addresses4(f"{_reversed(address)}.{zone}"))
        with self._lock:
            if named is None:
                self._unknown_until[key] = self._monotonic() + _AGAIN
            else:
                self._known[key] = named
        return named


def _is_naming(answer: Records | None) -> bool | None:
    """What an answer means: no such name is "no"; what no list says is unknown."""
    if answer is None:
        return None
    said = [ipaddress.ip_address(each) for each in answer]
    if any(each not in _LISTS or each in _REFUSALS or each == _NO_LISTING for each in said):
        return None
    return bool(said)


def _reversed(address: str) -> str:
    """RFC 5782, 2.1 and 2.4: octets, or nibbles, backwards."""
    name = ipaddress.ip_address(address).reverse_pointer
    return name.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")


def _version(address: str) -> int:
    return ipaddress.ip_address(address).version


def _is_public(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False
