"""A tripwire around the ports: at any step the process dies, the connection breaks, or another hand comes in between.

There is no test hook in the product: every effect crosses a port, and every port can be wrapped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from scatterclean.errors import ConnectionLost
from scatterclean.knowledge import Sources

ON_SERVER = frozenset(("create", "move", "copy", "remove", "mark", "unmark"))
LOOKS = frozenset(("folders", "state", "uids", "headers", "raw", "with_message_ids"))
IN_LOG = frozenset(("record", "cover", "retract", "forget_folder"))
IN_EXPERIENCE = frozenset(("learn", "forget_received"))
IN_JOURNAL = frozenset(("begin_sweep", "end_sweep", "intend", "settle", "ring"))
IN_DOCKET = frozenset(("enter", "update", "close"))
IN_WISHES = frozenset(("begin", "note", "settle"))


class Death(BaseException):
    """The process dies: nothing in the product may catch it."""


@dataclass
class Fate:
    """What happens at which step: `dies` and `breaks` count effects from 0 (each has one before and one behind
    it), `hands` act before any call to the server, looks too.

    Who is dead does nothing any more: no `finally` of a process that was killed runs.
    """

    dies: int | None = None
    breaks: int | None = None
    hands: Mapping[int, Callable[[], None]] = field(default_factory=dict)
    steps: int = 0
    calls: int = 0
    dead: bool = False
    broke: bool = False

    def step(self, on_server: Callable[[], None] | None) -> None:
        self.alive()
        step, self.steps = self.steps, self.steps + 1
        if step == self.dies:
            self.dead = True
            raise Death
        if self.breaks is not None and step >= self.breaks and on_server is not None and not self.broke:
            self.broke = True
            on_server()
            raise ConnectionLost("memory: the connection broke")

    def call(self) -> None:
        """Before a call to the server, of any kind."""
        self.alive()
        call, self.calls = self.calls, self.calls + 1
        if call in self.hands:
            self.hands[call]()

    def alive(self) -> None:
        if self.dead:
            raise Death

    @property
    def struck(self) -> bool:
        return self.dead or self.broke


class Tripwire:
    """Passes every call through, and lets `fate` have its way before and after each that has an effect."""

    def __init__(self, target: Any, effects: frozenset[str], fate: Fate, *, server: bool = False) -> None:
        self._target, self._effects, self._fate, self._server = target, effects, fate, server

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._target, name)
        if name not in self._effects and not (self._server and name in LOOKS):
            return call

        def wired(*args: Any, **kwargs: Any) -> Any:
            self._fate.alive()
            if self._server:
                self._fate.call()
            if name not in self._effects:
                return call(*args, **kwargs)
            end = self._target.abort if self._server else None
            self._fate.step(end)
            result = call(*args, **kwargs)
            self._fate.step(end)
            return result

        return wired


def wired_mailbox(mailbox: Any, fate: Fate) -> Any:
    return Tripwire(mailbox, ON_SERVER, fate, server=True)


def wired_journal(journal: Any, fate: Fate) -> Any:
    return Tripwire(journal, IN_JOURNAL, fate)


def wired_docket(docket: Any, fate: Fate) -> Any:
    return Tripwire(docket, IN_DOCKET, fate)


def wired_wishes(wishes: Any, fate: Fate) -> Any:
    return Tripwire(wishes, IN_WISHES, fate)


def wired_sources(plain: Sources, fate: Fate) -> Sources:
    log: Any = Tripwire(plain.log, IN_LOG, fate)
    experience: Any = Tripwire(plain.experience, IN_EXPERIENCE, fate)
    return replace(plain, log=log, experience=experience)
