"""What was put away and has since proved genuine comes back by itself, once.  It judges nothing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from scatterclean import deeds, plan
from scatterclean.errors import FolderMissing
from scatterclean.model import Case, Closure, Errand, Move
from scatterclean.ports import Docket, Journal, Mailbox


def rescue(
    mailbox: Mailbox,
    journal: Journal,
    docket: Docket,
    sweep: int,
    proved: Sequence[tuple[Case, Move]],
    *,
    clock: deeds.Clock,
    stop: deeds.Stop,
    done: deeds.Done,
) -> None:
    """Move these back to where they were taken from.  `done` is filled on the way, also when this raises."""
    found = deeds.find(mailbox, [move for _, move in proved])
    intents = [plan.bring_back(m, found[m.id], Errand.RESCUE) for _, m in proved if m.id in found]
    _let_go(mailbox, docket, [(case, move) for case, move in proved if move.id not in found], clock)
    deeds.act(mailbox, journal, sweep, intents, clock=clock, stop=stop, done=done)


def _let_go(mailbox: Mailbox, docket: Docket, lost: Sequence[tuple[Case, Move]], clock: deeds.Clock) -> None:
    """Another hand took these out of Backscatter: looking for them costs the whole folder, so it is done once.
    A folder that is missing may come back."""
    there = set()
    for folder in {move.intent.target_folder for _, move in lost}:
        with suppress(FolderMissing):
            there.add(mailbox.state(folder).place.folder)
    gone = [case for case, move in lost if move.intent.target_folder in there]
    docket.close(gone, clock(), Closure.HAND)
