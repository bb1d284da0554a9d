"""A fresh store per test, on a real SQLite file; a fresh mailbox per test, on every kind of server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from scatterclean.demo.dovecot import ScratchDovecot, find_dovecot
from scatterclean.mailbox.login import open_mailbox
from scatterclean.mailbox.memory import MemoryMailbox, MemoryServer
from scatterclean.mailbox.portions import Portions
from scatterclean.ports import Docket, Journal, Mailbox, SentLog
from scatterclean.store import Store, open_store, staging
from tests.conftest import absent
from tests.contracts.worlds import World
from tests.hosts.kinds import KINDS, NO_MOVE
from tests.servers import Host, RealHand, access_to, fresh_user


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "state" / "scatterclean.db") as opened:
        yield opened


@pytest.fixture(params=["as mail comes", "all laid aside", "put in place now and then"])
def log(request: pytest.FixtureRequest, store: Store, monkeypatch: pytest.MonkeyPatch) -> SentLog:
    if request.param != "as mail comes":
        monkeypatch.setattr(staging, "FROM", 0)
    if request.param == "put in place now and then":
        monkeypatch.setattr(staging, "MOST", 5)
    return store.sent_log


@pytest.fixture
def journal(store: Store) -> Journal:
    return store.journal


@pytest.fixture
def docket(store: Store) -> Docket:
    return store.docket


@pytest.fixture(params=["memory", "memory without MOVE", *KINDS])
def world(request: pytest.FixtureRequest, hosts: Callable[[str], Host]) -> Iterator[World]:
    name = str(request.param)
    if name.startswith("memory"):
        separator, prefix = (".", "INBOX.") if "without" in name else ("/", "")
        memory = MemoryServer(separator=separator, prefix=prefix, move=not prefix)
        yield World(memory, lambda: MemoryMailbox(memory), MemoryMailbox(memory), separator, prefix)
        return
    kind, server = KINDS[name], hosts(name)
    access = access_to(server, fresh_user())
    with ExitStack() as stack:
        hand = RealHand(server, access.username)
        stack.callback(hand.close)
        # Courier: until a folder has been opened once, STATUS tells the clock as its UIDVALIDITY.
        hand.messages("INBOX")

        def another() -> Mailbox:
            # Small portions, so that every test crosses their borders.
            box = open_mailbox(access, Portions(found=7, headers=3, raw=4000, moved=3))
            stack.callback(box.close)
            return box

        yield World(
            hand, another, another(), kind.separator, kind.prefix, kind.uses, kind.refuses, kind.hides
        )


@pytest.fixture(params=["memory", "dovecot"])
def full_world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A mailbox without room for one more message, on a server without MOVE."""
    if request.param == "memory":
        memory = MemoryServer(move=False)
        memory.over_quota = True
        yield World(memory, lambda: MemoryMailbox(memory), MemoryMailbox(memory), "/", "")
        return
    if find_dovecot() is None:
        absent("Dovecot 2.3")
    with ScratchDovecot(capability=NO_MOVE, quota="*:messages=2") as server:
        access = access_to(server, fresh_user())
        hand, box = RealHand(server, access.username), open_mailbox(access)
        yield World(hand, lambda: box, box, "/", "")
        box.close()
        hand.close()
