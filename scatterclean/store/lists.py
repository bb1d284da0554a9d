"""Lists of messages in SQLite, page by page, by the key of the last row (an offset would read all rows before it).

Implements `ports.Lists`.  Moves are narrow, and read in the order of their ids; cases are wide, and are filtered in the
index `ix_cases_listed`, which holds all that is asked for; only the rows of one page are read themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, Table, UnaryExpression, and_, func, or_, select
from sqlalchemy.sql.operators import custom_op

from scatterclean.model import PUTTING_AWAY, Case, Closure, Move, MoveState
from scatterclean.model.listed import Leaf, Mark, Turn, Wanted
from scatterclean.store.columns import cleaned, listed
from scatterclean.store.database import Database
from scatterclean.store.docket import read_case
from scatterclean.store.journal import read_move
from scatterclean.store.tables import cases, moves

T = TypeVar("T")

_PUTTING_AWAY = [errand.value for errand in PUTTING_AWAY]
# Not GONE and not MOVED: those are not where they were.
_STAYS = (Closure.GENUINE.value, Closure.HAND.value)


class SqlLists:
    """`ports.Lists` on the tables `moves` and `cases`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count_put_away(self, wanted: Wanted, most: int) -> int:
        return self._count(select(moves.c.id).where(*_away(wanted)), most)

    def count_staying(self, wanted: Wanted, most: int) -> int:
        # In the order of the list: without one SQLite may choose an index that does not hold what is asked for.
        query = select(cases.c.id).where(*_stays(wanted)).order_by(cases.c.arrival.desc(), cases.c.id.desc())
        return self._count(query, most)

    def _count(self, query: Select[tuple[int]], most: int) -> int:
        some = query.limit(most).subquery()
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(some)).scalar_one()

    def put_away(self, wanted: Wanted, turn: Turn, size: int) -> Leaf[Move]:
        fits = _away(wanted)
        if turn.mark is not None:
            number = turn.mark.number
            fits.append(moves.c.id > number if turn.newer else moves.c.id < number)
        order = moves.c.id.asc() if turn.newer else moves.c.id.desc()
        query = select(moves).where(*fits).order_by(order).limit(size + 1)
        with self._database.read() as connection:
            rows = [read_move(row) for row in connection.execute(query)]
        return _leaf(rows, turn, size, lambda move: Mark(move.id))

    def staying(self, wanted: Wanted, turn: Turn, size: int) -> Leaf[Case]:
        fits = _stays(wanted)
        if (mark := turn.mark) is not None and mark.at is not None:
            beyond = cases.c.arrival > mark.at if turn.newer else cases.c.arrival < mark.at
            further = cases.c.id > mark.number if turn.newer else cases.c.id < mark.number
            fits += [
                cases.c.arrival >= mark.at if turn.newer else cases.c.arrival <= mark.at,
                or_(beyond, and_(cases.c.arrival == mark.at, further)),
            ]
        order: Sequence[ColumnElement[Any]] = (cases.c.arrival.desc(), cases.c.id.desc())
        if turn.newer:
            order = (cases.c.arrival.asc(), cases.c.id.asc())
        query = select(cases.c.id).where(*fits).order_by(*order).limit(size + 1)
        with self._database.read() as connection:
            ids = list(connection.scalars(query))
            found = connection.execute(select(cases).where(cases.c.id.in_(listed(ids))))
            case_of = {row.id: read_case(row) for row in found}
        return _leaf([case_of[known] for known in ids], turn, size, lambda c: Mark(c.id or 0, c.arrival))


def _away(wanted: Wanted) -> list[ColumnElement[bool]]:
    fits = [moves.c.errand.in_(_PUTTING_AWAY), moves.c.state != MoveState.STAYED.value]
    fits += _same(moves, wanted)
    if wanted.state is not None:
        fits.append(_as_it_comes(moves.c.state) == wanted.state.value)
    if wanted.errand is not None:
        fits.append(_as_it_comes(moves.c.errand) == wanted.errand.value)
    return fits


def _stays(wanted: Wanted) -> list[ColumnElement[bool]]:
    fits = [or_(cases.c.closure.is_(None), cases.c.closure.in_(_STAYS)), *_same(cases, wanted)]
    if wanted.verdict is not None:
        fits.append(_as_it_comes(cases.c.verdict) == wanted.verdict.value)
    return fits


def _same(table: Table, wanted: Wanted) -> list[ColumnElement[bool]]:
    """What is asked of both lists alike."""
    fits: list[ColumnElement[bool]] = []
    if wanted.account is not None:
        fits.append(_as_it_comes(table.c.account) == wanted.account)
    if wanted.kind is not None:
        fits.append(table.c.kind == wanted.kind.value)
    if wanted.since is not None:
        fits.append(table.c.arrival >= wanted.since)
    if wanted.until is not None:
        fits.append(table.c.arrival < wanted.until)
    # Each word somewhere: people remember words, not their order.  Not LIKE: it knows no case but ASCII's.
    fits += [func.instr(table.c.words, word) > 0 for word in cleaned(wanted.text).casefold().split()[:_WORDS]]
    return fits


def _as_it_comes(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """To be compared in the order of the list: by an index of its own SQLite would gather all that is equal, and sort
    it for each page (sqlite.org/optoverview.html, 4: a unary plus)."""
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)


# More words than a person types.
_WORDS = 8


def _leaf(rows: Sequence[T], turn: Turn, size: int, mark: Callable[[T], Mark]) -> Leaf[T]:
    more, kept = len(rows) > size, list(rows[:size])
    if turn.newer:
        kept.reverse()
    if not kept:
        return Leaf(())
    older = Turn(mark(kept[-1])) if more or turn.newer else None
    newer = Turn(mark(kept[0]), newer=True) if (more if turn.newer else turn.mark is not None) else None
    return Leaf(tuple(kept), older, newer)
