"""The sent log in SQLite: what was sent, and of which time the log knows it.  It judges nothing.

Implements `ports.SentLog`.  A lookup is answered from one b-tree per table (see `tables`), so that a batch of
a thousand ids takes the same few queries as one id, whatever the size of the log.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Table, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from scatterclean.model import (
    OUTBOX,
    Answer,
    Coverage,
    Cursor,
    Grade,
    Hour,
    Interval,
    Place,
    Question,
    SentMessage,
)
from scatterclean.store import asking, recording, staging
from scatterclean.store.columns import cleaned, listed
from scatterclean.store.database import Database
from scatterclean.store.recording import Prepared
from scatterclean.store.tables import accounts, coverage, senders, sent_cursors, sent_messages, sent_shapes

# A batch of a first harvest; a day's mail is less.
_MANY = 500


class SqlSentLog:
    """`ports.SentLog` on the tables of the sent log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def assign(self, persons: Mapping[str, str]) -> None:
        with self._database.read() as connection:
            told = {row.name: row.person for row in connection.execute(select(accounts))}
        if all(told.get(cleaned(account)) == cleaned(person) for account, person in persons.items()):
            return  # the daemon reloads in its main loop, which must not wait for the writers
        with self._database.write() as connection:
            for account, person in persons.items():
                own_id = account_id(connection, account, person)
                mine = (accounts.c.id == own_id) | (accounts.c.name == account + OUTBOX)
                connection.execute(update(accounts).where(mine).values(person=person))

    def cursors(self, account: str) -> Mapping[str, Cursor]:
        with self._database.read() as connection:
            rows = connection.execute(select(sent_cursors).where(sent_cursors.c.account == account))
            return {row.folder: read_cursor(row) for row in rows}

    def record(
        self,
        account: str,
        person: str,
        messages: Sequence[SentMessage],
        cursor: Cursor,
        *,
        out_of: int = 0,
    ) -> int:
        return self.recording(account, person, messages, cursor, out_of=out_of)()

    def recording(
        self,
        account: str,
        person: str,
        messages: Sequence[SentMessage],
        cursor: Cursor,
        *,
        out_of: int = 0,
    ) -> Callable[[], int]:
        prepared = recording.prepared(messages, staged=out_of >= staging.FROM)
        return partial(self._record, account, person, prepared, cursor)

    def _record(self, account: str, person: str, prepared: Prepared, cursor: Cursor) -> int:
        staged, many = prepared.staged, prepared.different >= _MANY
        # What is only appended needs no large cache.
        with self._database.write(large=many and not staged) as connection:
            own_id = account_id(connection, account, person)
            new = recording.add(connection, own_id, prepared) if prepared.different else 0
            write_cursor(connection, sent_cursors, account, cursor)
            enough = staged and staging.enough(connection)
        if enough:
            # After the commit: what was read is kept, also if there is no room for this.
            self.tidy()
        return new

    def tidy(self) -> None:
        staging.merge(self._database)

    def cover(self, account: str, intervals: Iterable[Interval]) -> None:
        added = [i for i in intervals if i.start <= i.end]  # a clock that was set back covers nothing
        if not added:
            return
        self.tidy()
        with self._database.write() as connection:
            rows = connection.execute(select(coverage).where(coverage.c.account == account)).all()
            before = {Interval(row.start, row.end, Grade(row.grade)): row.id for row in rows}
            after = set(_merged((*before, *added)))
            gone = [row_id for interval, row_id in before.items() if interval not in after]
            connection.execute(delete(coverage).where(coverage.c.id.in_(listed(gone))))
            new = [
                {"account": account, "start": i.start, "end": i.end, "grade": i.grade.value}
                for i in after - before.keys()
            ]
            if new:
                connection.execute(insert(coverage), new)

    def retract(self, account: str, after: datetime) -> None:
        beyond = (coverage.c.account == account) & (coverage.c.end > after)
        with self._database.write() as connection:
            connection.execute(delete(coverage).where(beyond, coverage.c.start > after))
            connection.execute(update(coverage).where(beyond).values(end=after))

    def forget_folder(self, account: str, folder: str) -> None:
        with self._database.write() as connection:
            connection.execute(
                delete(sent_cursors).where(sent_cursors.c.account == account, sent_cursors.c.folder == folder)
            )

    def coverage(self, accounts: Sequence[str]) -> Mapping[str, Coverage]:
        found: dict[str, list[Interval]] = {account: [] for account in accounts}
        with self._database.read() as connection:
            for account in found:
                rows = connection.execute(
                    select(coverage).where(coverage.c.account == account).order_by(coverage.c.start)
                )
                found[account] = [Interval(row.start, row.end, Grade(row.grade)) for row in rows]
        return {account: Coverage(tuple(intervals)) for account, intervals in found.items()}

    def senders(self, person: str) -> frozenset[str]:
        of_person = senders.c.account_id.in_(asking.accounts_of(person, outbox=False))
        with self._database.read() as connection:
            return frozenset(connection.scalars(select(senders.c.address).where(of_person)))

    def senders_elsewhere(self, person: str, accounts: Collection[str]) -> Mapping[str, frozenset[str]]:
        with self._database.read() as connection:
            return asking.senders_elsewhere(connection, person, accounts)

    def shapes(self, person: str) -> frozenset[str]:
        of_person = sent_shapes.c.account_id.in_(asking.accounts_of(person, outbox=False))
        with self._database.read() as connection:
            return frozenset(connection.scalars(select(sent_shapes.c.shape).where(of_person)))

    def holders(self, person: str, keys: Iterable[str]) -> Mapping[str, frozenset[str]]:
        with self._database.read() as connection, staging.seen(connection) as sets:
            return asking.holders(connection, sets, person, keys)

    def hours(self, account: str, since: datetime) -> Sequence[Hour]:
        with self._database.read() as connection:
            return asking.hours(connection, account, since, staged=bool(staging.waiting(connection)))

    def count(self, person: str, *, outbox: bool = False) -> int:
        query = select(func.coalesce(func.sum(accounts.c.logged), 0)).where(
            accounts.c.id.in_(asking.accounts_of(person, outbox=outbox))
        )
        with self._database.read() as connection:
            return int(connection.scalars(query).one())

    def count_account(self, account: str) -> int:
        with self._database.read() as connection:
            logged = connection.scalar(select(accounts.c.logged).where(accounts.c.name == account))
            return int(logged or 0)

    def first_sent(self, account: str, skip: int = 0) -> datetime | None:
        query = (
            select(sent_messages.c.sent_at)
            .where(
                sent_messages.c.account_id
                == select(accounts.c.id).where(accounts.c.name == account).scalar_subquery()
            )
            .order_by(sent_messages.c.sent_at)
            .limit(1)
            .offset(max(skip, 0))
        )
        with self._database.read() as connection:
            return connection.scalar(query)

    def last_sent(self, account: str) -> datetime | None:
        of_account = select(accounts.c.id).where(accounts.c.name == account).scalar_subquery()
        query = select(func.max(sent_messages.c.sent_at)).where(sent_messages.c.account_id == of_account)
        with self._database.read() as connection:
            last: datetime | None = connection.scalar(query)
            return last

    def ask(self, question: Question) -> Answer:
        with self._database.read() as connection, staging.seen(connection) as sets:
            return Answer(
                known=asking.known(connection, sets, question),
                ties=asking.ties(connection, sets, question),
                correspondents=asking.correspondents(connection, sets, question),
            )


# --- cursors: the docket's are the same -------------------------------------------------------------------


def read_cursor(row: Any) -> Cursor:
    """A row of `sent_cursors` or `watch_cursors`."""
    return Cursor(Place(row.folder, row.uidvalidity), row.uidnext, row.exists, row.read_at)


def write_cursor(connection: Connection, table: Table, account: str, cursor: Cursor) -> None:
    state = {
        "uidvalidity": cursor.place.uidvalidity,
        "uidnext": cursor.uidnext,
        "exists": cursor.exists,
        "read_at": cursor.read_at,
    }
    connection.execute(
        insert(table)
        .values(account=account, folder=cursor.place.folder, **state)
        .on_conflict_do_update(index_elements=["account", "folder"], set_=state)
    )


# --- adding ---------------------------------------------------------------------------------------------


def account_id(connection: Connection, account: str, person: str) -> int:
    """Whose an account is, is said once, and then by `assign` alone: a sweep that began under an older
    configuration may still be recording when a newer one is read."""
    row = connection.execute(select(accounts.c.id).where(accounts.c.name == account)).first()
    if row is None:
        result = connection.execute(
            insert(accounts).values(name=account, person=person).returning(accounts.c.id)
        )
        return int(result.scalar_one())
    return int(row.id)


def _merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Touching and overlapping intervals of one grade as one; the grades are kept apart."""
    merged: list[Interval] = []
    for interval in sorted(intervals, key=lambda i: (i.grade, i.start)):
        last = merged[-1] if merged else None
        if last is not None and last.grade is interval.grade and interval.start <= last.end:
            merged[-1] = Interval(last.start, max(last.end, interval.end), last.grade)
        else:
            merged.append(interval)
    return merged
