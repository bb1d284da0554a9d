"""The demo as a whole: it runs, keeps its word, tells it within the width of a terminal, and leaves nothing."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from scatterclean.demo import letters
from scatterclean.demo.dovecot import find_dovecot
from scatterclean.demo.show import Server, run_demo
from scatterclean.model import Because, Verdict
from tests.conftest import absent

pytestmark = pytest.mark.slow


def told(server: Server, **more: object) -> tuple[int, str]:
    """Exit code and all that was printed, as on something that is no terminal, 80 columns wide."""
    console = Console(file=io.StringIO(), width=80)
    code = run_demo(console, server=server, **more)  # type: ignore[arg-type] # passed through
    assert isinstance(console.file, io.StringIO)
    return code, console.file.getvalue()


@contextmanager
def scratch_directory() -> Iterator[Path]:
    """Where all temporary files of the demo go; Dovecot's processes of other users must be able to pass."""
    with tempfile.TemporaryDirectory(prefix="sc-") as name, pytest.MonkeyPatch.context() as patch:
        Path(name).chmod(0o755)
        patch.setattr(tempfile, "tempdir", name)
        yield Path(name)


@pytest.fixture
def scratch() -> Iterator[Path]:
    with scratch_directory() as path:
        yield path


@dataclass(frozen=True)
class Run:
    code: int
    text: str
    left_files: list[Path]
    new_threads: list[threading.Thread]


@pytest.fixture(scope="module")
def run() -> Run:
    """One whole run on the embedded server."""
    before = threading.enumerate()
    with scratch_directory() as path:
        code, text = told("embedded")
        return Run(code, text, list(path.iterdir()), [t for t in threading.enumerate() if t not in before])


def test_it_keeps_its_word(run: Run) -> None:
    assert run.code == 0, run.text
    assert "all of this was as told" in run.text


def test_it_leaves_neither_files_nor_threads(run: Run) -> None:
    assert run.left_files == []
    assert run.new_threads == []


def test_it_tells_what_moved_what_stayed_and_that_undo_is_final(run: Run) -> None:
    moved = sum(letter.moves for letter in letters.make(datetime.now(UTC).astimezone()).inbox)
    flood = sum(each.verdict is Verdict.ORPHAN for each in letters.make(datetime.now(UTC).astimezone()).inbox)
    text = " ".join(run.text.split())
    assert f"told her: {flood} times" in text
    assert f"Moved to Backscatter: {moved} of {flood}, because" in text
    assert flood - moved == 1
    assert "1 stays: she had flagged it" in text
    assert f"brought {moved} messages back" in run.text
    assert "moves none of them" in run.text
    for verdict in ("genuine", "waiting", "undecided"):
        assert f"  {verdict}  " in run.text


def test_without_a_terminal_it_prints_plain_lines_of_at_most_80_columns(run: Run) -> None:
    assert "\x1b" not in run.text
    assert "\r" not in run.text
    assert [line for line in run.text.splitlines() if cell_len(line.rstrip()) > 80] == []


def test_no_color_is_respected_on_a_terminal(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    assert run_demo(console, pause=False) == 0
    assert isinstance(console.file, io.StringIO)
    styles = set(re.findall(r"\x1b\[([0-9;]*)m", console.file.getvalue()))
    assert styles  # bold and dim are no colours
    assert {
        s for s in styles if set(s.split(";")) & {str(n) for n in (*range(30, 50), *range(90, 108))}
    } == set()


def test_on_a_real_dovecot_it_keeps_its_word_as_well(scratch: Path) -> None:
    if find_dovecot() is None:
        absent("Dovecot 2.3")
    code, text = told("dovecot")
    assert code == 0, text
    assert list(scratch.iterdir()) == []


def test_without_dovecot_it_says_so_and_how_to_go_on(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(scratch))
    monkeypatch.setattr("scatterclean.demo.dovecot._PLACES", ())
    code, text = told("dovecot")
    assert code == 1
    assert "no Dovecot" in text
    assert "Without" in text


def test_a_promise_that_was_not_kept_is_told_and_is_the_exit_code(scratch: Path) -> None:
    world = letters.make(datetime.now(UTC).astimezone())
    wrong = next(letter for letter in world.inbox if letter.verdict is Verdict.GENUINE)
    inbox = tuple(
        replace(letter, verdict=Verdict.ORPHAN, because=Because.UNKNOWN_ID, moves=True)
        if letter is wrong
        else letter
        for letter in world.inbox
    )
    code, text = told("embedded", world=replace(world, inbox=inbox))
    assert code == 1
    assert "NOT as promised" in text
    assert "found genuine, should be orphan" in text
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("server", ["embedded", "dovecot"])
def test_ctrl_c_in_the_middle_cleans_up_and_says_so(scratch: Path, server: str) -> None:
    if server == "dovecot" and find_dovecot() is None:
        absent("Dovecot 2.3")
    script = (
        # A shell that started the tests in the background lets them ignore Ctrl-C.
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from rich.console import Console; from scatterclean.demo.show import run_demo;"
        f"sys.exit(run_demo(Console(width=80), server={server!r}))"
    )
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", script],
        env={**os.environ, "TMPDIR": str(scratch), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "The sweep" in line:
            process.send_signal(signal.SIGINT)
            break
    said, complaints = process.communicate(timeout=60)
    assert process.returncode == 130, complaints
    assert "Stopped" in said
    assert complaints == ""
    assert list(scratch.iterdir()) == []
