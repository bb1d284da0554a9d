"""What DNS says: networks by SPF, signatures by DKIM.  It decides nothing, and it never raises.

dns.py      look-ups with a time limit, a memory, and silence while nobody answers
spf.py      an SPF record -> all networks that it authorises
dkim.py     a message and the keys of its signers -> what became of its signatures
lists.py    lists of backscattering hosts (RFC 5782), if the person wants that
memory.py, offline.py   the same port without a network

dnspython and dkimpy are imported at the first question: most commands ask none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from scatterclean.model import Signature
from scatterclean.names.dns import RESOLV_CONF, Dns
from scatterclean.names.memory import MemoryNames
from scatterclean.names.offline import NoNames

__all__ = ["DnsNames", "MemoryNames", "NoNames"]


class DnsNames:
    """`ports.Names` by DNS.  Safe to use from several threads; it holds no socket between questions."""

    def __init__(
        self,
        nameservers: Sequence[str] = (),
        port: int = 53,
        *,
        patience: float = 5.0,
        resolv_conf: Path = RESOLV_CONF,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Without `nameservers` (IP addresses) those of the system are asked.  `patience`: seconds per question."""
        self._dns = Dns(nameservers, port, patience=patience, resolv_conf=resolv_conf, clock=monotonic)
        self._monotonic = monotonic
        self._clock = clock

    def networks(self, domain: str) -> tuple[str, ...] | None:
        from scatterclean.names.spf import networks

        return networks(domain, self._dns, self._monotonic)

    def verify(self, message: bytes, whole: bool, domains: frozenset[str]) -> tuple[Signature, ...]:
        from scatterclean.names.dkim import verify

        return verify(message, whole, domains, self._dns.texts, self._clock())
