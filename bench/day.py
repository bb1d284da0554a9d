"""The daemon for a day of simulated time, with the troubles that a day has; issue 7, "what it must show", 5.

    python bench/day.py --hours 24 --seed 1

Two accounts of one person on a real Dovecot.  Mail arrives all day (ordinary, genuine bounces, orphans, bounces that
are there before their copy in Sent), a storm comes at night; servers refuse, hang, say goodbye, refuse the login as
after a token's expiry; the machine is suspended, its clock set forward and back.  The daemon is the real process; its
clock is tests/day/warp.c, so it needs Linux and a C compiler.  Exits with 1 if a message is not exactly where it has to
be, if a trouble or its end was not told exactly once, or if memory, threads or open files grew.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from scatterclean.demo.dovecot import ScratchDovecot
from tests.day.day import Day, took

# Caches fill for ten hours, and each new thread may open another arena of malloc's: 72 hours came to 6 %.
# With MALLOC_ARENA_MAX=1 in the environment the last twenty of 30 hours added 0.2 MB of 70, and no Python objects.
MORE_MEMORY, MORE_THREADS, MORE_FILES = 1.08, 1, 2


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--keep", type=Path, help="a folder that does not exist yet, for the log and the database"
    )
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch, ScratchDovecot() as server:
        folder = asked.keep or Path(scratch) / "day"
        folder.mkdir()
        with Day(folder, server, hours=asked.hours, seed=asked.seed, say=print) as day:
            day.run()
            return closing(day, began)


def closing(day: Day, began: float) -> int:
    first, last = day.growth()
    print(
        f"{day.hours:g} hours in {took(began)}; {dict(day.counts())}; {len(day.told)} outages, {day.jumps} jumps"
    )
    for look in day.looks[11 :: max(1, len(day.looks) // 12)]:
        print(f"hour {look.hour:5.1f}: {look.memory:.1f} MB, {look.threads} threads, {look.files} files open")
    for name, look in (("first third", first), ("last third", last)):
        print(f"{name}: {look.memory:.1f} MB, {look.threads} threads, {look.files} files open")
    wrong = [*day.astray(), *day.untold()]
    if day.code != 0:
        wrong.append(f"it left with {day.code}")
    if (
        last.memory > first.memory * MORE_MEMORY
        or last.threads > first.threads + MORE_THREADS
        or last.files > first.files + MORE_FILES
    ):
        wrong.append("it grew")
    for line in wrong:
        print(f"WRONG {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
