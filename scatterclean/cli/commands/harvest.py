"""`scatterclean harvest`: reads the Sent folders of each account into the log; it looks at no other mail."""

from __future__ import annotations

from functools import partial

import click

from scatterclean.cli import exits
from scatterclean.cli.arguments import account_argument, named
from scatterclean.cli.root import Given
from scatterclean.errors import Reach, Stopped, Trouble


@click.command("harvest", short_help="Only read the Sent folders into the log.")
@account_argument(many=True)
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object; words for people go to standard error."
)
@click.pass_obj
def command(given: Given, accounts: tuple[str, ...], as_json: bool) -> int:
    """Only read the Sent folders of each ACCOUNT (all, if none is named) into the log of what you sent.

    Every sweep does this by itself. Alone it is of use for the first, long reading of a big Sent
    folder, and for an account whose inbox is not swept. Nothing is moved.

    \b
    Examples:
      scatterclean harvest
      scatterclean harvest work
      scatterclean harvest --json
    """
    from scatterclean.cli.progress import bars, patience
    from scatterclean.config import load
    from scatterclean.wire import Household
    from scatterclean.wording import of_account

    screen = given.screen(json=as_json)
    told: list[dict[str, object]] = []
    code = exits.DONE
    with (
        Household.open(load(given.config_path)) as household,
        patience(screen.trouble) as asked,
    ):
        for account in named(household, accounts):
            name = account.name
            try:
                with bars(screen.aside, name) as shown:
                    progress = partial(shown.tell, "harvest")
                    done = household.harvest(name, stop=asked.over, progress=progress)
            except Stopped:
                break
            except Trouble as trouble:
                if trouble.reach is Reach.EVERYTHING:
                    raise
                screen.trouble(of_account(name, str(trouble)), style="red")
                told.append({"account": name, "new": 0, "troubles": [str(trouble)]})
                code = exits.TROUBLE
                continue
            logged = household.store.sent_log.count_account(name)
            screen.say(
                f"{name}: {done.new} new in the log, {logged} in all; read: {', '.join(done.folders) or 'nothing'}"
            )
            for sentence in done.troubles:
                screen.trouble(of_account(name, sentence))
            told.append(
                {
                    "account": name,
                    "new": done.new,
                    "logged": logged,
                    "folders": list(done.folders),
                    "refusal": str(done.refusal) if done.refusal else None,
                    "troubles": list(done.troubles),
                }
            )
            code = exits.TROUBLE if done.troubles or done.refusal else code
    if as_json:
        screen.give({"accounts": told})
    return asked.exit(code)
