"""What is asked of lists of backscattering hosts, if the person wants that: strangers' opinions, never evidence."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from scatterclean.model.report import Bouncer


class HostLists(Protocol):
    """DNS lists of hosts (RFC 5782) that send bounces to forged senders."""

    def listed(self, addresses: Collection[str]) -> Mapping[str, tuple[str, ...] | None]:
        """By IP address: the lists that name it, () if none does, None if that is unknown.  Never raises.

        Only addresses of the whole internet are asked about, and not more than a bounded number at once; the rest
        is unknown.  Returns within a bounded time."""


def on_lists(bouncers: Sequence[Bouncer], lists: HostLists | None) -> tuple[Bouncer, ...]:
    """The same servers with `listed`, the first of them asked about first; it may take some seconds.

    Without `lists` nobody is asked."""
    if lists is None:
        return tuple(bouncers)
    told = lists.listed([each.ip for each in bouncers if each.ip])
    return tuple(replace(each, listed=told.get(each.ip)) for each in bouncers)
