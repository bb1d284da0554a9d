"""`scatterclean check-config`: prints what config.load and config.offline say; it logs in nowhere."""

from __future__ import annotations

import click

from scatterclean.cli import exits
from scatterclean.cli.root import Given
from scatterclean.errors import ConfigBroken, ConfigMissing


@click.command("check-config", short_help="Check the configuration.")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object: file, ok, problems, warnings, accounts."
)
@click.pass_obj
def command(given: Given, as_json: bool) -> int:
    """Check the configuration: print all its problems at once, or one line per account.

    Each problem is `file:line: key: what is wrong, what is expected`. It also looks whether what
    stands there is on this machine: the file of a password, the program that prints it, a folder
    for the database. No such program is run and no server is asked.

    \b
    Examples:
      scatterclean check-config
      scatterclean --config ./scatterclean.toml check-config
      scatterclean check-config --json | jq .problems
    """
    from scatterclean.config import load
    from scatterclean.config.offline import problems_here, warnings_here

    screen = given.screen(json=as_json)
    path = given.config_path
    try:
        settings = load(path)
        if here := problems_here(settings):
            raise ConfigBroken(tuple(f"{path}: {problem}" for problem in here))
    except (ConfigBroken, ConfigMissing) as broken:
        problems = list(broken.problems) if isinstance(broken, ConfigBroken) else [broken.what]
        if as_json:
            told = {"file": str(path), "ok": False, "problems": problems, "warnings": [], "accounts": []}
            screen.give({**told, "hint": broken.hint or None})
        else:
            screen.trouble("\n".join(problems) + (f"\n  {broken.hint}" if broken.hint else ""), style="red")
        return exits.CONFIG
    warnings = [*settings.warnings, *(f"{path}: {warning}" for warning in warnings_here(settings))]
    if as_json:
        screen.give(
            {
                "file": str(path),
                "ok": True,
                "problems": [],
                "warnings": warnings,
                "database": str(settings.database),
                "accounts": [
                    {
                        "name": a.name,
                        "host": a.host,
                        "port": a.port,
                        "tls": str(a.tls),
                        "username": a.username,
                        "mode": str(a.account.mode),
                        "watch": list(a.account.watch),
                        "sent": list(a.account.sent),
                        "backscatter": a.account.backscatter,
                    }
                    for a in settings.accounts
                ],
            }
        )
        return exits.DONE
    for warning in warnings:
        screen.trouble(f"warning: {warning}")
    for a in settings.accounts:
        screen.say(
            f"{a.name}: {a.username} at {a.host}:{a.port} (tls {a.tls}), watches {', '.join(a.account.watch)}, "
            f"mode {a.account.mode}, to {a.account.backscatter}"
        )
    screen.say(f"{path}: no problems found; whether the password is right, `scatterclean sweep` tells")
    return exits.DONE
