"""What a judgment rests on, fetched from log, docket and world before the first decision; it judges nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scatterclean import origin, plan
from scatterclean.judge import question_for
from scatterclean.model import (
    Account,
    Bounce,
    Coverage,
    Identities,
    Knowledge,
    Learned,
    Provider,
)
from scatterclean.ports import Docket, Experience, Names, SentLog

# Another account's harvest, in another thread, may be a little later than the moment of a judgment.
CLOCK_SLACK = timedelta(minutes=1)

# Orphans so far from a message can still be of the storm in which it came.
_STORM_REACH = timedelta(days=1)

Storms = tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where knowledge comes from.

    `filing`: {account: its configured addresses} of all accounts of the person; their logs are one.  `servers` are
    the IMAP servers of these accounts, `hosts` their configured outbound hosts, `identities` what each of
    them says of the person's addresses.  `names` is None where no DNS may be asked.
    """

    log: SentLog
    experience: Experience
    filing: Mapping[str, frozenset[str]]
    servers: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    identities: tuple[Identities, ...] = ()
    names: Names | None = None


def knowledge_of(sources: Sources, account: Account, now: datetime, storms: Storms = ()) -> Knowledge:
    """What is known before any question was asked; `answer` and `received` are empty.

    An account whose coverage ends in the future was read by a wrong clock: until its next harvest puts that
    right, nobody knows how far.
    """
    log, names = sources.log, tuple(sources.filing)
    coverage = {
        name: Coverage() if covered.through and covered.through > now + CLOCK_SLACK else covered
        for name, covered in log.coverage(names).items()
    }
    lessons = sources.experience.learned(account.person, names)
    elsewhere = log.senders_elsewhere(account.person, names)
    read_once = log.coverage(tuple(elsewhere))
    return Knowledge(
        now=now,
        answer=log.ask(question_for(account.person, ())),
        identities=identities_of(sources, account),
        coverage=coverage,
        logged=log.count(account.person),
        filing=sources.filing,
        provider=provider_of(account, lessons, sources),
        calibrated=frozenset(name for name, proofs in lessons.proofs.items() if proofs.replies),
        unlogged=frozenset(route.shape for route in lessons.routes),
        storms=storms,
        retired={name: (senders, read_once[name]) for name, senders in elsewhere.items()},
    )


def asked(
    sources: Sources, account: Account, known: Knowledge, cases: Sequence[tuple[Bounce, datetime]]
) -> Knowledge:
    """`known`, and what log and experience say of these (bounce, arrival), asked in one batch."""
    question = question_for(account.person, cases)
    return replace(
        known,
        answer=sources.log.ask(question),
        received=sources.experience.received(account.person, question.keys),
    )


def identities_of(sources: Sources, account: Account) -> Identities:
    """What is configured in any account of the person, and the From addresses of logged mail that are not marked
    otherwise."""
    of_all = (account.identities, *sources.identities)
    shared = frozenset().union(*(one.shared for one in of_all))
    never = frozenset().union(*(one.never_sends for one in of_all))
    return Identities(
        addresses=frozenset().union(*(one.addresses for one in of_all)),
        learned=sources.log.senders(account.person) - shared - never,
        shared=shared,
        never_sends=never,
    )


def provider_of(account: Account, lessons: Learned, sources: Sources) -> Provider:
    """What is known of the machines through which the person's mail leaves: configured, authorised by SPF,
    learned, and guessed from the names of the IMAP servers.

    What was learned came in by mail, which a stranger may have written.  It makes the provider *known* only where
    it agrees with what is expected anyway: the site of an IMAP server, or of an own domain.
    """
    identities = identities_of(sources, account)
    own = identities.domains
    configured = account.hosts | sources.hosts
    names = sources.names
    authorised = {domain: names.networks(domain) for domain in own} if names is not None else {}
    expected = {host for server in {*sources.servers, account.server} for host in origin.guessed(server)}
    expected |= {f".{origin.site(domain)}" for domain in own}
    return Provider(
        hosts=frozenset(host for host in configured if "/" not in host) | lessons.hosts | expected,
        networks=tuple(sorted(host for host in configured if "/" in host))
        + tuple(network for networks in authorised.values() for network in networks or ()),
        known=bool(configured) or any(_within(host, expected) for host in lessons.hosts),
        known_for=frozenset(domain for domain, networks in authorised.items() if networks),
        domains=own,
        own=identities.own_domains,
    )


def _within(host: str, sites: set[str]) -> bool:
    return any(f".{host.lstrip('.')}".endswith(f".{site.lstrip('.')}") for site in sites)


def storms_around(
    docket: Docket,
    account: str,
    arrivals: Sequence[datetime],
    replaced: Iterable[datetime] = (),
    found: Iterable[datetime] = (),
) -> Storms:
    """The storms in which messages with these arrivals may have come: the orphans on record and those that were
    just `found` (arrivals).  `replaced` are arrivals of orphans on record that were judged anew: each counts once."""
    if not arrivals:
        return ()
    on_record = docket.orphans_between(account, min(arrivals) - _STORM_REACH, max(arrivals) + _STORM_REACH)
    return plan.storms([*(Counter(on_record) - Counter(replaced)).elements(), *found])
