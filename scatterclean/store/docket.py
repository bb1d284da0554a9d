"""The docket in SQLite: bounces that are not genuine, with their findings.  It judges nothing.

Implements `ports.Docket`.  A case keeps all that a judgment needs of the message, so that it is judged anew
without being fetched again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, not_, or_, select, update
from sqlalchemy import case as when
from sqlalchemy.dialects.sqlite import insert

from scatterclean.dates import date_in
from scatterclean.errors import NobodyCanMend
from scatterclean.model import (
    Arrival,
    Case,
    Closure,
    Cursor,
    Errand,
    Kind,
    Move,
    MoveState,
    Place,
    Verdict,
    Whereabouts,
)
from scatterclean.store import bulk, forms
from scatterclean.store.columns import listed
from scatterclean.store.database import Database
from scatterclean.store.journal import read_move
from scatterclean.store.sentlog import read_cursor, write_cursor
from scatterclean.store.tables import cases as table
from scatterclean.store.tables import moves, watch_cursors

_WHERE = ("account", "folder", "uidvalidity", "uid")
_STATE = (
    *("fingerprint", "arrival", "message_key", "verdict", "bounce", "finding", "closed_at", "closure"),
    *("kind", "words"),
)
# Of a list owner's bounces of some days; more say nothing new.
_MOST_GENUINE = 2000
# A case holds up to some kB of references; after years of storms tens of thousands were put away.
_PORTION = 200
# Of these the person's own mail brings heaps, too, and many of them name no message.
_ANSWERS = (Kind.AUTOREPLY, Kind.RECEIPT, Kind.COMPLAINT)

# So much older than its arrival is what was copied into a folder, and not delivered there.
_IN_A_QUEUE = _RECENT = timedelta(days=2)

# What a sweep did, and nobody took back.
_AWAY = (MoveState.MOVED.value, MoveState.COPIED.value)


_NEW = insert(table)
_ENTERED = _NEW.on_conflict_do_update(
    index_elements=_WHERE, set_={name: _NEW.excluded[name] for name in _STATE}
)
_FOUND = (
    update(table)
    .where(table.c.id == bindparam("known"))
    .values(verdict=bindparam("verdict_now"), finding=bindparam("finding_now"))
)


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
            entered = _enter(connection, cases) if cases else ()
            if cursor is not None:
                write_cursor(connection, watch_cursors, account, cursor)
        return entered

    def open_cases(self, account: str, ids: Sequence[int] | None = None) -> Sequence[Case]:
        query = select(table).where(*_is_open(account))
        if ids is not None:
            query = query.where(table.c.id.in_(listed(ids)))
        with self._database.read() as connection:
            return tuple(read_case(row) for row in connection.execute(query.order_by(table.c.id)))

    def open_ids(self, account: str) -> Mapping[Place, Mapping[int, int]]:
        query = select(table.c.folder, table.c.uidvalidity, table.c.uid, table.c.id)
        found: dict[Place, dict[int, int]] = {}
        with self._database.read() as connection:
            for folder, uidvalidity, uid, number in connection.execute(query.where(*_is_open(account))):
                found.setdefault(Place(folder, uidvalidity), {})[uid] = number
        return found

    def moved_cases(self, account: str) -> Iterator[tuple[Case, Move]]:
        # A case and a move belong together by whereabouts and fingerprint: by fingerprint alone, a message
        # that was brought back and put away again would be rescued twice.
        together = (
            (moves.c.account == table.c.account)
            & (moves.c.fingerprint == table.c.fingerprint)
            & (moves.c.source_folder == table.c.folder)
            & (moves.c.source_uidvalidity == table.c.uidvalidity)
            & (moves.c.source_uid == table.c.uid)
            & (moves.c.errand == Errand.SWEEP.value)
        )
        latest = select(func.max(moves.c.id)).where(together).correlate(table).scalar_subquery()
        query = (
            select(table.c.id, moves.c.id)
            .select_from(moves)
            .join(table, together)
            .where(moves.c.account == account, moves.c.state.in_(_AWAY), moves.c.id == latest)
            .where(table.c.closure.is_distinct_from(Closure.HAND.value))
            .order_by(moves.c.id)
        )
        with self._database.read() as connection:
            pairs = [(case_id, move_id) for case_id, move_id in connection.execute(query)]
        for start in range(0, len(pairs), _PORTION):
            some = pairs[start : start + _PORTION]
            its_cases = select(table).where(table.c.id.in_(listed(case_id for case_id, _ in some)))
            its_moves = select(moves).where(moves.c.id.in_(listed(move_id for _, move_id in some)))
            with self._database.read() as connection:
                case_of = {row.id: read_case(row) for row in connection.execute(its_cases)}
                move_of = {row.id: read_move(row) for row in connection.execute(its_moves)}
            yield from ((case_of[case_id], move_of[move_id]) for case_id, move_id in some)

    def update(self, cases: Sequence[Case]) -> None:
        if not cases:
            return
        with self._database.write() as connection:
            rows = [
                {
                    "known": known,
                    "verdict_now": case.finding.verdict.value,
                    "finding_now": forms.finding_to_json(case.finding),
                }
                for known, case in zip(_ids(connection, cases), cases, strict=True)
            ]
            bulk.execute(connection, _FOUND, rows)

    def close(self, cases: Sequence[Case], now: datetime, why: Closure | None = None) -> None:
        if not cases:
            return
        with self._database.write() as connection:
            closed = update(table).where(table.c.id.in_(listed(_ids(connection, cases))))
            connection.execute(closed.values(closed_at=now, closure=why.value if why else None))

    def find(
        self,
        account: str,
        *,
        message_id: str | None = None,
        folder: str | None = None,
        uidvalidity: int | None = None,
        uid: int | None = None,
        limit: int = 100,
    ) -> Sequence[Case]:
        query = select(table).where(table.c.account == account)
        if message_id is not None:
            query = query.where(table.c.message_key == forms.asked_key(message_id))
        if folder is not None:
            query = query.where(table.c.folder == folder)
        if uidvalidity is not None:
            query = query.where(table.c.uidvalidity == uidvalidity)
        if uid is not None:
            query = query.where(table.c.uid == uid)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(table.c.id.desc()).limit(limit))
            return tuple(read_case(row) for row in rows)

    def get(self, known: int) -> Case | None:
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.id == known)).first()
            return None if row is None else read_case(row)

    def genuine(self, account: str, since: datetime) -> Iterator[Case]:
        query = (
            select(table.c.id)
            .where(
                table.c.account == account,
                table.c.verdict == Verdict.GENUINE.value,
                table.c.arrival >= since,
            )
            .order_by(table.c.arrival.desc(), table.c.id)
            .limit(_MOST_GENUINE)
        )
        with self._database.read() as connection:
            ids = list(connection.scalars(query))
        for start in range(0, len(ids), _PORTION):
            some = ids[start : start + _PORTION]
            with self._database.read() as connection:
                rows = connection.execute(select(table).where(table.c.id.in_(listed(some))))
                found = {row.id: read_case(row) for row in rows}
            yield from (found[known] for known in some)

    def counts(self, account: str) -> Mapping[str, int]:
        query = (
            select(table.c.verdict, func.count().label("number"))
            .where(*_is_open(account))
            .group_by(table.c.verdict)
        )
        with self._database.read() as connection:
            return {row.verdict: row.number for row in connection.execute(query)}

    def orphans_between(self, account: str, start: datetime, end: datetime) -> Sequence[datetime]:
        query = select(table.c.fingerprint, table.c.folder, table.c.uidvalidity, table.c.arrival).where(
            table.c.account == account,
            table.c.verdict == Verdict.ORPHAN.value,
            table.c.arrival.between(start, end),
            or_(
                table.c.closure.is_(None),
                table.c.closure.in_([Closure.MOVED.value, Closure.GONE.value]),
            ),
        )
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(table.c.id)).all()
        return tuple(sorted(row.arrival for row in _numbered_last(rows)))

    def arrivals(self, account: str, since: datetime) -> Sequence[Arrival]:
        latest = select(func.max(table.c.arrival)).where(table.c.account == account)
        with self._database.read() as connection:
            last: datetime | None = connection.execute(latest).scalar()
        # Only of the latest: what was put into the folder before is in no storm that is told of now.
        recent = and_(table.c.arrival >= (last or since) - _RECENT, func.json_valid(table.c.bounce) == 1)
        stamp = when((recent, func.json_extract(table.c.bounce, "$.received[0]")), else_=None)
        # All verdicts by name: so an index finds them.
        query = select(
            table.c.fingerprint,
            table.c.folder,
            table.c.uidvalidity,
            table.c.arrival,
            table.c.verdict,
            stamp.label("stamp"),
        ).where(
            table.c.account == account,
            table.c.verdict.in_([verdict.value for verdict in Verdict]),
            table.c.arrival >= since,
            not_((table.c.verdict == Verdict.UNDECIDED.value) & or_(*(_of_kind(kind) for kind in _ANSWERS))),
        )
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(table.c.id)).all()
        found = (
            Arrival(received(row.arrival, row.stamp), Verdict(row.verdict)) for row in _numbered_last(rows)
        )
        return tuple(sorted((one for one in found if one.at >= since), key=lambda one: one.at))


def received(arrival: datetime, stamp: str | None) -> datetime:
    """When a message came that was put into its folder at `arrival`: that, unless the topmost Received line (`stamp`)
    is older by more than mail lies in a queue.  Then it is old mail that was copied here.

    Whoever accepts a message writes that line above all others (RFC 5321, 4.4), so no stranger's is the topmost; the
    Date is a stranger's word, and is not looked at."""
    at = date_in(stamp.rpartition(";")[2]) if stamp else None
    return at if at is not None and arrival - at > _IN_A_QUEUE else arrival


def _numbered_last(rows: Sequence[Any]) -> Iterator[Any]:
    """Of rows in the order in which they were entered those that are another message each.

    A server that numbers a folder anew brings back all that is in it: the same mail is on record once more."""
    latest = {(row.fingerprint, row.folder): row.uidvalidity for row in rows}
    return (row for row in rows if latest[row.fingerprint, row.folder] == row.uidvalidity)


def _of_kind(kind: Kind) -> ColumnElement[bool]:
    """As it begins in the column, see forms.py."""
    begins = f'{{"kind":"{kind.value}"'
    return func.substr(table.c.bounce, 1, len(begins)) == begins


def _enter(connection: Connection, some: Sequence[Case]) -> tuple[Case, ...]:
    # Not RETURNING: an upsert's needs SQLite 3.35, and the id of a replaced case must stay what it was.
    bulk.execute(connection, _ENTERED, [_row(case) for case in some])
    unknown = [case if case.id is None else replace(case, id=None) for case in some]
    ids = _ids(connection, unknown)
    return tuple(replace(case, id=known) for case, known in zip(unknown, ids, strict=True))


def _row(case: Case) -> dict[str, Any]:
    return {
        "account": case.account,
        "folder": case.where.place.folder,
        "uidvalidity": case.where.place.uidvalidity,
        "uid": case.where.uid,
        "fingerprint": case.fingerprint,
        "arrival": case.arrival,
        "message_key": forms.message_key(case.bounce.message_id),
        "verdict": case.finding.verdict.value,
        "bounce": forms.bounce_to_json(case.bounce),
        "finding": forms.finding_to_json(case.finding),
        "closed_at": case.closed_at,
        "closure": case.closure.value if case.closure else None,
        "kind": case.bounce.kind.value,
        "words": forms.words_of(case.bounce),
    }


def _ids(connection: Connection, some: Sequence[Case]) -> list[int]:
    """Their ids on record; a case that was not read from the docket is known by where it is.

    Raises NobodyCanMend if one is not there."""
    given = [case.id for case in some if case.id is not None]
    known = (
        set(connection.scalars(select(table.c.id).where(table.c.id.in_(listed(given))))) if given else set()
    )
    places: dict[tuple[str, Place], list[int]] = {}
    for case in some:
        if case.id is None:
            places.setdefault((case.account, case.where.place), []).append(case.where.uid)
    at: dict[tuple[str, Whereabouts], int] = {}
    for (account, place), uids in places.items():
        query = select(table.c.uid, table.c.id).where(
            table.c.account == account,
            table.c.folder == place.folder,
            table.c.uidvalidity == place.uidvalidity,
            table.c.uid.in_(listed(uids)),
        )
        at |= {(account, Whereabouts(place, row.uid)): row.id for row in connection.execute(query)}
    ids: list[int] = []
    for case in some:
        found = at.get((case.account, case.where)) if case.id is None else case.id
        if found is None or (case.id is not None and found not in known):
            raise NobodyCanMend(f"a case at {case.where} of {case.account} is not in the docket")
        ids.append(found)
    return ids


def _is_open(account: str) -> tuple[Any, ...]:
    return table.c.account == account, table.c.closed_at.is_(None)


def read_case(row: Any) -> Case:
    """A row of `cases`."""
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
