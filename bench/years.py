"""Simulated years until so many automatic messages were judged; prints the figures of issue 4, "what it must show", 1.

    python bench/years.py --cases 100000 --seed 1 --jobs 2

The lives are those of tests/years, one after the other, each with a seed, a database and mailboxes of its own.
Exits with 1 if a genuine bounce was moved that the rules promise not to move, or too little backscatter was.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from scatterclean.store import open_store
from tests.years import figures
from tests.years.life import Life

Result = tuple[Counter[str], Counter[str], list[str]]


def live(task: tuple[int, int, int, int]) -> Result:
    """(figures, why forged ones stayed, what went wrong) of one life: (seed, days, storms, messages of a storm)."""
    seed, days, storms, storm = task
    with tempfile.TemporaryDirectory(prefix="years-") as folder:
        store = open_store(Path(folder) / "log.db")
        life = Life(seed, store, days=days, storms=storms, storm=storm)
        life.live()
        store.close()
    labels = life.labels.values()
    found = figures.figures(labels)
    found["lives"] = 1
    found["days of persons"] = days * len(life.persons)
    found["sweeps"] = life.sweeps
    found["alarms"] = len(life.alarms)
    wrong = [
        f"seed {seed}, number {one.number}: {one.person.name}, {one.route}, {one.shape}, moved {one.moved_at}"
        for one in figures.wrongly_moved(labels)
    ]
    wrong += [
        f"seed {seed}, number {one.number}: {one.person.name}, forged, {one.shape}, stayed: {one.why}"
        for one in figures.due(labels)
        if one.moved_at is None
    ]
    return found, figures.reasons(labels), wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--days", type=int, default=45)
    parser.add_argument("--storms", type=int, default=3)
    parser.add_argument("--storm", type=int, default=600)
    chosen = parser.parse_args()
    total: Counter[str] = Counter()
    why: Counter[str] = Counter()
    started = time.monotonic()
    seed = chosen.seed
    with ProcessPoolExecutor(chosen.jobs) as pool:
        while total["judged"] < chosen.cases:
            tasks = [(seed + n, chosen.days, chosen.storms, chosen.storm) for n in range(chosen.jobs)]
            seed += chosen.jobs
            for found, reasons, wrong in pool.map(live, tasks):
                total.update(found)
                why.update(reasons)
                for line in wrong:
                    print("WRONG", line, flush=True)
            print(
                f"{total['judged']} judged, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True
            )
    for name, number in total.items():
        print(f"{number:8} {name}")
    print("\nwhy forged ones stayed:")
    for name, number in why.most_common():
        print(f"{number:8} {name}")
    share = total["forged due and moved"] / max(1, total["forged due"])
    spent = time.monotonic() - started
    print(f"\n{total['genuine moved']} genuine moved; {share:.3%} of what is due moved; {spent:.0f} s")
    return int(total["genuine moved"] > 0 or share < 0.995)


if __name__ == "__main__":
    sys.exit(main())
