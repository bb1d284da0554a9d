"""`keep_backscatter` through configuration and CLI, on real servers: a list first, then only what is ours and old."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.e2e.program import Books, Program
from tests.hosts.kinds import KINDS
from tests.servers import Host, RealHand, fresh_user

pytestmark = pytest.mark.slow


def as_if_days_ago(database: Path, column: str, table: str, days: int) -> None:
    """What the store says of a moment, that many days earlier."""
    with closing(sqlite3.connect(database)) as connection, connection:
        rows = connection.execute(
            f"SELECT rowid, {column} FROM {table} WHERE {column} IS NOT NULL"
        ).fetchall()
        for rowid, at in rows:
            earlier = at - days * 86_400_000_000 if isinstance(at, int) else _earlier(at, days)
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (earlier, rowid))


def _earlier(at: str, days: int) -> str:
    when = datetime.fromisoformat(at)
    return at.replace(str(when.year), str(when.year - days // 365 - 1), 1)


@pytest.mark.parametrize("name", ["dovecot", "dovecot without MOVE", "cyrus", "courier"])
def test_the_first_sweep_lists_and_a_later_one_deletes_only_what_is_ours(
    name: str, hosts: Callable[[str], Host], tmp_path: Path
) -> None:
    kind, server, user = KINDS[name], hosts(name), fresh_user()
    with closing(RealHand(server, user)) as hand:
        books = Books.filled(hand, prefix=kind.prefix)
        program = Program.at(tmp_path, server, user, more='keep_backscatter = "30d"\n')
        assert program("sweep")["exit"] == 0
        books.swept()
        away = kind.prefix + "Backscatter"
        number = len(books.world.moving)
        own = hand.append(away, books.world.sent[0].raw, flags=["\\Deleted"], arrival=datetime.now(UTC))
        flagged = next(m.uid for m in hand.messages(away) if m.uid != own)
        hand.flag(away, flagged, "\\Flagged")
        database = tmp_path / "log.db"
        as_if_days_ago(database, "settled_at", "moves", 100)
        [told] = program("sweep")["accounts"][0]["notes"]
        assert f"{number} messages in " in told
        assert "put away more than 30 days ago, will be deleted by the sweeps from" in told
        assert program("sweep")["exit"] == 0
        assert len(hand.messages(away)) == number + 1
        as_if_days_ago(database, "rung_at", "alarms", 100)
        [told] = program("sweep")["accounts"][0]["notes"]
        assert told == f"{number - 1} messages were deleted, as `keep_backscatter` says"
        assert sorted(m.uid for m in hand.messages(away)) == sorted((own, flagged))
        assert len(hand.messages("INBOX")) == len(books.inbox) - number
