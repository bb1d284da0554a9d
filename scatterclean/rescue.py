"""What was put away and has since proved genuine comes back by itself, once.  It judges nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress

from scatterclean import deeds, plan, seek, settling
from scatterclean.errors import FolderMissing
from scatterclean.model import Case, Closure, Errand, Move, MoveState, Verdict, Whereabouts
from scatterclean.ports import Docket, Journal, Mailbox


def rescue(
    mailbox: Mailbox,
    journal: Journal,
    docket: Docket,
    sweep: int,
    proved: Sequence[tuple[Case, Move]],
    *,
    clock: settling.Clock,
    stop: deeds.Stop,
    done: settling.Done,
) -> None:
    """Move these back to where they were taken from, flagged if they are alarms now.  `done` is filled on the way, also
    when this raises."""
    copied = [move for _, move in proved if move.state is MoveState.COPIED]
    unmarked = deeds.unmark(mailbox, journal, copied, clock=clock)
    done.settled += [(move, MoveState.RETURNED) for move in unmarked]
    deeds.flag(mailbox, [m.intent.source for c, m in proved if m in unmarked and _is_alarm(c)])
    docket.close([c for c, m in proved if m in copied and m not in unmarked], clock(), Closure.HAND)
    proved = [(case, move) for case, move in proved if move.state is MoveState.MOVED]
    found = seek.find(mailbox, [move for _, move in proved])
    # There, where they are found: what comes back does so with its flags.
    deeds.flag(mailbox, [found[m.id] for c, m in proved if m.id in found and _is_alarm(c)])
    intents = [plan.bring_back(m, found[m.id], Errand.RESCUE) for _, m in proved if m.id in found]
    lost = [(case, move) for case, move in proved if move.id not in found]
    _let_go(mailbox, docket, lost, found, clock=clock, stop=stop, done=done)
    deeds.act(mailbox, journal, sweep, intents, clock=clock, stop=stop, done=done)


def _is_alarm(case: Case) -> bool:
    return case.finding.verdict is Verdict.ALARM


def _let_go(
    mailbox: Mailbox,
    docket: Docket,
    lost: Sequence[tuple[Case, Move]],
    found: Mapping[int, Whereabouts],
    *,
    clock: settling.Clock,
    stop: deeds.Stop,
    done: settling.Done,
) -> None:
    """Another hand took these out of Backscatter: looking for them costs whole folders, so it is done once.
    They stay where that hand put them, and the person is told where.  A folder that is missing may come back."""
    there = set()
    for folder in {move.intent.target_folder for _, move in lost}:
        with suppress(FolderMissing):
            there.add(mailbox.state(folder).place.folder)
    gone = [(case, move) for case, move in lost if move.intent.target_folder in there]
    if not gone:
        return
    filed = seek.elsewhere(mailbox, [move for _, move in gone], found, stop=stop)
    for folder, number in Counter(where.place.folder for where in filed.found.values()).items():
        done.trouble(
            f"account {gone[0][0].account}: {number} of the bounces that were put away proved genuine, and "
            f"{'is' if number == 1 else 'are'} in {folder!r}, where another hand has put "
            f"{'it' if number == 1 else 'them'}\n"
            "  They are left there: look at them; `scatterclean undo` brings them back."
        )
    docket.close([case for case, _ in gone], clock(), Closure.HAND)
