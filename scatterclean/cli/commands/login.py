"""`scatterclean login`: the person lets us in at the provider (room `oauth`), and what comes of it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from scatterclean.cli import exits
from scatterclean.cli.arguments import account_argument, login_options
from scatterclean.cli.root import Given

if TYPE_CHECKING:
    from scatterclean.cli.screen import Screen
    from scatterclean.config import AccountSettings
    from scatterclean.oauth import Asking, Grant, Safe


@click.command("login", short_help="Log in by OAuth2, with your browser or by a code.")
@account_argument(many=False)
@login_options("--port")
@click.option(
    "--keep",
    type=click.Choice(["keyring", "file"]),
    help="Where the login is kept. Default: the keyring if there is one, else a file that only you may read.",
)
@click.pass_obj
def command(
    given: Given, *, account: str, device: bool, no_browser: bool, port: int, keep: str | None
) -> int:
    """Log in to ACCOUNT by OAuth2, once: from then on access tokens are renewed by themselves.

    For accounts that have `oauth` in the configuration; docs/oauth.md tells how to get a client id.
    Your browser opens, you log in at your provider, and the provider sends the answer to this
    machine. It is kept after the mail server has taken it. Do it again when the provider has ended
    the login: `run`, `status` and `doctor` say so. A running daemon tries again within 15 minutes, or
    at once after SIGHUP.

    On a machine without a browser use --device (Microsoft), or an ssh tunnel from where one is:
    ssh -L 8765:127.0.0.1:8765 THAT-MACHINE, and there: scatterclean login ACCOUNT --port 8765

    \b
    Examples:
      scatterclean login home
      scatterclean login work --device
      scatterclean login home --no-browser --port 8765
    """
    from scatterclean.config import load
    from scatterclean.oauth import Asking, Manner, Safe, Voice, let_in
    from scatterclean.wire import accounts_named

    screen = given.screen()
    [settings] = accounts_named(load(given.config_path), [account])
    if settings.oauth is None:
        raise click.UsageError(
            f"{account} does not log in by OAuth2 itself: it has {settings.secret.source}. "
            "With oauth = ... in its place it does; docs/oauth.md tells more."
        )
    asking, safe = Asking(account, settings.oauth), Safe(account, settings.username, settings.tokens)
    in_keyring = _in_keyring(safe, keep)
    if device and not settings.oauth.device_endpoint:
        raise click.UsageError(
            f"no login by a code for {account}: its provider has none for mail, or device_endpoint is not "
            "configured. Leave --device out."
        )
    if not device and not settings.oauth.authorization_endpoint:
        raise click.UsageError(f"{account} has only a device_endpoint. Add --device.")
    grant = let_in(asking, settings.username, Manner(device, no_browser, port), Voice(screen.say, click.echo))
    return _keep(screen, settings, asking, safe, grant, in_keyring=in_keyring)


def _in_keyring(safe: Safe, keep: str | None) -> bool:
    from scatterclean.errors import SecretUnavailable
    from scatterclean.installing import command_for

    there = keep != "file" and bool(safe.keyring())
    if keep == "keyring" and not there:
        raise SecretUnavailable(
            "there is no keyring that could be used",
            hint=f"{command_for('keyring')}, and run it in your desktop session; or: --keep file",
        )
    return there


def _keep(
    screen: Screen, settings: AccountSettings, asking: Asking, safe: Safe, grant: Grant, *, in_keyring: bool
) -> int:
    """Only what the mail server takes is kept: else a login of another person's would replace a good one."""
    from dataclasses import replace

    from scatterclean.errors import TimeCanMend
    from scatterclean.mailbox.login import open_session
    from scatterclean.oauth.safe import Kept
    from scatterclean.wire import access_of

    name = settings.name
    access = replace(access_of(settings), secret=lambda: grant.access, instead_of=None)
    try:
        open_session(access).close()
        screen.say(f"{name}: {settings.host} took the login of {settings.username}.")
    except TimeCanMend as trouble:
        screen.trouble(f"{trouble}\n  The login is kept all the same.")
    with safe.locked():
        safe.keep(
            Kept(grant.refresh, asking.client.token_endpoint, asking.client.client_id), in_keyring=in_keyring
        )
    where = f"in the keyring ({safe.keyring()})" if in_keyring else f"in {safe.path}, which only you may read"
    screen.say(f"{name}: the login is kept {where}. It is renewed by itself from now on.")
    return exits.DONE
