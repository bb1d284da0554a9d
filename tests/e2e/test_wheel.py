"""The wheel, installed into a fresh environment away from the source tree: demo, sweep and migrations."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from scatterclean import __version__
from scatterclean.demo.embedded import EmbeddedServer
from scatterclean.demo.letters import make
from scatterclean.demo.visitor import Visitor
from scatterclean.store.tables import REVISION

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


def test_the_wheel_holds_the_program_all_of_it_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    source = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "scatterclean").rglob("*")
        if path.suffix in (".py", ".typed", ".html", ".css", ".js")
    }
    migrations = {f"scatterclean/{path.relative_to(ROOT)}" for path in (ROOT / "migrations").rglob("*.py")}
    assert len(migrations) > 3
    assert source >= {"scatterclean/py.typed", "scatterclean/page/templates/report.html"}
    label = f"scatterclean-{__version__}"
    pages = {f"{label}.data/data/share/man/man1/{path.name}" for path in (ROOT / "docs" / "man").iterdir()}
    about = {f"{label}.dist-info/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")}
    expected = source | migrations | pages | about
    expected |= {f"{label}.dist-info/licenses/LICENSE", "scatterclean/migrations/README.md"}
    assert names == expected


def test_the_wheel_says_which_version_it_is_what_it_needs_and_how_it_is_called(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        about = archive.read(f"scatterclean-{__version__}.dist-info/METADATA").decode()
        called = archive.read(f"scatterclean-{__version__}.dist-info/entry_points.txt").decode()
    assert f"\nVersion: {__version__}\n" in about
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    bare = [line.removeprefix("Requires-Dist: ") for line in about.splitlines() if "Requires-Dist: " in line]
    assert len([line for line in bare if "extra ==" not in line]) == len(needed)
    assert called == "[console_scripts]\nscatterclean = scatterclean.cli:main\n"


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


REVISIONS = sorted((ROOT / "tests" / "store" / "revisions").glob("*.sql"), key=lambda path: path.stem)


def test_there_is_a_database_of_every_schema_to_try() -> None:
    assert [path.stem for path in REVISIONS] == [f"{number:04}" for number in range(1, int(REVISION) + 1)]


@pytest.mark.parametrize("dump", REVISIONS, ids=lambda path: path.stem)
def test_the_installed_program_brings_a_database_of_every_schema_up_to_date(
    dump: Path, program: Path, tmp_path: Path
) -> None:
    database, config = tmp_path / "log.db", tmp_path / "scatterclean.toml"
    with closing(sqlite3.connect(database)) as books:
        books.executescript(dump.read_text("utf-8"))
        sent, moves = (
            books.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("sent_messages", "moves")
        )
    assert sent
    assert moves
    config.write_text(
        f'database = "{database}"\n[accounts.home]\nhost = "h.example"\nusername = "ada@winter.example"\n'
        'password_env = "X"\nperson = "ada"\n'
    )
    (tmp_path / "new.eml").write_text(
        "From: ada@winter.example\nMessage-ID: <new.1@winter.example>\n\nHello\n"
    )
    done = run(program, "--config", config, "import", tmp_path / "new.eml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    with closing(sqlite3.connect(database)) as books:
        assert books.execute("SELECT version_num FROM alembic_version").fetchall() == [(REVISION,)]
        assert books.execute("SELECT count(*) FROM sent_messages").fetchone()[0] == sent + 1
        assert books.execute("SELECT count(*) FROM moves").fetchone()[0] == moves
    # ... and what was there before is kept beside it, as recovering.md says.
    kept = [path.name for path in tmp_path.glob("log.db.before-*")]
    assert kept == ([] if dump.stem == REVISION else [f"log.db.before-{REVISION}"])
    status = run(program, "--config", config, "status", "--json", cwd=tmp_path)
    assert status.returncode == 0, status.stderr
