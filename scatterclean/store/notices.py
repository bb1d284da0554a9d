"""What the person is told, in SQLite: written down before it is done.  It tells nothing.

Implements `ports.Notices`.  The permitted changes stand in `model.NOTICE_PERMITTED`; they are checked against what is
stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from scatterclean.errors import NobodyCanMend
from scatterclean.model import (
    NOTICE_PERMITTED,
    Handover,
    Notice,
    NoticeKind,
    NoticeState,
    Storm,
)
from scatterclean.store.columns import cleaned
from scatterclean.store.database import Database
from scatterclean.store.tables import notices as table
from scatterclean.store.tables import storms

_OPEN = (NoticeState.DUE.value, NoticeState.TRYING.value)
# Stands for a way where there is none: the event is known, and nobody is told.
_NOWHERE = ""
_MOST_BODY = 20_000
# Quiet hours and back-offs are shorter: what is to wait for longer was written while the clock stood in the future.
_FARTHEST = timedelta(days=1)


class SqlNotices:
    """`ports.Notices` on the tables `notices` and `storms`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def announce(self, notices: Sequence[Notice], ways: Sequence[str], now: datetime) -> Sequence[Notice]:
        if not notices:
            return ()
        with self._database.write() as connection:
            return _announce(connection, notices, ways, now)

    def due(self, now: datetime) -> Sequence[Handover]:
        query = select(table).where(table.c.state.in_(_OPEN)).order_by(table.c.id)
        with self._database.read() as connection:
            rows = [_handover(row) for row in connection.execute(query)]
        return tuple(one for one in rows if not any(_to_come(at, now) for at in (one.notice.due, one.next)))

    def next_due(self) -> datetime | None:
        moment = func.min(func.max(table.c.due, func.coalesce(table.c.next, table.c.due)))
        query = select(moment.label("moment")).where(table.c.state.in_(_OPEN))
        with self._database.read() as connection:
            found: datetime | None = connection.execute(query).scalar_one()
            return found

    def change(
        self,
        handover: Handover,
        state: NoticeState,
        now: datetime,
        *,
        inbox: str | None = None,
        next_try: datetime | None = None,
    ) -> None:
        with self._database.write() as connection:
            stored = connection.execute(
                select(table.c.state).where(table.c.id == handover.id)
            ).scalar_one_or_none()
            if stored is None or (
                state.value != stored and state not in NOTICE_PERMITTED[NoticeState(stored)]
            ):
                raise NobodyCanMend(
                    f"notice {handover.id} is {stored or 'unknown'} and cannot become {state}",
                    hint="This is a bug of scatterclean: please report it. Nothing was written.",
                )
            values: dict[str, Any] = {"state": state.value, "next": next_try}
            if inbox is not None:
                values["inbox"] = inbox
            if state is NoticeState.DUE or next_try is not None:
                values["tries"] = table.c.tries + 1
            if state in (NoticeState.TOLD, NoticeState.GIVEN_UP):
                values["settled_at"] = now
            connection.execute(update(table).where(table.c.id == handover.id).values(values))

    def last_of(self, account: str, prefix: str, until: datetime) -> datetime | None:
        query = select(func.max(table.c.made)).where(
            table.c.account == account,
            func.substr(table.c.key, 1, len(prefix)) == prefix,
            table.c.made <= until,
        )
        with self._database.read() as connection:
            found: datetime | None = connection.execute(query).scalar_one()
            return found

    def given_up(self, account: str, since: datetime) -> Sequence[Handover]:
        query = select(table).where(
            table.c.account == account,
            table.c.state == NoticeState.GIVEN_UP.value,
            table.c.settled_at >= since,
        )
        with self._database.read() as connection:
            return tuple(_handover(row) for row in connection.execute(query.order_by(table.c.id.desc())))

    # --- storms -------------------------------------------------------------------------------------------

    def begin_storm(self, storm: Storm, notices: Sequence[Notice], ways: Sequence[str]) -> bool:
        going_on = select(func.count()).where(storms.c.account == storm.account, storms.c.ended.is_(None))
        with self._database.write() as connection:
            if connection.execute(going_on).scalar_one():
                return False
            connection.execute(
                insert(storms).values(account=storm.account, since=storm.since, noticed=storm.noticed)
            )
            _announce(connection, notices, ways, storm.noticed)
        return True

    def end_storm(self, storm: Storm, notices: Sequence[Notice], ways: Sequence[str]) -> bool:
        if storm.ended is None:
            raise NobodyCanMend(f"a storm of {storm.account} was ended without saying when")
        here = (
            storms.c.account == storm.account,
            storms.c.since == storm.since,
            storms.c.ended.is_(None),
        )
        with self._database.write() as connection:
            ended = connection.execute(update(storms).where(*here).values(ended=storm.ended))
            if not ended.rowcount:
                return False
            _announce(connection, notices, ways, storm.ended)
        return True

    def storms(self, account: str, limit: int = 20) -> Sequence[Storm]:
        query = select(storms).where(storms.c.account == account).order_by(storms.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return tuple(
                Storm(row.account, row.since, row.noticed, row.ended) for row in connection.execute(query)
            )


def _announce(
    connection: Connection, some: Sequence[Notice], ways: Sequence[str], now: datetime
) -> tuple[Notice, ...]:
    new: dict[tuple[str, str], Notice] = {}
    for notice in some:
        named = (cleaned(notice.account), cleaned(notice.key))
        known = select(func.count()).where(table.c.account == named[0], table.c.key == named[1])
        if named in new or connection.execute(known).scalar_one():
            continue
        new[named] = notice
        for way in dict.fromkeys(ways) or (_NOWHERE,):
            told = way == _NOWHERE
            connection.execute(
                insert(table).values(
                    account=notice.account,
                    key=notice.key,
                    way=way,
                    kind=notice.kind.value,
                    subject=notice.subject,
                    body=cleaned(notice.body, _MOST_BODY),
                    made=notice.made,
                    due=notice.due,
                    state=(NoticeState.TOLD if told else NoticeState.DUE).value,
                    tries=0,
                    settled_at=now if told else None,
                )
            )
    return tuple(new.values())


def _to_come(at: datetime | None, now: datetime) -> bool:
    return at is not None and now < at <= now + _FARTHEST


def _handover(row: Any) -> Handover:
    return Handover(
        id=row.id,
        notice=Notice(row.account, row.key, NoticeKind(row.kind), row.subject, row.body, row.made, row.due),
        way=row.way,
        state=NoticeState(row.state),
        tries=row.tries,
        next=row.next,
        inbox=row.inbox,
    )
