"""Opening the database: the lock, the modes, the pragmas, and every state in which a file can be found."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from scatterclean.errors import (
    DatabaseDamaged,
    DatabaseLocked,
    DatabaseMissing,
    DatabaseUnusable,
    NobodyCanMend,
    Reach,
)
from scatterclean.store import Store, open_store
from scatterclean.store.database import Database
from tests.contracts.records import case, cursor, message
from tests.store.processes import run, running, told


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where no database is yet."""
    return tmp_path / "state" / "scatterclean.db"


@pytest.fixture
def filled(path: Path) -> Path:
    """A database with a few rows, closed."""
    with open_store(path) as store:
        store.sent_log.record("home", "ada", [message(n) for n in range(200)], cursor())
        store.docket.enter("home", [case(1)], None)
    return path


HOLD = "store = open_store(path); print('open', flush=True); sys.stdin.read()"

# --- one writer -----------------------------------------------------------------------------------------


def test_a_second_start_says_who_holds_the_database(filled: Path) -> None:
    with running("sys.argv = ['scatterclean', 'run']\n" + HOLD, filled) as holder:
        assert told(holder) == "open"
        with pytest.raises(DatabaseLocked) as refused:
            open_store(filled)
    assert f"process {holder.pid} (scatterclean run) since 20" in refused.value.what
    assert str(filled) in refused.value.what
    assert refused.value.hint
    assert refused.value.reach is Reach.EVERYTHING


def test_a_second_opening_in_the_same_process_is_refused_too(filled: Path) -> None:
    with open_store(filled), pytest.raises(DatabaseLocked, match="this very process"):
        open_store(filled)
    open_store(filled).close()


def test_another_name_of_the_same_file_meets_the_same_lock(filled: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(filled)
    with open_store(filled), pytest.raises(DatabaseLocked):
        open_store(link)


def test_a_lock_left_over_by_kill_9_blocks_nobody(filled: Path) -> None:
    with running(HOLD, filled) as holder:
        told(holder)
        holder.kill()
        holder.wait()
        with open_store(filled) as store:
            assert store.sent_log.count("ada") == 200


def test_a_child_of_a_dead_holder_does_not_keep_the_lock(filled: Path) -> None:
    """A `password_command` may outlive a killed daemon."""
    script = "store = open_store(path)\nimport subprocess\n"
    script += "child = subprocess.Popen(['sleep', '60']); print(child.pid, flush=True); sys.stdin.read()"
    with running(script, filled) as holder:
        child = int(told(holder))
        holder.kill()
        holder.wait()
        try:
            open_store(filled).close()
            os.kill(child, 0)  # it does outlive
        finally:
            os.kill(child, 9)


@pytest.mark.parametrize("note", [b"", b"\xff\0garbage", b"[1]", b'{"pid": "x"}', b"[" * 5000])
def test_a_lock_without_a_readable_note_is_a_lock(filled: Path, note: bytes) -> None:
    lock = filled.with_name(filled.name + ".lock")
    lock.write_bytes(note)
    with lock.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DatabaseLocked, match="another process"):
            open_store(filled)


def test_who_only_looks_at_the_lock_refuses_nobody(filled: Path) -> None:
    lock = filled.with_name(filled.name + ".lock")
    lock.write_text("{}")
    with lock.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        looked = threading.Timer(0.02, fcntl.flock, (other.fileno(), fcntl.LOCK_UN))
        looked.start()
        open_store(filled).close()
        looked.join()


def test_a_failed_opening_lets_go_of_the_lock(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 100)
    for _ in range(2):
        with pytest.raises(DatabaseDamaged):
            open_store(path)


def test_closing_twice_is_harmless(filled: Path) -> None:
    store = open_store(filled)
    store.close()
    store.close()
    open_store(filled).close()


# --- beside the daemon ----------------------------------------------------------------------------------


def test_a_reader_works_while_another_process_holds_the_database(filled: Path) -> None:
    script = (
        "store = open_store(path); print('open', flush=True); sys.stdin.readline()\n"
        "store.sent_log.record('home', 'ada', [message(999)], cursor())\n"
        "print('recorded', flush=True); sys.stdin.read()"
    )
    with running(script, filled) as daemon, open_store(filled, read_only=True) as reader:
        assert told(daemon) == "open"
        assert reader.read_only
        assert reader.sent_log.count("ada") == 200
        assert daemon.stdin is not None
        daemon.stdin.write("\n")
        daemon.stdin.flush()
        assert told(daemon) == "recorded"
        assert reader.sent_log.count("ada") == 201
        assert len(reader.docket.open_cases("home")) == 1


def test_a_reader_works_when_nobody_has_the_database_and_after_kill_9(filled: Path) -> None:
    with open_store(filled, read_only=True) as reader:
        assert reader.sent_log.count("ada") == 200
    script = "store = open_store(path); store.sent_log.record('home', 'ada', [message(999)], cursor())\n"
    with running(script + "print('recorded', flush=True); sys.stdin.read()", filled) as daemon:
        told(daemon)
        daemon.kill()
        daemon.wait()
    with open_store(filled, read_only=True) as reader:
        assert reader.sent_log.count("ada") == 201


def test_opening_it_once_more_in_one_process_lets_go_of_no_reader_there(filled: Path) -> None:
    """POSIX drops all locks that a process has on a file as soon as it closes any descriptor of it.  Without its lock
    a reader would keep a -wal that the next process deletes: it would see nothing new any more, and what it then
    wrote would destroy the database (the dashboard looks with one opening and acts with another)."""
    elsewhere = (
        "with open_store(path) as store:\n"
        "    store.docket.enter('home', [case(%d)], None)\n"
        "    print(store.docket.counts('home'))"
    )
    with open_store(filled, read_only=True, asking=True) as reader:
        assert sum(reader.docket.counts("home").values()) == 1
        with open_store(filled) as writer:
            writer.docket.enter("home", [case(2)], None)
        for number in (3, 4):
            run(elsewhere % number, filled)
            assert sum(reader.docket.counts("home").values()) == number
        with open_store(filled) as writer:
            writer.docket.enter("home", [case(5)], None)
        run(elsewhere % 6, filled)
    with closing(sqlite3.connect(filled)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM cases").fetchone() == (6,)


def test_a_reader_cannot_write(filled: Path) -> None:
    with open_store(filled, read_only=True) as reader, pytest.raises(DatabaseUnusable):
        reader.sent_log.assign({"home": "eve"})


def test_a_reader_makes_no_database(path: Path) -> None:
    with pytest.raises(DatabaseMissing):
        open_store(path, read_only=True)
    assert not path.parent.exists()


# --- how it is opened -----------------------------------------------------------------------------------


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_made_is_for_its_owner_alone_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        with open_store(path) as store:
            store.sent_log.record("home", "ada", [message(1)], cursor())
            modes = {file.name: mode(file) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert set(modes.values()) == {0o600}
    assert modes.keys() >= {path.name, f"{path.name}-wal", f"{path.name}.lock"}
    assert mode(path.parent) == 0o700


def test_a_file_that_others_could_read_is_closed_to_them_and_a_folder_of_theirs_is_left_alone(
    filled: Path,
) -> None:
    filled.chmod(0o644)
    filled.parent.chmod(0o755)
    open_store(filled).close()
    assert (mode(filled), mode(filled.parent)) == (0o600, 0o755)


def test_a_commit_is_on_the_disk_before_the_server_is_asked(filled: Path) -> None:
    """FULL syncs the WAL at every commit, NORMAL only at checkpoints (sqlite.org/pragma.html#pragma_synchronous)."""
    database = Database(filled)
    with database.read() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("synchronous", "journal_mode", "foreign_keys", "busy_timeout")
        }
    database.close()
    assert pragmas == {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 30_000}


@pytest.mark.parametrize("how", ["", ", read_only=True"])
def test_opening_an_up_to_date_database_imports_no_alembic(filled: Path, how: str) -> None:
    script = f"open_store(path{how}).close(); print([m for m in ('alembic', 'mako') if m in sys.modules])"
    assert run(script, filled) == "[]"


def test_a_url_may_stand_for_the_path(path: Path, tmp_path: Path) -> None:
    with open_store(tmp_path / "unused.db", url=f"sqlite:///{path}") as store:
        assert store.path == path
    assert not (tmp_path / "unused.db").exists()


@pytest.mark.parametrize(
    "url", ["postgresql://me:hush@db.example/x", "nonsense", "sqlite://", "sqlite:///a?b=c"]
)
def test_other_urls_are_refused_without_repeating_them(path: Path, url: str) -> None:
    with pytest.raises(DatabaseUnusable, match="sqlite:///FILE") as refused:
        open_store(path, url=url)
    assert "hush" not in str(refused.value)


# --- files in every state -------------------------------------------------------------------------------


def opened(path: Path) -> Store:
    with open_store(path) as store:
        store.sent_log.record("home", "ada", [message(n) for n in range(50)], cursor())
        store.docket.open_cases("home")
        return store


def test_an_empty_file_becomes_a_database(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    opened(path)


@pytest.mark.parametrize("content", [b"\0" * 4096, b"From ada@winter.example Mon Nov 23\n" * 200])
def test_a_file_that_is_no_database_is_damaged_and_kept_as_it_is(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    for read_only in (False, True):
        with pytest.raises(DatabaseDamaged):
            open_store(path, read_only=read_only)
    assert path.read_bytes() == content


def test_a_database_with_pages_overwritten_is_damaged_and_says_so(filled: Path) -> None:
    with closing(sqlite3.connect(filled)) as plain:
        plain.execute("PRAGMA journal_mode=DELETE")
    content = bytearray(filled.read_bytes())
    for page in range(1, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xaa" * 64
    filled.write_bytes(content)
    with pytest.raises(DatabaseDamaged) as told_:
        opened(filled)
    assert "kept as it is" in told_.value.hint


def test_a_database_cut_short_is_damaged(filled: Path) -> None:
    with closing(sqlite3.connect(filled)) as plain:
        plain.execute("PRAGMA journal_mode=DELETE")
    filled.write_bytes(filled.read_bytes()[: 4096 * 3])
    with pytest.raises(DatabaseDamaged):
        opened(filled)


def test_another_programs_database_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE recipes (name)")
        other.execute("CREATE TABLE alembic_version (version_num)")
    before = path.read_bytes()
    with pytest.raises(DatabaseUnusable, match="another program"):
        open_store(path)
    with closing(sqlite3.connect(path)) as other:
        assert [row[0] for row in other.execute("SELECT name FROM sqlite_master ORDER BY 1")] == [
            "alembic_version",
            "recipes",
        ]
    assert len(path.read_bytes()) == len(before)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_folder_in_the_place_of_the_file_is_unusable(path: Path, read_only: bool) -> None:
    path.mkdir(parents=True)
    with pytest.raises(DatabaseUnusable):
        open_store(path, read_only=read_only)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_file_in_the_place_of_the_folder_is_unusable(path: Path, read_only: bool) -> None:
    path.parent.touch()
    with pytest.raises(DatabaseUnusable):
        open_store(path, read_only=read_only)


NOBODY = """
import alembic.command, alembic.script, scatterclean.store.migrate
if os.geteuid() == 0:  # root may do everything: become somebody else
    os.setgid(65534); os.setuid(65534)
try:
    store = open_store(path)
    store.sent_log.assign({"home": "eve"})
    print("opened")
except Trouble as trouble:
    print(type(trouble).__name__)
"""


@pytest.mark.parametrize(
    ("file", "folder", "expected"),
    [
        (0o444, 0o777, "DatabaseUnusable"),
        (0o666, 0o555, "DatabaseUnusable"),
        (0o000, 0o777, "DatabaseUnusable"),
        (0o666, 0o777, "opened"),
    ],
)
def test_a_file_or_folder_without_write_permission_is_unusable(
    filled: Path, file: int, folder: int, expected: str
) -> None:
    # Not below pytest's own folder, which every run closes to others anew.
    with TemporaryDirectory() as everybody:
        Path(everybody).chmod(0o755)
        there = Path(everybody) / "state"
        there.mkdir()
        shutil.copy(filled, there / filled.name)
        (there / filled.name).chmod(file)
        there.chmod(folder)
        assert run(NOBODY, there / filled.name) == expected
        there.chmod(0o700)


def test_a_full_disk_is_said_and_nothing_is_half_written(filled: Path) -> None:
    with open_store(filled) as store:
        with store._database.write() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 5}")
        with pytest.raises(DatabaseUnusable, match="full") as full:
            store.sent_log.record("home", "ada", [message(n) for n in range(1000, 9000)], cursor("New"))
        assert "Make room" in full.value.hint
        assert store.sent_log.count("ada") == 200
        assert list(store.sent_log.cursors("home")) == ["Sent"]


def test_a_write_that_the_system_refuses_leaves_the_database_whole(filled: Path) -> None:
    script = """
import resource, signal
store = open_store(path)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    store.sent_log.record("home", "ada", [message(n) for n in range(1000, 20_000)], cursor("New"))
except Trouble as trouble:
    print(type(trouble).__name__)
os._exit(0)
"""
    assert run(script, filled) == "DatabaseUnusable"
    with open_store(filled) as store:
        assert store.sent_log.count("ada") == 200
        with store._database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"


def test_a_file_held_by_another_program_is_said_to_be(filled: Path) -> None:
    database = Database(filled, busy_timeout=0.01)
    with closing(sqlite3.connect(filled, isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseLocked, match="another program"), database.write():
            pass
    database.close()


def test_an_error_that_is_ours_is_called_a_bug(filled: Path) -> None:
    database = Database(filled)
    with pytest.raises(NobodyCanMend), database.write() as connection:
        connection.exec_driver_sql("INSERT INTO sent_ids VALUES ('k', 999, 999)")
    database.close()
