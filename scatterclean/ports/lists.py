"""What is asked of lists of backscattering hosts, if the person wants that: strangers' opinions, never evidence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol


class HostLists(Protocol):
    """DNS lists of hosts (RFC 5782) that send bounces to forged senders."""

    def listed(self, addresses: Collection[str]) -> Mapping[str, tuple[str, ...] | None]:
        """By IP address: the lists that name it, () if none does, None if that is unknown.  Never raises.

        Only addresses of the whole internet are asked about, and not more than a bounded number at once; the rest
        is unknown.  Returns within a bounded time."""
