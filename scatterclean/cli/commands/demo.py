"""`scatterclean demo`: calls the demo; it shows nothing itself."""

from __future__ import annotations

from typing import Literal

import click

from scatterclean.cli import exits
from scatterclean.cli.root import Given


@click.command("demo", short_help="Show it at work on a mailbox of its own.")
@click.option(
    "--server",
    type=click.Choice(["embedded", "dovecot"]),
    default="embedded",
    show_default=True,
    help="The IMAP server to show it on: one inside of this process, or an installed Dovecot 2.3.",
)
@click.option("--no-pause", is_flag=True, help="No pauses for reading.")
@click.pass_obj
def command(given: Given, server: Literal["embedded", "dovecot"], no_pause: bool) -> int:
    """Show it at work: a mailbox flooded overnight, on a server of its own. Needs no account.

    Fills a mailbox with ordinary mail, a flood of backscatter and a few genuine bounces, sweeps it
    over real IMAP, tells what moved and what stayed and why, and brings everything back. It uses a
    temporary directory and leaves nothing behind.

    \b
    Examples:
      scatterclean demo
      scatterclean demo --server dovecot --no-pause
    """
    from scatterclean.cli.leaving import leaving_in_order
    from scatterclean.demo.dovecot import DovecotBroken
    from scatterclean.demo.show import run_demo

    screen = given.screen()
    try:
        with leaving_in_order():
            return run_demo(screen.people, server=server, pause=not no_pause)
    except DovecotBroken as broken:
        screen.trouble(f"{broken}\n  Without Dovecot: scatterclean demo", style="red")
        return exits.TROUBLE
