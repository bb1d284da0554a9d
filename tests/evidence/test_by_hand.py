"""What the person has put away by hand counts as put away, and as brought back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scatterclean.model import Closure, Errand, Mode, MoveState
from scatterclean.store import open_store
from tests.contracts.records import NOW, TARGET, UNDECIDED, bring_back, case, intent


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
