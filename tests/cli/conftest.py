"""Commands in this process set up logging; what they change is put back."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from .home import home  # noqa: F401 - a fixture of all tests here


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    log = logging.getLogger("scatterclean")
    before = log.handlers[:], log.level, log.propagate
    yield
    log.handlers[:], log.level, log.propagate = before[0], before[1], before[2]


@pytest.fixture(autouse=True)
def nobody_elses_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SCATTERCLEAN_CONFIG", "NO_COLOR", "COLUMNS", "FORCE_COLOR", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
