"""`scatterclean version`: what runs here.  It reads no configuration."""

from __future__ import annotations

import click

from scatterclean import __version__
from scatterclean.cli.root import Given


@click.command("version", short_help="Say which version this is.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def command(given: Given, as_json: bool) -> None:
    """Say which version this is, and on what it runs.

    Please add this to a report of a bug.

    \b
    Examples:
      scatterclean version
      scatterclean version --json
    """
    import platform
    import sqlite3

    versions = {
        "scatterclean": __version__,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "platform": platform.platform(),
    }
    screen = given.screen(json=as_json)
    if as_json:
        screen.give(versions)
        return
    screen.say(f"scatterclean {__version__}")
    screen.say(f"Python {versions['python']}, SQLite {versions['sqlite']}, {versions['platform']}")
