"""The story of one message from what is on record alone: nobody is asked, neither the mail server nor the DNS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from scatterclean import plan
from scatterclean.judge.hearing import Hearing
from scatterclean.knowledge import Sources, asked, knowledge_of
from scatterclean.model import OUTBOX, PUTTING_AWAY, Account, Case, Closure, Move, MoveState
from scatterclean.ports import Journal
from scatterclean.why.story import ALARMING, Story, from_beside


def on_record(account: Account, sources: Sources, journal: Journal, case: Case, *, now: datetime) -> Story:
    """As the last sweep that judged it found it; what the log knows is as it is now.  What came back in the message
    (links, files) is not on record, nor what its flags are."""
    sources = replace(sources, names=None)
    moves = tuple(journal.moves(account.name, fingerprint=case.fingerprint))
    # Without storms: the finding is on record, and to find them all that came in a day would be read.
    known = knowledge_of(sources, account, now)
    knowledge = asked(sources, account, known, [(case.bounce, case.arrival)])
    hearing = Hearing(case.bounce, case.arrival, knowledge, account)
    away = _away(moves, case)
    target = away.target if away is not None else None
    where = target or case.where
    alarms = tuple(reversed(journal.alarms(account.name, since=now - ALARMING)))
    return Story(
        account=account.name,
        folder=away.intent.target_folder if away is not None else where.place.folder,
        uid=where.uid,
        arrival=case.arrival,
        dated=None,
        message_id=(case.bounce.message_id or "").strip("<> ") or None,
        subject=case.bounce.subject,
        sender=case.bounce.sender,
        bounce=case.bounce,
        finding=case.finding,
        moves=moves,
        needed=hearing.window,
        knowledge=knowledge,
        filed_in=tuple(name for name, _ in hearing.filed_in),
        origin=hearing.origin,
        hand=None if away is not None else _hand(moves, case),
        away=away is not None,
        mode=account.mode,
        alarms=alarms,
        beside=sum(sources.log.count_account(name + OUTBOX) for name in sources.filing),
        from_beside=from_beside(sources, account, case.finding),
    )


def _away(moves: Sequence[Move], case: Case) -> Move | None:
    """The move that put this message where it is now.  Of equal ones, the one that was where the case was."""
    last = [m for m in moves if m.intent.errand in PUTTING_AWAY and m.state is MoveState.MOVED]
    same = [m for m in last if m.intent.source == case.where]
    return next(reversed(same or last), None)


def _hand(moves: Sequence[Move], case: Case) -> plan.Hand | None:
    if any(m.intent.errand in PUTTING_AWAY and m.state is not MoveState.STAYED for m in moves):
        return plan.Hand.RETURNED
    return plan.Hand.FLAGGED if case.closure is Closure.HAND else None
