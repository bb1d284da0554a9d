"""Where a password is kept, and how it is fetched when it is needed; it never prints or remembers one."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

from scatterclean.calling import within
from scatterclean.errors import SecretUnavailable
from scatterclean.installing import command_for

# A person may have to type a passphrase into a pinentry window first.
COMMAND_LIMIT = 60.0  # seconds
_DRAIN = 2.0  # seconds that a killed command may take to let go of its pipes
_MAX_SECRET = 65_536  # bytes; OAuth tokens have some kB
_MAX_COMPLAINT = 600  # characters of a failed command's stderr that are shown
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_running: set[subprocess.Popen[bytes]] = set()


class Source(StrEnum):
    """The keys of the configuration that say where the password is; an account has exactly one."""

    COMMAND = "password_command"
    FILE = "password_file"
    ENV = "password_env"
    CREDENTIAL = "password_credential"
    KEYRING = "password_keyring"
    PLAIN = "password"
    TOKEN = "token_command"  # noqa: S105 - the name of a key
    OAUTH = "oauth"

    @property
    def bearer(self) -> bool:
        """Is it an access token that is fetched (RFC 6750), and no password?"""
        return self in (Source.TOKEN, Source.OAUTH)


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A password that is not there yet.  Two are equal if they come from the same place.

    `place` depends on the source: the program and its arguments, the path of the file, the name of the
    variable or of the credential, (service, user name) of the keyring, or the password itself.  What `oauth` gives
    is not to be had here: room `oauth` has it.
    """

    source: Source
    place: tuple[str, ...]

    def fetch(self, *, limit: float = COMMAND_LIMIT) -> str:
        """The password, asked for anew at every call.  A command and the keyring have `limit` seconds.

        Of a file's content and a command's output the first line counts, as in isync, msmtp and `pass`.
        Raises SecretUnavailable; its text names the place and never the secret.
        """
        found = self._found(limit)
        if any(c in found for c in "\0\r\n"):
            raise SecretUnavailable(
                f"what came from {self.source} holds a line break or NUL, which IMAP cannot carry",
                hint="store the password alone, on one line",
            )
        return found

    def _found(self, limit: float) -> str:
        place = self.place[0]
        match self.source:
            case Source.COMMAND:
                return _first_line(
                    _output_of(self.source, self.place, limit), "the output of password_command"
                )
            case Source.TOKEN:
                return _first_line(_output_of(self.source, self.place, limit), "the output of token_command")
            case Source.FILE:
                return _first_line(_content_of(place), f"password_file {place}")
            case Source.ENV:
                return _variable(place)
            case Source.CREDENTIAL:
                return _first_line(_credential(place), f"systemd credential {place}")
            case Source.KEYRING:
                return _from_keyring(*self.place, limit=limit)
            case Source.PLAIN:
                return place
            case Source.OAUTH:
                raise SecretUnavailable("a token by OAuth2 is asked for, and this is not the place for that")

    def __repr__(self) -> str:
        return f"Secret({self.source})"

    __str__ = __repr__


def _first_line(raw: bytes, what: str) -> str:
    if len(raw) > _MAX_SECRET:
        raise SecretUnavailable(f"{what} is longer than {_MAX_SECRET} bytes", hint="a password is expected")
    line = raw.replace(b"\r\n", b"\n").partition(b"\n")[0]
    # A UnicodeDecodeError would carry the bytes along in tracebacks: no exception may hold them.
    text = line.decode("utf-8", errors="surrogateescape")
    if any("\udc80" <= c <= "\udcff" for c in text):
        raise SecretUnavailable(f"{what} is not UTF-8 text", hint="a password in UTF-8 is expected")
    if not text:
        raise SecretUnavailable(f"{what} is empty in its first line", hint="the password is expected there")
    return text


def _variable(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise SecretUnavailable(
            f"the environment variable {name} is {'empty' if name in os.environ else 'not set'}",
            hint="set it for the process that runs scatterclean (systemd: Environment= or EnvironmentFile=)",
        )
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise SecretUnavailable(f"the environment variable {name} is not UTF-8 text")
    return value


def _content_of(path: str) -> bytes:
    try:
        # O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise SecretUnavailable(f"password_file {path} is not a regular file")
            if mode & _OTHERS:
                raise SecretUnavailable(
                    f"password_file {path} has mode {stat.S_IMODE(mode):04o}: others may read or change it",
                    hint=f"chmod 600 {path}",
                )
            return file.read(_MAX_SECRET + 1)
    except IsADirectoryError:
        raise SecretUnavailable(f"password_file {path} is a directory") from None
    except FileNotFoundError:
        raise SecretUnavailable(
            f"password_file {path} cannot be read: No such file or directory",
            hint=f"create it, with the password alone in its first line, and chmod 600 {path}",
        ) from None
    except OSError as error:
        raise SecretUnavailable(f"password_file {path} cannot be read: {error.strerror}") from None


def _credential(name: str) -> bytes:
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if not directory:
        raise SecretUnavailable(
            f"systemd passed no credentials, so there is no {name}: CREDENTIALS_DIRECTORY is not set",
            hint=f"run scatterclean from a unit with LoadCredential={name}:PATH or LoadCredentialEncrypted=",
        )
    path = Path(directory) / name
    try:
        # systemd makes the file for this unit alone, mode 0400 or 0440 (systemd.exec(5)): its mode is right.
        with path.open("rb") as file:
            return file.read(_MAX_SECRET + 1)
    except OSError as error:
        raise SecretUnavailable(
            f"systemd credential {name} cannot be read: {error.strerror}",
            hint=f"the unit needs LoadCredential={name}:PATH or LoadCredentialEncrypted=",
        ) from error


def _output_of(key: Source, command: tuple[str, ...], limit: float) -> bytes:
    """What the command prints on stdout; its stdin is empty, and it is killed when the time is over."""
    late = False
    output = b""
    # stderr goes to a file, not a pipe: an ssh ControlPersist master holds its stderr open for hours.
    with _scratch(key) as errors:
        try:
            # A session of its own: the time limit ends its children too, and a prompt on the terminal of a
            # daemon fails at once instead of stopping it.  The command is the person's own.
            process = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        except OSError as error:
            raise SecretUnavailable(f"{key} cannot be started: {command[0]}: {error.strerror}") from error
        _running.add(process)
        try:
            output, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            late = True
        finally:
            _running.discard(process)
            _end(process)
        errors.seek(0)
        complaint = errors.read(_MAX_SECRET)
    if late:  # outside of the except: TimeoutExpired carries the output along
        raise SecretUnavailable(
            f"{key} did not end within {limit:g} s",
            hint="it may be waiting for somebody to type; try it in a terminal with </dev/null",
        )
    if process.returncode:
        raise SecretUnavailable(
            f"{key} {_ended(process.returncode)}", hint=_without_secrets(complaint, output)
        )
    return output


def _scratch(key: Source) -> IO[bytes]:
    try:
        return tempfile.TemporaryFile()
    except OSError as error:
        raise SecretUnavailable(
            f"{key} cannot be started, as no temporary file can be made: {error.strerror}",
            hint="is the disk full, or the temporary directory (TMPDIR) not writable?",
        ) from error


def end_commands() -> None:
    """Kill every password_command that still runs, from any thread: who waits for one gets SecretUnavailable."""
    for process in list(_running):
        _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        _kill(process)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_DRAIN)
    if process.stdout is not None:
        process.stdout.close()


def _ended(returncode: int) -> str:
    if returncode >= 0:
        return f"failed with exit status {returncode}"
    with suppress(ValueError):
        return f"was ended by {signal.Signals(-returncode).name}"
    return f"was ended by signal {-returncode}"


def _without_secrets(complaint: bytes, output: bytes) -> str:
    """The command's stderr for people; whatever of its stdout is repeated there (`set -x`) is blanked."""
    text = complaint.decode("utf-8", errors="replace")
    for line in output.decode("utf-8", errors="replace").split("\n"):
        if line.strip():
            text = text.replace(line.strip(), "***")
    text = "\n  ".join(
        "".join(c if c.isprintable() else "?" for c in line.expandtabs(1))
        for line in text.strip().splitlines()
    )
    if len(text) > _MAX_COMPLAINT:
        text = f"... {text[-_MAX_COMPLAINT:]}"
    return f"it said: {text}" if text else "it said nothing on stderr"


def _from_keyring(service: str, username: str, *, limit: float) -> str:
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise SecretUnavailable(
            "password_keyring needs the package keyring, which is not installed",
            hint=f"Install it: {command_for('keyring')}",
        ) from None
    store = f"keyring set {service} {username}"
    try:
        found: str | None = within(limit, lambda: keyring.get_password(service, username))
    except TimeoutError:
        raise SecretUnavailable(
            "the keyring does not answer", hint="Unlock it, in your desktop session."
        ) from None
    except keyring.errors.NoKeyringError:
        raise SecretUnavailable(
            "there is no keyring that this process can reach (a daemon often has no session bus)",
            hint="use password_command or password_file, or run scatterclean inside the desktop session",
        ) from None
    except keyring.errors.KeyringError as error:
        raise SecretUnavailable(
            f"the keyring refused: {type(error).__name__}", hint=f"unlock it, then try: {store}"
        ) from None
    except Exception as error:  # noqa: BLE001 - each backend raises what its own library raises (D-Bus, ctypes)
        raise SecretUnavailable(f"the keyring failed: {type(error).__name__}") from None
    if not found:
        raise SecretUnavailable(f"the keyring has no password for {username} in {service}", hint=store)
    return found
