"""Which servers send the bounces, and in whose name was sent.  Pure; it asks no DNS.

What a server calls itself anybody can write; its address is told by the line that the person's own provider put on top
when it took the bounce in, and only by that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest
from typing import NamedTuple

from scatterclean import origin
from scatterclean.evidence.course import Clock
from scatterclean.evidence.passing import Passed, Sender
from scatterclean.model import Case, Identities, Kind
from scatterclean.model.report import Bouncer, Forged
from scatterclean.origin.hops import Hop, is_public, parsed

MOST_BOUNCERS = 200
MOST_FORGED = 100
_FEW = 5
# What a server calls itself may be anything.
_HOST_NAME = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,10}\.?")
# Servers that name none are told by what the latest of theirs show: those that turn out to be one are put together, so
# more are looked at than are told.
_LOOKED_AT = MOST_BOUNCERS + 100


class Taken(NamedTuple):
    """From whom the person's own provider took a bounce: the name that it found or was told, and the address."""

    host: str = ""
    ip: str = ""


def taken_from(bounce_received: Sequence[str], own: frozenset[str]) -> Taken:
    """By the topmost lines alone, as long as own machines wrote them and took the mail from each other (`own` as in
    `Provider.hosts`).  Below the line of the first that took it from outside, anybody may have written anything: where
    that one does not tell from whom, nobody knows."""
    for line in bounce_received:
        hop = parsed(line)
        if not origin.is_host(hop.by, own):
            break
        if _is_inside(hop, own):
            continue
        public = [address for address in hop.client if is_public(address)]
        # A client may say in HELO that it is another address, or an own machine.
        if len(public) != 1 or (hop.helo and not hop.reverse and origin.is_host(hop.helo, own)):
            break
        name = hop.helo if hop.helo and not origin.is_host(hop.helo, own) else ""
        return Taken(hop.reverse or name or "", str(public[0]))
    return Taken()


def _is_inside(hop: Hop, own: frozenset[str]) -> bool:
    """Was it handed over from an own machine?  What a client calls itself proves nothing."""
    if (
        not hop.has_from
        or hop.protocol.startswith("lmtp")
        or (hop.reverse and origin.is_host(hop.reverse, own))
    ):
        return True
    return any(str(address) in own for address in hop.client) or (
        bool(hop.client) and not any(map(is_public, hop.client))
    )


def most(found: Passed) -> dict[str, Sender]:
    """Those that sent most, by name as in `Passed.senders`: their `ids` are to be read."""
    return dict(nsmallest(_LOOKED_AT, found.senders.items(), key=lambda item: (-item[1].bounces, item[0])))


def bouncers(
    found: Passed,
    senders: Mapping[str, Sender],
    cases: Mapping[int, Case],
    own: Mapping[str, frozenset[str]],
    clock: Clock,
) -> tuple[tuple[Bouncer, ...], int]:
    """The most frequent, and how many more there are.  `own` are the machines of the person's provider, by account."""
    together: dict[str, tuple[list[Sender], list[Case], list[Taken]]] = {}
    for name, sender in senders.items():
        examples = [cases[one] for one in sender.ids if one in cases]
        taken = [taken_from(case.bounce.received, own.get(case.account, frozenset())) for case in examples]
        host = _host(name, taken)
        same = together.setdefault(host, ([], [], []))
        same[0].append(sender)
        same[1].extend(examples)
        same[2].extend(taken)
    told = [_bouncer(host, *same, clock) for host, same in together.items()]
    told.sort(key=lambda one: (-one.bounces, one.host))
    rest = len(told) - MOST_BOUNCERS if len(told) > MOST_BOUNCERS else 0
    more = rest + len(found.senders) - len(senders) + found.senders_gone
    return tuple(told[:MOST_BOUNCERS]), more


def _host(name: str, taken: Sequence[Taken]) -> str:
    """What it calls itself; else who handed over all of these; else the domain of who wrote them."""
    if not name.startswith("@"):
        return name
    hosts = {one.host for one in taken}
    return hosts.pop() if len(hosts) == 1 and "" not in hosts else name[1:]


def _bouncer(
    host: str, senders: Sequence[Sender], cases: Sequence[Case], taken: Sequence[Taken], clock: Clock
) -> Bouncer:
    kinds: dict[Kind, int] = {}
    for sender in senders:
        for kind, number in sender.kinds.items():
            kinds[kind] = kinds.get(kind, 0) + number
    bounces = [case.bounce for case in cases]
    # A name inside of somebody's house ("mail.local") says nothing to others.
    names = (host, *(one.host for one in taken), *((b.sender or "").rpartition("@")[2] for b in bounces))
    return Bouncer(
        host=host,
        domain=next(
            (site for name in names if _HOST_NAME.fullmatch(name) and (site := origin.site(name))), ""
        ),
        bounces=sum(sender.bounces for sender in senders),
        first=clock.at(min(sender.first for sender in senders)),
        last=clock.at(max(sender.last for sender in senders)),
        kinds=kinds,
        ip=next((one.ip for one in taken if one.ip), ""),
        statuses=_some(b.status for b in bounces),
        recipients=_some(b.recipients[0] for b in bounces if b.recipients),
        example=next((b.message_id for b in bounces if b.message_id), ""),
        diagnostic=next((b.diagnostic for b in bounces if b.diagnostic), ""),
    )


def _some(texts: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))[:_FEW]


def whose(
    identities: Mapping[str, Identities], account: str, author: str | None, returned_to: str | None
) -> str:
    """In whose name a forgery was sent: the returned sender, if it is the person's; else the envelope's, to which the
    bounce came back."""
    own = identities[account]
    candidates = [address for address in (author, returned_to) if address]
    return next((address for address in candidates if own.owns(address)), next(iter(candidates), ""))


def forged(
    found: Passed, identities: Mapping[str, Identities], senders: Mapping[str, frozenset[str]]
) -> tuple[tuple[Forged, ...], int]:
    """The most frequent, and how many more there are.  `senders` are the From addresses of logged mail, by account."""
    together: dict[str, Forged] = {}
    for (account, address), number in found.forged.counts.items():
        one = _forged(address, number, identities[account], senders.get(account, frozenset()))
        before = together.get(address)
        together[address] = one if before is None else _both(before, one)
    ranked = sorted(together.values(), key=lambda one: (-one.bounces, one.address))
    return tuple(ranked[:MOST_FORGED]), found.forged.gone + max(len(ranked) - MOST_FORGED, 0)


def _forged(address: str, number: int, own: Identities, logged: frozenset[str]) -> Forged:
    local, _, domain = address.rpartition("@")
    plain, _, tag = local.partition("+")
    forms = {address, f"{plain}@{domain}"}
    owned = not forms.isdisjoint(own.addresses | own.learned | own.never_sends)
    return Forged(
        address=address,
        bounces=number,
        used=not forms.isdisjoint(logged) if not tag else address in logged,
        owned=owned,
        catch_all=not owned and not own.is_shared(address) and f"*@{domain}" in own.addresses,
        tag=tag,
    )


def _both(one: Forged, other: Forged) -> Forged:
    return Forged(
        one.address,
        one.bounces + other.bounces,
        one.used or other.used,
        one.owned or other.owned,
        (one.catch_all or other.catch_all) and not (one.owned or other.owned),
        one.tag,
    )
