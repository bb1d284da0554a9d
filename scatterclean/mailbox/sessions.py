"""The sessions of all accounts: those in use, which can be cut, and those that wait for the next sweep; it opens none.

A session is kept only in step, with no folder open, one for each account.  When it is taken out it has to prove that
it lives: somewhere on the way (NAT) connections are forgotten without a word.  One that does not answer soon is
dropped, and another is opened in the same round.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from scatterclean.errors import ServerBusy, Trouble
from scatterclean.mailbox.lasting import Lasting
from scatterclean.ports import FolderState

# RFC 3501, 5.4: a server may end a session after half an hour of silence.
LONGEST = 25 * 60.0
# A session that was heard just now needs no proof that it lives.
_FRESH = 5.0
# Seconds of silence after which one that was kept counts as dead: shorter than any time-out, for another can be opened.
_PATIENCE = 10.0
# If it was found dead so often in a row, none is kept for a while: neither the server nor the line seems to like it.
_MOST_DEATHS = 2
_MOURNING = 6 * 3600.0

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Kept:
    key: object
    mailbox: Lasting
    since: float


@dataclass(slots=True)
class Sessions:
    """Safe to use from several threads, one account in one thread at a time.  `keeps`: are they kept at all?

    `key` is what a session is opened with: it serves no other configuration.
    """

    keeps: bool = False
    _kept: dict[str, _Kept] = field(default_factory=dict)
    _in_use: dict[str, Lasting] = field(default_factory=dict)
    _deaths: dict[str, tuple[int, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def use(
        self, name: str, key: object, connect: Callable[[], Lasting], known: Sequence[str]
    ) -> Iterator[Lasting]:
        """The session that was kept, if it lives, else a new one; kept again, if nothing was raised, or closed.

        `known`: folders whose states will probably be asked for."""
        mailbox = self._living(name, key) or connect()
        sound = False
        with self._noted(name, mailbox):  # to the end: a server may never answer the farewell
            try:
                mailbox.begin(known)
                yield mailbox
                sound = True
            finally:
                if not sound or not self._keep(name, key, mailbox):
                    mailbox.close()

    def states(self, name: str, key: object, folders: Sequence[str]) -> Mapping[str, FolderState] | None:
        """How the folders are, by the session that was kept; None if there is none that lives."""
        kept = self._take(name, key)
        if kept is None:
            return None
        told = self._asked(name, kept.mailbox, lambda: kept.mailbox.states(folders))
        if told is not None and not self._keep(name, key, kept.mailbox):
            kept.mailbox.close()
        return told

    def in_use(self) -> frozenset[str]:
        with self._lock:
            return frozenset(self._in_use)

    def abort(self, name: str) -> None:
        """Cut the session that is in use: whoever waits on it gets ConnectionLost."""
        with self._lock:
            mailbox = self._in_use.get(name)
        if mailbox is not None:
            mailbox.abort()

    def tidy(self, names: Collection[str]) -> None:
        """Part with those that nobody used for too long, and with those of other names."""
        now = time.monotonic()
        with self._lock:
            over = [n for n, kept in self._kept.items() if n not in names or now - kept.since > LONGEST]
            parting = [self._kept.pop(name) for name in over]
        for kept in parting:
            kept.mailbox.part()

    def let_go(self) -> None:
        """Part with all that are kept."""
        self.tidy(())

    # --- inside ------------------------------------------------------------------------------------------

    def _keep(self, name: str, key: object, mailbox: Lasting) -> bool:
        if not self.keeps or self._mourned(name) or not mailbox.rest():
            return False
        with self._lock:
            before = self._kept.get(name)
            self._kept[name] = _Kept(key, mailbox, time.monotonic())
        if before is not None:
            before.mailbox.part()
        return True

    def _take(self, name: str, key: object) -> _Kept | None:
        with self._lock:
            kept = self._kept.pop(name, None)
        if kept is not None and (kept.key != key or time.monotonic() - kept.since > LONGEST):
            kept.mailbox.part()
            return None
        return kept

    def _living(self, name: str, key: object) -> Lasting | None:
        kept = self._take(name, key)
        if kept is None:
            return None
        if time.monotonic() - kept.since < _FRESH or self._asked(name, kept.mailbox, kept.mailbox.alive):
            return kept.mailbox
        kept.mailbox.part()
        return None

    def _asked(self, name: str, mailbox: Lasting, ask: Callable[[], _T]) -> _T | None:
        """None if there was no answer: then the session is dropped.  Raises ServerBusy: another one would not help."""
        try:
            with self._noted(name, mailbox):
                mailbox.patience(_PATIENCE)
                told = ask()
                mailbox.patience(None)
        except Trouble as trouble:
            mailbox.part()
            deaths, _ = self._deaths.get(name, (0, 0.0))
            self._deaths[name] = deaths + 1, time.monotonic()
            if isinstance(trouble, ServerBusy):
                raise
            return None
        except BaseException:
            mailbox.part()
            raise
        self._deaths.pop(name, None)
        return told

    def _mourned(self, name: str) -> bool:
        deaths, last = self._deaths.get(name, (0, 0.0))
        return deaths >= _MOST_DEATHS and time.monotonic() - last < _MOURNING

    @contextmanager
    def _noted(self, name: str, mailbox: Lasting) -> Iterator[None]:
        with self._lock:
            self._in_use[name] = mailbox
        try:
            yield
        finally:
            with self._lock:
                self._in_use.pop(name, None)
