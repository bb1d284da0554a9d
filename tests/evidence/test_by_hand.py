"""What the person has put away by hand counts as put away, and as brought back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scatterclean.model import Because, Closure, Errand, Finding, Mode, MoveState, Reason, Verdict
from scatterclean.model.report import Doubt
from scatterclean.store import open_store
from tests.contracts.records import NOW, ORPHAN, TARGET, UNDECIDED, bring_back, case, intent
from tests.evidence.asking import told


@pytest.mark.parametrize("back", [False, True])
def test_a_message_that_was_put_away_by_hand_is_told_by_where_it_is(tmp_path: Path, back: bool) -> None:
    with open_store(tmp_path / "log.db") as store:
        sweep = store.journal.begin_sweep("home", Mode.MOVE, NOW)
        [one] = store.docket.enter("home", [case(1, finding=UNDECIDED)], None)
        [move] = store.journal.intend(sweep, [replace(intent(1), errand=Errand.HAND)], TARGET, NOW)
        store.journal.settle([(move, MoveState.MOVED, 50)], NOW)
        store.docket.close([one], NOW, Closure.MOVED)
        if back:
            home = replace(TARGET, place=one.where.place)
            [undo] = store.journal.intend(sweep, [bring_back(move.id, 1)], home, NOW)
            store.journal.settle([(undo, MoveState.MOVED, 60)], NOW)
        [(facts, _)] = store.evidence.findings(["home"], None)
        assert list(facts.moves) == [MoveState.RETURNED if back else MoveState.MOVED]
        conclusion = told(store).conclusion
        assert (conclusion.undecided, conclusion.undecided_away) == (1, 0 if back else 1)
        assert (conclusion.brought_back, conclusion.back) == (0, 1 if back else 0)


def test_forgeries_that_were_left_because_of_a_hand_are_counted(tmp_path: Path) -> None:
    with open_store(tmp_path / "log.db") as store:
        marked, away, _ = store.docket.enter("home", [case(uid, finding=ORPHAN) for uid in (1, 2, 3)], None)
        store.docket.close([marked], NOW, Closure.HAND)
        store.docket.close([away], NOW, Closure.MOVED)
        conclusion = told(store).conclusion
    assert (conclusion.not_yours, conclusion.left_by_hand) == (3, 1)


def test_a_doubt_counts_the_undecided_as_all_the_rest_of_the_report_does(tmp_path: Path) -> None:
    """Some of them make a doubt of their own, or are about somebody else: they are undecided all the same."""
    reasons = [*[Because.NO_REFERENCE] * 5, *[Because.UNPROVED] * 3, Because.NO_STORM, Because.SHARED]
    with open_store(tmp_path / "log.db") as store:
        cases = [
            case(uid, finding=Finding(Verdict.UNDECIDED, (Reason.of(because),)))
            for uid, because in enumerate(reasons, 1)
        ]
        store.docket.enter("home", cases, None)
        conclusion = told(store).conclusion
    [doubt] = [one for one in conclusion.doubts if one.doubt is Doubt.MOSTLY_UNDECIDED]
    assert (doubt["undecided"], doubt["others"]) == (str(conclusion.undecided), "1") == ("10", "1")
    assert (doubt["because"], doubt["so"]) == ("no-reference", "5")
