"""Wishes in SQLite: asked for by the dashboard, carried out by whoever holds the lock.  It does nothing of it itself.

Implements `ports.Wishes`.  Of all tables only this one is written without the lock of the database: in a transaction of
its own, which SQLite keeps apart from those of the daemon.  The bell is a small file beside the database, whose time
tells that somebody asked: a daemon that looks every second should not have to read the database for it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, update

from scatterclean.errors import NobodyCanMend, TooManyWishes
from scatterclean.model import WISH_PERMITTED, Wish, WishKind, WishState
from scatterclean.store.database import Database
from scatterclean.store.tables import wishes as table

# So many may be ASKED at once: each takes the daemon some round trips.
MOST = 1000


class SqlWishes:
    """`ports.Wishes` on the table `wishes`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bell = bell_of(database.path)
        self._heard: int | None = None

    def ask(self, wish: Wish) -> Wish:
        with self._database.write() as connection:
            known = _same(connection, wish)
            if known is None:
                _must_not_be_too_many(connection)
                written = connection.execute(insert(table).values(_row(wish)).returning(table.c.id))
                known = replace(wish, id=int(written.scalar_one()))
        _ring(self._bell)
        return known

    def rang(self) -> bool:
        try:
            now = self._bell.stat().st_mtime_ns
        except OSError:
            now = 0
        heard, self._heard = self._heard, now
        return heard != now

    def waiting(self, account: str | None = None) -> Sequence[Wish]:
        query = select(table).where(table.c.state == WishState.ASKED.value).order_by(table.c.id)
        if account is not None:
            query = query.where(table.c.account == account)
        with self._database.read() as connection:
            return tuple(_wish(row) for row in connection.execute(query))

    def begin(self, wish: Wish, sweep: int) -> Wish:
        with self._database.write() as connection:
            connection.execute(update(table).where(table.c.id == wish.id).values(sweep_id=sweep))
        return replace(wish, sweep=sweep)

    def note(self, wish: Wish, told: str, now: datetime) -> None:
        open_ = (table.c.id == wish.id, table.c.state == WishState.ASKED.value)
        with self._database.write() as connection:
            connection.execute(update(table).where(*open_).values(told=told, tried_at=now))

    def settle(
        self, wish: Wish, state: WishState, now: datetime, *, told: str = "", done_by: int | None = None
    ) -> None:
        with self._database.write() as connection:
            stored = connection.execute(select(table.c.state).where(table.c.id == wish.id)).scalar()
            if stored is None or state not in WISH_PERMITTED[WishState(stored)]:
                raise NobodyCanMend(
                    f"wish {wish.id} is {stored or 'unknown'} and cannot become {state}",
                    hint="This is a bug of scatterclean: please report it. Nothing was written.",
                )
            values = {"state": state.value, "settled_at": now, "told": told, "done_by": done_by}
            connection.execute(update(table).where(table.c.id == wish.id).values(values))

    def get(self, known: int) -> Wish | None:
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.id == known)).first()
            return None if row is None else _wish(row)

    def latest(self, limit: int = 20) -> Sequence[Wish]:
        query = select(table).order_by(table.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return tuple(_wish(row) for row in connection.execute(query))


def bell_of(database: Path) -> Path:
    return database.with_name(f"{database.name}.wishes")


def _ring(bell: Path) -> None:
    """A disk that takes the wish and not this costs time only: every round looks for wishes."""
    with suppress(OSError):
        file = os.open(bell, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.utime(file)
        finally:
            os.close(file)


def _same(connection: Connection, wish: Wish) -> Wish | None:
    by_key = select(table).where(table.c.key == wish.key)
    row = connection.execute(by_key).first()
    if row is None:
        still = select(table).where(
            table.c.state == WishState.ASKED.value,
            table.c.kind == wish.kind.value,
            table.c.move_id.is_not_distinct_from(wish.move),
            table.c.case_id.is_not_distinct_from(wish.case),
        )
        row = connection.execute(still).first()
    return None if row is None else _wish(row)


def _must_not_be_too_many(connection: Connection) -> None:
    asked = select(table.c.id).where(table.c.state == WishState.ASKED.value).limit(MOST)
    if len(connection.execute(asked).all()) >= MOST:
        raise TooManyWishes(
            f"{MOST} messages are still to be moved as you asked: no more is taken before that",
            hint="Wait for them, or bring back many at once with `scatterclean undo`.",
        )


def _row(wish: Wish) -> dict[str, Any]:
    return {
        "account": wish.account,
        "kind": wish.kind.value,
        "key": wish.key,
        "move_id": wish.move,
        "case_id": wish.case,
        "state": WishState.ASKED.value,
        "asked_at": wish.asked_at,
        "told": "",
    }


def _wish(row: Any) -> Wish:
    return Wish(
        account=row.account,
        kind=WishKind(row.kind),
        key=row.key,
        asked_at=row.asked_at,
        move=row.move_id,
        case=row.case_id,
        state=WishState(row.state),
        id=row.id,
        sweep=row.sweep_id,
        told=row.told,
        tried_at=row.tried_at,
        settled_at=row.settled_at,
        done_by=row.done_by,
    )
