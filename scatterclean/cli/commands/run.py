"""`scatterclean run`: starts the daemon of service.py; it watches nothing itself."""

from __future__ import annotations

import click

from scatterclean.cli.root import Given


@click.command("run", short_help="Watch all accounts: the daemon.")
@click.option(
    "--log-json", is_flag=True, help="One JSON object per log line: time, level, account, event, text."
)
@click.pass_obj
def command(given: Given, log_json: bool) -> int:
    """Watch all accounts until stopped: the daemon.

    Sweeps every account at once and then as often as its `poll` says. A lost connection is taken up
    again for ever; the trouble of one account stops no other. Its log goes to standard error: one
    line per event, in local time; under journald with levels in place of times.

    \b
    SIGTERM, SIGINT (Ctrl-C)  finish the move in hand and leave within five seconds
    SIGHUP                    read the configuration anew; a broken one is refused, the old one stays

    \b
    Examples:
      scatterclean run
      scatterclean --config ~/mail/scatterclean.toml run
      scatterclean run --log-json
      systemctl --user reload scatterclean      (sends SIGHUP)
    """
    from scatterclean import service

    return service.run(given.config_path, verbose=given.verbose, log_json=log_json)
