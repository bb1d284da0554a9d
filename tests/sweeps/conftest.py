"""What several files about sweeps begin with."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scatterclean import plan

from .deaths import BATCH
from .world import SCRATCH, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A person with a year of sent mail, whose Sent folder was watched for a month."""
    world = World(tmp_path / "log.db")
    world.history()
    world.watched()
    yield world
    world.close()


@pytest.fixture
def scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        yield Path(folder)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "FEW", BATCH)
    monkeypatch.setattr(plan, "MANY", BATCH)
