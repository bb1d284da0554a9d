"""`scatterclean sendmail`: the mail goes on byte for byte, whatever becomes of the record of it."""

from __future__ import annotations

import os
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scatterclean.cli import exits
from scatterclean.model import SentMessage
from scatterclean.outbox import handed, spool

from .program import COMMAND, environment, run
from .test_exits import config

MAIL = (
    b"From: Ada <ada@winter.example>\r\nTo: bob@firm.example,\r\n carl@firm.example\r\nBcc: dora@firm.example\n"
    b"Subject: =?utf-8?Q?R=C3=A9port?=\nMessage-ID: <cron.1@host.winter.example>\n"
    b"Date: Mon, 23 Nov 2026 10:00:00 +0000\n\nbody \0\xff\r\n.\r\nFrom here\n"
)
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """A sendmail that keeps what it got and what it was called with, and ends as it is told."""
    path = tmp_path / "real sendmail"
    path.write_text(
        '#!/bin/sh\ncd "$(dirname "$0")"\nprintf "%s\\0" "$@" > argv\n[ "$1" = --deaf ] && exit 75\n'
        'cat > got\necho "told on stdout"\necho "told on stderr" >&2\n[ "$1" = --killed ] && kill -TERM $$\n'
        "exit ${STATUS:-0}\n"
    )
    path.chmod(0o755)
    return path


def argv(folder: Path) -> list[str]:
    return (folder / "argv").read_text().split("\0")[:-1]


def recorded(folder: Path) -> list[SentMessage]:
    return [m for s in spool.pending(folder / "log.db", "home") for m in s.messages]


def send(real: Path, *arguments: str, stdin: bytes = MAIL, **env: str) -> subprocess.CompletedProcess[bytes]:
    at = real.parent / "scatterclean.toml"
    if not at.exists():
        config(real.parent)
    return run(
        "--config", str(at), "sendmail", "--sendmail", str(real), "--", *arguments, stdin=stdin, env=env
    )


def test_the_real_program_gets_every_byte_and_every_argument_and_the_record_waits(real: Path) -> None:
    given = ["-t", "-i", "-f", "ada@winter.example", "-F", "x y", "erin@firm.example", "", "--help", "-v"]
    done = send(real, *given)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"told on stdout\n", b"told on stderr\n")
    assert (real.parent / "got").read_bytes() == MAIL
    assert argv(real.parent) == given
    [message] = recorded(real.parent)
    assert [an_id.text for an_id in message.ids] == ["cron.1@host.winter.example"]
    assert (message.sender, message.subject) == ("ada@winter.example", "Réport")
    assert set(message.recipients) == {f"{who}@firm.example" for who in ("bob", "carl", "dora", "erin")}


def test_a_large_message_streams_through(real: Path) -> None:
    large = MAIL + os.urandom(3_000_000)
    assert send(real, "-t", stdin=large).returncode == 0
    assert (real.parent / "got").read_bytes() == large
    assert len(recorded(real.parent)) == 1


@pytest.mark.parametrize("mail", [b"", b"no header at all", b"\n\n", b"\0" * 1000, b"A" * 300_000])
def test_any_bytes_are_handed_on(real: Path, mail: bytes) -> None:
    done = send(real, "bob@firm.example", stdin=mail)
    assert (done.returncode, done.stderr) == (0, b"told on stderr\n")
    assert (real.parent / "got").read_bytes() == mail
    assert [m.recipients for m in recorded(real.parent)] == [("bob@firm.example",)]


def test_mail_that_the_program_refused_is_not_recorded_and_its_status_is_ours(real: Path) -> None:
    assert send(real, "-t", STATUS="67").returncode == 67
    assert recorded(real.parent) == []


def test_a_program_that_stops_reading_ends_us_with_its_status(real: Path) -> None:
    assert send(real, "--deaf", stdin=MAIL * 20_000).returncode == 75
    assert recorded(real.parent) == []


def test_a_program_that_was_killed_is_told_as_a_shell_tells_it(real: Path) -> None:
    assert send(real, "--killed").returncode == 128 + signal.SIGTERM


def test_a_program_that_ends_before_its_input_does_is_not_waited_for(real: Path, tmp_path: Path) -> None:
    real.write_text("#!/bin/sh\nread -r line\nexit 3\n")  # as at a line with a single dot
    at = config(tmp_path)
    process = subprocess.Popen(
        [*COMMAND, "--config", str(at), "sendmail", "--sendmail", str(real), "--", "-t"],
        stdin=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdin is not None
    process.stdin.write(b"From: a@b.example\n")
    process.stdin.flush()
    assert process.wait(timeout=60) == 3
    process.stdin.close()


@pytest.mark.parametrize("broken", ["colour = 1\n", "[[[\n", None])
def test_a_broken_configuration_never_stops_the_mail(real: Path, broken: str | None) -> None:
    at = real.parent / "scatterclean.toml"
    if broken is None:
        done = run("--config", str(at), "sendmail", "--sendmail", str(real), "--", "-t", stdin=MAIL)
    else:
        at.write_text(broken)
        done = send(real, "-t")
    assert done.returncode == 0
    assert (real.parent / "got").read_bytes() == MAIL
    [program, ours] = done.stderr.decode().splitlines()
    assert program == "told on stderr"
    assert ours.startswith("scatterclean: the mail was sent, but not recorded: ")


def test_a_spool_that_cannot_be_written_never_stops_the_mail(real: Path) -> None:
    (real.parent / "log.db.outbox").write_text("in the way")
    done = send(real, "-t")
    assert done.returncode == 0
    assert b"not recorded: " in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_a_program_that_is_not_there_is_an_error_with_a_hint(tmp_path: Path) -> None:
    done = send(tmp_path / "none", "-t")
    assert done.returncode == exits.TROUBLE
    assert b"cannot be run: No such file or directory; the mail was not sent" in done.stderr
    assert b"SCATTERCLEAN_SENDMAIL" in done.stderr


def test_the_environment_may_name_the_program(real: Path) -> None:
    at = config(real.parent)
    done = run(
        "--config", str(at), "sendmail", "--", "-t", stdin=MAIL, env={"SCATTERCLEAN_SENDMAIL": str(real)}
    )
    assert done.returncode == 0
    assert (real.parent / "got").read_bytes() == MAIL


def test_a_wrapper_that_is_told_to_call_itself_says_so(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    at = config(tmp_path)
    loop.write_text(f'#!/bin/sh\nexec {" ".join(COMMAND)} --config {at} sendmail --sendmail {loop} -- "$@"\n')
    loop.chmod(0o755)
    done = send(loop, "-t")
    assert done.returncode == exits.TROUBLE
    assert b"calls scatterclean sendmail again" in done.stderr


@pytest.mark.parametrize("option", ["-bp", "-bs", "-q", "-bi", "-I"])
def test_what_is_no_submission_is_the_programs_own_business(real: Path, option: str) -> None:
    done = send(real, option, STATUS="5")
    assert (done.returncode, argv(real.parent)) == (5, [option])
    assert (real.parent / "got").read_bytes() == MAIL
    assert recorded(real.parent) == []


def test_of_several_persons_the_sender_tells_whose_it_is(real: Path) -> None:
    at = config(real.parent)
    more = at.read_text().partition("[accounts.home]")[2].replace("ada@", "bob@").replace('"me"', '"you"')
    at.write_text(at.read_text() + f'person = "ada"\n[accounts.work]{more}person = "bob"\n')
    assert send(real, "-t").stderr == b"told on stderr\n"
    assert len(recorded(real.parent)) == 1
    done = send(real, "-t", stdin=MAIL.replace(b"ada@", b"who@"))
    assert (done.returncode, len(recorded(real.parent))) == (0, 1)
    assert b"not clear from which account" in done.stderr


# --- the record -------------------------------------------------------------------------------------------


def test_a_sender_that_is_not_the_persons_is_left_out(real: Path) -> None:
    send(real, "-t", stdin=MAIL.replace(b"ada@", b"who@"))
    assert [m.sender for m in recorded(real.parent)] == [None]


def test_the_same_report_every_night_is_another_message_every_night() -> None:
    report = b"From: cron@host.example\nTo: ada@winter.example\nSubject: Report\n\nok\n"
    nights = [handed.read(report, ["-t"], NOW + timedelta(days=day)) for day in range(3)]
    assert len({m.fingerprint for m in nights}) == 3
    assert [m.sent_at for m in nights] == [NOW + timedelta(days=day) for day in range(3)]
    assert (
        handed.read(MAIL, [], NOW).fingerprint
        == handed.read(MAIL, ["-t"], NOW + timedelta(days=1)).fingerprint
    )


@pytest.mark.parametrize(
    ("arguments", "recipients", "sender"),
    [
        (
            ["-i", "a@x.example", "b@x.example,c@x.example"],
            {"a@x.example", "b@x.example", "c@x.example"},
            None,
        ),
        (["-f", "me@x.example", "a@x.example"], {"a@x.example"}, "me@x.example"),
        (["-fme@x.example", "-oi", "--", "-f@x.example"], {"-f@x.example"}, "me@x.example"),
        (["-F", "Me me@no.example", "-r", "r@x.example", "-N", "never", "root"], set(), "r@x.example"),
        (["-f", "", "<a@x.example>"], {"a@x.example"}, None),
        (["-f"], set(), None),
        ([], set(), None),
    ],
)
def test_options_of_sendmail_are_told_from_recipients(
    arguments: list[str], recipients: set[str], sender: str | None
) -> None:
    message = handed.read(b"Subject: x\n\n", arguments, NOW)
    assert (set(message.recipients), message.sender) == (recipients, sender)


def test_an_mbox_line_in_front_of_the_header_is_passed_over() -> None:
    message = handed.read(b"From ada Mon Nov 23 10:00:00 2026\n" + MAIL, [], NOW)
    assert message == handed.read(MAIL, [], NOW)
