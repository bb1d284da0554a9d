"""The household that the tests of faults begin with: months of sent mail in its log, and a mailbox to sweep."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scatterclean.config import load
from scatterclean.model import Verdict
from scatterclean.wire import Household
from tests.e2e import world as worlds
from tests.faults.case import LONG, Begin, Case
from tests.servers import Host, RealHand, fresh_user


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, datetime]:
    now = datetime.now(UTC)
    path = tmp_path_factory.mktemp("template") / "log.db"
    worlds.as_after_months(path, "home", now)
    return path, now


@pytest.fixture
def begin(hosts: Callable[[str], Host], template: tuple[Path, datetime], tmp_path: Path) -> Iterator[Begin]:
    path, now = template
    world = worlds.make(now, sent=40, ordinary=2, orphans=2)
    hands: list[RealHand] = []
    households: list[Household] = []

    def make(
        kind: str | Host, port: int, *, patience: float = LONG, more: str = 'tls = "none"\n', held: int = 0
    ) -> Case:
        server, user = hosts(kind) if isinstance(kind, str) else kind, fresh_user()
        prefix = "INBOX." if kind == "dovecot without MOVE" else ""
        mine = world
        if held:  # what arrives late is judged as it arrives: nothing waits for a Sent copy
            more += 'settle = "0s"\n'
            mine = replace(
                world, inbox=[replace(m, moves=m.moves or m.verdict is Verdict.WAITING) for m in world.inbox]
            )
        later = mine.moving[:held]
        inbox = [letter for letter in mine.inbox if letter not in later]
        for folder, letters in ((f"{prefix}Sent", world.sent), ("INBOX", inbox)):
            worlds.fill(server.port, user, server.password, folder, letters)
        home = tmp_path / user
        home.mkdir()
        shutil.copy(path, home / "log.db")
        (home / "password").write_text(server.password)
        (home / "password").chmod(0o600)
        (home / "scatterclean.toml").write_text(
            # Nobody is told: the inbox's messages are counted.
            f'database = "log.db"\n[notify]\ninbox = false\n[accounts.home]\nhost = "127.0.0.1"\nport = {port}\n{more}'
            f'username = "{user}"\npassword_file = "password"\naddresses = ["{worlds.ME}"]\n'
            'outbound = ["*.winter.example"]\ndns = false\nmode = "move"\n'
        )
        settings = load(home / "scatterclean.toml")
        households.append(Household.open(settings))
        hands.append(RealHand(server, user))
        case = Case(households[-1], mine, hands[-1], f"{prefix}Backscatter", list(later))
        case.patient(patience)
        return case

    yield make
    for household in households:
        household.store.close()
    for hand in hands:
        hand.close()
