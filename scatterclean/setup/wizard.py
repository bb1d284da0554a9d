"""The conversation, from the address to the file: at most six answers.  Nothing is written before the last one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from scatterclean import wording
from scatterclean.config import AccountSettings, Settings, default_database, load, tokens_beside
from scatterclean.errors import ConfigMissing, Stopped, Trouble
from scatterclean.model import SHARED_BY_MANY, Mode, Refusal
from scatterclean.ports import Names
from scatterclean.setup import draft, entering, outgoing, providers, writing
from scatterclean.setup.discovery import Network
from scatterclean.setup.entering import Entered
from scatterclean.setup.flags import Flags
from scatterclean.setup.keeping import Kept, Vault
from scatterclean.setup.looking import abilities
from scatterclean.setup.picking import folders_picked
from scatterclean.setup.placing import place_of
from scatterclean.setup.servers import SetupEnds
from scatterclean.setup.talk import Talk
from scatterclean.setup.writing import Entry
from scatterclean.wire import Household

_SENDERS = 8  # so many learned addresses are named


@dataclass(frozen=True, slots=True)
class World:
    """What a set-up needs of the world.  `names`: DNS for the sweep, None for the real one; `held`: a context in
    which signals wait."""

    network: Network
    vault: Vault
    names: Names | None = None
    held: Callable[[], AbstractContextManager[None]] = nullcontext


@dataclass(frozen=True, slots=True)
class Done:
    """What was written; `due`: how many messages a sweep would put away now."""

    entry: Entry
    path: Path
    due: int


@dataclass(slots=True)
class _Choice:
    """What the person may change in the review."""

    addresses: list[str]
    sent: tuple[str, ...] = ()
    watch: tuple[str, ...] = ()
    outbound: tuple[str, ...] = ()


@dataclass(slots=True)
class Wizard:
    """`path` is the configuration file.  `written` becomes true in the one moment in which all of it is."""

    talk: Talk
    flags: Flags
    world: World
    path: Path
    written: bool = False
    _existing: Settings | None = None
    _text: str = ""
    _sent_empty: bool = False
    _kept: Callable[[], Kept] = field(default=lambda: Kept("", ""))

    def run(self) -> Done:
        """Raises SetupEnds, ConfigBroken (a file that is there is not right), Database*; what the Talk raises."""
        talk, flags = self.talk, self.flags
        self._look_around()
        address = entering.address_of(talk, flags)
        found = entering.server_of(talk, flags, self.world.network, address)
        entered = entering.log_in(talk, flags, found, address, self._existing)
        talk.say("Logged in.")
        database = self._existing.database if self._existing else default_database()
        place = place_of(
            *(talk, flags, self.world.vault, entered),
            name=self._name(entered),
            folder=self.path.parent,
            tokens=tokens_beside(database),
        )
        choice = _Choice(self._addresses(entered), flags.sent, outbound=flags.outbound)
        if not (choice.sent or entered.look.sent):
            choice.sent = self._sent_named(entered)
        while True:
            with draft.scratch(database) as log:
                due = self._rehearse(entered, choice, log)
                if due is None:
                    continue
                mode = self._mode(due, entered)
                entry = replace(self._entry(entered, choice), mode=mode)
                self._commit(entry, place, log, database, by_login=entered.grant is not None)
            return Done(entry, self.path, due)

    # --- before and after the rehearsal -------------------------------------------------------------------

    def _look_around(self) -> None:
        try:
            self._existing = load(self.path)
        except ConfigMissing:
            return
        self._text = writing.read(self.path)
        names = ", ".join(a.name for a in self._existing.accounts)
        self.talk.say(f"{self.path} has: {names}. An account is added; what stands there stays as it is.")

    def _addresses(self, entered: Entered) -> list[str]:
        given = [address.lower() for address in self.flags.addresses]
        return list(dict.fromkeys(given or [entered.address.lower()]))

    def _mode(self, due: int, entered: Entered) -> Mode:
        if not entered.look.moves_safely:
            return Mode.OBSERVE
        if self.flags.move is not None:
            return Mode.MOVE if self.flags.move else Mode.OBSERVE
        if self._sent_empty:
            self.talk.say(
                "Your Sent folder is empty, so nothing is known of what you sent: nothing is moved before mail is "
                "filed there. Does your mail program keep copies of what it sends?"
            )
        self.talk.say("Every move can be undone: scatterclean undo --all")
        question = (
            "Move what comes, once there is mail in Sent"
            if self._sent_empty
            else f"Move {'this one' if due == 1 else f'these {due}'} now, and what comes later"
            if due
            else "There is nothing to move at this moment. Move what comes later"
        )
        move = self.talk.confirm(f"{question}? (no: only watch and tell)", default=False, flag="--move")
        return Mode.MOVE if move else Mode.OBSERVE

    def _name(self, entered: Entered) -> str:
        taken = {a.name.casefold() for a in self._existing.accounts} if self._existing else set()
        if self.flags.name:
            if self.flags.name.casefold() in taken:
                raise SetupEnds(
                    f"there is an account {self.flags.name} already", hint="Choose another --name"
                )
            return self.flags.name
        local, _, domain = entered.address.lower().rpartition("@")
        label, person = (
            re.sub(r"[^a-z0-9-]+", "", text).strip("-")[:40] for text in (domain.split(".")[0], local)
        )
        label = label or "home"
        # A second account of the same domain is mostly another person's.
        names = [label, *([person, f"{label}-{person}"] if person else [])]
        return next(n for n in (*names, *(f"{label}-{i}" for i in range(2, 10_000))) if n not in taken)

    def _entry(self, entered: Entered, choice: _Choice, kept: Kept | None = None) -> Entry:
        server = entered.server
        return Entry(
            name=self._name(entered),
            host=server.host,
            port=server.port,
            tls=server.tls,
            username=entered.username,
            kept=kept or Kept("password_env", "PASSWORD"),
            addresses=choice.addresses,
            sent=choice.sent,
            watch=choice.watch,
            outbound=choice.outbound,
            ca_file=self.flags.ca_file.absolute() if self.flags.ca_file else None,
            dns=self.flags.dns,
            mode=Mode.OBSERVE,
        )

    def _commit(
        self, entry: Entry, store: Callable[[], Kept], log: Path, database: Path, *, by_login: bool
    ) -> None:
        """The password or login, the log and the file, or nothing of them."""
        with self.world.held(), ExitStack() as undo:
            folders = [self.path.parent, database.parent]
            if by_login:
                folders.append(tokens_beside(database))
            for folder in folders:
                undo.callback(_made(folder))
            kept = store()
            undo.callback(kept.undo)
            undo.callback(draft.keep(log, database))
            writing.add(self.path, replace(entry, kept=kept))
            self.written = True
            undo.pop_all()

    # --- the rehearsal ------------------------------------------------------------------------------------

    def _rehearse(self, entered: Entered, choice: _Choice, log: Path) -> int | None:
        """Harvest, review, and a sweep that only observes; how many it would put away, None: once more."""
        account = self._settings(entered, choice, log)
        with draft.household(account, self._existing, log, self.world.names) as household:
            self._harvest(household, account.name)
            sent = choice.sent
            if not self._review(household, entered, choice, account, log):
                return None
            if choice.sent != sent:
                return None
            due = self._preview(household, self._settings(entered, choice, log))
            if not (due or self._sent_empty or self.flags.silent or choice.outbound):
                choice.outbound = outgoing.confirmed(self.talk, household, account.name, self.world.names)
                if choice.outbound:
                    due = self._preview(household, self._settings(entered, choice, log))
            return due

    def _settings(self, entered: Entered, choice: _Choice, log: Path) -> AccountSettings:
        return draft.settings_of(self._entry(entered, choice), entered.secret, self._text, log.parent)

    def _harvest(self, household: Household, name: str) -> None:
        talk = self.talk
        with talk.reading() as progress:
            done = household.harvest(name, progress=progress)
        for trouble in done.troubles:
            if done.refusal is Refusal.SENT_UNKNOWN and self.flags.silent:
                # Nobody is here who could name another folder; and an account without one never moves anything.
                raise SetupEnds(wording.of_account(name, trouble), hint="Name it by --sent")
            talk.trouble(wording.of_account(name, trouble))
        for mate in household.first_read([name]):
            if mate == name:
                continue
            try:
                household.harvest(mate)
            except (Trouble, Stopped) as trouble:
                talk.trouble(wording.of_account(mate, str(trouble)))

    def _review(
        self, household: Household, entered: Entered, choice: _Choice, account: AccountSettings, log: Path
    ) -> bool:
        """Show what was found and let it be corrected; True: it is right (as far as it needs no new reading)."""
        talk, look = self.talk, entered.look
        domain = entered.address.rpartition("@")[2]
        own = domain not in SHARED_BY_MANY and providers.of_domain(domain) is None
        while True:
            self._show(household, entered, choice, account)
            guess = () if choice.outbound else outgoing.guess(household, account.name)
            if not self.flags.silent:
                self._menu(domain if own else "", guess)
            answer = talk.ask("Is this right? (Enter: yes)", default="yes", flag="--sent, --address")
            answer = answer.strip().lower()
            if answer in ("yes", "y"):
                return True
            before = replace(choice)
            if answer == "s":
                now = choice.sent or look.sent
                sent = self._sent_named(entered, now)
                choice.sent = choice.sent if sent == now else sent
            elif answer == "i":
                watched = choice.watch or ("INBOX",)
                choice.watch = folders_picked(
                    talk, "Which folder do bounces arrive in?", look.folders, watched
                )
            elif answer == "a":
                line = talk.ask(
                    "All addresses that are yours, commas between them; Enter keeps these",
                    default=", ".join(choice.addresses),
                    flag="--address",
                )
                choice.addresses = list(dict.fromkeys(a.lower() for a in re.split(r"[,;\s]+", line) if a))
            elif answer == "d" and own:
                choice.addresses = list(dict.fromkeys([*choice.addresses, f"*@{domain}"]))
            elif answer == "o" and guess:
                choice.outbound = guess
            else:
                talk.trouble("Press Enter, or type one of the letters.")
                continue
            try:
                self._settings(entered, choice, log)
            except SetupEnds as wrong:
                talk.trouble(wrong.what)
                choice.addresses, choice.sent, choice.watch = before.addresses, before.sent, before.watch
                choice.outbound = before.outbound
            if choice.sent != before.sent:
                return True  # and all is read anew

    def _menu(self, own: str, guess: Sequence[str]) -> None:
        say = self.talk.say
        say("To change something, type its letter:")
        say("s: another Sent folder", indent=2)
        say("i: another inbox", indent=2)
        say("a: other addresses of yours", indent=2)
        if own:
            say(f"d: all of {own} is yours alone: its every address", indent=2)
        if guess:
            say(f"o: all your mail leaves through {', '.join(guess)} (a guess)", indent=2)

    def _show(
        self, household: Household, entered: Entered, choice: _Choice, account: AccountSettings
    ) -> None:
        say, look = self.talk.say, entered.look
        standing = household.standing(account.name)
        say("What was found:")
        say(f"Inbox: {', '.join(choice.watch or ('INBOX',))}", indent=2)
        say(f"Sent mail: {_quoted(choice.sent or look.sent)}, {standing.logged} messages", indent=2)
        if standing.coverage.since is not None:
            say(f"Oldest day that they cover: {standing.coverage.since.astimezone():%Y-%m-%d}", indent=2)
        say(f"Bounces of mail that you never sent go to: {look.backscatter}", indent=2)
        if look.prefix:
            say(f"Folders begin with {look.prefix} there.", indent=2)
        say(f"Your addresses: {', '.join(choice.addresses)}", indent=2)
        if choice.outbound:
            say(f"Your mail leaves through: {', '.join(choice.outbound)}", indent=2)
        for what, senders in self._learned(household, account, choice):
            more = f" and {len(senders) - _SENDERS} more" if len(senders) > _SENDERS else ""
            say(
                f"{what}: {', '.join(wording.shown(each, 60) for each in senders[:_SENDERS])}{more}", indent=2
            )
        say("The server:", indent=2)
        for sentence in abilities(look):
            say(sentence, indent=4)

    @staticmethod
    def _learned(
        household: Household, account: AccountSettings, choice: _Choice
    ) -> Iterator[tuple[str, Sequence[str]]]:
        """Addresses that were not named and count as the person's, by where they come from."""
        log, person = household.store.sent_log, account.account.person
        elsewhere = frozenset[str]().union(*log.senders_elsewhere(person, [account.name]).values())
        named = frozenset(choice.addresses)
        here = log.senders(person) - elsewhere - named
        if here:
            yield "Senders in Sent, counted as yours too", sorted(here)
        if others := elsewhere - named:
            yield "Senders in your other accounts, yours too", sorted(others)

    def _preview(self, household: Household, account: AccountSettings) -> int:
        say, name = self.talk.say, account.name
        household.settings = replace(
            household.settings, accounts=(*household.settings.accounts[:-1], account)
        )
        say("What a sweep would do (nothing is moved yet):")
        due = self.talk.preview(name, lambda steps: household.sweep(name, mode=Mode.OBSERVE, steps=steps))
        standing = household.standing(name)
        self._sent_empty = not standing.logged
        for line in (
            wording.log.coverage(standing.coverage, standing.holes, standing.now),
            wording.log.hosts(
                standing.provider.hosts,
                known=standing.provider.known,
                published=outgoing.told_by_dns(household, name, self.world.names),
            ),
        ):
            say(f"{line[:1].upper()}{line[1:]}.")
        return due

    # --- folders ------------------------------------------------------------------------------------------

    def _sent_named(self, entered: Entered, now: Sequence[str] = ()) -> tuple[str, ...]:
        """`now`: those that it is so far; Enter keeps them."""
        if not entered.look.other_than_inbox:
            raise SetupEnds(
                "there is no folder but the inbox, so nothing is known of what you sent",
                hint="Let your mail program file copies of sent mail on the server, then try again.",
            )
        if self.flags.silent:
            names = _quoted(entered.look.other_than_inbox[:20])
            raise SetupEnds("no Sent folder was found", hint=f"Name it: --sent NAME. The server has: {names}")
        return folders_picked(
            self.talk, "Which folder holds the mail that you sent?", entered.look.other_than_inbox, now
        )


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(wording.shown(name, 60) for name in names) or "none"


def _made(folder: Path) -> Callable[[], None]:
    """Make a folder, for its owner alone; what removes those again that were not there, if they are empty."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)

    def remove() -> None:
        for each in missing:
            try:
                each.rmdir()
            except OSError:
                return

    return remove
