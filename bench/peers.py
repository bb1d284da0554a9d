"""Runs scatterclean and its peers over the same labelled files on one core and prints one table; it installs nothing.

    python bench/peers.py --corpora ../shared/corpora [--passes 5] [--core 0] [--only NAME] [--flufl-python PYTHON]

Each reader is a process of its own, a small script in bench/peers/, that reads all files into memory first.  Speed is
messages per second of CPU time of the parse call alone, from bytes to the answer, the median of passes that the readers
take in turn; memory is the peak after one round over all files, and before the first message was read.  "right id": of
the bounces and delays that hold the original's id.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from read import Labelled, keys_of, labelled

from scatterclean.headers import ids_in
from scatterclean.model import MessageId

PARSED = ", parsed before"
SCRIPTS = Path(__file__).with_name("peers")


@dataclass(frozen=True)
class Peer:
    """How a reader is run, and what to do where it is absent.  `test` succeeds where it can be run."""

    name: str
    command: tuple[str, ...]
    test: tuple[str, ...]
    install: str


def all_peers(flufl_python: str) -> list[Peer]:
    perl = shutil.which("perl") or "perl"

    def in_perl(script: str, module: str, package: str, name: str) -> Peer:
        path = str(SCRIPTS / script)
        return Peer(name, (perl, path), (perl, f"-M{module}", "-e", "1"), f"apt-get install {package}")

    ours = str(SCRIPTS / "ours.py")
    flufl = str(SCRIPTS / "flufl_bounce.py")
    has_flufl = (flufl_python, "-c", "import flufl.bounce")
    how = "pip install flufl.bounce, or in another environment: --flufl-python ITS_PYTHON"
    parser = "Mail::DeliveryStatus::BounceParser"
    return [
        Peer("scatterclean", (sys.executable, ours), (sys.executable, "-c", "import scatterclean"), "pip install -e ."),
        Peer("flufl.bounce", (flufl_python, flufl), has_flufl, how),
        Peer("flufl.bounce" + PARSED, (flufl_python, flufl, "--parsed"), has_flufl, how),
        in_perl("sisimai.pl", "Sisimai::Data", "libsisimai-perl", "Sisimai"),
        in_perl("bounceparser.pl", parser, "libmail-deliverystatus-bounceparser-perl", parser),
        in_perl("vbounce.pl", "Mail::SpamAssassin", "spamassassin", "SpamAssassin VBounce"),
    ]  # fmt: skip


@dataclass(frozen=True)
class Figures:
    """One line of the table.  Shares are None where the peer does not do such a thing at all."""

    name: str
    version: str
    recognised: dict[str, tuple[int, int]]  # group -> hits, all
    right_ids: tuple[int, int] | None
    bounces: float  # messages per CPU second
    ordinary: float
    peak: int  # kilobytes
    files: int  # kilobytes before the first message was read
    died: int


def group_of(message: Labelled) -> str:
    if message.kind is None:
        return "ordinary"
    if message.kind in ("bounce", "delay"):
        return "bounces"
    return "replies" if message.kind == "autoreply" else "others"


class Reader:
    """A peer's process: it has said what it finds, and runs a pass over a group when it is told to."""

    def __init__(self, peer: Peer, listing: Path, core: int | None) -> None:
        script, *options = peer.command[1:]
        command = [peer.command[0], script, str(listing), *options]
        if core is not None:
            command = ["taskset", "-c", str(core), *command]
        self.peer = peer
        self.speed: dict[str, list[float]] = {"bounces": [], "ordinary": []}
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.answer: dict[str, Any] = json.loads(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise OSError(f"it ended with exit code {self._process.wait()}")
        return line

    def go_through(self, group: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(group + "\n")
        self._process.stdin.flush()
        self.speed[group].append(float(self._line()))

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def figures(reader: Reader, messages: list[Labelled]) -> Figures:
    answer = reader.answer
    hits: Counter[str] = Counter()
    every: Counter[str] = Counter()
    with_id = right = cited = 0
    for message, (automatic, ids) in zip(messages, answer["found"], strict=True):
        every[group_of(message)] += 1
        hits[group_of(message)] += bool(automatic)
        if group_of(message) == "bounces" and message.ids:
            with_id += 1
            said = keys_of(each for text in ids for each in (MessageId(text), *ids_in(text)))
            cited += bool(said)
            right += not said.isdisjoint(keys_of(map(MessageId, message.ids)))
    return Figures(
        name=reader.peer.name,
        version=answer["version"],
        recognised={group: (hits[group], every[group]) for group in every},
        right_ids=(right, with_id) if cited else None,
        bounces=statistics.median(reader.speed["bounces"]),
        ordinary=statistics.median(reader.speed["ordinary"]),
        peak=answer["peak_kb"],
        files=answer["files_kb"],
        died=answer["died"],
    )


def share(part: tuple[int, int] | None) -> str:
    return "-" if part is None else f"{part[0] / part[1]:.1%}" if part[1] else "-"


def table(lines: list[Figures]) -> None:
    ours = next((line for line in lines if line.name == "scatterclean"), None)
    # What was parsed beforehand did the larger half of the work off the clock: shown, but no yardstick.
    peers = [line for line in lines if line is not ours and not line.name.endswith(PARSED)]
    fastest = {
        "bounces": max((line.bounces for line in peers), default=0.0),
        "ordinary": max((line.ordinary for line in peers), default=0.0),
    }
    head = (
        "", "bounces+", "auto-", "other", "ordinary", "right", "bounces", "x fastest", "ordinary", "x fastest",
        "peak", "of it",
    )  # fmt: skip
    under = (
        "",
        "delays",
        "replies",
        "kinds",
        "flagged",
        "id",
        "/CPU s",
        "peer",
        "/CPU s",
        "peer",
        "MB",
        "files MB",
    )
    widths = (44, 9, 9, 9, 9, 8, 10, 10, 10, 10, 7, 9)
    rows: list[tuple[str, ...]] = [head, under]
    for line in lines:
        flagged = line.recognised.get("ordinary", (0, 0))[0]
        row = (
            f"{line.name} {line.version}"[:44].ljust(44),
            *(share(line.recognised.get(group)) for group in ("bounces", "replies", "others")),
            f"{flagged}",
            share(line.right_ids),
            f"{line.bounces:,.0f}",
            f"{line.bounces / fastest['bounces']:.2f}" if fastest["bounces"] else "-",
            f"{line.ordinary:,.0f}",
            f"{line.ordinary / fastest['ordinary']:.2f}" if fastest["ordinary"] else "-",
            f"{line.peak / 1024:,.0f}",
            f"{line.files / 1024:,.0f}",
        )
        rows.append(row)
    for row in rows:
        print(" ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)))
    for line in lines:
        if line.died:
            print(f"  {line.name} raised on {line.died} messages")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--passes", type=int, default=5, help="of which the median counts")
    parser.add_argument("--core", type=int, default=0, help="the core that all readers are pinned to")
    parser.add_argument("--only", action="append", help="this reader only (may be repeated)")
    parser.add_argument("--flufl-python", default=sys.executable, help="a Python that has flufl.bounce")
    arguments = parser.parse_args()
    messages = list(labelled(arguments.corpora))
    counts = Counter(map(group_of, messages))
    core = None
    if hasattr(os, "sched_setaffinity") and shutil.which("taskset"):
        core = arguments.core
    where = f"pinned to core {core}" if core is not None else "not pinned: taskset is absent"
    print(
        f"{counts['bounces']} bounces and delays, {counts['replies']} automatic replies, {counts['others']} of other "
        f"kinds, {counts['ordinary']} ordinary\n"
        f"Python {platform.python_version()}, {where}, median of {arguments.passes} passes\n"
    )
    readers: list[Reader] = []
    absent: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        listing = Path(scratch) / "files"
        with listing.open("w", encoding="utf-8") as file:
            for message in messages:
                file.write(f"{group_of(message)}\t{(arguments.corpora / message.file).resolve()}\n")
        for peer in all_peers(arguments.flufl_python):
            if arguments.only and peer.name not in arguments.only:
                continue
            installed = False
            with contextlib.suppress(OSError):
                installed = subprocess.run(peer.test, capture_output=True, check=False).returncode == 0
            if not installed:
                absent.append(f"{peer.name} is absent: {peer.install}")
                continue
            try:
                readers.append(Reader(peer, listing, core))
            except (OSError, ValueError) as error:
                absent.append(f"{peer.name} could not be run: {error}")
    # Pass by pass, one reader after the other: what else the machine does falls on all of them alike.
    for _ in range(arguments.passes):
        for reader in readers:
            reader.go_through("bounces")
            reader.go_through("ordinary")
    lines = [figures(reader, messages) for reader in readers]
    for reader in readers:
        reader.end()
    table(lines)
    for what in absent:
        print(f"  {what}")
    return 0 if lines else 1


if __name__ == "__main__":
    sys.exit(main())
