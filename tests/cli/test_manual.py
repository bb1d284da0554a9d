"""Manual pages: one for every command, of what its help says; the programs that show them complain of nothing."""

from __future__ import annotations

import contextlib
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scatterclean.cli import exits, main
from scatterclean.cli.manual import pages
from scatterclean.cli.root import COMMANDS, scatterclean
from tests.conftest import absent

DOCS = Path(__file__).parents[2] / "docs" / "man"
PAGES = pages(scatterclean)


def test_there_is_a_page_for_the_program_and_for_every_command() -> None:
    assert set(PAGES) == {"scatterclean.1", *(f"scatterclean-{name}.1" for name in COMMANDS)}


def test_the_pages_in_the_repository_are_as_the_help_is_now() -> None:
    there = {path.name: path.read_text() for path in DOCS.iterdir()}
    stale = [name for name in PAGES.keys() | there.keys() if PAGES.get(name) != there.get(name)]
    assert not stale, f"make them anew: scatterclean man --to docs/man ({stale})"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_what_one_looks_for(name: str) -> None:
    wanted = [".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", ".SH OPTIONS", ".SH SEE ALSO"]
    wanted += [".SH EXIT STATUS", ".SH FILES"] if name == "scatterclean.1" else [".SH EXAMPLES"]
    lines = PAGES[name].splitlines()
    assert [line for line in wanted if line not in lines] == []


@pytest.mark.parametrize(
    ("words", "usual"),
    [
        (
            ["mandoc", "-Tlint", "-W", "warning"],
            "missing date",
        ),  # a date would make every page stale every day
        (["groff", "-man", "-ww", "-K", "utf8", "-T", "utf8"], ""),
    ],
    ids=["mandoc", "groff"],
)
def test_who_shows_the_pages_has_nothing_to_complain_of(words: list[str], usual: str, tmp_path: Path) -> None:
    if shutil.which(words[0]) is None:
        absent(words[0])
    for name, text in PAGES.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run([*words, *sorted(PAGES)], cwd=tmp_path, capture_output=True, text=True, check=False)
    told = done.stderr if words[0] == "groff" else done.stdout + done.stderr
    assert [line for line in told.splitlines() if not (usual and usual in line)] == []


def test_signs_that_mean_something_to_roff_are_shown_as_they_are(tmp_path: Path) -> None:
    if shutil.which("groff") is None:
        absent("groff")
    shown = subprocess.run(
        ["groff", "-man", "-T", "ascii", "-P-cbou"],
        input=PAGES["scatterclean-status.1"].encode(),
        capture_output=True,
        check=True,
    ).stdout.decode()
    assert "scatterclean status --json | jq '.accounts[].put_away.today'" in shown


def test_one_page_is_printed_and_all_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["man", "sweep"]) == exits.DONE
    assert capsys.readouterr().out == PAGES["scatterclean-sweep.1"]
    assert main(["man"]) == exits.DONE
    assert capsys.readouterr().out == PAGES["scatterclean.1"]
    assert main(["man", "nothing"]) == exits.USAGE
    assert main(["man", "--to", str(tmp_path / "man1")]) == exits.DONE
    assert {path.name: path.read_text() for path in (tmp_path / "man1").iterdir()} == PAGES


@pytest.mark.parametrize("there", [True, False])
def test_on_a_terminal_man_shows_the_page_and_without_man_it_is_printed(there: bool, tmp_path: Path) -> None:
    if there:
        shown = tmp_path / "man"
        shown.write_text('#!/bin/sh\necho "shown by man: $#"\nhead -1 "$1"\n')
        shown.chmod(0o755)
    control, terminal = pty.openpty()
    with os.fdopen(control, "rb", buffering=0) as master:
        program = [sys.executable, "-m", "scatterclean", "man", "sweep"]
        env = {"PATH": f"{tmp_path}:/bin:/usr/bin" if there else str(tmp_path)}
        with subprocess.Popen(program, stdout=terminal, env=env) as running:
            os.close(terminal)
            told = b""
            with contextlib.suppress(OSError):  # EIO: the terminal has no other end any more
                while piece := master.read(4096):
                    told += piece
        assert running.returncode == exits.DONE
    assert told.count(b'.TH "SCATTERCLEAN') == 1
    assert (b"shown by man: 1" in told) is there
    assert (b".SH EXAMPLES" in told) is not there
