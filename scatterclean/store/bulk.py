"""One statement for many rows: compiled once, and each column's values converted together.  It knows no table.

SQLAlchemy's own way from dictionaries through its types takes five times as long as SQLite's work on them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Update
from sqlalchemy.dialects import sqlite

_DIALECT = sqlite.dialect(paramstyle="qmark")


def execute(connection: Connection, statement: Insert | Update, rows: Sequence[Mapping[str, Any]]) -> None:
    """`connection.execute(statement, rows)`.

    All rows have the same names: of the statement's parameters, or else of the columns that it inserts.  `statement`
    is one of a handful that live as long as the process.  Raises DBAPIError as `execute` does, and ValueError for a
    moment without a zone.
    """
    if not rows:
        return
    told, parameters = _compiled(statement, tuple(rows[0]))
    columns = [
        [row[name] for row in rows] if convert is None else [convert(row[name]) for row in rows]
        for name, convert in parameters
    ]
    connection.exec_driver_sql(told, list(zip(*columns, strict=True)))


@cache
def _compiled(
    statement: Insert | Update, names: tuple[str, ...]
) -> tuple[str, Sequence[tuple[str, Callable[[Any], Any] | None]]]:
    """Its text, and by place the name and the conversion of each parameter."""
    keys = names if isinstance(statement, Insert) else None
    compiled = statement.compile(dialect=_DIALECT, column_keys=keys)
    order = compiled.positiontup or ()
    return str(compiled), [(name, compiled.binds[name].type.bind_processor(_DIALECT)) for name in order]
