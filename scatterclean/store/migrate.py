"""Brings a database to the schema that this version knows; it never goes back, and never loses a row.

alembic takes half a second to import: it is imported only when a migration is due.  How to add one stands in
`migrations/README.md`.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from scatterclean.errors import DatabaseDamaged, DatabaseUnusable, NobodyCanMend, Reach
from scatterclean.store.database import Database, translate
from scatterclean.store.tables import APPLICATION_ID, REVISION

if TYPE_CHECKING:
    from alembic.config import Config

log = logging.getLogger(__name__)


def scripts() -> Path:
    """The folder `migrations`: inside the package when installed, beside it in the source tree."""
    package = Path(__file__).parents[1]
    for folder in (package / "migrations", package.parent / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise DatabaseUnusable(
        "the installation of scatterclean is incomplete: the folder `migrations` is missing",
        hint="Install it again.",
    )


def bring_up_to_date(database: Database, *, folder: Path | None = None, target: str = REVISION) -> None:
    """Nothing if the schema is `target` already, else all that is missing, in one transaction.

    A database with rows in it is first copied to `NAME.before-TARGET` beside it.  Raises DatabaseUnusable
    (another program's, or a newer version's), DatabaseDamaged, NobodyCanMend (a migration of ours failed or
    would have lost rows; nothing was changed).
    """
    with database.read() as connection:
        found = _revision(connection, database.path)
    if found == target:
        return
    folder = folder or scripts()
    _must_be_known(database.path, found, folder)
    if found is not None:
        log.info("upgrading %s from schema %s to %s", database.path, found, target)
    # Not through `database`: rebuilding a table with foreign keys ON deletes or blocks its children, and the
    # pragma can only be changed outside of a transaction (field guide, 7; sqlite.org/lang_altertable.html, 7).
    upgrading = Database(database.path, foreign_keys=False)
    try:
        with upgrading.read() as connection:
            filled = any(_counts(connection).values())
        if filled:
            _keep_copy(database.path, target)
        with upgrading.write() as connection:
            _upgrade(connection, database.path, folder, target)
    finally:
        upgrading.close()


def require_current(database: Database) -> None:
    """For readers, who may not upgrade: raises DatabaseUnusable unless the schema is this version's."""
    with database.read() as connection:
        found = _revision(connection, database.path)
    if found == REVISION:
        return
    _must_be_known(database.path, found, scripts())
    raise DatabaseUnusable(
        f"{database.path} has not been brought to the schema of this version yet ({found or 'none'}, not {REVISION})",
        hint="It happens by itself at the next start of `scatterclean run` or `scatterclean sweep`; if the daemon "
        "is running, restart it: it is still the old version.",
    )


def _revision(connection: Connection, path: Path) -> str | None:
    """The revision that the file says it has; None for an empty file."""
    tables = set(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())
    if not tables:
        return None
    marked = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
    if marked != APPLICATION_ID or "alembic_version" not in tables:
        raise DatabaseUnusable(
            f"{path} is the database of another program",
            hint="Set `database` to a file of its own, which need not exist yet.",
        )
    revisions = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
    if len(revisions) != 1:
        raise DatabaseDamaged(
            f"{path} does not say which schema it has",
            hint="Put back a backup, or move it away and start anew.",
        )
    return str(revisions[0])


def _must_be_known(path: Path, found: str | None, folder: Path) -> None:
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(_config(folder)).walk_revisions()}
    if found is not None and found not in known:
        copies = sorted(path.parent.glob(f"{path.name}.before-*"))
        back = f", or put back the copy {copies[-1]}, as it was before the upgrade" if copies else ""
        raise DatabaseUnusable(
            f"{path} was written by a newer version of scatterclean (schema {found}, this one knows up to "
            f"{max(known)})",
            hint=f"Install that version again{back}.",
        )


def _config(folder: Path) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _upgrade(connection: Connection, path: Path, folder: Path, target: str) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    before = _counts(connection)
    config = _config(folder)
    # env.py runs in this connection's transaction: all revisions together, or none.
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, target)
    except (CommandError, SQLAlchemyError) as error:
        cause = getattr(error, "orig", None)
        situation = translate(cause, path)
        if isinstance(situation, NobodyCanMend):
            raise _failed(path, str(cause or error)) from error
        raise situation from error  # the disk, not the migration
    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    after = _counts(connection)
    history = ScriptDirectory.from_config(config).walk_revisions()
    recounted = {table for script in history for table in getattr(script.module, "recounted", ())}
    lost = [
        f"{table}: {count} -> {after.get(table, 0)}"
        for table, count in before.items()
        if after.get(table, 0) != count and table not in recounted
    ]
    if lost:
        raise _failed(path, f"rows would be lost or doubled ({', '.join(lost)})")
    orphaned = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if orphaned is not None:
        raise _failed(path, f"rows of {orphaned[0]} would lose what they belong to")


def _failed(path: Path, why: str) -> NobodyCanMend:
    return NobodyCanMend(
        f"{path} could not be brought to the new schema: {why}",
        hint="This is a bug of scatterclean: please report it. The database is as it was; go on with the version "
        "that you had.",
        reach=Reach.EVERYTHING,
    )


def _counts(connection: Connection) -> dict[str, int]:
    """Rows by table, without SQLite's and alembic's own tables."""
    names = connection.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
        "AND name <> 'alembic_version'"
    ).scalars()
    return {
        name: connection.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar_one()  # noqa: S608 - our own names
        for name in names.all()
    }


def _keep_copy(path: Path, target: str) -> None:
    """A whole, checked copy under its final name, or none."""
    copy = path.with_name(f"{path.name}.before-{target}")
    unfinished = copy.with_name(f"{copy.name}.part")
    try:
        unfinished.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(unfinished)) as target_file:
            source.backup(target_file)
            # Of a copy of all pages: this also tells whether the original is sound before it is rebuilt.
            answer = target_file.execute("PRAGMA quick_check(1)").fetchone()[0]
            target_file.execute("PRAGMA journal_mode=DELETE")  # one file, without -wal and -shm beside it
        if answer != "ok":
            unfinished.unlink()
            raise DatabaseDamaged(
                f"{path} is damaged ({answer}) and was not upgraded; it is kept as it is",
                hint="Put back a backup, or move it away and start anew: the sent log is read again.",
            )
        with unfinished.open("rb") as whole:
            os.fsync(whole.fileno())
        unfinished.replace(copy)
    except sqlite3.Error as error:
        raise translate(error, path) from error
    except OSError as error:
        raise DatabaseUnusable(
            f"{path} was not upgraded: no copy of it could be kept ({error.strerror})",
            hint=f"Make room in {path.parent}: the upgrade first copies the database.",
        ) from error
