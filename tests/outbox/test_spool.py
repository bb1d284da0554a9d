"""The spool: a file is there as a whole or not at all, only its owner reads it, and a damaged one is told and kept."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatterclean.errors import DatabaseUnusable
from scatterclean.model import MAX_ID, MAX_SUBJECT, MessageId, SentMessage
from scatterclean.outbox import spool
from tests.contracts.records import NOW, message
from tests.unprivileged import without_privileges


def waiting(database: Path, account: str = "home") -> list[SentMessage]:
    return [m for spooled in spool.pending(database, account) for m in spooled.messages]


def only_file(database: Path) -> Path:
    [path] = spool.folder_of(database).iterdir()
    return path


def test_what_is_put_comes_out_as_it_was_and_in_order(tmp_path: Path) -> None:
    database = tmp_path / "log.db"
    first = [message(1, ids=["a@b", "c@d"]), message(2, sender=None, subject=None, to=())]
    assert spool.put(database, "home", first) == 2
    assert spool.put(database, "home", [message(3)]) == 1
    assert waiting(database) == [*first, message(3)]
    assert [s.damage for s in spool.pending(database, "home")] == ["", ""]


texts = st.text(min_size=1, max_size=60)  # also lone surrogates and NUL: headers hold anything


@given(
    fingerprint=texts,
    ids=st.lists(texts | st.just("x" * MAX_ID), max_size=3),
    subject=st.none() | texts | st.just("s" * MAX_SUBJECT),
    recipients=st.lists(texts, max_size=3),
    account=texts,
)
def test_whatever_a_header_held_survives(  # noqa: PLR0917 - hypothesis fills them by name
    tmp_path_factory: pytest.TempPathFactory,
    fingerprint: str,
    ids: list[str],
    subject: str | None,
    recipients: list[str],
    account: str,
) -> None:
    database = tmp_path_factory.mktemp("spool") / "log.db"
    one = SentMessage(fingerprint, tuple(map(MessageId, ids)), None, tuple(recipients), subject, NOW, NOW)
    spool.put(database, account, [one])
    [spooled] = spool.pending(database, account)
    assert (spooled.messages, spooled.damage) == ((one,), "")


def test_only_its_owner_may_look_into_the_spool(tmp_path: Path) -> None:
    database = tmp_path / "new" / "log.db"
    before = os.umask(0)
    try:
        spool.put(database, "home", [message(1)])
    finally:
        os.umask(before)
    folder = spool.folder_of(database)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(only_file(database).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "name",
    ["home", "../../etc/passwd", "a/b", ".", "..", "Jörg & Co", "x" * 1000, "\0", "\ud800", "", "home.1"],
)
def test_any_name_of_an_account_is_safe_and_is_no_other_account(tmp_path: Path, name: str) -> None:
    database = tmp_path / "log.db"
    spool.put(database, name, [message(1)])
    assert waiting(database, name) == [message(1)]
    assert only_file(database).parent == tmp_path / "log.db.outbox"
    for other in ("Home", "work", "home-", "a b"):
        assert waiting(database, other) == []


def test_two_names_of_one_database_have_one_spool(tmp_path: Path) -> None:
    (tmp_path / "real.db").touch()
    (tmp_path / "link.db").symlink_to("real.db")
    spool.put(tmp_path / "link.db", "home", [message(1)])
    assert waiting(tmp_path / "real.db") == [message(1)]


def test_many_records_go_into_several_files_and_memory_stays_flat(tmp_path: Path) -> None:
    database = tmp_path / "log.db"
    seen: list[int] = []

    def growing() -> Iterator[SentMessage]:
        for number in range(1200):
            if spool.folder_of(database).exists():
                seen.append(len(list(spool.folder_of(database).iterdir())))
            yield message(number)

    assert spool.put(database, "home", growing()) == 1200
    assert [len(s.messages) for s in spool.pending(database, "home")] == [500, 500, 200]
    assert seen[-1] == 2  # the first were on the disk before the last was made
    assert [m.fingerprint for m in waiting(database)] == [message(n).fingerprint for n in range(1200)]


def test_nothing_is_written_for_nothing(tmp_path: Path) -> None:
    assert spool.put(tmp_path / "log.db", "home", []) == 0
    assert list(spool.pending(tmp_path / "log.db", "home")) == []


def test_a_write_that_is_cut_short_leaves_no_file_that_counts(tmp_path: Path) -> None:
    database = tmp_path / "log.db"

    def fails() -> Iterator[SentMessage]:
        yield message(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spool.put(database, "home", fails())
    assert waiting(database) == []
    # As after a power cut in the middle of a write: the file under its first name.
    spool.put(database, "home", [message(1)])
    whole = only_file(database)
    (whole.parent / f".{whole.name}.new").write_bytes(whole.read_bytes()[:50])
    assert [s.path for s in spool.pending(database, "home")] == [whole]


def test_a_disk_that_takes_no_more_is_trouble_with_a_hint_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DatabaseUnusable, match="cannot be written: No space left") as raised:
        spool.put(tmp_path / "log.db", "home", [message(1)])
    assert raised.value.hint
    assert list(spool.folder_of(tmp_path / "log.db").iterdir()) == []


def test_a_spool_of_another_user_is_trouble_for_the_writer_and_told_to_the_reader(tmp_path: Path) -> None:
    database = tmp_path / "log.db"
    tmp_path.chmod(0o755)
    spool.put(database, "home", [message(1)])
    folder = spool.folder_of(database)
    folder.chmod(0o000)
    try:
        with without_privileges():
            with pytest.raises(DatabaseUnusable, match="Permission denied"):
                spool.put(database, "home", [message(2)])
            [told] = spool.pending(database, "home")
            assert (told.path, told.damage) == (folder, "Permission denied")
    finally:
        folder.chmod(0o700)


@pytest.mark.parametrize(
    ("damage", "left", "said"),
    [
        (lambda raw: b"", 0, "its first line is not ours"),
        (lambda raw: b"\0" * len(raw), 0, "its first line is not ours"),
        (lambda raw: b"[" * 100_000 + raw, 0, "its first line is not ours"),
        (lambda raw: raw.replace(b'"home"', b'"work"'), 0, "another account"),
        (lambda raw: raw.replace(b'"form": 1', b'"form": 2'), 0, "another account or version"),
        (lambda raw: raw[:-40], 2, "2 of 3 records"),
        (lambda raw: raw[:-1], 3, "3 of 3 records"),
        (lambda raw: raw.replace(b'"ids"', b'"idz"', 1), 2, "2 of 3 records"),
        (lambda raw: raw.replace(b"+00:00", b"", 1), 2, "2 of 3 records"),
        (lambda raw: raw.replace(b'"Invoice"', b"17", 1), 2, "2 of 3 records"),
        (lambda raw: raw.replace(b'"sent_at": "', b'"sent_at": "9', 1), 2, "2 of 3 records"),
        (lambda raw: raw + b"[" * 100_000 + b"\n", 3, ""),
    ],
)
def test_of_a_damaged_file_what_is_whole_counts_and_the_rest_is_told(
    tmp_path: Path, damage: object, left: int, said: str
) -> None:
    database = tmp_path / "log.db"
    spool.put(database, "home", [message(n) for n in (1, 2, 3)])
    path = only_file(database)
    assert callable(damage)
    path.write_bytes(damage(path.read_bytes()))
    [spooled] = spool.pending(database, "home")
    assert len(spooled.messages) == left
    assert said in spooled.damage


def test_recipients_of_a_whole_club_are_kept(tmp_path: Path) -> None:
    club = message(1)._replace(recipients=tuple(f"m{n}@club.example" for n in range(5000)))
    spool.put(tmp_path / "log.db", "home", [club])
    assert waiting(tmp_path / "log.db") == [club]
