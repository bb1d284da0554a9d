"""Sent messages -> rows of the sent log, inside the caller's transaction.  It sets no cursor and covers nothing.

The statements are made once, and rows go to SQLite as JSON.  SQLAlchemy's way from dictionaries through its types
took more time than SQLite's work on them; so what the types do, `cleaned` and `microseconds`, is done here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    bindparam,
    func,
    literal_column,
    select,
    text,
    tuple_,
    update,
)
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


@dataclass(frozen=True, slots=True)
class Prepared:
    """Sent messages on their way to the log.  Nothing of it was asked of the database, so any thread can do this.

    `named`: (fingerprint, moment of sending) of each; `different`: how many fingerprints.  `told`, as JSON, which takes
    less room than what it was made of: what `sent_messages` has of each different one, without the account; of
    `sent_ids` (key, message); of `sent_recipients` (address, moment of sending, message); and what is kept once for
    all of them.  Messages are numbered from 1 on.
    """

    named: Sequence[tuple[str, int]]
    different: int
    told: Mapping[Table, str]
    staged: bool


def prepared(messages: Sequence[SentMessage], *, staged: bool = False) -> Prepared:
    """`staged`: what is looked up by key shall be laid aside (see `staging`)."""
    rows: list[tuple[Any, ...]] = []
    ids: list[tuple[str, int]] = []
    recipients: list[tuple[str, int, int]] = []
    named: list[tuple[str, int]] = []
    number_of: dict[str, int] = {}
    addresses: set[str | None] = set()
    shapes: set[str] = set()
    for message in messages:
        fingerprint, sent_at = cleaned(message.fingerprint), microseconds(message.sent_at)
        sender = None if message.sender is None else cleaned(message.sender)
        named.append((fingerprint, sent_at))
        number = number_of.get(fingerprint)
        if number is None:
            number_of[fingerprint] = number = len(rows) + 1
            subject = None if message.subject is None else cleaned(message.subject)
            filed_at = microseconds(message.filed_at)
            rows.append((number, fingerprint, sender, subject, sent_at, filed_at, int(message.dated)))
        for an_id in message.ids:
            keys = an_id.keys
            shapes.add(cleaned(shape_of_keys(keys)))
            ids += [(cleaned(key), number) for key in keys]
        recipients += [(cleaned(one), sent_at, number) for one in message.recipients]
        addresses.add(sender)
    told = {
        sent_messages: _told(rows),
        sent_ids: _told(ids),
        sent_recipients: _told(recipients),
        senders: _told([(one,) for one in addresses if one]),
        sent_shapes: _told([(one,) for one in shapes if one]),
    }
    if not staged:
        written_to = {(domain_of(one), one) for one in {to for to, *_ in recipients}}
        told[correspondents] = _told([*written_to])
    return Prepared(named, len(rows), told, staged)


def add(connection: Connection, account_id: int, new: Prepared) -> int:
    """Log them; returns how many were new.  Ids are given out here: nobody else writes during this transaction."""

    def insert(table: Table, told: str) -> int:
        # In one step of SQLite, which other threads need not wait for: the driver holds them up between rows.
        given = {"rows": told, "account": account_id, "last": last}
        return connection.exec_driver_sql(_statement(table), given).rowcount

    last: int = connection.scalar(select(func.max(sent_messages.c.id))) or 0
    count = insert(sent_messages, new.told[sent_messages])
    ids, recipients = new.told[sent_ids], new.told[sent_recipients]
    if count < new.different:
        # Not asked beforehand: in a first harvest nearly all are new.
        known = _known(connection, account_id, new.named)
        number_of = {row[0]: known[row[1]] for row in json.loads(new.told[sent_messages])}
        ids, recipients = (
            _told([(*row, number_of[number]) for *row, number in json.loads(told)])
            for told in (ids, recipients)
        )
        last = 0
    insert(staged_ids if new.staged else sent_ids, ids)
    insert(staged_recipients if new.staged else sent_recipients, recipients)
    for table in (senders, sent_shapes) if new.staged else (correspondents, senders, sent_shapes):
        insert(table, new.told[table])
    connection.execute(
        update(accounts).where(accounts.c.id == account_id).values(logged=accounts.c.logged + count)
    )
    return count


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


def _told(rows: Sequence[tuple[Any, ...]]) -> str:
    return json.dumps(rows, ensure_ascii=False)


@cache
def _statement(table: Table) -> str:
    """Its INSERT out of a JSON array of rows without the account; messages are counted from `last` on.

    What is there already (a second copy, its ids, an old correspondent) is passed over."""
    row = func.json_each(bindparam("rows")).table_valued("value")
    names = list(table.columns.keys())
    values: dict[str, ColumnElement[Any]] = {"account_id": bindparam("account")}
    for place, name in enumerate(name for name in names if name != "account_id"):
        value = func.json_extract(row.c.value, literal_column(f"'$[{place}]'"))
        values[name] = value + bindparam("last") if name in {"id", "message_id"} else value
    # Without WHERE SQLite takes ON CONFLICT for a join (sqlite.org/lang_upsert.html, "Parsing Ambiguity").
    rows = select(*(values[name] for name in names)).where(text("true"))
    if table is not sent_messages:
        # By key: neighbours in the table's b-tree, of which each page is then visited once.
        rows = rows.order_by(*(values[key.name] for key in table.primary_key))
    insert = sqlite.insert(table).from_select(names, rows).on_conflict_do_nothing()
    return str(insert.compile(dialect=sqlite.dialect(paramstyle="named")))
