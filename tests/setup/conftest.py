from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scatterclean.demo.dovecot import ScratchDovecot, find_dovecot
from tests.conftest import absent
from tests.setup.played import Played, play


@pytest.fixture(scope="session")
def secure() -> Iterator[ScratchDovecot]:
    """A Dovecot with TLS; its certificate is for localhost and 127.0.0.1."""
    if find_dovecot() is None:
        absent("Dovecot 2.3")
    with ScratchDovecot(tls=True) as server:
        yield server


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    return play(tmp_path, monkeypatch)
