"""Was it you?  Numbers, alarms, and what the log could not know -> the answer.  It counts nothing itself.

"No sign" is said only where a sign would have been seen.  One alarm on record outweighs thousands of forgeries; what
may have left through the person's account, or falls into a time of which the log knows nothing, makes it "cannot tell"
though it be one bounce.  What is about somebody else's mail says nothing about the account; of all other bounces a few
may stay undecided, not most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scatterclean.evidence.passing import Named, Passed
from scatterclean.knowledge import Sources
from scatterclean.model import Account, Alarm, Because, Coverage, Refusal, Verdict
from scatterclean.model.report import Conclusion, Doubt, Doubted, Fate, Says
from scatterclean.ports import History, Journal
from scatterclean.ports.evidence import Evidence

# Somebody else's mail, or mail that the person received: it says nothing about who uses the account.
_OTHERS = frozenset(
    (Because.NOT_YOURS, Because.ROLE_COPY, Because.SHARED, Because.FORWARDED, Because.RECEIVED)
)
_UNCOVERED = frozenset((Because.OUTSIDE_COVERAGE, Because.NOTHING_COVERED))
_UNLOGGED = frozenset((Because.UNLOGGED_SHAPE, Because.OWN_SHAPE))
# Each of these makes a doubt of its own, or, `NO_STORM`, passed every other test: the log would have known it.
_TOLD_APART = _OTHERS | _UNCOVERED | _UNLOGGED | {Because.NO_STORM}

# A server may be away for so long, and another account is read a little later than this one.
_SOON = timedelta(hours=1)
# Whoever looked at an account longer ago does not know what happened since.
_STALE = timedelta(days=1)
_SHAPES = 3
_FOUND_NOTHING = frozenset((Refusal.SENT_EMPTY, Refusal.SENT_UNKNOWN))


@dataclass(frozen=True, slots=True)
class Asked:
    """An account that is asked about, and where what is known of its person comes from."""

    account: Account
    sources: Sources

    @property
    def name(self) -> str:
        return self.account.name

    def coverage(self, name: str = "") -> Coverage:
        return self.sources.log.coverage([name or self.name])[name or self.name]

    @property
    def looked_into(self) -> bool:
        """Were its Sent folders ever read?"""
        return bool(self.sources.log.cursors(self.name))


def conclusion(
    asked: Sequence[Asked],
    found: Passed,
    *,
    evidence: Evidence,
    journal: Journal,
    history: History,
    never_sends: int,
    since: datetime | None,
    now: datetime,
) -> Conclusion:
    """`never_sends`: bounces about addresses that nothing is ever sent from."""
    by_verdict: Counter[Verdict] = Counter()
    undecided: Counter[Because | None] = Counter()
    foreign = back = own = away = every_back = 0
    for sort, number in found.counted():
        by_verdict[sort.verdict] += number
        every_back += number * (sort.fate is Fate.RETURNED)
        if sort.verdict is Verdict.UNDECIDED and sort.fate is Fate.MOVED and sort.because not in _OTHERS:
            away += number
        if sort.traced and sort.verdict is not Verdict.ORPHAN:
            own += number
        elif sort.verdict is Verdict.UNDECIDED:
            undecided[sort.because] += number
        elif sort.verdict is Verdict.WAITING:
            undecided[Because.SETTLING] += number
        elif sort.verdict is Verdict.ORPHAN:
            foreign += number * sort.traced
            back += number * (sort.fate is Fate.RETURNED)
    alarms, earlier = _alarms(asked, evidence.accounts({one.account.person for one in asked}), journal, since)
    forgeries = by_verdict[Verdict.ORPHAN]
    # A message that an intruder sent by SMTP is in no Sent folder, either: that the log does not know it is no sign
    # against him.
    untraced = forgeries - min(max(foreign, never_sends), forgeries)
    doubts = [
        *([_doubt(Doubt.MAY_BE_YOURS, bounces=str(own))] if own else ()),
        *_doubts(asked, found, undecided, evidence, journal, history, now),
        *(
            [_doubt(Doubt.UNTRACED, bounces=str(untraced), of=str(forgeries))]
            if 2 * untraced > forgeries
            else ()
        ),
    ]
    alarming = by_verdict[Verdict.ALARM]
    says = Says.ALARM if alarms or alarming else Says.CANNOT_TELL if doubts else Says.NO_SIGN
    known = [one.coverage().whole_since for one in asked]
    looks = [history.last_success(one.name) for one in asked]
    return Conclusion(
        says=says,
        bounces=by_verdict.total(),
        not_yours=forgeries,
        foreign=foreign,
        own=by_verdict[Verdict.GENUINE],
        undecided=by_verdict[Verdict.UNDECIDED],
        waiting=by_verdict[Verdict.WAITING],
        alarming=alarming,
        brought_back=back,
        doubts=tuple(doubts),
        alarms=alarms,
        earlier_alarms=earlier,
        never_sends=min(never_sends, forgeries),
        others=sum(undecided[because] for because in _OTHERS),
        undecided_away=away,
        left_by_hand=found.left_by_hand,
        back=every_back,
        log_since=_latest(known),
        looked_at=_earliest(looks),
    )


def _latest(moments: Sequence[datetime | None]) -> datetime | None:
    """None if one is missing."""
    there = [one for one in moments if one is not None]
    return max(there) if there and len(there) == len(moments) else None


def _earliest(moments: Sequence[datetime | None]) -> datetime | None:
    there = [one for one in moments if one is not None]
    return min(there) if there and len(there) == len(moments) else None


def _alarms(
    asked: Sequence[Asked], elsewhere: Collection[str], journal: Journal, since: datetime | None
) -> tuple[tuple[Alarm, ...], tuple[Alarm, ...]]:
    """Those since then, and earlier ones, the latest first.

    Of all accounts of these persons: a message that was sent through one may bounce into another, and an account that
    is out of the configuration may be in an intruder's hands all the same."""
    found: list[Alarm] = []
    earlier: list[Alarm] = []
    for name in {*elsewhere, *(mate for one in asked for mate in (one.name, *one.sources.filing))}:
        told_since = {alarm.key for alarm in journal.alarms(name, since)} if since else set()
        for alarm in journal.alarms(name):
            inside = since is None or alarm.at >= since or alarm.key in told_since
            (found if inside else earlier).append(alarm)
    for alarms in (found, earlier):
        alarms.sort(key=lambda alarm: (alarm.at, alarm.account, alarm.key), reverse=True)
    return tuple(found), tuple(earlier)


def _doubts(  # noqa: PLR0917 - facts, each from another place
    asked: Sequence[Asked],
    found: Passed,
    undecided: Counter[Because | None],
    evidence: Evidence,
    journal: Journal,
    history: History,
    now: datetime,
) -> Iterator[Doubted]:
    told: set[str] = set()
    for one in asked:
        for doubted in _of_account(one, evidence, journal, history, now):
            told.add(doubted["account"])
            yield doubted
    named = found.named.counts
    yield from _waited_for(asked, named, told, now)
    yield from _uncovered(named, told)
    yield from _unlogged(named)
    unsure = Counter({why: number for why, number in undecided.items() if why not in _TOLD_APART})
    others = sum(undecided[because] for because in _OTHERS)
    bounces = sum(number for _, number in found.counted())
    if 2 * unsure.total() > bounces - others:
        [(why, so)] = unsure.most_common(1)
        because = {"because": why.value} if why else {}
        # What is told are all of them, as everywhere; that it is most was found without those that are told apart.
        of = {
            verdict: sum(number for sort, number in found.counted() if sort.verdict is verdict)
            for verdict in (Verdict.UNDECIDED, Verdict.WAITING)
        }
        yield _doubt(
            Doubt.MOSTLY_UNDECIDED,
            undecided=str(of[Verdict.UNDECIDED]),
            others=str(others),
            waiting=str(of[Verdict.WAITING]),
            bounces=str(bounces),
            so=str(so),
            **because,
        )


def _doubt(doubt: Doubt, **detail: str) -> Doubted:
    return Doubted(doubt, tuple(detail.items()))


def _of_account(
    one: Asked, evidence: Evidence, journal: Journal, history: History, now: datetime
) -> Iterator[Doubted]:
    """What its log could not know, whatever came."""
    through = one.coverage().through
    last = next(iter(journal.sweeps(one.name, 1)), None)
    if through is None:
        nothing = one.looked_into or (last is not None and last.refusal in _FOUND_NOTHING)
        yield _doubt(Doubt.EMPTY_LOG if nothing else Doubt.NEVER_READ, account=one.name)
        return
    failing = history.no_session_since(one.name)
    if last is None:
        yield _doubt(Doubt.UNREACHABLE, account=one.name, since="")
    elif failing is not None and now - failing > _SOON:
        since = history.last_success(one.name)
        yield _doubt(Doubt.UNREACHABLE, account=one.name, since=_iso(since))
    elif (looked := evidence.last_look(one.name)) is None or looked - now > _SOON:
        yield _doubt(Doubt.UNREACHABLE, account=one.name, since="")  # or by a clock that was wrong
    elif now - looked > _STALE:
        yield _doubt(Doubt.UNREACHABLE, account=one.name, since=_iso(looked))
    elif now - through > _STALE:
        yield _doubt(Doubt.UNREAD, account=one.name, through=_iso(through))


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _waited_for(
    asked: Sequence[Asked], named: Counter[Named], told: set[str], now: datetime
) -> Iterator[Doubted]:
    """Accounts of the person whose Sent folders bounces wait for, and for longer than between two looks."""
    by_name = {one.name: one for one in asked}
    waited_for = dict.fromkeys(
        (each.account, each.what, each.beside) for each in named if each.because is Because.SENT_UNREAD
    )
    for account, name, retired in waited_for:
        if name in told or account not in by_name:
            continue
        through = by_name[account].coverage(name).through
        if through is not None and now - through <= _SOON:
            continue
        told.add(name)
        if through is None and not retired:
            read = by_name[account].sources.log.cursors(name)
            yield _doubt(Doubt.EMPTY_LOG if read else Doubt.NEVER_READ, account=name)
        else:
            gone = {"retired": retired} if retired else {}
            yield _doubt(Doubt.UNREAD, account=name, through=_iso(through), **gone)


def _uncovered(named: Counter[Named], told: set[str]) -> Iterator[Doubted]:
    """Accounts whose logs know nothing of the time of some bounces."""
    heaps: Counter[str] = Counter()
    begins: dict[str, set[str]] = {}
    for each, number in named.items():
        if each.because in _UNCOVERED:
            heaps[each.what] += number
            begins.setdefault(each.what, set()).add(each.beside)
    for account, number in heaps.most_common():
        # Where all came before it, that is what is to be told.
        since = "" if "" in begins[account] else max(begins[account])
        if account not in told:
            yield _doubt(Doubt.NOT_COVERED, account=account, since=since, bounces=str(number))


def _unlogged(named: Counter[Named]) -> Iterator[Doubted]:
    """The commonest shapes of each account in one."""
    shapes: dict[str, Counter[str]] = {}
    for each, number in named.items():
        if each.because in _UNLOGGED:
            shapes.setdefault(each.account, Counter())[each.what] += number
    for account, found in shapes.items():
        commonest = [shape for shape, _ in found.most_common(_SHAPES)]
        yield _doubt(Doubt.UNLOGGED, account=account, shape=", ".join(commonest))
