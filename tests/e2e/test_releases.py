"""What a release consists of, built as one is: the source archive, the wheel of it, its installation by others.

pip and the wheel in the environment of the tests: test_wheel.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from scatterclean import __version__
from tests.docs.shown import shown_in

ROOT = Path(__file__).parents[2]
LABEL = f"scatterclean-{__version__}"


def run(*words: str | Path, cwd: Path | None = None, **more: str | Path) -> subprocess.CompletedProcess[str]:
    """In the environment of a person, with `more` in it; nothing of the tests' Python."""
    clean = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("PYTHON", "SCATTERCLEAN", "VIRTUAL_ENV", "XDG_"))
    }
    return subprocess.run(
        words,
        # What runs is compiled when it does; "no" is how pip wants to be told (its user guide, "Configuration").
        env=clean | {"PIP_NO_COMPILE": "no"} | {name: str(value) for name, value in more.items()},
        cwd=cwd or more.get("HOME"),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `python -m build`: the archive of the source, and the wheel that was made of the archive."""
    folder = tmp_path_factory.mktemp("dist")
    done = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    [wheel] = built.glob("*.whl")
    return wheel


@pytest.fixture
def clone(built: Path, tmp_path: Path) -> Path:
    """A folder as a person has it after cloning: the source archive, unpacked."""
    subprocess.run(["tar", "-xzf", built / f"{LABEL}.tar.gz"], cwd=tmp_path, check=True)
    return tmp_path / LABEL


@pytest.fixture(scope="module")
def installers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pipx and uv.  Where no registry answers there is nothing to install from: skipped."""
    home = tmp_path_factory.mktemp("installers")
    venv.create(home, with_pip=True)
    done = run(home / "bin" / "python", "-m", "pip", "install", "--quiet", "pipx", "uv")
    if done.returncode:
        pytest.skip(f"pipx and uv cannot be had, no registry answers: {done.stderr.strip().splitlines()[-1]}")
    return home / "bin"


def test_there_is_one_source_archive_and_one_wheel_and_both_bear_the_version(built: Path) -> None:
    assert sorted(path.name for path in built.iterdir()) == [f"{LABEL}-py3-none-any.whl", f"{LABEL}.tar.gz"]


def test_the_source_archive_holds_what_is_needed_to_build_and_test_it(built: Path) -> None:
    with tarfile.open(built / f"{LABEL}.tar.gz") as archive:
        names = {name.removeprefix(f"{LABEL}/") for name in archive.getnames()}
    # The wheel is made of the archive: nothing that it needs is missing there.  This is for who reads and tests.
    for wanted in (
        *("README.md", "LICENSE", "CHANGELOG.md", "pyproject.toml", "scatterclean.toml", "mkdocs.yml"),
        *("tests/__main__.py", "tests/store/revisions/0001.sql", "docs/index.md", "docs/reference.py"),
        *("docs/container/Containerfile", "bench/sweep.py", "migrations/env.py"),
    ):
        assert wanted in names
    assert not [name for name in names if ".venv" in name or name.endswith((".pyc", ".db"))]


def test_the_wheel_made_of_the_archive_is_that_of_the_source_tree(wheel: Path) -> None:
    """What is in it is compared with the tree in test_wheel.py; here only that the archive left nothing out."""
    names = zipfile.ZipFile(wheel).namelist()
    modules = [name for name in names if name.startswith("scatterclean/") and name.endswith(".py")]
    tree = [*(ROOT / "scatterclean").rglob("*.py"), *(ROOT / "migrations").rglob("*.py")]
    assert len(modules) == len(tree)
    pages = (".html", ".css", ".js")
    others = [name for name in names if name.startswith("scatterclean/") and name.endswith(pages)]
    there = [path for path in (ROOT / "scatterclean").rglob("*") if path.suffix in pages]
    assert len(others) == len(there) > 5


def _is_there(program: Path, home: Path) -> None:
    """As a person sees it first; the demo runs below and in test_wheel.py, it takes seconds."""
    version = run(program, "--version", HOME=home)
    assert (version.returncode, version.stdout) == (0, f"scatterclean {__version__}\n"), version.stderr


def test_the_first_command_of_the_readme_works_as_it_stands(
    clone: Path, installers: Path, tmp_path: Path
) -> None:
    first = next(one for one in shown_in(ROOT / "README.md") if one.block)
    assert first.text.endswith("pip install -q . && .venv/bin/scatterclean demo")
    path = f"{sys.base_prefix}/bin:/usr/bin:/bin"
    done = run("bash", "-e", "-c", first.text, cwd=clone, HOME=tmp_path, PATH=path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Backscatter" in done.stdout


def test_pipx_installs_it_and_it_runs(clone: Path, installers: Path, tmp_path: Path) -> None:
    (home := tmp_path / "home").mkdir()
    done = run(
        *(installers / "pipx", "install", "."),
        cwd=clone,
        HOME=home,
        PIPX_HOME=tmp_path / "pipx",
        PIPX_BIN_DIR=tmp_path / "bin",
        PIPX_MAN_DIR=tmp_path / "man",
        PIPX_DEFAULT_PYTHON=sys.executable,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    _is_there(tmp_path / "bin" / "scatterclean", home)
    assert (tmp_path / "man" / "man1" / "scatterclean-sweep.1").exists()


def test_uv_installs_it_as_a_tool_and_it_runs(wheel: Path, installers: Path, tmp_path: Path) -> None:
    (home := tmp_path / "home").mkdir()
    done = run(
        *(installers / "uv", "tool", "install", "--python", sys.executable, wheel),
        HOME=home,
        UV_TOOL_DIR=tmp_path / "tools",
        UV_TOOL_BIN_DIR=tmp_path / "bin",
        UV_CACHE_DIR=tmp_path / "cache",
        UV_NO_CONFIG="1",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    _is_there(tmp_path / "bin" / "scatterclean", home)
    demo = run(tmp_path / "bin" / "scatterclean", "demo", "--no-pause", HOME=home)
    assert demo.returncode == 0, demo.stdout + demo.stderr
