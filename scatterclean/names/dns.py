"""Look-ups of TXT, A, AAAA and MX records by dnspython; it gives values and knows nothing of SPF or DKIM.

An answer is a tuple, empty if the name has no such records; None means that nobody knows (a time-out, SERVFAIL,
no resolver).  What a stranger wrote into a message decides which names are asked, so time and memory are bounded.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dns.resolver import Answer, Resolver

RESOLV_CONF = Path("/etc/resolv.conf")

_PER_TRY = 2.0  # seconds for one try at one server: a resolver that works answers within one
# After so many questions without an answer within so many seconds nobody is asked for a while: thousands of bounces
# may not wait five seconds each.  Answers in between change nothing: who forges the mail chooses what is asked.
_SILENT_AFTER, _WITHIN = 3, 120.0
_SILENCE = 60.0
_CONFIGURED_FOR = 60.0  # laptops change networks: the system's configuration is read again
# Seconds that an answer is believed.  RFC 2308, 5 would allow three hours for "no such name"; but somebody who
# has just published a key should not wait for them.
_SHORTEST, _LONGEST, _NEGATIVE = 60.0, 3600.0, 60.0
_MAX_CACHED = 2000
_MAX_RECORDS = 100

Records = tuple[str, ...]


class Dns:
    """One resolver with a memory.  Safe to use from several threads; never raises."""

    def __init__(
        self,
        nameservers: Sequence[str] = (),
        port: int = 53,
        *,
        patience: float = 5.0,
        resolv_conf: Path = RESOLV_CONF,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`patience`: seconds for a question, tries at all servers included.  `clock`: seconds, ascending."""
        self._nameservers = list(nameservers)
        self._port = port
        self._patience = patience
        self._resolv_conf = resolv_conf
        self._clock = clock
        self._lock = threading.Lock()
        self._cache: dict[tuple[str, str], tuple[float, Records | None]] = {}
        self._unanswered: deque[float] = deque(maxlen=_SILENT_AFTER)  # when
        self._silent_until = float("-inf")
        self._resolver: Resolver | None = None
        self._configured_until = float("-inf")

    def texts(self, name: str) -> Records | None:
        """The TXT records, strings joined, bytes as Latin-1."""
        return self._ask(name, "TXT")

    def addresses(self, name: str) -> Records | None:
        """The IPv4 and IPv6 addresses."""
        four = self._ask(name, "A")
        six = None if four is None else self._ask(name, "AAAA")
        return None if four is None or six is None else four + six

    def addresses4(self, name: str) -> Records | None:
        """The IPv4 addresses alone: by these, lists of hosts answer (RFC 5782)."""
        return self._ask(name, "A")

    def exchangers(self, name: str) -> Records | None:
        """The hosts of the MX records; a null MX (RFC 7505) names none."""
        return self._ask(name, "MX")

    def _ask(self, name: str, kind: str) -> Records | None:
        key = (name.lower().rstrip("."), kind)
        now = self._clock()
        with self._lock:
            cached = self._cache.get(key)
            if cached is not None and now < cached[0]:
                return cached[1]
            if now < self._silent_until:
                return None
        found, lifetime = self._look_up(*key)
        now = self._clock()
        with self._lock:
            if found is None:
                self._unanswered.append(now)
                if len(self._unanswered) == _SILENT_AFTER and now - self._unanswered[0] < _WITHIN:
                    self._silent_until = now + _SILENCE
            self._remember(key, now, lifetime, found)
        return found

    def _remember(self, key: tuple[str, str], now: float, lifetime: float, found: Records | None) -> None:
        if len(self._cache) >= _MAX_CACHED:
            self._cache = {each: kept for each, kept in self._cache.items() if now < kept[0]}
            while len(self._cache) >= _MAX_CACHED:
                del self._cache[next(iter(self._cache))]  # the oldest: a dict keeps its order
        self._cache.pop(key, None)
        self._cache[key] = (now + lifetime, found)

    def _look_up(self, name: str, kind: str) -> tuple[Records | None, float]:
        """(the records or None, for how many seconds to believe it)."""
        import dns.exception
        import dns.name
        import dns.resolver

        try:
            qname = dns.name.from_text(name)
        except (
            dns.exception.DNSException,
            ValueError,
        ):  # too long, or an empty label: no such name can exist
            return (), _NEGATIVE
        try:
            answer = self._configured().resolve(
                qname, kind, search=False, raise_on_no_answer=False, lifetime=self._patience
            )
            if answer.rrset is None:
                return (), _NEGATIVE
            ttl = float(answer.chaining_result.minimum_ttl)
            return _texts_of(answer, kind), min(max(ttl, _SHORTEST), _LONGEST)
        except dns.resolver.NXDOMAIN:
            return (), _NEGATIVE
        except Exception:  # noqa: BLE001 - whatever went wrong on the way there and back: nobody knows
            return None, _NEGATIVE

    def _configured(self) -> Resolver:
        """Raises dns.resolver.NoResolverConfiguration if there are no nameservers."""
        now = self._clock()
        resolver = self._resolver
        if resolver is None or (not self._nameservers and now >= self._configured_until):
            resolver = resolver_of(self._nameservers, self._port, self._resolv_conf, per_try=_PER_TRY)
            self._resolver = resolver
            self._configured_until = now + _CONFIGURED_FOR
        return resolver


def resolver_of(nameservers: Sequence[str], port: int, resolv_conf: Path, *, per_try: float) -> Resolver:
    """One that asks these name servers; if none are named, those of the system.  `per_try`: seconds for one of them.

    Raises dns.resolver.NoResolverConfiguration if there are none."""
    from dns.resolver import Resolver

    if nameservers:
        resolver = Resolver(configure=False)
        resolver.nameservers = list(nameservers)
        resolver.port = port
    else:
        resolver = Resolver(filename=str(resolv_conf))
    resolver.timeout = per_try
    return resolver


def _texts_of(answer: Answer, kind: str) -> Records:
    found: list[str] = []
    for record in list(answer)[:_MAX_RECORDS]:
        if kind == "TXT":
            found.append(b"".join(record.strings).decode("latin-1"))
        elif kind == "MX":
            host = record.exchange.to_text(omit_final_dot=True)
            if host not in (".", "", "@"):
                found.append(host)
        else:
            found.append(str(record.address))
    return tuple(sorted(found))  # servers rotate them, and an answer should not depend on that
