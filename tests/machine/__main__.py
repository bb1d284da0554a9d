"""So many examples of the world that fights back: `python -m tests.machine --examples 20000 --seed 1 --jobs 2`.

Prints what happened in them, and exits with 1 if an invariant was broken.  (CI runs a bounded number, see
test_machine.py.)
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from .machine import Machine

# A process runs so many at a time: what went well before a failure is counted, and the seed is small to tell.
HEAP = 250


def live(task: tuple[int, int, int, bool]) -> tuple[Counter[str], str]:
    """(what happened, what went wrong) in so many examples: (seed, examples, steps, shrink)."""
    number, examples, steps, shrink = task
    Machine.counts.clear()
    phases = [Phase.generate, Phase.shrink] if shrink else [Phase.generate]
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )
    wrong = ""
    try:
        run_state_machine_as_test(seed(number)(Machine), settings=chosen)
    except Exception as error:  # noqa: BLE001 - whatever an example raises is what we came for
        notes = getattr(error, "__notes__", ())
        wrong = "\n".join(
            (f"seed {number}", *notes, *traceback.format_exception(error, limit=-4)[:-1], repr(error))
        )
    return Counter(Machine.counts), wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--shrink", action="store_true", help="look for the smallest example that fails")
    chosen = parser.parse_args()
    heap = min(HEAP, chosen.examples)
    tasks = [(chosen.seed + n, heap, chosen.steps, chosen.shrink) for n in range(-(-chosen.examples // heap))]
    total: Counter[str] = Counter()
    violations = 0
    started = time.monotonic()
    with ProcessPoolExecutor(chosen.jobs) as pool:
        for counts, wrong in pool.map(live, tasks):
            total.update(counts)
            if wrong:
                violations += 1
                print(wrong, flush=True)
            spent = time.monotonic() - started
            print(f"{total['examples']} examples, {spent:.0f} s", file=sys.stderr, flush=True)
    for name, number in sorted(total.items()):
        print(f"{number:8} {name}")
    print(f"{violations} violations")
    return int(violations > 0)


if __name__ == "__main__":
    sys.exit(main())
