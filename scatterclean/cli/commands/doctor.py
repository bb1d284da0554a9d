"""`scatterclean doctor`: prints what doctor/ finds, as it finds it, and ends with a code for monitoring."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from scatterclean.cli import exits
from scatterclean.cli.arguments import account_argument
from scatterclean.cli.root import Given

if TYPE_CHECKING:
    from scatterclean.cli.screen import Screen
    from scatterclean.doctor import Observation, Report, Service


@click.command("doctor", short_help="Look for everything that can be wrong, and say how to mend it.")
@account_argument(many=True)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="One JSON object: ok, counts, accounts, observations with their mends.",
)
@click.option("--strict", is_flag=True, help="Warnings count, too: end with 1 if there is one.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="How long a server or a password_command may be silent. Default: as configured, 60.",
)
@click.pass_obj
def command(
    given: Given, accounts: tuple[str, ...], as_json: bool, strict: bool, timeout: float | None
) -> int:
    """Look for everything that can be wrong with the configuration, this machine and each ACCOUNT
    (all, if none is named), and say how to mend it.

    It looks at: configuration, permissions, disk, who has the database, the database, the clock, the service; for
    each account the secret, the server's name, connection, TLS and certificate, login, what the
    server can and what is lost without it, folders, what is known of Sent, the last success. What
    rests on something that failed is told as not looked at. It logs in once for each account, and
    changes nothing: not on the server, and not in the database. It can be used while the daemon runs.

    \b
    Exit codes, for monitoring:
      0  no fault (there may be warnings; see --strict)
      1  a fault, in at least one account or on this machine; with --strict also a warning
      3  the configuration is missing or broken
      4  the database is locked, damaged or unusable

    \b
    Examples:
      scatterclean doctor
      scatterclean doctor home
      scatterclean doctor --strict --timeout 20
      scatterclean doctor --json | jq -r '.observations[] | select(.rating == "fault") | .mend'
    """
    from scatterclean.doctor import examine
    from scatterclean.wire import AccountUnknown

    screen = given.screen(json=as_json)
    heads: list[str | None] = []

    def tell(each: Observation) -> None:
        if each.account is not None and each.account not in heads:
            heads.append(each.account)
            screen.say()
            screen.say(f"Account {each.account}", "bold")
        _say(screen, each)

    try:
        report = examine(
            given.config_path,
            accounts,
            limit=timeout,
            service=_service,
            tell=(lambda _: None) if as_json else tell,
        )
    except AccountUnknown as unknown:
        raise click.UsageError(str(unknown)) from None
    if as_json:
        from scatterclean.cli import forms

        screen.give(forms.examination(report))
    else:
        screen.say()
        screen.say(_summary(report), "bold")
    return code_of(report, strict=strict)


def _service() -> Service | None:
    """What keeps services on this machine says of ours; None where nothing does."""
    from scatterclean.doctor import Service
    from scatterclean.units import asking, choosing, installing
    from scatterclean.units.programs import RealPrograms

    programs = RealPrograms()
    try:
        keeper = choosing.keeper(programs)
    except choosing.NoKeeper as silent:
        return Service(installed=False, running=False, words=(silent.what,))
    if keeper is None:
        return None
    state = asking.state(installing.place(keeper, os.environ, None), programs)
    return Service(state.installed, state.running, state.words)


def code_of(report: Report, *, strict: bool) -> int:
    """The exit code of an examination; what concerns everything goes before what concerns one account."""
    from scatterclean.doctor import Rating, Topic

    if report.faults(Topic.CONFIGURATION):
        return exits.CONFIG
    if report.faults(Topic.DATABASE):
        return exits.DATABASE
    if report.faults() or (strict and report.count(Rating.WARNING)):
        return exits.TROUBLE
    return exits.DONE


_STYLES = {"fault": "bold red", "warning": "yellow", "not-looked-at": "dim"}
_WORDS = {"fault": "FAULT", "warning": "WARNING", "not-looked-at": "not looked at"}


def _say(screen: Screen, each: Observation) -> None:
    """The rating is the first word: it is heard first, and needs no colour."""
    rating = str(each.rating)
    what = each.what.removeprefix("not looked at, ")
    screen.say(f"{_WORDS.get(rating, rating)}: {each.topic}: {what}", _STYLES.get(rating, ""), indent=2)
    if each.mend:
        screen.say(f"To mend it: {each.mend}", indent=4)


def _summary(report: Report) -> str:
    from scatterclean.doctor import Rating

    faults, warnings, unseen = (report.count(r) for r in (Rating.FAULT, Rating.WARNING, Rating.UNSEEN))
    if not (faults or warnings or unseen):
        return "All is well."
    told = [
        "1 fault" if faults == 1 else f"{faults or 'no'} faults",
        "1 warning" if warnings == 1 else f"{warnings or 'no'} warnings",
        f"{unseen} not looked at" if unseen else "",
    ]
    return ", ".join(filter(None, told)).capitalize() + "."
