"""Nothing that a stranger writes becomes a command, an escape sequence, or a line of the log that holds a secret."""

from __future__ import annotations

import os
import re
import stat
import time
import unicodedata
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatterclean.demo.dovecot import ScratchDovecot
from scatterclean.errors import DatabaseUnusable, Trouble
from scatterclean.mailbox.login import open_mailbox
from scatterclean.model import Place
from scatterclean.store import open_store
from tests import forked
from tests.e2e.program import Program
from tests.e2e.test_run import Daemon
from tests.servers import RealHand, ScriptedServer, fresh_user
from tests.sweeps.world import ME, bounce, letter

# --- commands ---------------------------------------------------------------------------------------------

VERBS = frozenset(
    b"CAPABILITY AUTHENTICATE LIST NAMESPACE STATUS EXAMINE SELECT CREATE SUBSCRIBE UID LOGOUT".split()
)
_PASSWORD = b64encode(b"\0me\0pass")
hostile = st.one_of(
    st.text(),
    st.text(alphabet='\r\n\0 "\\{}()*%&+a1\u00e9\ud800\u2028\x85').map(
        lambda text: f"x{text}a9 DELETE INBOX"
    ),
    st.sampled_from(
        ['" \r\na9 DELETE INBOX', "{9+}\r\na9 DELETE INBOX", '\\" "y', "\x00", "&\r\n-", "INBOX\r"]
    ),
)


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@given(folder=hostile, ident=hostile)
def test_no_name_of_a_folder_and_no_id_becomes_a_command(
    server: ScriptedServer, folder: str, ident: str
) -> None:
    del server.heard[:]
    with closing(open_mailbox(server.access())) as box:
        place = Place("INBOX", 7)
        for deed in (
            lambda: box.state(folder),
            lambda: box.create(folder),
            lambda: box.uids(Place(folder, 7)),
            lambda: box.move(place, [1], Place(folder, 7)),
            lambda: box.with_message_ids(place, [ident]),
        ):
            with suppress(Trouble, ValueError):
                deed()
    for line in server.heard:
        tag, _, command = line.partition(b" ")
        assert line == _PASSWORD or re.fullmatch(rb"[A-Z]{4}\d+", tag), line
        assert line == _PASSWORD or command.split(b" ")[0] in VERBS, line
        assert not re.search(rb"[\x00-\x1f\x7f-\xff]|\{\d+\+?\}$", line), line
        # What is quoted ends where its command says.
        assert len(re.sub(rb"\\.", b"", line).split(b'"')) % 2 == 1, line


# --- output and logs --------------------------------------------------------------------------------------

ESCAPES = "\x1b]0;owned\x07\x1b[31m\x9b2J\u202e\r\x08"
BODY = "body-that-no-log-may-hold"


def evil(number: int, at: datetime) -> bytes:
    """An orphan whose fields and parts hold escape sequences, raw and encoded."""
    encoded = f"=?utf-8?B?{b64encode(f'watches {ESCAPES}'.encode()).decode()}?="
    raw = bounce(f"forged.{number}{ESCAPES[:3]}@spam.example", at=at, number=number, subject=encoded)
    raw = raw.replace(b"Subject: Undelivered", f"Subject: {encoded} Undelivered".encode(), 1)
    raw = raw.replace(b"(Mail Delivery System)", b"(\x1b[5mMail)", 1)
    return raw.replace(b"said: 550 5.1.1 User unknown", f"said: 550 \x1b[7m {BODY}".encode())


@pytest.mark.slow
def test_no_output_and_no_debug_log_of_a_whole_run_holds_an_escape_sequence_a_password_or_a_body(
    dovecot: ScratchDovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    user = fresh_user()
    now = datetime.now(UTC)
    before = os.umask(0)  # the files of the database must not depend on it
    request.addfinalizer(lambda: os.umask(before))
    with closing(RealHand(dovecot, user)) as hand:
        for days in range(90, 0, -5):
            at = now - timedelta(days=days)
            raw = letter("Hi", to="friend@f.example", sender=ME, ident=f"sent.{days}@winter.example", at=at)
            hand.append("Sent", raw.replace(b"Hello.", BODY.encode()), arrival=at)
        for number in range(3):
            hand.append("INBOX", evil(number, now - timedelta(hours=2)), arrival=now - timedelta(hours=2))
        at = now - timedelta(hours=1)
        lone = letter(f"Re: {ESCAPES}", at=at, ident="l1@firm.example").replace(b"Hello.", BODY.encode())
        hand.append("INBOX", lone, arrival=at)
    program = Program.at(tmp_path, dovecot, user)
    program.config.write_text('log_level = "debug"\n' + program.config.read_text())
    file = tmp_path / "evil.eml"
    file.write_bytes(evil(1, now))
    said = ""
    for arguments in (
        ("sweep", "--observe", "--list"),
        ("why", "home", "1"),
        ("try", str(file)),
        ("sweep", "--list"),
        ("status",),
        ("why", "home", "4"),
        ("undo", "--all"),
        ("sweep", "--list"),
    ):
        done = forked.run(
            ["--verbose", "--config", str(program.config), *arguments],
            env={**os.environ, "MAIL_PASSWORD": dovecot.password},
        )
        text = done.stdout.decode() + done.stderr.decode()
        assert done.returncode == 0, (arguments, text)
        bad = {c for c in text if unicodedata.category(c) in ("Cc", "Cf") and c != "\n"}
        assert not bad, (arguments, bad, text)
        said += text
    assert "watches" in said  # the subjects were shown
    monkeypatch.setenv("MAIL_PASSWORD", dovecot.password)
    daemon = Daemon(program.config)
    try:
        until = time.monotonic() + 60
        while "the server wakes us" not in daemon.log() and time.monotonic() < until:
            time.sleep(0.1)
        assert daemon.leave() == 0
    finally:
        daemon.process.kill()
    assert "DEBUG" in daemon.log() or "INFO" in daemon.log()
    assert not {c for c in daemon.log() if unicodedata.category(c) in ("Cc", "Cf") and c != "\n"}
    assert BODY not in daemon.log()
    said += daemon.log()
    token = b64encode(f"\0{user}\0{dovecot.password}".encode()).decode()
    for secret in (dovecot.password, token):
        assert secret not in said
    for path in tmp_path.glob("log.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_a_database_that_is_no_file_is_refused_and_keeps_its_mode(tmp_path: Path) -> None:
    """As root `database = "/dev/null"` took the device away from everybody else."""
    pipe = tmp_path / "log.db"
    os.mkfifo(pipe)
    pipe.chmod(0o666)
    with pytest.raises(DatabaseUnusable, match="is no file"):
        open_store(pipe)
    assert stat.S_IMODE(pipe.stat().st_mode) == 0o666
