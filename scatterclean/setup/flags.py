"""What was said on the command line: each answers a question before it is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from scatterclean.config import Secret, Source, Tls
from scatterclean.setup.keeping import Kept


class Keep(StrEnum):
    KEYRING = "keyring"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Flags:
    """None and empty: not said.  `silent`: nothing is asked."""

    email: str = ""
    host: str = ""
    port: int | None = None
    tls: Tls | None = None
    ca_file: Path | None = None
    username: str = ""
    name: str = ""
    password_command: str = ""
    password_file: Path | None = None
    password_env: str = ""
    token_command: str = ""
    oauth_client_id: str = ""
    oauth_client_secret: str = field(default="", repr=False)
    oauth_provider: str = ""
    oauth_authorize: str = ""
    oauth_token: str = ""
    oauth_device: str = ""
    oauth_scope: str = ""
    device: bool = False
    no_browser: bool = False
    login_port: int = 0
    keep: Keep | None = None
    addresses: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    outbound: tuple[str, ...] = ()
    dns: bool = True
    move: bool | None = None
    trust_found: bool = False
    silent: bool = False

    def password(self) -> tuple[Secret, Kept] | None:
        """The password's place, if it was named: then none is asked for, and none is stored."""
        if self.password_command:
            return of_command(self.password_command)
        if self.password_file is not None:
            place = str(self.password_file.expanduser().absolute())
            return Secret(Source.FILE, (place,)), Kept(Source.FILE, place)
        if self.password_env:
            return Secret(Source.ENV, (self.password_env,)), Kept(Source.ENV, self.password_env)
        return None


def of_command(line: str) -> tuple[Secret, Kept]:
    """A line for the shell, as the configuration takes it."""
    return Secret(Source.COMMAND, ("/bin/sh", "-c", line)), Kept(Source.COMMAND, line)


def of_token_command(line: str) -> tuple[Secret, Kept]:
    """The same for a command that prints an access token."""
    return Secret(Source.TOKEN, ("/bin/sh", "-c", line)), Kept(Source.TOKEN, line)
