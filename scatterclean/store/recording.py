"""Sent messages -> rows of the sent log, inside the caller's transaction.  It sets no cursor and covers nothing.

The statements are made once, and rows go to SQLite as JSON.  SQLAlchemy's way from dictionaries through its types
took more time than SQLite's work on them; so what the types do, `cleaned` and `microseconds`, is done here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, literal_column, select, text, tuple_, update
from sqlalchemy.dialects import sqlite

from scatterclean.model import SentMessage
from scatterclean.shapes import shape_of_keys
from scatterclean.store.asking import domain_of
from scatterclean.store.columns import cleaned, listed, microseconds
from scatterclean.store.tables import (
    accounts,
    correspondents,
    senders,
    sent_ids,
    sent_messages,
    sent_recipients,
    sent_shapes,
    staged_ids,
    staged_recipients,
)


def add(
    connection: Connection, account_id: int, messages: Sequence[SentMessage], *, staged: bool = False
) -> int:
    """Log them; returns how many were new.  Ids are given out here: nobody else writes during this transaction.

    `staged`: what is looked up by key is laid aside (see `staging`)."""
    number: int = connection.scalar(select(func.max(sent_messages.c.id))) or 0
    rows: list[tuple[Any, ...]] = []
    number_of: dict[str, int] = {}
    named: list[tuple[str, int]] = []
    for message in messages:
        fingerprint, sent_at = cleaned(message.fingerprint), microseconds(message.sent_at)
        named.append((fingerprint, sent_at))
        if fingerprint not in number_of:
            number_of[fingerprint] = number = number + 1
            sender, subject = message.sender, message.subject
            rows.append(
                (
                    number,
                    account_id,
                    fingerprint,
                    None if sender is None else cleaned(sender),
                    None if subject is None else cleaned(subject),
                    sent_at,
                    microseconds(message.filed_at),
                    int(message.dated),
                )
            )
    new = _insert(connection, sent_messages, rows)
    if new < len(rows):
        # Not asked beforehand: in a first harvest nearly all are new.
        number_of |= _known(connection, account_id, named)
    numbered = [(number_of[fingerprint], sent_at) for fingerprint, sent_at in named]
    _add_what_is_looked_up(connection, account_id, messages, numbered, staged)
    connection.execute(
        update(accounts).where(accounts.c.id == account_id).values(logged=accounts.c.logged + new)
    )
    return new


def _add_what_is_looked_up(
    connection: Connection,
    account_id: int,
    messages: Sequence[SentMessage],
    numbered: Sequence[tuple[int, int]],
    staged: bool,
) -> None:
    """`numbered`: (number, moment of sending) of each message."""
    ids: list[tuple[Any, ...]] = []
    recipients: list[tuple[Any, ...]] = []
    written_from: set[str | None] = set()
    shapes: set[str] = set()
    for message, (number, sent_at) in zip(messages, numbered, strict=True):
        for an_id in message.ids:
            keys = an_id.keys
            shapes.add(shape_of_keys(keys))
            ids += [(cleaned(key), account_id, number) for key in keys]
        recipients += [(cleaned(one), account_id, sent_at, number) for one in message.recipients]
        written_from.add(message.sender)
    if staged:
        _insert(connection, staged_ids, ids)
        _insert(connection, staged_recipients, recipients)
    else:
        # By key: neighbours in the table's b-tree, of which each page is then visited once.
        _insert(connection, sent_ids, sorted(ids))
        _insert(connection, sent_recipients, sorted(recipients))
        written_to = sorted((domain_of(one), one, account_id) for one in {to for to, *_ in recipients})
        _insert(connection, correspondents, written_to)
    _insert(connection, senders, [(account_id, cleaned(one)) for one in written_from if one])
    _insert(connection, sent_shapes, [(account_id, cleaned(shape)) for shape in shapes if shape])


def _known(connection: Connection, account_id: int, named: Sequence[tuple[str, int]]) -> dict[str, int]:
    """{fingerprint: id} of these (fingerprint, moment of sending), all of which are logged."""
    known: dict[str, int] = {}
    rows = func.json_each(json.dumps(list(dict.fromkeys(named)))).table_valued("value")
    moments = select(func.json_extract(rows.c.value, "$[1]"), func.json_extract(rows.c.value, "$[0]"))
    here = sent_messages.c.account_id == account_id
    same = tuple_(sent_messages.c.sent_at, sent_messages.c.fingerprint).in_(moments)
    undated = sent_messages.c.fingerprint.in_(listed({fingerprint for fingerprint, _ in named}))
    # As a literal: of a bound value SQLite could not tell that the index of the undated has all of them.
    for which in (undated & (sent_messages.c.dated == literal_column("0")), same):
        query = select(sent_messages.c.fingerprint, sent_messages.c.id).where(here, which)
        known |= {row.fingerprint: row.id for row in connection.execute(query)}
    return known


def _insert(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> int:
    """What is there already (a second copy, its ids, an old correspondent) is passed over; returns how many were not.

    All rows in one step of SQLite, which other threads need not wait for: the driver holds them up between rows.
    """
    if not rows:
        return 0
    return connection.exec_driver_sql(_statement(table), (json.dumps(rows, ensure_ascii=False),)).rowcount


@cache
def _statement(table: Table) -> str:
    """The INSERT of all columns, in the order of the table, of a JSON array of arrays."""
    given = func.json_each(bindparam("rows")).table_valued("value")
    values = [
        func.json_extract(given.c.value, literal_column(f"'$[{n}]'")) for n in range(len(table.columns))
    ]
    # Without WHERE SQLite takes ON CONFLICT for a join (sqlite.org/lang_upsert.html, "Parsing Ambiguity").
    rows = select(*values).where(text("true"))
    insert = sqlite.insert(table).from_select(list(table.columns.keys()), rows).on_conflict_do_nothing()
    return str(insert.compile(dialect=sqlite.dialect(paramstyle="qmark")))
