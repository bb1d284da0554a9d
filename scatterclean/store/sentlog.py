"""The sent log in SQLite: what was sent, and of which time the log knows it.  It judges nothing.

Implements `ports.SentLog`.  A lookup is answered from one b-tree per table (see `tables`), so that a batch of
a thousand ids takes the same few queries as one id, whatever the size of the log.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, String, Table, column, delete, exists, func, select, update
from sqlalchemy.dialects.sqlite import insert

from scatterclean.model import (
    Answer,
    Coverage,
    Cursor,
    Grade,
    Interval,
    Place,
    Question,
    SentMessage,
    Tie,
    TieQuestion,
)
from scatterclean.store.database import Database
from scatterclean.store.tables import (
    accounts,
    cleaned,
    correspondents,
    coverage,
    listed,
    microseconds,
    senders,
    sent_cursors,
    sent_ids,
    sent_messages,
    sent_recipients,
)

Row = dict[str, Any]


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
                account_id = _account_id(connection, account, person)
                connection.execute(update(accounts).where(accounts.c.id == account_id).values(person=person))

    def cursors(self, account: str) -> Mapping[str, Cursor]:
        with self._database.read() as connection:
            rows = connection.execute(select(sent_cursors).where(sent_cursors.c.account == account))
            return {row.folder: read_cursor(row) for row in rows}

    def record(self, account: str, person: str, messages: Sequence[SentMessage], cursor: Cursor) -> int:
        with self._database.write() as connection:
            account_id = _account_id(connection, account, person)
            new = _add(connection, account_id, messages) if messages else 0
            write_cursor(connection, sent_cursors, account, cursor)
        return new

    def cover(self, account: str, intervals: Iterable[Interval]) -> None:
        added = [i for i in intervals if i.start <= i.end]  # a clock that was set back covers nothing
        if not added:
            return
        with self._database.write() as connection:
            rows = connection.execute(select(coverage).where(coverage.c.account == account)).all()
            before = {Interval(row.start, row.end, Grade(row.grade)): row.id for row in rows}
            after = set(_merged((*before, *added)))
            gone = [row_id for interval, row_id in before.items() if interval not in after]
            connection.execute(delete(coverage).where(coverage.c.id.in_(listed(gone))))
            _insert(
                connection,
                coverage,
                [
                    {"account": account, "start": i.start, "end": i.end, "grade": i.grade.value}
                    for i in after - before.keys()
                ],
            )

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
        of_person = senders.c.account_id.in_(_accounts_of(person))
        with self._database.read() as connection:
            return frozenset(connection.scalars(select(senders.c.address).where(of_person)))

    def count(self, person: str) -> int:
        query = select(func.coalesce(func.sum(accounts.c.logged), 0)).where(accounts.c.person == person)
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

    def ask(self, question: Question) -> Answer:
        with self._database.read() as connection:
            return Answer(
                known=_known(connection, question),
                ties=_ties(connection, question),
                correspondents=_correspondents(connection, question),
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


def _account_id(connection: Connection, account: str, person: str) -> int:
    """Whose an account is, is said once, and then by `assign` alone: a sweep that began under an older
    configuration may still be recording when a newer one is read."""
    row = connection.execute(select(accounts.c.id).where(accounts.c.name == account)).first()
    if row is None:
        result = connection.execute(
            insert(accounts).values(name=account, person=person).returning(accounts.c.id)
        )
        return int(result.scalar_one())
    return int(row.id)


def _add(connection: Connection, account_id: int, messages: Sequence[SentMessage]) -> int:
    """Rows in large batches.  Ids are given out here: nobody else writes during this transaction."""
    known: dict[str, int] = {
        row.fingerprint: row.id
        for row in connection.execute(
            select(sent_messages.c.fingerprint, sent_messages.c.id).where(
                sent_messages.c.account_id == account_id,
                sent_messages.c.fingerprint.in_(listed({cleaned(m.fingerprint) for m in messages})),
            )
        )
    }
    last_id: int = connection.scalar(select(func.max(sent_messages.c.id))) or 0
    rows: list[Row] = []
    ids: list[Row] = []
    recipients: list[Row] = []
    written_to: dict[str, None] = {}
    written_from: dict[str, None] = {}
    for message in messages:
        fingerprint = cleaned(message.fingerprint)
        message_id = known.get(fingerprint)
        if message_id is None:
            message_id = known[fingerprint] = last_id = last_id + 1
            rows.append(
                {
                    "id": message_id,
                    "account_id": account_id,
                    "fingerprint": fingerprint,
                    "sender": message.sender,
                    "subject": message.subject,
                    "sent_at": message.sent_at,
                    "filed_at": message.filed_at,
                }
            )
        keys = {key for an_id in message.ids for key in an_id.keys}
        ids += [{"key": key, "account_id": account_id, "message_id": message_id} for key in keys]
        recipients += [
            {
                "recipient": recipient,
                "account_id": account_id,
                "sent_at": message.sent_at,
                "message_id": message_id,
            }
            for recipient in message.recipients
        ]
        written_to.update(dict.fromkeys(message.recipients))
        if message.sender:
            written_from[message.sender] = None
    _insert(connection, sent_messages, rows)
    _insert(connection, sent_ids, ids)
    _insert(connection, sent_recipients, recipients)
    _insert(
        connection,
        correspondents,
        [
            {"domain": _domain(address), "address": address, "account_id": account_id}
            for address in written_to
        ],
    )
    _insert(connection, senders, [{"account_id": account_id, "address": a} for a in written_from])
    connection.execute(
        update(accounts).where(accounts.c.id == account_id).values(logged=accounts.c.logged + len(rows))
    )
    return len(rows)


def _insert(connection: Connection, table: Table, rows: list[Row]) -> None:
    """What is there already (a second copy's ids, an old correspondent) is passed over."""
    if rows:
        connection.execute(insert(table).on_conflict_do_nothing(), rows)


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


# --- asking ---------------------------------------------------------------------------------------------


def _accounts_of(person: str) -> Any:
    return select(accounts.c.id).where(accounts.c.person == person)


def _asked(values: Mapping[str, Any]) -> Any:
    """The asked values as a table with one column `value`."""
    return func.json_each(json.dumps(list(values))).table_valued(column("value", String), name="asked")


def _known(connection: Connection, question: Question) -> frozenset[str]:
    # What is asked and what is stored were cleaned alike; the answer is in the asker's spelling.
    spellings: dict[str, list[str]] = {}
    for key in question.keys:
        spellings.setdefault(cleaned(key), []).append(key)
    asked = _asked(spellings)
    logged = exists().where(
        sent_ids.c.key == asked.c.value, sent_ids.c.account_id.in_(_accounts_of(question.person))
    )
    found = connection.scalars(select(asked.c.value).where(logged)) if spellings else ()
    return frozenset(key for value in found for key in spellings[value])


def _correspondents(connection: Connection, question: Question) -> frozenset[str]:
    found: set[str] = set()
    for addresses in (True, False):
        spellings: dict[str, list[str]] = {}
        for value in question.correspondents:
            if ("@" in value) is addresses:
                spellings.setdefault(cleaned(value), []).append(value)
        if not spellings:
            continue
        if addresses:
            pairs = json.dumps([[_domain(address), address] for address in spellings])
            asked = func.json_each(pairs).table_valued(column("value", String), name="asked")
            domain = func.json_extract(asked.c.value, "$[0]", type_=String)
            address = func.json_extract(asked.c.value, "$[1]", type_=String)
            fits = [correspondents.c.domain == domain, correspondents.c.address == address]
            answer = address
        else:
            asked = _asked(spellings)
            fits = [correspondents.c.domain == asked.c.value]
            answer = asked.c.value
        written = exists().where(*fits, correspondents.c.account_id.in_(_accounts_of(question.person)))
        for value in connection.scalars(select(answer).select_from(asked).where(written)):
            found.update(spellings[value])
    return frozenset(found)


def _ties(connection: Connection, question: Question) -> tuple[Tie, ...]:
    spellings: dict[str, set[str]] = {}
    for tie in question.ties:
        spellings.setdefault(cleaned(tie.recipient), set()).add(tie.recipient)
    if not spellings:
        return ()
    windows = json.dumps(
        [
            [recipient, *window]
            for recipient, stretches in _windows(question.ties).items()
            for window in stretches
        ]
    )
    asked = func.json_each(windows).table_valued(column("value", String), name="asked")
    recipient = func.json_extract(asked.c.value, "$[0]", type_=String)
    since = func.json_extract(asked.c.value, "$[1]", type_=Integer)
    until = func.json_extract(asked.c.value, "$[2]", type_=Integer)
    query = (
        select(sent_recipients.c.recipient, sent_recipients.c.sent_at, sent_messages.c.subject)
        .distinct()
        .select_from(asked)
        .join(sent_recipients, sent_recipients.c.recipient == recipient)
        .join(sent_messages, sent_messages.c.id == sent_recipients.c.message_id)
        .where(
            sent_recipients.c.account_id.in_(_accounts_of(question.person)),
            sent_recipients.c.sent_at.between(since, until),
        )
        .order_by(sent_recipients.c.sent_at, sent_recipients.c.recipient, sent_messages.c.subject)
    )
    return tuple(
        Tie(spelling, row.sent_at, row.subject)
        for row in connection.execute(query)
        for spelling in sorted(spellings[row.recipient])
    )


def _windows(ties: Iterable[TieQuestion]) -> dict[str, list[tuple[int, int]]]:
    """By recipient, in microseconds, overlapping ones united: a thousand bounces of one morning ask for the
    same fortnight, and each row is to be read once."""
    asked: dict[str, list[tuple[int, int]]] = {}
    for tie in ties:
        window = (microseconds(tie.since), microseconds(tie.until))
        asked.setdefault(cleaned(tie.recipient), []).append(window)
    return {recipient: _united(windows) for recipient, windows in asked.items()}


def _united(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    united: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(united[-1][1], end))
        else:
            united.append((start, end))
    return united


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
