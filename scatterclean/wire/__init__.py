"""configuration -> accounts that are ready to be swept; the only room that knows ports *and* adapters.

`Household` is all of them on one store; reaching.py how each is reached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from types import TracebackType
from typing import TYPE_CHECKING

from scatterclean.config import AccountSettings, Settings
from scatterclean.errors import Reach, Trouble
from scatterclean.knowledge import Sources
from scatterclean.mailbox.sessions import Sessions
from scatterclean.model import Case, Mode, MoveState, Notice, Push, Refusal, SweepReport, WishState
from scatterclean.names import DnsNames, NoNames
from scatterclean.ports import Bell, FolderState, Names
from scatterclean.standing import Rhythm, Standing, standing
from scatterclean.store import Store, open_store
from scatterclean.wire.reaching import (
    AccountUnknown,
    access_of,
    accounts_named,
    assign,
    connect,
    filed_there,
    host_lists,
    listen,
    tokens_of,
    utc_now,
)

__all__ = [
    "AccountUnknown",
    "Household",
    "access_of",
    "accounts_named",
    "assign",
    "connect",
    "host_lists",
    "listen",
    "tokens_of",
    "utc_now",
]

# What sweeps, harvests and undoes is imported where it is called: `status` only looks into the store, and a third
# of its time was the reading of rooms that it never enters.
if TYPE_CHECKING:
    from scatterclean import undo
    from scatterclean.harvest import Harvest
    from scatterclean.mailbox.lasting import Lasting
    from scatterclean.model.report import Report
    from scatterclean.sweep import Steps
    from scatterclean.tend import Attention
    from scatterclean.why import Story, Teller


@dataclass(slots=True)
class Household:
    """All accounts of a configuration on one store.  A context manager: leaving it closes the store.

    Its methods may be called from several threads, one account in one thread at a time.
    """

    settings: Settings
    store: Store
    clock: Callable[[], datetime] = utc_now
    _sessions: Sessions = field(default_factory=Sessions)
    _names: Names = field(default_factory=DnsNames)
    _seen: dict[str, tuple[AccountSettings, Mapping[str, FolderState]]] = field(default_factory=dict)
    _attention: dict[str, Attention] = field(default_factory=dict)

    @staticmethod
    def open(settings: Settings, *, read_only: bool = False, asking: bool = False) -> Household:
        """`read_only`: without the lock, beside a running daemon; only for looking, and with `asking` for writing down
        wishes.  Raises Database*."""
        store = open_store(settings.database, read_only=read_only, asking=asking)
        if not read_only:
            assign(settings, store)
        return Household(settings, store)

    def __enter__(self) -> Household:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sessions.let_go()
        self.store.close()

    # --- accounts ---------------------------------------------------------------------------------------

    @property
    def accounts(self) -> Mapping[str, AccountSettings]:
        return {a.name: a for a in self.settings.accounts}

    def named(self, names: Sequence[str]) -> list[AccountSettings]:
        """The accounts with these names, all if there are none.  Raises AccountUnknown."""
        return accounts_named(self.settings, names)

    def of_person(self, name: str) -> list[str]:
        """The names of all accounts of the person to whom this account belongs."""
        person = self.accounts[name].account.person
        return [a.name for a in self.settings.accounts if a.account.person == person]

    def sources(self, name: str) -> Sources:
        """Where what is known of the person comes from to whom this account belongs."""
        settings = self.accounts
        mates = self.of_person(name)
        return Sources(
            log=self.store.sent_log,
            experience=self.store.experience,
            filing={mate: filed_there(settings[mate]) for mate in mates},
            servers=frozenset(settings[mate].host for mate in mates),
            hosts=frozenset(host for mate in mates for host in settings[mate].account.hosts),
            identities=tuple(settings[mate].account.identities for mate in mates),
            names=self._names if settings[name].dns else NoNames(),
        )

    def first_read(self, names: Sequence[str]) -> list[str]:
        """Accounts whose Sent folders are to be read before these are swept in this order.

        A bounce waits for every account of its person: nothing of the first would be decided before the
        others were read.  Each account that is swept reads its own Sent folders at the start.
        """
        first: dict[str, None] = {}
        for name in names:
            mates = self.of_person(name)
            swept_first = next(n for n in names if n in mates)
            first.update((mate, None) for mate in mates if mate != swept_first)
        return list(first)

    @contextmanager
    def session(self, name: str) -> Iterator[Lasting]:
        """A logged-in session with the account's server; in the end closed, or kept, and until then cut by `abort`."""
        settings = self.accounts[name]
        with self._sessions.use(
            name, settings, lambda: connect(settings), self._looked_into(name)
        ) as mailbox:
            yield mailbox

    def keep_sessions(self, *, wanted: bool = True) -> None:
        """From now on a session is kept for the next sweep; or none is any more."""
        self._sessions.keeps = wanted
        if not wanted:
            self._sessions.let_go()

    def tidy_sessions(self, *, all_of_them: bool = False) -> None:
        """Part with sessions that nobody used for long; with `all_of_them`, after a suspend."""
        self._sessions.tidy(() if all_of_them else self.accounts)

    def _looked_into(self, name: str) -> list[str]:
        """The folders whose state every sweep asks for, as far as they are known."""
        account = self.accounts[name].account
        sent = self.store.sent_log.cursors(name) or account.sent
        return list(dict.fromkeys((*sent, *account.also_sent, *account.watch)))

    def abort(self, name: str) -> None:
        """Cut the account's session, from any thread: whoever waits on it gets ConnectionLost."""
        self._sessions.abort(name)

    def bell(self, settings: AccountSettings) -> Bell:
        """A connection that wakes sweeps of an account; whoever opens it closes or cuts it."""
        return listen(settings)

    def note_pushes(self, pushes: Mapping[str, Push], due: Mapping[str, datetime]) -> None:
        """Let `status`, in another process, know how each account is woken while this one runs, and when it is due."""
        self.store.note_pushes(pushes, due)

    # --- errands ----------------------------------------------------------------------------------------

    def take_in(self, name: str) -> tuple[int, list[str]]:
        """What waits in the spools of the person of an account -> the log: (how many were new, troubles)."""
        from scatterclean import outbox

        person = self.accounts[name].account.person
        new = 0
        troubles: list[str] = []
        for mate in self.of_person(name):
            more, said = outbox.take_in(self.store.path, self.store.sent_log, mate, person, self.clock())
            new, troubles = new + more, troubles + said
        return new, troubles

    def sweep(
        self,
        name: str,
        *,
        mode: Mode | None = None,
        folders: Sequence[str] = (),
        since: date | None = None,
        stop: Callable[[], bool] = lambda: False,
        steps: Steps | None = None,
    ) -> SweepReport:
        """One sweep of one account, in a session of its own; a try without a session is on record too."""
        from scatterclean.sweep import Steps, Sweep
        from scatterclean.tend import Attention

        _, troubles = self.take_in(name)
        self._seen.pop(name, None)
        with ExitStack() as stack:
            try:
                mailbox = stack.enter_context(self.session(name))
            except Trouble as trouble:
                if not stop():  # else it was us who cut it off
                    self._note_try(name, mode, trouble)
                raise
            report = Sweep(
                account=self.accounts[name].account,
                sources=self.sources(name),
                mailbox=mailbox,
                journal=self.store.journal,
                docket=self.store.docket,
                clock=self.clock,
                mode=mode,
                folders=folders,
                since=since,
                stop=stop,
                steps=steps or Steps(),
                attention=self._attention.setdefault(name, Attention()),
            ).run()
            if not (mode or folders or since or troubles or report.troubles):
                self._note_states(name, report, mailbox.first_states())
        return replace(report, troubles=(*troubles, *report.troubles)) if troubles else report

    def _note_states(self, name: str, report: SweepReport, first: Mapping[str, FolderState]) -> None:
        """What a sweep that left nothing undone found at its beginning: if it is still so, the next finds nothing."""
        from scatterclean.mailbox.states import inbox

        folders = list(map(inbox, self._looked_into(name)))
        if report.refusal in (None, Refusal.OBSERVING) and first.keys() >= set(folders):
            self._seen[name] = self.accounts[name], {folder: first[folder] for folder in folders}

    def unchanged(self, name: str) -> bool:
        """Are the folders as the last sweep of this process found them, and does no errand wait?  Nothing is written.

        One round trip, by the session that was kept.  False if nobody knows: then sweep.  Raises ServerBusy."""
        from scatterclean.outbox import spool

        settings, seen = self._seen.get(name, (None, None))
        if seen is None or settings != self.accounts[name]:
            return False
        spooled = any(next(spool.pending(self.store.path, mate), None) for mate in self.of_person(name))
        if spooled or self.store.journal.moves(name, states=(MoveState.INTENDED,)):
            return False
        return self._sessions.states(name, settings, list(seen)) == seen

    def _note_try(self, name: str, mode: Mode | None, trouble: Trouble) -> None:
        """A sweep that came to no session: `status` tells it, else all would look well."""
        now, mode = self.clock(), mode or self.accounts[name].account.mode
        number = self.store.journal.begin_sweep(name, mode, now)
        report = SweepReport(
            name, number, mode, now, now, refusal=Refusal.NO_SESSION, troubles=(str(trouble),)
        )
        self.store.journal.end_sweep(report)

    def put_notice(self, name: str, notice: Notice) -> bool:
        """Put a notice into the inbox of one account; False if it was there already.  Raises as `tell.put` does."""
        from scatterclean import tell

        with self.session(name) as mailbox:
            return tell.put(mailbox, notice, self.accounts[name].address)

    def harvest(
        self,
        name: str,
        *,
        stop: Callable[[], bool] = lambda: False,
        progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> Harvest:
        """Only read the Sent folders of one account, and what waits in its spool, into the log."""
        from scatterclean.harvest import harvest

        _, troubles = self.take_in(name)
        with self.session(name) as mailbox:
            report = harvest(
                mailbox,
                self.store.sent_log,
                self.accounts[name].account,
                now=self.clock(),
                stop=stop,
                progress=progress,
            )
        report.troubles[:0] = troubles
        return report

    def undo(
        self,
        name: str,
        selection: undo.Selection,
        *,
        stop: Callable[[], bool] = lambda: False,
        progress: Callable[[int], None] = lambda _: None,
    ) -> undo.Undone:
        """Bring back what sweeps of one account put away."""
        from scatterclean import undo

        with self.session(name) as mailbox:
            return undo.undo(
                self.accounts[name].account,
                selection,
                mailbox,
                self.store.journal,
                clock=self.clock,
                stop=stop,
                progress=progress,
            )

    def wished(self) -> frozenset[str]:
        """The accounts in which the person's wishes wait to be carried out; of others they are settled."""
        waiting = self.store.wishes.waiting()
        for wish in waiting:
            if wish.account not in self.accounts and not self.store.read_only:
                told = f"the configuration has no account {wish.account} any more."
                self.store.wishes.settle(wish, WishState.REFUSED, self.clock(), told=told)
        return frozenset(wish.account for wish in waiting if wish.account in self.accounts)

    def fulfil(self, name: str, *, stop: Callable[[], bool] = lambda: False) -> None:
        """Carry out what the person wishes in one account, in a session of its own; nothing if there are no wishes."""
        wishes = self.store.wishes
        if not wishes.waiting(name):
            return
        from scatterclean.wishes import Fulfilling

        try:
            with self.session(name) as mailbox:
                Fulfilling(
                    account=self.accounts[name].account,
                    mailbox=mailbox,
                    journal=self.store.journal,
                    docket=self.store.docket,
                    wishes=wishes,
                    clock=self.clock,
                    stop=stop,
                ).run()
        except Trouble as trouble:
            if trouble.reach is not Reach.EVERYTHING:
                for wish in wishes.waiting(name):
                    wishes.note(wish, str(trouble), self.clock())
            raise

    @contextmanager
    def teller(self, name: str) -> Iterator[Teller]:
        """Tells the story of single messages of one account, while the context lasts."""
        from scatterclean.why import Teller

        with self.session(name) as mailbox:
            yield Teller(
                account=self.accounts[name].account,
                sources=self.sources(name),
                mailbox=mailbox,
                journal=self.store.journal,
                docket=self.store.docket,
                now=self.clock(),
            )

    def on_record(self, case: Case) -> Story:
        """The story of a message of one of the accounts, from the store alone."""
        from scatterclean.why import on_record

        account, store = self.accounts[case.account].account, self.store
        sources = self.sources(case.account)
        return on_record(account, sources, store.journal, case, now=self.clock())

    def standing(self, name: str) -> Standing:
        """How the account stands, from the store alone."""
        store = self.store
        return standing(
            self.accounts[name].account,
            self.sources(name),
            store.journal,
            store.docket,
            self.clock().astimezone(),
            history=store.history,
            notices=store.notices,
            rhythm=self.rhythm(name),
        )

    def report(
        self, names: Sequence[str] = (), since: datetime | None = None, zone: tzinfo | None = None
    ) -> Report:
        """What happened to these accounts (none named: all) since then, from the store alone; times in `zone`, None
        being the machine's.  Raises AccountUnknown."""
        from scatterclean import evidence

        store = self.store
        named = {one.name for one in self.named(names)}
        asked = [
            evidence.Asked(a.account, self.sources(a.name)) for a in self.settings.accounts if a.name in named
        ]
        books = evidence.Books(store.evidence, store.journal, store.history, store.notices)
        return evidence.report(asked, books, self.clock(), since=since, zone=zone)

    def rhythm(self, name: str) -> Rhythm:
        """When the account is looked at; `push` is None if no daemon runs on this store."""
        settings = self.accounts[name]
        pushes = self.store.pushes()
        push = None if pushes is None else pushes.get(name, Push.COMING)
        due = None if push is None else self.store.due().get(name)
        return Rhythm(settings.poll, push if settings.push or push is None else Push.OFF, settings.push, due)
