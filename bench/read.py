"""Scores bounce.read on the shared corpora, measure by measure, and times it; it changes nothing.

    python bench/read.py --corpora ../shared/corpora [--misses] [--kinds] [--more DIRECTORY_OF_ORDINARY_MAIL]
    python bench/read.py --corpora ../shared/corpora --peers [--flufl-python PYTHON]

With --peers the other readers go through the same files in the same run, side by side with this one (bench/peers.py,
which gets the options that are not known here), and each that is absent is named with what installs it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from scatterclean import bounce
from scatterclean.headers import ids_in
from scatterclean.model import Bounce, MessageId, Weight


@dataclass(frozen=True)
class Labelled:
    """A message with what must be read from it.  `ids` empty: the file holds none."""

    file: str
    raw: bytes
    kind: str | None
    ids: tuple[str, ...]
    others: tuple[str, ...]
    carried: str
    malformed: bool
    recipients: tuple[str, ...] = ()


@dataclass
class Score:
    """Hits and misses by measure."""

    hit: Counter[str] = field(default_factory=Counter)
    missed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def count(self, measure: str, ok: bool, what: str) -> None:
        if ok:
            self.hit[measure] += 1
        else:
            self.missed[measure].append(what)


def labelled(corpora: Path) -> Iterator[Labelled]:
    for line in (corpora / "published" / "labels.jsonl").read_text("utf-8").splitlines():
        label = json.loads(line)
        yield Labelled(
            file=f"published/{label['file']}",
            raw=(corpora / "published" / label["file"]).read_bytes(),
            kind=label["kind"],
            ids=(label["id"],) if label["id"] else (),
            others=tuple(label["also_right"]),
            carried=label["carried"],
            malformed=label["malformed"],
        )
    for line in (corpora / "mta" / "labels.jsonl").read_text("utf-8").splitlines():
        label = json.loads(line)
        ids = [each.text for value in label["ids"] for each in ids_in(value)]
        yield Labelled(
            file=f"mta/{label['file']}",
            raw=(corpora / "mta" / label["file"]).read_bytes(),
            kind=label["kind"],
            ids=tuple(ids) if label["id_in_file"] else (),
            others=tuple(ids),
            carried="mta",
            malformed=False,
            recipients=tuple(address.lower() for address in label["recipients"]),
        )


def score(messages: Iterable[Labelled]) -> tuple[Score, Counter[tuple[str, str]]]:
    result = Score()
    confusion: Counter[tuple[str, str]] = Counter()
    for each in messages:
        read = bounce.read(each.raw)
        said = read.kind.value if read else "none"
        confusion[each.kind or "none", said] += 1
        measure_kind(result, each, read, said)
        if read:
            measure_ids(result, each, read)
            result.count("formats that did not stumble", not read.stumbled, f"{each.file} {read.stumbled}")
    return result, confusion


def measure_kind(result: Score, each: Labelled, read: Bounce | None, said: str) -> None:
    if each.kind is None:
        result.count("ordinary mail left alone", read is None, f"{each.file} -> {said}")
        return
    group = "bounces and delays" if each.kind in ("bounce", "delay") else f"{each.kind}s"
    result.count(f"{group} recognised", read is not None, each.file)
    result.count("kind as labelled", said == each.kind, f"{each.file} {each.kind} -> {said}")
    if each.malformed and each.ids:
        keys = keys_of(ref.id for ref in read.references) if read else set()
        result.count("malformed: right id", not keys.isdisjoint(keys_of(map(MessageId, each.ids))), each.file)


def measure_ids(result: Score, each: Labelled, read: Bounce) -> None:
    if each.kind is None:
        return
    right = keys_of(map(MessageId, (*each.ids, *each.others)))
    if each.ids:
        wanted = keys_of(map(MessageId, each.ids))
        quoted = keys_of(ref.id for ref in read.references)
        first = keys_of(ref.id for ref in read.references[:1])
        got = [(ref.id.text, ref.weight.value, ref.found_in) for ref in read.references[:4]]
        told = f"{each.file} wanted {each.ids} got {got}"
        result.count("right id", not quoted.isdisjoint(wanted), told)
        result.count("right id first", not first.isdisjoint(right), told)
        strong = {key for ref in read.references if ref.weight is Weight.STRONG for key in ref.id.keys}
        if each.carried == "in-reply-to/references only":
            result.count("cited only in In-Reply-To/References", not quoted.isdisjoint(wanted), told)
        elif each.carried != "none":
            result.count("right id is strong", not strong.isdisjoint(right), told)
    for ref in read.references:
        if ref.weight is Weight.STRONG:
            told = f"{each.file} {ref} (labelled {each.ids} {each.others})"
            result.count("strong ids are the original's", not right.isdisjoint(ref.id.keys), told)
    if each.recipients:
        found = set(read.recipients)
        told = f"{each.file} {read.recipients} wanted {each.recipients}"
        result.count("a recipient is found", not found.isdisjoint(each.recipients), told)


def keys_of(ids: Iterable[MessageId]) -> set[str]:
    return {key for each in ids for key in each.keys}


def speed(name: str, call: Callable[[bytes], object], raws: list[bytes], least: float = 1.0) -> None:
    """Messages per CPU second of `call`: other work on the machine does not count.  The best of three rounds."""
    best = 0.0
    for _ in range(3):
        done = 0
        start = time.process_time()
        while (spent := time.process_time() - start) < least / 3:
            for raw in raws:
                call(raw)
            done += len(raws)
        best = max(best, done / spent)
    print(f"  {name:42} {best:10,.0f}/CPU s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument(
        "--more", type=Path, help="a directory of ordinary mail (*.eml), searched recursively"
    )
    parser.add_argument("--misses", action="store_true", help="list every miss")
    parser.add_argument("--kinds", action="store_true", help="print labelled against read kinds")
    parser.add_argument("--no-speed", action="store_true")
    parser.add_argument(
        "--peers", action="store_true", help="messages per second and recall beside other readers'"
    )
    arguments, more = parser.parse_known_args()
    if more and not arguments.peers:
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    messages = list(labelled(arguments.corpora))
    if arguments.more:
        messages += [
            Labelled(str(path), path.read_bytes(), None, (), (), "n/a", malformed=False)
            for path in sorted(arguments.more.rglob("*.eml"))
        ]
    result, confusion = score(messages)
    for measure in sorted({*result.hit, *result.missed}):
        missed = result.missed.get(measure, [])
        total = result.hit[measure] + len(missed)
        print(f"  {measure:42} {result.hit[measure] / total:8.2%}   {len(missed):4} of {total} missed")
        if arguments.misses:
            print("".join(f"      {what[:200]}\n" for what in missed[:20]), end="")
    if arguments.kinds:
        for (wanted, said), count in sorted(confusion.items()):
            print(f"  {wanted:10} -> {said:10} {count:6}")
    if arguments.peers:
        print("\nBeside its peers:", flush=True)
        script = Path(__file__).with_name("peers.py")  # a process of its own: the figures include memory
        return subprocess.run(
            (sys.executable, script, "--corpora", arguments.corpora, *more), check=False
        ).returncode
    if not arguments.no_speed:
        bounces = [each.raw for each in messages if each.kind in ("bounce", "delay")]
        ordinary = [each.raw for each in messages if each.kind is None]
        speed("bounces", bounce.read, bounces)
        speed("ordinary mail", bounce.read, ordinary)
    return 0


if __name__ == "__main__":
    sys.exit(main())
