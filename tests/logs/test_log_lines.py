"""A log line is one event, its level and time are told once, and nobody but us can begin one."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from scatterclean.cli.root import one_off_logging
from scatterclean.service import logs, set_up_logging
from scatterclean.service.logs import about, is_journald, tell_nothing_else

log = logging.getLogger("scatterclean")
FORGED = "INBOX\n<0>2026-01-01 00:00:00 UTC ERROR   home: all mail is lost\r\x1b[2J\x85home: 0 put away\u2028x\u202ey"


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    root, hook, left = logging.getLogger(), threading.excepthook, sys.unraisablehook
    foreign = root.handlers[:]
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    yield
    root.handlers[:] = foreign
    logging.captureWarnings(False)
    threading.excepthook, sys.unraisablehook = hook, left


@pytest.fixture
def stderr(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """pytest puts its own stream back between a fixture and its test."""
    told = io.StringIO()
    monkeypatch.setattr(logs, "sys", SimpleNamespace(stderr=told))
    return told


def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in place of journald's socket: only device and inode are looked at."""
    path = tmp_path / "journal"
    stream = path.open("w", encoding="utf-8")
    monkeypatch.setattr(sys, "stderr", stream)
    status = os.fstat(stream.fileno())
    monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
    return path


def test_a_line_has_its_time_with_the_zone_and_its_level(stderr: io.StringIO) -> None:
    set_up_logging("info")
    log.warning("home: the server does not answer")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+ WARNING home: the server does not answer\n", stderr.getvalue()
    )


def test_what_a_stranger_wrote_begins_no_line(stderr: io.StringIO) -> None:
    set_up_logging("info")
    log.warning("home: the folder %s is not there", FORGED)
    first, *rest = stderr.getvalue().splitlines()
    assert "home: the folder INBOX" in first
    assert rest
    assert all(line.startswith("  ") for line in rest)
    assert stderr.getvalue().replace("\n", "").isprintable()


def test_nor_does_it_where_a_command_runs_once(capsys: pytest.CaptureFixture[str]) -> None:
    one_off_logging(verbose=False)
    log.warning("home: mail.example says: %s", FORGED)
    first, *rest = capsys.readouterr().err.splitlines()
    assert first == "WARNING: home: mail.example says: INBOX"
    assert rest
    assert all(line.startswith("  ") and line.isprintable() for line in rest)


def test_under_journald_every_line_has_its_level_and_no_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = journal(tmp_path, monkeypatch)
    set_up_logging("debug")
    log.error("two lines\n  a hint")
    log.warning("home: %s", FORGED)
    log.info("fine")
    log.debug("small")
    sys.stderr.close()
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["<3>two lines", "<3>  a hint"]
    assert lines[-2:] == ["<6>fine", "<7>small"]
    forged = lines[2:-2]
    assert forged[0] == "<4>home: INBOX"
    assert len(forged) > 1
    assert all(line.startswith("<4>  ") for line in forged[1:])


@pytest.mark.parametrize("named", ["", "8:15", "nonsense", "8"])
def test_a_stream_that_is_not_the_one_journald_named_gets_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    """`scatterclean run 2>file` in a unit inherits the variable; sd-daemon(3) says to compare."""
    path = journal(tmp_path, monkeypatch)
    assert is_journald(sys.stderr)
    monkeypatch.setenv("JOURNAL_STREAM", named)
    assert not is_journald(sys.stderr)
    set_up_logging("info")
    log.info("fine")
    sys.stderr.close()
    assert path.read_text(encoding="utf-8").startswith("20")


def test_a_stream_without_a_number_is_not_journalds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:15")
    assert not is_journald(None)
    assert not is_journald(io.StringIO())


def test_json_has_the_moment_level_account_event_words_and_figures(stderr: io.StringIO) -> None:
    set_up_logging("info", as_json=True)
    log.info("home: 3 put away", extra=about("sweep", "home", moved=3))
    log.warning("a hint\n  follows: %s", FORGED)
    first, second = map(json.loads, stderr.getvalue().splitlines())
    moment = datetime.fromisoformat(first.pop("time"))
    assert moment.utcoffset() is not None
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 60
    assert first == {
        "level": "info",
        "account": "home",
        "event": "sweep",
        "text": "home: 3 put away",
        "moved": 3,
    }
    assert (second["level"], second["account"], second["event"]) == ("warning", None, "note")
    assert "\x1b" not in second["text"]
    assert "\u202e" not in second["text"]
    assert all(line.startswith("  ") for line in second["text"].split("\n")[1:])


def test_json_under_journald_is_json_behind_its_level(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = journal(tmp_path, monkeypatch)
    set_up_logging("info", as_json=True)
    log.warning("one\n  two")
    sys.stderr.close()
    [line] = path.read_text(encoding="utf-8").splitlines()
    assert line.startswith("<4>{")
    assert json.loads(line[3:])["text"] == "one\n  two"


@pytest.mark.parametrize(
    "library", ["imapclient", "apscheduler.executors", "dkim", "dns.resolver", "alembic", "x"]
)
def test_what_a_library_says_gets_into_no_log(library: str, stderr: io.StringIO) -> None:
    set_up_logging("debug")
    theirs = logging.getLogger(library)
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        theirs.log(level, "> LOGIN me hunter2 Dear Ada")
        theirs.log(level, "> LOGIN me hunter2 Dear Ada")
    try:
        int("Dear Ada")
    except ValueError:
        theirs.exception("Dear Ada")
    told = stderr.getvalue()
    assert "hunter2" not in told
    assert "Ada" not in told
    lines = told.splitlines()
    assert len(lines) == len(set(lines))
    assert all("the library" in line for line in lines)
    assert bool(lines) is (library.partition(".")[0] != "apscheduler")


def test_setting_up_twice_tells_nothing_twice(stderr: io.StringIO) -> None:
    set_up_logging("info")
    set_up_logging("info")
    log.info("once")
    logging.getLogger("dns").error("x")
    assert stderr.getvalue().count("once") == 1
    assert stderr.getvalue().count("the library dns") == 1


def test_an_exception_that_is_handed_to_the_log_shows_no_mail(stderr: io.StringIO) -> None:
    set_up_logging("debug")
    try:
        int("Dear Ada")
    except ValueError:
        log.exception("a bug")
    assert "a bug" in stderr.getvalue()
    assert "Ada" not in stderr.getvalue()


def test_figures_that_do_not_fit_their_message_end_nothing(stderr: io.StringIO) -> None:
    set_up_logging("info")
    log.info("%d put away", "three")
    assert "%d put away" in stderr.getvalue()


def test_a_disk_that_is_full_makes_logging_write_nothing_elsewhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Full(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError("no space")

    real = sys.stderr
    monkeypatch.setattr(sys, "stderr", Full())
    set_up_logging("info")
    monkeypatch.setattr(sys, "stderr", real)
    log.info("Dear Ada")
    assert capsys.readouterr().err == ""


def test_a_thread_that_dies_and_a_warning_of_python_show_no_mail(stderr: io.StringIO) -> None:
    set_up_logging("debug")
    tell_nothing_else()
    thread = threading.Thread(target=lambda: int("Dear Ada"), name="watcher of home")
    thread.start()
    thread.join()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("Dear Ada", stacklevel=1)
    told = stderr.getvalue()
    assert "a bug of scatterclean in watcher of home (ValueError), " in told
    assert "test_log_lines.py" in told
    assert "Ada" not in told


def test_the_daemon_really_writes_json(tmp_path: Path) -> None:
    config = tmp_path / "scatterclean.toml"
    config.write_text(
        'database = "log.db"\n[accounts.home]\nhost = "127.0.0.1"\nport = 1\ntls = "none"\nusername = "me"\n'
        'password_env = "HOME"\npush = false\n'
    )
    command = [sys.executable, "-m", "scatterclean", "--config", str(config), "run", "--log-json"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as daemon:
        assert daemon.stderr is not None
        told = [json.loads(daemon.stderr.readline()) for _ in range(2)]
        daemon.terminate()
        told += [json.loads(line) for line in daemon.stderr]
    assert [each["event"] for each in told] == ["watching", "failed", "leaving", "left"]
    failed = told[1]
    assert (failed["account"], failed["failures"], failed["kind"]) == ("home", 1, "ServerUnreachable")
    assert datetime.fromisoformat(failed["since"]).tzinfo is not None
