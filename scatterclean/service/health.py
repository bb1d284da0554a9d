"""How an account fares: what is told of it, and how long it is left in peace after trouble; it schedules nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from scatterclean import wording
from scatterclean.errors import PersonCanMend, Reach, TimeCanMend, Trouble
from scatterclean.model import SweepReport
from scatterclean.service.logs import about

log = logging.getLogger("scatterclean")

# After a failure an account is tried again this soon, then after twice as long, and so on up to MAX_BACKOFF.
FIRST_BACKOFF = timedelta(seconds=5)
MAX_BACKOFF = timedelta(minutes=15)
# What only the person can mend is not tried more often than this: many servers lock out who hammers.
PERSON_BACKOFF = timedelta(minutes=15)
# A server that asks for more patience than this is mistaken, and the account would be forgotten.
MOST_PATIENCE = timedelta(hours=1)
# The same line of trouble, after there were other lines or none: not told again before so many seconds.
AGAIN = 3600.0


def backoff(failures: int, trouble: Trouble) -> timedelta:
    """How long to wait after trouble, when `failures` came before it in a row."""
    wait = min(FIRST_BACKOFF * (1 << min(failures, 20)), MAX_BACKOFF)
    if isinstance(trouble, PersonCanMend):
        wait = max(wait, PERSON_BACKOFF)
    if isinstance(trouble, TimeCanMend) and trouble.retry_after is not None:
        wait = max(wait, min(timedelta(seconds=trouble.retry_after), MOST_PATIENCE))
    return wait


@dataclass(slots=True)
class Health:
    """Of one account: failures in a row, since when, and what was last told (nothing is told twice in a row).

    `lines`: when each line of trouble was last told, in monotonic seconds.  A server that fails at every second poll,
    or each time in another way, is told of once in AGAIN, not at every poll; `status` shows how it is now.
    """

    failures: int = 0
    since: datetime | None = None
    told: frozenset[str] = frozenset()
    line: str = ""
    bout_told: bool = False
    lines: dict[str, float] = field(default_factory=dict)

    def swept(self, report: SweepReport) -> None:
        """A round came to its end; its line is news, or is for those who debug."""
        self.works(report.account)
        for trouble in report.troubles:
            self._tell(logging.WARNING, "trouble", report.account, trouble)
        for note in report.notes:
            self._tell(logging.INFO, "note", report.account, note)
        line = wording.sweep_line(report)
        news = report.moved or report.returned or report.harvested or line != self.line
        figures = about("sweep", report.account, **_figures(report))
        log.log(logging.INFO if news else logging.DEBUG, "%s", line, extra=figures)
        self.told, self.line = frozenset((*report.troubles, *report.notes)), line

    def works(self, name: str) -> None:
        """A round came to its end."""
        if self.failures and self.since is not None and self.bout_told:
            figures = about("works-again", name, failures=self.failures, since=self.since.isoformat())
            log.info("%s: works again (since %s it did not)", name, wording.moment(self.since), extra=figures)
        self.failures, self.since, self.bout_told = 0, None, False

    def failed(self, name: str, trouble: Trouble) -> timedelta:
        """A round did not; returns how long to wait before the next."""
        wait = backoff(self.failures, trouble)
        self.failures, self.since = self.failures + 1, self.since or datetime.now(UTC)
        if self._news(trouble.what):
            hint = f". {trouble.hint}" if trouble.hint else ""
            what = f"{wording.of_account(name, trouble.what)} (trying again in {wording.span(wait)}){hint}"
            log.warning("%s", what, extra=about("failed", name, **_failure(trouble, wait, self)))
            if trouble.reach is Reach.EVERYTHING:
                log.error("%s: this concerns every account", name, extra=about("everything", name))
            self.bout_told = True
        self.told = frozenset([trouble.what])
        return wait

    def anew(self) -> None:
        """Who has mended something wants to hear whether it helped."""
        self.told = frozenset()
        self.lines.clear()

    def _tell(self, level: int, event: str, name: str, text: str) -> None:
        if not self._news(text):
            return
        if wording.tells_alarm(text):
            log.error("%s", wording.alarm_unnamed(name), extra=about("alarm", name))
            return
        first, *more = wording.of_account(name, text).splitlines()
        if event == "note" and more:
            # A list of messages: who sent them and what about is nothing for a log.
            log.log(
                level,
                "%s (`scatterclean sweep --observe` names them)",
                first.rstrip(":"),
                extra=about(event, name),
            )
        else:
            log.log(level, "%s", "\n".join((first, *more)), extra=about(event, name))

    def _news(self, text: str) -> bool:
        """Was it not told of the last round, and not within the last hour?  If not, now is when it is told."""
        now = time.monotonic()
        if text in self.told or now - self.lines.get(text, now - AGAIN) < AGAIN:
            return False
        self.lines = {known: at for known, at in self.lines.items() if now - at < AGAIN}
        self.lines[text] = now
        return True


def _figures(report: SweepReport) -> Mapping[str, object]:
    seconds = (report.ended - report.started).total_seconds()
    return {
        "sweep": report.sweep,
        "mode": str(report.mode),
        "seconds": round(seconds, 3),
        "looked_at": report.looked_at,
        "harvested": report.harvested,
        "verdicts": {str(verdict): count for verdict, count in report.verdicts.items()},
        "moved": report.moved,
        "returned": report.returned,
        "left_alone": report.left_alone,
        "refusal": str(report.refusal) if report.refusal else None,
    }


def _failure(trouble: Trouble, wait: timedelta, health: Health) -> Mapping[str, object]:
    return {
        "kind": type(trouble).__name__,
        "reach": str(trouble.reach),
        "retry_in": wait.total_seconds(),
        "failures": health.failures,
        "since": health.since.isoformat() if health.since else None,
    }
