"""All findings in one pass -> numbers; of single ones only the ids of the latest few are kept.  It reads no message."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from scatterclean.evidence.tally import MOST, Tally
from scatterclean.model import Because, Closure, Kind, MoveState, Verdict
from scatterclean.model.report import Fate
from scatterclean.ports.evidence import Fact, Forgery, Portion

QUARTER = 900  # seconds: all zones of the world begin their hours and days at one
# Of each heap, and of what one server sent, so many are read whole.
EXAMPLES = 8
FEW = 3
RETURNED = 200

_AWAY = frozenset((MoveState.MOVED, MoveState.COPIED, MoveState.DELETED))
_OF_VERDICT = {
    Verdict.GENUINE: Fate.KEPT,
    Verdict.ALARM: Fate.KEPT,
    Verdict.ORPHAN: Fate.KEPT,
    Verdict.UNDECIDED: Fate.UNDECIDED,
    Verdict.WAITING: Fate.WAITING,
}


def fate(verdict: Verdict, closure: Closure | None, move: MoveState | None) -> Fate:
    """What became of a bounce, by what was found of it, why it is not judged again, and the last move of a sweep."""
    if move is MoveState.RETURNED:
        return Fate.RETURNED
    if move in _AWAY or closure is Closure.MOVED:
        # Put away, and then a hand was seen on it: it was taken out again.
        return Fate.RETURNED if closure is Closure.HAND else Fate.MOVED
    return _OF_VERDICT[verdict]


class Sort(NamedTuple):
    """What findings have in common that count together."""

    account: str
    verdict: Verdict
    because: Because | None
    fate: Fate
    foreign: bool


class Named(NamedTuple):
    """What an undecided or waiting one names beside its reason; see `_NAMING`."""

    account: str
    because: Because
    what: str
    beside: str


@dataclass(slots=True)
class Sender:
    """What one server sent; `ids` are the latest few."""

    bounces: int
    first: int
    last: int
    ids: list[int]
    kinds: dict[Kind, int]


@dataclass(slots=True)
class Passed:
    """The numbers.  `quarters` counts by (quarter of an hour since 1970, kind, fate); `foreign` are the arrivals, in
    seconds, of what is not the person's own, by account; `senders` by name of the Reporting-MTA, or "@" and the domain
    of who wrote the bounce; `named` counts what undecided and waiting ones name beside their reason, by account."""

    sorts: Counter[Sort] = field(default_factory=Counter)
    quarters: Counter[tuple[int, Kind, Fate]] = field(default_factory=Counter)
    arrivals: dict[str, array[int]] = field(default_factory=dict)
    named: Tally[Named] = field(default_factory=Tally)
    heaps: dict[tuple[Verdict, Because | None], list[int]] = field(default_factory=dict)
    open: Counter[tuple[Verdict, Because | None]] = field(default_factory=Counter)
    genuine: list[tuple[int, int]] = field(default_factory=list)  # (arrival, id)
    latest: int = 0

    senders: dict[str, Sender] = field(default_factory=dict)
    senders_gone: int = 0
    forged: Tally[tuple[str, str]] = field(default_factory=Tally)  # (account, address)
    subjects: Tally[str] = field(default_factory=Tally)
    links: Tally[str] = field(default_factory=Tally)
    files: Tally[tuple[str, str]] = field(default_factory=Tally)
    bodies: int = 0


# (account, returned sender, to whom the bounce came) -> the address that was forged, "" if nobody knows.
Whose = Callable[[str, str | None, Sequence[str]], str]


def passed(portions: Iterable[Portion], whose: Whose) -> Passed:
    """`portions` as the store gives them, the latest first."""
    found = Passed()
    fates: dict[tuple[Verdict, Closure | None, MoveState | None], Fate] = {}
    for facts, forgeries in portions:
        if facts:
            _count(found, facts, fates)
        if forgeries:
            _count_spam(found, forgeries)
            _count_senders(found, forgeries)
            _count_forged(found, forgeries, whose)
    return found


def _count(
    found: Passed,
    facts: Sequence[Fact],
    fates: dict[tuple[Verdict, Closure | None, MoveState | None], Fate],
) -> None:
    became = []
    for fact in facts:
        key = fact.verdict, fact.closure, fact.move
        known = fates.get(key)
        if known is None:
            known = fates[key] = fate(*key)
        became.append(known)
    _, accounts, ats, kinds, verdicts, reasons, _, foreign, *_ = zip(*facts, strict=True)
    found.quarters.update(zip([at // QUARTER for at in ats], kinds, became, strict=True))
    found.sorts.update(map(Sort, accounts, verdicts, reasons, became, foreign))
    found.latest = max(found.latest, *ats)
    for fact in facts:
        verdict = fact.verdict
        if verdict is Verdict.GENUINE:
            found.genuine.append((fact.at, fact.id))
            continue
        arrivals = found.arrivals.get(fact.account)
        if arrivals is None:
            arrivals = found.arrivals[fact.account] = array("q")
        if verdict is not Verdict.ALARM:
            arrivals.append(fact.at)
        if fact.open:
            heap = verdict, fact.because
            found.open[heap] += 1
            examples = found.heaps.setdefault(heap, [])
            if len(examples) < EXAMPLES:
                examples.append(fact.id)
    if len(found.genuine) > 10 * RETURNED:
        found.genuine = sorted(found.genuine, reverse=True)[:RETURNED]
    found.named.add(_named(fact) for fact in facts if fact.because in _NAMING)


# Reasons that name an account or a shape of ids, and what else is told of it.
_NAMING = {
    Because.SENT_UNREAD: ("account", "retired"),
    Because.OUTSIDE_COVERAGE: ("account", "since"),
    Because.NOTHING_COVERED: ("account", ""),
    Because.UNLOGGED_SHAPE: ("shape", ""),
    Because.OWN_SHAPE: ("pattern", ""),
}


def _named(fact: Fact) -> Named:
    because = fact.because or Because.SETTLING
    detail = dict(json.loads(fact.detail)) if fact.detail else {}
    what, beside = _NAMING[because]
    return Named(fact.account, because, detail.get(what, ""), detail.get(beside, ""))


def _count_spam(found: Passed, forgeries: Sequence[Forgery]) -> None:
    found.subjects.add([f.subject for f in forgeries if f.subject])
    found.bodies += sum(1 for f in forgeries if f.body)
    found.links.add(chain.from_iterable(f.links for f in forgeries if f.links))
    found.files.add((file[0], file[1]) for f in forgeries if f.files for file in f.files)


def _count_senders(found: Passed, forgeries: Sequence[Forgery]) -> None:
    senders = found.senders
    for f in forgeries:
        name = f.mta.lower() if f.mta else "@" + (f.sender or "").rpartition("@")[2].lower()
        one = senders.get(name)
        if one is None:
            senders[name] = Sender(1, f.at, f.at, [f.id], {f.kind: 1})
            continue
        one.bounces += 1
        one.first = min(one.first, f.at)
        one.last = max(one.last, f.at)
        if len(one.ids) < FEW:
            one.ids.append(f.id)
        one.kinds[f.kind] = one.kinds.get(f.kind, 0) + 1
    if len(senders) > 2 * MOST:
        kept = sorted(senders.items(), key=lambda item: -item[1].bounces)[:MOST]
        found.senders_gone += len(senders) - len(kept)
        found.senders = dict(kept)


def _count_forged(found: Passed, forgeries: Sequence[Forgery], whose: Whose) -> None:
    # Of a storm nearly all came back to a few addresses.
    alike = Counter((f.account, f.author, tuple(f.delivered_to or ())) for f in forgeries)
    for (account, author, delivered_to), number in alike.items():
        if address := whose(account, author, delivered_to):
            found.forged.add({(account, address): number})
