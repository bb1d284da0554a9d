"""Where neither systemd nor launchd is: the line for a crontab (crontab(5)); it writes none."""

from __future__ import annotations

import shlex
from datetime import timedelta

from scatterclean.units.values import Unit


def line(unit: Unit) -> str:
    """Sweep so often, in minutes; "%" would end the command."""
    minutes = int((unit.every or timedelta(minutes=10)).total_seconds() // 60)
    command = " ".join(shlex.quote(word) for word in (*unit.command[:-1], "sweep"))
    when = f"*/{max(1, minutes)} *" if minutes < 60 else f"0 */{min(23, minutes // 60)}"
    return f"{when} * * * " + command.replace("%", r"\%")
