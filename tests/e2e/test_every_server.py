"""A whole sweep, and its undo, as processes on every kind of server: the books balance after each step."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.program import Books, Program, whole_story
from tests.hosts.kinds import KINDS, Kind
from tests.servers import Host, RealHand, fresh_user

pytestmark = pytest.mark.slow


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, hosts: Callable[[str], Host]) -> tuple[Kind, Host]:
    return KINDS[request.param], hosts(request.param)


def test_a_sweep_and_its_undo_balance_the_books_and_spare_what_others_marked(
    kind: tuple[Kind, Host], tmp_path: Path
) -> None:
    what, server = kind
    user = fresh_user()
    with closing(RealHand(server, user)) as hand:
        books = Books.filled(hand, prefix=what.prefix)
        whole_story(Program.at(tmp_path, server, user), books)
