"""`scatterclean notify --test`: tries every way on which the person is told; what is told otherwise is the daemon's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from scatterclean.cli import exits
from scatterclean.cli.arguments import account_argument
from scatterclean.cli.root import Given

if TYPE_CHECKING:
    from scatterclean.config import AccountSettings, Settings
    from scatterclean.model import Notice


@click.command("notify", short_help="Try how you are told of alarms and storms.")
@account_argument(many=True)
@click.option("--test", "test", is_flag=True, help="Send a test on every way that [notify] names.")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object; words for people go to standard error."
)
@click.pass_obj
def command(given: Given, accounts: tuple[str, ...], test: bool, as_json: bool) -> int:
    """Try every way on which `scatterclean run` tells you of alarms, storms and trouble.

    A test message is put into the inbox of each ACCOUNT (all, if none is named), and goes once to the desktop and
    to the services of [notify], as far as they are switched on. Needs no database, and may be used
    while the daemon runs. Without --test it only says what is switched on.

    \b
    Examples:
      scatterclean notify
      scatterclean notify --test
      scatterclean notify --test home
    """
    from scatterclean.config import load
    from scatterclean.wire import accounts_named

    screen = given.screen(json=as_json)
    settings = load(given.config_path)
    wanted = settings.notify
    chosen = accounts_named(settings, accounts)
    told: list[dict[str, object]] = []
    if not wanted.ways:
        screen.say("You are told on no way: `inbox`, `desktop` and `apprise` of [notify] are off.")
    for way, name, attempt in _attempts(settings, chosen):
        where = f"{way}, {name}" if name else way
        if not test:
            screen.say(f"{where}: on")
            told.append({"way": way, "account": name, "ok": None, "said": ""})
            continue
        said = attempt()
        told.append({"way": way, "account": name, "ok": not said, "said": said})
        if said:
            screen.trouble(f"{where}: {said}", style="red")
        else:
            screen.say(f"{where}: {'the message is in the inbox' if name else 'handed over'}")
    if as_json:
        kinds = sorted(kind.value for kind in wanted.kinds)
        screen.give({"ways": told, "kinds": kinds})
    return exits.TROUBLE if any(one["ok"] is False for one in told) else exits.DONE


def _attempts(
    settings: Settings, accounts: list[AccountSettings]
) -> list[tuple[str, str | None, Callable[[], str]]]:
    """(way, account, what tries it and returns what went wrong, empty if nothing did)."""
    from scatterclean import tell
    from scatterclean.tell.desktop import CannotShow
    from scatterclean.tell.services import CannotSend

    attempts: list[tuple[str, str | None, Callable[[], str]]] = []
    wanted = settings.notify
    notice = _notice(accounts[0].name)

    def inbox(account: AccountSettings) -> Callable[[], str]:
        return lambda: _put(account)

    def desktop() -> str:
        try:
            tell.show(notice.subject, notice.body)
        except CannotShow as trouble:
            return str(trouble)
        return ""

    def service(url: str) -> Callable[[], str]:
        def attempt() -> str:
            try:
                tell.send(notice.subject, notice.body, [url])
            except CannotSend as trouble:
                return str(trouble)
            return ""

        return attempt

    if "inbox" in wanted.ways:
        attempts += [("inbox", account.name, inbox(account)) for account in accounts]
    if "desktop" in wanted.ways:
        attempts.append(("desktop", None, desktop))
    if "apprise" in wanted.ways:
        # By number where there are several: the addresses hold secrets.
        ways = (
            [way for way in wanted.handovers if way.startswith("apprise")]
            if wanted.apprise[1:]
            else ["apprise"]
        )
        attempts += [(way, None, service(url)) for way, url in zip(ways, wanted.apprise, strict=True)]
    return attempts


def _notice(account: str) -> Notice:
    """A test is an event of its own each time."""
    from datetime import UTC, datetime

    from scatterclean.model import Notice, NoticeKind
    from scatterclean.wording import notices

    now = datetime.now(UTC)
    key = f"test:{now.isoformat()}"
    return Notice(account, key, NoticeKind.DIGEST, *notices.trial(account), made=now, due=now)


def _put(account: AccountSettings) -> str:
    from scatterclean import tell
    from scatterclean.errors import Trouble
    from scatterclean.wire import connect

    try:
        mailbox = connect(account)
        try:
            tell.put(mailbox, _notice(account.name), account.address)
        finally:
            mailbox.close()
    except Trouble as trouble:
        return str(trouble)
    return ""
