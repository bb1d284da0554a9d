"""The report as a whole: its numbers add up whatever is on record, and it stays small whatever strangers write."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scatterclean.evidence import passing, tally
from scatterclean.model import (
    Because,
    Bounce,
    Closure,
    Finding,
    Kind,
    Original,
    Reason,
    Verdict,
)
from scatterclean.model.report import Fate
from scatterclean.store import Store, open_store
from scatterclean.wording.conclusion import answer
from tests.contracts.records import case
from tests.evidence import planted
from tests.evidence.asking import ME, NOW, orphan, told
from tests.sweeps.world import SCRATCH


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "log.db") as opened:
        yield opened


# --- numbers --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def slate() -> Iterator[Store]:
    """Wiped by each example: to open a store takes longer than to fill it."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder, open_store(Path(folder) / "log.db") as store:
        yield store


drawn = st.lists(
    st.tuples(
        st.sampled_from(Verdict),
        st.sampled_from(Because),
        st.sampled_from(Kind),
        st.sampled_from([None, *Closure]),
        st.integers(-3, 900),  # days ago
        st.booleans(),
    ),
    max_size=25,
)


@settings(max_examples=60)
@given(drawn, st.none() | st.integers(0, 400))
def test_conclusion_course_fates_and_heaps_add_up(
    slate: Store, some: list[tuple[Verdict, Because, Kind, Closure | None, int, bool]], days: int | None
) -> None:
    with slate._database.write() as connection:
        connection.exec_driver_sql("DELETE FROM cases")
    cases = [
        replace(
            case(
                uid,
                finding=Finding(
                    verdict, (Reason.of(why), *([Reason.of(Because.FOREIGN)] if foreign else ()))
                ),
                bounce=Bounce(kind),
                arrival=NOW - timedelta(days=ago),
            ),
            closed_at=NOW if closure else None,
            closure=closure,
        )
        for uid, (verdict, why, kind, closure, ago, foreign) in enumerate(some, 1)
    ]
    slate.docket.enter("home", cases, None)
    since = None if days is None else NOW - timedelta(days=days)
    found = told(slate, since)
    asked = [one for one in cases if since is None or one.arrival >= since]
    of = Counter(one.finding.verdict for one in asked)
    numbers = found.conclusion
    assert (numbers.not_yours, numbers.own, numbers.undecided, numbers.waiting, numbers.alarming) == (
        *(
            of[Verdict.ORPHAN],
            of[Verdict.GENUINE],
            of[Verdict.UNDECIDED],
            of[Verdict.WAITING],
            of[Verdict.ALARM],
        ),
    )
    parts = numbers.not_yours + numbers.own + numbers.undecided + numbers.waiting + numbers.alarming
    assert numbers.bounces == parts == len(asked)
    assert max(numbers.foreign, numbers.brought_back, numbers.never_sends) <= numbers.not_yours
    assert numbers.others + numbers.undecided_away <= numbers.undecided
    assert sum(bar.bounces for bar in found.course.bars) + found.course.before == len(asked)
    if not found.course.before:
        fates: Counter[Fate] = Counter()
        for bar in found.course.bars:
            for (_, fate), number in bar.counts.items():
                fates[fate] += number
        assert fates == Counter(passing.fate(one.finding.verdict, one.closure, None) for one in asked)
    still = [one for one in asked if one.closed_at is None and one.finding.verdict is not Verdict.GENUINE]
    assert sum(heap.bounces for heap in found.open) == len(still)
    assert len(found.returned) + found.more_returned == numbers.own
    assert found.earlier + len(asked) == len(cases)
    sentence = answer(found).sentence
    assert sentence.endswith((".", "?"))
    assert " 0 " not in sentence


def test_a_planted_storm_of_thousands(tmp_path: Path) -> None:
    with planted.household(planted.plant(tmp_path / "log.db", 3000)) as household:
        found = household.report(["home"], zone=ZoneInfo("Europe/Berlin"))
        recent = household.report(since=NOW - timedelta(days=1))
    numbers = found.conclusion
    assert (numbers.bounces, numbers.not_yours, numbers.own) == (3000, 2820, 90)
    assert (numbers.undecided, numbers.waiting, numbers.others) == (60, 30, 30)
    assert numbers.brought_back == 14
    assert found.course.storm_since is not None
    assert found.spam.subjects[0].bounces > found.spam.subjects[-1].bounces
    assert [counted.text for counted in found.spam.files if counted.dangerous] != []
    assert found.bouncers[0].ip.startswith("192.0.2.")
    assert found.bouncers[0].domain.endswith(".example")
    assert {one.catch_all for one in found.forged} == {True, False}
    assert len(found.returned) == 90
    assert recent.conclusion.bounces + recent.earlier == 3000


# --- bounds ---------------------------------------------------------------------------------------------


def test_lists_stay_bounded_where_every_bounce_names_something_new(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (tally, passing):
        monkeypatch.setattr(module, "MOST", 100)
    monkeypatch.setattr("scatterclean.store.evidence._PORTION", 50)
    steady = [
        orphan(uid, reporting_mta="mx.steady.example", original=Original(sender=ME, subject="Steady"))
        for uid in range(1, 101)
    ]
    words = "abcdefghij"
    new = [
        orphan(
            uid,
            reporting_mta=f"mx{uid}.new.example",
            delivered_to=(f"x{uid}@winter.example",),
            original=Original(
                subject="".join(words[int(digit)] for digit in str(uid)),
                body=True,
                links=(f"h{uid}.example",),
                files=((f"f{uid}.zip", "application/zip"),),
            ),
        )
        for uid in range(1001, 2001)
    ]
    both = [one for pair in zip(new[:100], steady, strict=True) for one in pair] + new[100:]
    store.docket.enter("home", [replace(one, id=None) for one in both], None)
    found = told(store)
    assert found.bouncers[0].host == "mx.steady.example"
    assert found.bouncers[0].bounces == 100
    assert found.forged[0].address == ME
    assert (found.spam.subjects[0].text, found.spam.subjects[0].bounces) == ("Steady", 100)
    for listed, more in (
        (found.bouncers, found.more_bouncers),
        (found.forged, found.more_forged),
        (found.spam.subjects, found.spam.more_subjects),
        (found.spam.links, found.spam.more_links),
        (found.spam.files, found.spam.more_files),
    ):
        assert len(listed) <= 200
        assert 900 <= len(listed) + more <= 1101
