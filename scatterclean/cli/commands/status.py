"""`scatterclean status`: prints how each account stands; standing.py knows it, no server is asked."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from scatterclean.cli import exits
from scatterclean.cli.arguments import account_argument, named
from scatterclean.cli.root import Given, short_lived

if TYPE_CHECKING:
    from scatterclean.cli.screen import Screen
    from scatterclean.standing import Standing

_ALARMS = 3
_ROUTES = 5
_UNTOLD = 3


@click.command("status", short_help="Tell how the accounts stand.")
@account_argument(many=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object: accounts.")
@click.pass_obj
def command(given: Given, accounts: tuple[str, ...], as_json: bool) -> int:
    """Tell how each ACCOUNT (all, if none is named) stands.

    Alarms of the last thirty days; a storm in progress; when a sweep succeeded last, and when the next is due; what the
    log knows of what you sent, and of which time, and what shows that it is whole; what was put away
    today, in the last seven days and ever; what is still open; the last sweeps, and their troubles
    with the time since when. It only reads the database, and can be used while the
    daemon runs.

    \b
    Examples:
      scatterclean status
      scatterclean status home
      scatterclean status --json | jq '.accounts[].put_away.today'
    """
    with short_lived():
        return _tell_all(given, accounts, as_json=as_json)


def _tell_all(given: Given, accounts: tuple[str, ...], *, as_json: bool) -> int:
    from scatterclean.config import load
    from scatterclean.wire import Household

    screen = given.screen(json=as_json)
    with Household.open(load(given.config_path), read_only=True) as household:
        standings = [household.standing(a.name) for a in named(household, accounts)]
        if as_json:
            from scatterclean.cli import forms

            path = str(household.store.path)
            screen.give({"database": path, "accounts": [forms.standing(each) for each in standings]})
            return exits.DONE
    for number, standing in enumerate(standings):
        if number:
            screen.say()
        tell(screen, standing)
    return exits.DONE


def tell(screen: Screen, standing: Standing) -> None:
    """How one account stands; alarms first."""
    from scatterclean import wording
    from scatterclean.model import Refusal
    from scatterclean.wording import moment

    screen.say(f"{standing.account} (mode {standing.mode})", "bold")
    alarms = [wording.alarm(each) for each in standing.alarms]
    for each in standing.alarms[:_ALARMS]:
        for line in wording.alarm_told(each):
            screen.say(line, "bold red", indent=2)
    if len(alarms) > _ALARMS:
        screen.say(f"and {len(alarms) - _ALARMS} earlier alarms (`--json` tells them)", "bold red", indent=2)
    if standing.storm is not None:
        screen.say(wording.storming(standing.storm.since, standing.storm.an_hour), "yellow", indent=2)
    for one in standing.untold[:_UNTOLD]:
        screen.say(
            f"Could not be told ({one.way}), {moment(one.notice.made)}: {one.notice.subject}",
            "yellow",
            indent=2,
        )
    _looks(screen, standing)
    _log(screen, standing)
    away = standing.put_away
    back = f" ({away.returned} of them came back)" if away.returned else ""
    screen.say(
        f"Put away: {away.today} today, {away.week} in the last 7 days, {away.ever} ever{back}", indent=2
    )
    means = {str(verdict): f" ({text})" for verdict, text in wording.MEANS.items()}
    still_open = ", ".join(
        f"{count} {verdict}{means.get(verdict, '')}" for verdict, count in sorted(standing.still_open.items())
    )
    # While the daemon runs, no other process may sweep.
    alone = standing.rhythm is None or standing.rhythm.push is None
    named = (
        f" (`scatterclean sweep {shlex.quote(standing.account)}` names them)" if still_open and alone else ""
    )
    screen.say(f"Still open: {still_open or 'nothing'}{named}", indent=2)
    if not standing.sweeps:
        screen.say("No sweep yet", indent=2)
        return
    screen.say("Last sweeps:", indent=2)
    for report in standing.sweeps:
        line = wording.sweep_line(report, bare=True)
        if report.refusal is Refusal.NO_SESSION:
            line = "failed: no session with the server"
        screen.say(f"{report.sweep}: {moment(report.ended)}, {line}", indent=4)
    last = standing.sweeps[0]
    if standing.failed is not None:
        said = wording.of_account(standing.account, "\n".join(last.troubles))
        since = standing.failing_since
        long = f", as all since {moment(since)}" if since is not None and since < last.ended else ""
        screen.say(f"The last try ({moment(last.ended)}) failed{long}: {said}", "red", indent=2)
        return
    if last.refusal is not None:
        screen.say(f"The last sweep: {wording.REFUSALS[last.refusal]}", "yellow", indent=2)
    for trouble, since in standing.troubles:
        if trouble not in alarms:  # those stand above
            first, *more = trouble.splitlines()
            long = f" (since {moment(since)})" if since < last.ended else ""
            screen.say("\n".join((first + long, *more)), "yellow", indent=2)


def _looks(screen: Screen, standing: Standing) -> None:
    """How often it is looked at, when next, and when that went well last."""
    from scatterclean import wording
    from scatterclean.wording.text import ago

    if (rhythm := standing.rhythm) is not None:
        screen.say(wording.rhythm(rhythm.poll, rhythm.push, wanted=rhythm.wanted), indent=2)
        if rhythm.due is not None:
            screen.say(wording.next_look(rhythm.due, standing.now), indent=2)
    if standing.last_success is not None:
        screen.say(f"Last success: {ago(standing.last_success, standing.now)}", indent=2)


def _log(screen: Screen, standing: Standing) -> None:
    """What the log knows, of which time, how well that is proved, and what goes past it."""
    from scatterclean.wording import log

    number, now = standing.logged, standing.now
    sent = "1 message" if number == 1 else f"{number} messages"
    sent += log.beside(standing.beside)
    if standing.coverage.since is None:
        read = "were read, and are empty" if standing.sent_empty else "were not read yet"
        screen.say(f"The log of what you sent: {sent}; its Sent folders {read}", indent=2)
    else:
        screen.say(f"The log of what you sent: {sent}", indent=2)
        screen.say(log.coverage(standing.coverage, standing.holes, now), indent=4)
    screen.say(log.proofs(standing.proofs, now), indent=4)
    for route in standing.routes[:_ROUTES]:
        screen.say(log.route(route, now), "yellow", indent=4)
    if len(standing.routes) > _ROUTES:
        screen.say(f"and {len(standing.routes) - _ROUTES} more such kinds of ids", "yellow", indent=4)
    screen.say(log.hosts(standing.provider.hosts, known=standing.provider.known), indent=4)
