"""Passwords are fetched from real commands, files and variables; when that fails, the person learns why, not what."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path
from types import ModuleType

import pytest

from scatterclean.config.secret import Secret, Source
from scatterclean.errors import Reach, SecretUnavailable
from scatterclean.installing import command_for


def shell(line: str) -> Secret:
    return Secret(Source.COMMAND, ("/bin/sh", "-c", line))


def complaint(each: Secret, limit: float = 60) -> str:
    """All that could be printed of the failure, the traceback and its causes included."""
    with pytest.raises(SecretUnavailable) as caught:
        each.fetch(limit=limit)
    assert caught.value.reach is Reach.ACCOUNT
    return f"{caught.value}\n{''.join(traceback.format_exception(caught.value))}"


# --- commands -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("echo sesame", "sesame"),
        ("printf sesame", "sesame"),
        (r"printf 'sesame\r\n'", "sesame"),
        (r"printf 'sesame\nlogin: me\nurl: x\n'", "sesame"),
        ("echo ' open sesame '", " open sesame "),
        ("echo sésame€", "sésame€"),
        ("echo hint >&2; echo sesame", "sesame"),
    ],
)
def test_the_first_line_of_the_output_is_the_password(line: str, found: str) -> None:
    assert shell(line).fetch() == found


def test_a_list_is_run_without_a_shell() -> None:
    assert Secret(Source.COMMAND, ("echo", "$HOME; echo x")).fetch() == "$HOME; echo x"


def test_the_command_is_asked_anew_at_every_fetch(tmp_path: Path) -> None:
    counter = tmp_path / "count"
    each = shell(f"echo x >> {counter}; wc -l < {counter} | tr -d ' '")
    assert [each.fetch(), each.fetch()] == ["1", "2"]


def test_a_failing_command_shows_its_stderr_and_status_and_not_its_stdout() -> None:
    said = complaint(shell("echo sesame; echo 'gpg: decryption failed: No secret key' >&2; exit 2"))
    assert "exit status 2" in said
    assert "gpg: decryption failed: No secret key" in said
    assert "sesame" not in said


def test_a_traced_command_does_not_give_the_password_away_by_its_stderr() -> None:
    said = complaint(shell("set -x; pw=sesame; echo $pw; exit 1"))
    assert "***" in said
    assert "sesame" not in said


def test_control_characters_of_the_command_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in complaint(shell(r"printf '\033[31mred\a' >&2; exit 1"))


def test_a_command_that_waits_for_ever_is_ended_with_its_children(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    said = complaint(shell(f"echo sesame; sleep 600 & echo $! > {pid}; wait"), limit=0.5)
    assert "did not end" in said
    assert "sesame" not in said
    assert _is_gone(int(pid.read_text()))


def _is_gone(pid: int) -> bool:
    """Dead, or dead and waiting for init; given some time, for the kernel to deliver the signal."""
    for _ in range(200):
        state = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        if not state.stdout.strip() or state.stdout.startswith("Z"):
            return True
        time.sleep(0.05)
    return False


def test_a_child_that_keeps_stderr_open_does_not_hold_up_the_password() -> None:
    child = shell("sleep 600 >/dev/null & echo $!").fetch(limit=30)
    os.kill(int(child), signal.SIGKILL)


def test_a_command_that_asks_on_its_stdin_gets_nothing() -> None:
    assert "empty" in complaint(shell("read -r answer; echo $answer"))


def test_a_command_that_does_not_exist_is_named(tmp_path: Path) -> None:
    assert "cannot be started: /none/such" in complaint(Secret(Source.COMMAND, ("/none/such", "x")))
    (tmp_path / "script").write_text("#!/bin/sh\n")
    assert "Permission denied" in complaint(Secret(Source.COMMAND, (str(tmp_path / "script"),)))


@pytest.mark.parametrize("line", ["true", "echo", r"printf '\n sesame'"])
def test_a_command_that_prints_nothing_is_no_empty_password(line: str) -> None:
    assert "empty" in complaint(shell(line))


def test_a_command_that_a_signal_ended_says_which() -> None:
    assert "SIGKILL" in complaint(shell("kill -9 $$"))


def test_output_that_is_no_text_or_far_too_long_is_refused_without_being_shown() -> None:
    assert "not UTF-8" in complaint(shell(r"printf 'sesame\377\n'"))
    assert "longer than" in complaint(shell("head -c 70000 /dev/zero | tr '\\0' a"))
    assert "NUL" in complaint(shell(r"printf 'sesame\000x\n'"))


# --- files ----------------------------------------------------------------------------------------------


def file(path: Path, mode: int = 0o600, content: bytes = b"sesame\n") -> Secret:
    path.write_bytes(content)
    path.chmod(mode)
    return Secret(Source.FILE, (str(path),))


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_file_of_the_owner_alone_is_read(tmp_path: Path, mode: int) -> None:
    assert file(tmp_path / "pw", mode).fetch() == "sesame"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o602, 0o666])
def test_a_file_that_others_may_read_or_change_is_refused_with_the_cure(tmp_path: Path, mode: int) -> None:
    said = complaint(file(tmp_path / "pw", mode))
    assert f"mode {mode:04o}" in said
    assert f"chmod 600 {tmp_path}/pw" in said
    assert "sesame" not in said


def test_what_is_no_file_is_named_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "not a regular file" in complaint(Secret(Source.FILE, (str(tmp_path / "pipe"),)))
    assert "directory" in complaint(Secret(Source.FILE, (str(tmp_path),)))
    assert "No such file" in complaint(Secret(Source.FILE, (str(tmp_path / "none"),)))


def test_an_empty_file_or_one_that_is_no_text_is_refused(tmp_path: Path) -> None:
    assert "empty" in complaint(file(tmp_path / "pw", content=b""))
    assert "not UTF-8" in complaint(file(tmp_path / "pw", content=b"s\xe4same\n"))
    assert "sesame" not in complaint(file(tmp_path / "pw", content=b"sesame\0"))


# --- environment, systemd, plain --------------------------------------------------------------------------


def test_a_variable_is_read_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    each = Secret(Source.ENV, ("SCATTERCLEAN_TEST",))
    monkeypatch.delenv("SCATTERCLEAN_TEST", raising=False)
    assert "SCATTERCLEAN_TEST is not set" in complaint(each)
    monkeypatch.setenv("SCATTERCLEAN_TEST", "")
    assert "SCATTERCLEAN_TEST is empty" in complaint(each)
    monkeypatch.setenv("SCATTERCLEAN_TEST", "sesame\nopen")
    assert "sesame" not in complaint(each)
    monkeypatch.setenv("SCATTERCLEAN_TEST", os.fsdecode(b"sesame\xff"))
    assert "sesame" not in complaint(each)
    monkeypatch.setenv("SCATTERCLEAN_TEST", "sesame")
    assert each.fetch() == "sesame"


def test_a_systemd_credential_is_read_from_its_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    each = Secret(Source.CREDENTIAL, ("mail.home",))
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert "LoadCredential=mail.home" in complaint(each)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert "No such file" in complaint(each)
    (tmp_path / "mail.home").write_bytes(b"sesame\n")
    (tmp_path / "mail.home").chmod(0o440)  # systemd's own mode
    assert each.fetch() == "sesame"


def test_a_plain_password_is_itself() -> None:
    assert Secret(Source.PLAIN, ("sesame",)).fetch() == "sesame"


@pytest.mark.parametrize("source", list(Source))
def test_no_representation_shows_where_or_what_the_password_is(source: Source) -> None:
    each = Secret(source, ("sesame", "sesame"))
    assert repr(each) == str(each) == f"{each}" == f"Secret({source})"


# --- keyring ----------------------------------------------------------------------------------------------


def test_without_the_package_keyring_the_person_learns_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    said = complaint(Secret(Source.KEYRING, ("scatterclean", "me")))
    assert command_for("keyring") in said


class FakeKeyring:
    """Stands in for the package, which is an extra: `answer` is what its backend returns or raises."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer: object = None
        package, errors = ModuleType("keyring"), ModuleType("keyring.errors")
        keyring_error = type("KeyringError", (Exception,), {})
        self.errors = {name: type(name, (keyring_error,), {}) for name in ("NoKeyringError", "KeyringLocked")}
        vars(errors).update(self.errors, KeyringError=keyring_error)
        vars(package).update(errors=errors, get_password=self._get)
        monkeypatch.setitem(sys.modules, "keyring", package)
        monkeypatch.setitem(sys.modules, "keyring.errors", errors)

    def _get(self, service: str, username: str) -> object:
        if isinstance(self.answer, Exception):
            raise self.answer
        return f"{service}/{username}/{self.answer}" if self.answer else self.answer


def test_the_keyring_is_asked_for_service_and_user_name(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeKeyring(monkeypatch).answer = "sesame"
    assert Secret(Source.KEYRING, ("mail", "me@example.org")).fetch() == "mail/me@example.org/sesame"


def test_a_keyring_that_has_nothing_or_fails_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeKeyring(monkeypatch)
    each = Secret(Source.KEYRING, ("mail", "me"))
    assert "keyring set mail me" in complaint(each)
    fake.answer = fake.errors["NoKeyringError"]("no backend")
    assert "no keyring that this process can reach" in complaint(each)
    fake.answer = fake.errors["KeyringLocked"]("sesame")
    assert "KeyringLocked" in (said := complaint(each))
    assert "sesame" not in said
    fake.answer = OSError("sesame")
    assert "OSError" in (said := complaint(each))
    assert "sesame" not in said


def test_a_keyring_that_waits_for_its_person_does_not_hold_a_round_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake, over = FakeKeyring(monkeypatch), threading.Event()
    monkeypatch.setattr(sys.modules["keyring"], "get_password", lambda *_: over.wait(60))
    try:
        with pytest.raises(SecretUnavailable, match="the keyring does not answer") as told:
            Secret(Source.KEYRING, ("mail", "me")).fetch(limit=0.05)
    finally:
        over.set()
    assert "nlock it" in told.value.hint
    assert fake.answer is None
