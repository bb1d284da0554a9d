"""One SQLite file: how it is opened, read and written in transactions, and what its errors mean to people.

It knows no table.  Every SQLite error is translated here, once, into `errors.Database*`.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from scatterclean.errors import (
    DatabaseDamaged,
    DatabaseLocked,
    DatabaseUnusable,
    NobodyCanMend,
    Reach,
    Trouble,
)

# Seconds that one writer waits for another.  Within this process writers queue up before they ask SQLite;
# this is for readers that meet a checkpoint, and for the person's own sqlite3 shell.
BUSY_TIMEOUT = 30.0
# Page cache of one connection, at most; it grows with what is touched, and the daemon keeps its connections for years.
_CACHE_KIB = 2 * 1024
# While a large log is written.  The keys of ids come in no order: with 2 MB each page is written many times over.
_LARGE_CACHE_KIB = 16 * 1024
# Kept open between transactions.  Threads that meet get connections of their own, which are closed afterwards.
_KEPT = 2


class Database:
    """An existing file at `path`, opened for reading and writing, or for reading alone.

    May be used from several threads; each transaction has its own connection.  `foreign_keys` is only
    switched off while tables are rebuilt.
    """

    def __init__(
        self,
        path: Path,
        *,
        read_only: bool = False,
        foreign_keys: bool = True,
        busy_timeout: float = BUSY_TIMEOUT,
    ) -> None:
        self.path = path
        self.read_only = read_only
        self._writing = threading.Lock()
        self._file = _identity(path)
        self._engine = _engine(path, read_only, foreign_keys, busy_timeout)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database from its first query to its last."""
        with self._translated(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, *, large: bool = False, checked_before: bool = False) -> Iterator[Connection]:
        """A transaction that is on the disk when the block ends, or nowhere if the block raised.

        Threads take turns: SQLite's own waiting is polling, and unfair under load.  `large`: thousands of rows, and
        more such transactions follow; the memory that they need is kept until one that is not.  `checked_before`: its
        rows had their foreign keys looked up when they were first stored, and are only put elsewhere.
        """
        with self._writing, self._translated(), self._engine.connect() as plain:
            self._must_be_in_place()
            connection = plain.execution_options(writes=True)
            _size_cache(connection, large)
            with _unchecked(connection) if checked_before else nullcontext(), connection.begin():
                yield connection

    def _must_be_in_place(self) -> None:
        """SQLite goes on writing to a file that has no name any more: a journal that nobody can open again."""
        if _identity(self.path) != self._file:
            raise DatabaseUnusable(
                f"{self.path} was removed or replaced while it was in use",
                hint="Nothing is moved any more, for it could not be undone. Stop scatterclean, put the file back "
                "(or let it make a new one), and start it again.",
            )

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise translate(error.orig, self.path) from error
        except sqlite3.Error as error:
            raise translate(error, self.path) from error


def _size_cache(connection: Connection, large: bool) -> None:
    if large != connection.info.get("large", False):
        connection.info["large"] = large
        # The driver's: SQLAlchemy would begin the transaction here.
        driver = connection.connection.cursor()
        driver.execute(f"PRAGMA cache_size=-{_LARGE_CACHE_KIB if large else _CACHE_KIB}")
        if not large:
            driver.execute("PRAGMA shrink_memory")
        driver.close()


@contextmanager
def _unchecked(connection: Connection) -> Iterator[None]:
    """Within a transaction SQLite would pass over the pragma (sqlite.org/pragma.html#pragma_foreign_keys)."""
    connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        if not connection.invalidated:  # Ctrl-C in the middle of a statement: SQLAlchemy throws it away
            connection.connection.cursor().execute("PRAGMA foreign_keys=ON")


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode, as SQLite itself tells a moved file (in journal modes other than WAL)."""
    try:
        now = path.stat()
    except OSError:
        return None
    return now.st_dev, now.st_ino


def _engine(path: Path, read_only: bool, foreign_keys: bool, busy_timeout: float) -> Engine:
    # mode=rw: SQLite creates no file, and so none with the umask's permissions.
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"

    def connect() -> sqlite3.Connection:
        # isolation_level None: the driver begins nothing by itself.  Its default begins late, as a reader,
        # and lost 261 of 360 concurrent updates (field guide, 7).
        connection = sqlite3.connect(
            uri, uri=True, timeout=busy_timeout, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare(connection, read_only, foreign_keys)
        except BaseException:
            connection.close()
            raise
        return connection

    # max_overflow -1: a thread never waits for a connection.  Last in, first out: in turn, each would fill a cache.
    engine = create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=_KEPT,
        max_overflow=-1,
        pool_use_lifo=True,
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # IMMEDIATE: a writer takes its turn at the start, not in the middle, where SQLite can only refuse.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _prepare(connection: sqlite3.Connection, read_only: bool, foreign_keys: bool) -> None:
    connection.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
    if read_only:
        return
    # Readers (`scatterclean status`) and the writer do not wait for each other.  Where WAL cannot be had
    # (some network file systems) SQLite stays with its rollback journal, which is as safe.
    connection.execute("PRAGMA journal_mode=WAL")
    # An intention must be on the disk before the server is asked, also if the power goes.  In WAL mode NORMAL,
    # which many recommend, syncs at checkpoints only and may lose the last commits.
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    # macOS: fsync(2) leaves data in the drive's cache, F_FULLFSYNC does not.  Elsewhere this does nothing.
    connection.execute("PRAGMA fullfsync=ON")


DISK_FULL = "Make room on the disk; nothing was half written, and it goes on by itself then."
PERMISSIONS = "The file and its folder must belong to the user that runs scatterclean, and be writable."
_KEEP = (
    "It is kept as it is. Move it away (with its -wal and -shm files) and put back a backup, or start anew: "
    "the sent log is read again from the Sent folders, only the history of moves is lost."
)

# Primary result codes (sqlite.org/rescode.html); the extended ones have these in their low byte.
_SITUATIONS: dict[int, tuple[type[Trouble], str, str]] = {
    sqlite3.SQLITE_CORRUPT: (DatabaseDamaged, "{path} is damaged: {why}", _KEEP),
    sqlite3.SQLITE_NOTADB: (DatabaseDamaged, "{path} is not an SQLite database, or is damaged: {why}", _KEEP),
    sqlite3.SQLITE_BUSY: (
        DatabaseLocked,
        "{path} is held by another program: {why}",
        "Close whatever has the file open for writing (an sqlite3 shell, a backup, a viewer).",
    ),
    sqlite3.SQLITE_LOCKED: (DatabaseLocked, "{path} is held by another program: {why}", ""),
    sqlite3.SQLITE_FULL: (DatabaseUnusable, "{path} cannot be written: {why}", DISK_FULL),
    sqlite3.SQLITE_READONLY: (DatabaseUnusable, "{path} cannot be written: {why}", PERMISSIONS),
    sqlite3.SQLITE_CANTOPEN: (
        DatabaseUnusable,
        "{path} cannot be opened: {why}",
        f"{PERMISSIONS} Or is the disk full?",  # SQLite says no more, if it cannot make the files beside it
    ),
    sqlite3.SQLITE_PERM: (DatabaseUnusable, "{path} cannot be opened: {why}", PERMISSIONS),
    sqlite3.SQLITE_AUTH: (DatabaseUnusable, "{path} cannot be opened: {why}", PERMISSIONS),
    sqlite3.SQLITE_IOERR: (
        DatabaseUnusable,
        "{path} cannot be read or written: {why}",
        "Look at the disk: is it full, failing, or gone?",
    ),
    sqlite3.SQLITE_NOMEM: (DatabaseUnusable, "{path} cannot be used: {why}", "The machine is out of memory."),
}


def translate(error: BaseException | None, path: Path) -> Trouble:
    """What an error of SQLite means; what is not in the table is a bug of ours."""
    code = getattr(error, "sqlite_errorcode", None) or 0
    name = getattr(error, "sqlite_errorname", "") or type(error).__name__
    found = _SITUATIONS.get(code & 0xFF)
    if found is None:
        return NobodyCanMend(
            f"{path}: the database refused a statement ({name})",
            hint="This is a bug of scatterclean: please report it. Nothing was written.",
            reach=Reach.EVERYTHING,
        )
    situation, what, hint = found
    return situation(what.format(path=path, why=f"{error} ({name})"), hint=hint)
