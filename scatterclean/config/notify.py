"""`[notify]`: what the person is told, on which ways, and when; it tells nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, PlainValidator

from scatterclean.config.values import Table, choice, duration, one_line, shown, wrong
from scatterclean.model import NoticeKind


class Digest(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"  # on Mondays
    NEVER = "never"


DIGEST_AT = time(8, 0)
TROUBLE_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """`[notify]` with every default filled in.  `ways` as `model.Handover` names them; `quiet`: (start, end) by the
    machine's clock, or None; `apprise` are addresses of services, which hold secrets."""

    ways: tuple[str, ...] = ("inbox",)
    kinds: frozenset[NoticeKind] = frozenset(NoticeKind)
    digest: Digest = Digest.WEEKLY
    digest_at: time = DIGEST_AT
    quiet: tuple[time, time] | None = None
    quiet_alarms: bool = False
    trouble_after: timedelta = TROUBLE_AFTER
    apprise: tuple[str, ...] = field(default=(), repr=False)

    @property
    def handovers(self) -> tuple[str, ...]:
        """`ways`, but each service of `apprise` is one of its own ("apprise-1" ...): one that fails is tried again, and
        the others are not told twice."""
        return tuple(
            name
            for way in self.ways
            for name in (self._numbered() if way == "apprise" and self.apprise else (way,))
        )

    def services(self, way: str) -> tuple[str, ...]:
        """The addresses that belong to one of `handovers`; all of them to what an older version wrote down."""
        return dict(zip(self._numbered(), ((one,) for one in self.apprise), strict=True)).get(
            way, self.apprise
        )

    def wants(self, way: str) -> bool:
        """Is it still one of `handovers`?"""
        return way in self.handovers or way in self.ways

    def _numbered(self) -> tuple[str, ...]:
        return tuple(f"apprise-{number}" for number in range(1, len(self.apprise) + 1))


_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def _clock(value: object) -> time:
    match = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        text = shown(value) if isinstance(value, str) else "this"
        raise wrong(f'{text} is not a time of day, expected text like "08:00"')
    return time(int(match[1]), int(match[2]))


def _quiet(value: object) -> tuple[time, time]:
    start, dash, end = value.partition("-") if isinstance(value, str) else ("", "", "")
    if not dash or not _CLOCK.fullmatch(start.strip()) or not _CLOCK.fullmatch(end.strip()):
        text = shown(value) if isinstance(value, str) else "this"
        raise wrong(f'{text} is no stretch of a day, expected text like "22:00-07:00"')
    hours = _clock(start), _clock(end)
    if hours[0] == hours[1]:
        raise wrong("begins when it ends, expected two different times")
    return hours


def _service(value: str) -> str:
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://.", value):
        # Not shown: it may be a token.
        raise wrong('the text is no address of a service, expected one such as "ntfy://my-topic"')
    return value


Clock = Annotated[time, PlainValidator(_clock)]
Quiet = Annotated[tuple[time, time], PlainValidator(_quiet)]
Service = Annotated[str, AfterValidator(one_line()), AfterValidator(_service)]
After = Annotated[
    timedelta,
    duration(("1h", "servers are away for minutes every day"), ("30d", "nobody would look any more")),
]


class NotifyTable(Table):
    """`[notify]`: None means that the key is not there."""

    inbox: bool | None = None
    desktop: bool | None = None
    apprise: Annotated[list[Service] | None, Field(repr=False)] = None
    alarm: bool | None = None
    storm: bool | None = None
    trouble: bool | None = None
    trouble_after: After | None = None
    digest: Annotated[Digest, choice(Digest)] | None = None
    digest_at: Clock | None = None
    quiet_hours: Quiet | None = None
    quiet_alarms: bool | None = None


def settings_of(table: NotifyTable | None) -> NotifySettings:
    """The defaults filled in."""
    table = table or NotifyTable()
    on: Mapping[NoticeKind, bool] = {
        NoticeKind.ALARM: table.alarm is not False,
        NoticeKind.STORM: table.storm is not False,
        NoticeKind.TROUBLE: table.trouble is not False,
        NoticeKind.DIGEST: table.digest is not Digest.NEVER,
    }
    ways = {
        "inbox": table.inbox is not False,
        "desktop": table.desktop is True,
        "apprise": bool(table.apprise),
    }
    return NotifySettings(
        ways=tuple(way for way, wanted in ways.items() if wanted),
        kinds=frozenset(kind for kind, wanted in on.items() if wanted),
        digest=table.digest or Digest.WEEKLY,
        digest_at=DIGEST_AT if table.digest_at is None else table.digest_at,
        quiet=table.quiet_hours,
        quiet_alarms=table.quiet_alarms is True,
        trouble_after=table.trouble_after or TROUBLE_AFTER,
        apprise=tuple(table.apprise or ()),
    )
