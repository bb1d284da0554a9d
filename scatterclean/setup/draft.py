"""An account that is not written yet, on a copy of the log that is thrown away: for looking at what a sweep would do.

Nothing of it is left behind unless it is kept; keeping never replaces a log that is there.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import tomlkit

from scatterclean.config import AccountSettings, Secret, Settings, load
from scatterclean.errors import ConfigBroken, DatabaseUnusable
from scatterclean.ports import Names
from scatterclean.setup import writing
from scatterclean.setup.writing import Entry
from scatterclean.wire import Household


@contextmanager
def scratch(database: Path) -> Iterator[Path]:
    """The path of a copy of the log, for as long as the context lasts; of none, if there is no log yet."""
    with TemporaryDirectory(prefix="scatterclean-init-") as folder:  # mode 0700
        path = Path(folder) / "log.db"
        if database.exists():
            _copied(database, path)
        yield path


def _copied(source: Path, target: Path) -> None:
    """By SQLite itself: a running daemon may be writing, and not all may be in the one file."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new)
    except sqlite3.Error as error:
        target.unlink(missing_ok=True)
        raise DatabaseUnusable(f"{source} cannot be read: {error}") from None


def keep(path: Path, database: Path) -> Callable[[], None]:
    """Make the copy the log, if there still is none.  What takes it away again."""
    if database.exists() or not path.exists():
        return lambda: None
    fresh = database.with_name(f".{database.name}.{os.getpid()}.new")
    try:
        fresh.unlink(missing_ok=True)
        _copied(path, fresh)
        os.link(fresh, database)  # fails if there is one meanwhile
    except OSError:  # then the first sweep reads the Sent folders once more
        return lambda: None
    finally:
        fresh.unlink(missing_ok=True)
    return lambda: database.unlink(missing_ok=True)


def settings_of(entry: Entry, secret: Secret, text: str, folder: Path) -> AccountSettings:
    """The account as the configuration would have it; `text` is the configuration's, for its [defaults].

    `folder` is for scratch files.  Raises SetupEnds with what the configuration would not take."""
    document = tomlkit.document()
    defaults = tomlkit.parse(text).get("defaults")
    if defaults is not None:
        document["defaults"] = defaults.unwrap()
    path = folder / "draft.toml"
    path.write_text(document.as_string() + "\n" + writing.table_of(entry))
    try:
        loaded = load(path)
    except ConfigBroken as broken:
        raise writing.ends_with(broken, path, Path("draft")) from None
    finally:
        with suppress(OSError):
            path.unlink()
    return replace(loaded.accounts[0], secret=secret)


@contextmanager
def household(
    account: AccountSettings, existing: Settings | None, database: Path, names: Names | None
) -> Iterator[Household]:
    """The account among those that are configured already, on the log at `database`.  Raises Database*."""
    others = existing.accounts if existing else ()
    settings = Settings(existing.path if existing else Path(), database, (*others, account))
    with Household.open(settings) as opened:
        here = opened if names is None else Household(settings, opened.store, _names=names)
        here.keep_sessions()
        try:
            yield here
        finally:
            here.keep_sessions(wanted=False)
