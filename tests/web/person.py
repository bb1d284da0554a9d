"""A person with a mailbox on Dovecot after a first sweep, the dashboard on it, and what is found in either."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from scatterclean.demo.dovecot import ScratchDovecot
from scatterclean.model import Errand, MoveState, Verdict, WishState
from scatterclean.model.listed import Turn, Wanted
from scatterclean.store import Store, open_store
from tests import forked
from tests.e2e.program import Books, Program
from tests.servers import RealHand, fresh_user
from tests.web.house import Running, running

PATIENCE = 60.0


@dataclass
class Person:
    """A mailbox after a first sweep, and its books."""

    books: Books
    program: Program

    @property
    def env(self) -> dict[str, str]:
        return {"MAIL_PASSWORD": self.program.password}

    @property
    def database(self) -> Path:
        return self.program.config.with_name("log.db")

    def store(self) -> Store:
        return open_store(self.database, read_only=True)

    def away(self) -> list[int]:
        """Ids of the moves of what is in Backscatter."""
        with self.store() as store:
            moved = Wanted(state=MoveState.MOVED)
            return [move.id for move in store.lists.put_away(moved, Turn(), 500).rows]

    def undecided(self) -> list[int]:
        with self.store() as store:
            unsure = Wanted(verdict=Verdict.UNDECIDED)
            return [case.id or 0 for case in store.lists.staying(unsure, Turn(), 500).rows]

    def states(self) -> list[WishState]:
        with self.store() as store:
            return [wish.state for wish in reversed(store.wishes.latest(1000))]

    def deeds(self, errand: Errand) -> int:
        with self.store() as store:
            return len(store.journal.moves(errand=errand, states=[MoveState.MOVED, MoveState.RETURNED]))

    def until(self, so: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while not so():
            assert time.monotonic() < until, self.states()
            time.sleep(0.1)

    def done(self) -> None:
        """All that was asked for is over, and well."""
        self.until(lambda: WishState.ASKED not in self.states())
        assert set(self.states()) == {WishState.DONE}, self.states()

    def counts(self) -> tuple[int, int]:
        return len(self.books.hand.messages("INBOX")), len(self.books.away())

    @contextmanager
    def daemon(self) -> Iterator[forked.Process]:
        output, theirs = os.pipe()
        process = forked.start(
            ["--config", str(self.program.config), "run"],
            env={**os.environ, **self.env},
            files=(0, 1, theirs),
        )
        os.close(theirs)
        with os.fdopen(output, encoding="utf-8") as lines:
            try:
                assert "watching home" in lines.readline()
                self.until(lambda: self.store().pushes() is not None)
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(30)
                said = lines.read()
                assert "bug" not in said, said

    def dashboard(self) -> AbstractContextManager[Running]:
        return running(self.program.config, env=self.env)


@contextmanager
def a_person(dovecot: ScratchDovecot, folder: Path) -> Iterator[Person]:
    user = fresh_user()
    hand = RealHand(dovecot, user)
    books = Books.filled(hand)
    program = Program.at(folder, dovecot, user, more="[notify]\ninbox = false\n")
    assert program("sweep")["exit"] == 0
    books.swept()
    yield Person(books, program)
    hand.close()
