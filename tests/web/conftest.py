"""A store with a few messages that were put away and a few that stay, and the dashboard on it; its mail server is
nowhere, unless a test has one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scatterclean.model import Closure, Kind, Mode, MoveState
from scatterclean.store import open_store
from tests.contracts.records import NOW, TARGET, UNDECIDED, case, intent
from tests.web.house import Running, Visitor, running

AWAY, STAY = 3, 2


def configured(
    folder: Path, *, port: int = 1, user: str = "ada", password: str = "x", more: str = ""
) -> Path:
    """A configuration of one account, on a server at this port of the machine (1: nobody listens there)."""
    config = folder / "scatterclean.toml"
    config.touch(mode=0o600)
    config.write_text(
        f'database = "log.db"\n[accounts.home]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\n'
        f'username = "{user}"\npassword = "{password}"\naddresses = ["ada@winter.example"]\n'
        f'outbound = ["*.winter.example"]\ndns = false\nmode = "move"\n{more}'
    )
    return config


def fill(folder: Path) -> None:
    """AWAY messages were put away, with the ids 1 to AWAY; STAY are undecided, behind them."""
    with open_store(folder / "log.db") as store:
        sweep = store.journal.begin_sweep("home", Mode.MOVE, NOW)
        orphans = [case(number) for number in range(1, AWAY + 1)]
        unsure = [case(100 + number, finding=UNDECIDED) for number in range(STAY)]
        store.docket.enter("home", [*orphans, *unsure], None)
        intents = [
            replace(intent(number), kind=Kind.BOUNCE, recipient="nobody@example.net")
            for number in range(1, AWAY + 1)
        ]
        moves = store.journal.intend(sweep, intents, TARGET, NOW)
        store.journal.settle([(move, MoveState.MOVED, 40 + move.id) for move in moves], NOW)
        store.docket.close(orphans, NOW, Closure.MOVED)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    fill(folder)
    configured(folder)
    return folder


@pytest.fixture(scope="module")
def shared(house: Path) -> Iterator[Running]:
    """One process for all tests of a file that do not end it."""
    with running(house / "scatterclean.toml") as made:
        yield made


@pytest.fixture
def dashboard(shared: Running) -> Running:
    """With a link that nobody has used."""
    shared.another_link()
    return shared


@pytest.fixture
def visitor(dashboard: Running) -> Visitor:
    return dashboard.let_in()
