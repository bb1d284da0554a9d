"""`scatterclean why`: prints the story of one message; the story is told by why.py."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from scatterclean.cli import exits
from scatterclean.cli.arguments import account_argument, named
from scatterclean.cli.root import Given

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scatterclean.cli.screen import Screen
    from scatterclean.why import Story
    from scatterclean.wire import Household


@click.command("why", short_help="Tell why a message stayed or was put away.")
@account_argument(many=False, required=False)
@click.argument("message", metavar="[UID|MESSAGE-ID]", required=False)
@click.option(
    "--folder",
    metavar="F",
    help="The folder that the UID is of. Default: the first watched folder. A Message-ID is looked for in all "
    "watched folders and in Backscatter.",
)
@click.option(
    "--full", is_flag=True, help="Also what it quotes, what the log knows, and who sent what came back."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object: messages.")
@click.pass_obj
def command(
    given: Given, account: str | None, message: str | None, folder: str | None, *, full: bool, as_json: bool
) -> int:
    """Tell the story of one message of ACCOUNT: why it stayed or was put away, and what to do.

    ACCOUNT may be left out where there is one. Without a message, the latest undecided ones are named, each
    with the command that asks for it.

    It says which rule decided, what would change it, and where the message was moved; with --full
    also what the message quotes and where that stood, what the log knew and of which time, and who
    sent what came back. Nothing is changed. It can be used while the daemon runs.

    \b
    Examples:
      scatterclean why
      scatterclean why home 4711
      scatterclean why home '<20261123.4711@mx.example.net>'
      scatterclean why home 12 --folder Backscatter --full
    """
    if message is not None:
        _uid(message)
    from scatterclean import why
    from scatterclean.cli import forms
    from scatterclean.config import load
    from scatterclean.wire import Household
    from scatterclean.wording import shown

    screen = given.screen(json=as_json)
    with Household.open(load(given.config_path), read_only=True) as household:
        account, message = _sorted_out(list(household.accounts), account, message)
        if message is None:
            if as_json:
                raise click.UsageError("--json: say which message")
            _name_some(screen, household, [a.name for a in named(household, (account,) if account else ())])
            return exits.DONE
        [settings] = named(household, (account,))
        uid = _uid(message)
        with household.teller(account) as teller:
            moved = []
            if uid is not None:
                place = folder or settings.account.watch[0]
                stories = teller.by_uid(place, uid)
                moved = [] if stories else teller.moved_on(place, uid)
            else:
                place = folder or "the watched folders and Backscatter"
                stories = [s for s in teller.by_message_id(message) if folder in (None, s.folder)]
    if as_json:
        told = [forms.story(story) for story in stories]
        screen.give({"account": account, "messages": told, "moved_on": forms.moves(moved)})
    if uid is not None and moved:
        screen.trouble(f"{account}: {why.where_now(uid, moved)}")
        return exits.TROUBLE
    if not stories:
        screen.trouble(f"{account}: there is no message {shown(message)} in {shown(place)}")
        return exits.TROUBLE
    if not as_json:
        _tell(screen, stories, full=full)
    return exits.DONE


def _tell(screen: Screen, stories: Sequence[Story], *, full: bool) -> None:
    from scatterclean import why

    for number, story in enumerate(stories):
        if number:
            screen.say()
        paragraphs = why.told(story)
        short = [each for each in paragraphs if full or story.bounce is None or each[0] not in why.GROUNDS]
        for heading, lines in short:
            screen.say(heading, "bold")
            for line in lines:
                screen.say(line, indent=2)
        if len(short) < len(paragraphs):
            screen.say("What this rests on: the same with --full", "dim")


def _sorted_out(accounts: list[str], account: str | None, message: str | None) -> tuple[str, str | None]:
    """(account, message) as they are meant: one word alone may be either.  No message: one is to be named; no account
    then: of all."""
    if account is None or message is not None or account in accounts:
        return account or "", message
    if len(accounts) == 1 and ("@" in account or account.isdigit()):
        _uid(account)
        return accounts[0], account
    names = ", ".join(accounts)
    raise click.UsageError(
        f"there is no account {account[:60]}; say which account, then the message. It has: {names}"
    )


def _name_some(screen: Screen, household: Household, names: list[str]) -> None:
    """The latest messages that one may ask about, each with the command."""
    from scatterclean.model import Verdict
    from scatterclean.wording import about, how_to_ask

    for name in names:
        cases = household.store.docket.find(name, limit=_SEARCHED)
        unsure = [c for c in cases if c.closed_at is None and c.finding.verdict is Verdict.UNDECIDED]
        found = unsure or cases
        if not found:
            screen.say(
                f"{name}: no bounce is on record. To look: scatterclean sweep --observe {shlex.quote(name)}"
            )
            continue
        what = "that are undecided" if unsure else "on record (none is undecided)"
        screen.say(f"{name}: say which message. The latest {what}:", "bold")
        for case in found[:_NAMED]:
            screen.say(f"{case.arrival.astimezone():%Y-%m-%d %H:%M}  {about(case)}", indent=2)
            screen.say(how_to_ask(case), "dim", indent=4)


_SEARCHED, _NAMED = 2000, 5

# RFC 9051, 9: a UID is an nz-number, 32 bits.
_LAST_UID = 2**32 - 1


def _uid(message: str) -> int | None:
    """The UID that was typed; None if it is a Message-ID.  A number that is no UID is wrong usage."""
    if not (message.isascii() and message.isdigit()):
        return None
    number = int(message) if len(message) <= len(str(_LAST_UID)) else 0
    if not 1 <= number <= _LAST_UID:
        raise click.UsageError(f"{message[:40]} is no UID: those are numbers from 1 to {_LAST_UID}")
    return number
