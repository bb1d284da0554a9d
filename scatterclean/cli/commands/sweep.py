"""`scatterclean sweep`: one sweep of each account, with a closing table; how to sweep is known in sweep.py."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING

import click

from scatterclean.cli import exits
from scatterclean.cli.arguments import account_argument, day, named
from scatterclean.cli.root import Given
from scatterclean.errors import Reach, Stopped, Trouble

if TYPE_CHECKING:
    from scatterclean.cli.progress import Patience
    from scatterclean.cli.screen import Screen
    from scatterclean.cli.sweeps import Outcome
    from scatterclean.model import SweepReport
    from scatterclean.wire import Household


@click.command("sweep", short_help="Sweep accounts once, and tell what moved and why.")
@account_argument(many=True)
@click.option("--observe", is_flag=True, help="Move nothing, only say what would be moved.")
@click.option("--move", is_flag=True, help="Move, also where the configuration only observes.")
@click.option(
    "--folder",
    "folders",
    multiple=True,
    metavar="F",
    help="Look at this folder instead of the watched ones, at all that is in it. Repeatable.",
)
@click.option("--since", type=day, metavar="DATE", help="Look again at all mail from this day on.")
@click.option(
    "--list",
    "as_list",
    is_flag=True,
    help="Name every message, not only examples: time, sender, subject, Message-ID.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object; words for people go to standard error."
)
@click.pass_obj
def command(
    given: Given,
    *,
    accounts: tuple[str, ...],
    observe: bool,
    move: bool,
    folders: tuple[str, ...],
    since: date | None,
    as_list: bool,
    as_json: bool,
) -> int:
    """Sweep each ACCOUNT once (all accounts, if none is named).

    Reads what is new in the Sent folders, looks at new mail in the watched folders, puts bounces of
    mail that you never sent (orphans) into Backscatter, and closes with a table: what was put away,
    what stayed, and why. The other accounts of the same person are read first, so that nothing waits for them.

    \b
    Examples:
      scatterclean sweep                              as the configuration says
      scatterclean sweep --observe                    what would be moved, and why?
      scatterclean sweep --observe --list             the same, message by message
      scatterclean sweep home --move --since 7d       the last week, again, and move
      scatterclean sweep work --folder INBOX/Bounces  another folder
      scatterclean sweep --json | jq '.accounts[].put_away[].subject'
    """
    if observe and move:
        raise click.UsageError("either --observe or --move")
    if since is not None and since > datetime.now(UTC).astimezone().date():
        raise click.UsageError(f"--since {since}: that day is still to come")
    from scatterclean.cli.progress import patience
    from scatterclean.cli.sweeps import closing
    from scatterclean.config import load
    from scatterclean.model import Mode
    from scatterclean.wire import Household

    screen = given.screen(json=as_json)
    mode = Mode.OBSERVE if observe else Mode.MOVE if move else None
    code = exits.DONE
    outcomes: list[Outcome] = []
    with (
        Household.open(load(given.config_path)) as household,
        patience(screen.trouble) as asked,
    ):
        names = [a.name for a in named(household, accounts)]
        for name in household.first_read(names):
            told = None if asked.over() else _harvest(household, name, screen, asked)
            if told and name not in names:  # else its own sweep tells it
                screen.trouble(told)
                code = exits.TROUBLE
        for name in names:
            if asked.over():
                break
            sweep = partial(
                household.sweep,
                name,
                mode=mode,
                folders=folders,
                since=since,
                stop=asked.over,
            )
            outcomes.append(_sweep(household, name, screen, sweep))
            outcomes[-1].asked_to_observe = observe and household.accounts[name].account.mode is Mode.MOVE
    if as_json:
        screen.give({"accounts": [outcome.form() for outcome in outcomes]})
    else:
        closing(screen, outcomes, every=as_list)
    return asked.exit(max([code, *(outcome.exit for outcome in outcomes)]))


def _harvest(household: Household, name: str, screen: Screen, asked: Patience) -> str:
    """Read the Sent folders of an account; what was the trouble with that, if anything."""
    from scatterclean.cli.progress import bars
    from scatterclean.wording import of_account

    with bars(screen.aside, name) as shown:
        try:
            done = household.harvest(name, stop=asked.over, progress=partial(shown.tell, "harvest"))
        except Stopped:
            return ""
        except Trouble as trouble:
            if trouble.reach is Reach.EVERYTHING:
                raise
            return of_account(name, str(trouble))
    return "\n".join(of_account(name, sentence) for sentence in done.troubles)


def _sweep(household: Household, name: str, screen: Screen, sweep: Callable[..., SweepReport]) -> Outcome:
    from scatterclean.cli.progress import bars
    from scatterclean.cli.sweeps import Outcome
    from scatterclean.model import Errand, MoveState
    from scatterclean.standing import earlier
    from scatterclean.sweep import Steps

    outcome = Outcome(name)
    with bars(screen.aside, name) as shown:
        try:
            outcome.report = sweep(steps=Steps(shown.tell, outcome.judge, outcome.alarm, outcome.leave))
        except Trouble as trouble:
            if trouble.reach is Reach.EVERYTHING:
                raise
            outcome.trouble = trouble
            return outcome
    moves = household.store.journal.moves(
        name, sweep=outcome.report.sweep, states=(MoveState.MOVED, MoveState.COPIED), errand=Errand.SWEEP
    )
    outcome.moved = frozenset(move.intent.source for move in moves)
    store = household.store
    outcome.earlier = earlier(name, store.journal, store.docket, outcome.judged)
    return outcome
