"""A fresh store per test, on a real SQLite file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scatterclean.ports import Docket, Journal, SentLog
from scatterclean.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "state" / "scatterclean.db") as opened:
        yield opened


@pytest.fixture
def log(store: Store) -> SentLog:
    return store.sent_log


@pytest.fixture
def journal(store: Store) -> Journal:
    return store.journal


@pytest.fixture
def docket(store: Store) -> Docket:
    return store.docket
