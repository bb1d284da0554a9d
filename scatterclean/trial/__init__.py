"""The pure core on files: what `scatterclean try` says of each message.  No account, no network, nothing changed.

log      messages that were really sent -> a sent log in memory
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import BinaryIO

from scatterclean import bounce, wording
from scatterclean.errors import PersonCanMend, Reach
from scatterclean.headers import Header
from scatterclean.judge import judge, question_for
from scatterclean.model import (
    Account,
    Bounce,
    Coverage,
    Finding,
    Grade,
    Identities,
    Interval,
    Kind,
    Knowledge,
    Provider,
    Reason,
    Switch,
)
from scatterclean.outbox.copies import arrival_of, header_of
from scatterclean.outbox.files import Message, messages
from scatterclean.trial.log import Log, SentUnreadable

__all__ = ["ALL_TIME", "PeriodUnreadable", "SentUnreadable", "period", "run"]

_NAME = "try"
# A day inside of what datetime can hold: the ends can be shown in every time zone.
ALL_TIME = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))


class PeriodUnreadable(PersonCanMend):
    """--covered is not FROM..THROUGH."""

    reach = Reach.EVERYTHING


def period(text: str) -> tuple[datetime, datetime]:
    """FROM..THROUGH: ISO 8601 dates or times, in UTC if they name no zone; one of the two may be left out.

    A date means the whole day, at either end.  Raises PeriodUnreadable.
    """
    start_text, dots, end_text = (part.strip() for part in text.partition(".."))
    try:
        start = max(ALL_TIME[0], _moment(start_text, time.min)) if start_text else ALL_TIME[0]
        end = min(ALL_TIME[1], _moment(end_text, time.max)) if end_text else ALL_TIME[1]
    except (ValueError, OverflowError):
        dots = ""
        start, end = ALL_TIME
    if not dots or not (start_text or end_text):
        raise PeriodUnreadable(
            f"{text!r} is no period of time", hint="write FROM..THROUGH, such as 2026-01-01..2026-06-30"
        )
    if end < start:
        raise PeriodUnreadable(f"{text!r} ends before it begins", hint="write the earlier date first")
    return start, end


def _moment(text: str, of_day: time) -> datetime:
    if len(text) <= len("2026-01-01"):
        return datetime.combine(date.fromisoformat(text), of_day, UTC)
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def run(
    paths: Iterable[Path],
    *,
    sent: Path | None = None,
    me: Sequence[str] = (),
    covered: tuple[datetime, datetime] | None = None,
    provider: Sequence[str] = (),
    stdin: BinaryIO | None = None,
) -> Iterator[dict[str, object]]:
    """One JSON-ready object per message, in order of input; `-` among `paths` is `stdin`.

    `sent` (a Maildir, mbox, directory or single message) is read at once, and then each message is judged
    too: that log counts as complete and witnessed for all time or for `covered`, every settle time as over,
    every kind as switched on; From addresses in it and `me` are the person's.  `provider` are domains of the
    person's mail provider; no judgment rests on them yet.
    Raises SentUnreadable at once, and nothing later: what cannot be read yields an object with `error`.
    """
    judging = _Judging.of(sent, me, covered or ALL_TIME, provider) if sent is not None else None
    return (_told(message, judging) for message in messages(paths, stdin))


@dataclass(frozen=True, slots=True)
class _Judging:
    """What every judgment of a run shares."""

    log: Log
    account: Account
    identities: Identities
    coverage: Coverage
    provider: Provider

    @staticmethod
    def of(
        sent: Path, me: Sequence[str], covered: tuple[datetime, datetime], provider: Sequence[str]
    ) -> _Judging:
        log = Log.of(messages([sent]))
        identities = Identities(
            addresses=frozenset(address.strip().lower() for address in me), learned=frozenset(log.senders)
        )
        return _Judging(
            log=log,
            account=Account(
                _NAME,
                identities,
                settle=timedelta(0),
                switches=dict.fromkeys(Kind, Switch.ALWAYS),
            ),
            identities=identities,
            coverage=Coverage((Interval(*covered, Grade.WITNESSED),)),
            provider=Provider(
                hosts=frozenset(f".{domain.strip().lower().lstrip('*.')}" for domain in provider),
                known=bool(provider),
                domains=identities.domains,
                own=identities.own_domains,
            ),
        )

    def finding(self, found: Bounce, message: Message) -> Finding:
        # Without any date the ties of the original's own time are looked at, else those of the log's end.
        arrival = (
            arrival_of(message, Header(header_of(message.raw))) or found.original.date or self.log.latest
        )
        if arrival is None or not ALL_TIME[0] + _SLACK < arrival < ALL_TIME[1] - _SLACK:
            arrival = datetime(2000, 1, 1, tzinfo=UTC)
        knowledge = Knowledge(
            now=arrival,
            answer=self.log.ask(question_for("", [(found, arrival)])),
            identities=self.identities,
            coverage={_NAME: self.coverage},
            logged=self.log.count,
            provider=self.provider,
            # Whoever says which time the log covers says that all that was sent then is in it.
            calibrated=frozenset([_NAME]),
            # Every kind is judged as in a storm: a message alone in a file says nothing of what came around it.
            storms=(ALL_TIME,),
        )
        return judge(found, arrival, knowledge, self.account)


# The judge reckons up to some weeks around an arrival.
_SLACK = timedelta(days=1000)


def _told(message: Message, judging: _Judging | None) -> dict[str, object]:
    found = None if message.error else bounce.read(message.raw, complete=message.complete)
    told = {"file": message.file, **_read(found)}
    if message.error:
        told["error"] = message.error
    if judging is not None:
        finding = judging.finding(found, message) if found else None
        told["verdict"] = finding.verdict.value if finding else None
        told["because"] = wording.because(finding) if finding else []
        told["reasons"] = [_coded(reason) for reason in finding.because] if finding else []
    return told


_NOTHING = Bounce(Kind.BOUNCE)  # only its empty fields count


def _read(found: Bounce | None) -> dict[str, object]:
    """The facts; for ordinary mail the same keys, empty."""
    kind = found.kind.value if found else None
    found = found or _NOTHING
    original = found.original
    return {
        "kind": kind,
        "references": [
            {
                "id": reference.id.text,
                "weight": reference.weight.value,
                "found_in": reference.found_in,
                "level": reference.level,
            }
            for reference in found.references
        ],
        "recipients": list(found.recipients),
        "original": {
            "from": original.sender,
            "to": list(original.to),
            "subject": original.subject,
            "date": original.date.isoformat() if original.date else None,
        },
        "reporting_mta": found.reporting_mta,
        "action": found.action,
        "status": found.status,
        "incomplete": found.incomplete,
        "stumbled": list(found.stumbled),
    }


def _coded(reason: Reason) -> dict[str, str]:
    return {"code": reason.because.value, **dict(reason.detail)}
