"""The daemon keeps its connections for years: how many there are, and how much memory each may fill, is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy.pool import QueuePool

from scatterclean.store import Store, open_store
from tests.contracts.records import cursor, message


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "scatterclean.db") as opened:
        yield opened


def cache_kib(store: Store) -> int:
    """What the next writer's connection may fill, as the writer before left it."""
    with store._database.read() as connection:
        return -int(connection.exec_driver_sql("PRAGMA cache_size").scalar_one())


def test_threads_that_meet_leave_few_connections_open(store: Store) -> None:
    together = Barrier(12)

    def look(_number: int) -> int:
        with store._database.read() as connection:
            together.wait(30)
            return int(connection.exec_driver_sql("SELECT count(*) FROM sent_messages").scalar_one())

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(look, range(12))) == [0] * 12
    kept = store._database._engine.pool
    assert isinstance(kept, QueuePool)
    assert (kept.checkedout(), kept.checkedin()) == (0, 2)


def test_one_thread_after_another_uses_the_same_connection(store: Store) -> None:
    store.sent_log.record("home", "", [], cursor())
    kept = store._database._engine.pool
    assert isinstance(kept, QueuePool)
    before = kept.checkedin()
    for number in range(5):
        store.sent_log.record("home", "", [message(number)], cursor())
        store.sent_log.count("")
    assert kept.checkedin() == before


def test_the_memory_of_a_first_harvest_is_given_back_by_the_next_look(store: Store) -> None:
    usual = cache_kib(store)
    store.sent_log.record("home", "", [message(number) for number in range(1000)], cursor())
    assert cache_kib(store) > 4 * usual
    store.sent_log.record("home", "", [], cursor())
    assert cache_kib(store) == usual
