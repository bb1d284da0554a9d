"""Commands in this process see nothing of the environment of whoever runs the tests."""

from __future__ import annotations

import pytest

from .home import home  # noqa: F401 - a fixture of all tests here


@pytest.fixture(autouse=True)
def nobody_elses_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SCATTERCLEAN_CONFIG", "NO_COLOR", "COLUMNS", "FORCE_COLOR", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
