"""`scatterclean service`: the daemon as a service of systemd or launchd; the room `units` does the work."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scatterclean.cli import exits
from scatterclean.cli.root import Given, global_options

if TYPE_CHECKING:
    from scatterclean.units.installing import Place
    from scatterclean.units.programs import Programs
    from scatterclean.units.values import Unit


class _Group(click.Group):
    """The global options may stand behind its commands as well; a mistyped one gets a suggestion."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        cmd.params.extend(global_options(hidden=True))
        super().add_command(cmd, name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in the order in which one needs them

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in self.commands and not name.startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches

            meant = {**{each: each for each in self.commands}, **_ELSEWHERE}
            close = get_close_matches(name, meant, n=1, cutoff=0.5)
            ctx.fail(
                f"there is no command 'service {name}'."
                + (f" Did you mean {meant[close[0]]!r}?" if close else "")
            )
        return super().resolve_command(ctx, args)


# What people may type instead.
_ELSEWHERE = {
    "enable": "install",
    "add": "install",
    "remove": "uninstall",
    "disable": "uninstall",
    "journal": "logs",
}


@click.group("service", cls=_Group, short_help="Install the daemon as a service, or look after it.")
def command() -> None:
    """Let systemd or launchd keep the daemon running: started at login, started again when it ends.

    Without systemd and launchd it says so, with the line for cron.

    \b
    Examples:
      scatterclean service install
      scatterclean service status
      scatterclean service logs --follow
      scatterclean service uninstall
    """


def _system_options(function: Callable[..., Any]) -> Callable[..., Any]:
    function = click.option(
        "--user",
        "user",
        metavar="NAME",
        help="With --system: the user whose mail it is, and as whom it runs.",
    )(function)
    return click.option(
        "--system", is_flag=True, help="A service of the whole machine, for a host that several people share."
    )(function)


@command.command("install", short_help="Write, enable and start the service.")
@click.option("--timer", is_flag=True, help="A sweep from time to time instead of a daemon.")
@click.option(
    "--every",
    type=click.IntRange(1, 1440),
    default=10,
    show_default=True,
    metavar="MINUTES",
    help="With --timer: how long after one sweep the next one begins.",
)
@click.option(
    "--credential",
    "credentials",
    multiple=True,
    metavar="NAME:FILE",
    help="systemd hands the file over as this credential (`password_credential`). May be given several times.",
)
@_system_options
@click.option("--print", "only_print", is_flag=True, help="Print what would be written, and do nothing.")
@click.option("--no-start", is_flag=True, help="Write the files; enable and start nothing.")
@click.option("--force", is_flag=True, help="Overwrite a file that somebody else wrote or that was changed.")
@click.pass_obj
def install(
    given: Given,
    *,
    timer: bool,
    every: int,
    credentials: tuple[str, ...],
    system: bool,
    user: str | None,
    only_print: bool,
    no_start: bool,
    force: bool,
) -> int:
    """Write, enable and start the service: a user unit of systemd, or an agent of launchd.

    The unit names the Python that runs now and the configuration that is used now. It is shut in as far
    as this machine can do it, which is tried before. A unit that was changed by hand is left as it is,
    and the difference is shown.

    \b
    Examples:
      scatterclean service install
      scatterclean service install --print
      scatterclean service install --timer --every 15
      scatterclean service install --credential mail:~/.config/mail-password
      sudo scatterclean service install --system --user ada
    """
    from scatterclean.units import choosing, installing
    from scatterclean.units.programs import RealPrograms
    from scatterclean.units.values import Keeper

    _both(system, user)
    config = given.config_path if user is None or given.config is not None else _config_of(user)
    unit, warnings = _unit(config, timer, every, user, dict(map(_credential, credentials)))
    screen = given.screen()
    programs = RealPrograms()
    if only_print:
        _print(unit, system, programs)
        return exits.DONE
    keeper = choosing.keeper(programs, system=system)
    if keeper is None:
        raise choosing.nobody(unit)
    where = installing.place(keeper, os.environ, user)
    if keeper is not Keeper.LAUNCHD and not (system and not os.access(where.folder, os.W_OK)):
        unit.folder.mkdir(mode=0o700, parents=True, exist_ok=True) if user is None else None
        unit = choosing.fitted(unit, programs, keeper)
    for line in installing.install(unit, where, programs, force=force, start=not no_start):
        screen.say(line)
    for warning in warnings:
        screen.trouble(f"warning: {warning}")
    if no_start:
        screen.say("it was not started; that does: scatterclean service install")
    elif keeper is Keeper.USER:
        _linger(screen.say, programs)
    return exits.DONE


@command.command("uninstall", short_help="Stop the service and take its files away.")
@_system_options
@click.option("--force", is_flag=True, help="Also a file that was changed since it was written.")
@click.pass_obj
def uninstall(given: Given, *, system: bool, user: str | None, force: bool) -> int:
    """Stop the service and take its files away: those that `service install` wrote, and no other.

    Configuration, database and mail stay as they are.

    \b
    Examples:
      scatterclean service uninstall
      sudo scatterclean service uninstall --system --user ada
    """
    from scatterclean.units import installing

    where, programs = _here(system, user)
    for line in installing.uninstall(where, programs, force=force):
        given.screen().say(line)
    return exits.DONE


@command.command("status", short_help="Does it run, and when did each account last go well?")
@_system_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object: service, accounts.")
@click.pass_obj
def status(given: Given, *, system: bool, user: str | None, as_json: bool) -> int:
    """Tell whether the service runs, and when the last sweep of each account went well.

    It ends with 1 if the service does not run.

    \b
    Examples:
      scatterclean service status
      scatterclean service status --json | jq .service.running
    """
    from scatterclean.units import asking
    from scatterclean.wording import moment

    where, programs = _here(system, user)
    state = asking.state(where, programs)
    given_config = given.config_path if user is None or given.config is not None else _config_of(user)
    last, trouble = _last_success(given_config) if state.installed else ({}, None)
    screen = given.screen(json=as_json)
    if as_json:
        from scatterclean.cli import forms

        service = {
            "kept_by": str(where.keeper.name).lower(),
            "file": str(where.service),
            "installed": state.installed,
            "running": state.running,
            "pid": state.pid,
            "told": list(state.words),
        }
        accounts = [{"account": a, "last_success": forms.time(t)} for a, t in last.items()]
        screen.give({"service": service, "accounts": accounts, "trouble": trouble})
    else:
        for word in state.words:
            screen.say(word, "" if state.running else "yellow")
        for account, time in last.items():
            when = moment(time) if time else "not among the last tries (`scatterclean status` tells them)"
            screen.say(f"{account}: the last sweep that went well: {when}")
        if trouble:
            screen.trouble(trouble)
    return exits.DONE if state.running else exits.TROUBLE


@command.command("logs", short_help="Show what the service logged.")
@_system_options
@click.option("-n", "--lines", type=click.IntRange(1), default=50, show_default=True, help="So many lines.")
@click.option("-f", "--follow", is_flag=True, help="Go on with new lines until Ctrl-C.")
@click.pass_obj
def logs(given: Given, *, system: bool, user: str | None, lines: int, follow: bool) -> int:
    """Show what the service logged: by journalctl, or from launchd's file.

    \b
    Examples:
      scatterclean service logs
      scatterclean service logs -n 500
      scatterclean service logs --follow
    """
    from scatterclean.units import asking

    where, programs = _here(system, user)
    words = asking.log_command(where, lines=lines, follow=follow)
    code = programs.show(*words)
    if code == 127:
        given.screen().trouble(f"{words[0]} is not on this machine, and it keeps the log")
    return exits.DONE if code == 0 else exits.TROUBLE


def _both(system: bool, user: str | None) -> None:
    if system and user is None:
        raise click.UsageError("--system needs --user NAME: whose mail is it?")
    if user is not None and not system:
        raise click.UsageError("--user goes with --system; without both the service is yours")


def _here(system: bool, user: str | None) -> tuple[Place, Programs]:
    from scatterclean.units import choosing, installing
    from scatterclean.units.programs import RealPrograms

    _both(system, user)
    programs = RealPrograms()
    keeper = choosing.keeper(programs, system=system)
    if keeper is None:
        raise choosing.NoKeeper(
            "neither systemd nor launchd keeps services on this machine",
            hint="scatterclean service install     tells the line for cron",
        )
    return installing.place(keeper, os.environ, user), programs


def _unit(
    config: Path, timer: bool, every: int, user: str | None, credentials: dict[str, Path]
) -> tuple[Unit, list[str]]:
    from scatterclean.config import load
    from scatterclean.units import choosing

    settings = load(config)
    span = timedelta(minutes=every) if timer else None
    home = None if user is None else _home_of(user)
    unit = choosing.unit_of(settings, every=span, user=user, home=home, credentials=credentials)
    return unit, choosing.missing(settings, unit)


def _print(unit: Unit, system: bool, programs: Programs) -> None:
    from scatterclean.units import choosing, installing
    from scatterclean.units.values import Keeper

    unit = replace(unit, kill=programs.path("kill"))
    keeper = Keeper.SYSTEM if system else Keeper.USER
    if not system and programs.path("launchctl") and programs.path("systemctl") is None:
        keeper = Keeper.LAUNCHD
    for path, text in installing.files(unit, installing.place(keeper, os.environ, unit.user)).items():
        click.echo(text if path.suffix == ".plist" else f"# {path}\n{text}")
    if choosing.keeper(programs, system=system) is None:
        click.echo("# neither systemd nor launchd answers here", err=True)


def _credential(text: str) -> tuple[str, Path]:
    name, colon, path = text.partition(":")
    if not (
        colon
        and path
        and name.isascii()
        and name.replace("-", "").replace("_", "").replace(".", "").isalnum()
    ):
        raise click.BadParameter(
            f"{text!r} is no NAME:FILE, with a NAME of letters, digits, '-', '_' and '.'",
            param_hint="--credential",
        )
    return name, Path(path)


def _config_of(user: str) -> Path:
    """Where that user's configuration is by default."""
    return _home_of(user) / ".config" / "scatterclean" / "scatterclean.toml"


def _home_of(user: str) -> Path:
    import pwd

    try:
        return Path(pwd.getpwnam(user).pw_dir)
    except KeyError:
        raise click.BadParameter(f"there is no user {user!r} on this machine", param_hint="--user") from None


def _linger(say: Callable[[str], None], programs: Programs) -> None:
    import getpass

    from scatterclean.units import asking

    if told := asking.lingering(programs, getpass.getuser()):
        say(told)


def _last_success(config: Path) -> tuple[dict[str, datetime | None], str | None]:
    """Of each account, as `status` knows it; and why that is not to be had."""
    from scatterclean.config import load
    from scatterclean.errors import Trouble
    from scatterclean.model import Refusal
    from scatterclean.wire import Household

    try:
        with Household.open(load(config), read_only=True) as household:
            sweeps = {name: household.standing(name).sweeps for name in household.accounts}
    except Trouble as trouble:
        return {}, trouble.what
    ill = (Refusal.NO_SESSION, Refusal.STOPPED)
    return {
        name: next((r.ended for r in reports if r.refusal not in ill), None)
        for name, reports in sweeps.items()
    }, None
