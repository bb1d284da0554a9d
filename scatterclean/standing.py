"""How an account stands: what its log knows, what was put away, what is still open.  It asks no server.

Everything comes from the store, so it can be told while the daemon works.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from scatterclean import storms
from scatterclean.knowledge import Sources, provider_of
from scatterclean.model import (
    ELSEWHERE,
    OUTBOX,
    Account,
    Alarm,
    Case,
    Coverage,
    Errand,
    Handover,
    Mode,
    MoveState,
    Proofs,
    Provider,
    Push,
    Refusal,
    Route,
    SweepReport,
    Verdict,
)
from scatterclean.ports import Docket, History, Journal
from scatterclean.ports.notices import Notices

WEEK = timedelta(days=7)
# So long an alarm is told by everything that the person looks at; it was told once anyway.
ALARMING = timedelta(days=30)
# Moves that put a message away, whatever became of it later.
AWAY = (MoveState.MOVED, MoveState.COPIED, MoveState.RETURNED, MoveState.DELETED)
# Of so many cases, the latest, it is told what became of them.
_REMEMBERED = 5000


@dataclass(frozen=True, slots=True)
class PutAway:
    """Messages that sweeps put away: since midnight on the person's clock, in the last seven days, ever.

    `returned` of all these were brought back (by `undo`, or because they proved genuine).
    """

    today: int
    week: int
    ever: int
    returned: int


@dataclass(frozen=True, slots=True)
class StormNow:
    """A storm that is in progress: since when, and how many bounces an hour came of late."""

    since: datetime
    an_hour: float


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When an account is looked at: every `poll`, and when the server tells of new mail, if `wanted`.

    `push` says how far that holds now; None while no daemon runs.  `due`: when the daemon looks next, as it said; new
    mail, and what becomes ripe, bring that forward.
    """

    poll: timedelta
    push: Push | None = None
    wanted: bool = True
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """One account.  `logged` counts the messages in its part of the sent log, `beside` those that
    it knows from elsewhere than Sent (imports, `scatterclean sendmail`, `also_sent`); `still_open` cases by verdict.

    `holes` are the stretches between `coverage.since` and `coverage.through` of which the log knows nothing.
    `sweeps` are the last ones, latest first.  `now` is when it was told, in the zone of the person.

    `proofs` are replies that show the log of this account to be whole; `routes` ways of sending of the person that
    leave no (equal) copy in Sent; `provider` what is known of the machines through which the mail leaves, without
    asking DNS; `rhythm` says when it is looked at (None if nobody said); `alarms` those of the last days, the
    latest first.

    `last_success` is when a sweep came to its end last that had a session with the server and knew where sent mail is,
    `failing_since` when the first of the tries ended that all had no session since.  `troubles` are those of the last
    sweep, each with the moment since when every sweep tells it.  `storm` is the one in progress.
    """

    account: str
    mode: Mode
    logged: int
    coverage: Coverage
    holes: tuple[tuple[datetime, datetime], ...]
    put_away: PutAway
    still_open: Mapping[str, int]
    sweeps: tuple[SweepReport, ...]
    now: datetime
    proofs: Proofs = field(default_factory=Proofs)
    routes: tuple[Route, ...] = ()
    provider: Provider = field(default_factory=Provider)
    alarms: tuple[Alarm, ...] = ()
    rhythm: Rhythm | None = None
    beside: int = 0
    last_success: datetime | None = None
    failing_since: datetime | None = None
    troubles: tuple[tuple[str, datetime], ...] = ()
    storm: StormNow | None = None
    untold: tuple[Handover, ...] = ()

    @property
    def failed(self) -> SweepReport | None:
        """The last try, if it came to no session with the server."""
        last = self.sweeps[0] if self.sweeps else None
        return last if last is not None and last.refusal is Refusal.NO_SESSION else None

    @property
    def sent_empty(self) -> bool:
        """Did the last sweep that saw the server find nothing in the Sent folders?"""
        seen = [report for report in self.sweeps if report.refusal is not Refusal.NO_SESSION]
        return bool(seen) and seen[0].refusal is Refusal.SENT_EMPTY


def standing(
    account: Account,
    sources: Sources,
    journal: Journal,
    docket: Docket,
    now: datetime,
    *,
    history: History,
    notices: Notices,
    sweeps: int = 5,
    rhythm: Rhythm | None = None,
) -> Standing:
    """`now` in the zone of the person, whose day begins at its midnight."""
    log = sources.log
    coverage = log.coverage([account.name])[account.name]
    last = tuple(journal.sweeps(account.name, limit=sweeps))
    told = last[0].troubles if last else ()
    lessons = sources.experience.learned(account.person, tuple(sources.filing))
    return Standing(
        account=account.name,
        mode=account.mode,
        logged=log.count_account(account.name),
        beside=log.count_account(account.name + OUTBOX),
        coverage=coverage,
        holes=holes(coverage),
        put_away=_put_away(history, account.name, now),
        still_open=docket.counts(account.name),
        sweeps=last,
        now=now,
        proofs=lessons.proofs.get(account.name, Proofs()),
        routes=lessons.routes,
        provider=provider_of(account, lessons, replace(sources, names=None)),
        alarms=tuple(reversed(journal.alarms(account.name, since=now - ALARMING))),
        rhythm=rhythm,
        last_success=history.last_success(account.name),
        failing_since=history.no_session_since(account.name),
        troubles=tuple((each, history.said_since(account.name, each) or last[0].ended) for each in told),
        storm=_storm(docket, notices, account.name, now),
        untold=_untold(notices, account.name, now),
    )


def _untold(notices: Notices, account: str, now: datetime) -> tuple[Handover, ...]:
    """Each once: what was to be told on another way in its place is the same."""
    gone = notices.given_up(account, now - ALARMING)
    return tuple(one for one in gone if not one.notice.key.endswith(ELSEWHERE))


def _storm(docket: Docket, notices: Notices, account: str, now: datetime) -> StormNow | None:
    """As the daemon noticed it; where none runs, as it would.  What is usual is only asked if many came of late."""
    recent = docket.arrivals(account, now - storms.SPAN)
    if len(recent) < storms.QUIET:
        return None
    noticed = next(iter(notices.storms(account, 1)), None)
    if noticed is not None and noticed.ended is None:
        return StormNow(noticed.since, storms.weather(recent, noticed.since, now).an_hour)
    if len(recent) < storms.SIZE:
        return None
    found = storms.begun(
        docket.arrivals(account, now - storms.REACH), now, noticed.ended if noticed else None
    )
    return StormNow(found.since, found.an_hour) if found is not None else None


@dataclass(frozen=True, slots=True)
class Earlier:
    """What earlier sweeps settled and a sweep does not look at again, so that it counts none of it.

    `genuine` were found to be so, `brought_back` is what `undo` put back; the person may have moved both since.
    """

    genuine: int = 0
    brought_back: int = 0


def earlier(account: str, journal: Journal, docket: Docket, judged: Collection[Case]) -> Earlier:
    """`judged`: the cases of this sweep, which are told anyway.  No server is asked."""
    again = {case.id for case in judged}
    cases = [c for c in docket.find(account, limit=_REMEMBERED) if c.id not in again]
    back = journal.moves(account, states=(MoveState.MOVED, MoveState.DOUBLED), errand=Errand.UNDO)
    return Earlier(
        genuine=sum(c.finding.verdict is Verdict.GENUINE and c.closed_at is not None for c in cases),
        brought_back=len({(move.intent.fingerprint, move.intent.target_folder) for move in back}),
    )


def holes(coverage: Coverage) -> tuple[tuple[datetime, datetime], ...]:
    """What no interval covers between the first and the last moment that is covered, in order."""
    start, end = coverage.since, coverage.through
    found: list[tuple[datetime, datetime]] = []
    while start is not None and end is not None and (hole := coverage.hole(start, end)) is not None:
        found.append(hole)
        start = hole[1]
    return tuple(found)


def _put_away(history: History, account: str, now: datetime) -> PutAway:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    ever = history.put_away(account)
    return PutAway(
        today=away(history.put_away(account, midnight)),
        week=away(history.put_away(account, now - WEEK)),
        ever=away(ever),
        returned=ever.get(MoveState.RETURNED, 0),
    )


def away(moves: Mapping[MoveState, int]) -> int:
    """How many of these moves put a message away."""
    return sum(moves.get(state, 0) for state in AWAY)
