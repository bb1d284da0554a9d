"""What lies on disk is found, in order, and what cannot be read is named; mail programs' data stays as it is."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scatterclean.outbox import files
from scatterclean.outbox.files import Message, messages
from tests.trial.letters import letter, mbox
from tests.unprivileged import without_privileges

ONE, TWO, THREE = letter("1@w.example"), letter("2@w.example"), letter("3@w.example")


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def found(*paths: Path) -> list[tuple[str, bytes]]:
    return [(message.file, message.raw) for message in messages(paths)]


def only(path: Path) -> Message:
    (message,) = messages([path])
    return message


def test_a_file_is_one_message_under_its_own_path(tmp_path: Path) -> None:
    path = write(tmp_path / "a message.txt", ONE)
    assert found(path) == [(str(path), ONE)]


def test_a_relative_path_stays_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "in" / "a.eml", ONE)
    monkeypatch.chdir(tmp_path)
    assert [file for file, _ in found(Path("in"), Path("in/a.eml"))] == ["in/a.eml", "in/a.eml"]


def test_paths_come_in_the_order_given_and_files_of_a_directory_by_name(tmp_path: Path) -> None:
    for name in ("b/2.eml", "b/10.eml", "b/a/x.eml", "a.eml", "c/z.EML"):
        write(tmp_path / name, ONE)
    names = [file for file, _ in found(tmp_path / "c", tmp_path / "a.eml", tmp_path / "b")]
    relative = [str(Path(name).relative_to(tmp_path)) for name in names]
    assert relative == ["c/z.EML", "a.eml", "b/10.eml", "b/2.eml", "b/a/x.eml"]


def test_in_a_directory_only_mail_counts_whatever_its_name(tmp_path: Path) -> None:
    write(tmp_path / "1", ONE)  # MH
    write(tmp_path / "2.txt", b"Received: from a\n\tby b\nX-Odd: 1\nSubject: x\n\n")
    write(tmp_path / "3.old", mbox(ONE, TWO))
    write(tmp_path / "empty.eml", b"")
    write(tmp_path / "broken.eml", b"\x00\xff no header at all")
    for name, content in {
        "labels.jsonl": b'{"file": "1", "from": "x"}\n',
        "README.md": b"# Corpus\nFrom: nobody\n",
        "notes": b"Dear diary,\nFrom: me\n",
        "empty": b"",
        ".hidden.eml": ONE,
        ".git/1.eml": ONE,
    }.items():
        write(tmp_path / name, content)
    names = [Path(file).name for file, _ in found(tmp_path)]
    assert names == ["1", "2.txt", "3.old#1", "3.old#2", "broken.eml", "empty.eml"]


def test_a_named_file_is_read_whatever_it_looks_like(tmp_path: Path) -> None:
    path = write(tmp_path / "notes", b"Dear diary")
    assert found(path) == [(str(path), b"Dear diary")]


def test_an_mbox_gives_its_messages_with_numbers_and_without_quoting(tmp_path: Path) -> None:
    tricky = ONE + b"From here on, quoted\n\nFrom the start\n"
    path = write(tmp_path / "box", mbox(tricky, TWO, THREE))
    assert found(path) == [
        (f"{path}#1", tricky + b"\n"),
        (f"{path}#2", TWO + b"\n"),
        (f"{path}#3", THREE + b"\n"),
    ]


def test_a_from_line_in_prose_or_without_a_blank_line_before_it_does_not_cut(tmp_path: Path) -> None:
    body = b"text\nFrom ada@winter.example Mon Jan 12 09:00:05 2026\n\nFrom Monday on we meet at noon.\n"
    content = b"From ada@winter.example Mon Jan 12 09:00:05 2026\n" + ONE + body + b"\n"
    assert len(found(write(tmp_path / "box", content))) == 1


@pytest.mark.parametrize(
    "line",
    [
        b"From ada@winter.example Mon Jan 12 09:00:05 2026",
        b"From ada@winter.example  Mon Jan 12 09:00:05 2026",
        b"From MAILER-DAEMON Mon Jan 12 10:00:05 +0100 2026",
        b"From - Mon Jan 12 09:00:05 2026",
        b"From ???@??? Mon Jan 12 09:00:05 2026",
        b'From "a b"@winter.example Mon Jan 12 09:00:05 UTC 2026',
        b"From  Mon Jan 12 09:00 2026 remote from far",
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_the_lines_that_programs_write_in_front_of_messages_are_known(
    tmp_path: Path, line: bytes, end: bytes
) -> None:
    content = mbox(ONE, TWO, line=line + b"\n").replace(b"\n", end)
    first, second = messages([write(tmp_path / "box", content)])
    assert second.raw == TWO.replace(b"\n", end) + end
    assert first.stamped == second.stamped
    assert first.stamped in (datetime(2026, 1, 12, 9, 0, 5, tzinfo=UTC), datetime(2026, 1, 12, 9, tzinfo=UTC))


def test_an_mbox_with_unusual_lines_is_cut_at_them_all(tmp_path: Path) -> None:
    assert len(found(write(tmp_path / "box", mbox(ONE, TWO, line=b"From nobody\n")))) == 2


def test_an_eml_file_is_never_cut_even_with_an_mbox_line_in_front(tmp_path: Path) -> None:
    message = only(write(tmp_path / "a.eml", mbox(ONE, TWO)))
    assert message.file == str(tmp_path / "a.eml")
    assert message.raw.startswith(ONE)
    assert b"2@w.example" in message.raw
    assert message.stamped == datetime(2026, 1, 12, 9, 0, 5, tzinfo=UTC)


def test_a_maildir_gives_cur_and_new_and_ignores_flags_tmp_and_subfolders(tmp_path: Path) -> None:
    box = tmp_path / "Maildir"
    write(box / "new" / "1768208405.M1P2.host", TWO)
    write(box / "cur" / "1768208400.M1P1.host:2,FS", ONE)
    write(box / "cur" / "odd:2,T", b"From the start, no header\n\nFrom x Mon Jan 12 09:00:05 2026\n")
    write(box / "tmp" / "1768208406.M1P3.host", THREE)
    write(box / ".Sent" / "cur" / "1768208407.M1P4.host:2,S", THREE)
    write(box / "dovecot-uidlist", b"3 V1768208400 N5\n")
    first, odd, second = messages([box])
    assert [Path(m.file).relative_to(box) for m in (first, odd, second)] == [
        Path("cur/1768208400.M1P1.host:2,FS"),
        Path("cur/odd:2,T"),
        Path("new/1768208405.M1P2.host"),
    ]
    assert (first.raw, second.raw) == (ONE, TWO)
    assert first.stamped == datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
    assert odd.stamped is None
    assert (box / "new" / "1768208405.M1P2.host").exists()


def test_a_maildir_inside_of_a_directory_is_found(tmp_path: Path) -> None:
    write(tmp_path / "mail" / "Inbox" / "cur" / "1:2,S", ONE)
    (tmp_path / "mail" / "Inbox" / "new").mkdir()
    assert [raw for _, raw in found(tmp_path)] == [ONE]


def test_standard_input_is_one_message_or_an_mbox() -> None:
    assert [(m.file, m.raw) for m in messages([Path("-")], io.BytesIO(ONE))] == [("-", ONE)]
    assert [m.file for m in messages([Path("-")], io.BytesIO(mbox(ONE, TWO)))] == ["-#1", "-#2"]
    assert [m.raw for m in messages([Path("-")], io.BytesIO(b""))] == [b""]


class Endless(io.RawIOBase):
    """An mbox that never ends: whoever wants all of it gets nothing."""

    def __init__(self) -> None:
        self._source = self._bytes()
        self._rest = b""

    def _bytes(self) -> Iterator[bytes]:
        while True:
            yield mbox(ONE)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # as in typeshed's Buffer
        self._rest = self._rest or next(self._source)
        piece, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)


def test_messages_of_an_endless_mbox_come_one_by_one() -> None:
    endless = messages([Path("-")], io.BufferedReader(Endless()))
    assert [m.file for m in islice(endless, 3)] == ["-#1", "-#2", "-#3"]


def test_a_huge_file_is_read_up_to_the_cap(tmp_path: Path) -> None:
    path = tmp_path / "huge.eml"
    with path.open("wb") as file:
        file.write(ONE)
        file.truncate(files.CAP + 1)  # sparse
    message = only(path)
    assert (len(message.raw), message.complete) == (files.CAP, False)
    with path.open("r+b") as file:
        file.truncate(files.CAP)
    message = only(path)
    assert (len(message.raw), message.complete) == (files.CAP, True)


def test_a_huge_message_in_an_mbox_is_cut_and_the_next_one_is_found(tmp_path: Path) -> None:
    path = tmp_path / "box"
    with path.open("wb") as file:
        file.write(mbox(ONE))
        file.seek(files.CAP + 2**20)
        file.write(b"\n\n" + mbox(TWO))
    huge, small = messages([path])
    assert (len(huge.raw), huge.complete) == (files.CAP, False)
    assert (small.raw, small.complete) == (TWO + b"\n", True)


def test_a_line_longer_than_what_is_read_at_once_is_still_one_line(tmp_path: Path) -> None:
    long = b"x" * 65536 + b"\nFrom x@y.example Mon Jan 12 09:00:05 2026\n" + b"y" * 65536 + b">From z\n"
    content = b"From x@y.example Mon Jan 12 09:00:05 2026\n" + ONE + long + b"\n"
    assert [raw for _, raw in found(write(tmp_path / "box", content))] == [ONE + long + b"\n"]


def test_what_cannot_be_read_is_named_with_the_reason_and_the_rest_goes_on(tmp_path: Path) -> None:
    loop = tmp_path / "loop.eml"
    loop.symlink_to(loop)
    os.mkfifo(tmp_path / "pipe")
    good = write(tmp_path / "good" / "a.eml", ONE)
    paths = [tmp_path / "none.eml", loop, tmp_path / "pipe", Path("a\0b"), good]
    said = [(Path(m.file).name, m.error) for m in messages(paths)]
    assert said == [
        ("none.eml", "No such file or directory"),
        ("loop.eml", "Too many levels of symbolic links"),
        ("pipe", "is neither a file nor a directory"),
        ("a\0b", "no such file"),
        ("a.eml", ""),
    ]


def test_a_directory_that_may_not_be_entered_is_named() -> None:
    with TemporaryDirectory() as name:  # unlike tmp_path's, its parents may be entered by all
        closed = Path(name) / "closed"
        Path(name).chmod(0o755)
        closed.mkdir(mode=0)
        with without_privileges():
            assert only(closed).error == "Permission denied"


def test_links_to_files_are_followed_and_loops_of_directories_are_not(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.eml", ONE)
    (tmp_path / "in" / "b.eml").symlink_to("a.eml")
    (tmp_path / "in" / "c").symlink_to(".")
    (tmp_path / "in" / "dangling.eml").symlink_to("nowhere")
    (tmp_path / "link").symlink_to("in")
    assert [Path(file).name for file, _ in found(tmp_path / "link")] == ["a.eml", "b.eml"]


def test_a_name_that_is_no_text_is_shown_with_escapes(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff.eml")
    path.write_bytes(ONE)
    assert only(path).file == f"{tmp_path}/\\xff.eml"


@settings(deadline=None)
@given(st.lists(st.binary(max_size=80).map(lambda raw: raw.replace(b"\r", b"")), min_size=1, max_size=5))
def test_any_messages_written_to_an_mbox_come_back(bodies: list[bytes]) -> None:
    # RFC 4155 ends each message with a blank line, so the message itself ends with its line end.
    written = [b"Subject: x\n\n" + body + b"\n" for body in bodies]
    box = b"".join(
        b"From x@y.example Mon Jan 12 09:00:05 2026\n" + _quoted(message) + b"\n" for message in written
    )
    assert [m.raw for m in messages([Path("-")], io.BytesIO(box))] == [message + b"\n" for message in written]


def _quoted(message: bytes) -> bytes:
    """mboxrd: one more ">" in front of any number of them and "From "."""
    lines = message.split(b"\n")
    return b"\n".join(b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in lines)
