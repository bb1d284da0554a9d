"""The configuration as frozen values; nothing here reads or checks anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from scatterclean.config.notify import NotifySettings
from scatterclean.config.outward import PingUrl
from scatterclean.config.secret import Secret
from scatterclean.model import Account, OAuthClient


class Tls(StrEnum):
    """How the connection is encrypted (RFC 8314: implicit is to be preferred)."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"

    @property
    def port(self) -> int:
        """The port that IANA assigned: 993 for implicit TLS, else 143."""
        return 993 if self is Tls.IMPLICIT else 143


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


POLL = timedelta(minutes=5)
SETTLE = timedelta(minutes=10)
TIMEOUT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """One `[accounts.NAME]` table with every default filled in.

    `poll` is the time between two sweeps, `push`: may the server wake one earlier?  `timeout` is how long any one
    network call may take; `dns`: may the records of the person's own domains be asked for?  `oauth` is there
    if the login is by OAuth2; its refresh token is kept in the folder `tokens`, where there is no keyring.
    """

    account: Account
    host: str
    username: str
    secret: Secret
    port: int = 993
    tls: Tls = Tls.IMPLICIT
    ca_file: Path | None = None
    timeout: timedelta = TIMEOUT
    poll: timedelta = POLL
    push: bool = True
    dns: bool = True
    oauth: OAuthClient | None = None
    tokens: Path = Path()

    @property
    def name(self) -> str:
        return self.account.name

    @property
    def address(self) -> str:
        """By which the person is written to: the user name if it is one of several, else the first."""
        named = sorted(address for address in self.account.identities.addresses if address[0] != "*")
        username = self.username.lower()
        return username if username in named or not named else named[0]


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole file.  `warnings` are `file:line: key: ...` as in ConfigBroken, but nothing that stops.

    `metrics_file`: where the daemon's figures go (Prometheus), `ping_url`: what it calls after a good round.
    `backscatter_lists`: zones that are asked whether a server that bounces to forged senders is known for it.
    """

    path: Path
    database: Path
    accounts: tuple[AccountSettings, ...]
    log_level: LogLevel = LogLevel.INFO
    notify: NotifySettings = field(default_factory=NotifySettings)
    metrics_file: Path | None = None
    ping_url: PingUrl | None = None
    backscatter_lists: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=(), compare=False)
