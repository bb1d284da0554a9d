"""`scatterclean try` from end to end, as a process on files of our own."""

from __future__ import annotations

import mailbox
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scatterclean.cli import exits
from tests.sweeps.world import ME, NOW, bounce, letter

from .program import COMMAND, environment, objects, run

KEYS = {
    "file",
    "kind",
    "references",
    "recipients",
    "original",
    "reporting_mta",
    "status",
    "stumbled",
}


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """A genuine bounce, an orphan and a letter, in this order by name."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    at = NOW - timedelta(hours=1)
    (folder / "1-genuine.eml").write_bytes(bounce("real@winter.example", at=at))
    (folder / "2-orphan.eml").write_bytes(bounce("forged@spam.example", at=at))
    (folder / "3-letter.eml").write_bytes(letter("Lunch", at=at))
    return folder


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    path = tmp_path / "sent.mbox"
    box = mailbox.mbox(path)
    for number in range(5):
        at = NOW - timedelta(days=number + 1)
        ident = "real@winter.example" if number == 0 else f"sent.{number}@winter.example"
        box.add(letter("Hello", to="friend@f.example", sender=ME, ident=ident, at=at))
    box.close()
    return path


def test_json_is_one_object_per_message_in_order_with_the_promised_keys(inbox: Path) -> None:
    done = run("try", "--json", str(inbox))
    told = objects(done.stdout)
    assert (done.returncode, done.stderr) == (exits.DONE, b"")
    assert [Path(one["file"]).name for one in told] == ["1-genuine.eml", "2-orphan.eml", "3-letter.eml"]
    assert [one["kind"] for one in told] == ["bounce", "bounce", None]
    for one in told:
        assert one.keys() >= KEYS
        assert "verdict" not in one
    [reference] = told[1]["references"]
    assert (reference["id"], reference["weight"]) == ("forged@spam.example", "strong")
    assert told[1]["recipients"] == ["nobody@elsewhere.example"]
    assert told[1]["original"]["from"] == ME
    assert (told[1]["reporting_mta"], told[1]["status"]) == ("mx.elsewhere.example", "5.1.1")


def test_with_the_sent_mail_each_is_judged(inbox: Path, sent: Path) -> None:
    told = objects(run("try", "--json", "--sent", str(sent), str(inbox)).stdout)
    assert [one["verdict"] for one in told] == ["genuine", "orphan", None]
    assert "you sent the message <real@winter.example>" in told[0]["because"][0]
    assert told[1]["reasons"][0]["code"] == "unknown-id"


def test_what_is_not_covered_is_undecided(inbox: Path, sent: Path) -> None:
    covered = f"{NOW - timedelta(days=2):%Y-%m-%d}..{NOW:%Y-%m-%d}"
    done = run("try", "--json", "--sent", str(sent), "--covered", covered, str(inbox))
    assert [one["verdict"] for one in objects(done.stdout)] == ["genuine", "undecided", None]


def test_an_address_that_is_only_named_counts_as_the_persons(tmp_path: Path, sent: Path) -> None:
    path = tmp_path / "alias.eml"
    path.write_bytes(
        bounce("forged.1@spam.example", at=NOW, to="alias@winter.example", sender="alias@winter.example")
    )
    [without] = objects(run("try", "--json", "--sent", str(sent), str(path)).stdout)
    [named] = objects(
        run("try", "--json", "--sent", str(sent), "--me", "alias@winter.example", str(path)).stdout
    )
    assert (without["verdict"], named["verdict"]) == ("undecided", "orphan")


def test_a_file_that_cannot_be_read_yields_its_object_and_the_exit_code_says_so(inbox: Path) -> None:
    missing = inbox / "none.eml"
    done = run("try", "--json", str(missing), str(inbox / "1-genuine.eml"))
    told = objects(done.stdout)
    assert done.returncode == exits.TROUBLE
    assert (told[0]["file"], told[0]["kind"], bool(told[0]["error"])) == (str(missing), None, True)
    assert told[1]["kind"] == "bounce"


def test_standard_input_is_a_message(inbox: Path) -> None:
    [told] = objects(run("try", "--json", "-", stdin=(inbox / "2-orphan.eml").read_bytes()).stdout)
    assert (told["file"], told["kind"]) == ("-", "bounce")


def test_for_people_it_says_what_each_is_and_closes_with_a_count(inbox: Path, sent: Path) -> None:
    told = run("try", "--sent", str(sent), str(inbox)).stdout.decode()
    assert f"{inbox / '2-orphan.eml'}: orphan (bounce)" in told
    assert "quotes <forged@spam.example> (strong, " in told
    assert "because the message <forged@spam.example>" in told
    assert f"{inbox / '3-letter.eml'}: ordinary mail" in told
    assert "3 messages: " in told
    assert "\x1b" not in told


def test_sent_mail_that_cannot_be_read_stops_it_before_anything_is_judged(
    inbox: Path, tmp_path: Path
) -> None:
    done = run("try", "--sent", str(tmp_path / "none"), str(inbox))
    assert done.returncode == exits.TROUBLE
    assert done.stdout == b""
    assert b"cannot be read" in done.stderr


def test_it_needs_no_configuration_and_no_home(inbox: Path, tmp_path: Path) -> None:
    nowhere = {"HOME": str(tmp_path / "none"), "SCATTERCLEAN_CONFIG": str(tmp_path / "none.toml")}
    assert run("try", str(inbox), env=nowhere).returncode == exits.DONE
    assert not (tmp_path / "none").exists()


def test_objects_come_as_messages_are_read_and_not_at_the_end(tmp_path: Path) -> None:
    """Standard input gives the second message only after the first object was seen."""
    first, second = tmp_path / "1.eml", tmp_path / "2.eml"
    first.write_bytes(bounce("a@spam.example", at=datetime(2026, 11, 1, tzinfo=UTC)))
    second.write_bytes(bounce("b@spam.example", at=datetime(2026, 11, 1, tzinfo=UTC)))
    process = subprocess.Popen(
        [*COMMAND, "try", "--json", str(first), "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment({"PYTHONUNBUFFERED": ""}),
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert b"a@spam.example" in process.stdout.readline()
    process.stdin.write(second.read_bytes())
    rest, _ = process.communicate(timeout=60)
    assert b"b@spam.example" in rest
    assert process.returncode == exits.DONE
