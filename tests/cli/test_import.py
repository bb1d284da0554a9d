"""`scatterclean import`: tells what each path is, takes it in if it may, and else leaves it for the next sweep."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scatterclean.cli import exits
from scatterclean.model import OUTBOX
from scatterclean.outbox import spool
from scatterclean.store import open_store
from tests.outbox.test_logs import EXIM_SENT, SUBMITTED
from tests.trial.letters import letter, mbox

from .program import environment, objects, run
from .test_exits import config

ONE, TWO, THREE = (letter(f"{n}@w.example") for n in (1, 2, 3))

HOLDER = """
import sys
from pathlib import Path
from scatterclean.store import open_store
with open_store(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_by_another_process(database: Path) -> Iterator[None]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    try:
        yield
    finally:
        holder.communicate(timeout=60)


def logged(folder: Path, account: str = "home") -> int:
    with open_store(folder / "log.db", read_only=True) as store:
        return store.sent_log.count_account(account + OUTBOX)


def paths(folder: Path) -> list[str]:
    """One of each kind."""
    (folder / "one.eml").write_bytes(ONE)
    (folder / "box").write_bytes(mbox(ONE, TWO))
    for part in ("cur", "new", "tmp"):
        (folder / "Maildir" / part).mkdir(parents=True)
    (folder / "Maildir" / "cur" / "1764000000.M1.h:2,S").write_bytes(THREE)
    (folder / "many").mkdir()
    (folder / "many" / "a.eml").write_bytes(ONE)
    (folder / "mail.log").write_text(SUBMITTED)
    (folder / "mainlog.1.gz").write_bytes(gzip.compress(EXIM_SENT.encode()))
    return [str(folder / n) for n in ("one.eml", "box", "Maildir", "many", "mail.log", "mainlog.1.gz")]


def test_each_path_is_known_by_its_content_and_counted_once(tmp_path: Path) -> None:
    at = str(config(tmp_path))
    done = run("--config", at, "import", "--json", *paths(tmp_path))
    assert done.returncode == exits.DONE, done.stderr
    [told] = objects(done.stdout)
    assert [(p["what"], p["messages"], p["own"]) for p in told["paths"]] == [
        ("message", 1, 1),
        ("mbox", 2, 2),
        ("maildir", 1, 1),
        ("directory", 1, 1),
        ("postfix", 1, 0),
        ("exim", 2, 0),
    ]
    assert (told["account"], told["new"]) == ("home", 6)
    assert logged(tmp_path) == 6
    again = run("--config", at, "import", *paths_again(tmp_path))
    assert b"home: 0 new in the log" in again.stdout
    assert b"box: an mbox, 2 messages (2 from your addresses)" in again.stdout
    assert logged(tmp_path) == 6


def paths_again(folder: Path) -> list[str]:
    return [str(folder / "box"), str(folder / "mail.log")]


def test_what_is_imported_is_left_as_it_is(tmp_path: Path) -> None:
    given = paths(tmp_path)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    run("--config", str(config(tmp_path)), "import", *given)
    assert {p: p.read_bytes() for p in before} == before


def test_while_another_process_has_the_database_the_records_wait_and_come_in_later(tmp_path: Path) -> None:
    at = str(config(tmp_path))
    (tmp_path / "box").write_bytes(mbox(ONE, TWO))
    with held_by_another_process(tmp_path / "log.db"):
        done = run("--config", at, "import", str(tmp_path / "box"))
        assert done.returncode == exits.DONE
        assert b"the database is in use" in done.stdout
        assert b"next sweep takes over" in done.stdout
        [told] = objects(run("--config", at, "import", "--json", str(tmp_path / "box")).stdout)
        assert told["new"] is None
        assert logged(tmp_path) == 0
    assert len(list(spool.pending(tmp_path / "log.db", "home"))) == 2
    # No server answers there: what waits is taken in before any is asked.
    assert run("--config", at, "sweep", env={"MAIL_PASSWORD": "x"}).returncode == exits.TROUBLE
    assert logged(tmp_path) == 2
    assert not list(spool.pending(tmp_path / "log.db", "home"))


def test_what_is_no_mail_is_named_with_a_hint_and_the_rest_is_imported(tmp_path: Path) -> None:
    at = config(tmp_path)
    (tmp_path / "one.eml").write_bytes(ONE)
    (tmp_path / "old.gz").write_bytes(gzip.compress(ONE))
    (tmp_path / "cut.gz").write_bytes(gzip.compress(SUBMITTED.encode())[:200])
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")  # nobody writes into it: whoever opens it waits for ever
    given = [str(tmp_path / n) for n in ("none", "pipe", "old.gz", "cut.gz", "empty", "one.eml")]
    done = run("--config", str(at), "import", *given, str(at))
    assert done.returncode == exits.TROUBLE
    said = done.stderr.decode()
    for words in (
        "none: there is no such file",
        "pipe is neither a file nor a directory",
        "old.gz is compressed, and no mail log",
        "cut.gz cannot be read",
        "empty is neither mail nor a mail log",
        "scatterclean.toml is neither mail nor a mail log",
        "What can be imported",
    ):
        assert words in said, said
    assert b"home: 1 new in the log" in done.stdout


def test_mail_of_nobody_that_the_configuration_knows_is_taken_with_a_word_of_warning(tmp_path: Path) -> None:
    (tmp_path / "in.eml").write_bytes(letter("x@firm.example", sender="bob@firm.example"))
    done = run("--config", str(config(tmp_path)), "import", str(tmp_path / "in.eml"))
    assert b"in.eml: a message, 1 message (0 from your addresses)" in done.stdout
    assert b"Is this mail that you sent?" in done.stderr
    with open_store(tmp_path / "log.db", read_only=True) as store:
        assert store.sent_log.holders("", ["x@firm.example"]) == {"x@firm.example": {"home" + OUTBOX}}


def test_of_accounts_of_two_persons_one_has_to_be_named(tmp_path: Path) -> None:
    at = config(tmp_path)
    more = at.read_text().partition("[accounts.home]")[2].replace("ada@", "bob@").replace('"me"', '"you"')
    at.write_text(at.read_text() + f'person = "ada"\n[accounts.work]{more}person = "bob"\n')
    (tmp_path / "one.eml").write_bytes(ONE)
    done = run("--config", str(at), "import", str(tmp_path / "one.eml"))
    assert done.returncode == exits.USAGE
    assert b"--account and one of: home, work" in done.stderr
    assert run("--config", str(at), "import", "--account", "no", "x").returncode == exits.USAGE
    done = run("--config", str(at), "import", "--account", "work", str(tmp_path / "one.eml"))
    assert done.returncode == exits.DONE
    assert (logged(tmp_path, "work"), logged(tmp_path, "home")) == (1, 0)


def test_a_spool_that_cannot_be_written_ends_with_the_databases_code(tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_bytes(ONE)
    (tmp_path / "log.db.outbox").write_text("in the way")
    done = run("--config", str(config(tmp_path)), "import", str(tmp_path / "one.eml"))
    assert done.returncode == exits.DATABASE
    assert b"log.db.outbox cannot be written" in done.stderr


def test_the_word_import_is_no_longer_taken_for_harvest(capsys: pytest.CaptureFixture[str]) -> None:
    from scatterclean.cli import main

    assert main(["imprt"]) == exits.USAGE
    assert "Did you mean 'import'?" in capsys.readouterr().err
