"""Where the refresh token of an account lies: the desktop's keyring, or a file for its owner alone; never both.

What is stored says for which client and endpoint it is: it is sent nowhere else.  A lock keeps two processes from
renewing at once: with providers that give a new refresh token each time, one of the two would be lost.
"""

from __future__ import annotations

import json
import os
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from scatterclean.calling import within
from scatterclean.errors import SecretUnavailable, ServerBusy
from scatterclean.model import OAuthClient

try:
    import fcntl
except ImportError:  # no POSIX system; the store says so
    fcntl = None  # type: ignore[assignment]  # the type of a module has no None

SERVICE = "scatterclean-oauth"
_MOST = 65_536  # bytes
_LOCK_PATIENCE, _BLINK = 60.0, 0.05  # seconds; a renewal may take web.SECONDS
_LOOK, _ASK = 5.0, 60.0  # seconds: is a keyring there; the person may have to unlock it
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Kept:
    """A refresh token, and for whom it is."""

    refresh: str = field(repr=False)
    token_endpoint: str
    client_id: str

    def fits(self, client: OAuthClient) -> bool:
        return (self.token_endpoint, self.client_id) == (client.token_endpoint, client.client_id)


class Keeping(Protocol):
    """What `Tokens` needs of the place where a login lies."""

    def locked(self) -> AbstractContextManager[None]:
        """Nobody else renews meanwhile.  Raises ServerBusy if that takes too long."""

    def load(self) -> Kept | None:
        """None if nothing is kept.  Raises SecretUnavailable."""

    def renew(self, kept: Kept) -> None:
        """Raises SecretUnavailable."""


@dataclass(slots=True)
class Purse:
    """A login in the memory of this process alone, as long as its account is not there yet."""

    kept: Kept

    def locked(self) -> AbstractContextManager[None]:
        return nullcontext()

    def load(self) -> Kept:
        return self.kept

    def renew(self, kept: Kept) -> None:
        self.kept = kept


class Safe:
    """Of one account.  `folder` is made when it is needed, mode 0700."""

    def __init__(self, account: str, username: str, folder: Path) -> None:
        self._account = account
        self._user = f"{account} {username}"
        self._folder = folder
        self.path = folder / f"{account}.json"

    # --- one at a time -----------------------------------------------------------------------------------

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else renews meanwhile, in this process or another.  Raises ServerBusy if that takes too long."""
        with self._writing():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(
                self._folder / f"{self._account}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        try:
            self._take(file)
            yield
        finally:
            os.close(file)

    def _take(self, file: int) -> None:
        until = time.monotonic() + _LOCK_PATIENCE
        while fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() > until:
                    raise ServerBusy(
                        f"{self._account}: another process has been renewing the access token for a minute",
                        hint="It is tried again by itself.",
                    ) from None
                time.sleep(_BLINK)
            else:
                return

    # --- what is kept ------------------------------------------------------------------------------------

    def load(self) -> Kept | None:
        """None if nothing is kept, or what cannot be read as that.  Raises SecretUnavailable."""
        text = self._read_file()
        if text is None:
            text = self._read_keyring()
        try:
            told = json.loads(text or "")
            kept = Kept(str(told["refresh_token"]), str(told["token_endpoint"]), str(told["client_id"]))
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
        return kept if kept.refresh else None

    def renew(self, kept: Kept) -> None:
        """In the place where it lies already.  Raises SecretUnavailable."""
        if self.path.exists():
            self._write_file(_text(kept))
        else:
            self._write_keyring(_text(kept))

    def keep(self, kept: Kept, *, in_keyring: bool) -> None:
        """There, and no longer elsewhere.  Raises SecretUnavailable."""
        if in_keyring:
            self._write_keyring(_text(kept))
            with self._writing():
                self.path.unlink(missing_ok=True)
        else:
            self._write_file(_text(kept))
            self._forget_keyring()

    def forget(self) -> None:
        """Nothing of it is left, wherever it was; also the lock.  Raises SecretUnavailable."""
        with self._writing():
            self.path.unlink(missing_ok=True)
            self.path.with_suffix(".lock").unlink(missing_ok=True)
        self._forget_keyring()

    def keyring(self) -> str:
        """What people call the keyring; "" if there is none that could be used."""
        return keyring_here()

    # --- the file ----------------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as refused:
            raise SecretUnavailable(
                f"{self._account}: {self._folder} cannot be written: {refused.strerror}",
                hint="The renewed login has to be kept there: look at the permissions and at the disk.",
            ) from None

    def _read_file(self) -> str | None:
        try:
            with os.fdopen(os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                if mode & _OTHERS or not stat.S_ISREG(mode):
                    raise SecretUnavailable(
                        f"{self.path} may be read or changed by others",
                        hint=f"chmod 600 {self.path}; then log in anew: scatterclean login {self._account}",
                    )
                return file.read(_MOST).decode("utf-8", "replace")
        except FileNotFoundError:
            return None
        except OSError as refused:
            raise SecretUnavailable(f"{self.path} cannot be read: {refused.strerror}") from None

    def _write_file(self, text: str) -> None:
        """All of it or nothing, also when the power fails."""
        fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}.{threading.get_ident()}.new")
        with self._writing():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                with os.fdopen(file, "w") as writing:
                    os.fchmod(writing.fileno(), 0o600)  # whatever the umask
                    writing.write(text)
                    writing.flush()
                    os.fsync(writing.fileno())
                fresh.replace(self.path)
                folder = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)
            finally:
                fresh.unlink(missing_ok=True)

    # --- the keyring -------------------------------------------------------------------------------------

    def _read_keyring(self) -> str | None:
        try:
            import keyring
            import keyring.errors
        except ImportError:
            return None
        try:
            found: str | None = within(_ASK, lambda: keyring.get_password(SERVICE, self._user))
        except TimeoutError:
            raise SecretUnavailable(
                f"{self._account}: the keyring does not answer", hint="Unlock it."
            ) from None
        except keyring.errors.NoKeyringError:
            return None
        except Exception as error:  # noqa: BLE001 - each backend raises what its own library raises
            raise SecretUnavailable(
                f"{self._account}: the keyring refused: {type(error).__name__}",
                hint=f"Unlock it; or keep the login in a file: scatterclean login {self._account} --keep file",
            ) from None
        return found

    def _write_keyring(self, text: str) -> None:
        def store() -> bool:
            import keyring

            keyring.set_password(SERVICE, self._user, text)
            return bool(keyring.get_password(SERVICE, self._user) == text)

        try:
            if within(_ASK, store):
                return
            why = "it does not give back what it was given"
        except Exception as error:  # noqa: BLE001 - as above
            why = type(error).__name__
        raise SecretUnavailable(
            f"{self._account}: the keyring did not take the login ({why})",
            hint=f"Unlock it; or keep the login in a file: scatterclean login {self._account} --keep file",
        )

    def _forget_keyring(self) -> None:
        with suppress(Exception):  # there may be none, or nothing in it
            import keyring

            within(_LOOK, lambda: keyring.delete_password(SERVICE, self._user))


def keyring_here() -> str:
    """What people call the keyring of this session; "" if there is none that could be used."""
    try:
        return within(_LOOK, _backend)
    except Exception:  # noqa: BLE001 - each backend raises what its own library raises: then there is none
        return ""


def _backend() -> str:
    import keyring

    backend = keyring.get_keyring()
    # Below 1 are those that keep nothing, or in the clear (keyring's own mark for what it recommends).
    return str(backend.name) if float(backend.priority) >= 1 else ""


def _text(kept: Kept) -> str:
    return json.dumps(
        {
            "refresh_token": kept.refresh,
            "token_endpoint": kept.token_endpoint,
            "client_id": kept.client_id,
        }
    )
