"""Dates, times, periods and names of accounts as people type them -> values; it knows no account itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from scatterclean.cli.root import Given
from scatterclean.errors import Trouble

if TYPE_CHECKING:
    from scatterclean.config import AccountSettings, Settings
    from scatterclean.wire import Household

_AGO = re.compile(r"(\d{1,6})\s*(m|min|h|d|w)")
_SPANS = {
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def moment_in(text: str, now: datetime) -> datetime:
    """A time in UTC: "2026-11-23", "2026-11-23 14:02", with or without zone (then the machine's), "today",
    "yesterday", or so long ago: "90m", "3h", "2d", "1w".  Raises ValueError."""
    text = text.strip().lower()
    midnight = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    try:
        if text in {"today", "yesterday"}:
            found = midnight - timedelta(days=text == "yesterday")
        elif ago := _AGO.fullmatch(text):
            found = now - int(ago[1]) * _SPANS[ago[2]]
        else:
            found = datetime.fromisoformat(text.upper())
        # Without a zone: the machine's at that time (daylight saving may have begun since).
        return found.astimezone(UTC)
    except (OverflowError, OSError):
        raise ValueError(text) from None


def moment(text: str) -> datetime:
    """The `type` of an option: a time in UTC."""
    try:
        return moment_in(text, datetime.now(UTC))
    except ValueError:
        raise click.BadParameter(
            f'{text!r} is no time; expected such as 2026-11-23, "2026-11-23 14:02", today, 3h, 2d'
        ) from None


def moment_or_all(text: str) -> datetime | None:
    """The same, or None for "all"."""
    return None if text.strip().lower() == "all" else moment(text)


def day(text: str) -> date:
    """The `type` of an option: a date on the person's calendar."""
    try:
        return moment_in(text, datetime.now(UTC)).astimezone().date()
    except ValueError:
        raise click.BadParameter(f"{text!r} is no date; expected such as 2026-11-23, yesterday, 7d") from None


def _accounts_like(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """For the completion in a shell: no word of trouble there."""
    from scatterclean.config import load

    given = ctx.find_object(Given) or Given()
    try:
        accounts = load(given.config_path).accounts
    except (Trouble, OSError):
        return []
    return [CompletionItem(a.name) for a in accounts if a.name.startswith(incomplete)]


def account_argument(
    *, many: bool, required: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """ACCOUNT, or any number of them (none: all)."""
    if many:
        return click.argument("accounts", nargs=-1, metavar="[ACCOUNT]...", shell_complete=_accounts_like)
    metavar = "ACCOUNT" if required else "[ACCOUNT]"
    return click.argument("account", metavar=metavar, required=required, shell_complete=_accounts_like)


def account_option(help_text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """--account NAME; without it None is given."""
    return click.option("--account", metavar="NAME", shell_complete=_accounts_like, help=help_text)


def accounts_option(help_text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """--account NAME, any number of times, as `also`: beside ACCOUNT arguments."""
    return click.option(
        "--account", "also", multiple=True, metavar="NAME", shell_complete=_accounts_like, help=help_text
    )


def since_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--since T, thirty days ago by default; None is given for "all"."""
    return click.option(
        "--since",
        type=moment_or_all,
        default="30d",
        metavar="T",
        show_default=True,
        help="Only about bounces that came since then: 3h, 7d, yesterday, 2026-11-23 ... or all.",
    )(command)


def export_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--export csv|json."""
    return click.option(
        "--export",
        type=click.Choice(["csv", "json"]),
        help="Instead, the servers that sent the bounces, as a file on standard output, with a note to each postmaster "
        "in the JSON.",
    )(command)


def login_options(port: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """How a login by OAuth2 is done: --device, --no-browser, and under this name the port."""
    options = (
        click.option(
            "--device",
            is_flag=True,
            help="By a code that you type on any device, where the provider allows it.",
        ),
        click.option(
            "--no-browser",
            is_flag=True,
            help="Only show the address; you open it in a browser of this machine.",
        ),
        click.option(
            port,
            type=click.IntRange(0, 65535),
            default=0,
            metavar="NUMBER",
            help="Where to wait for the browser's answer, on 127.0.0.1. Default: a free port.",
        ),
    )

    def with_all(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return with_all


def chosen(settings: Settings, name: str | None, owner: Callable[[AccountSettings], bool]) -> AccountSettings:
    """The account with this name; else the one that `owner` says yes to, else the first if all are one person's.

    Raises AccountUnknown if that leaves a choice."""
    from scatterclean.wire import AccountUnknown, accounts_named

    if name is not None:
        return accounts_named(settings, [name])[0]
    accounts = settings.accounts
    names = ", ".join(a.name for a in accounts)
    owners = [account for account in accounts if owner(account)] or accounts
    if len({account.account.person for account in owners}) > 1:
        raise AccountUnknown(
            "it is not clear from which account this mail was sent", hint=f"Say --account and one of: {names}"
        )
    return owners[0]


def named(household: Household, names: tuple[str, ...]) -> list[AccountSettings]:
    """The accounts with these names, each once; all if none is named.  A wrong name is wrong usage."""
    from scatterclean.wire import AccountUnknown

    try:
        return household.named(tuple(dict.fromkeys(names)))
    except AccountUnknown as unknown:
        raise click.UsageError(str(unknown)) from None
