"""Listens for new mail, one thread and one connection per account, and says so to the main loop; it never sweeps.

Polling goes on whatever happens here: a watcher that cannot, or may not, listen costs minutes and nothing else.
A connection is only made for an account whose last sweep went well: a server in trouble, or a wrong password, is
not asked more often because of push.  Threads come and go with their connections; the main loop remembers.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from queue import SimpleQueue

from scatterclean import wording
from scatterclean.config import AccountSettings
from scatterclean.config.secret import end_commands
from scatterclean.errors import ConnectionLost, PersonCanMend, PushUnavailable, ServerBusy, Trouble
from scatterclean.model import Push
from scatterclean.ports import Bell
from scatterclean.service import health
from scatterclean.service.logs import about
from scatterclean.wire import Household

log = logging.getLogger("scatterclean")

# RFC 2177 allows 29 minutes; NATs and Office 365 go silent after 5 (field guide, 5).
RENEWAL = 240.0
# How often a thread looks up from listening, in seconds: has it been told to renew, or to end?
BEAT = 1.0
# A connection that lived shorter than this does not make up for the failures before it.
LASTING = 60.0
# A server that does not announce, or refuses to, may learn it; one that is crowded may have room.
LEARNS_WITHIN = 24 * 3600.0
CROWDED_FOR = 1800.0
# Who is asked to end and does not is left to the end of the process, after this many seconds.
FAREWELL = 0.2


@dataclass(slots=True, eq=False)
class Watch:
    """One connection that listens, or is to; `bell` is None until it stands."""

    settings: AccountSettings
    known: tuple[int, int] | None
    over: threading.Event = field(default_factory=threading.Event)
    stale: threading.Event = field(default_factory=threading.Event)
    rung: threading.Event = field(default_factory=threading.Event)
    bell: Bell | None = None
    since: float | None = None
    thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        return self.settings.name

    def end(self) -> None:
        """From any thread, at once."""
        self.over.set()
        if self.bell is not None:
            self.bell.abort()


@dataclass(slots=True)
class Rest:
    """What is remembered of an account between two connections: failures in a row, when to try again (monotonic
    seconds), how the folder stood, and what was last told."""

    push: Push = Push.COMING
    failures: int = 0
    until: float = 0.0
    known: tuple[int, int] | None = None
    told: Push | None = None


@dataclass(slots=True)
class Watchers:
    """The connections that listen.  Only the main loop calls its methods; its threads only put words.

    `due`: when each account is looked at next; it is told to `status` together with how it is woken.

    The words: ("listening", watch), ("rang", watch), ("silent", (watch, why)).
    """

    household: Household
    words: SimpleQueue[tuple[str, object]]
    watches: dict[str, Watch] = field(default_factory=dict)
    rests: dict[str, Rest] = field(default_factory=dict)
    due: Mapping[str, datetime] = field(default_factory=dict)
    _noted: tuple[dict[str, Push], Mapping[str, datetime]] | None = None
    _ending: list[threading.Thread] = field(default_factory=list)

    # --- whom to listen to ------------------------------------------------------------------------------

    def mind(self, healthy: Callable[[str], bool]) -> None:
        """Connect where it is due, end where it is not wanted; tell what changed."""
        now = time.monotonic()
        accounts = self.household.accounts
        for name, watch in list(self.watches.items()):
            if accounts.get(name) != watch.settings:
                self._end(name)
        for name in self.rests.keys() - accounts.keys():
            del self.rests[name]
        for name, settings in accounts.items():
            rest = self.rests.setdefault(name, Rest())
            if not settings.push:
                rest.push = Push.OFF
            elif name not in self.watches:
                rest.push = Push.COMING if rest.push is Push.OFF else rest.push
                if now >= rest.until and healthy(name):
                    self._begin(settings, rest)
        pushes = {name: self.rests[name].push for name in accounts}
        if (pushes, self.due) != self._noted:
            self._noted = pushes, self.due
            self.household.note_pushes(pushes, self.due)

    def woken(self) -> frozenset[str]:
        """Accounts of which all that is watched announces new mail now: it listens to the first folder of `watch`."""
        alone = [
            name for name, settings in self.household.accounts.items() if len(settings.account.watch) == 1
        ]
        return frozenset(name for name in alone if name in self.rests and self.rests[name].push is Push.WOKEN)

    def _begin(self, settings: AccountSettings, rest: Rest) -> None:
        watch = Watch(settings, rest.known)
        self.watches[watch.name] = watch
        # A daemon: one that hangs in a name server's answer must not keep the process from ending.
        watch.thread = threading.Thread(
            target=self._listen, args=(watch,), name=f"watcher of {watch.name}", daemon=True
        )
        watch.thread.start()

    def _end(self, name: str) -> None:
        watch = self.watches.pop(name)
        watch.end()
        rest = self.rests.get(name)
        if rest is not None:
            rest.push = Push.COMING

    # --- what is heard of them ----------------------------------------------------------------------------

    def listening(self, watch: Watch) -> bool:
        """A connection stands.  True if the folder is not as it was when the last one ended: something came."""
        if self.watches.get(watch.name) is not watch or watch.bell is None:
            return False
        watch.since = time.monotonic()
        rest = self.rests[watch.name]
        rest.push = Push.WOKEN
        if rest.told is not Push.WOKEN:
            rest.told = Push.WOKEN
            log.info(
                "%s: the server wakes us when mail arrives",
                watch.name,
                extra=about("push", watch.name, push="woken"),
            )
        return watch.bell.mark() != watch.known

    def rang(self, watch: Watch) -> bool:
        """Is it one of ours?  It may ring again from now on."""
        watch.rung.clear()
        return self.watches.get(watch.name) is watch

    def silent(self, watch: Watch, why: Exception) -> bool:
        """A connection ended, or never stood: when to try again, and is there something to tell?

        False if it is none of ours any more.
        """
        if self.watches.get(watch.name) is not watch:
            return False  # we ended it
        del self.watches[watch.name]
        rest, now = self.rests[watch.name], time.monotonic()
        if watch.bell is not None:
            rest.known = watch.bell.mark()
        if watch.since is not None and now - watch.since > LASTING:
            rest.failures = 0
        trouble = why if isinstance(why, Trouble) else ConnectionLost(f"{watch.name}: {type(why).__name__}")
        wait = health.backoff(rest.failures, trouble).total_seconds()
        rest.failures += 1
        rest.push = Push.COMING
        if isinstance(trouble, PushUnavailable):
            rest.push, wait = Push.CANNOT, LEARNS_WITHIN
        elif isinstance(trouble, ServerBusy):
            rest.push, wait = Push.CROWDED, max(wait, CROWDED_FOR)
        elif not isinstance(why, Trouble):
            log.error(
                "%s: a bug of scatterclean in its watcher (%s); polling goes on",
                watch.name,
                type(why).__name__,
                extra=about("bug", watch.name, kind=type(why).__name__),
            )
        rest.until = now + wait
        self._tell(watch.settings, rest, trouble)
        return True

    def give_way(self, name: str) -> None:
        """The server wants no further connection, and ours may be the one too many for the sweep."""
        watch = self.watches.get(name)
        if watch is None:
            return
        self._end(name)
        rest = self.rests[name]
        rest.push, rest.until = Push.CROWDED, time.monotonic() + CROWDED_FOR
        self._tell(watch.settings, rest, None)

    def _tell(self, settings: AccountSettings, rest: Rest, trouble: Trouble | None) -> None:
        """Once for each change; that a connection broke is nobody's concern, the sweeps tell real trouble."""
        if rest.push in (Push.CANNOT, Push.CROWDED) and rest.told is not rest.push:
            rest.told = rest.push
            what = wording.of_account(settings.name, trouble.what if trouble else wording.push(rest.push))
            extra = about("push", settings.name, push=str(rest.push))
            log.info("%s; looking every %s", what, wording.span(settings.poll), extra=extra)
        elif trouble is not None and not isinstance(trouble, PersonCanMend):
            told = "%s: not woken for now: %s"
            log.debug(
                told, settings.name, trouble.what, extra=about("push", settings.name, push=str(rest.push))
            )

    # --- all of them --------------------------------------------------------------------------------------

    def renew(self) -> None:
        """After a suspend the connections are probably dead, and do not know it yet."""
        for watch in self.watches.values():
            watch.stale.set()
        self._hurry(self.rests.values())

    def read_anew(self) -> None:
        """After a reload what could not be is tried again, and told again."""
        for rest in self.rests.values():
            rest.failures, rest.told = 0, None if rest.told in (Push.CANNOT, Push.CROWDED) else rest.told
        self._hurry(self.rests.values())

    def _hurry(self, rests: Iterable[Rest]) -> None:
        for rest in rests:
            rest.until = 0.0

    def end(self) -> None:
        """Cut all connections; their threads end soon after, or hang where nothing can be lost."""
        for name, watch in list(self.watches.items()):
            self._end(name)
            if watch.thread is not None:
                self._ending.append(watch.thread)

    def join(self) -> None:
        """After `end`: wait for the threads, for a moment."""
        until = time.monotonic() + FAREWELL
        for thread in self._ending:
            end_commands()
            thread.join(max(0.0, until - time.monotonic()))

    # --- in a thread of its own ---------------------------------------------------------------------------

    def _listen(self, watch: Watch) -> None:
        why: Exception
        try:
            watch.bell = bell = self.household.bell(watch.settings)
            since = time.monotonic()
            try:
                if not watch.over.is_set():
                    self.words.put(("listening", watch))
                    self._wait(watch, bell, since)
            finally:
                bell.close()
        except Exception as trouble:  # noqa: BLE001 - with the thread the account would never be woken again
            why = trouble
        else:
            why = ConnectionLost(f"{watch.name}: told to end")
        self.words.put(("silent", (watch, why)))

    def _wait(self, watch: Watch, bell: Bell, renewed: float) -> None:
        while not watch.over.is_set():
            arrived = bell.wait(BEAT)
            if watch.stale.is_set() or time.monotonic() - renewed > RENEWAL:
                watch.stale.clear()
                renewed = time.monotonic()
                arrived |= bell.renew()
            if arrived and not watch.rung.is_set():
                watch.rung.set()  # one word, however many arrive, until it was heard
                self.words.put(("rang", watch))
