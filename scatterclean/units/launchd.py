"""Values -> the property list of a launchd agent (launchd.plist(5)); it writes no file and asks nobody."""

from __future__ import annotations

import plistlib
from pathlib import Path

from scatterclean.units.values import NAME, Unit


def agent(unit: Unit, log: Path) -> str:
    """The daemon, or with `every` one sweep each time.  `log` is the file for what it says."""
    table: dict[str, object] = {
        "Label": NAME,
        "ProgramArguments": list(unit.command),
        "RunAtLoad": True,
        "ProcessType": "Background",
        "StandardErrorPath": str(log),
        "StandardOutPath": str(log),
        "Umask": 0o077,
        "WorkingDirectory": "/",
        "HardResourceLimits": {"Core": 0},  # a dump of memory would hold the passwords
    }
    if unit.environment:
        table["EnvironmentVariables"] = dict(unit.environment)
    if unit.every is None:
        table["KeepAlive"] = {"SuccessfulExit": False}
        table["ThrottleInterval"] = 30
        table["ExitTimeOut"] = 20
    else:
        table["StartInterval"] = int(unit.every.total_seconds())
    return plistlib.dumps(table, sort_keys=False).decode()
