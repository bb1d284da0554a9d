"""When the store is read again: when it changed, not more often than is cheap, and after a minute anyhow."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest

from scatterclean.cli import exits
from scatterclean.cli.watching import changes, looks, stamp, wait
from scatterclean.errors import DatabaseLocked, DatabaseMissing, Trouble


class Clock:
    """Seconds that pass while somebody waits, or while a look takes its time."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "log.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (n)")
        connection.commit()
        yield path


def write(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("INSERT INTO t VALUES (1)")
        connection.commit()


def read_at(
    database: Path, clock: Clock, ticks: int, *, takes: float = 0.0, writes: bool = False
) -> list[float]:
    """The seconds at which it was read, from the first; each look takes so long."""
    times: list[float] = []

    def look() -> float:
        times.append(clock.now - 100.0)
        clock.now += takes
        return times[-1]

    for _ in islice(looks(database, look, pause=clock.wait, monotonic=clock), ticks):
        if writes:
            write(database)
    return times


def test_what_does_not_change_is_read_once_in_a_minute(database: Path) -> None:
    assert read_at(database, Clock(), 130) == [0.0, 60.0, 120.0]


def test_what_changes_all_the_time_is_read_every_few_seconds(database: Path) -> None:
    assert read_at(database, Clock(), 12, writes=True) == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]


def test_what_is_dear_to_read_is_read_seldom(database: Path) -> None:
    """But for the second time: the first one had to import what it needs, too."""
    assert read_at(database, Clock(), 70, takes=2.0, writes=True) == [0.0, 4.0, 26.0, 48.0, 70.0]


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_every_commit_of_another_process_is_seen(tmp_path: Path, mode: str) -> None:
    database = tmp_path / "log.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(f"PRAGMA journal_mode={mode}")
        connection.execute("CREATE TABLE t (n)")
    for _ in range(5):
        before = stamp(database)
        assert stamp(database) == before
        write(database)
        assert stamp(database) != before


def test_a_database_behind_a_symbolic_link_is_looked_at_where_it_is(database: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.db"
    link.symlink_to(database)
    before = stamp(link)
    write(database)
    assert stamp(link) != before


def test_another_file_in_the_place_of_the_database_is_seen(database: Path, tmp_path: Path) -> None:
    before = stamp(database)
    (tmp_path / "other").write_bytes(database.read_bytes())
    (tmp_path / "other").replace(database)
    assert stamp(database) != before


def test_trouble_at_the_first_look_ends_it(database: Path) -> None:
    def look() -> int:
        raise DatabaseMissing("there is no database")

    with pytest.raises(DatabaseMissing):
        next(looks(database, look))


def test_trouble_later_is_told_and_it_goes_on_and_reads_again_though_nothing_changed(database: Path) -> None:
    answers: list[int | Trouble] = [1, DatabaseLocked("held"), DatabaseLocked("held"), 2]

    def look() -> int:
        answer = answers.pop(0)
        if isinstance(answer, Trouble):
            raise answer
        return answer

    clock = Clock()
    seen = []
    for each in looks(database, look, pause=clock.wait, monotonic=clock):
        if each is not None:
            seen.append(str(each))
            if len(seen) == 1:
                write(database)
        if not answers:
            break
    assert seen == ["1", "held", "held", "2"]


def test_only_what_changed_goes_on_and_a_trouble_is_told_once_in_a_row() -> None:
    told: list[Trouble] = []
    stream: list[int | Trouble | None] = [
        1,
        None,
        1,
        2,
        DatabaseLocked("a"),
        DatabaseLocked("a"),
        2,
        DatabaseLocked("a"),
        3,
    ]
    assert list(changes(stream, lambda each: each, told.append)) == [1, 2, 3]
    assert list(map(str, told)) == ["a", "a"]


def test_a_reader_that_is_gone_is_noticed_without_writing_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.pipe()
    with os.fdopen(theirs, "w") as output:
        monkeypatch.setattr("sys.stdout", output)
        wait(0.0)
        os.close(ours)
        with pytest.raises(exits.ReaderGone):
            wait(30.0)
