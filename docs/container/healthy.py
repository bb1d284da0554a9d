"""Is the daemon in this container well?  Ends with 1, and says why, if it is not; for HEALTHCHECK and Kubernetes' exec.

It asks `scatterclean status --json`: does the daemon hold its database, and did the last sweep of every account reach
its server, not too long ago?  An account where nothing happens is swept once in an hour (service/jobs.py).
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

LONGEST = timedelta(hours=3)


def main() -> str | None:
    """What is wrong; None: nothing."""
    asked = subprocess.run(["scatterclean", "status", "--json"], capture_output=True, text=True, check=False)  # noqa: S607
    if asked.returncode:
        return asked.stderr.strip() or f"scatterclean status ended with {asked.returncode}"
    for account in json.loads(asked.stdout)["accounts"]:
        name, sweeps = account["account"], account["sweeps"]
        if not account["watched"]["running"]:
            return "the daemon does not run"
        if account["failed"]:
            return f"{name}: the last try failed"
        if not sweeps:
            return f"{name}: no sweep yet"
        if datetime.now(UTC) - datetime.fromisoformat(sweeps[0]["ended"]) > LONGEST:
            return f"{name}: no sweep for more than {LONGEST}"
    return None


if __name__ == "__main__":
    sys.exit(main())
