"""Backscatter was renamed, or emptied into another folder, on real servers: undo and rescue find what was put away."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.program import Books, Program, messages
from tests.hosts.kinds import KINDS
from tests.servers import Host, RealHand, fresh_user

pytestmark = pytest.mark.slow

SERVERS = ["dovecot", "dovecot without MOVE", "dovecot maildir", "cyrus", "cyrus below INBOX", "courier"]


@pytest.fixture(params=SERVERS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_undo_follows_the_renamed_folder_and_new_orphans_go_to_a_new_one(
    kind: str, hosts: Callable[[str], Host], tmp_path: Path
) -> None:
    prefix, server, user = KINDS[kind].prefix, hosts(kind), fresh_user()
    with closing(RealHand(server, user)) as hand:
        books = Books.filled(hand, prefix=prefix)
        # What arrives during the test is fresh: it would wait for ten minutes.
        program = Program.at(tmp_path, server, user, more='settle = "0s"\n')
        assert program("sweep")["accounts"][0]["moved"] >= len(books.world.moving)
        put_away = messages(books.away())
        hand.rename(f"{prefix}Backscatter", f"{prefix}Old")
        books.another(4711)
        program("sweep")  # what is new is as fresh as this sweep: Sent is read after it by the next
        assert program("sweep")["accounts"][0]["moved"] == 1
        assert len(books.away()) == 1
        assert messages(hand.messages(f"{prefix}Old")) == put_away
        told = program("undo", "--all")
        assert told["exit"] == 0, told
        assert len(told["accounts"][0]["back"]) == put_away.total() + 1
        assert hand.messages(f"{prefix}Old") == []
        books.undone()
        assert program("sweep", "--folder", "INBOX")["accounts"][0]["moved"] == 0


def test_undo_finds_what_another_client_filed_elsewhere(
    kind: str, hosts: Callable[[str], Host], tmp_path: Path
) -> None:
    prefix, server, user = KINDS[kind].prefix, hosts(kind), fresh_user()
    with closing(RealHand(server, user)) as hand:
        books = Books.filled(hand, prefix=prefix)
        program = Program.at(tmp_path, server, user)
        program("sweep")
        hand.create(f"{prefix}Archive")
        for message in books.away():
            hand.move(f"{prefix}Backscatter", message.uid, f"{prefix}Archive")
        told = program("undo", "--all")
        assert told["exit"] == 0, told
        assert len(told["accounts"][0]["back"]) == len(books.world.moving)
        assert hand.messages(f"{prefix}Archive") == []
        books.undone()
