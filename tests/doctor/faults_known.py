"""What can be wrong with what the database knows of an account, each planted in a real one."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

from scatterclean.model import (
    Cursor,
    Grade,
    Interval,
    Lessons,
    Mode,
    Place,
    Push,
    Refusal,
    Route,
    RouteCause,
    SweepReport,
)
from scatterclean.store import Store, open_store
from tests.contracts.records import message

from .faults_here import planted
from .ward import Ward


def _ago(**span: float) -> datetime:
    return datetime.now(UTC) - timedelta(**span)


def _logged(store: Store, *covered: tuple[datetime, datetime], newest: datetime) -> None:
    """The account was swept, its log knows a message of then, and covers this."""
    store.sent_log.assign({"home": ""})
    store.sent_log.record(
        "home", "", [message(1, sent_at=newest)], Cursor(Place("Sent", 3), 2, 1, covered[-1][1])
    )
    store.sent_log.cover("home", [Interval(start, end, Grade.WITNESSED) for start, end in covered])
    _sweep(store, covered[-1][1])


def _sweep(store: Store, at: datetime, refusal: Refusal | None = None, *troubles: str) -> None:
    number = store.journal.begin_sweep("home", Mode.MOVE, at)
    store.journal.end_sweep(
        SweepReport("home", number, Mode.MOVE, at, at, refusal=refusal, troubles=troubles)
    )


def sent_not_read(ward: Ward) -> None:
    ward.fresh().close()


def sent_was_empty(ward: Ward) -> None:
    with ward.fresh() as store:
        _sweep(store, _ago(minutes=5), Refusal.SENT_EMPTY)


def nothing_filed_for_long(ward: Ward) -> None:
    with ward.fresh() as store:
        _logged(store, (_ago(days=200), _ago(minutes=5)), newest=_ago(days=90))


def hole(ward: Ward) -> None:
    with ward.fresh() as store:
        _logged(store, (_ago(days=60), _ago(days=9)), (_ago(days=6), _ago(minutes=5)), newest=_ago(days=1))


def _route(ward: Ward, cause: RouteCause) -> None:
    with ward.fresh() as store:
        _logged(store, (_ago(days=60), _ago(minutes=5)), newest=_ago(days=1))
        seen = Route("*@rewritten.example", cause, "1@rewritten.example", _ago(days=2))
        store.experience.learn("home", "", Lessons(routes=(seen,)))


def rewriting_provider(ward: Ward) -> None:
    _route(ward, RouteCause.REWRITTEN)


def unlogged_route(ward: Ward) -> None:
    _route(ward, RouteCause.REPLY)


def outbound_unknown(ward: Ward) -> None:
    ward.set(dns=False)


def outbound_not_told_by_dns(ward: Ward) -> None:
    ward.dns({"winter.example": []})


def outbound_of_which_dns_is_silent(ward: Ward) -> None:
    ward.dns({})


def never_swept(ward: Ward) -> None:
    ward.fresh().close()


def not_swept_for_some_hours(ward: Ward) -> None:
    with ward.fresh() as store:
        _logged(store, (_ago(days=60), _ago(hours=9)), newest=_ago(days=1))


def not_swept_for_days(ward: Ward) -> None:
    with ward.fresh() as store:
        _logged(store, (_ago(days=60), _ago(days=3)), newest=_ago(days=4))


def daemon_that_gets_nowhere(ward: Ward) -> None:
    not_swept_for_some_hours(ward)
    ward.monkeypatch.setattr(sys, "argv", ["scatterclean", "run"])
    ward.stack.enter_context(open_store(ward.database))


def crowded_out(ward: Ward) -> None:
    store = ward.stack.enter_context(open_store(ward.database))
    store.note_pushes({"home": Push.CROWDED})


def last_try_failed(ward: Ward) -> None:
    with ward.fresh() as store:
        _logged(store, (_ago(days=60), _ago(minutes=9)), newest=_ago(days=1))
        _sweep(store, _ago(minutes=1), Refusal.NO_SESSION, "home: imap.example:993 does not answer")


def last_sweep_refused(ward: Ward) -> None:
    with ward.fresh() as store:
        _logged(store, (_ago(days=60), _ago(minutes=9)), newest=_ago(days=1))
        _sweep(store, _ago(minutes=1), Refusal.HALF_MOVED)


KNOWN = [
    planted(sent_not_read, "sent-unread", "warning", "not read yet", "scatterclean sweep --observe home"),
    planted(sent_was_empty, "sent-log-empty", "fault", "are empty", "keep copies of sent mail"),
    planted(nothing_filed_for_long, "sent-stale", "warning", "89 days before", "scatterclean import"),
    planted(hole, "sent-holes", "warning", "is not known from", "scatterclean run"),
    planted(rewriting_provider, "rewriting-provider", "warning", "another id on its way", "own_ids"),
    planted(unlogged_route, "unlogged-route", "warning", "files no copy", "scatterclean import"),
    planted(outbound_unknown, "outbound-unknown", "warning", "hardly anything can be moved", "(dns = true)"),
    planted(
        outbound_not_told_by_dns,
        "outbound-unknown",
        "warning",
        "winter.example has no SPF record",
        'outbound = ["*.winter.example"] (a guess',
    ),
    planted(
        outbound_of_which_dns_is_silent, "outbound-unknown", "warning", "gave no answer", "[accounts.home]"
    ),
    planted(never_swept, "never-swept", "warning", "no sweep", "scatterclean run"),
    planted(not_swept_for_some_hours, "overdue", "warning", "9 hours ago", "scatterclean run"),
    planted(not_swept_for_days, "overdue", "fault", "3 days ago", "scatterclean run"),
    planted(daemon_that_gets_nowhere, "overdue", "warning", "the last success", "restart it"),
    planted(crowded_out, "push-crowded", "warning", "wants no further connection", "push = false"),
    planted(last_try_failed, "last-try-failed", "warning", "imap.example:993", "scatterclean sweep home"),
    planted(last_sweep_refused, "last-sweep-refused", "warning", "cannot be completed", "scatterclean sweep"),
]
