"""What the judge makes of what is late, and of what was cut: a stranger's excess, or a long list, convicts nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from scatterclean.judge import judge
from scatterclean.model import (
    MAX_ADDRESSES,
    MAX_REFERENCES,
    Account,
    Because,
    Bounce,
    Coverage,
    Grade,
    Interval,
    Kind,
    Knowledge,
    Verdict,
    Weight,
    WithoutId,
)

from .people import ACCOUNT, ARRIVAL, BOUNCE, KNOWLEDGE, NOW, days, reference


def finding(
    bounce: Bounce, known: Knowledge = KNOWLEDGE, account: Account = ACCOUNT
) -> tuple[Verdict, Because]:
    found = judge(bounce, ARRIVAL, known, account)
    return found.verdict, found.because[0].because


@pytest.mark.parametrize(
    ("watched", "date", "expected"),
    [
        (100, None, (Verdict.UNDECIDED, Because.OUTSIDE_COVERAGE)),  # it may be about mail of last spring
        (300, None, (Verdict.ORPHAN, Because.UNKNOWN_ID)),
        (100, ARRIVAL - days(2), (Verdict.ORPHAN, Because.UNKNOWN_ID)),
    ],
)
def test_a_receipt_may_come_months_late(
    watched: int, date: datetime | None, expected: tuple[Verdict, Because]
) -> None:
    receipt = replace(BOUNCE, kind=Kind.RECEIPT, original=replace(BOUNCE.original, date=date, received=()))
    coverage = Coverage((Interval(NOW - days(watched), NOW, Grade.WITNESSED),))
    known = replace(
        KNOWLEDGE,
        coverage={"home": coverage},
        calibrated=frozenset(["home"]),
        storms=((ARRIVAL - days(1), ARRIVAL + days(1)),),
    )
    assert finding(receipt, known) == expected


@pytest.mark.parametrize(
    ("weak", "expected"), [(MAX_REFERENCES - 1, Because.INCOMPLETE), (9, Because.UNKNOWN_ID)]
)
def test_of_more_ids_than_are_kept_the_one_that_is_missing_may_be_the_persons(
    weak: int, expected: Because
) -> None:
    more = tuple(reference(f"w{n}@x.example", Weight.WEAK) for n in range(weak))
    assert finding(replace(BOUNCE, references=(*BOUNCE.references, *more)))[1] is expected


def test_by_recipient_all_recipients_must_be_known() -> None:
    by_recipient = replace(ACCOUNT, without_id=WithoutId.RECIPIENT)
    no_id = replace(BOUNCE, references=())
    for count, expected in ((MAX_ADDRESSES - 1, Verdict.ORPHAN), (MAX_ADDRESSES, Verdict.UNDECIDED)):
        recipients = tuple(f"r{n}@elsewhere.example" for n in range(count))
        assert finding(replace(no_id, recipients=recipients), account=by_recipient)[0] is expected


@pytest.mark.parametrize(("hours", "verdict"), [(25, Verdict.UNDECIDED), (27, Verdict.ORPHAN)])
def test_a_day_and_the_widest_zones_are_added_to_what_must_be_covered(hours: int, verdict: Verdict) -> None:
    bounce = replace(BOUNCE, original=replace(BOUNCE.original, date=None))
    start = ARRIVAL - days(8) - timedelta(hours=hours)
    known = replace(KNOWLEDGE, coverage={"home": Coverage((Interval(start, NOW, Grade.WITNESSED),))})
    assert judge(bounce, ARRIVAL, known, ACCOUNT).verdict is verdict
