"""Plants findings in a new store, and times what `report` takes to read them, and to make the page; peak memory beside.

    python bench/report.py [--findings 100000] [--folder /dev/shm] [--rounds 3]

Prints CPU seconds of `household.report` in a process of its own, the best of the rounds, and the peak of its resident
memory; then what the page of it takes, and its size.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from scatterclean import page
from tests.evidence import planted


def peak() -> int:
    """Of resident memory in this process so far, in kB (proc(5); ru_maxrss would begin with that of the parent)."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


def measure(path: Path, rounds: int) -> None:
    with planted.household(path) as household:
        household.standing(planted.ACCOUNT)  # what is imported and compiled once is not the report's
        before = peak()
        best = wall = float("inf")
        for _ in range(rounds):
            start, began = time.process_time(), time.perf_counter()
            report = household.report()
            best = min(best, time.process_time() - start)
            wall = min(wall, time.perf_counter() - began)
        after = peak()
        matter = page.Matter(report, [household.standing(name) for name in report.accounts])
    page_cpu = page_wall = float("inf")
    for _ in range(rounds):  # each compiles the templates, as every process does
        page.setting.environment.cache_clear()
        start, began = time.process_time(), time.perf_counter()
        size = len(page.render(matter).encode())
        page_cpu = min(page_cpu, time.process_time() - start)
        page_wall = min(page_wall, time.perf_counter() - began)
    print(f"{report.conclusion.bounces:,} findings: {best:.2f} CPU s, {wall:.2f} s")
    print(f"{after / 1024:.0f} MB at most, {before / 1024:.0f} MB before")
    print(f"page: {page_cpu:.3f} CPU s, {page_wall:.3f} s, {size / 1000:.0f} kB")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--findings", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.measure, arguments.rounds)
        return 0
    with tempfile.TemporaryDirectory(prefix="report-", dir=arguments.folder) as folder:
        began = time.perf_counter()
        path = planted.plant(Path(folder) / "log.db", arguments.findings)
        size = path.stat().st_size / 1e6
        print(f"planted in {time.perf_counter() - began:.1f} s, {size:.0f} MB", flush=True)
        again = (sys.executable, __file__, "--measure", str(path), "--rounds", str(arguments.rounds))
        return subprocess.run(again, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
