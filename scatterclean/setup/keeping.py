"""The place of the password or login: the desktop's keyring if there is one that works, else a file of its owner's.

It shows none of them, and can take back what it stored.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scatterclean import oauth
from scatterclean.calling import within
from scatterclean.errors import Trouble
from scatterclean.oauth.safe import keyring_here
from scatterclean.setup.servers import SetupEnds

SERVICE = "scatterclean"  # what `password_keyring = true` means
_LOOK, _ASK = 5.0, 60.0  # seconds: is a keyring there; the person may have to unlock it


@dataclass(frozen=True, slots=True)
class Kept:
    """The key and value for the configuration (a table, for `oauth`).  `undo` takes away again what was stored, and
    never raises."""

    key: str
    value: str | bool | Mapping[str, str]
    undo: Callable[[], None] = lambda: None


class Vault(Protocol):
    def name(self) -> str:
        """What people call it; "" if there is none that could be used."""

    def put(self, user: str, password: str) -> Kept:
        """Raises SetupEnds if it does not take it, or does not give it back."""


class Keyring:
    """`Vault` by the package keyring (the extra `keyring`), which need not be there."""

    def name(self) -> str:
        return keyring_here()

    def put(self, user: str, password: str) -> Kept:
        import keyring

        def store() -> str | None:
            before: str | None = keyring.get_password(SERVICE, user)
            keyring.set_password(SERVICE, user, password)
            if keyring.get_password(SERVICE, user) != password:
                raise ValueError
            return before

        try:
            before = within(_ASK, store)
        except Exception as error:  # noqa: BLE001 - each backend raises what its own library raises
            raise SetupEnds(
                f"the keyring did not take the password ({type(error).__name__})",
                hint="Unlock it and try again, or choose a file: scatterclean init --keep file",
            ) from None

        def undo() -> None:
            with suppress(Exception):
                if before is None:
                    within(_LOOK, lambda: keyring.delete_password(SERVICE, user))
                else:
                    within(_LOOK, lambda: keyring.set_password(SERVICE, user, before))

        return Kept("password_keyring", True, undo)


def free_file(folder: Path, name: str) -> Path:
    """A path for the password of this account that is not taken."""
    for number in range(1, 100):
        path = folder / (f"{name}.password" if number == 1 else f"{name}-{number}.password")
        if not os.path.lexists(path):
            return path
    raise SetupEnds(f"{folder} is full of password files", hint="Remove those that are not needed.")


def put_in_file(path: Path, password: str) -> Kept:
    """Make the file, for its owner alone; never one that is there.  Raises SetupEnds."""
    try:
        with os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w"
        ) as file:
            os.fchmod(file.fileno(), 0o600)  # whatever the umask
            file.write(f"{password}\n")
            file.flush()
            os.fsync(file.fileno())
    except BaseException as error:
        if not isinstance(error, FileExistsError):
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise SetupEnds(f"the password cannot be written to {path}: {error.strerror}") from None
        raise
    # Relative to the configuration, beside which it lies: the folder may be moved as a whole.
    return Kept("password_file", path.name, lambda: path.unlink(missing_ok=True))


def put_login(safe: oauth.Safe, kept: oauth.Kept, table: Mapping[str, str], *, in_keyring: bool) -> Kept:
    """Where `scatterclean login` keeps it.  Raises SetupEnds."""
    hint = "Mend that and try again; or: scatterclean init --keep file"
    try:
        before = safe.load()  # of an account of that name which is configured no longer
    except Trouble as trouble:
        raise SetupEnds(trouble.what, hint=hint) from None
    was_file = safe.path.exists()

    def undo() -> None:
        with suppress(Trouble):
            if before is None:
                safe.forget()
            else:
                safe.keep(before, in_keyring=not was_file)

    try:
        with safe.locked():
            safe.keep(kept, in_keyring=in_keyring)
    except BaseException as error:
        undo()
        if isinstance(error, Trouble):
            raise SetupEnds(error.what, hint=hint) from None
        raise

    return Kept("oauth", table, undo)
