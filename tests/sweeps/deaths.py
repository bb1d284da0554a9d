"""Two thousand deaths, for `test_crash_points` and `test_crash_points_without_move`.

Every errand is killed at each of its steps (see `crash`), by default at half of them on each kind of
server (see `EVERY`), and a new process goes on.

Nothing is lost or doubled, no flag, keyword or date is another than without the death, and nothing is left open.
How many steps each errand has is written down here, so that the number cannot shrink unseen.
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean.mailbox.memory import MemoryServer, Stored
from scatterclean.model import Identities, MoveState, Wish, WishKind, WishState
from scatterclean.plan import ALARM_KEYWORD, KEYWORD
from scatterclean.undo import Selection

from .crash import Errand, Template, discard, everything, fulfil, later, sweep, take_back
from .tripwire import Death, Fate
from .world import ME, World, stolen

FORGED = 8
# Several batches for each errand: what a death between two leaves is settled with what was never begun.
BATCH = 3


# What is known of each message wherever it lies, but for our own keyword.
Known = Counter[tuple[bytes, object, frozenset[str]]]


def _inbox(world: World, *flags: str) -> None:
    world.history(6)
    world.ordinary(1)
    for number in range(FORGED):
        uid = world.bounced(f"forged.{number}@spam.example", number=number)
        world.server.flag("INBOX", uid, "\\Seen", *flags)
    world.bounced("sent.1@winter.example", number=8)


def _labelled(world: World) -> None:
    _inbox(world, "$Label1")


def _away(world: World) -> None:
    _labelled(world)
    world.sweep()
    later(world, minutes=30)


def _proved(world: World) -> None:
    _away(world)
    for number in range(FORGED):
        world.sent(f"forged.{number}@spam.example", ago=timedelta(hours=4))


def _old(world: World) -> None:
    """Without a label: what a hand has marked is kept."""
    world.set(keep_backscatter=timedelta(days=30))
    _inbox(world)
    world.sweep()
    later(world, days=31)
    world.sweep()
    later(world, days=2)


def _alarming(world: World) -> None:
    """Some that raise the alarm among what is put away."""
    world.set(identities=Identities(addresses=frozenset([ME, "*@winter.example"])))
    world.history(6)
    world.sweep()
    later(world, hours=3)
    world.watched()
    at = world.now - timedelta(hours=2)
    for number in range(FORGED):
        raw = stolen(f"stolen.{number}@spam.example", at=at, number=number)
        world.server.append("INBOX", raw, flags=["\\Seen", "$Label1"], arrival=at)
        world.bounced(f"forged.{number}@spam.example", number=number)


def _wished_away(world: World) -> None:
    """A few that nothing is known of, and two of them are backscatter, says the person."""
    world.history(6)
    world.watched()
    for number in range(3):
        uid = world.unreferenced(number=number)
        world.server.flag("INBOX", uid, "\\Seen", "$Label1")
    world.sweep()
    later(world, minutes=30)
    for case in world.store.docket.open_cases("home")[:2]:
        world.store.wishes.ask(Wish("home", WishKind.PUT_AWAY, f"form-{case.id}", world.now, case=case.id))


def _wished_back(world: World) -> None:
    """A sweep and the person's hand put messages away, and one of each is wanted back."""
    _wished_away(world)
    world.fulfil()
    world.bounced("forged.1@spam.example", number=9)
    world.sweep()
    later(world, minutes=30)
    world.sweep()  # by now it has settled
    moves = world.store.journal.moves("home", states=[MoveState.MOVED])
    for move in {m.intent.errand: m for m in moves}.values():
        world.store.wishes.ask(Wish("home", WishKind.BRING_BACK, f"back-{move.id}", world.now, move=move.id))


def _sweep(world: World) -> None:
    world.sweep()


def _fulfil(world: World) -> None:
    """The next process sweeps, too: before, as the daemon whose sweep comes first, and behind."""
    world.sweep()
    world.fulfil()
    world.sweep()
    assert all(wish.state is WishState.DONE for wish in world.store.wishes.latest())


def _undo(selection: Selection) -> Errand:
    return Errand(_away, take_back(selection), lambda world: world.undo(selection))


ONE = Selection(message_id="<1.forged.1@mx.elsewhere.example>")
ERRANDS = {
    "sweep": Errand(_labelled, sweep, _sweep),
    "undo": _undo(Selection()),
    "undo one": _undo(ONE),
    "rescue": Errand(_proved, sweep, _sweep),
    "retention": Errand(_old, sweep, _sweep),
    "alarm": Errand(_alarming, sweep, _sweep),
    "wish to put away": Errand(_wished_away, fulfil, _fulfil),
    "wish to bring back": Errand(_wished_back, fulfil, _fulfil),
}
SERVERS = {
    f"{how}, {'keywords' if keywords else 'no keywords'}": (how == "MOVE", keywords)
    for how in ("MOVE", "COPY")
    for keywords in (True, False)
}


def _known(server: MemoryServer) -> Known:
    def one(message: Stored) -> tuple[bytes, object, frozenset[str]]:
        return message.raw, message.arrival, message.flags - {KEYWORD}

    return Counter(one(m) for _, m in everything(server))


def _where(server: MemoryServer) -> Counter[tuple[str, bytes]]:
    return Counter((folder, m.raw) for folder, m in everything(server))


# With keywords the process dies at the even steps, without at the odd ones: the two differ in the marking alone, and
# all steps of both take minutes.  With this variable it dies at every step of each.
EVERY = 1 if os.environ.get("SCATTERCLEAN_EVERY_STEP") else 2


def deaths(errand: Errand, server: MemoryServer, folder: Path) -> int:
    """How many steps the errand has; the process died at each, or at every other (see `EVERY`)."""
    world = World(folder / "log.db", server)
    errand.before(world)
    template = Template(world)
    whole, unharmed = template.copy(), Fate()
    errand.run(whole, unharmed)
    end, where = _known(whole.server), _where(whole.server)
    rung = _rung(whole)
    assert where != _where(template.server), "the errand did nothing"
    discard(whole)
    for step in range(0 if server.knows_keywords or EVERY == 1 else 1, unharmed.steps, EVERY):
        world = template.copy()
        with pytest.raises(Death):
            errand.run(world, Fate(dies=step))
        world.close()
        half = _known(world.server)
        assert not _loose(end) - _loose(half), f"lost by the death at step {step}"
        errand.again(world)
        assert _known(world.server) == end, f"lost, doubled, flags or dates after the death at step {step}"
        assert _where(world.server) == where, f"elsewhere after the death at step {step}"
        assert _rung(world) == rung, f"not told, or told twice, after the death at step {step}"
        open_ones = world.store.journal.moves("home", states=[MoveState.INTENDED, MoveState.DOUBLED])
        assert not open_ones, f"left open after the death at step {step}"
        discard(world)
    return unharmed.steps


def _loose(half: Known) -> Known:
    """What is there while nobody goes on; a source of our COPY may bear \\Deleted, and what raises the alarm may not be
    flagged yet: it is the same message."""
    found: Known = Counter()
    for (raw, arrival, flags), number in half.items():
        found[raw, arrival, flags - {"\\Deleted", "\\Flagged", ALARM_KEYWORD}] += number
    return found


def _rung(world: World) -> list[str]:
    return [alarm.key for alarm in world.store.journal.alarms("home")]
