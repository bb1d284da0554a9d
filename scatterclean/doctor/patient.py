"""What one examination has in hand, and hands from check to check; it judges nothing and is thrown away after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from scatterclean.config import AccountSettings, Settings
from scatterclean.doctor.told import Service

if TYPE_CHECKING:
    from scatterclean.mailbox.imap import ImapMailbox
    from scatterclean.mailbox.login import Access
    from scatterclean.mailbox.session import Session
    from scatterclean.ports import Folder
    from scatterclean.standing import Standing
    from scatterclean.store import Store
    from scatterclean.wire import Household


@dataclass(slots=True)
class House:
    """What all accounts share.  `limit`: seconds that any one question may take; None: as configured.

    `service` asks whoever keeps services on this machine; None: nobody does."""

    path: Path
    now: datetime
    limit: float | None = None
    loaded: Settings | None = None
    opened: Store | None = None
    service: Callable[[], Service | None] = lambda: None

    @property
    def settings(self) -> Settings:
        """Only for checks that need a sound configuration."""
        assert self.loaded is not None  # noqa: S101 - the course sees to it
        return self.loaded

    @property
    def store(self) -> Store:
        """Only for checks that need a sound database; opened to read alone."""
        assert self.opened is not None  # noqa: S101 - the course sees to it
        return self.opened

    @property
    def household(self) -> Household:
        from scatterclean.wire import Household

        return Household(self.settings, self.store, clock=lambda: self.now)

    def close(self) -> None:
        if self.opened is not None:
            self.opened.close()


@dataclass
class Patient:
    """One account.  `addresses` are what its server's name stands for, `known` its secret once it was fetched."""

    house: House
    settings: AccountSettings
    addresses: Sequence[tuple[int, tuple[object, ...]]] = ()
    known: str = field(default="", repr=False)
    session: Session | None = None

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def where(self) -> str:
        return f"{self.settings.host}:{self.settings.port}"

    @property
    def limit(self) -> float:
        """Seconds that the server may be silent."""
        usual = self.settings.timeout.total_seconds()
        return usual if self.house.limit is None else min(usual, self.house.limit)

    @property
    def access(self) -> Access:
        """As a sweep has it, but nobody is asked for the secret a second time."""
        from scatterclean.wire import access_of

        usual = access_of(self.settings)
        return replace(
            usual,
            secret=lambda: self.known,
            connect_timeout=min(usual.connect_timeout, self.limit),
            read_timeout=min(usual.read_timeout, self.limit),
        )

    @cached_property
    def mailbox(self) -> ImapMailbox:
        """Only for checks that need the login."""
        from scatterclean.mailbox.imap import ImapMailbox

        assert self.session is not None  # noqa: S101 - the course sees to it
        return ImapMailbox(self.session)

    @cached_property
    def folders(self) -> Sequence[Folder]:
        return self.mailbox.folders()

    @cached_property
    def standing(self) -> Standing:
        """How the account stands, from the store alone, as `status` tells it."""
        return self.house.household.standing(self.name)

    def ago(self, when: datetime) -> str:
        from scatterclean.wording import text

        return text.ago(when, self.house.now.astimezone())

    def close(self) -> None:
        session, self.session = self.session, None
        if session is not None:
            with suppress(OSError):
                session.close()


def lasted(length: timedelta) -> str:
    """So long, for people, roughly: "40 minutes", "5 hours", "12 days"."""
    minutes = int(length.total_seconds() // 60)
    for unit, size in (("day", 1440), ("hour", 60)):
        if minutes >= 2 * size:
            return f"{minutes // size} {unit}s"
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
