"""`scatterclean check-config`: prints what config.load says; it logs in nowhere."""

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

    Each problem is `file:line: key: what is wrong, what is expected`. No password is fetched and no
    server is asked.

    \b
    Examples:
      scatterclean check-config
      scatterclean --config ./scatterclean.toml check-config
      scatterclean check-config --json | jq .problems
    """
    from scatterclean.config import load

    screen = given.screen(json=as_json)
    path = given.config_path
    try:
        settings = load(path)
    except (ConfigBroken, ConfigMissing) as broken:
        problems = list(broken.problems) if isinstance(broken, ConfigBroken) else [broken.what]
        if as_json:
            told = {"file": str(path), "ok": False, "problems": problems, "warnings": [], "accounts": []}
            screen.give({**told, "hint": broken.hint or None})
        else:
            screen.trouble("\n".join(problems) + (f"\n  {broken.hint}" if broken.hint else ""), style="red")
        return exits.CONFIG
    if as_json:
        screen.give(
            {
                "file": str(path),
                "ok": True,
                "problems": [],
                "warnings": list(settings.warnings),
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
    for warning in settings.warnings:
        screen.trouble(f"warning: {warning}")
    for a in settings.accounts:
        screen.say(
            f"{a.name}: {a.username} at {a.host}:{a.port} (tls {a.tls}), watches {', '.join(a.account.watch)}, "
            f"mode {a.account.mode}, to {a.account.backscatter}"
        )
    return exits.DONE
