"""SQLite: sent log, journal, docket.  Opens them, keeps them, and knows nothing of mail servers.

database.py  one file, its transactions, what its errors mean
lock.py      one writer per database
awake.py     how its accounts are woken, told to other processes
tables.py    the tables
columns.py   the forms of moments and texts in them
migrate.py   brings an older file to these tables
sentlog.py, journal.py, docket.py, experience.py, history.py, notices.py, evidence.py, wishes.py, lists.py   the ports
             of the same names
asking.py    the questions to the sent log
recording.py what was sent -> its rows
staging.py   rows of a large harvest on their way to their places
forms.py     what is kept as JSON
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType

from scatterclean.errors import DatabaseMissing, DatabaseUnusable
from scatterclean.model import Push
from scatterclean.ports import Docket, Experience, History, Journal, SentLog
from scatterclean.ports.evidence import Evidence
from scatterclean.ports.lists import Lists
from scatterclean.ports.notices import Notices
from scatterclean.ports.wishes import Wishes
from scatterclean.store import awake, migrate, staging
from scatterclean.store.database import BUSY_TIMEOUT, DISK_FULL, PERMISSIONS, Database
from scatterclean.store.docket import SqlDocket
from scatterclean.store.evidence import SqlEvidence
from scatterclean.store.experience import SqlExperience
from scatterclean.store.history import SqlHistory
from scatterclean.store.journal import SqlJournal
from scatterclean.store.lists import SqlLists
from scatterclean.store.lock import ProcessLock
from scatterclean.store.notices import SqlNotices
from scatterclean.store.sentlog import SqlSentLog
from scatterclean.store.wishes import SqlWishes

__all__ = ["Store", "open_store"]


class Store:
    """The open database.  Safe to use from several threads.  A context manager: leaving it closes it."""

    __slots__ = (
        "_asking",
        "_database",
        "_lock",
        "docket",
        "evidence",
        "experience",
        "history",
        "journal",
        "lists",
        "notices",
        "path",
        "sent_log",
        "wishes",
    )

    def __init__(self, database: Database, lock: ProcessLock | None, asking: Database | None = None) -> None:
        self._database = database
        self._lock = lock
        self._asking = asking
        self.path: Path = database.path
        self.sent_log: SentLog = SqlSentLog(database)
        self.journal: Journal = SqlJournal(database)
        self.docket: Docket = SqlDocket(database)
        self.experience: Experience = SqlExperience(database)
        self.notices: Notices = SqlNotices(database)
        self.history: History = SqlHistory(database)
        self.wishes: Wishes = SqlWishes(asking or database)
        self.lists: Lists = SqlLists(database)
        self.evidence: Evidence = SqlEvidence(database)

    @property
    def read_only(self) -> bool:
        return self._lock is None

    def note_pushes(self, pushes: Mapping[str, Push], due: Mapping[str, datetime] | None = None) -> None:
        """Tell readers of this store how each account is woken by this process, and when it is looked at next."""
        awake.note(self.path, pushes, due or {})

    def due(self) -> Mapping[str, datetime]:
        """When the daemon that runs on this store looks at each account next; empty if there is none."""
        return awake.due(self.path)

    def pushes(self) -> Mapping[str, Push] | None:
        """How each account is woken by the daemon that runs on this store; None if there is none."""
        return awake.noted(self.path)

    def close(self) -> None:
        """Also lets go of the lock.  May be called twice."""
        self._database.close()
        if self._asking is not None:
            self._asking.close()
        if self._lock is not None:
            awake.forget(self.path)
            self._lock.release()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(
    path: Path,
    *,
    url: str | None = None,
    read_only: bool = False,
    asking: bool = False,
    busy_timeout: float = BUSY_TIMEOUT,
) -> Store:
    """Open the database at `path`, made and upgraded if needed, and locked against other processes.

    `url` is an SQLAlchemy URL that is used instead of `path`; today only `sqlite:///FILE` is understood.
    `read_only` opens without the lock and changes nothing: it works while the daemon has the database.  With `asking`
    as well wishes may be written down, and nothing else.
    `busy_timeout`: seconds that a reader waits for whoever holds the file.
    Folders that have to be made get mode 0700, files 0600.

    Raises DatabaseLocked (with who holds it), DatabaseDamaged, DatabaseMissing (only with `read_only`),
    DatabaseUnusable (permissions, disk full, another program's or a newer version's file).
    """
    path = _file(path, url)
    if read_only:
        return _open_to_read(path, busy_timeout, asking=asking)
    # Two names of one file (a symbolic link) must meet at one lock.
    path = path.resolve()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = ProcessLock(path.with_name(f"{path.name}.lock"), path)
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        _make_private(path)
        database = Database(path)
        try:
            migrate.bring_up_to_date(database)
            staging.merge(database)  # what a process that died had laid aside
        except BaseException:
            database.close()
            raise
    except OSError as error:
        lock.release()
        raise _unusable(path, error) from error
    except BaseException:
        lock.release()
        raise
    return Store(database, lock)


def _open_to_read(path: Path, busy_timeout: float, *, asking: bool) -> Store:
    try:
        path = path.resolve()
        if not path.exists():
            raise DatabaseMissing(
                f"there is no database at {path} yet",
                hint="`scatterclean sweep` or `scatterclean run` makes it.",
            )
    except OSError as error:
        raise _unusable(path, error) from error
    database = Database(path, read_only=True, busy_timeout=busy_timeout)
    try:
        migrate.require_current(database)
        pen = Database(path, busy_timeout=busy_timeout) if asking else None
    except BaseException:
        database.close()
        raise
    return Store(database, None, pen)


def _file(path: Path, url: str | None) -> Path:
    if url is None:
        return path
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.query:
        # The URL itself is not said: it may hold a password.
        raise DatabaseUnusable(
            "the URL of the database is not of the form sqlite:///FILE",
            hint="Other databases than SQLite are not supported yet.",
        )
    return Path(parsed.database)


def _make_private(path: Path) -> None:
    """The file exists afterwards, for its owner alone; SQLite gives -wal and -shm the same mode."""
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.stat().st_mode):  # root would take /dev/null away from everybody
            raise DatabaseUnusable(f"{path} is no file", hint="Name a file of its own in `database`.")
    # One that is there is never opened but by SQLite: closing any descriptor of it would drop the locks of every
    # connection that this process has to it (POSIX; "How To Corrupt An SQLite Database File", 2.2).
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        if not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path)) from None
    now = path.stat()
    if stat.S_IMODE(now.st_mode) & 0o077 and now.st_uid == os.geteuid():
        path.chmod(0o600)


def _unusable(path: Path, error: OSError) -> DatabaseUnusable:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return DatabaseUnusable(
        f"{path} cannot be opened: {error.strerror}", hint=DISK_FULL if full else PERMISSIONS
    )
