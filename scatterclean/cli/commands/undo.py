"""`scatterclean undo`: brings back what sweeps put away; which moves those are is known in undo.py."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import click

from scatterclean.cli import exits
from scatterclean.cli.arguments import account_argument, moment, named
from scatterclean.cli.root import Given
from scatterclean.errors import DatabaseLocked, Reach, Trouble

if TYPE_CHECKING:
    from scatterclean.cli.screen import Screen
    from scatterclean.config import Settings
    from scatterclean.undo import Nothing, Selection, Undone
    from scatterclean.wire import Household

# More than this is asked for before, on a terminal.
ASK_ABOVE = 20
_NAMED = 10


@click.command("undo", short_help="Bring back what was put away.")
@account_argument(many=True)
@click.option("--sweep", type=click.IntRange(min=1), metavar="N", help="What sweep N put away.")
@click.option(
    "--since", type=moment, metavar="T", help="What was put away since then: today, 3h, 2026-11-23 ..."
)
@click.option("--message", metavar="ID", help="The message with this Message-ID.")
@click.option("--all", "everything", is_flag=True, help="Everything that was ever put away.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="One JSON object: back, lost, still_away, troubles by account; or why there is nothing to bring back.",
)
@click.pass_obj
def command(
    given: Given,
    *,
    accounts: tuple[str, ...],
    sweep: int | None,
    since: datetime | None,
    message: str | None,
    everything: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Bring back what sweeps of each ACCOUNT (all, if none is named) put away.

    Say which by exactly one of --sweep, --since, --message, --all. Each message goes back to the
    folder that it was taken from, with all its flags, and no sweep will ever move it again. Asks
    before it brings back more than 20, on a terminal. While the daemon runs, it is handed over to
    the daemon, and waited for.

    \b
    Examples:
      scatterclean undo --sweep 12
      scatterclean undo home --since yesterday
      scatterclean undo --message '<20261123.4711@mx.example.net>'
      scatterclean undo --all --yes
    """
    ways = sum((sweep is not None, since is not None, message is not None, everything))
    if ways != 1:
        likely = "" if ways else _likely(given, accounts)
        raise click.UsageError(f"say which by exactly one of --sweep, --since, --message, --all{likely}")
    from scatterclean.cli import forms
    from scatterclean.cli.handing import hand_over
    from scatterclean.cli.progress import bars, patience
    from scatterclean.config import load
    from scatterclean.undo import Nothing, Selection, Undone, due, nothing

    screen = given.screen(json=as_json)
    selection = Selection(sweep=sweep, since=since, message_id=message)
    told: list[dict[str, object]] = []
    code = exits.DONE
    why: Nothing | None = None
    with _opened(load(given.config_path)) as household:
        names = [a.name for a in named(household, accounts)]
        numbers = {name: len(due(household.store.journal, name, selection)) for name in names}
        total = sum(numbers.values())
        ask = total > ASK_ABOVE and not yes and screen.aside.is_terminal
        question = f"Bring back {total} messages? They stay then: no sweep moves them again"
        if ask and not click.confirm(question, err=True):
            screen.say("Nothing was brought back.")
            return exits.DONE
        if not total:
            why = nothing(household.store.journal, names, selection)
            screen.say(f"{_why_nothing(why, selection, accounts)}: there is nothing to bring back.")
            if why in (Nothing.NO_SWEEP, Nothing.UNKNOWN_MESSAGE):
                code = exits.TROUBLE
        with patience(screen.trouble) as asked:
            for name in (n for n in names if numbers[n]):
                if asked.over():
                    break
                try:
                    with bars(screen.aside, name) as shown:
                        tell = partial(shown.tell, "undo", total=numbers[name])
                        if household.store.read_only:
                            moves = due(household.store.journal, name, selection)
                            undone = hand_over(household, moves, stop=asked.over, progress=tell)
                        else:
                            undone = household.undo(name, selection, stop=asked.over, progress=tell)
                except Trouble as trouble:
                    if trouble.reach is Reach.EVERYTHING:
                        raise
                    undone = Undone((), (), (str(trouble),))
                _tell(screen, name, undone)
                told.append({"account": name, **forms.undone(undone)})
                if undone.lost or undone.still_away or undone.troubles:
                    code = exits.TROUBLE
    if as_json:
        screen.give({"accounts": told, "nothing": str(why) if why else None})
    return asked.exit(code)


# So many sweeps are searched for the last one that put something away.
_SWEEPS = 500


def _likely(given: Given, accounts: tuple[str, ...]) -> str:
    """What is most probably meant, where nothing was said; nothing where there is nothing to bring back."""
    from scatterclean.config import load
    from scatterclean.wire import Household

    try:
        with Household.open(load(given.config_path), read_only=True) as household:
            names = [a.name for a in named(household, accounts)]
            sweeps = [s for name in names for s in household.store.journal.sweeps(name, _SWEEPS) if s.moved]
    except Trouble:
        return ""
    if not sweeps:
        return "; but no sweep has put anything away yet"
    last = max(sweeps, key=lambda each: each.sweep)
    put_away = "1 message" if last.moved == 1 else f"{last.moved} messages"
    return (
        f".\nMost likely: scatterclean undo --sweep {last.sweep} (the last one, which put {put_away} away), "
        "or scatterclean undo --all"
    )


def _opened(settings: Settings) -> Household:
    """To write in, or, while the daemon runs, to ask it."""
    from scatterclean.cli.handing import beside_the_daemon
    from scatterclean.wire import Household

    try:
        return Household.open(settings)
    except DatabaseLocked as locked:
        return beside_the_daemon(settings, locked)


def _why_nothing(why: Nothing, selection: Selection, accounts: tuple[str, ...]) -> str:
    from scatterclean.undo import Nothing
    from scatterclean.wording import shown

    if selection.sweep is not None:
        what, did = f"What sweep {selection.sweep} put away", f"Sweep {selection.sweep} put nothing away"
    elif selection.message_id is not None:
        what, did = "That message", "It was never put away"
    else:
        what, did = "All that was put away", "Nothing was put away"
        if selection.since is not None:
            what, did = f"{what} since then", f"{did} since then"
    of = f" of {', '.join(shown(name) for name in accounts)}" if accounts else ""
    return {
        Nothing.NO_SWEEP: f"There is no sweep {selection.sweep}{of}",
        Nothing.UNKNOWN_MESSAGE: f"No message with the Message-ID {shown(selection.message_id)} was put away{of}",
        Nothing.ALREADY_BACK: f"{what} was already brought back",
        Nothing.NOT_AWAY: f"{what} was already brought back, or taken by another hand",
        Nothing.NONE_PUT_AWAY: did,
    }[why]


def _tell(screen: Screen, name: str, undone: Undone) -> None:
    from scatterclean.wording import of_account, shown

    noun = "message" if len(undone.back) == 1 else "messages"
    screen.say(f"{name}: {len(undone.back)} {noun} brought back", "green")
    for heading, moves in (
        ("no longer where they were put (moved or deleted by another hand):", undone.lost),
        ("still where they were put:", undone.still_away),
    ):
        if moves:
            screen.say(f"{len(moves)} {heading}", indent=2)
        for move in moves[:_NAMED]:
            intent = move.intent
            screen.say(
                f'"{shown(intent.subject, 60)}" from {shown(intent.sender, 60) or "nobody"}', "dim", indent=4
            )
        if len(moves) > _NAMED:
            screen.say(f"and {len(moves) - _NAMED} more", "dim", indent=4)
    for sentence in undone.troubles:
        screen.trouble(of_account(name, sentence))
