"""`scatterclean init`: sets an account up; what is asked and done stands in scatterclean.setup."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scatterclean.cli import exits
from scatterclean.cli.arguments import login_options
from scatterclean.cli.root import Given

if TYPE_CHECKING:
    from scatterclean.cli.screen import Screen
    from scatterclean.setup.flags import Flags
    from scatterclean.setup.wizard import Done, World

_PATH = click.Path(path_type=Path)
_SECRETS = ("password_command", "password_file", "password_env", "token_command", "oauth_client_id")


@click.command("init", short_help="Set up an account, in a few questions.")
@click.option("--email", default="", metavar="ADDRESS", help="Your e-mail address.")
@click.option("--host", default="", metavar="NAME", help="The IMAP server; without it, it is looked for.")
@click.option(
    "--port", type=click.IntRange(1, 65535), metavar="N", help="Its port. Default: 993, or 143 with starttls."
)
@click.option(
    "--tls", type=click.Choice(["implicit", "starttls", "none"]), help="How the connection is encrypted."
)
@click.option(
    "--ca-file", type=_PATH, metavar="PEM", help="Trust this authority, for a server that signs its own."
)
@click.option(
    "--username", default="", metavar="NAME", help="What the server calls you. Default: your address."
)
@click.option(
    "--name", default="", metavar="NAME", help="What the account is called here. Default: after the domain."
)
@click.option("--password-command", default="", metavar="CMD", help="A command that prints the password.")
@click.option(
    "--password-file", type=_PATH, metavar="PATH", help="A file that holds the password (mode 600)."
)
@click.option(
    "--password-env", default="", metavar="VAR", help="An environment variable that holds the password."
)
@click.option(
    "--token-command", default="", metavar="CMD", help="A command that prints an access token (OAuth2)."
)
@click.option(
    "--oauth-client-id", default="", metavar="ID", help="Log in by OAuth2, with this client id of yours."
)
@click.option(
    "--oauth-client-secret",
    default="",
    metavar="TEXT",
    envvar="SCATTERCLEAN_OAUTH_CLIENT_SECRET",
    show_envvar=True,
    help="Its secret, where the provider gave one.",
)
@click.option(
    "--oauth-provider",
    default="",
    type=click.Choice(["google", "microsoft", "yahoo", "fastmail", ""]),
    metavar="NAME",
    help="Whose login it is: google, microsoft, yahoo or fastmail. Default: as the mail server says.",
)
@click.option(
    "--oauth-token", default="", metavar="URL", help="Of another OAuth2 server: its token endpoint."
)
@click.option("--oauth-authorize", default="", metavar="URL", help="Its authorization endpoint.")
@click.option("--oauth-device", default="", metavar="URL", help="Its endpoint for a login by a code.")
@click.option("--oauth-scope", default="", metavar="TEXT", help="What it calls IMAP.")
@login_options("--login-port")
@click.option(
    "--keep",
    type=click.Choice(["keyring", "file"]),
    help="Where a password that you type, or a login by OAuth2, is kept.",
)
@click.option(
    "--address",
    "addresses",
    multiple=True,
    metavar="A",
    help='An address that is yours, or "*@domain". Repeatable.',
)
@click.option("--sent", multiple=True, metavar="FOLDER", help="A folder that holds sent mail. Repeatable.")
@click.option(
    "--outbound", multiple=True, metavar="HOST", help="A machine through which your mail leaves. Repeatable."
)
@click.option("--dns/--no-dns", default=True, help="May sweeps ask DNS for the records of your own domains?")
@click.option(
    "--move/--observe",
    default=None,
    help="Move bounces of mail that you never sent, from now on; or only tell. Without questions: observe.",
)
@click.option(
    "--non-interactive", is_flag=True, help="Ask nothing: what is not said by options takes its default."
)
@click.option(
    "--trust-found", is_flag=True, help="Without questions: the password may go to a server that was found."
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="One JSON object; nothing is asked, and the first sweep is left to `scatterclean sweep`.",
)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    tls: str | None,
    keep: str | None,
    non_interactive: bool,
    as_json: bool,
    **said: object,
) -> int:
    """Set up an account, from your e-mail address to a preview of what a sweep would do.

    Finds the mail server (and asks you before your password goes there), logs in, reads the header
    fields of your Sent mail, shows what would be moved and why, and asks whether it shall. Only then the
    password is stored and the account is written; Ctrl-C before that leaves nothing behind.
    An account is added to a configuration that is there: nothing in it is changed.

    Where a provider takes no passwords, only OAuth2, you log in with a browser or by a code, in the same
    go; for that you need a client id of your own, and docs/oauth.md tells how to get one.

    \b
    Examples:
      scatterclean init
      scatterclean init --email ada@example.org --password-command 'pass show mail/ada'
      scatterclean init --email ada@example.org --host localhost --ca-file my-server.pem
      scatterclean init --email ada@outlook.com --oauth-client-id 00000000-1111-2222-3333-444444444444
      scatterclean init --non-interactive --email ada@gmail.com --password-file ~/.gmail --move
    """
    from scatterclean.cli.leaving import leaving_in_order
    from scatterclean.cli.talking import TerminalTalk
    from scatterclean.config import Tls
    from scatterclean.setup.flags import Flags, Keep
    from scatterclean.setup.talk import Silent
    from scatterclean.setup.wizard import Wizard

    given = ctx.ensure_object(Given)
    if sum(bool(said[key]) for key in _SECRETS) > 1:
        raise click.UsageError(f"only one of {', '.join('--' + key.replace('_', '-') for key in _SECRETS)}")
    flags = Flags(
        **said,  # type: ignore[arg-type]  # the options above, by their names
        tls=Tls(tls) if tls else None,
        keep=Keep(keep) if keep else None,
        silent=non_interactive or as_json,
    )
    if flags.silent and flags.move is None:
        from dataclasses import replace

        flags = replace(flags, move=False)
    screen = given.screen(json=as_json)
    talk = TerminalTalk(screen)
    wizard = Wizard(Silent(talk) if flags.silent else talk, flags, the_world(flags), given.config_path)
    try:
        with leaving_in_order():
            done = wizard.run()
    except (click.Abort, KeyboardInterrupt, SystemExit) as gone:
        if wizard.written:
            screen.trouble(f"Stopped; the account is set up, and written to {wizard.path}.")
            raise
        if isinstance(gone, click.Abort) and not sys.stdin.isatty():
            screen.trouble(
                "There is nobody to answer here: scatterclean init --non-interactive asks nothing."
            )
        screen.trouble("Stopped. Nothing was written, and nothing was moved.")
        raise
    return _after(ctx, screen, done, as_json)


def the_world(flags: Flags) -> World:
    """The network, the keyring and the signals of this machine."""
    from scatterclean.cli.leaving import held
    from scatterclean.setup.discovery import Network
    from scatterclean.setup.greeting import greet
    from scatterclean.setup.keeping import Keyring
    from scatterclean.setup.records import Records
    from scatterclean.setup.web import Web
    from scatterclean.setup.wizard import World

    records = Records()
    meet = partial(greet, ca_file=flags.ca_file)
    network = Network(records.services, records.exchangers, Web().get, meet, records.reachable)
    return World(network, Keyring(), held=held)


def _after(ctx: click.Context, screen: Screen, done: Done, as_json: bool) -> int:
    """The first real sweep, if it was wanted, and how to go on."""
    from scatterclean.model import Mode

    entry = done.entry
    screen.say()
    screen.say(f"Written: account {entry.name} in {done.path}")
    code = exits.DONE
    moves = entry.mode is Mode.MOVE
    if as_json:
        screen.give(
            {
                "account": entry.name,
                "config": str(done.path),
                "host": entry.host,
                "port": entry.port,
                "tls": str(entry.tls),
                "username": entry.username,
                "addresses": list(entry.addresses),
                "mode": str(entry.mode),
                "would_put_away": done.due,
            }
        )
    if moves and not as_json:
        code = _sweep(ctx, screen, entry.name)
    if not moves:
        screen.say(f'It only watches and tells. To let it move: mode = "move" in {done.path}')
    screen.say(
        "To watch the inbox from now on, run: scatterclean run; or, as a service of yours: scatterclean service install"
    )
    return code


def _sweep(ctx: click.Context, screen: Screen, name: str) -> int:
    from scatterclean.cli.commands.sweep import command as sweep
    from scatterclean.errors import DatabaseLocked

    try:
        code = ctx.invoke(sweep, accounts=(name,), observe=False, move=False, folders=(), since=None)
    except DatabaseLocked as locked:
        screen.say(
            f"{locked.what}. It has to read the configuration anew, then it sweeps the new account, too."
        )
        return exits.DONE
    return int(code)
