"""A world that fights back: real sweeps and undos on a server that keeps books, among other hands, deaths and cuts.

The first line of it all: nothing is lost or doubled by us, nothing is moved twice, the hand is final, and a genuine
bounce of which the log knows does not stay in Backscatter.  What each effect may be is checked in `books`.
"""

from __future__ import annotations

import copy
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from scatterclean import plan
from scatterclean.errors import NobodyCanMend, Trouble
from scatterclean.model import Errand, MessageId, Mode, Move, MoveState, SweepReport
from scatterclean.sweep import Sweep
from scatterclean.undo import Selection, Undone, undo
from tests.sweeps.tripwire import (
    Death,
    Fate,
    wired_docket,
    wired_journal,
    wired_mailbox,
    wired_sources,
)
from tests.sweeps.world import ME, SCRATCH, World, bounce, letter

from .beginning import Letter, beginning
from .books import BACKSCATTER, Body, Session, Soul, Violation
from .hands import ALL, ON_SENT

# How many effects a sweep of a few messages has, about; a fate beyond the last does nothing.
STEPS = 36

Fates = st.one_of(
    st.just(("", 0)),
    st.just(("", 0)),
    st.tuples(st.sampled_from(("dies", "breaks")), st.integers(0, STEPS)),
)
Meanwhile = st.one_of(
    st.just(()),
    st.lists(st.tuples(st.integers(0, 25), st.sampled_from(sorted(ALL)), st.integers(0, 7)), max_size=2),
)


class Machine(RuleBasedStateMachine):
    """See the module.  `counts` are of all examples of this process: for who wants to know that enough happened."""

    counts: ClassVar[Counter[str]] = Counter()

    @initialize(move=st.booleans(), keywords=st.sampled_from((True, True, False)))
    def begin(self, move: bool, keywords: bool) -> None:
        path, server = beginning(move, keywords)
        self.folder = Path(tempfile.mkdtemp(prefix="scatterclean-machine-", dir=SCRATCH))
        shutil.copyfile(path, self.folder / "log.db")
        self.server = copy.deepcopy(server)
        self.server.machine = self
        self.world = World(self.folder / "log.db", self.server)
        self.letters: list[Letter] = []
        self.number = 0
        self.calm = True
        self.unsound = False
        self.counts["examples"] += 1
        self.backscatter_arrives(2)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- mail ------------------------------------------------------------------------------------------------

    def _arrives(
        self, kind: str, ident: str, recipient: str = "nobody@elsewhere.example", hop: str = ""
    ) -> Soul:
        self.number += 1
        at = self.world.now
        raw = bounce(ident, at=at, number=self.number, recipient=recipient, hop=hop)
        soul = Soul(kind, raw, at, ident)
        self.server.deliver("INBOX", soul)
        return soul

    @rule(count=st.integers(1, 3))
    def backscatter_arrives(self, count: int) -> None:
        for _ in range(count):
            self._arrives("forged", f"forged.{self.number}@spam.example", f"victim{self.number}@else.example")

    @rule(pick=st.integers(0, 7))
    def the_same_arrives_again(self, pick: int) -> None:
        known = [soul for soul in self.server.souls if soul.kind in ("forged", "genuine")]
        if known:
            self.server.deliver("INBOX", known[pick % len(known)], at=self.world.now)

    @rule()
    def ordinary_mail_arrives(self) -> None:
        self.number += 1
        at = self.world.now
        raw = letter("Lunch?", ident=f"l{self.number}@firm.example", at=at)
        self.server.deliver("INBOX", Soul("ordinary", raw, at, f"l{self.number}@firm.example"))

    @rule(delay=st.sampled_from((0, 0, 4, 90, 3000, None)), returns=st.booleans(), foreign=st.booleans())
    def the_person_sends(self, delay: int | None, returns: bool, foreign: bool) -> None:
        """`delay`: minutes until the copy is in Sent."""
        number = len(self.letters)
        due = None if delay is None else self.world.now + timedelta(minutes=delay)
        one = Letter(f"letter.{number}@winter.example", f"friend{number}@far.example", self.world.now, due)
        self.letters.append(one)
        self._file()
        if returns:
            self._arrives("genuine", one.ident, one.recipient, self._cafe() if foreign else "")

    @rule(pick=st.integers(0, 7))
    def a_letter_comes_back(self, pick: int) -> None:
        if self.letters:
            one = self.letters[pick % len(self.letters)]
            self._arrives("genuine", one.ident, one.recipient, self._cafe())

    def _cafe(self) -> str:
        """A host that nothing is known of, and of which nothing is learned that forged mail has, too."""
        host = f"wifi.cafe{self.number}.example"
        return f"{host} ({host} [203.0.113.{self.number % 250}])"

    def _file(self) -> None:
        for one in self.letters:
            late = one.due is not None and one.filed is None and one.due <= self.world.now
            if not late or "Sent" not in self.server.folder_names():
                continue
            raw = letter("Hi", to=one.recipient, sender=ME, ident=one.ident, at=one.sent)
            one.filed = self.world.now
            self.server.deliver("Sent", Soul("sent", raw, one.filed, one.ident), flags=["\\Seen"])

    # --- other hands and time --------------------------------------------------------------------------------

    @rule(act=st.sampled_from(sorted(ALL)), pick=st.integers(0, 7))
    def a_hand(self, act: str, pick: int) -> None:
        self.calm &= act not in ON_SENT
        ALL[act](self.server, pick)

    @rule(minutes=st.sampled_from((1, 5, 11, 60, 1500, 3000)))
    def time_passes(self, minutes: int) -> None:
        self.world.later(minutes=minutes)
        self._file()

    @rule(full=st.booleans())
    def the_mailbox_is(self, full: bool) -> None:
        self.server.over_quota = full

    @rule()
    def the_server_is_another(self) -> None:
        self.server.knows_move = not self.server.knows_move

    # --- we --------------------------------------------------------------------------------------------------

    @rule(fate=Fates, meanwhile=Meanwhile, late=st.sampled_from((False, False, False, True)))
    def sweep(self, fate: tuple[str, int], meanwhile: list[tuple[int, str, int]], late: bool) -> None:
        one = self._fate(fate, meanwhile)

        def go() -> SweepReport:
            return Sweep(
                account=self.world.account,
                sources=wired_sources(self.world.sources(), one),
                mailbox=wired_mailbox(Session(self.server, shows_late=late), one),
                journal=wired_journal(self.world.store.journal, one),
                docket=wired_docket(self.world.store.docket, one),
                clock=self.world.clock,
            ).run()

        report = self._run("sweeps", one, go)
        if report is None:
            return
        self._settled()
        if report.refusal is None and not one.hands and not late:
            self._swept(report)

    @rule()
    def a_sweep_in_peace(self) -> None:
        self.sweep(("", 0), [], False)

    @rule()
    def the_settle_time_passes_and_a_sweep(self) -> None:
        self.time_passes(11)
        self.sweep(("", 0), [], False)

    @rule()
    def a_sweep_that_only_looks(self) -> None:
        before = [(folder, message) for folder, message in self.server.everything()]
        intended = self.intended()
        self.world.set(mode=Mode.OBSERVE)
        self.world.sweep()
        self.world.set(mode=Mode.MOVE)
        self._settled()
        if not intended and before != list(self.server.everything()):
            raise Violation("who only observes changed something")

    @rule(
        fate=Fates,
        meanwhile=Meanwhile,
        which=st.sampled_from(("all", "all", "since", "sweep", "one")),
        pick=st.integers(0, 7),
    )
    def undo(
        self, fate: tuple[str, int], meanwhile: list[tuple[int, str, int]], which: str, pick: int
    ) -> None:
        one = self._fate(fate, meanwhile)
        journal = self.world.store.journal
        moved = journal.moves("home", states=[MoveState.MOVED], errand=Errand.SWEEP)
        chosen = moved[pick % len(moved)] if moved else None
        selection = Selection()
        if which == "since":
            selection = Selection(since=self.world.now - timedelta(minutes=5 * pick))
        elif chosen is not None and which == "sweep":
            selection = Selection(sweep=chosen.sweep)
        elif chosen is not None and which == "one":
            selection = Selection(message_id=chosen.intent.message_id)

        def go() -> Undone:
            return undo(
                self.world.account,
                selection,
                wired_mailbox(Session(self.server), one),
                wired_journal(journal, one),
                clock=self.world.clock,
            )

        undone = self._run("undos", one, go)
        if undone is None:
            return
        self._settled()
        if selection == Selection() and not one.hands and not self.server.over_quota:
            self._undone(undone)

    def _fate(self, fate: tuple[str, int], meanwhile: list[tuple[int, str, int]]) -> Fate:
        how, step = fate
        hands: Mapping[int, Callable[[], None]] = {
            call: lambda act=act, pick=pick: self.a_hand(act, pick)  # type: ignore[misc]  # bound now
            for call, act, pick in meanwhile
        }
        return Fate(step if how == "dies" else None, step if how == "breaks" else None, hands)

    def _run(self, what: str, fate: Fate, go: Callable[[], Any]) -> Any:
        """What it returned; None if it did not come to its end."""
        self.server.run += 1
        self.counts[what] += 1
        before = {m.id for m in self._doubled()}
        try:
            done = go()
            self._told(before, done.troubles)
            return done
        except Death:
            self.counts["deaths"] += 1
            self.world.close()
        except NobodyCanMend:
            raise
        except Trouble:
            self.counts["broken off"] += 1
            if not fate.broke and not fate.hands:
                raise
        finally:
            self.server.us = ""
        return None

    # --- the truth -------------------------------------------------------------------------------------------

    def intended(self) -> set[tuple[str, int, int, str]]:
        return {
            (i.source.place.folder, i.source.place.uidvalidity, i.source.uid, i.fingerprint)
            for i in (m.intent for m in self.world.store.journal.moves("home", states=[MoveState.INTENDED]))
        }

    def logged(self, ident: str) -> bool:
        person = self.world.account.person
        return bool(self.world.store.sent_log.holders(person, MessageId(ident).keys))

    def may_go(self, soul: Soul) -> str:
        self.counts["put away"] += 1
        if soul.kind in ("ordinary", "sent"):
            return "ordinary mail"
        if self.logged(soul.ident):
            return f"a genuine bounce of which the log knows: {soul.ident}"
        for one in self.letters:
            filed = one.filed is not None and one.filed < soul.arrival + self.world.account.settle
            if one.ident == soul.ident and filed:
                return f"a genuine bounce whose copy was in Sent in time: {soul.ident}"
        return ""

    def may_return(self, soul: Soul) -> str:
        self.counts["brought back"] += 1
        return ""

    # --- invariants ------------------------------------------------------------------------------------------

    @invariant()
    def books_balance(self) -> None:
        if not hasattr(self, "server"):
            return
        there: Counter[int] = Counter()
        for folder, message in self.server.everything():
            body, soul = message.body, message.body.soul
            there[id(soul)] += 1
            if message.flags != body.hands | body.ours:
                raise Violation(f"flags of {soul.ident} in {folder}: {sorted(message.flags)}")
            if (message.arrival, message.raw) != (body.arrival, soul.raw):
                raise Violation(f"date or bytes of {soul.ident} in {folder} changed")
        for soul in self.server.souls:
            if soul.extra < 0 or there[id(soul)] != soul.due + soul.extra:
                raise Violation(f"{soul.ident}: {there[id(soul)]} there, {soul.due} + {soul.extra} due")

    def _settled(self) -> None:
        """After a run that came to its end."""
        journal = self.world.store.journal
        doubled = {m.intent.fingerprint for m in self._doubled()}
        unsettled = journal.moves("home", states=[MoveState.INTENDED])
        if any(self.world.now - m.intended_at >= plan.LATE for m in unsettled):
            raise Violation("rows are left open")
        open_yet = {m.intent.fingerprint for m in unsettled}
        for soul in self.server.souls:
            if soul.extra and soul.fingerprint not in doubled | open_yet:
                raise Violation(f"doubled: {soul.ident}")
        for folder, message in self.server.everything():
            if "\\Deleted" in message.body.ours:
                raise Violation(f"{message.body.soul.ident} in {folder} is left marked as deleted by us")

    def _swept(self, report: SweepReport) -> None:
        """After a sweep in peace: genuine bounces are back, orphans are away."""
        for message in self.server.at(BACKSCATTER):
            soul = message.body.soul
            due = message.body.was_away and self._alone(soul) and not self.server.over_quota
            if due and self.logged(soul.ident) and not self._left_over(soul):
                raise Violation(f"a genuine bounce stays in Backscatter: {soul.ident}")
        for message in self.server.at("INBOX"):
            soul = message.body.soul
            if self._due(soul, message.body):
                why = [
                    c.finding
                    for c in self.world.store.docket.find("home")
                    if c.fingerprint == soul.fingerprint
                ]
                raise Violation(f"an orphan stays in the inbox: {soul.ident}; {why}; {report}")

    def _alone(self, soul: Soul) -> bool:
        """Nothing but us was at it, and there is one of it."""
        return not soul.touched and soul.delivered == 1 and soul.due == 1

    def _due(self, soul: Soul, body: Body) -> bool:
        return (
            self.calm
            and soul.kind == "forged"
            and self._alone(soul)
            and not soul.put_away
            and soul.extra == 0
            and not self.server.over_quota
            and "INBOX" not in self.server.remade
            and soul.arrival + self.world.account.settle < self.world.now
        )

    def _undone(self, undone: Undone) -> None:
        """After an undo of everything in peace nothing of ours that no hand was at is left away."""
        for message in self.server.at(BACKSCATTER):
            soul = message.body.soul
            if message.body.was_away and self._alone(soul) and not self._left_over(soul):
                raise Violation(f"not brought back: {soul.ident}; {undone}")

    def _left_over(self, soul: Soul) -> bool:
        """Is it in the inbox, too?  Where the server made the UIDs anew in the middle of a COPY, what is in
        Backscatter cannot be proved to be our half of a move, so it stays; that was told (`_told`)."""
        doubled = {m.intent.fingerprint for m in self._doubled()}
        inbox = any(m.body.soul is soul for m in self.server.at("INBOX"))
        return bool(soul.extra) and soul.fingerprint in doubled and inbox

    def _doubled(self) -> Sequence[Move]:
        return self.world.store.journal.moves("home", states=[MoveState.DOUBLED])

    def _told(self, before: AbstractSet[int], troubles: Sequence[str]) -> None:
        """After a run that came to its end: what it left in both folders it names."""
        new = {m.id for m in self._doubled()} - before
        if new and not any("are in both folders" in text for text in troubles):
            raise Violation(f"doubled, and not told: {sorted(new)}")
