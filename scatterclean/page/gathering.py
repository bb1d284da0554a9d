"""A household -> all that a page is made of, from the store alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from scatterclean.model import SHARED_BY_MANY, SweepReport
from scatterclean.model.report import Forged
from scatterclean.page import ACCOUNTS, Matter
from scatterclean.wire import Household

# So many sweeps that put something away are named.  They are looked for among the latest, and then among more: most
# find nothing, and a month has ten thousand (0.15 s).
_NAMED = 8
_LOOKED_AT = (300, 3000, 30_000)


def gathered(
    household: Household,
    names: Sequence[str] = (),
    since: datetime | None = None,
    *,
    command: str = "scatterclean",
    advises: bool = True,
) -> Matter:
    """About these accounts (none: all) since then (None: all on record); commands on the page name them if they
    were named here.  `command`: see `Matter`; `advises`: can that be asked about domains?  Raises AccountUnknown."""
    report = household.report(names, since)
    return Matter(
        report=report,
        standings=[household.standing(name) for name in report.accounts],
        put_away={name: _put_away(household, name, since) for name in report.accounts[:ACCOUNTS]},
        named=names,
        command=command,
        domains=own_domains(report.forged) if advises else (),
    )


def own_domains(forged: Iterable[Forged]) -> list[str]:
    """Domains of the person's forged addresses whose records may be the person's own."""
    domains = dict.fromkeys(one.address.rpartition("@")[2] for one in forged if one.owned)
    return [each for each in domains if each and each not in SHARED_BY_MANY]


def _put_away(household: Household, name: str, since: datetime | None) -> list[SweepReport]:
    """The last sweeps that put something away."""
    found: list[SweepReport] = []
    for limit in _LOOKED_AT:
        sweeps = household.store.journal.sweeps(name, limit=limit)
        fresh = [one for one in sweeps if since is None or one.ended >= since]
        found = [one for one in fresh if one.moved][:_NAMED]
        if len(found) == _NAMED or len(fresh) < limit:
            break
    return found
