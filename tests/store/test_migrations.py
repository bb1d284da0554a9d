"""Migrations: from nothing, from every older revision with rows in it, and what happens when one goes wrong."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from scatterclean.errors import DatabaseDamaged, DatabaseUnusable, NobodyCanMend
from scatterclean.model import (
    Closure,
    Cursor,
    Grade,
    Interval,
    Kind,
    Mode,
    MoveState,
    Question,
    TieQuestion,
    Verdict,
)
from scatterclean.model.listed import Turn, Wanted
from scatterclean.store import forms, migrate, open_store
from scatterclean.store.database import Database
from scatterclean.store.tables import APPLICATION_ID, REVISION, metadata
from tests.contracts.records import BOUNCE, INBOX, NOW, cursor, days, message

ROOT = Path(__file__).parents[2]
DUMPS = Path(__file__).parent / "revisions"
REVISIONS = sorted(file.stem for file in DUMPS.glob("*.sql"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "scatterclean.db"


def restore(dump: Path, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(dump.read_text("utf-8"))


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def schema(path: Path) -> list[str]:
    """Every table and index as SQL text, white space aside, and the quotes that SQLite puts around a changed name."""
    rows = query(
        path, "SELECT sql FROM sqlite_master WHERE name NOT IN ('alembic_version', 'sqlite_sequence')"
    )
    texts = [" ".join(str(row[0]).split()) for row in rows if row[0]]
    return sorted(re.sub(r'^CREATE TABLE "(\w+)"', r"CREATE TABLE \1", text) for text in texts)


# --- the schema -----------------------------------------------------------------------------------------


def test_migrating_from_nothing_gives_the_very_tables_that_the_program_uses(
    path: Path, tmp_path: Path
) -> None:
    """As text: compare_metadata does not see the predicate of a partial index, nor WITHOUT ROWID."""
    open_store(path).close()
    direct = tmp_path / "direct.db"
    engine = create_engine(f"sqlite:///{direct}")
    metadata.create_all(engine)
    engine.dispose()
    assert schema(path) == schema(direct)
    assert len(schema(path)) > 15


def test_alembic_finds_no_difference_between_the_migrated_schema_and_the_tables(path: Path) -> None:
    open_store(path).close()
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_the_newest_revision_is_the_one_that_the_program_asks_for() -> None:
    directory = ScriptDirectory(str(ROOT / "migrations"))
    assert directory.get_heads() == [REVISION]
    assert sorted(script.revision for script in directory.walk_revisions()) == REVISIONS


def test_a_new_database_carries_the_mark_of_the_program(path: Path) -> None:
    open_store(path).close()
    assert query(path, "PRAGMA application_id") == [(APPLICATION_ID,)]
    assert query(path, "SELECT version_num FROM alembic_version") == [(REVISION,)]
    assert not list(path.parent.glob("*.before-*"))


# --- from every revision --------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_database_of_every_revision_still_says_what_it_said(path: Path, revision: str) -> None:
    restore(DUMPS / f"{revision}.sql", path)
    with open_store(path) as store:
        log, journal, docket = store.sent_log, store.journal, store.docket
        answer = log.ask(
            Question(
                "ada",
                keys=frozenset(
                    ["a@winter.example", "alias@outlook.example", "sent.1@winter.example", "no@x"]
                ),
                ties=frozenset([TieQuestion("eve@shop.example", NOW - days(1), NOW)]),
                correspondents=frozenset(["firm.example", "other.example"]),
            )
        )
        assert answer.known == {"a@winter.example", "alias@outlook.example", "sent.1@winter.example"}
        assert [tie.subject for tie in answer.ties] == ["Invoice"]
        assert answer.correspondents == {"firm.example"}
        assert (log.count("ada"), log.count_account("home")) == (3, 2)
        assert log.cursors("home") == {"Sent": cursor()}
        assert set(log.coverage(["home"])["home"].intervals) == {
            Interval(NOW - days(30), NOW - days(1), Grade.BACKFILLED),
            Interval(NOW - days(1), NOW, Grade.WITNESSED),
        }
        assert [move.state for move in journal.moves()] == [
            MoveState.MOVED,
            MoveState.RETURNED,
            MoveState.INTENDED,
            MoveState.MOVED,
        ]
        assert [(r.mode, r.moved, r.returned, dict(r.verdicts)) for r in journal.sweeps()] == [
            (Mode.MOVE, 0, 1, {}),
            (Mode.MOVE, 2, 0, {Verdict.ORPHAN: 2, Verdict.UNDECIDED: 1}),
        ]
        assert docket.cursor("home", "INBOX") == Cursor(INBOX, 50, 40, NOW)
        assert [(c.bounce, c.closure) for c in docket.find("home")] == [
            (BOUNCE, None),
            (BOUNCE, Closure.MOVED),
            (BOUNCE, Closure.MOVED),
        ]
        assert [case.where.uid for case, _ in docket.moved_cases("home")] == [1]
        assert log.record("home", "ada", [message(1), message(3)], cursor()) == 1


@pytest.mark.parametrize("revision", REVISIONS)
def test_messages_of_every_revision_are_listed_and_found_as_new_ones_are(path: Path, revision: str) -> None:
    restore(DUMPS / f"{revision}.sql", path)
    with open_store(path) as store:
        lists, text = store.lists, "NOBODY@example.net  Undelivered"
        stay = lists.staying(Wanted(text=text, kind=Kind.BOUNCE), Turn(), 50).rows
        assert [case.where.uid for case in stay] == [3]
        away = lists.put_away(Wanted(text=text, kind=Kind.BOUNCE), Turn(), 50).rows
        assert [(move.id, move.intent.recipient) for move in away] == [
            (2, "nobody@example.net"),
            (1, "nobody@example.net"),
        ]
        assert len(lists.put_away(Wanted(), Turn(), 50).rows) == 3  # of one there is no case
    written = query(path, "SELECT bounce, words FROM cases")
    assert all(words == forms.words_of(forms.bounce_from_json(str(bounce))) for bounce, words in written)


# --- a revision that rebuilds tables --------------------------------------------------------------------

NEXT = "9999"
REBUILD = """
    with op.batch_alter_table("sent_messages", recreate="always") as table:
        table.add_column(sa.Column("added", sa.Text()))
    with op.batch_alter_table("accounts", recreate="always") as table:
        table.alter_column("person", nullable=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The migrations, and room for one more."""
    copy = tmp_path / "100% migrations"
    shutil.copytree(ROOT / "migrations", copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def add(folder: Path, body: str, head: str = "") -> None:
    (folder / "versions" / "r9999_next.py").write_text(
        f"import sqlalchemy as sa\nfrom alembic import op\nrevision = '{NEXT}'\n"
        f"down_revision = '{REVISION}'\n{head}\ndef upgrade() -> None:\n{body}\n"
    )


def upgrade(path: Path, folder: Path) -> None:
    database = Database(path)
    try:
        migrate.bring_up_to_date(database, folder=folder, target=NEXT)
    finally:
        database.close()


@pytest.fixture
def old(path: Path) -> Path:
    """A database of this version's schema with rows in every table."""
    restore(DUMPS / f"{REVISION}.sql", path)
    return path


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    return {table: query(path, f'SELECT * FROM "{table}"') for table in metadata.tables}


def test_the_dump_has_rows_in_every_table(old: Path) -> None:
    assert [table for table, found in rows(old).items() if not found] == []


def test_rebuilding_a_table_keeps_every_row_of_its_children(old: Path, folder: Path) -> None:
    """With foreign keys on it deleted or blocked them: an emptied sent log makes every bounce an orphan."""
    add(folder, REBUILD)
    before = rows(old)
    upgrade(old, folder)
    after = rows(old)
    after["sent_messages"] = [row[:-1] for row in after["sent_messages"]]
    assert after == before
    assert query(old, "SELECT version_num FROM alembic_version") == [(NEXT,)]
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("PRAGMA foreign_keys=ON")
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("INSERT INTO sent_ids VALUES ('k', 1, 999)")


def test_a_checked_copy_is_kept_before_a_database_with_rows_is_upgraded(old: Path, folder: Path) -> None:
    add(folder, REBUILD)
    before = rows(old)
    (old.parent / f"{old.name}.before-{NEXT}.part").write_text("left over from a power cut")
    upgrade(old, folder)
    copy = old.parent / f"{old.name}.before-{NEXT}"
    assert rows(copy) == before
    assert copy.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in old.parent.glob("*.before-*")] == [copy.name]
    shutil.copy(copy, old)  # the way back
    with open_store(old) as store:
        assert store.sent_log.count("ada") == 3


def test_a_database_without_rows_is_upgraded_without_a_copy(path: Path, folder: Path) -> None:
    open_store(path).close()
    add(folder, REBUILD)
    upgrade(path, folder)
    assert not list(path.parent.glob("*.before-*"))


@pytest.mark.parametrize(
    "body",
    [
        "    op.execute('DELETE FROM sent_recipients')",
        "    op.drop_table('coverage')",
        "    op.execute('INSERT INTO coverage SELECT id + 10, account, start, end, grade FROM coverage')",
        '    op.execute("UPDATE sent_ids SET message_id = 999")',
        f"{REBUILD}\n    raise sa.exc.SQLAlchemyError('in the middle')",
        "    op.execute('SELECT nonsense')",
    ],
    ids=["deletes", "drops", "doubles", "orphans", "raises", "is wrong"],
)
def test_a_migration_that_goes_wrong_changes_nothing(old: Path, folder: Path, body: str) -> None:
    add(folder, body)
    before, schema_before = rows(old), schema(old)
    with pytest.raises(NobodyCanMend, match="could not be brought to the new schema"):
        upgrade(old, folder)
    assert (rows(old), schema(old)) == (before, schema_before)
    assert query(old, "SELECT version_num FROM alembic_version") == [(REVISION,)]
    open_store(old).close()


def test_a_migration_that_changes_the_number_of_rows_on_purpose_says_so(old: Path, folder: Path) -> None:
    add(folder, "    op.execute('DELETE FROM coverage WHERE id = 1')", "recounted = frozenset({'coverage'})")
    upgrade(old, folder)
    assert len(rows(old)["coverage"]) == len(rows(old)["sent_cursors"]) - 1


def test_a_damaged_database_is_not_upgraded(old: Path, folder: Path) -> None:
    content = bytearray(old.read_bytes())
    root = query(old, "SELECT rootpage FROM sqlite_master WHERE name = 'ix_cases_message_key'")[0][0]
    assert isinstance(root, int)
    content[(root - 1) * 4096 + 8 : root * 4096] = b"\xaa" * (4096 - 8)
    old.write_bytes(content)
    add(folder, REBUILD)
    with pytest.raises(DatabaseDamaged):
        upgrade(old, folder)
    assert old.read_bytes() == content or query(old, "SELECT version_num FROM alembic_version") == [
        (REVISION,)
    ]
    assert not list(old.parent.glob("*.before-*"))


# --- other versions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("read_only", [False, True])
def test_a_database_of_a_newer_version_is_refused_and_its_copy_is_named(
    old: Path, folder: Path, read_only: bool
) -> None:
    add(folder, REBUILD)
    upgrade(old, folder)
    before = old.read_bytes()
    with pytest.raises(DatabaseUnusable, match=f"newer version.*{NEXT}") as refused:
        open_store(old, read_only=read_only)
    assert f"{old.name}.before-{NEXT}" in refused.value.hint
    assert old.read_bytes() == before


def test_a_reader_does_not_upgrade(path: Path) -> None:
    path.touch()
    with pytest.raises(DatabaseUnusable, match="has not been brought to the schema"):
        open_store(path, read_only=True)
    assert path.read_bytes() == b""


def test_a_database_that_does_not_say_its_revision_is_damaged(old: Path) -> None:
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        connection.execute("DELETE FROM alembic_version")
    with pytest.raises(DatabaseDamaged):
        open_store(old)


# --- the wheel ------------------------------------------------------------------------------------------


def test_the_migrations_travel_inside_the_wheel_and_run_from_there(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
        names = archive.namelist()
    assert not [name for name in names if name.endswith(".pyc")]
    script = (
        "import sys, scatterclean, pathlib\n"
        "from scatterclean.store import open_store, migrate\n"
        "open_store(pathlib.Path(sys.argv[1])).close()\n"
        "print(scatterclean.__file__, migrate.scripts(), sep='\\n')"
    )
    database = tmp_path / "elsewhere" / "s.db"
    output = subprocess.run(
        [sys.executable, "-c", script, str(database)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    assert output == [str(site / "scatterclean" / "__init__.py"), str(site / "scatterclean" / "migrations")]
    assert query(database, "SELECT version_num FROM alembic_version") == [(REVISION,)]
