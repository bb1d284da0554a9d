"""What a page is made of comes from the store, and no more of it than is shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean.model import Mode, SweepReport
from scatterclean.model.report import Forged
from scatterclean.page.gathering import gathered, own_domains
from scatterclean.store import open_store
from scatterclean.wire import Household
from tests.evidence import planted


@pytest.fixture(scope="module")
def household(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Household]:
    """After one sweep that put something away, 400 that did not."""
    path: Path = planted.plant(tmp_path_factory.mktemp("store") / "log.db", 60)
    with open_store(path) as store:
        journal = store.journal
        for number in range(401):
            at = planted.NOW - timedelta(minutes=500 - number)
            ident = journal.begin_sweep(planted.ACCOUNT, Mode.MOVE, at)
            journal.end_sweep(
                SweepReport(planted.ACCOUNT, ident, Mode.MOVE, at, at, moved=0 if number else 5)
            )
    with planted.household(path) as household:
        yield household


def test_a_sweep_that_put_something_away_is_found_behind_many_that_did_not(household: Household) -> None:
    matter = gathered(household)
    assert [one.moved for one in matter.put_away[planted.ACCOUNT]] == [5]


def test_a_sweep_before_the_time_that_was_asked_for_is_not_named(household: Household) -> None:
    matter = gathered(household, (), planted.NOW - timedelta(minutes=490))
    assert matter.put_away[planted.ACCOUNT] == []


def test_accounts_are_named_in_commands_only_if_they_were_asked_for(household: Household) -> None:
    assert gathered(household).named == ()
    assert gathered(household, (planted.ACCOUNT,)).named == (planted.ACCOUNT,)


def test_advice_is_for_domains_of_ones_own(household: Household) -> None:
    forged = [
        Forged(address, 1, used=True, owned=owned, catch_all=False)
        for address, owned in (
            ("ada@winter.example", True),
            ("info@winter.example", True),
            ("ada@gmail.com", True),
            ("eve@spring.example", False),
        )
    ]
    assert own_domains(forged) == ["winter.example"]
    assert gathered(household, advises=False).domains == ()
