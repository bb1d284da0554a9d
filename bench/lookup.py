"""Times the look-up of 1,000 ids, half of them unknown, in a large sent log, and tells how large a logged message is.

python bench/lookup.py [--rows 5000000] [--rounds 9]
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from letters import FIRST

from scatterclean.model import Cursor, MessageId, Place, Question, SentMessage
from scatterclean.store import open_store

BATCH = 5000
ASKED = 1000


def key(number: int) -> str:
    """Ids in no order, as mail programs make them, without a list of them."""
    return f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}.{number}@winter.example"


def messages(first: int, count: int) -> Iterator[SentMessage]:
    for number in range(first, first + count):
        moment = FIRST + timedelta(seconds=40 * number)
        yield SentMessage(
            fingerprint=f"{number * 0xD1342543DE82EF95 % 2**128:032x}",
            ids=(MessageId(key(number)),),
            sender="ada@winter.example",
            recipients=(f"friend{number % 5003}@site{number % 89}.example",),
            subject="about the garden and the photos",
            sent_at=moment,
            filed_at=moment,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "log.db"
        with open_store(path) as store:
            start = time.perf_counter()
            for first in range(0, chosen.rows, BATCH):
                cursor = Cursor(Place("Sent", 1), first + BATCH, chosen.rows, FIRST)
                count = min(BATCH, chosen.rows - first)
                store.sent_log.record("home", "ada", list(messages(first, count)), cursor)
            print(f"{chosen.rows:,} messages logged in {time.perf_counter() - start:.1f} s")
        print(f"{path.stat().st_size / chosen.rows:.0f} bytes for each")
        dice = random.Random(7)
        times: list[float] = []
        worked: list[float] = []
        with open_store(path) as store:
            for _ in range(chosen.rounds):
                there = frozenset(key(dice.randrange(chosen.rows)) for _ in range(ASKED // 2))
                absent = frozenset(key(chosen.rows + n) for n in range(ASKED - len(there)))
                start, busy = time.perf_counter(), time.process_time()
                answer = store.sent_log.ask(Question("ada", there | absent))
                times.append(time.perf_counter() - start)
                worked.append(time.process_time() - busy)
                if answer.known != there:
                    raise SystemExit("a wrong answer")
        middle, busy = (1000 * statistics.median(column) for column in (times, worked))
        print(
            f"{ASKED:,} ids: median {middle:.1f} ms, worst {1000 * max(times):.1f} ms, processor {busy:.1f} ms"
        )


if __name__ == "__main__":
    main()
