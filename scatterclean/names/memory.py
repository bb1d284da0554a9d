"""`ports.Names` on a zone in memory: for tests and for trying ideas.  Signatures are really verified."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from scatterclean.model import Signature


class MemoryNames:
    """`networks` by domain; `keys`: the TXT records by full name ("sel._domainkey.example.org").

    A key that is None, and every domain that is not in `networks`, is one of which nobody answers; a name that
    is not in `keys` does not exist."""

    def __init__(
        self,
        networks: Mapping[str, Sequence[str] | None] | None = None,
        keys: Mapping[str, str | None] | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._networks = dict(networks or {})
        self._keys = {name.lower(): text for name, text in (keys or {}).items()}
        self._clock = clock

    def networks(self, domain: str) -> tuple[str, ...] | None:
        found = self._networks.get(domain.lower().rstrip("."))
        return None if found is None else tuple(found)

    def verify(self, message: bytes, whole: bool, domains: frozenset[str]) -> tuple[Signature, ...]:
        from scatterclean.names.dkim import verify

        return verify(message, whole, domains, self._texts, self._clock())

    def _texts(self, name: str) -> tuple[str, ...] | None:
        if name not in self._keys:
            return ()
        text = self._keys[name]
        return None if text is None else (text,)
