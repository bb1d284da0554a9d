"""A healthy set-up is told to be so; nothing is changed by looking; what is printed is whole."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path
from unittest.mock import ANY

import pytest

from scatterclean.cli import exits, main
from scatterclean.cli.commands.doctor import command
from scatterclean.doctor import Observation, Rating, Topic
from scatterclean.store import lock, open_store

from .ward import Ward

ALL = {str(topic) for topic in Topic}


def test_a_healthy_set_up_shows_no_fault_and_no_warning_and_ends_with_0(ward: Ward) -> None:
    code, told, said = ward()
    assert (code, said) == (exits.DONE, "")
    assert told.rstrip().endswith("All is well.")
    assert "FAULT" not in told
    assert "WARNING" not in told
    assert "not looked at" not in told
    code, form, _ = ward.json("--strict")
    assert code == exits.DONE
    assert form["ok"] is True
    assert (form["counts"]["fault"], form["counts"]["warning"], form["counts"]["not-looked-at"]) == (0, 0, 0)


def test_everything_is_looked_at_and_told_as_json(ward: Ward) -> None:
    _, form, _ = ward.json()
    assert set(form) == {"config", "at", "ok", "counts", "accounts", "observations"}
    assert form["accounts"] == ["home"]
    assert {each["topic"] for each in form["observations"]} == ALL
    for each in form["observations"]:
        assert set(each) == {"topic", "account", "rating", "code", "what", "mend"}
        assert each["rating"] == "ok"
        assert each["what"]
    assert sum(form["counts"].values()) == len(form["observations"])


def _all_of(folder: Path) -> dict[str, tuple[str, float, int]]:
    """What files hold, when they were changed, their modes; without SQLite's files for readers, which hold nothing."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.endswith("-shm"):
            now = path.stat()
            if now.st_size or not path.name.endswith("-wal"):
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                found[str(path.relative_to(folder))] = (digest, now.st_mtime, now.st_mode)
    return found


def test_looking_changes_no_file_and_no_message_flag_or_folder(ward: Ward) -> None:
    hand = ward.as_another_user()
    hand.append("INBOX", b"From: a@b.example\r\nSubject: new\r\n\r\nHello\r\n")
    folders, inbox, sent = hand.folder_names(), hand.messages("INBOX"), hand.messages("Sent")
    files = _all_of(ward.folder)
    assert files
    code, _, _ = ward()
    assert code == exits.DONE
    assert _all_of(ward.folder) == files
    assert hand.folder_names() == folders
    assert hand.messages("INBOX") == inbox
    assert hand.messages("Sent") == sent


def test_no_command_that_could_change_anything_is_sent(ward: Ward) -> None:
    ward.as_another_user()
    server = ward.server
    server.tracing(ward.user)
    ward.stack.callback(shutil.rmtree, server.home(ward.user) / "rawlog")
    code, _, _ = ward()
    assert code == exits.DONE
    said = server.trace_of(ward.user)[0].decode()
    assert "EXAMINE" in said
    for word in (
        "SELECT",
        "STORE",
        "APPEND",
        "COPY",
        "MOVE",
        "EXPUNGE",
        "CREATE",
        "SUBSCRIBE",
        "DELETE",
        "RENAME",
    ):
        assert not re.search(rf"^\S+ (UID )?{word}\b", said, re.MULTILINE)


def test_it_can_be_asked_while_the_daemon_has_the_database(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["scatterclean", "run"])
    with open_store(ward.database):
        code, form, _ = ward.json("--strict")
    assert code == exits.DONE
    [lock] = [each for each in form["observations"] if each["topic"] == "lock"]
    assert lock["code"] == "daemon-runs"


def test_only_the_named_account_is_looked_at(ward: Ward) -> None:
    other = ward.config.read_text().partition("[accounts.home]")[2]
    other = other.replace('"127.0.0.1"', '"imap..example"')
    ward.config.write_text(ward.config.read_text() + "[accounts.work]" + other)
    code, form, _ = ward.json("home")
    assert (code, form["accounts"]) == (exits.DONE, ["home"])
    code, form, _ = ward.json("work")
    assert (code, form["accounts"]) == (exits.TROUBLE, ["work"])
    _, form, _ = ward.json()
    assert {each["account"] for each in form["observations"]} == {None, "home", "work"}


def test_an_account_that_is_not_there_is_wrong_usage(ward: Ward) -> None:
    code, _, said = ward("house")
    assert code == exits.USAGE
    assert "It has: home" in said


def test_warnings_end_with_0_and_by_strict_with_1(ward: Ward) -> None:
    ward.database.chmod(0o644)
    assert ward()[0] == exits.DONE
    assert ward("--strict")[0] == exits.TROUBLE


def test_the_exit_codes_stand_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--help"]) == exits.DONE
    told = capsys.readouterr().out
    for code in (exits.DONE, exits.TROUBLE, exits.CONFIG, exits.DATABASE):
        assert re.search(rf"^\s+{code}  \S", told, re.MULTILINE)
    assert command.short_help


def test_a_warning_or_a_fault_without_its_mend_cannot_be_said() -> None:
    for rating in (Rating.WARNING, Rating.FAULT):
        with pytest.raises(ValueError, match="without its mend"):
            Observation(Topic.DISK, None, rating, "x", "It is full.")


def test_a_check_that_has_a_bug_stops_no_other(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret stuff")

    monkeypatch.setattr("scatterclean.doctor.server.sent_folders", broken)
    code, form, printed = ward.json()
    assert code == exits.TROUBLE
    [bug] = [each for each in form["observations"] if each["rating"] == "fault"]
    assert (bug["code"], bug["topic"]) == ("bug", "folders")
    assert "secret stuff" not in printed
    assert {each["topic"] for each in form["observations"]} == ALL
    assert form["counts"]["not-looked-at"] == 0


@pytest.mark.parametrize("keys", [{"tls": "starttls"}, {"host": "localhost"}], ids=["STARTTLS", "by name"])
def test_other_ways_to_a_healthy_server_are_as_well(keys: dict[str, str], ward: Ward) -> None:
    port = ward.server.port if "tls" in keys else ward.server.tls_port
    ward.set(port=port, **keys)
    code, form, _ = ward.json("--strict")
    assert (code, form["counts"]["fault"], form["counts"]["warning"]) == (exits.DONE, 0, 0)
    [tls] = [each for each in form["observations"] if each["topic"] == "tls"]
    assert "is trusted until" in tls["what"]


def test_a_look_at_a_lock_that_was_let_go_in_good_order_asks_for_no_lock(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon that starts while the doctor looks must not be refused."""
    with open_store(ward.database):
        assert lock.look(ward.database) == lock.Note(
            held=True, pid=os.getpid(), command=lock._command(), since=ANY
        )

    def refused(*_: object) -> None:
        raise AssertionError("the lock was asked for")

    monkeypatch.setattr("fcntl.flock", refused)
    assert lock.look(ward.database) == lock.Note(held=False)
    (ward.folder / "log.db.lock").unlink()
    assert lock.look(ward.database) is None
