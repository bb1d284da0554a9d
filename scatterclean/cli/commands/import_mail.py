"""`scatterclean import`: puts sent mail that is in no Sent folder into the log; it reads no mailbox on a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scatterclean.cli import exits
from scatterclean.cli.arguments import account_option, chosen
from scatterclean.cli.root import Given

if TYPE_CHECKING:
    from scatterclean.cli.screen import Screen
    from scatterclean.config import AccountSettings, Settings
    from scatterclean.outbox.imports import Found


@click.command("import", short_help="Tell the log of mail that you sent and no Sent folder holds.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@account_option("From which account it was sent. Needed only if the accounts belong to several persons.")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object; words for people go to standard error."
)
@click.pass_obj
def command(given: Given, paths: tuple[Path, ...], account: str | None, as_json: bool) -> int:
    """Tell the log of mail that you sent and that no Sent folder holds: an old archive, what a phone
    or a script sent, the log of your own mail server.

    PATH is an mbox, a Maildir, a message (.eml), a directory of these, or the log of Postfix or Exim
    (also as .gz); its content tells which. Only headers are read, and nothing in PATH is changed. Of
    a server's log, what counts was sent after a login, on the machine itself, or from your address.

    A bounce of imported mail is genuine. Nothing else follows: what is not in the files may have been
    sent as well. While the daemon runs, it takes over the records at its next sweep.

    \b
    Examples:
      scatterclean import ~/old/sent.mbox
      scatterclean import --account work /var/log/mail.log /var/log/mail.log.1
    """
    from scatterclean.config import load

    screen = given.screen(json=as_json)
    settings = load(given.config_path)
    whose = _account(settings, account)
    told: list[dict[str, object]] = []
    code, written = exits.DONE, 0
    for path in paths:
        found, trouble = _spooled(settings, whose, path)
        troubles = [*(found.troubles if found else ()), *([trouble] if trouble else ())]
        if found is not None:
            _tell(screen, found)
            written += found.messages
        for sentence in troubles:
            screen.trouble(sentence)
            code = exits.TROUBLE
        told.append(
            {
                "path": str(path),
                "what": found.what.name.lower() if found else None,
                "messages": found.messages if found else 0,
                "own": found.own if found else 0,
                "troubles": troubles,
            }
        )
    new, troubles = _taken_in(screen, settings, whose.name) if written else (0, [])
    if as_json:
        screen.give({"account": whose.name, "paths": told, "new": new, "troubles": troubles})
    return exits.TROUBLE if troubles else code


def _account(settings: Settings, name: str | None) -> AccountSettings:
    from scatterclean.wire import AccountUnknown

    try:
        return chosen(settings, name, lambda _: False)
    except AccountUnknown as unknown:
        raise click.UsageError(str(unknown)) from None


def _spooled(settings: Settings, whose: AccountSettings, path: Path) -> tuple[Found | None, str]:
    """What is in a path is now in the spool; (what it was, why it could not be read)."""
    from scatterclean.outbox import spool
    from scatterclean.outbox.imports import NothingToImport, read, recognise

    mates = [a.account.identities for a in settings.accounts if a.account.person == whose.account.person]
    try:
        found = recognise(path)
    except NothingToImport as nothing:
        return None, str(nothing)
    records = read(found, lambda address: any(mate.owns(address) for mate in mates))
    spool.put(settings.database, whose.name, records)
    return found, ""


def _tell(screen: Screen, found: Found) -> None:
    from scatterclean.outbox.imports import What
    from scatterclean.wording import shown

    messages = "1 message" if found.messages == 1 else f"{found.messages} messages"
    of_log = found.what in (What.POSTFIX, What.EXIM)
    screen.say(
        f"{shown(str(found.path), 200)}: {found.what}, {messages}{' that you sent' if of_log else ''}"
        f" ({found.own} from your addresses)"
    )
    if found.own < found.messages and not of_log:
        others = "None of them is" if not found.own else f"{found.messages - found.own} of them are not"
        screen.trouble(
            f"  {others} from an address that the configuration names. Is this mail that you sent? "
            "If so, all is well; if not, bounces of it count as genuine from now on."
        )


def _taken_in(screen: Screen, settings: Settings, name: str) -> tuple[int | None, list[str]]:
    """(how many were new to the log, troubles); None while another process has the database."""
    from scatterclean.errors import DatabaseLocked
    from scatterclean.wire import Household

    try:
        with Household.open(settings) as household:
            new, troubles = household.take_in(name)
    except DatabaseLocked:
        screen.say(
            f"{name}: the database is in use, by the daemon or another command. "
            "Its next sweep takes over what was imported."
        )
        return None, []
    screen.say(f"{name}: {new} new in the log")
    for sentence in troubles:
        screen.trouble(sentence)
    return new, troubles
