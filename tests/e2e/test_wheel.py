"""The wheel, installed into a fresh environment away from the source tree: demo, sweep and migrations."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from scatterclean.demo.embedded import EmbeddedServer
from scatterclean.demo.letters import make
from scatterclean.demo.visitor import Visitor

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    [wheel] = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`scatterclean` in an environment that has the wheel, and the dependencies of this one, by path alone."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check", wheel],
        check=True,
    )
    # A line in a .pth file adds a folder to the path without reading the .pth files in it: the dependencies
    # are found there, the editable installation of the source tree is not.
    [site] = home.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin" / "scatterclean"


def run(program: Path, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "SCATTERCLEAN"))}
    return subprocess.run(
        [program, *arguments],
        cwd=cwd,
        env=clean | {"HOME": str(cwd)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_holds_the_migrations_and_nothing_of_the_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "scatterclean/migrations/env.py" in names
    assert any(name.startswith("scatterclean/migrations/versions/r0001") for name in names)
    assert "scatterclean/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "docs/", "bench/", "migrations/"))]


def test_the_wheel_installs_the_manual_pages(program: Path) -> None:
    pages = program.parents[1] / "share" / "man" / "man1"
    assert {path.name for path in pages.iterdir()} == {
        path.name for path in (ROOT / "docs" / "man").iterdir()
    }


def test_it_runs_from_the_wheel_and_not_from_the_source(program: Path, tmp_path: Path) -> None:
    where = subprocess.run(
        [program.with_name("python"), "-c", "import scatterclean; print(scatterclean.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert where.startswith(str(program.parents[1]))


def test_the_demo_runs_from_the_wheel(program: Path, tmp_path: Path) -> None:
    shown = run(program, "demo", "--no-pause", cwd=tmp_path)
    assert shown.returncode == 0, shown.stdout + shown.stderr


def test_a_sweep_from_the_wheel_makes_its_database_and_moves(program: Path, tmp_path: Path) -> None:
    world = make(datetime.now().astimezone())
    config = tmp_path / "scatterclean.toml"
    with EmbeddedServer(world.person.address) as server:
        with Visitor("127.0.0.1", server.port, world.person.address, server.password) as visitor:
            for folder, letters in (("Sent", world.sent), ("INBOX", world.inbox)):
                for _ in visitor.fill(folder, letters):
                    pass
        config.write_text(
            f"""database = "{tmp_path / "log.db"}"
[accounts.home]
host = "127.0.0.1"
port = {server.port}
tls = "none"
username = "{world.person.address}"
password_command = ["echo", "{server.password}"]
addresses = {list(world.addresses)}
outbound = ["*.posthaus.example"]
mode = "move"
"""
        )
        swept = run(program, "--config", config, "sweep", "--json", cwd=tmp_path)
        assert swept.returncode == 0, swept.stdout + swept.stderr
        [report] = json.loads(swept.stdout)["accounts"]
        # On the first day, those that show that a stranger's machine sent the original.
        assert 80 <= report["moved"] <= sum(letter.moves for letter in world.inbox)
        status = run(program, "--config", config, "status", "--json", cwd=tmp_path)
        assert status.returncode == 0, status.stderr
