"""What tests of a whole program share: a server of their own, its password in a file, a configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scatterclean.demo.dovecot import ScratchDovecot, find_dovecot
from tests.conftest import absent


@pytest.fixture
def server() -> Iterator[ScratchDovecot]:
    """A Dovecot of its own: some tests restart it."""
    if find_dovecot() is None:
        absent("Dovecot 2.3")
    with ScratchDovecot() as server:
        yield server


@pytest.fixture
def password_file(tmp_path: Path, server: ScratchDovecot) -> Path:
    path = tmp_path / "password"
    path.touch(mode=0o600)
    path.write_text(server.password)
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "scatterclean.toml"
