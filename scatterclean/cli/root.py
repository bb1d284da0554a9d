"""The group `scatterclean`: global options, help, and commands that are imported when they are called."""

from __future__ import annotations

import atexit
import gc
import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scatterclean import __version__
from scatterclean.cli import exits

if TYPE_CHECKING:
    from scatterclean.cli.screen import Screen

# In the order in which one needs them; each is `command` in its module of scatterclean.cli.commands.
COMMANDS: Mapping[str, str] = {
    "demo": "demo",
    "init": "init",
    "try": "try_files",
    "check-config": "check_config",
    "login": "login",
    "doctor": "doctor",
    "sweep": "sweep",
    "run": "run",
    "service": "service",
    "status": "status",
    "report": "report",
    "storm": "storm",
    "notify": "notify",
    "why": "why",
    "advise": "advise",
    "undo": "undo",
    "web": "web",
    "harvest": "harvest",
    "import": "import_mail",
    "sendmail": "sendmail",
    "completion": "completion",
    "man": "man",
    "version": "version",
}


@dataclass(slots=True)
class Given:
    """What was given before (or behind) the command's name: the same for every command."""

    config: Path | None = None
    verbose: bool = False
    no_color: bool = False

    @property
    def config_path(self) -> Path:
        """The named configuration file, else that of the environment, else the platform's."""
        if self.config is not None:
            return self.config
        from scatterclean.config import default_path

        return default_path()

    def screen(self, *, json: bool = False) -> Screen:
        """Where this command prints."""
        from scatterclean.cli.screen import Screen

        return Screen.open(json=json, no_color=self.no_color)


def _note(attribute: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """An option's callback that keeps the value in `Given`; not giving it changes nothing."""

    def keep(ctx: click.Context, _: click.Parameter, value: Any) -> Any:
        given = ctx.ensure_object(Given)
        if value:
            setattr(given, attribute, value)
        return value

    return keep


def global_options(*, hidden: bool) -> list[click.Option]:
    """For the group; and hidden for every command, since people type them behind it as well."""
    return [
        click.Option(
            ["--config"],
            type=click.Path(path_type=Path),  # what it is, is looked at by config.load, in its own words
            metavar="PATH",
            expose_value=False,
            is_eager=True,
            hidden=hidden,
            callback=_note("config"),
            help="The configuration file (also: environment variable SCATTERCLEAN_CONFIG). "
            "Default: scatterclean.toml in the platform's directory for configuration.",
        ),
        click.Option(
            ["-v", "--verbose"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            hidden=hidden,
            callback=_note("verbose"),
            help="Say more; show the traceback of a bug.",
        ),
        click.Option(
            ["--no-color"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            hidden=hidden,
            callback=_note("no_color"),
            help="No colours (also: environment variable NO_COLOR).",
        ),
    ]


class Group(click.Group):
    """Imports a command when its name is typed, and suggests one when none has that name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = importlib.import_module(f"scatterclean.cli.commands.{module}").command
        assert isinstance(command, click.Command)  # noqa: S101 - the table above and its modules are ours
        if not any(isinstance(p, click.Option) and p.hidden for p in command.params):
            command.params.extend(global_options(hidden=True))
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and name not in COMMANDS and not ctx.resilient_parsing:
            from difflib import get_close_matches

            close = get_close_matches(name, [*COMMANDS, *_ELSEWHERE], n=1, cutoff=0.5)
            meant = _ELSEWHERE.get(close[0], close[0]) if close else ""
            ctx.fail(f"there is no command {name!r}." + (f" Did you mean {meant!r}?" if meant else ""))
        return super().resolve_command(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in exits.MEANINGS])
        with formatter.section("Examples"):
            formatter.write_dl(
                [
                    ("scatterclean demo", "see it at work, without an account"),
                    ("scatterclean check-config", "is the configuration right?"),
                    ("scatterclean sweep --observe", "what would be moved, and why?"),
                    ("scatterclean run", "watch all accounts"),
                ]
            )


# What people may type instead, and the command that is meant.
_ELSEWHERE: Mapping[str, str] = {
    "setup": "init",
    "configure": "init",
    "daemon": "run",
    "start": "run",
    "install": "service",
    "systemd": "service",
    "manual": "man",
    "watch": "run",
    "clean": "sweep",
    "scan": "sweep",
    "restore": "undo",
    "revert": "undo",
    "explain": "why",
    "advice": "advise",
    "spf": "advise",
    "dkim": "advise",
    "dmarc": "advise",
    "prevent": "advise",
    "test": "try",
    "check": "check-config",
    "validate": "check-config",
    "config": "check-config",
    "stats": "status",
    "page": "report",
    "html": "report",
    "hacked": "report",
    "diagnose": "doctor",
    "oauth": "login",
    "authorize": "login",
    "signin": "login",
    "health": "doctor",
    "dashboard": "web",
    "browser": "web",
    "log": "status",
}


@click.group(
    cls=Group,
    params=global_options(hidden=False),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "--version", message="scatterclean %(version)s")
@click.pass_context
def scatterclean(ctx: click.Context) -> None:
    """Move the bounces of mail that you never sent out of the inbox, and never a genuine one.

    A spammer wrote your address into a million messages, and the servers that could not deliver them
    send you the bounces. scatterclean reads what you really sent from your Sent folder and asks of
    each bounce: did you ever send the message that it speaks of?  If not, it goes to the folder
    Backscatter. What is unsure stays where it is and says why; every move can be undone.

    \b
    scatterclean COMMAND --help   tells more about a command, with examples
    """
    one_off_logging(ctx.ensure_object(Given).verbose)


@contextmanager
def short_lived() -> Iterator[None]:
    """For a command that reads its modules in, looks something up, and is gone: hardly anything of that becomes
    garbage, and the search for it, at the end of the process above all, took 0.10 of the 0.55 s of `status`."""
    searched = gc.isenabled()
    gc.disable()
    atexit.register(gc.freeze)  # Python searches once more at its end, through all modules
    try:
        yield
    finally:
        if searched:
            # Together they set the counts of what is new to naught; else all of it would be searched here and now.
            gc.freeze()
            gc.unfreeze()
            gc.enable()


def one_off_logging(verbose: bool) -> None:
    """Warnings only, to standard error; the daemon sets up its own."""
    import logging

    class OneAtTheMargin(logging.Formatter):
        """What a stranger wrote begins no line, and no terminal obeys it."""

        def format(self, record: logging.LogRecord) -> str:
            from scatterclean.wording import shown

            first, *rest = [shown(line, 2000) for line in record.getMessage().splitlines()] or [""]
            return "\n".join((f"{record.levelname}: {first}", *(f"  {line.lstrip()}" for line in rest)))

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneAtTheMargin())
    log = logging.getLogger("scatterclean")
    log.handlers[:] = [handler]
    log.setLevel(logging.INFO if verbose else logging.WARNING)
    log.propagate = False
