"""Runs a reader over the files that the parent names and prints figures as JSON; it knows no reader.

The same as Passes.pm: arguments PASSES LIST, where each line of LIST is "group TAB path".  All files are read
beforehand; the first round over all of them, which also says what was found, is not timed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def peak() -> int:
    """Kilobytes of memory at the highest; 0 where the system does not say."""
    try:
        status = Path("/proc/self/status").read_text("ascii", "replace")
    except OSError:
        return 0
    return int(status.partition("VmHWM:")[2].split()[0])


def run(
    name: str,
    version: str,
    look: Callable[[Any], tuple[bool, list[str]]],
    prepare: Callable[[bytes], Any] | None = None,
) -> None:
    """What is timed is `look`; `prepare` comes before, where a library wants more than bytes and is spared that."""
    passes, listing = int(sys.argv[1]), Path(sys.argv[2])
    inputs: list[Any] = []
    groups: dict[str, list[Any]] = {}
    for line in listing.read_text("utf-8").splitlines():
        group, _, path = line.partition("\t")
        raw = Path(path).read_bytes()
        inputs.append(prepare(raw) if prepare else raw)
        groups.setdefault(group, []).append(inputs[-1])
    files = peak()
    died = 0
    found: list[tuple[bool, list[str]]] = []
    for each in inputs:
        try:
            found.append(look(each))
        except Exception:  # noqa: BLE001 - a peer that raises is counted, as the reader of a mailbox would have to
            died += 1
            found.append((False, []))
    highest = peak()
    speed: dict[str, list[float]] = {}
    for group in ("bounces", "ordinary"):
        for _ in range(passes if groups.get(group) else 0):
            start, done = time.process_time(), 0
            while (spent := time.process_time() - start) < 0.5 or not done:
                for each in groups[group]:
                    try:
                        look(each)
                    except Exception:  # noqa: BLE001, S110, PERF203 - counted above
                        pass
                done += len(groups[group])
            speed.setdefault(group, []).append(done / spent)
    answer = {"name": name, "version": version, "died": died, "found": found, "speed": speed}
    print(json.dumps(answer | {"files_kb": files, "peak_kb": highest}))
