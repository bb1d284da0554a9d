"""The docket in SQLite: bounces that are not genuine, with their findings.  It judges nothing.

Implements `ports.Docket`.  A case keeps all that a judgment needs of the message, so that it is judged anew
without being fetched again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from scatterclean.errors import NobodyCanMend
from scatterclean.model import Case, Closure, Cursor, Errand, Move, MoveState, Place, Verdict, Whereabouts
from scatterclean.store import forms
from scatterclean.store.database import Database
from scatterclean.store.journal import asked_key, message_key, read_move
from scatterclean.store.sentlog import read_cursor, write_cursor
from scatterclean.store.tables import cases, listed, moves, watch_cursors

_WHERE = ("account", "folder", "uidvalidity", "uid")
# Of a list owner's bounces of some days; more say nothing new.
_MOST_GENUINE = 2000
# A case holds up to some kB of references; after years of storms tens of thousands were put away.
_PORTION = 200

# What a sweep did, and nobody took back.
_AWAY = (MoveState.MOVED.value, MoveState.COPIED.value)


class SqlDocket:
    """`ports.Docket` on the tables `cases` and `watch_cursors`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def cursor(self, account: str, folder: str) -> Cursor | None:
        query = select(watch_cursors).where(
            watch_cursors.c.account == account, watch_cursors.c.folder == folder
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
            return None if row is None else read_cursor(row)

    def enter(self, account: str, cases: Sequence[Case], cursor: Cursor | None) -> Sequence[Case]:
        strange = [case.account for case in cases if case.account != account]
        if strange:
            raise NobodyCanMend(f"a case of {strange[0]} was about to be entered for {account}")
        with self._database.write() as connection:
            entered = tuple(replace(case, id=_enter(connection, case)) for case in cases)
            if cursor is not None:
                write_cursor(connection, watch_cursors, account, cursor)
        return entered

    def open_cases(self, account: str, ids: Sequence[int] | None = None) -> Sequence[Case]:
        query = select(cases).where(*_is_open(account))
        if ids is not None:
            query = query.where(cases.c.id.in_(listed(ids)))
        with self._database.read() as connection:
            return tuple(_case(row) for row in connection.execute(query.order_by(cases.c.id)))

    def open_ids(self, account: str) -> Mapping[Place, Mapping[int, int]]:
        query = select(cases.c.folder, cases.c.uidvalidity, cases.c.uid, cases.c.id)
        found: dict[Place, dict[int, int]] = {}
        with self._database.read() as connection:
            for folder, uidvalidity, uid, number in connection.execute(query.where(*_is_open(account))):
                found.setdefault(Place(folder, uidvalidity), {})[uid] = number
        return found

    def moved_cases(self, account: str) -> Iterator[tuple[Case, Move]]:
        # A case and a move belong together by whereabouts and fingerprint: by fingerprint alone, a message
        # that was brought back and put away again would be rescued twice.
        together = (
            (moves.c.account == cases.c.account)
            & (moves.c.fingerprint == cases.c.fingerprint)
            & (moves.c.source_folder == cases.c.folder)
            & (moves.c.source_uidvalidity == cases.c.uidvalidity)
            & (moves.c.source_uid == cases.c.uid)
            & (moves.c.errand == Errand.SWEEP.value)
        )
        latest = select(func.max(moves.c.id)).where(together).correlate(cases).scalar_subquery()
        query = (
            select(cases.c.id, moves.c.id)
            .select_from(moves)
            .join(cases, together)
            .where(moves.c.account == account, moves.c.state.in_(_AWAY), moves.c.id == latest)
            .where(cases.c.closure.is_distinct_from(Closure.HAND.value))
            .order_by(moves.c.id)
        )
        with self._database.read() as connection:
            pairs = [(case_id, move_id) for case_id, move_id in connection.execute(query)]
        for start in range(0, len(pairs), _PORTION):
            some = pairs[start : start + _PORTION]
            its_cases = select(cases).where(cases.c.id.in_(listed(case_id for case_id, _ in some)))
            its_moves = select(moves).where(moves.c.id.in_(listed(move_id for _, move_id in some)))
            with self._database.read() as connection:
                case_of = {row.id: _case(row) for row in connection.execute(its_cases)}
                move_of = {row.id: read_move(row) for row in connection.execute(its_moves)}
            yield from ((case_of[case_id], move_of[move_id]) for case_id, move_id in some)

    def update(self, cases: Sequence[Case]) -> None:
        if not cases:
            return
        with self._database.write() as connection:
            for case in cases:
                _set(
                    connection,
                    case,
                    verdict=case.finding.verdict.value,
                    finding=forms.finding_to_json(case.finding),
                )

    def close(self, cases: Sequence[Case], now: datetime, why: Closure | None = None) -> None:
        if not cases:
            return
        with self._database.write() as connection:
            for case in cases:
                _set(connection, case, closed_at=now, closure=why.value if why else None)

    def find(
        self,
        account: str,
        *,
        message_id: str | None = None,
        folder: str | None = None,
        uid: int | None = None,
        limit: int = 100,
    ) -> Sequence[Case]:
        query = select(cases).where(cases.c.account == account)
        if message_id is not None:
            query = query.where(cases.c.message_key == asked_key(message_id))
        if folder is not None:
            query = query.where(cases.c.folder == folder)
        if uid is not None:
            query = query.where(cases.c.uid == uid)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(cases.c.id.desc()).limit(limit))
            return tuple(_case(row) for row in rows)

    def genuine(self, account: str, since: datetime) -> Sequence[Case]:
        query = select(cases).where(
            cases.c.account == account,
            cases.c.verdict == Verdict.GENUINE.value,
            cases.c.arrival >= since,
        )
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(cases.c.arrival.desc(), cases.c.id).limit(_MOST_GENUINE))
            return tuple(_case(row) for row in rows)

    def counts(self, account: str) -> Mapping[str, int]:
        query = (
            select(cases.c.verdict, func.count().label("number"))
            .where(*_is_open(account))
            .group_by(cases.c.verdict)
        )
        with self._database.read() as connection:
            return {row.verdict: row.number for row in connection.execute(query)}

    def orphans_between(self, account: str, start: datetime, end: datetime) -> Sequence[datetime]:
        query = select(cases.c.arrival).where(
            cases.c.account == account,
            cases.c.verdict == Verdict.ORPHAN.value,
            cases.c.arrival.between(start, end),
            or_(
                cases.c.closure.is_(None),
                cases.c.closure.in_([Closure.MOVED.value, Closure.GONE.value]),
            ),
        )
        with self._database.read() as connection:
            return tuple(connection.scalars(query.order_by(cases.c.arrival)))


def _enter(connection: Connection, case: Case) -> int:
    state = {
        "fingerprint": case.fingerprint,
        "arrival": case.arrival,
        "message_key": message_key(case.bounce.message_id),
        "verdict": case.finding.verdict.value,
        "bounce": forms.bounce_to_json(case.bounce),
        "finding": forms.finding_to_json(case.finding),
        "closed_at": case.closed_at,
        "closure": case.closure.value if case.closure else None,
    }
    entered = insert(cases).values(
        account=case.account,
        folder=case.where.place.folder,
        uidvalidity=case.where.place.uidvalidity,
        uid=case.where.uid,
        **state,
    )
    # Not RETURNING: an upsert's needs SQLite 3.35, and the id of a replaced case must stay what it was.
    connection.execute(entered.on_conflict_do_update(index_elements=_WHERE, set_=state))
    return int(connection.scalars(select(cases.c.id).where(*_is_at(case))).one())


def _is_open(account: str) -> tuple[Any, ...]:
    return cases.c.account == account, cases.c.closed_at.is_(None)


def _is_at(case: Case) -> tuple[Any, ...]:
    return (
        cases.c.account == case.account,
        cases.c.folder == case.where.place.folder,
        cases.c.uidvalidity == case.where.place.uidvalidity,
        cases.c.uid == case.where.uid,
    )


def _set(connection: Connection, case: Case, **values: Any) -> None:
    """By id; a case that was not read from the docket is known by where it is."""
    found = (cases.c.id == case.id,) if case.id is not None else _is_at(case)
    result = connection.execute(update(cases).where(*found).values(**values))
    if result.rowcount != 1:
        raise NobodyCanMend(f"a case at {case.where} of {case.account} is not in the docket")


def _case(row: Any) -> Case:
    return Case(
        account=row.account,
        where=Whereabouts(Place(row.folder, row.uidvalidity), row.uid),
        fingerprint=row.fingerprint,
        arrival=row.arrival,
        bounce=forms.bounce_from_json(row.bounce),
        finding=forms.finding_from_json(row.finding),
        id=row.id,
        closed_at=row.closed_at,
        closure=Closure(row.closure) if row.closure else None,
    )
