"""The course of an examination: which check follows which, and what it means that one failed; it looks at nothing.

A check that fails never stops another.  What rests on it is told as not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from scatterclean.doctor.told import Failed, Observation, Rating, Said, Topic, unseen
from scatterclean.errors import (
    CommandRefused,
    ConnectionLost,
    DatabaseMissing,
    NobodyCanMend,
    SecretUnavailable,
    ServerBusy,
    TlsUnavailable,
    Trouble,
)

Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True)
class Check(Generic[Subject]):
    """`look` gives what it saw, or raises Failed or Trouble; `needs` are topics none of which may have failed."""

    topic: Topic
    look: Callable[[Subject], Iterable[Said]]
    needs: frozenset[Topic] = frozenset()


def take(
    checks: Sequence[Check[Subject]], subject: Subject, account: str | None, failed: set[Topic]
) -> Iterator[Observation]:
    """What every check saw.  `failed` are topics that failed before; those that fail now are added."""
    for check in checks:
        for said in _outcome(check, subject, failed):
            yield Observation(check.topic, account, said.rating, said.code, said.what, said.mend)


def _outcome(check: Check[Subject], subject: Subject, failed: set[Topic]) -> Iterator[Said]:
    if missing := [topic for topic in Topic if topic in check.needs and topic in failed]:
        if check.topic in failed:
            return  # told already
        failed.add(check.topic)
        yield unseen("not-looked-at", f"not looked at, for it rests on: {', '.join(missing)}")
        return
    try:
        yield from check.look(subject)
    except Failed as wrong:
        failed.add(check.topic)
        yield wrong.said
    except Trouble as trouble:
        failed.add(check.topic)
        yield of_trouble(trouble)
    except OSError as refused:
        failed.add(check.topic)
        yield Said(
            Rating.FAULT,
            "system-refused",
            f"the system refused: {refused.strerror or type(refused).__name__}"
            + (f" ({refused.filename})" if refused.filename else ""),
            "Look at the permissions and at the disk.",
        )
    except Exception as bug:  # noqa: BLE001 - one check that has a bug must not hide what the others would find
        failed.add(check.topic)
        # Only the kind: the text of a foreign exception may hold a piece of mail or a secret.
        yield Said(
            Rating.FAULT,
            "bug",
            f"this check has a bug ({type(bug).__name__})",
            "Please report it; the other checks are not touched by it.",
        )


def of_trouble(trouble: Trouble) -> Said:
    """An error of the house in the doctor's words: its text, its hint as the mend, its kind as the code."""
    rating = Rating.WARNING if isinstance(trouble, ServerBusy | DatabaseMissing) else Rating.FAULT
    return Said(rating, _code(type(trouble).__name__), trouble.what, trouble.hint or _usual_mend(trouble))


def _code(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


# For errors that were raised without a hint; the first that fits.
_USUAL: Sequence[tuple[type[Trouble], str]] = (
    (SecretUnavailable, "Correct the account's password key in the configuration, or what it names."),
    (
        TlsUnavailable,
        "Look in the provider's help how programs log in: by an app password, or by OAuth2 instead of a password.",
    ),
    (
        ConnectionLost,
        "Try again; if it stays so, something on the way to the server disturbs the connection.",
    ),
    (CommandRefused, "Try again; if it stays so, ask whoever runs the server what its answer means."),
    (NobodyCanMend, "Please report it with this text."),
)
_ELSE = "Try again in some minutes; if it stays so, look at the network between here and the server."


def _usual_mend(trouble: Trouble) -> str:
    return next((mend for kind, mend in _USUAL if isinstance(trouble, kind)), _ELSE)
