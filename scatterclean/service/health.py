"""How an account fares: what is told of it, and how long it is left in peace after trouble; it schedules nothing."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scatterclean import wording
from scatterclean.errors import ConnectionLost, PersonCanMend, Reach, TimeCanMend, Trouble
from scatterclean.model import SweepReport

log = logging.getLogger("scatterclean")

# After a failure an account is tried again this soon, then after twice as long, and so on up to MAX_BACKOFF.
FIRST_BACKOFF = timedelta(seconds=5)
MAX_BACKOFF = timedelta(minutes=15)
# What only the person can mend is not tried more often than this: many servers lock out who hammers.
PERSON_BACKOFF = timedelta(minutes=15)
# A server that asks for more patience than this is mistaken, and the account would be forgotten.
MOST_PATIENCE = timedelta(hours=1)


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
    """Of one account: failures in a row, since when, and what was told since the last round that came to
    its end (nothing is told twice until another does)."""

    failures: int = 0
    since: datetime | None = None
    told: frozenset[str] = frozenset()
    line: str = ""
    bout_told: bool = False

    def swept(self, report: SweepReport) -> None:
        """A round came to its end; its line is news, or is for those who debug."""
        if self.bout_told and self.since is not None:
            log.info("%s: works again (since %s it did not)", report.account, wording.moment(self.since))
        for trouble in report.troubles:
            if trouble not in self.told:
                log.warning("%s", trouble)
        for note in report.notes:
            if note not in self.told:
                log.info("%s", wording.of_account(report.account, note))
        line = wording.sweep_line(report)
        news = report.moved or report.returned or report.harvested or line != self.line
        log.log(logging.INFO if news else logging.DEBUG, "%s", line)
        self.failures, self.since, self.bout_told = 0, None, False
        # Kept until the next round comes to its end: what is told here may outlast an outage in between, and an outage
        # may show itself in several ways by turns.
        self.told, self.line = frozenset((*report.troubles, *report.notes)), line

    def failed(self, name: str, trouble: Trouble) -> timedelta:
        """A round did not; returns how long to wait before the next."""
        wait = backoff(self.failures, trouble)
        if isinstance(trouble, ConnectionLost) and not self.failures:
            # Mostly over at the next try; if not, that one tells what it is, and an outage is told once.
            log.debug("%s (trying again in %s)", trouble.what, wording.span(wait))
        elif trouble.what not in self.told:
            self.told |= {trouble.what}
            self.bout_told = True
            what, hint = wording.of_account(name, trouble.what), trouble.hint and f"\n  {trouble.hint}"
            log.warning("%s (trying again in %s)%s", what, wording.span(wait), hint)
            if trouble.reach is Reach.EVERYTHING:
                log.error("%s: this concerns every account", name)
        self.failures, self.since = self.failures + 1, self.since or datetime.now(UTC)
        return wait
