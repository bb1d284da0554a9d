"""Is the time of a first harvest linear in the size of the Sent folder, and its memory flat?  On a Dovecot (mdbox).

    python bench/large.py [--messages 100000 1000000] [--rounds 1]

Each harvest is a process of its own, behind a drain of the same header fields by a raw socket (`harvest.floor`), which
warms the server and is the floor.  The last column compares with the first size.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

import harvest
import letters

from scatterclean.demo.dovecot import ScratchDovecot
from scatterclean.mailbox.login import Access


def one(port: int, password: str) -> None:
    """Prints seconds, seconds of the processor, and the peak of memory in MB."""
    access = Access("home", "127.0.0.1", port, "ada", lambda: password, tls="none")
    start = time.perf_counter()
    harvest.complete(access)
    spent = time.perf_counter() - start
    print(json.dumps([spent, time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


def measured(messages: int, rounds: int) -> list[float]:
    """Medians of: floor, clock, processor (imports included), peak."""
    with ScratchDovecot(storage="mdbox") as server:
        letters.append(server.port, ("ada", server.password), "Sent", letters.sent(messages))
        harvest.floor(server.port, "ada", server.password)  # warm
        rows = []
        for _ in range(rounds):
            start = time.perf_counter()
            harvest.floor(server.port, "ada", server.password)
            floor = time.perf_counter() - start
            told = subprocess.run(
                [sys.executable, __file__, "--one", str(server.port), server.password],
                check=True,
                capture_output=True,
                text=True,
            )
            rows.append([floor, *json.loads(told.stdout)])
    return [statistics.median(column) for column in zip(*rows, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--one", nargs=2, metavar=("PORT", "PASSWORD"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        one(int(chosen.one[0]), chosen.one[1])
        return
    first = 0.0
    for messages in chosen.messages:
        floor, clock, processor, peak = measured(messages, chosen.rounds)
        first = first or clock
        print(
            f"{messages:>9,} floor {floor:6.2f} s, clock {clock:6.2f} s ({clock / floor:.2f} x floor), "
            f"processor {processor:6.2f} s, peak {peak:.0f} MB, {clock / first:.2f} x the first",
            flush=True,
        )
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
