"""What can be wrong on this machine, each planted as a real thing: configuration, files, database, secret."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scatterclean.model import Mode, SweepReport
from scatterclean.store import open_store
from tests.store.processes import running, told

from .ward import Plant, Ward, can_mount

REVISIONS = Path(__file__).parents[1] / "store" / "revisions"


@dataclass(frozen=True)
class Planted:
    """A fault: how it gets there, and what is to be told of it.  `code` may have an alternative, where the machine's
    network decides which it is."""

    plant: Plant
    codes: tuple[str, ...]
    rating: str
    says: str
    mend: str
    marks: tuple[pytest.MarkDecorator, ...] = ()


def planted(
    plant: Plant, code: str, rating: str, says: str, mend: str, *marks: pytest.MarkDecorator
) -> Planted:
    return Planted(plant, tuple(code.split("|")), rating, says, mend, marks)


# --- the service ------------------------------------------------------------------------------------------


def _service(ward: Ward, **says: str) -> None:
    """Installed; and a systemd that says this of it."""
    unit = ward.folder / "systemd" / "user" / "scatterclean.service"
    unit.parent.mkdir(parents=True)
    unit.touch()
    programs = ward.folder / "programs"
    programs.mkdir()
    lines = [f"echo {key}={value}" for key, value in says.items()]
    program = programs / "systemctl"
    program.write_text("#!/bin/sh\n" + "\n".join(lines) + "\n")
    program.chmod(0o755)
    ward.monkeypatch.setenv("XDG_CONFIG_HOME", str(ward.folder))
    ward.monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)


def service_that_fails(ward: Ward) -> None:
    _service(ward, LoadState="loaded", ActiveState="failed", Result="exit-code", ExecMainStatus="3")


def service_that_is_not_started_at_login(ward: Ward) -> None:
    _service(ward, LoadState="loaded", ActiveState="active", UnitFileState="disabled")


# --- configuration and permissions ------------------------------------------------------------------------


def no_configuration(ward: Ward) -> None:
    ward.config.unlink()


def broken_configuration(ward: Ward) -> None:
    ward.set(pasword="x", port=70000)
    ward.secrets.remove(ward.server.password)


def unwise_settle(ward: Ward) -> None:
    ward.set(settle="1s")


def program_not_in_path(ward: Ward) -> None:
    ward.secret_from("password_command", "no-such-program mail | head -1")


def password_for_all_to_read(ward: Ward) -> None:
    ward.secret_from("password", ward.server.password)
    ward.config.chmod(0o644)


def configuration_for_all_to_change(ward: Ward) -> None:
    ward.config.chmod(0o666)


def folder_for_all_to_change(ward: Ward) -> None:
    ward.folder.chmod(0o777)


def database_for_all_to_read(ward: Ward) -> None:
    ward.database.chmod(0o644)


def database_not_to_be_written(ward: Ward) -> None:
    ward.unprivileged = True
    ward.database.chmod(0o400)


def no_folder_for_the_database(ward: Ward) -> None:
    ward.top["database"] = "password/log.db"
    ward.write()


# --- disk -------------------------------------------------------------------------------------------------


def full_disk(ward: Ward) -> None:
    ward.top["database"] = "small/log.db"
    ward.write()
    ward.disk = "8m"


def small_disk(ward: Ward) -> None:
    full_disk(ward)
    ward.disk = "60m"


_DISK = pytest.mark.skipif(not can_mount(), reason="no file system may be mounted here")

# --- lock and database ------------------------------------------------------------------------------------

HOLD = "sys.argv = ['scatterclean', 'run']; store = open_store(path); print('open', flush=True); sys.stdin.read()"


def killed_daemon(ward: Ward) -> None:
    with running(HOLD, ward.database) as daemon:  # killed at the end of the block
        assert told(daemon) == "open"


def sweep_that_hangs(ward: Ward) -> None:
    ward.monkeypatch.setattr(sys, "argv", ["scatterclean", "sweep"])
    ward.stack.enter_context(open_store(ward.database))
    lock = ward.folder / "log.db.lock"
    long_ago = datetime.now(UTC) - timedelta(hours=5)
    lock.write_text(
        f'{{"pid": {os.getpid()}, "command": "scatterclean sweep", "since": "{long_ago:%Y-%m-%d %H:%M:%S} UTC"}}'
    )


def no_database(ward: Ward) -> None:
    ward.database.unlink()


def no_database_at_all(ward: Ward) -> None:
    ward.database.write_text("this is not a database, " * 1000)


def damaged_page(ward: Ward) -> None:
    """A page of a table: the file opens, and looks well until somebody comes to it."""
    with closing(sqlite3.connect(ward.database)) as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [root] = opened.execute("SELECT rootpage FROM sqlite_master WHERE name = 'sent_messages'").fetchone()
        [size] = opened.execute("PRAGMA page_size").fetchone()
    with ward.database.open("r+b") as file:
        file.seek((root - 1) * size + 12)
        file.write(b"\xff" * (size // 2))


def database_of_somebody(ward: Ward) -> None:
    other = ward.stack.enter_context(closing(sqlite3.connect(ward.database, isolation_level=None)))
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")


def older_schema(ward: Ward) -> None:
    ward.database.unlink()
    with closing(sqlite3.connect(ward.database)) as opened:
        opened.executescript((REVISIONS / "0002.sql").read_text())
    ward.database.chmod(0o600)


def newer_schema(ward: Ward) -> None:
    with closing(sqlite3.connect(ward.database)) as opened:
        opened.execute("UPDATE alembic_version SET version_num = '9999'")
        opened.commit()


def other_programs_database(ward: Ward) -> None:
    ward.database.unlink()
    with closing(sqlite3.connect(ward.database)) as opened:
        opened.execute("CREATE TABLE bookmarks (url TEXT)")
    ward.database.chmod(0o600)


def clock_set_back(ward: Ward) -> None:
    """A sweep that ended in two days, as this clock sees it."""
    later = datetime.now(UTC) + timedelta(days=2)
    with open_store(ward.database) as store:
        number = store.journal.begin_sweep("home", Mode.OBSERVE, later)
        store.journal.end_sweep(SweepReport("home", number, Mode.OBSERVE, later, later))


# --- secret -----------------------------------------------------------------------------------------------


def command_that_fails(ward: Ward) -> None:
    ward.secret_from(
        "password_command", f"echo {ward.server.password}; echo 'gpg: no secret key' >&2; exit 2"
    )


def command_that_says_nothing(ward: Ward) -> None:
    ward.secret_from("password_command", "true")


def command_that_waits(ward: Ward) -> None:
    ward.secret_from("password_command", f"echo {ward.server.password}; sleep 60")
    ward.limit = 0.5


def command_that_is_not_there(ward: Ward) -> None:
    ward.secret_from("password_command", ["/nowhere/pass", "show"])


def password_file_that_is_empty(ward: Ward) -> None:
    (ward.folder / "password").write_text("")


def no_password_file(ward: Ward) -> None:
    (ward.folder / "password").unlink()


def password_file_for_all_to_read(ward: Ward) -> None:
    (ward.folder / "password").chmod(0o644)


def variable_not_set(ward: Ward) -> None:
    ward.secret_from("password_env", "NO_SUCH_VARIABLE_HERE")


def no_credentials(ward: Ward) -> None:
    ward.secret_from("password_credential", "home")


def no_keyring(ward: Ward) -> None:
    ward.monkeypatch.setitem(sys.modules, "keyring", None)
    ward.secret_from("password_keyring", True)


def blank_behind_the_password(ward: Ward) -> None:
    (ward.folder / "password").write_text(f"{ward.server.password} \n")


HERE = [
    planted(no_configuration, "config-missing", "fault", "there is no such file", "scatterclean init"),
    planted(broken_configuration, "config-broken", "fault", "pasword: unknown key", "check-config"),
    planted(unwise_settle, "config-unwise", "warning", "settle", "Change it as the sentence says"),
    planted(program_not_in_path, "config-doubtful", "warning", "'no-such-program'", "PATH"),
    planted(password_for_all_to_read, "config-readable", "fault", "mode 0644", "chmod 600"),
    planted(configuration_for_all_to_change, "config-writable", "fault", "mode 0666", "chmod 600"),
    planted(folder_for_all_to_change, "folder-writable", "fault", "mode 0777", "chmod 700"),
    planted(database_for_all_to_read, "database-readable", "warning", "mode 0644", "chmod 600"),
    planted(
        database_not_to_be_written, "database-not-writable", "fault", "may not be written", "must belong to"
    ),
    planted(no_folder_for_the_database, "database-not-writable", "fault", "is no folder", "set `database`"),
    planted(full_disk, "disk-full", "fault", "MB are free", "Make room", _DISK),
    planted(small_disk, "disk-low", "warning", "MB are free", "Make room soon", _DISK),
    planted(killed_daemon, "lock-left-over", "warning", "(scatterclean run)", "scatterclean run"),
    planted(sweep_that_hangs, "lock-held-long", "warning", "for 5 hours", "kill "),
    planted(no_database, "database-missing", "warning", "there is no database", "makes it"),
    planted(
        no_database_at_all, "database-damaged", "fault", "is not an SQLite database", "put back a backup"
    ),
    planted(damaged_page, "database-damaged", "fault", "is damaged: ", "put back a backup"),
    planted(
        database_of_somebody, "database-locked", "fault", "held by another program", "Close whatever has"
    ),
    planted(older_schema, "database-unusable", "fault", "0002, not ", "at the next start"),
    planted(newer_schema, "database-unusable", "fault", "newer version", "Install that version again"),
    planted(other_programs_database, "database-unusable", "fault", "another program", "a file of its own"),
    planted(clock_set_back, "clock-behind", "fault", "clock says", "Set the clock"),
    planted(
        command_that_fails,
        "secret-unavailable",
        "fault",
        "status 2 (it said: gpg: no",
        "print the password alone",
    ),
    planted(command_that_says_nothing, "secret-unavailable", "fault", "is empty", "print the password alone"),
    planted(command_that_waits, "secret-unavailable", "fault", "within 0.5 s", "wait for nobody"),
    planted(
        command_that_is_not_there, "secret-unavailable", "fault", "/nowhere/pass", "the PATH of the daemon"
    ),
    planted(
        password_file_that_is_empty, "secret-unavailable", "fault", "password is empty", "expected there"
    ),
    planted(no_password_file, "secret-unavailable", "fault", "No such file", "create it"),
    planted(password_file_for_all_to_read, "secret-unavailable", "fault", "mode 0644", "chmod 600"),
    planted(variable_not_set, "secret-unavailable", "fault", "is not set", "EnvironmentFile="),
    planted(no_credentials, "secret-unavailable", "fault", "passed no credentials", "LoadCredential=home"),
    planted(no_keyring, "secret-unavailable", "fault", "not installed", "pip install"),
    planted(service_that_fails, "service-down", "warning", "it ended with exit status 3", "service logs"),
    planted(
        service_that_is_not_started_at_login,
        "service-odd",
        "warning",
        "with the next login",
        "service install",
    ),
    planted(blank_behind_the_password, "secret-blanks", "warning", "a blank", "without the blank"),
]
