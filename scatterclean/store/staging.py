"""Rows of a large harvest wait without order, and go to their places sorted, very many at a time.  It asks nothing.

Keys of ids come in no order: put into their b-trees batch by batch, a batch touches the more pages the larger the log
is.  So a large harvest appends them to tables without an index (`beside`), and `merge` brings them to their places, of
which each page is then visited once for hundreds of thousands of rows.

Nothing that is asked may miss what waits: who asks, asks all that `seen` gives, whoever died before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Table,
    TableClause,
    case,
    column,
    delete,
    func,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.dialects.sqlite import insert

from scatterclean.store.database import Database
from scatterclean.store.tables import (
    correspondents,
    sent_ids,
    sent_messages,
    sent_recipients,
    staged_ids,
    staged_recipients,
)

# A harvest of so many messages is large.  Below it the trees are small, and most of their pages stay in memory.
FROM = 20_000
# Rows that wait, at most (but for one batch), are as many as messages are logged, but between these; a message has one
# or two in each table.  The fewer, the more often all pages are visited, of which a small log has few, and the more of
# it is done while others come; the more, the longer waits whoever asks meanwhile, for he has to sort them.
FEWEST = 100_000
MOST = 400_000


class Keyed(NamedTuple):
    """One set of the tables that are looked up by key."""

    ids: FromClause
    recipients: FromClause
    correspondents: FromClause


_PLACED: tuple[Table, ...] = (sent_ids, sent_recipients, correspondents)
_STAGED: tuple[Table, ...] = (staged_ids, staged_recipients)
_SORTED = tuple(
    table(f"sorted_{one.name}", *(column(each.name, each.type) for each in one.columns)) for one in _PLACED
)
PLACED = Keyed(*_PLACED)
SORTED = Keyed(*_SORTED)


def _after_the_last_at(address: ColumnElement[str]) -> ColumnElement[str]:
    """`asking.domain_of`; where there is more than one @, all is taken off from the right that is none."""
    after_the_first = func.substr(address, func.instr(address, "@") + 1)
    before = func.length(func.rtrim(address, func.replace(address, "@", "")))
    return case(
        (func.instr(after_the_first, "@") > 0, func.substr(address, before + 1)), else_=after_the_first
    )


# What waits for each of the placed tables.  Correspondents do not wait by themselves: they are the recipients.
_WAITING = {
    sent_ids: select(staged_ids),
    sent_recipients: select(staged_recipients),
    correspondents: select(
        _after_the_last_at(staged_recipients.c.recipient).label("domain"),
        staged_recipients.c.recipient.label("address"),
        staged_recipients.c.account_id,
    ),
}


def waiting(connection: Connection) -> int:
    """How many rows wait: they are only ever appended, or deleted all together, so that the last number tells."""
    last = [
        select(func.coalesce(func.max(literal_column("rowid", Integer)), 0))
        .select_from(one)
        .scalar_subquery()
        for one in _STAGED
    ]
    return sum(connection.execute(select(*last)).one())


def enough(connection: Connection) -> bool:
    """Shall what waits go to its places before more comes?"""
    logged: int = connection.scalar(select(func.max(sent_messages.c.id))) or 0
    return waiting(connection) >= min(max(FEWEST, logged), MOST)


def merge(database: Database) -> None:
    """Bring what waits to its place, in one transaction; what is there already is passed over.

    Without anything that waits nothing is written."""
    with database.read() as connection:
        if not waiting(connection):
            return
    # Each row's message was looked up when the row came, one after another; here they would come in no order, which
    # takes half of the time.  No message and no account is ever deleted.
    with database.write(checked_before=True) as connection:
        _merge(connection)


def _merge(connection: Connection) -> None:
    for placed in _PLACED:
        _put_in_order(connection, placed, placed)
    for staged in _STAGED:
        connection.execute(delete(staged))


def _put_in_order(connection: Connection, placed: Table, into: Table | TableClause) -> None:
    """What waits for `placed`, in the order of its key: into it, or into another table of the same columns."""
    waiting_here = _WAITING[placed].subquery()
    order = [waiting_here.c[each.name] for each in placed.primary_key]
    rows = select(waiting_here).where(text("true")).order_by(*order)
    # DO NOTHING and not OR IGNORE, which would also pass over a row with something missing.
    connection.execute(insert(into).from_select(list(placed.columns.keys()), rows).on_conflict_do_nothing())


@contextmanager
def seen(connection: Connection) -> Iterator[Sequence[Keyed]]:
    """The sets of tables that hold every row, each with its index: one nearly always.

    If rows wait, they are sorted into temporary tables of this connection alone: also a process that may only read can
    do so, and nobody's question writes, waits for a writer, or walks through all that waits for each of its keys."""
    if not waiting(connection):
        yield (PLACED,)
        return
    for placed, beside_it in zip(_PLACED, _SORTED, strict=True):
        columns = ", ".join(f'"{each.name}"' for each in placed.columns)
        key = ", ".join(f'"{each.name}"' for each in placed.primary_key)
        connection.exec_driver_sql(
            f"CREATE TEMPORARY TABLE {beside_it.name} ({columns}, PRIMARY KEY ({key})) WITHOUT ROWID"
        )
        _put_in_order(connection, placed, beside_it)
    yield (PLACED, SORTED)
    # If the question raised, the transaction is rolled back, and they go with it.
    for beside_it in _SORTED:
        connection.exec_driver_sql(f"DROP TABLE temp.{beside_it.name}")
