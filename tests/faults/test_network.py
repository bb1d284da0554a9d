"""A network that fails: every phase of a sweep times every fault, on a real Dovecot; then the books must balance.

A sixth of the matrix is run each time, all of it with SCATTERCLEAN_EVERY_FAULT=1.  SCATTERCLEAN_EVERY_BYTE=1 cuts
the connection at every byte of what the server says, not at a sample.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scatterclean.config import load
from scatterclean.errors import Trouble
from scatterclean.mailbox.memory import Stored
from scatterclean.wire import Household
from tests.e2e import world as worlds
from tests.faults.proxy import FAULTS, Proxy
from tests.servers import Host, RealHand, fresh_user

_LIMIT = 60.0  # seconds until a sweep counts as hanging
# Seconds for one answer: few while a fault is on; later as many as a busy machine may need.
_SHORT, _LONG = 0.5, 30.0
_KEYWORD = "$Backscatter"
_EARLY = ("GREETING", "CAPABILITY", "LOGIN", "NAMESPACE", "LIST", "STATUS", "OPEN", "UID SEARCH")
_READING = ("HARVEST", "GATHER", "EVIDENCE")
WITH_MOVE = (*_EARLY, *_READING, "UID MOVE", "LOOK", "UID STORE", "LOGOUT")
WITHOUT_MOVE = ("UID COPY", "UID STORE", "UID EXPUNGE", "LOOK")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, datetime]:
    now = datetime.now(UTC)
    path = tmp_path_factory.mktemp("template") / "log.db"
    worlds.as_after_months(path, "home", now)
    return path, now


def books(stored: list[Stored], *, leaving: bool = False) -> Counter[tuple[bytes, datetime, frozenset[str]]]:
    r"""Text, date and flags of each message, but for the keyword that goes with what is moved, and \Deleted."""
    ours = {_KEYWORD, "\\Deleted"} if leaving else {_KEYWORD}
    return Counter((m.raw, m.arrival, m.flags - ours) for m in stored)


def written(letters: list[worlds.Letter]) -> Counter[tuple[bytes, datetime, frozenset[str]]]:
    return Counter((m.raw, m.arrival, m.flags) for m in letters)


@dataclass
class Case:
    """A household of one account behind the proxy."""

    household: Household
    world: worlds.World
    hand: RealHand
    away: str

    def sweep(self) -> BaseException | None:
        """What it raised, which may only be a Trouble; fails if it does not come back."""
        raised: list[BaseException] = []

        def run() -> None:
            try:
                self.household.sweep("home")
            except BaseException as broken:  # noqa: BLE001 - looked at below, in the test's own thread
                raised.append(broken)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(_LIMIT)
        assert not thread.is_alive(), "it hangs"
        if raised and not isinstance(raised[0], Trouble):
            raise raised[0]
        return raised[0] if raised else None

    def patient(self, seconds: float) -> None:
        """How long the account waits for an answer, from the next session on: the process stays the same."""
        settings = self.household.settings
        accounts = tuple(replace(a, timeout=timedelta(seconds=seconds)) for a in settings.accounts)
        self.household.settings = replace(settings, accounts=accounts)

    def nothing_wrong_moved(self) -> None:
        away = books(self.hand.messages(self.away)) if self.away in self.hand.folder_names() else Counter()
        assert set(away) <= set(written(self.world.moving))
        # A source of which our copy is made may bear \Deleted until the next sweep ends what was cut off.
        kept = books(self.hand.messages("INBOX"), leaving=True)
        everything = written(self.world.inbox)
        assert set(kept | away) == set(everything), "lost"

    def in_both(self) -> None:
        """What the server copied and refused to remove is in both folders, and that was told."""
        assert books(self.hand.messages(self.away)) == written(self.world.moving)
        assert books(self.hand.messages("INBOX"), leaving=True) == written(self.world.inbox)
        told = [
            trouble for report in self.household.store.journal.sweeps("home") for trouble in report.troubles
        ]
        assert any("are in both folders now" in trouble for trouble in told)

    def in_peace(self) -> None:
        """Nothing was moved: of what the server hid from the look the log knows nothing, or nobody will look again."""
        assert self.away not in self.hand.folder_names()
        assert books(self.hand.messages("INBOX")) == written(self.world.inbox)

    def balanced(self) -> None:
        moving = written(self.world.moving)
        assert books(self.hand.messages(self.away)) == moving
        assert books(self.hand.messages("INBOX")) == written(self.world.inbox) - moving


@pytest.fixture
def begin(
    hosts: Callable[[str], Host], template: tuple[Path, datetime], tmp_path: Path
) -> Iterator[Callable[[str, Proxy], Case]]:
    path, now = template
    world = worlds.make(now, sent=40, ordinary=2, orphans=2)
    hands: list[RealHand] = []
    households: list[Household] = []

    def make(kind: str, proxy: Proxy) -> Case:
        server, user = hosts(kind), fresh_user()
        prefix = "INBOX." if kind == "dovecot without MOVE" else ""
        for folder, letters in ((f"{prefix}Sent", world.sent), ("INBOX", world.inbox)):
            worlds.fill(server.port, user, server.password, folder, letters)
        home = tmp_path / user
        home.mkdir()
        shutil.copy(path, home / "log.db")
        (home / "password").write_text(server.password)
        (home / "password").chmod(0o600)
        (home / "scatterclean.toml").write_text(
            f'database = "log.db"\n[accounts.home]\nhost = "127.0.0.1"\nport = {proxy.port}\ntls = "none"\n'
            f'username = "{user}"\npassword_file = "password"\naddresses = ["{worlds.ME}"]\n'
            'outbound = ["*.winter.example"]\ndns = false\nmode = "move"\n'
        )
        settings = load(home / "scatterclean.toml")
        households.append(Household.open(settings))
        hands.append(RealHand(server, user))
        case = Case(households[-1], world, hands[-1], f"{prefix}Backscatter")
        case.patient(_SHORT if proxy.phase else _LONG)
        return case

    yield make
    for household in households:
        household.store.close()
    for hand in hands:
        hand.close()


MATRIX = [("dovecot", phase, fault) for phase in WITH_MOVE for fault in FAULTS]
MATRIX += [("dovecot without MOVE", phase, fault) for phase in WITHOUT_MOVE for fault in FAULTS]
if not os.environ.get("SCATTERCLEAN_EVERY_FAULT"):
    MATRIX = MATRIX[::6]  # a diagonal: every phase has its faults, and every fault its phases


@pytest.mark.parametrize(("kind", "phase", "fault"), MATRIX)
def test_nothing_is_lost_and_the_account_works_again(
    kind: str, phase: str, fault: str, hosts: Callable[[str], Host], begin: Callable[[str, Proxy], Case]
) -> None:
    with Proxy(hosts(kind).port, phase, fault).running() as proxy:
        case = begin(kind, proxy)
        case.sweep()
        assert proxy.struck, "the sweep never came to this phase"
        case.nothing_wrong_moved()
        proxy.clear()
        case.patient(_LONG)
        assert case.sweep() is None
        if fault == "OK though not done" and phase in LOOKING:
            case.in_peace()
        elif kind == "dovecot without MOVE" and (phase, fault) in LYING:
            case.in_both()
        else:
            case.balanced()


# What says that it removed what was copied, and did not: then both are left alone.  What refuses it is asked again.
LOOKING = ("HARVEST", "UID SEARCH", "GATHER", "EVIDENCE")
LYING = {(phase, "OK though not done") for phase in ("UID STORE", "UID EXPUNGE")}


def test_a_cut_at_any_byte_of_what_the_server_says_loses_nothing(
    hosts: Callable[[str], Host], begin: Callable[[str, Proxy], Case]
) -> None:
    with Proxy(hosts("dovecot").port).running() as proxy:
        whole = begin("dovecot", proxy)
        assert whole.sweep() is None
        whole.balanced()
        said = proxy.heard
    step = 1 if os.environ.get("SCATTERCLEAN_EVERY_BYTE") else max(1, said // 23)
    for byte in range(0, said - 200, step):
        with Proxy(hosts("dovecot").port, cut_at=byte).running() as proxy:
            case = begin("dovecot", proxy)
            case.sweep()
            assert proxy.struck, byte
            case.nothing_wrong_moved()
            proxy.clear()
            case.patient(_LONG)
            assert case.sweep() is None, byte
            case.balanced()
