"""`scatterclean storm` as a process, on terminals and pipes, beside another process that has the database."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sqlite3
import subprocess
from collections.abc import Collection, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from scatterclean.cli import exits, main
from scatterclean.model import Push
from scatterclean.names.lists import DnsLists
from scatterclean.store import awake, open_store
from tests.cli.program import COMMAND, environment
from tests.evidence import planted

from .terminal import terminal

COUNT = 500
CONFIG = """database = "log.db"
[accounts.home]
host = "127.0.0.1"
tls = "none"
username = "ada@winter.example"
password = "secret"
addresses = ["ada@winter.example", "*@winter.example"]
outbound = ["*.winter.example"]
mode = "move"
dns = false
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted.plant(tmp_path_factory.mktemp("storm") / "log.db", COUNT, now=datetime.now(UTC))


@pytest.fixture
def config(database: Path, tmp_path: Path) -> Iterator[Path]:
    """The configuration of a copy of the store, which another process holds as the daemon does."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(tmp_path / "log.db")) as copy:
        source.backup(copy)
    path = tmp_path / "scatterclean.toml"
    path.write_text(CONFIG)
    path.chmod(0o600)
    with open_store(tmp_path / "log.db"):
        yield path


def another(config: Path, number: int) -> None:
    """One more finding is written down."""
    with closing(sqlite3.connect(config.with_name("log.db"))) as connection:
        names = [name for _, name, *_ in connection.execute("PRAGMA table_info(cases)") if name != "id"]
        changed = {
            "uid": f"{10**6 + number}",
            "fingerprint": f"'{number:032d}x'",
            "message_key": f"'{number}@x'",
        }
        wanted = ", ".join(changed.get(name, name) for name in names)
        connection.execute(
            f"INSERT INTO cases ({', '.join(names)}) SELECT {wanted} FROM cases WHERE verdict = 'undecided' LIMIT 1"
        )
        connection.commit()


def undecided(text: str) -> int:
    """As it was shown last."""
    return int(text.rpartition(" undecided")[0].rpartition(" ")[2].replace(",", ""))


def test_it_fits_the_screen_of_a_terminal_with_a_line_for_the_prompt(config: Path) -> None:
    with terminal(config, "storm") as there:
        assert there.ends() == exits.DONE
    shown = there.text.rstrip("\n").split("\n")
    assert len(shown) <= 23
    assert max(map(cell_len, shown)) <= 80
    assert any(line.startswith("So far: ") for line in shown)
    assert "\x1b[1" in there.raw.decode()


def test_a_narrow_terminal_is_filled_and_not_overrun(config: Path) -> None:
    with terminal(config, "storm", columns=40) as there:
        assert there.ends() == exits.DONE
    assert 35 <= max(map(cell_len, there.text.split("\n"))) <= 40
    assert "So far: " in there.text


def test_without_colours_and_without_blocks_everything_is_said(config: Path) -> None:
    env = {"NO_COLOR": "1", "PYTHONIOENCODING": "ascii:replace", "LC_ALL": "C", "PYTHONUTF8": "0"}
    with terminal(config, "storm", env=env, lines=50) as there:
        assert there.ends() == exits.DONE
    assert there.raw.isascii()
    for colour in (b"\x1b[3", b"\x1b[9", b";3"):
        assert colour not in there.raw
    assert re.search(r"Per [^@]+\n  [.:=+*#%@-]+\n", there.text)


def test_it_shows_what_changes_while_another_process_writes_until_ctrl_c(config: Path) -> None:
    with terminal(config, "storm", "--watch") as there:
        there.shows("Ctrl-C ends.")
        before = undecided(there.text)
        another(config, 1)
        there.shows(f" {before + 1} undecided")
        assert b"\x1b[?1049h" in there.raw
        there.type("\x03")
        assert there.ends() == exits.DONE
    away = there.raw.rpartition(b"\x1b[?1049l")[2].decode()
    assert f" {before + 1} undecided" in away  # what was seen last stays to be read
    assert "Ctrl-C" not in away
    assert b"\x1b[?25h" in there.raw  # the cursor is back
    assert "Traceback" not in there.text
    assert "interrupted" not in there.text


def test_a_window_that_is_made_smaller_is_filled_anew(config: Path) -> None:
    with terminal(config, "storm", "--watch", columns=100) as there:
        there.shows("Ctrl-C ends.")
        seen = len(there.text)
        there.resize(40, 30)
        there.shows("Ctrl-C ends.", after=seen)
        again = there.text[seen:]
        there.type("\x03")
        assert there.ends() == exits.DONE
    assert max(map(cell_len, (line.rstrip() for line in again.split("\n")))) <= 40


def test_a_terminal_that_can_do_nothing_gets_a_line_for_each_change(config: Path) -> None:
    with terminal(config, "storm", "--watch", env={"TERM": "dumb"}) as there:
        there.shows("Ctrl-C ends.")
        before, seen = undecided(there.text), len(there.text)
        another(config, 2)
        there.shows("undecided", after=seen)
        there.type("\x03")
        assert there.ends() == exits.DONE
    assert b"\x1b" not in there.raw
    told = " ".join(
        there.text[seen:].split()
    )  # a line that is longer than the terminal is wide goes on below
    assert told.count("(+1); ") == told.count("undecided") == 1
    assert f" {before + 1} undecided" in told


def test_a_window_that_is_closed_ends_it(config: Path) -> None:
    with terminal(config, "storm", "--watch") as there:
        there.shows("Ctrl-C ends.")
        there.close()
        assert there.ends() != exits.DONE


def watched(config: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, "--config", str(config), "storm", "--watch", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )


def test_a_pipe_that_nobody_reads_any_more_ends_it_without_a_word(config: Path) -> None:
    with watched(config) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        while b"Ctrl-C ends." not in (line := process.stdout.readline()):
            assert line
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == exits.READER_GONE


def test_a_program_gets_an_object_for_each_change(config: Path) -> None:
    with watched(config, "--json") as process:
        assert process.stdout is not None
        first: dict[str, Any] = json.loads(process.stdout.readline())
        another(config, 3)
        second: dict[str, Any] = json.loads(process.stdout.readline())
        process.terminate()
        assert process.wait(60) == exits.TERMINATED
    assert first["accounts"] == ["home"]
    assert second["conclusion"]["undecided"] == first["conclusion"]["undecided"] + 1


def test_json_and_csv_are_whole_and_the_servers_are_the_same(
    config: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    def printed(*arguments: str) -> bytes:
        assert main(["--config", str(config), "storm", *arguments]) == exits.DONE
        return capsysbinary.readouterr().out

    told = json.loads(printed("--json"))
    table = printed("--export", "csv")
    names = [row["host"] for row in csv.DictReader(io.StringIO(table.decode(), newline=""))]
    letters = json.loads(printed("--export", "json"))["bouncers"]
    assert names
    assert names == [each["host"] for each in told["bouncers"]] == [each["host"] for each in letters]
    assert all(each["note"]["text"].startswith("Hello,") for each in letters)
    assert table.count(b"\r\n") == len(names) + 1


def test_when_the_daemon_looks_next_is_told_as_it_said(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = config.with_name("log.db")
    awake.note(database, {"home": Push.WOKEN}, {"home": datetime.now(UTC) + timedelta(minutes=7, seconds=10)})
    assert main(["--config", str(config), "storm"]) == exits.DONE
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("Next look: ")
    assert last.endswith(", in 7 min")


def test_the_command_report_exports_the_same(
    config: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    for how in ("csv", "json"):
        files = []
        for command in ("storm", "report"):
            assert main(["--config", str(config), command, "--export", how]) == exits.DONE
            files.append(capsysbinary.readouterr().out)
        assert files[0] == files[1]
        assert len(files[0]) > 1000
    assert main(["--config", str(config), "report", "--export", "csv", "--json"]) == exits.USAGE


def test_lists_that_are_named_are_asked_about_the_servers(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = config.read_text().replace("dns = false\n", "")
    config.write_text(f'backscatter_lists = ["ips.list.example"]\n{text}')
    asked: set[str] = set()

    def listed(_: DnsLists, addresses: Collection[str]) -> dict[str, tuple[str, ...] | None]:
        asked.update(addresses)
        return dict.fromkeys(addresses, ("ips.list.example",))

    monkeypatch.setattr(DnsLists, "listed", listed)
    assert main(["--config", str(config), "storm"]) == exits.DONE
    assert asked
    assert ".example, on ips.list.example" in capsys.readouterr().out


def test_what_does_not_go_together_is_wrong_usage(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for more in ("--watch", "--json"):
        assert main(["--config", str(config), "storm", "--export", "csv", more]) == exits.USAGE
        assert "--export is a file of its own" in capsys.readouterr().err
    assert main(["--config", str(config), "storm", "nobody"]) == exits.USAGE


def test_a_full_pipe_for_a_file_that_nobody_reads_is_left_quietly(config: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs, "wb") as output:
        done = subprocess.run(
            [*COMMAND, "--config", str(config), "storm", "--export", "csv"],
            stdout=output,
            stderr=subprocess.PIPE,
            env=environment(),
            check=False,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (exits.READER_GONE, b"")
