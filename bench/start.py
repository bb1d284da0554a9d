"""How long `scatterclean --help` and `scatterclean status` take, as processes, beside what no program can avoid.

    python bench/start.py [--processes 15]

Medians; the processes of all kinds take turns, so that a busy machine slows all of them.  "Processor" is user and
system time of the process, which hardly depends on who else works.  The floors: the interpreter alone; the two
libraries that `status` begins with, `import sqlalchemy, click`; and these with pydantic and rich, which read its
configuration and print.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scatterclean.store import open_store

CONFIG = """
database = "log.db"
[accounts.home]
host = "mail.winter.example"
username = "ada@winter.example"
password_env = "MAIL_PASSWORD"
"""


def one(command: list[str]) -> tuple[float, float]:
    """(clock, processor) of one process, in seconds."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{command} ended with {done.returncode}")
    return took, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--processes", type=int, default=15)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "scatterclean.toml"
        file.write_text(CONFIG)
        open_store(Path(scratch) / "log.db").close()
        ours = [sys.executable, "-m", "scatterclean"]
        jobs = {
            "floor: python": [sys.executable, "-c", "pass"],
            "floor: sqlalchemy, click": [sys.executable, "-c", "import sqlalchemy, click"],
            "floor: and pydantic, rich": [
                sys.executable,
                "-c",
                "import sqlalchemy, click, pydantic, rich.console, rich.table",
            ],
            "--help": [*ours, "--help"],
            "status": [*ours, "--config", str(file), "status"],
        }
        spent: dict[str, list[tuple[float, float]]] = {name: [] for name in jobs}
        for turn in range(chosen.processes + 1):
            for name, command in jobs.items():
                took = one(command)
                if turn:  # the first one warms the caches
                    spent[name].append(took)
    print(f"{chosen.processes} processes each, load {os.getloadavg()[0]:.1f}")
    print("| command | clock | processor |")
    print("|---|---|---|")
    for name, all_of in spent.items():
        clock, processor = (statistics.median(values) for values in zip(*all_of, strict=True))
        print(f"| {name} | {clock:.3f} s | {processor:.3f} s |")


if __name__ == "__main__":
    main()
