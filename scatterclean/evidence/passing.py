"""All findings in one pass -> numbers; of single ones only the ids of the latest few are kept.  It reads no message."""

from __future__ import annotations

import gc
import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from scatterclean.evidence.tally import MOST, Tally
from scatterclean.model import Because, Closure, Kind, MoveState, Verdict
from scatterclean.model.report import Fate
from scatterclean.ports.evidence import Facts, Forgeries

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
    """What findings have in common that count together; `traced` as in `Facts`."""

    account: str
    verdict: Verdict
    because: Because | None
    fate: Fate
    traced: bool
    open: bool


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
    """The numbers.

    `sorts` counts by the fields of `Sort`, `quarters` by (quarter of an hour since 1970, kind, fate); `arrivals` are
    those of what is not the person's own, in seconds, by account; `named` counts what undecided and waiting ones name
    beside their reason; `senders` go by name of the Reporting-MTA, or "@" and the domain of who wrote the bounce."""

    sorts: Counter[tuple[str, Verdict, Because | None, Fate, bool, bool]] = field(default_factory=Counter)
    quarters: Counter[tuple[int, Kind, Fate]] = field(default_factory=Counter)
    arrivals: dict[str, array[int]] = field(default_factory=dict)
    named: Tally[Named] = field(default_factory=Tally)
    heaps: dict[tuple[Verdict, Because | None], list[int]] = field(default_factory=dict)
    left_by_hand: int = (
        0  # orphans that the person had flagged, answered or dragged back before they could go
    )
    genuine: list[tuple[int, int]] = field(default_factory=list)  # (arrival, id)

    senders: dict[str, Sender] = field(default_factory=dict)
    senders_gone: int = 0
    forged: Tally[tuple[str, str]] = field(default_factory=Tally)  # (account, address)
    subjects: Tally[str] = field(default_factory=Tally)
    links: Tally[str] = field(default_factory=Tally)
    files: Tally[tuple[str, str]] = field(default_factory=Tally)
    bodies: int = 0

    def counted(self) -> Iterator[tuple[Sort, int]]:
        """How many there are of each sort."""
        return ((Sort(*sort), number) for sort, number in self.sorts.items())


# (account, returned sender, to whom the bounce came) -> the address that was forged, "" if nobody knows.
Whose = Callable[[str, str | None, str | None], str]


def passed(portions: Iterable[tuple[Facts, Forgeries]], whose: Whose) -> Passed:
    """`portions` as the store gives them, the latest first."""
    found = Passed()
    with _nothing_collected():
        for facts, forgeries in portions:
            _count(found, facts)
            _note(found, facts)
            if forgeries.ids:
                _count_spam(found, forgeries)
                _count_senders(found, forgeries)
                _count_forged(found, forgeries, whose)
    return found


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """A million values come and go, and none is in a cycle: to look for cycles took a fifth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


_fates: dict[tuple[Verdict, Closure | None, MoveState | None], Fate] = {
    (verdict, closure, move): fate(verdict, closure, move)
    for verdict in Verdict
    for closure in (None, *Closure)
    for move in (None, *MoveState)
}


def _count(found: Passed, facts: Facts) -> None:
    became = [_fates[each] for each in zip(facts.verdicts, facts.closures, facts.moves, strict=True)]
    found.left_by_hand += sum(
        verdict is Verdict.ORPHAN and was is Fate.KEPT and closure is Closure.HAND
        for verdict, was, closure in zip(facts.verdicts, became, facts.closures, strict=True)
    )
    quarters = [at // QUARTER for at in facts.ats]
    found.quarters.update(zip(quarters, facts.kinds, became, strict=True))
    found.sorts.update(
        zip(
            facts.accounts,
            facts.verdicts,
            facts.reasons,
            became,
            facts.traced,
            facts.open,
            strict=True,
        )
    )


def _note(found: Passed, facts: Facts) -> None:
    """Which ones are to be read whole, and what they name."""
    rows = zip(
        facts.ids,
        facts.accounts,
        facts.ats,
        facts.verdicts,
        facts.reasons,
        facts.details,
        facts.open,
        strict=True,
    )
    for number, account, at, verdict, reason, detail, is_open in rows:
        if verdict is Verdict.GENUINE:
            found.genuine.append((at, number))
            continue
        if verdict is not Verdict.ALARM:
            found.arrivals.setdefault(account, array("q")).append(at)
        if is_open:
            examples = found.heaps.setdefault((verdict, reason), [])
            if len(examples) < EXAMPLES:
                examples.append(number)
        if reason in _NAMING:
            found.named.add((_named(account, reason, detail),))
    if len(found.genuine) > 10 * RETURNED:
        found.genuine = sorted(found.genuine, reverse=True)[:RETURNED]


# Reasons that name an account or a shape of ids, and what else is told of it: when its log begins, if it is that the
# log had not begun.
_NAMING: Mapping[Because | None, tuple[str, str]] = {
    Because.SENT_UNREAD: ("account", "retired"),
    Because.OUTSIDE_COVERAGE: ("account", "since"),
    Because.NOTHING_COVERED: ("account", ""),
    Because.UNLOGGED_SHAPE: ("shape", ""),
    Because.OWN_SHAPE: ("pattern", ""),
}


def _named(account: str, reason: Because | None, detail: str | None) -> Named:
    what, beside = _NAMING[reason]
    told = dict(json.loads(detail)) if detail else {}
    if beside == "since" and told.get("hole_from", "") >= told.get("since", ""):
        beside = ""  # a hole behind its beginning (moments of the log are all in UTC)
    return Named(account, reason or Because.SETTLING, told.get(what, ""), told.get(beside, ""))


def _count_spam(found: Passed, forgeries: Forgeries) -> None:
    found.subjects.add([subject for subject in forgeries.subjects if subject])
    found.bodies += sum(map(bool, forgeries.bodies))
    found.links.add(chain.from_iterable(filter(None, forgeries.links)))
    found.files.add((file[0], file[1]) for files in forgeries.files if files for file in files)


def _count_senders(found: Passed, forgeries: Forgeries) -> None:
    senders = found.senders
    rows = zip(forgeries.ids, forgeries.ats, forgeries.kinds, forgeries.mtas, forgeries.senders, strict=True)
    for number, at, kind, mta, sender in rows:
        name = mta.lower() if mta else "@" + (sender or "").rpartition("@")[2].lower()
        one = senders.get(name)
        if one is None:
            senders[name] = Sender(1, at, at, [number], {kind: 1})
            continue
        one.bounces += 1
        if at < one.first:
            one.first = at
        elif at > one.last:
            one.last = at
        if len(one.ids) < FEW:
            one.ids.append(number)
        one.kinds[kind] = one.kinds.get(kind, 0) + 1
    if len(senders) > 2 * MOST:
        kept = sorted(senders.items(), key=lambda item: -item[1].bounces)[:MOST]
        found.senders_gone += len(senders) - len(kept)
        found.senders = dict(kept)


def _count_forged(found: Passed, forgeries: Forgeries, whose: Whose) -> None:
    # Of a storm nearly all came back to a few addresses.
    alike = Counter(zip(forgeries.accounts, forgeries.authors, forgeries.returned_to, strict=True))
    forged: Counter[tuple[str, str]] = Counter()
    for (account, author, returned_to), number in alike.items():
        if address := whose(account, author, returned_to):
            forged[account, address] += number
    found.forged.add(forged)
