"""scatterclean as a process, as a person or a program calls it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests import forked

COMMAND = list(forked.COMMAND)


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Ours, without what a person may have set for scatterclean or for terminals."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SCATTERCLEAN", "COLUMNS", "NO_COLOR"))}
    return kept | dict(more or {})


def run(
    *arguments: str, stdin: bytes = b"", cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run to its end; there is never a traceback."""
    done = forked.run(arguments, stdin=stdin, cwd=cwd, env=environment(env))
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done


def objects(output: bytes) -> list[Any]:
    """The JSON objects of --json, one per line."""
    return [json.loads(line) for line in output.splitlines()]
