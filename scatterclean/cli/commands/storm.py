"""`scatterclean storm`: prints the report in one screen, once or as it changes; `evidence` makes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from scatterclean.cli import exits
from scatterclean.cli.arguments import account_argument, export_option, named, since_option
from scatterclean.cli.root import Given, short_lived

if TYPE_CHECKING:
    from collections.abc import Callable

    from scatterclean.cli.storming import Picture
    from scatterclean.model.report import Report
    from scatterclean.ports.hostlists import HostLists

_ENDS = "Read again when something changes; Ctrl-C ends."
# Before a storm that is looked at, so that its beginning is seen against what is usual.
_BEFORE = timedelta(days=1)


@click.command("storm", short_help="Show the storm, and whether it was you, in one screen.")
@account_argument(many=True)
@since_option
@click.option("--watch", is_flag=True, help="Stay, and show what changes, until Ctrl-C.")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object: the report; with --watch one for each change."
)
@export_option
@click.pass_obj
def command(
    given: Given,
    accounts: tuple[str, ...],
    *,
    since: datetime | None,
    watch: bool,
    as_json: bool,
    export: str | None,
) -> int:
    """Show in one screen what happened to each ACCOUNT (all, if none is named), and whether it was you.

    The answer comes first: was your account used? Then the bounces over time, what became of them, your
    own mail that came back and needs you, the addresses that were forged, the servers that sent the
    bounces, and what the spam was about. It only reads the database (and asks the lists in
    backscatter_lists, if you named any), and can be used while the daemon runs; with --watch it shows
    what the daemon does. `scatterclean report` makes a page of the same.

    \b
    Examples:
      scatterclean storm
      scatterclean storm home --since 2d
      scatterclean storm --watch
      scatterclean storm --export csv > servers.csv
    """
    if export and (watch or as_json):
        raise click.UsageError("--export is a file of its own, and goes with neither --watch nor --json")
    if watch:
        return _watch(given, accounts, since, as_json=as_json)
    with short_lived():
        return _show(given, accounts, since, as_json=as_json, export=export)


def _show(
    given: Given, accounts: tuple[str, ...], since: datetime | None, *, as_json: bool, export: str | None
) -> int:
    screen = given.screen(json=as_json)
    picture = _looker(given, accounts, since)()
    if export:
        from scatterclean.wording.exports import Export, exported

        screen.give_file(exported(picture.report.bouncers, Export(export)))
    elif as_json:
        from scatterclean.cli import report_form

        screen.give(report_form.report(picture.report))
    else:
        from scatterclean.cli import storming

        # A line is left for the prompt.
        storming.show(screen, picture, spare=1)
    return exits.DONE


def _watch(given: Given, accounts: tuple[str, ...], since: datetime | None, *, as_json: bool) -> int:
    from scatterclean.cli import report_form, storming, watching
    from scatterclean.cli.leaving import leaving_in_order
    from scatterclean.config import load

    screen = given.screen(json=as_json)
    seen = watching.looks(load(given.config_path).database, _looker(given, accounts, since, foot=_ENDS))
    try:
        with leaving_in_order():
            if as_json:
                for each in watching.changes(
                    seen, _but_for_the_time, lambda trouble: screen.trouble(str(trouble))
                ):
                    screen.give(report_form.report(each.report))
            elif screen.people.is_terminal and not screen.people.is_dumb_terminal:
                storming.live(screen, seen)
            else:
                storming.told(screen, seen)
    except KeyboardInterrupt:
        pass  # the way to leave it
    return exits.DONE


def _but_for_the_time(picture: Picture) -> Report:
    return replace(picture.report, now=datetime.min.replace(tzinfo=UTC))


def _looker(
    given: Given, accounts: tuple[str, ...], since: datetime | None, *, foot: str = ""
) -> Callable[[], Picture]:
    """What reads the store and makes a picture of it; what lists of hosts said is remembered between two looks."""
    from scatterclean.cli.storming import Picture
    from scatterclean.config import load
    from scatterclean.model.report import Width
    from scatterclean.ports.hostlists import on_lists
    from scatterclean.wire import Household, host_lists
    from scatterclean.wording import storm

    settings = load(given.config_path)
    lists: HostLists | None = None

    def look() -> Picture:
        nonlocal lists
        with Household.open(settings, read_only=True) as household:
            names = [account.name for account in named(household, accounts)]
            report = household.report(names, since)
            course = report.course
            begun = course.storm_since if course.storm_until is None else None
            if begun is not None and course.width is not Width.HOUR:
                # In a long time the storm that is in progress would be one mark.
                course = household.report(names, begun - _BEFORE).course
            rhythms = [household.rhythm(name) for name in names]
        lists = lists or host_lists(settings, names)
        return Picture(
            replace(report, bouncers=on_lists(report.bouncers, lists)),
            course,
            storm.answer(report),
            report.now,
            rhythms,
            foot,
        )

    return look
