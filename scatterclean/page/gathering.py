"""A household -> all that a page is made of, from the store alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from scatterclean.model import SHARED_BY_MANY, SweepReport
from scatterclean.model.report import Forged
from scatterclean.page import Matter
from scatterclean.wire import Household

# Of so many sweeps, the latest, those are found that put something away; of these so many are named.
_SWEEPS, _NAMED = 3000, 8


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
        put_away={name: _put_away(household, name, since) for name in report.accounts},
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
    sweeps = household.store.journal.sweeps(name, limit=_SWEEPS)
    return [one for one in sweeps if one.moved and (since is None or one.ended >= since)][:_NAMED]
