"""`scatterclean web`: starts the dashboard of web/, prints its link, and opens a browser if asked."""

from __future__ import annotations

import sys
import threading

import click

from scatterclean.cli import exits
from scatterclean.cli.root import Given
from scatterclean.errors import PersonCanMend, Reach


@click.command("web", short_help="See it in a browser, and bring messages back.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="The port on this machine. Default: one that is free.",
)
@click.option("--open", "open_it", is_flag=True, help="Open the link in your browser.")
@click.pass_obj
def command(given: Given, *, port: int, open_it: bool) -> int:
    """Show the report, all messages and why each was put away or stays, in a browser on this machine.

    It prints a link that lets in one browser, once, within five minutes; Enter prints another one.
    In the browser messages can be searched, brought back, and put away; each with a question before
    and an undo behind it. It can be used while the daemon runs, which then does what you ask for.

    It listens on this machine alone (127.0.0.1 and ::1). It ends with Ctrl-C, or when nobody has used
    it for 30 minutes.

    \b
    Examples:
      scatterclean web
      scatterclean web --open
      scatterclean web --port 8765
    """
    try:
        from scatterclean import web
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in ("waitress", "werkzeug"):
            raise
        from scatterclean.installing import command_for

        raise PersonCanMend(
            f"`scatterclean web` needs {missing.name}, which is not installed",
            hint=f"Install it: {command_for('web')}",
            reach=Reach.EVERYTHING,
        ) from None
    from rich.text import Text

    screen = given.screen()
    asks = sys.stdin.isatty()

    def show(link: str) -> None:
        screen.say("The dashboard is at")
        screen.people.print(Text(link), soft_wrap=True)  # whole, however narrow the terminal is
        screen.say(
            "The link lets in one browser, once, within five minutes."
            + (" Press Enter for another one, Ctrl-C to end." if asks else " Ctrl-C ends it.")
        )
        if open_it:
            from scatterclean.calling import shown_in_browser

            # It may take its time to start, and we have to answer meanwhile.
            threading.Thread(target=shown_in_browser, args=(link,), name="browser", daemon=True).start()

    def anew() -> bool:
        return asks and sys.stdin.readline() != ""

    if web.serve(given.config_path, port, show=show, anew=anew):
        screen.say("Nobody used the dashboard for 30 minutes: it has ended.")
    return exits.DONE
