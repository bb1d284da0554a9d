"""scatterclean as a process on a real server, and a whole sweep of a small mailbox there, whose books are balanced.

It knows no kind of server; what is expected comes from `tests.e2e.world`.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scatterclean.mailbox.memory import Stored
from tests import forked
from tests.e2e import world as worlds
from tests.e2e.world import Letter, World
from tests.servers import Host, OtherHand

KEYWORD = "$Backscatter"


@dataclass
class Program:
    """scatterclean with a configuration of one account; every call is a process of its own."""

    config: Path
    password: str

    def __call__(self, *arguments: str) -> dict[str, Any]:
        """What it printed with --json, and `exit` and `said` (standard error)."""
        done = forked.run(
            ["--config", str(self.config), *arguments, "--json"],
            env={**os.environ, "MAIL_PASSWORD": self.password},
        )
        said = done.stderr.decode()
        assert "Traceback" not in said, said
        told = json.loads(done.stdout) if done.stdout else {}
        return {**told, "exit": done.returncode, "said": said}

    @staticmethod
    def at(folder: Path, server: Host, user: str, *, more: str = "") -> Program:
        config = folder / "scatterclean.toml"
        worlds.as_after_months(folder / "log.db", "home", datetime.now(UTC))
        config.write_text(
            f'database = "log.db"\n[accounts.home]\nhost = "127.0.0.1"\nport = {server.port}\ntls = "none"\n'
            f'username = "{user}"\npassword_env = "MAIL_PASSWORD"\naddresses = ["{worlds.ME}"]\n'
            f'outbound = ["*.winter.example"]\ndns = false\nmode = "move"\n{more}'
        )
        return Program(config, server.password)


def messages(stored: list[Stored]) -> Counter[tuple[bytes, datetime, frozenset[str]]]:
    """What each message is to a person: its text, when it came, its flags."""
    return Counter((m.raw, m.arrival, m.flags) for m in stored)


def expected(letters: Sequence[Letter], *more: str) -> Counter[tuple[bytes, datetime, frozenset[str]]]:
    return Counter((letter.raw, letter.arrival, letter.flags | set(more)) for letter in letters)


@dataclass
class Books:
    """A small mailbox on any server, filled; `hand` is the other client that looks into it."""

    hand: OtherHand
    world: World
    prefix: str = ""
    backscatter: str = "Backscatter"
    sent: str = "Sent"
    foreign: list[Letter] = field(default_factory=list)

    @staticmethod
    def filled(hand: OtherHand, *, orphans: int = 14, **places: Any) -> Books:
        books = Books(hand, worlds.make(datetime.now(UTC), sent=60, ordinary=12, orphans=orphans), **places)
        # What another client has marked as deleted, and what is not ours to expunge (invariant 2).
        marked = books.world.inbox[0]
        books.foreign = [Letter(marked.raw + b"Marked.\r\n", marked.arrival, frozenset(("\\Deleted",)))]
        for name, letters in ((books.sent, books.world.sent), ("INBOX", books.inbox)):
            for letter in letters:
                hand.append(books._name(name), letter.raw, flags=letter.flags, arrival=letter.arrival)
        return books

    def another(self, number: int) -> None:
        """One more orphan arrives."""
        letter = worlds.another_orphan(number, datetime.now(UTC))
        self.world.inbox.append(letter)
        self.hand.append("INBOX", letter.raw, flags=letter.flags, arrival=letter.arrival)

    @property
    def inbox(self) -> list[Letter]:
        return [*self.foreign, *self.world.inbox]

    def _name(self, folder: str) -> str:
        return folder if folder == "INBOX" else self.prefix + folder

    def away(self) -> list[Stored]:
        name = self._name(self.backscatter)
        return self.hand.messages(name) if name in self.hand.folder_names() else []

    def whole(self) -> None:
        """At every moment: each message is where it was, or in Backscatter, once, as it was."""
        marks = {KEYWORD}
        there = [
            Stored(m.uid, m.arrival, m.flags - marks, m.raw)
            for m in (*self.hand.messages("INBOX"), *self.away())
        ]
        assert messages(there) == expected(self.inbox)

    def untouched(self) -> None:
        assert messages(self.hand.messages("INBOX")) == expected(self.inbox)
        assert self.away() == []
        assert messages(self.hand.messages(self._name(self.sent))) == expected(self.world.sent)

    def swept(self) -> None:
        """Exactly the orphans are away, with their flags and dates; nothing was marked as read."""
        moving = self.world.moving
        assert messages(self.away()) == expected(moving, KEYWORD)
        assert messages(self.hand.messages("INBOX")) == expected(self.inbox) - expected(moving)
        assert messages(self.hand.messages(self._name(self.sent))) == expected(self.world.sent)

    def undone(self) -> None:
        assert self.away() == []
        self.whole()


def whole_story(program: Program, books: Books) -> dict[str, dict[str, Any]]:
    """observe, sweep, a second sweep, undo, a sweep again: the books are balanced after each; what each told."""
    told = {"observe": program("sweep", "--observe")}
    assert told["observe"]["exit"] == 0, told["observe"]
    books.untouched()
    told["sweep"] = program("sweep")
    assert told["sweep"]["exit"] == 0, told["sweep"]
    assert told["sweep"]["accounts"][0]["moved"] == len(books.world.moving)
    books.swept()
    told["second"] = program("sweep")
    assert told["second"]["accounts"][0]["moved"] == 0
    books.swept()
    told["undo"] = program("undo", "--all")
    assert told["undo"]["exit"] == 0, told["undo"]
    assert len(told["undo"]["accounts"][0]["back"]) == len(books.world.moving)
    books.undone()
    told["after"] = program("sweep", "--folder", "INBOX")
    assert told["after"]["accounts"][0]["moved"] == 0
    books.undone()
    return told
