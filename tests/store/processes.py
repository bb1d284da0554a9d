"""Other processes that have a store open: real ones, so that they can be killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREAMBLE = """
import os, sys, time
from dataclasses import replace
from pathlib import Path
from scatterclean.errors import Trouble
from scatterclean.model import *
from scatterclean.store import open_store
from tests.contracts.records import *
path = Path(sys.argv[1])
"""
ROOT = Path(__file__).parents[2]


@contextmanager
def running(script: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that runs PREAMBLE and `script`; killed in the end at the latest."""
    process = subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + script, str(path)],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def told(process: subprocess.Popen[str]) -> str:
    """The next line that the process prints; fails if it ended instead."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, f"the process ended with {process.wait()}"
    return line.strip()


def run(script: str, path: Path) -> str:
    """What a process that runs to its end prints."""
    with running(script, path) as process:
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0, output
        return output.strip()
