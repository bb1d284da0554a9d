"""Looks at everything that can be wrong, and says how to mend it.  It changes nothing, neither here nor on a server.

told      what it says: observations, each with its topic, its rating and its mend
patient   what one examination has in hand
course    which check rests on which; a check that fails stops no other
machine   configuration, permissions, disk, service
books     lock, database, clock
line      secret, name, connection, TLS, login
server    what the server can, and its folders
past      what the database tells: is the log of sent mail whole, when was the last success?

To add a check: a small function that takes House or Patient and gives `Said` values, and a line in the table below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from scatterclean.config import AccountSettings
from scatterclean.doctor import books, line, machine, past, server
from scatterclean.doctor.course import Check, take
from scatterclean.doctor.patient import House, Patient
from scatterclean.doctor.told import Observation, Rating, Report, Service, Topic
from scatterclean.wire import accounts_named

__all__ = ["Observation", "Rating", "Report", "Service", "Topic", "examine"]

_SOUND: Final = frozenset({Topic.CONFIGURATION})
_OF_THE_HOUSE: Final[Sequence[Check[House]]] = (
    Check(Topic.CONFIGURATION, machine.configuration),
    Check(Topic.PERMISSIONS, machine.permissions, _SOUND),
    Check(Topic.DISK, machine.disk, _SOUND),
    Check(Topic.LOCK, books.lock, _SOUND),
    Check(Topic.DATABASE, books.database, _SOUND),
    Check(Topic.CLOCK, books.clock, frozenset({Topic.DATABASE})),
    Check(Topic.SERVICE, machine.service),
)
_OF_AN_ACCOUNT: Final[Sequence[Check[Patient]]] = (
    Check(Topic.SECRET, line.secret),
    Check(Topic.NAME, line.name),
    Check(Topic.CONNECTION, line.connection, frozenset({Topic.NAME})),
    Check(Topic.TLS, line.tls, frozenset({Topic.CONNECTION})),
    Check(Topic.LOGIN, line.login, frozenset({Topic.TLS, Topic.SECRET})),
    Check(Topic.CAPABILITIES, server.moving, frozenset({Topic.LOGIN})),
    Check(Topic.CAPABILITIES, server.waking, frozenset({Topic.LOGIN})),
    Check(Topic.CAPABILITIES, server.uses, frozenset({Topic.LOGIN})),
    Check(Topic.FOLDERS, server.watched, frozenset({Topic.LOGIN})),
    Check(Topic.FOLDERS, server.filed, frozenset({Topic.LOGIN})),
    Check(Topic.FOLDERS, server.target, frozenset({Topic.LOGIN})),
    Check(Topic.CAPABILITIES, server.keywords, frozenset({Topic.LOGIN})),
    Check(Topic.SENT, past.covered, frozenset({Topic.DATABASE})),
    Check(Topic.SENT, past.routes, frozenset({Topic.DATABASE})),
    Check(Topic.SWEEPS, past.swept, frozenset({Topic.DATABASE})),
)
# The most secret that is looked for in what is told: shorter ones stand in words by chance.
_SHORTEST: Final = 4

Tell = Callable[[Observation], None]


def examine(
    path: Path,
    names: Sequence[str] = (),
    *,
    now: datetime | None = None,
    limit: float | None = None,
    service: Callable[[], Service | None] = lambda: None,
    tell: Tell = lambda _: None,
) -> Report:
    """Look at the configuration at `path` and at all that rests on it; of accounts at those with these names, or all.

    `limit`: seconds that a server or a password_command may be silent (default: as configured).  `tell` hears each
    observation as it is made; `service` asks for the service.  Raises AccountUnknown; nothing else: whatever is wrong
    is an observation.
    """
    house = House(path, now or datetime.now(UTC), limit, service=service)
    found: list[Observation] = []

    def keep(observation: Observation) -> None:
        found.append(observation)
        tell(observation)

    failed: set[Topic] = set()
    accounts: Sequence[AccountSettings] = ()
    try:
        for check in _OF_THE_HOUSE:
            for observation in take((check,), house, None, failed):
                if check.topic is Topic.CONFIGURATION and house.loaded is not None:
                    accounts = accounts_named(house.loaded, names)
                keep(observation)
        for settings in accounts:
            _account(house, settings, set(failed), keep)
    finally:
        house.close()
    return Report(path, tuple(a.name for a in accounts), house.now, tuple(found))


def _account(house: House, settings: AccountSettings, failed: set[Topic], keep: Tell) -> None:
    patient = Patient(house, settings)
    try:
        for observation in take(_OF_AN_ACCOUNT, patient, settings.name, failed):
            keep(_without_secret(observation, patient.known))
    finally:
        patient.close()


def _without_secret(observation: Observation, secret: str) -> Observation:
    """The last gate: whatever a server or a program repeats, the password is not told."""
    if len(secret) < _SHORTEST or secret not in f"{observation.what}\n{observation.mend}":
        return observation
    return replace(
        observation,
        what=observation.what.replace(secret, "***"),
        mend=observation.mend.replace(secret, "***"),
    )
