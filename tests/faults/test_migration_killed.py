"""A migration that is killed half-way (SIGKILL), from every older revision.

Every fifth statement is a place to die, so that it stays short; SCATTERCLEAN_EVERY_STATEMENT=1 dies before each.
"""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scatterclean.store import open_store
from scatterclean.store.tables import REVISION
from tests.store.processes import running

DUMPS = Path(__file__).parents[1] / "store" / "revisions"
OLDER = sorted(file.stem for file in DUMPS.glob("*.sql") if file.stem != REVISION)

# One process tries every step: each in a child of its own on a copy of its own, forked before anything is open.
_DIES = """
import shutil, signal, sqlalchemy
from sqlalchemy import event
from sqlalchemy.engine import Engine
import alembic.command, scatterclean.store.migrate
step = 0
while True:
    copy = path.parent / str(step) / path.name
    copy.parent.mkdir()
    shutil.copy(path, copy)
    child = os.fork()
    if not child:
        left = step
        @event.listens_for(Engine, "before_cursor_execute")
        def count(*_):
            global left
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
        open_store(copy).close()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(step, status, flush=True)
    if not os.WIFSIGNALED(status):
        break
    step += 1 if os.environ.get('SCATTERCLEAN_EVERY_STATEMENT') else 5
"""


@pytest.mark.parametrize("revision", OLDER)
def test_a_migration_killed_before_any_statement_is_made_good_at_the_next_start(
    tmp_path: Path, revision: str
) -> None:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((DUMPS / f"{revision}.sql").read_text("utf-8"))
    with running(_DIES, path) as process:
        assert process.stdout is not None
        ends = {int(step): int(status) for step, status in map(str.split, process.stdout)}
    *killed, last = ends.values()
    assert last == 0
    assert set(killed) == {int(signal.SIGKILL)}
    assert len(killed) > 10, "it was not killed inside the migration"
    for step in ends:
        with open_store(tmp_path / str(step) / path.name) as store:
            assert (store.sent_log.count("ada"), store.sent_log.count_account("home")) == (3, 2), step
            assert len(store.journal.moves()) == 4, step
            assert len(store.docket.find("home")) == 3, step
        with closing(sqlite3.connect(tmp_path / str(step) / path.name)) as plain:
            assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",), step
            assert plain.execute("SELECT version_num FROM alembic_version").fetchall() == [(REVISION,)]
