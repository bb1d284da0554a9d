"""Runs a reader over the files that the parent names and prints figures as JSON; it knows no reader.

The same as Passes.pm.  Argument: LIST, where each line is "group TAB path".  All files are read beforehand; one round
over all of them, which is not timed, says what is found.  Then each line on the standard input names a group: it is
gone through once more, or as often as half a second holds, and messages per CPU second are printed.
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
    listing = Path(sys.argv[1])
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
    answer = {"name": name, "version": version, "died": died, "found": found}
    print(json.dumps(answer | {"files_kb": files, "peak_kb": highest}), flush=True)
    for group in map(str.strip, sys.stdin):
        start, done, spent = time.process_time(), 0, 0.0
        while groups.get(group) and spent < 0.5:
            for each in groups[group]:
                try:  # noqa: SIM105 - what is measured takes microseconds, and a context manager is one more
                    look(each)
                except Exception:  # noqa: BLE001 - counted above
                    pass
            done += len(groups[group])
            spent = time.process_time() - start
        print(done / spent if spent else 0.0, flush=True)
