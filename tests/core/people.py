"""One person, one bounce, one log: values that tests of the core vary.  Times are relative to NOW."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scatterclean.model import (
    Account,
    Answer,
    Bounce,
    Coverage,
    Grade,
    Identities,
    Interval,
    Kind,
    Knowledge,
    MessageId,
    Original,
    Provider,
    Reference,
    Weight,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ARRIVAL = NOW - timedelta(hours=2)
ME = "ada@winter.example"
FORGED = "<forged.1@spam.example>"


def days(count: float) -> timedelta:
    return timedelta(days=count)


def reference(
    text: str = "forged.1@spam.example", weight: Weight = Weight.STRONG, *, by_reply: bool = False
) -> Reference:
    return Reference(MessageId(text), weight, "message/rfc822 part", by_reply=by_reply)


BOUNCE = Bounce(
    kind=Kind.BOUNCE,
    references=(reference(),),
    recipients=("nobody@elsewhere.example",),
    original=Original(
        sender=ME,
        subject="Cheap watches",
        date=ARRIVAL - timedelta(minutes=5),
        received=(
            "from dsl-7.stranger.example (dsl-7.stranger.example [198.51.100.7]) by mx.elsewhere.example",
        ),
    ),
    sender="mailer-daemon@elsewhere.example",
    delivered_to=(ME,),
)
ACCOUNT = Account("home", Identities(addresses=frozenset([ME])))
COVERED = Coverage((Interval(NOW - days(1000), NOW, Grade.BACKFILLED),))
KNOWLEDGE = Knowledge(
    now=NOW,
    answer=Answer(),
    identities=ACCOUNT.identities,
    coverage={"home": COVERED},
    logged=500,
    provider=Provider(
        hosts=frozenset([".winter.example"]),
        known=True,
        domains=frozenset(["winter.example"]),
        own=frozenset(["winter.example"]),
    ),
)


def knowing(*keys: str) -> Knowledge:
    """The log knows these ids."""
    return replace(KNOWLEDGE, answer=Answer(known=frozenset(keys)))
