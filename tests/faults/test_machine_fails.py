"""A disk that fills up in the middle of a sweep, a database damaged page by page, a log beside it that is not its own:
said without a traceback, with the way out, and nothing is lost or doubled."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from scatterclean.cli import exits
from scatterclean.demo.dovecot import ScratchDovecot
from tests.cli.home import Home, home  # noqa: F401 - a fixture
from tests.e2e.program import Books, Program
from tests.servers import RealHand, fresh_user

# A new user and mount namespace with a disk of its own, of so many KB: what is in "seed" is copied on it, and back.
_ON_A_SMALL_DISK = """
mount -t tmpfs -o size=$1k none disk && cp -a seed/. disk/ || exit 99
shift
"$@"
code=$?
rm -rf seed/* && cp -a disk/. seed/
exit $code
"""


def _limited(folder: Path, kilobytes: int, program: Program) -> subprocess.CompletedProcess[bytes]:
    """No file grows beyond that: what a quota does."""
    size = kilobytes * 1024
    return subprocess.run(
        [sys.executable, "-m", "scatterclean", "--config", str(folder / "seed/scatterclean.toml"), "sweep"],
        capture_output=True,
        check=False,
        timeout=120,
        env={**os.environ, "MAIL_PASSWORD": program.password},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )


def _on_a_small_disk(folder: Path, kilobytes: int, program: Program) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "scatterclean", "--config", "disk/scatterclean.toml", "sweep"]
    return subprocess.run(
        ["unshare", "-rm", "sh", "-c", _ON_A_SMALL_DISK, "sh", str(kilobytes), *command],
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=120,
        env={**os.environ, "MAIL_PASSWORD": program.password},
    )


def _can_mount() -> bool:
    try:
        tried = subprocess.run(
            ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
        )
    except OSError:
        return False
    return tried.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sweep", "step"),
    [
        pytest.param(_limited, 40, id="limit"),
        pytest.param(
            _on_a_small_disk,
            120,  # the log beside the database keeps what it had: a little more room than before is none
            id="disk",
            marks=pytest.mark.skipif(not _can_mount(), reason="no file system may be mounted here"),
        ),
    ],
)
def test_a_disk_that_fills_up_anywhere_in_a_sweep_loses_nothing_and_says_so(
    sweep: Callable[[Path, int, Program], subprocess.CompletedProcess[bytes]],
    step: int,
    dovecot: ScratchDovecot,
    tmp_path: Path,
) -> None:
    user = fresh_user()
    seed = tmp_path / "seed"
    seed.mkdir()
    (tmp_path / "disk").mkdir()
    with closing(RealHand(dovecot, user)) as hand:
        books = Books.filled(hand, orphans=6)
        program = Program.at(seed, dovecot, user)
        whole = (seed / "log.db").stat().st_size // 1024
        codes = []
        for kilobytes in range(whole + 4, whole + 2000, step):
            done = sweep(tmp_path, kilobytes, program)
            said = done.stderr.decode()
            codes.append(done.returncode)
            assert "Traceback" not in said, said
            assert done.returncode in {exits.DONE, exits.TROUBLE, exits.DATABASE}, said
            if done.returncode == exits.DATABASE:
                assert "Make room" in said or "is it full" in said, said
            if done.returncode == exits.DONE:
                break
            # Each message is where it was or in Backscatter, once.
            books.whole()
        assert codes.count(exits.DATABASE) > 3, codes
        assert codes[-1] == exits.DONE, codes
        program("sweep")
        books.swept()
        assert program("undo", "--all")["exit"] == 0
        books.undone()


def _damaged(whole: bytes, page: int, how: str) -> bytes:
    size = 4096
    dice = random.Random(page)
    old = whole[page * size : (page + 1) * size]
    new = {
        "zeroes": bytes(size),
        "noise": dice.randbytes(size),
        "a bit": bytes([*old[:100], old[100] ^ 0x10, *old[101:]]),
    }[how]
    return whole[: page * size] + new + whole[(page + 1) * size :]


@pytest.mark.slow
@pytest.mark.parametrize("how", ["zeroes", "noise", "a bit"])
def test_whatever_page_is_damaged_no_command_has_a_traceback_and_no_mail_is_lost(
    home: Home,  # noqa: F811
    how: str,
) -> None:
    path = home.config.parent / "log.db"
    assert home("sweep")[0] in {exits.DONE, exits.TROUBLE}
    whole = path.read_bytes()
    codes: set[int] = set()
    for page in range(len(whole) // 4096):
        for beside in path.parent.glob("log.db-*"):
            beside.unlink()
        path.write_bytes(_damaged(whole, page, how))
        for command in (["status"], ["sweep"], ["undo", "--all"]):
            code, _, said = home(*command)
            codes.add(code)
            assert code != exits.BUG, (page, command, said)
            if code == exits.DATABASE:
                assert str(path) in said, (page, command, said)
        away = home.count("Backscatter") if "Backscatter" in home.hand.folder_names() else 0
        assert home.count("INBOX") + away == 5, page
    assert exits.DATABASE in codes


@pytest.mark.parametrize("beside", ["noise", "cut short", "of another time", "gone"])
def test_a_write_ahead_log_that_is_not_its_own_loses_no_mail(
    home: Home,  # noqa: F811
    beside: str,
) -> None:
    """Its last commits are gone with it: what was put away then is not known any more, and still hands are off."""
    path = home.config.parent / "log.db"
    wal = path.with_name("log.db-wal")
    assert home("harvest")[0] == 0
    before = path.read_bytes()
    kept = _dies_with_a_log(home, path)
    content = {
        "noise": random.Random(4).randbytes(len(kept)),
        "cut short": kept[: len(kept) // 2 + 7],
        "of another time": kept,
        "gone": b"",
    }[beside]
    if beside == "of another time":
        path.write_bytes(before[: len(before) // 4096 * 4096])
    path.with_name("log.db-shm").unlink(missing_ok=True)
    wal.write_bytes(content)
    for command in (["status"], ["sweep"], ["undo", "--all"], ["sweep"]):
        code, _, said = home(*command)
        assert code in {exits.DONE, exits.TROUBLE, exits.DATABASE}, said
        away = home.count("Backscatter") if "Backscatter" in home.hand.folder_names() else 0
        assert home.count("INBOX") + away == 5


def _dies_with_a_log(home: Home, path: Path) -> bytes:  # noqa: F811
    """The log as a process leaves it that is killed behind a sweep."""
    script = (
        "import os, sys; from scatterclean.cli import main; from scatterclean.store import Store\n"
        "Store.close = lambda self: os._exit(0)\n"
        "main(sys.argv[1:])"
    )
    subprocess.run(
        [sys.executable, "-c", script, "--config", str(home.config), "sweep"],
        check=True,
        timeout=60,
        env={**os.environ},
        capture_output=True,
    )
    kept = path.with_name("log.db-wal").read_bytes()
    assert kept
    return kept
