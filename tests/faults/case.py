"""A household of one account behind a proxy, and the books that must balance whatever the network does."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from scatterclean.errors import Trouble
from scatterclean.mailbox.memory import Stored
from scatterclean.wire import Household
from tests.e2e import world as worlds
from tests.servers import Host, RealHand

LIMIT = 60.0  # seconds until a sweep counts as hanging
# Seconds for one answer: few while a fault is on; later as many as a busy machine may need.
SHORT, LONG = 0.5, 30.0
_KEYWORD = "$Backscatter"


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
    held: list[worlds.Letter]

    def arrive(self) -> None:
        """One of those that were held back, now: what claims to be older than its neighbours would have to wait."""
        held = self.held.pop()
        letter = replace(held, arrival=datetime.now(UTC).replace(microsecond=0))
        inbox = [letter if one is held else one for one in self.world.inbox]
        self.world = replace(self.world, inbox=inbox)
        self.hand.append("INBOX", letter.raw, flags=letter.flags, arrival=letter.arrival)

    def unseen(self) -> bool:
        """Is there something in the inbox that is to be moved and that no sweep has looked at?"""
        raws = {letter.raw for letter in self.world.moving}
        known = {case.where.uid for case in self.household.store.docket.open_cases("home")}
        return any(m.raw in raws and m.uid not in known for m in self.hand.messages("INBOX"))

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
        thread.join(LIMIT)
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
        everything = written([letter for letter in self.world.inbox if letter not in self.held])
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


def swept_with_a_fault(
    make: Callable[[float], Case], struck: Callable[[], bool]
) -> tuple[Case, BaseException | None]:
    """A case, after a sweep in which the fault struck, and what that raised; `make` takes the patience.

    On a machine that has much to do, haste may give up before it comes to the fault: then with a new case, and LONG.
    """
    for patience in (SHORT, LONG):
        case = make(patience)
        raised = case.sweep()
        if struck():
            return case, raised
    raise AssertionError("the sweep never came to this phase")


class Begin(Protocol):
    """A case on a server (a kind of tests/hosts, or a running one) that the household reaches at `port`.

    `patience`: seconds for one answer.  `more`: lines of its configuration.  `held`: so many of the messages that are
    to be moved are not there yet.
    """

    def __call__(
        self, kind: str | Host, port: int, *, patience: float = ..., more: str = ..., held: int = ...
    ) -> Case: ...
