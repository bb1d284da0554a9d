"""A household lives for a few days, at random: mail, deletions, other hands, deaths, cut connections, clocks.

Whatever happens, no bounce of a message that was filed in a Sent folder is moved, nothing is lost or doubled, what a
hand brought back stays, and after the last fault everything is settled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from random import Random

import pytest

from scatterclean.errors import ConnectionLost
from scatterclean.mailbox.memory import MemoryServer, Stored
from scatterclean.model import MoveState
from scatterclean.sweep import Sweep
from tests.sweeps.tripwire import Death, Fate, wired_docket, wired_journal, wired_mailbox, wired_sources
from tests.sweeps.world import ME, NOW, World, bounce, letter

STEPS = 120


def name_of(message: Stored) -> str:
    head = message.raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    [line] = [line for line in head if line.lower().startswith(b"message-id:")]
    return line.decode().partition(":")[2].strip(" <>")


@dataclass
class Life:
    """Two accounts of one person on one store; `true` is the time, `skew` what the machine's clock is wrong by."""

    path: Path
    random: Random
    skews: tuple[timedelta, ...] = (timedelta(0),)
    renews: bool = False
    homes: dict[str, World] = field(default_factory=dict)
    true: datetime = NOW
    skew: timedelta = timedelta(0)
    sent_at: dict[str, datetime] = field(default_factory=dict)
    genuine: set[str] = field(default_factory=set)
    dragged: set[str] = field(default_factory=set)
    delivered: Counter[str] = field(default_factory=Counter)
    touched: set[str] = field(default_factory=set)  # deleted or flagged by a hand: its books are the person's

    def __post_init__(self) -> None:
        for name in ("home", "work"):
            server = MemoryServer(move=self.random.random() < 0.5, keywords=self.random.random() < 0.5)
            world = World(self.path, server, accounts=("home", "work"))
            world.account = replace(world.account, name=name)
            world.history(45)
            self.homes[name] = world
        for name in self.homes:
            self.sweep(name, None)

    # --- the world ----------------------------------------------------------------------------------------

    def pick(self) -> World:
        return self.random.choice(list(self.homes.values()))

    def send(self) -> None:
        ident = f"mine.{len(self.sent_at)}@winter.example"
        self.sent_at[ident] = self.true
        server = self.pick().server
        dated = self.true - self.random.choice([timedelta(0)] * 4 + [timedelta(days=300)])
        uid = server.append("Sent", letter("Hi", sender=ME, ident=ident, at=self.true), arrival=dated)
        if self.random.random() < 0.3:
            server.delete("Sent", uid)
        if self.random.random() < 0.3:
            self.deliver(ident)

    def return_one(self) -> None:
        if self.sent_at:
            self.deliver(self.random.choice(list(self.sent_at)))

    def forge(self) -> None:
        self.deliver(f"forged.{self.delivered.total()}@spam.example")

    def deliver(self, ident: str) -> None:
        number = self.delivered.total()
        at = self.true - timedelta(seconds=self.random.randint(0, 30))
        raw = bounce(ident, at=at, number=number)
        if ident in self.sent_at:  # it returns the Date of the original
            head, _, tail = raw.rpartition(b"Date: ")
            rest = tail.partition(b"\r\n")[2]
            raw = head + f"Date: {format_datetime(self.sent_at[ident])}\r\n".encode() + rest
            self.genuine.add(f"{number}.{ident.partition('@')[0]}@mx.elsewhere.example")
        self.delivered[f"{number}.{ident.partition('@')[0]}@mx.elsewhere.example"] += 1
        self.pick().server.append("INBOX", raw, arrival=at)

    def clear_sent(self) -> None:
        server = self.pick().server
        there = server.messages("Sent")
        for message in self.random.sample(there, min(len(there), self.random.choice([1, 1, 5]))):
            server.delete("Sent", message.uid)

    def drag_back(self) -> None:
        world = self.pick()
        if there := self.messages(world, world.backscatter):
            message = self.random.choice(there)
            world.server.move(world.backscatter, message.uid, "INBOX")
            # Out of the middle of a COPY that was cut off, before anybody could look: then there are two, and
            # nothing tells that the copy, which is gone again, was ours.
            half_way = self.homes["home"].store.journal.moves(states=[MoveState.INTENDED])
            cut_off = name_of(message) in {m.intent.message_id for m in half_way}
            (self.touched if cut_off else self.dragged).add(name_of(message))

    def throw_away(self) -> None:
        world = self.pick()
        folder = self.random.choice(["INBOX", world.backscatter])
        if there := self.messages(world, folder):
            message = self.random.choice(there)
            world.server.delete(folder, message.uid)
            self.touched.add(name_of(message))

    def flag(self) -> None:
        world = self.pick()
        if there := self.messages(world, "INBOX"):
            message = self.random.choice(there)
            world.server.flag("INBOX", message.uid, self.random.choice(["\\Flagged", "\\Answered"]))
            self.touched.add(name_of(message))

    def renew(self) -> None:
        """A folder is made anew, and most of what was in it put back."""
        world, folder = self.pick(), self.random.choice(["Sent", "INBOX"])
        there = world.server.messages(folder)
        if self.renews:
            world.server.renew(folder)
            for message in there:
                if folder == "INBOX" or self.random.random() < 0.8:
                    world.server.append(folder, message.raw, arrival=message.arrival, flags=message.flags)

    def set_clock(self) -> None:
        self.skew = self.random.choice(self.skews)

    # --- the program --------------------------------------------------------------------------------------

    def undo(self) -> None:
        self.told().undo()

    def told(self, name: str | None = None) -> World:
        """An account, after its clock was told the time; all have one store."""
        world = self.homes[name] if name else self.pick()
        world.now = self.true + self.skew
        home = self.homes["home"]
        world._store = home.store
        return world

    def some_sweep(self) -> None:
        self.true += timedelta(minutes=self.random.choice([1, 3, 7, 20, 60, 600]))
        name = self.random.choice(["home", "home", "work"])  # the other is often unreachable
        if self.random.random() < 0.15:
            self.homes[name].server.cut_after = self.random.randint(0, 6)
        self.sweep(name, self.random.randint(0, 60) if self.random.random() < 0.35 else None)

    def sweep(self, name: str, dies: int | None) -> None:
        world, fate = self.told(name), Fate(dies=dies)
        store = world.store
        try:
            Sweep(
                account=world.account,
                sources=wired_sources(world.sources(), fate),
                mailbox=wired_mailbox(world.mailbox(), fate),
                journal=wired_journal(store.journal, fate),
                docket=wired_docket(store.docket, fate),
                clock=world.clock,
            ).run()
        except (Death, ConnectionLost):
            self.close()
        world.server.cut_after = None

    def close(self) -> None:
        self.homes["home"].close()
        self.homes["work"]._store = None

    # --- looking ------------------------------------------------------------------------------------------

    @staticmethod
    def messages(world: World, folder: str) -> list[Stored]:
        return world.server.messages(folder) if folder in world.server.folder_names() else []

    def where(self) -> tuple[Counter[str], Counter[str]]:
        """What is in the inboxes, and what is in Backscatter."""
        worlds = self.homes.values()
        inbox = Counter(name_of(m) for w in worlds for m in self.messages(w, "INBOX"))
        return inbox, Counter(name_of(m) for w in worlds for m in self.messages(w, w.backscatter))


EVENTS: Mapping[Callable[[Life], None], int] = {
    Life.send: 18,
    Life.forge: 16,
    Life.return_one: 12,
    Life.clear_sent: 6,
    Life.drag_back: 4,
    Life.throw_away: 4,
    Life.flag: 3,
    Life.renew: 3,
    Life.set_clock: 2,
    Life.undo: 3,
    Life.some_sweep: 33,
}

# Not in it: a clock that is ahead of the server's by more than the settle time.  It ends that time early for what
# came since the last look, and nothing tells; what was moved then comes back as soon as the copy is filed.
NOW_AND_THEN: Mapping[str, tuple[timedelta, ...]] = {
    "a right clock": (timedelta(0),),
    "behind by a zone": (timedelta(0), timedelta(hours=-3)),
    "behind by two days": (timedelta(0), timedelta(days=-2)),
}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("renews", [False, True], ids=["folders stay", "folders are made anew"])
@pytest.mark.parametrize("clock", NOW_AND_THEN)
def test_no_genuine_bounce_is_ever_moved_and_the_books_are_right(
    tmp_path: Path, clock: str, renews: bool, seed: int
) -> None:
    random = Random(f"{clock} {renews} {seed}")
    life = Life(tmp_path / "log.db", random, NOW_AND_THEN[clock], renews)
    for _ in range(STEPS):
        [event] = random.choices(list(EVENTS), list(EVENTS.values()))
        event(life)
        _, away = life.where()
        assert not life.genuine & away.keys()
        assert not life.dragged & away.keys()
    life.skew = timedelta(0)
    for _ in range(2):
        life.true += timedelta(days=2)
        for name in life.homes:
            life.sweep(name, None)
    inbox, away = life.where()
    there = inbox + away
    assert {m: n for m, n in there.items() if m not in life.touched} == {
        m: n for m, n in life.delivered.items() if m not in life.touched
    }
    assert not life.genuine & away.keys()
    assert not life.homes["home"].store.journal.moves(states=[MoveState.INTENDED])
    life.close()
