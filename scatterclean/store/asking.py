"""Questions to the sent log: one batch, a handful of queries, whatever its size.  It writes nothing.

What is looked up by key lies in one set of tables, or in two while a large harvest is under way (`staging.seen`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    String,
    cast,
    column,
    exists,
    func,
    select,
    true,
    union_all,
)

from scatterclean.model import OUTBOX, SHORTEST_CUT, Hour, Question, Tie, TieQuestion
from scatterclean.store.columns import EPOCH, cleaned, microseconds
from scatterclean.store.staging import Keyed
from scatterclean.store.tables import accounts, senders, sent_messages, sent_recipients, staged_recipients


def accounts_of(person: str, *, outbox: bool = True) -> Any:
    """A subquery of account ids; `outbox`: also of what was sent and lies in no Sent folder."""
    query = select(accounts.c.id).where(accounts.c.person == person)
    return query if outbox else query.where(accounts.c.name.not_like(f"%{OUTBOX}"))


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def holders(
    connection: Connection, sets: Sequence[Keyed], person: str, keys: Iterable[str]
) -> dict[str, frozenset[str]]:
    """Which accounts logged these keys."""
    spellings = spelled(keys)
    if not spellings:
        return {}
    wanted = asked(spellings)
    found: dict[str, set[str]] = {}
    for ids in (tables.ids for tables in sets):
        query = (
            select(wanted.c.value, accounts.c.name)
            .distinct()
            .select_from(wanted)
            .join(ids, ids.c.key == wanted.c.value)
            .join(accounts, accounts.c.id == ids.c.account_id)
            .where(accounts.c.person == person)
        )
        for value, name in connection.execute(query):
            for key in spellings[value]:
                found.setdefault(key, set()).add(name)
    return {key: frozenset(names) for key, names in found.items()}


def senders_elsewhere(
    connection: Connection, person: str, names: Collection[str]
) -> dict[str, frozenset[str]]:
    query = (
        select(accounts.c.name, senders.c.address)
        .join(senders, senders.c.account_id == accounts.c.id)
        .where(accounts.c.id.in_(accounts_of(person, outbox=False)))
    )
    found: dict[str, set[str]] = {}
    for row in connection.execute(query):
        found.setdefault(row.name, set()).add(row.address)
    here = set[str]().union(*(found.pop(cleaned(name), ()) for name in names))
    return {name: frozenset(addresses - here) for name, addresses in found.items() if addresses - here}


_HOUR = 3_600_000_000  # microseconds


def hours(connection: Connection, account: str, since: datetime, *, staged: bool) -> list[Hour]:
    """Messages by clock hour, and recipients whose first message of this account lies in it.

    Without those whose copies bear no Date: nobody knows when they were sent, but that is when they were filed."""
    account_id = select(accounts.c.id).where(accounts.c.name == account).scalar_subquery()
    start = microseconds(since)
    sent_hour = cast(sent_messages.c.sent_at, Integer).op("/")(_HOUR)
    messages = connection.execute(
        select(sent_hour, func.count())
        .where(
            sent_messages.c.account_id == account_id,
            sent_messages.c.sent_at >= since,
            sent_messages.c.dated == 1,
        )
        .group_by(sent_hour)
    )
    counts = {hour: count for hour, count in messages}  # noqa: C416 - rows are not pairs to mypy
    first = _first_letters(sent_recipients, sent_recipients.c.account_id == account_id).subquery()
    if staged:
        late = _first_letters(staged_recipients, staged_recipients.c.account_id == account_id)
        both = union_all(select(first), late).subquery()
        first = _first_letters(both, true()).subquery()
    first_hour = first.c.sent_at.op("/")(_HOUR)
    strangers = dict(
        tuple(row)
        for row in connection.execute(
            select(first_hour, func.count())
            .join(sent_messages, sent_messages.c.id == first.c.message_id)
            .where(first.c.sent_at >= start, sent_messages.c.dated == 1)
            .group_by(first_hour)
        )
    )
    return [
        Hour(EPOCH + timedelta(hours=hour), counts[hour], strangers.get(hour, 0)) for hour in sorted(counts)
    ]


def _first_letters(letters: FromClause, which: ColumnElement[bool]) -> Select[Any]:
    """The first letter to each recipient.  SQLite takes a bare column from the row that has the minimum
    (sqlite.org/lang_select.html, 2.5)."""
    return (
        select(
            letters.c.recipient,
            func.min(cast(letters.c.sent_at, Integer)).label("sent_at"),
            letters.c.message_id,
        )
        .where(which)
        .group_by(letters.c.recipient)
    )


def spelled(values: Iterable[str]) -> dict[str, list[str]]:
    """What is asked and what is stored were cleaned alike; the answer is in the asker's spelling."""
    spellings: dict[str, list[str]] = {}
    for value in values:
        spellings.setdefault(cleaned(value), []).append(value)
    return spellings


def asked(values: Iterable[str]) -> Any:
    """The asked values as a table with one column `value`."""
    return func.json_each(json.dumps(list(values))).table_valued(column("value", String), name="asked")


def known(connection: Connection, sets: Sequence[Keyed], question: Question) -> frozenset[str]:
    spellings = spelled(question.keys)
    found: set[str] = set()
    for ids in (tables.ids for tables in sets):
        left = [value for value in spellings if value not in found]
        if left:
            wanted = asked(left)
            logged = exists().where(
                ids.c.key == wanted.c.value, ids.c.account_id.in_(accounts_of(question.person))
            )
            found.update(connection.scalars(select(wanted.c.value).where(logged)))
        found |= _beginnings(connection, ids, question.person, [v for v in left if v not in found])
    return frozenset(key for value in found for key in spellings[value])


def _beginnings(connection: Connection, ids: FromClause, person: str, values: Iterable[str]) -> set[str]:
    """Of those without "@" (RFC 5322, 3.6.4 wants one): may they be logged ids that somebody cut short?"""
    cut = [value for value in values if "@" not in value and len(value) >= SHORTEST_CUT]
    if not cut:
        return set()
    wanted = asked(cut)
    begins = ids.c.key.between(wanted.c.value, wanted.c.value.op("||")("\U0010ffff"))
    logged = exists().where(begins, ids.c.account_id.in_(accounts_of(person)))
    return set(connection.scalars(select(wanted.c.value).where(logged)))


def correspondents(connection: Connection, sets: Sequence[Keyed], question: Question) -> frozenset[str]:
    found: set[str] = set()
    for addresses in (True, False):
        spellings = spelled(value for value in question.correspondents if ("@" in value) is addresses)
        if not spellings:
            continue
        pairs = [[domain_of(value), value] if addresses else [value] for value in spellings]
        wanted = func.json_each(json.dumps(pairs)).table_valued(column("value", String), name="asked")
        domain, *address = (
            func.json_extract(wanted.c.value, f"$[{n}]", type_=String) for n in range(2 if addresses else 1)
        )
        for written_to in (tables.correspondents for tables in sets):
            fits = [written_to.c.domain == domain, *(written_to.c.address == one for one in address)]
            written = exists().where(*fits, written_to.c.account_id.in_(accounts_of(question.person)))
            answer = select(*(address or [domain])).select_from(wanted).where(written)
            for value in connection.scalars(answer):
                found.update(spellings[value])
    return frozenset(found)


def ties(connection: Connection, sets: Sequence[Keyed], question: Question) -> tuple[Tie, ...]:
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
    wanted = func.json_each(windows).table_valued(column("value", String), name="asked")
    recipient = func.json_extract(wanted.c.value, "$[0]", type_=String)
    since = func.json_extract(wanted.c.value, "$[1]", type_=Integer)
    until = func.json_extract(wanted.c.value, "$[2]", type_=Integer)
    rows: set[tuple[datetime, str, bool, str]] = set()
    for letters in (tables.recipients for tables in sets):
        query = (
            select(letters.c.sent_at, letters.c.recipient, sent_messages.c.subject)
            .distinct()
            .select_from(wanted)
            .join(letters, letters.c.recipient == recipient)
            .join(sent_messages, sent_messages.c.id == letters.c.message_id)
            .where(
                letters.c.account_id.in_(accounts_of(question.person)),
                letters.c.sent_at.between(since, until),
            )
        )
        rows.update(
            (sent_at, to, subject is not None, subject or "")
            for sent_at, to, subject in connection.execute(query)
        )
    return tuple(
        Tie(spelling, sent_at, subject if has_subject else None)
        for sent_at, to, has_subject, subject in sorted(rows)
        for spelling in sorted(spellings[to])
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
