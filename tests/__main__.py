"""The whole check in one command: lint, format, types, walls, tests.  `python -m tests [pytest arguments]`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
# More than there are cores: many tests wait for servers and processes most of their time.
WORKERS = str((os.cpu_count() or 1) + 3)
STEPS = (
    ("lint", ["ruff", "check", "."]),
    ("format", ["ruff", "format", "--check", "."]),
    ("walls", ["lint-imports", "--no-logo"]),
    ("types", ["mypy"]),
    (
        "tests",
        [sys.executable, "-m", "pytest", "-n", WORKERS, "--dist", "loadfile", "--no-loadscope-reorder"],
    ),
)
# Takes a minute of one core, while most tests wait: it works beside them, and is told behind them.
BESIDE = "types"


def main(arguments: list[str]) -> int:
    """Run every step, also behind one that failed; the exit code is 0 only if all passed."""
    beside = Path(sys.executable).parent
    # The tests start a thousand processes: each would compile the whole program anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    failed = []
    with tempfile.TemporaryFile("w+") as said:
        started: subprocess.Popen[bytes] | None = None
        for name, command in STEPS:
            program = command[0] if name == "tests" else shutil.which(command[0], path=str(beside))
            if program is None:
                print(f"== {name}: {command[0]} is not installed beside {sys.executable}", flush=True)
                failed.append(name)
                continue
            if name == BESIDE:
                started = subprocess.Popen(
                    [program, *command[1:]], cwd=ROOT, stdout=said, stderr=subprocess.STDOUT
                )
                continue
            print(f"== {name}", flush=True)
            extra = arguments if name == "tests" else []
            if subprocess.run([program, *command[1:], *extra], cwd=ROOT, check=False).returncode:
                failed.append(name)
        if started is not None:
            print(f"== {BESIDE}", flush=True)
            if started.wait():
                failed.append(BESIDE)
            said.seek(0)
            print(said.read(), end="", flush=True)
    print(f"== failed: {', '.join(failed)}" if failed else "== all passed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
