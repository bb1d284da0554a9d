"""The walls hold, and each was seen to fail: a copy of the house is broken on purpose, one wall at a time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LINT = Path(sys.executable).with_name("lint-imports")

BROKEN = {
    "a stray module": ("helpers.py", "", "helpers"),
    "a look up": ("judge.py", "from scatterclean import store", "scatterclean.judge -> scatterclean.store"),
    "neighbours that meet": (
        "mailbox/sets.py",
        "from scatterclean import config",
        "scatterclean.mailbox.sets -> scatterclean.config",
    ),
    "a clock in the core": ("plan.py", "import time", "scatterclean.plan -> time"),
    "I/O in the core": ("bounce/signs.py", "import os", "scatterclean.bounce.signs -> os"),
    "logging in the core": ("model/seen.py", "import logging", "scatterclean.model.seen -> logging"),
    "imapclient in a second file": (
        "wire/__init__.py",
        "import imapclient",
        "scatterclean.wire -> imapclient",
    ),
    "imapclient inside the mailbox": (
        "mailbox/login.py",
        "import imapclient",
        "scatterclean.mailbox.login -> imapclient",
    ),
    "a format that knows another": (
        "bounce/formats/exim.py",
        "from scatterclean.bounce.formats import qmail",
        "scatterclean.bounce.formats.exim -> scatterclean.bounce.formats.qmail",
    ),
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package and its contracts."""
    copy = tmp_path_factory.mktemp("house")
    shutil.copytree(
        ROOT / "scatterclean", copy / "scatterclean", ignore=shutil.ignore_patterns("__pycache__", ".*")
    )
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def walls(house: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT, "--no-cache", "--no-logo"],
        cwd=house,
        env={**os.environ, "PYTHONPATH": str(house), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_walls_hold(house: Path) -> None:
    found = walls(house)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize(("file", "line", "said"), BROKEN.values(), ids=BROKEN)
def test_a_broken_wall_is_found(house: Path, file: str, line: str, said: str) -> None:
    path = house / "scatterclean" / file
    before = path.read_text() if path.exists() else None
    path.write_text(f"{before or ''}\n{line}\n")
    try:
        found = walls(house)
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before)
    assert found.returncode == 1, found.stdout + found.stderr
    assert said in " ".join(found.stdout.split()), found.stdout
