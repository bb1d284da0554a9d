"""A real Dovecot that announces neither MOVE nor UIDPLUS: refused, or copied and marked as the person has set it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from scatterclean.demo.dovecot import ScratchDovecot, find_dovecot
from tests.conftest import absent
from tests.e2e.program import KEYWORD, Books, Program, expected, messages
from tests.servers import RealHand, fresh_user

pytestmark = pytest.mark.slow

NEITHER = "IMAP4rev1 LITERAL+ NAMESPACE SPECIAL-USE LIST-EXTENDED UNSELECT ID"


@pytest.fixture(scope="module")
def poor() -> Iterator[ScratchDovecot]:
    if not find_dovecot():
        absent("Dovecot 2.3")
    with ScratchDovecot(capability=NEITHER) as server:
        yield server


def test_it_is_refused_and_the_way_out_is_named(poor: ScratchDovecot, tmp_path: Path) -> None:
    user = fresh_user()
    with closing(RealHand(poor, user)) as hand:
        books = Books.filled(hand)
        told = Program.at(tmp_path, poor, user)("sweep")
        [account] = told["accounts"]
        assert account["refusal"] == "cannot-move"
        assert 'without_uidplus = "copy-and-mark"' in account["troubles"][0]
        books.untouched()


def test_orphans_are_copied_once_and_marked_and_an_undo_takes_the_mark_off(
    poor: ScratchDovecot, tmp_path: Path
) -> None:
    user = fresh_user()
    with closing(RealHand(poor, user)) as hand:
        books = Books.filled(hand)
        program = Program.at(tmp_path, poor, user, more='without_uidplus = "copy-and-mark"\n')
        program("sweep", "--observe")
        books.untouched()
        moving = books.world.moving
        for number in (len(moving), 0):
            told = program("sweep")
            assert (told["exit"], told["accounts"][0]["moved"]) == (0, number), told
            assert messages(books.away()) == expected(moving, KEYWORD)
            others = expected(books.inbox) - expected(moving)
            assert messages(hand.messages("INBOX")) == others + expected(moving, KEYWORD)
        told = program("undo", "--all")
        assert len(told["accounts"][0]["back"]) == len(moving)
        assert messages(hand.messages("INBOX")) == expected(books.inbox)
        assert program("sweep", "--folder", "INBOX")["accounts"][0]["moved"] == 0
        assert len(books.away()) == len(moving)
