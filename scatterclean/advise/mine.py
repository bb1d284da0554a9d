"""What the configuration and the store know of the person's domains: which there are, who signs, what was forged.

It writes nothing and asks no network.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from scatterclean.advise.dkim import SELECTOR
from scatterclean.advise.habits import habits_of
from scatterclean.advise.naming import NoDomain, ascii_of
from scatterclean.advise.providers import SHARED
from scatterclean.config import Settings
from scatterclean.evidence import senders
from scatterclean.evidence.passing import Passed, passed
from scatterclean.knowledge import identities_of
from scatterclean.model.advised import Step
from scatterclean.model.report import Forged
from scatterclean.wire import Household

# Keys change, mostly once or twice a year: what signed long ago may have been taken back since.
_SIGNED_WITHIN = timedelta(days=90)
_MAX_SELECTORS = 5


@dataclass(frozen=True, slots=True)
class Mine:
    """`domains` of the configured addresses, those of providers last, as people write them; `silent` never send.

    Of these, and as keys of the others, names stand as DNS has them."""

    domains: tuple[str, ...] = ()
    silent: frozenset[str] = frozenset()
    selectors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    habits: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)


def of_settings(settings: Settings) -> Mine:
    sends: dict[str, None] = {}
    never: dict[str, None] = {}
    for account in settings.accounts:
        own = account.account.identities
        sends |= dict.fromkeys(map(_domain, sorted(own.addresses | own.shared)))
        never |= dict.fromkeys(map(_domain, sorted(own.never_sends)))
    names = [name for name in sends | never if _is_domain(name)]
    return Mine(
        tuple(sorted(names, key=lambda name: name in SHARED)),
        frozenset(ascii_of(name) for name in names if name in never and name not in sends),
    )


def of_household(household: Household) -> Mine:
    """With what the store knows."""
    mine = of_settings(household.settings)
    forged, more = _forged(household)
    used = _used(household)
    taken = {
        domain for account in household.settings.accounts for domain in account.account.identities.own_domains
    }
    habits = {
        ascii_of(domain): tuple(habits_of(domain, forged, used, catch_all=domain in taken, more=more > 0))
        for domain in mine.domains
    }
    sends = {_domain(address) for address in _written_from(household)}
    silent = frozenset(
        name for name in mine.silent if name not in set(map(ascii_of, filter(_is_domain, sends)))
    )
    return Mine(mine.domains, silent, _selectors(household, mine.domains), habits)


def _forged(household: Household) -> tuple[list[Forged], int]:
    """All addresses in whose name was sent, and how many more there are; a report holds but the most frequent."""
    names = [settings.name for settings in household.settings.accounts]
    sources = {name: household.sources(name) for name in names}
    identities = {name: identities_of(sources[name], household.accounts[name].account) for name in names}
    logged = {
        name: household.store.sent_log.senders(household.accounts[name].account.person) for name in names
    }
    whole = passed(household.store.evidence.findings(names, None), partial(senders.whose, identities))
    by_address: dict[str, dict[tuple[str, str], int]] = {}
    for (account, address), number in whole.forged.counts.items():
        by_address.setdefault(address, {})[account, address] = number
    found: list[Forged] = []
    addresses = sorted(by_address)
    for start in range(0, len(addresses), senders.MOST_FORGED):
        part = Passed()
        for address in addresses[start : start + senders.MOST_FORGED]:
            part.forged.add(by_address[address])
        found += senders.forged(part, identities, logged)[0]
    return found, whole.forged.gone


def _written_from(household: Household) -> frozenset[str]:
    """From addresses of all logged mail: what is configured as silent, or not at all, may have been used."""
    return frozenset().union(
        *(household.store.sent_log.senders(account.account.person) for account in household.settings.accounts)
    )


def _used(household: Household) -> frozenset[str]:
    """Addresses that the persons wrote from, or have configured."""
    used: set[str] = set()
    for account in household.settings.accounts:
        own = account.account.identities
        used |= own.addresses | own.shared | own.never_sends
    used |= _written_from(household)
    return frozenset(address for address in used if not address.startswith("*@"))


def _selectors(household: Household, domains: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Of the signatures of own mail that came back: that is the only signed mail of the person's that passes by."""
    since = household.clock() - _SIGNED_WITHIN
    own = set(map(ascii_of, domains))
    seen: dict[str, Counter[str]] = {}
    for account in household.settings.accounts:
        for case in household.store.docket.genuine(account.name, since):
            for signature in case.bounce.original.dkim:
                if signature.domain in own and SELECTOR.fullmatch(signature.selector):
                    seen.setdefault(signature.domain, Counter())[signature.selector] += 1
    return {
        domain: tuple(name for name, _ in count.most_common(_MAX_SELECTORS)) for domain, count in seen.items()
    }


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower().rstrip(".")


def _is_domain(name: str) -> bool:
    """Not "localhost": nobody publishes anything of it."""
    try:
        ascii_of(name)
    except NoDomain:
        return False
    return "." in name
