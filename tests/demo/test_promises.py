"""The demo notices when it does not keep its word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scatterclean.demo import letters, promises
from scatterclean.demo.delivery import Letter
from scatterclean.demo.visitor import Seen, digest
from scatterclean.fingerprint import fingerprint
from scatterclean.model import Because, Bounce, Case, Finding, Kind, Place, Reason, Verdict, Whereabouts

WORLD = letters.make(datetime(2026, 11, 23, 9, 12, tzinfo=UTC))


def lying(folder: Sequence[Letter]) -> list[Seen]:
    return [Seen(digest(letter.raw), letter.flags, letter.arrival.astimezone(UTC)) for letter in folder]


STAYED = lying([letter for letter in WORLD.inbox if not letter.moves])
MOVED = lying([letter for letter in WORLD.inbox if letter.moves])
SENT = lying(WORLD.sent)


def case_of(letter: Letter, verdict: Verdict, because: Because) -> Case:
    known_as = fingerprint(letter.raw)
    finding = Finding(verdict, (Reason.of(because),))
    where = Whereabouts(Place("INBOX", 1), 1)
    return Case("ada", where, known_as, letter.arrival, Bounce(letter.kind or Kind.BOUNCE), finding)


def cases_as_expected() -> dict[str, Case]:
    return {
        fingerprint(letter.raw): case_of(letter, letter.verdict, letter.because)
        for letter in WORLD.inbox
        if letter.verdict is not None and letter.because is not None
    }


def test_what_is_as_expected_is_not_complained_of() -> None:
    assert promises.findings(WORLD, cases_as_expected()) == []
    assert promises.swept(WORLD, STAYED, MOVED, SENT) == []
    assert promises.as_before(WORLD, lying(WORLD.inbox), [], SENT) == []


@pytest.mark.parametrize("verdict", [v for v in Verdict if v is not Verdict.GENUINE])
def test_a_genuine_bounce_that_is_found_anything_else_is_told(verdict: Verdict) -> None:
    letter = next(one for one in WORLD.inbox if one.verdict is Verdict.GENUINE)
    cases = cases_as_expected() | {fingerprint(letter.raw): case_of(letter, verdict, Because.ID_LOGGED)}
    assert [verdict in said for said in promises.findings(WORLD, cases)] == [True]


def test_a_right_verdict_for_a_wrong_reason_is_told() -> None:
    letter = next(one for one in WORLD.inbox if one.because is Because.TIE)
    cases = cases_as_expected() | {
        fingerprint(letter.raw): case_of(letter, Verdict.GENUINE, Because.ID_LOGGED)
    }
    assert len(promises.findings(WORLD, cases)) == 1


def test_a_bounce_that_was_not_recognised_is_told() -> None:
    cases = cases_as_expected()
    cases.popitem()
    assert len(promises.findings(WORLD, cases)) == 1


def test_ordinary_mail_that_was_taken_for_a_bounce_is_told() -> None:
    letter = next(one for one in WORLD.inbox if one.kind is None)
    cases = cases_as_expected() | {
        fingerprint(letter.raw): case_of(letter, Verdict.UNDECIDED, Because.NO_REFERENCE)
    }
    assert len(promises.findings(WORLD, cases)) == 1


def test_a_lost_a_doubled_and_a_foreign_message_are_told() -> None:
    assert promises.swept(WORLD, STAYED[1:], MOVED, SENT) != []
    assert promises.swept(WORLD, STAYED, [*MOVED, MOVED[0]], SENT) != []
    assert promises.swept(WORLD, STAYED, MOVED, [*SENT, MOVED[0]]) != []
    assert promises.as_before(WORLD, lying(WORLD.inbox), MOVED[:1], SENT) != []


@pytest.mark.parametrize(
    "change",
    [
        {"flags": frozenset(("\\Seen", "\\Deleted"))},
        {"arrival": datetime(2026, 11, 23, tzinfo=UTC) - timedelta(days=900)},
        {"digest": "0" * 64},
    ],
    ids=["flags", "date", "bytes"],
)
def test_one_message_with_other_flags_another_date_or_other_bytes_is_told(change: dict[str, object]) -> None:
    changed = [replace(STAYED[0], **change), *STAYED[1:]]  # type: ignore[arg-type] # chosen by parameter
    assert promises.swept(WORLD, changed, MOVED, SENT) != []


def test_our_own_keyword_is_no_change() -> None:
    marked = [replace(seen, flags=seen.flags | {"$Backscatter"}) for seen in MOVED]
    assert promises.swept(WORLD, STAYED, marked, SENT) == []
