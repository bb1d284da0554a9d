"""Mutants: what the promise of not losing rests on is taken out, one thing at a time, and a named test must see it.

Each mutant breaks the product at the smallest place; the test beside it is run as it stands, without the mutant (it
passes) and with it (it fails).  A test that sees none of its mutants proves nothing.

    mutant               what is broken                                         the test that sees it
    recovery off         nobody settles what a dead process left                test_death: a sweep that dies anywhere
    OK trusted           the answer of the server settles a move                test_core_moves: OK without effect
    journal after act    the intention is written when the message has gone     test_death: a sweep that dies anywhere
    weak convicts        an id out of the prose condemns                        test_judge: weak reference only
    empty log convicts   nothing is known, so all is unknown                    test_judge: empty log
    moved twice          what came back is taken for new                        test_sweep: undo ... no later sweep
    settle unchecked     after a death a move is believed to be done            test_death: a sweep that dies anywhere
    plain EXPUNGE        all that is marked as deleted goes, whoever marked it  test_mailbox_moves: a move spares
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from scatterclean import deeds, settling
from scatterclean import judge as judging
from scatterclean.judge.hearing import Hearing
from scatterclean.mailbox.imap import ImapMailbox
from scatterclean.mailbox.login import open_mailbox
from scatterclean.mailbox.memory import MemoryServer
from scatterclean.model import Errand, Intent, Move, MoveState
from scatterclean.ports import Journal, Mailbox
from scatterclean.store.journal import SqlJournal
from tests.contracts.test_mailbox_moves import test_a_move_spares_what_others_marked_as_deleted as spares
from tests.contracts.worlds import World as Contract
from tests.core.test_judge import UNDECIDED
from tests.core.test_judge import test_it_stays_undecided as stays_undecided
from tests.hosts.kinds import KINDS
from tests.review.test_core_moves import Hostile
from tests.review.test_core_moves import test_ok_without_effect_is_no_move as ok_is_no_move
from tests.servers import Host, RealHand, access_to, fresh_user
from tests.sweeps.test_death import test_a_sweep_that_dies_anywhere_is_completed_by_the_next as dies_anywhere
from tests.sweeps.test_sweep import (
    test_undo_brings_everything_back_and_no_later_sweep_takes_it_again as undo_is_final,
)
from tests.sweeps.world import World

Patch = pytest.MonkeyPatch
Hosts = Callable[[str], Host]

# --- the mutants ------------------------------------------------------------------------------------------


def recovery_off(patch: Patch) -> None:
    patch.setattr(settling, "recover", lambda *_, **__: settling.Done())


def _believed(journal: Journal, moves: Sequence[Move], clock: settling.Clock, done: settling.Done) -> None:
    journal.settle([(m, MoveState.MOVED, None) for m in moves], clock())
    done.add([(m, MoveState.MOVED) for m in moves])


def ok_trusted(patch: Patch) -> None:
    looked = settling.settle

    def settle(mailbox: Mailbox, journal: Journal, moves: Sequence[Move], **said: Any) -> None:
        if said.get("went") is not None:
            _believed(journal, moves, said["clock"], said["done"])
        else:
            looked(mailbox, journal, moves, **said)

    patch.setattr(deeds, "settle", settle)


def journal_after_the_act(patch: Patch) -> None:
    def move(
        mailbox: Mailbox,
        journal: Journal,
        sweep: int,
        intents: list[Intent],
        *,
        clock: Any,
        done: Any,
        keeping: bool,
    ) -> None:
        target = deeds._target(mailbox, intents[0])
        went = mailbox.move(intents[0].source.place, [i.source.uid for i in intents], target.place)
        moves = journal.intend(sweep, intents, target, clock())
        settling.settle(mailbox, journal, moves, clock=clock, done=done, went=went, keeping=keeping)

    patch.setattr(deeds, "_move", move)


def settle_unchecked(patch: Patch) -> None:
    def recover(
        _mailbox: Mailbox, journal: Journal, account: str, *, clock: settling.Clock, keeping: bool = False
    ) -> settling.Done:
        done, moves = settling.Done(), journal.moves(account, states=[MoveState.INTENDED])
        _believed(journal, [m for m in moves if m.intent.errand is not Errand.DELETE], clock, done)
        return done

    patch.setattr(settling, "recover", recover)


def weak_convicts(patch: Patch) -> None:
    patch.setattr(Hearing, "strong", property(lambda self: list(self.bounce.references)))


def empty_log_convicts(patch: Patch) -> None:
    patch.setattr(judging, "RULES", tuple(rule for rule in judging.RULES if rule is not judging._log_empty))


def moved_twice(patch: Patch) -> None:
    patch.setattr(SqlJournal, "moved_before", lambda *_: frozenset())


def plain_expunge(patch: Patch) -> None:
    def expunge(self: ImapMailbox, folder: str, uids: Sequence[int]) -> None:
        text = ",".join(map(str, uids)).encode()
        self._session.demand("UID STORE", text, rb"+FLAGS.SILENT (\Deleted)", about=folder)
        self._session.demand("EXPUNGE", about=folder)

    patch.setattr(ImapMailbox, "_expunge", expunge)


# --- the tests that see them --------------------------------------------------------------------------------


def a_death(folder: Path, _hosts: Hosts) -> None:
    dies_anywhere("COPY and EXPUNGE", folder)


def a_server_that_does_nothing(folder: Path, _hosts: Hosts) -> None:
    world = Hostile(folder / "log.db")
    world.history()
    with ExitStack() as stack:
        stack.callback(world.close)
        ok_is_no_move(world)


def _row(name: str) -> Callable[[Path, Hosts], None]:
    [row] = [row[1:] for row in UNDECIDED if row[0] == name]
    return lambda _folder, _hosts: stays_undecided(*row)


def an_undo(folder: Path, _hosts: Hosts) -> None:
    """On a server without keywords: where there are some, `$Backscatter` tells of it, too."""
    world = World(folder / "log.db", MemoryServer(keywords=False))
    world.history()
    with ExitStack() as stack:
        stack.callback(world.close)
        undo_is_final(world)


def a_mark_of_another_program(_folder: Path, hosts: Hosts) -> None:
    name = "dovecot without MOVE"
    access = access_to(hosts(name), fresh_user())
    with ExitStack() as stack:
        hand, box = RealHand(hosts(name), access.username), open_mailbox(access)
        stack.callback(hand.close)
        stack.callback(box.close)
        spares(Contract(hand, lambda: box, box, KINDS[name].separator, KINDS[name].prefix))


MUTANTS: Mapping[str, tuple[Callable[[Patch], None], Callable[[Path, Hosts], None]]] = {
    "recovery off": (recovery_off, a_death),
    "OK trusted": (ok_trusted, a_server_that_does_nothing),
    "journal after act": (journal_after_the_act, a_death),
    "weak convicts": (weak_convicts, _row("weak reference only")),
    "empty log convicts": (empty_log_convicts, _row("empty log")),
    "moved twice": (moved_twice, an_undo),
    "settle unchecked": (settle_unchecked, a_death),
    "plain EXPUNGE": (plain_expunge, a_mark_of_another_program),
}


@pytest.mark.parametrize("check", dict.fromkeys(seen_by for _, seen_by in MUTANTS.values()))
def test_without_a_mutant_each_of_these_tests_passes(
    check: Callable[[Path, Hosts], None], tmp_path: Path, hosts: Hosts
) -> None:
    check(tmp_path, hosts)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_makes_a_test_fail(name: str, tmp_path: Path, hosts: Hosts, monkeypatch: Patch) -> None:
    mutate, check = MUTANTS[name]
    mutate(monkeypatch)
    with pytest.raises(AssertionError):
        check(tmp_path, hosts)


def test_the_page_above_names_every_mutant() -> None:
    page = (__doc__ or "").partition("the test that sees it")[2]
    named = [line[4:25].strip() for line in page.splitlines() if line.strip()]
    assert named == list(MUTANTS)
