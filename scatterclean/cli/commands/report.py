"""`scatterclean report`: writes the page; what it says is gathered by evidence/ and laid out by page/."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scatterclean.cli import exits
from scatterclean.cli.arguments import account_argument, accounts_option, export_option, named, since_option
from scatterclean.cli.root import COMMANDS, Given

if TYPE_CHECKING:
    from scatterclean.cli.screen import Screen
    from scatterclean.page import Matter

STDOUT = Path("-")


@click.command("report", short_help="Write a page: what happened, was it you, what was done.")
@account_argument(many=True)
@accounts_option("Only about this account; can be given several times. The same as naming it as ACCOUNT.")
@since_option
@click.option(
    "--output",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE.html",
    help="Where to write it; - is standard output. Default: scatterclean-report-DATE.html in this folder.",
)
@click.option("--open", "show", is_flag=True, help="Open it in your browser.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="One JSON object with all that the page says; the page is written only with --output.",
)
@export_option
@click.pass_obj
def command(
    given: Given,
    *,
    accounts: tuple[str, ...],
    also: tuple[str, ...],
    since: datetime | None,
    output: Path | None,
    show: bool,
    as_json: bool,
    export: str | None,
) -> int:
    """Write one page about the bounces of each ACCOUNT (all, if none is named): have I been hacked?

    The answer comes first, with its ground. Then: when the bounces came, which of your addresses were
    forged, who sends the bounces (with a note to each postmaster), what the spam was about, which
    bounces are about your own mail, what could not be decided and why, and how to take everything back.

    The page is one HTML file for your browser. It loads nothing, runs no program and works from disk;
    only you can read the file. Nothing is changed in the mailbox, and no server is asked (but for the
    lists in backscatter_lists, if you named any). It can be used while the daemon runs.

    \b
    Examples:
      scatterclean report --open
      scatterclean report home --since 7d
      scatterclean report --since all --output storm.html
      scatterclean report --json | jq .conclusion
      scatterclean report --export csv > servers.csv
    """
    from scatterclean import page
    from scatterclean.config import load
    from scatterclean.page.gathering import gathered
    from scatterclean.ports.hostlists import on_lists
    from scatterclean.wire import Household, host_lists
    from scatterclean.wording.exports import Export, exported

    if as_json and output == STDOUT:
        raise click.UsageError("--json and --output - both want standard output: choose one")
    if export and (as_json or output is not None or show):
        raise click.UsageError(
            "--export is a file of its own, and goes with neither --json, --output nor --open"
        )
    screen = given.screen(json=as_json or output == STDOUT)
    settings = load(given.config_path)
    with Household.open(settings, read_only=True) as household:
        asked = tuple(dict.fromkeys((*accounts, *also)))
        names = [each.name for each in named(household, asked)]
        advises = "advise" in COMMANDS
        matter = gathered(household, asked, since, command=_called(given), advises=advises)
    bouncers = on_lists(matter.report.bouncers, host_lists(settings, names))
    if export:
        screen.give_file(exported(bouncers, Export(export)))
        return exits.DONE
    matter = replace(matter, report=replace(matter.report, bouncers=bouncers))
    if as_json:
        from scatterclean.cli import report_form

        screen.give(report_form.report(matter.report))
    elif not any(each.sweeps for each in matter.standings):
        screen.trouble(_NEVER)
        return exits.TROUBLE
    if output == STDOUT:
        click.echo(page.render(matter).encode("utf-8", "replace"), nl=False)
    elif output is not None or not as_json:
        _write(screen, matter, output, asked, show=show)
    return exits.DONE


_NEVER = (
    "there was no sweep yet, so there is nothing to tell\n"
    "  `scatterclean sweep --observe` looks at your mailbox and moves nothing; after that there is a report."
)


def _called(given: Given) -> str:
    """How scatterclean is called with this configuration."""
    config = [] if given.config is None else ["--config", str(given.config)]
    return shlex.join(("scatterclean", *config))


def _write(
    screen: Screen, matter: Matter, output: Path | None, asked: tuple[str, ...], *, show: bool
) -> None:
    from scatterclean import calling, page, wording
    from scatterclean.page.saving import save, usual_name

    text = page.render(matter)
    path = output or Path(usual_name(matter.report.now, asked))
    replaced = save(text, path)
    screen.say(wording.conclusion.answer(matter.report).sentence, "bold")
    size = f"{max(len(text.encode('utf-8', 'replace')) // 1000, 1)} kB"
    again = ", in the place of an earlier report" if replaced else ""
    screen.say(
        f"The report is in {path} ({size}{again}). Only you can read it: it names people whom you write to."
    )
    if show and calling.shown_in_browser(path.resolve().as_uri()):
        screen.say("Your browser was asked to open it.")
    elif show:
        why = (
            "no browser could be started" if calling.has_window() else "there is no screen here to open it on"
        )
        screen.say(f"Open it in a browser yourself: {why}.", "yellow")
