"""Throws mutated and made-up messages at bounce.read and counts what goes wrong; it mends and explains nothing.

    python bench/fuzz.py --runs 1000000 [--seed 1] [--save DIRECTORY] [--slow 250]
    python bench/fuzz.py --runs 200000 --atheris      (pip install 'scatterclean[fuzz]')

The seeds are the project's own fixtures.  Without --atheris a plain random mutator runs, on every Python; with it
libFuzzer is led by the coverage of the reader.  An input is an offender when `read` or `candidate` raises, when a
format stumbles, when `read` finds a bounce that `candidate` would not have fetched, or when it takes longer than
--slow milliseconds of CPU time.  The exit code is 1 if there was an offender of any kind but slow.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from shapes import FILLINGS

ROOT = Path(__file__).resolve().parents[1]
SEEDS = (ROOT / "tests" / "bounce" / "fixtures", ROOT / "tests" / "bounce" / "negatives")
HANG = 20.0  # seconds of CPU time after which an input is given up
MOST = 1 << 16  # bytes of an ordinary input
GIANT = 3 << 19  # bytes of the few that exceed what the reader looks at (1 MB)
ONE_GIANT_IN = 1000

# Pieces of what the reader looks for: a mutation that lands near one of them reaches further than a random byte.
WORDS = (
    b"\n\n", b"\r\n\r\n", b"\r", b"\r\r\n", b"\n ", b"\n\t", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\n--",
    b"--\n", b"\n.\n", b"\nMessage-ID: <a.b@c.example>\n", b"\nMessage-ID:\n <a@b.example>",
    b"\nMessage-ID: <a@b", b"<", b">", b"<>", b"&lt;a@b&gt;",
    b"\nReceived: by a.example id 1234567; Mon, 1 Jan 2024 00:00:00 +0000", b"\nReturn-Path: <>",
    b"\nFrom: MAILER-DAEMON@a.example", b"\nFrom ", b"\n>From ", b"\n> ", b"\n| ", b"\nSubject: =?utf-8?b?",
    b"=?utf-8?q?", b"=?", b"?=", b"=?utf-7?b?!!?=", b"=?x?",
    b"\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n", b"boundary=",
    b'boundary="', b"\nContent-Type: message/rfc822\n\n", b"\nContent-Type: text/rfc822-headers\n\n",
    b"\nContent-Type: message/delivery-status\n\n",
    b"\nContent-Type: text/html; charset=utf-7\n\n<html><pre>", b"charset=", b"charset=idna",
    b"charset=utf-16", b"charset=undefined", b"\nContent-Transfer-Encoding: base64\n",
    b"\nContent-Transfer-Encoding: quoted-printable\n", b"=\n", b"=3D", b"begin 644 a\n",
    b"\nContent-Transfer-Encoding: x-uuencode\n", b"\nFinal-Recipient: rfc822; a@b.example",
    b"\nAction: failed", b"\nStatus: 5.1.1", b"\nDiagnostic-Code: smtp; 550",
    b"\nOriginal-Message-ID: <a@b>", b"\nDisposition: ", b"\nIn-Reply-To: <a@b>", b"\nReferences: ",
    b"\nAuto-Submitted: auto-replied", b"\nX-Failed-Recipients: a@b",
    b"\nDate: Mon, 99 Foo 0000 99:99:99 +9999999999", b"\nDate: ",
    b"\n------ This is a copy of the message, including all the headers. ------\n\n",
    b"\n--- Below this line is a copy of the message.\n\n",
    b"\nHi. This is the qmail-send program at a.example.\n", b"\n   ----- Original message -----\n",
    b"Original message headers:", b"<!--", b"<style", b"<head>", b"<br>", b"&#", b"&#x110000;",
    b"prvs=a=b@c", b"SRS0=a=b=c=d@e", b'"', b"\\", b"(", b")", b",", b"@",
)  # fmt: skip


class Hung(BaseException):
    """The input took so long that it was given up; no `except Exception` may swallow it."""


@dataclass
class Tally:
    """What was found.  `keep` is where offenders are written, by the digest of their bytes."""

    keep: Path
    slow: float  # milliseconds
    inputs: int = 0
    read: int = 0
    offenders: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0  # milliseconds
    slowest_size: int = 0
    saved: list[str] = field(default_factory=list)

    def offender(self, what: str, raw: bytes) -> None:
        self.offenders[what] += 1
        if self.offenders[what] > 5:
            return
        self.keep.mkdir(parents=True, exist_ok=True)
        name = "".join(c if c.isalnum() else "-" for c in what)[:60]
        path = self.keep / f"{name}-{hashlib.sha256(raw).hexdigest()[:12]}.eml"
        path.write_bytes(raw)
        self.saved.append(str(path))

    def report(self, seconds: float) -> None:
        print(
            f"  inputs                     {self.inputs:12,}   ({self.inputs / max(seconds, 0.001):,.0f}/CPU s)"
        )
        print(f"  read as automatic mail     {self.read:12,}")
        print(f"  slowest                    {self.slowest:12.1f} ms   ({self.slowest_size:,} bytes)")
        print(f"  inputs over {self.slow:4.0f} ms        {self.offenders['slow']:12,}")
        broken = {what: count for what, count in self.offenders.items() if what != "slow"}
        print(f"  exceptions, broken promises {sum(broken.values()):11,}")
        for what, count in sorted(broken.items()):
            print(f"      {count:6} {what}")
        for path in self.saved:
            print(f"      saved: {path}")

    @property
    def broken(self) -> int:
        return sum(self.offenders.values()) - self.offenders["slow"]


def spent(tally: Tally, raw: bytes) -> float:
    """CPU milliseconds of one look at `raw`; whatever is wrong with it goes into `tally`."""
    from scatterclean import bounce

    # While the alarm is set, Linux counts the process's time in ticks of 4 ms; the thread's stays exact.
    start = time.thread_time()
    try:
        read = bounce.read(raw)
        took = (time.thread_time() - start) * 1000
        fetched = bounce.candidate(raw)
    except Hung:
        tally.offender("hung", raw)
        return HANG * 1000
    except Exception as error:  # noqa: BLE001 - counting them is the purpose
        tally.offender(f"raised {type(error).__name__}", raw)
        return 0.0
    if read is not None:
        tally.read += 1
        for name in read.stumbled:
            tally.offender(f"stumbled {name}", raw)
        if not fetched:
            tally.offender("read, but no candidate", raw)
    return took


def look(tally: Tally, raw: bytes) -> None:
    """One input.  A slow one is measured three times more: garbage collection and page faults are not its fault."""
    tally.inputs += 1
    if tally.inputs % 100_000 == 0:
        print(
            f"  {tally.inputs:,}, slowest {tally.slowest:.1f} ms, {tally.broken} broken promises",
            file=sys.stderr,
        )
    signal.setitimer(signal.ITIMER_VIRTUAL, HANG)
    took = spent(tally, raw)
    if took > tally.slowest or took > tally.slow:
        again = Tally(keep=tally.keep, slow=tally.slow)
        took = min(took, *(spent(again, raw) for _ in range(3)))
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    if took > tally.slowest:
        tally.slowest, tally.slowest_size = took, len(raw)
    if took > tally.slow:
        tally.offender("slow", raw)


# --- the plain mutator -----------------------------------------------------------------------------------


class Mutator:
    """Makes messages out of seeds; the same number gives the same inputs on every machine."""

    def __init__(self, seeds: list[bytes], number: int) -> None:
        self.seeds = seeds
        self.dice = random.Random(number)
        self.ways: tuple[Callable[[bytes], bytes], ...] = (
            self.flip, self.flip, self.cut, self.drop, self.double, self.splice, self.splice, self.word, self.word,
            self.word, self.line_ends, self.shuffle_lines, self.wrap, self.deep, self.repeat, self.long_line,
            self.encode,
        )  # fmt: skip

    def next(self) -> bytes:
        dice = self.dice
        raw = dice.randbytes(dice.randrange(400)) if dice.random() < 0.01 else dice.choice(self.seeds)
        for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 5, 8))):
            raw = dice.choice(self.ways)(raw)[:MOST]
        if dice.random() < 1 / ONE_GIANT_IN:
            at = self.at(raw)
            filling = dice.choice((*WORDS, *FILLINGS, raw[at : at + 200] or b"x"))
            raw = raw[:at] + filling * (GIANT // len(filling)) + raw[at:]
        return raw

    def at(self, raw: bytes) -> int:
        """A position, every second time at the beginning of a line."""
        at = self.dice.randrange(len(raw) + 1)
        if self.dice.random() < 0.5:
            at = raw.rfind(b"\n", 0, at) + 1
        return at

    def span(self, raw: bytes) -> tuple[int, int]:
        start = self.at(raw)
        return start, min(len(raw), start + int(self.dice.paretovariate(0.6)))

    def flip(self, raw: bytes) -> bytes:
        flipped = bytearray(raw)
        for _ in range(self.dice.choice((1, 1, 2, 5, 40)) if raw else 0):
            flipped[self.dice.randrange(len(raw))] = self.dice.choice(
                (self.dice.randrange(256), 10, 32, 58, 60, 62)
            )
        return bytes(flipped)

    def cut(self, raw: bytes) -> bytes:
        return raw[: self.at(raw)] if self.dice.random() < 0.8 else raw[self.at(raw) :]

    def drop(self, raw: bytes) -> bytes:
        start, end = self.span(raw)
        return raw[:start] + raw[end:]

    def double(self, raw: bytes) -> bytes:
        start, end = self.span(raw)
        return raw[:end] + raw[start:end] * self.dice.choice((1, 1, 2, 30, 500)) + raw[end:]

    def splice(self, raw: bytes) -> bytes:
        other = self.dice.choice(self.seeds)
        start, end = self.span(other)
        at = self.at(raw)
        return raw[:at] + other[start : max(end, start + self.dice.choice((0, 100, 2000)))] + raw[at:]

    def word(self, raw: bytes) -> bytes:
        at = self.at(raw)
        return raw[:at] + self.dice.choice(WORDS) + raw[at + self.dice.choice((0, 0, 1, 20)) :]

    def line_ends(self, raw: bytes) -> bytes:
        plain = raw.replace(b"\r\n", b"\n")
        return plain.replace(
            b"\n", self.dice.choice((b"\r\n", b"\r", b"\n", b"\r\r\n", b"\n\r", b"\n\n", b"\x85", b"\n "))
        )

    def shuffle_lines(self, raw: bytes) -> bytes:
        lines = raw.split(b"\n")
        start = self.dice.randrange(len(lines))
        some = lines[start : start + 12]
        self.dice.shuffle(some)
        return b"\n".join((*lines[:start], *some, *lines[start + 12 :]))

    def wrap(self, raw: bytes) -> bytes:
        """In a bounce: as a part, as a pasted copy, quoted, indented."""
        way = self.dice.randrange(4)
        if way == 0:
            return (
                b"Return-Path: <>\nFrom: MAILER-DAEMON@a.example\nTo: p@b.example\nSubject: failure notice\n"
                b"Content-Type: multipart/report; report-type=delivery-status; boundary=w\n\n"
                b"--w\n\nfailed\n\n--w\nContent-Type: message/rfc822\n\n" + raw + b"\n--w--\n"
            )
        quoted = (
            raw if way == 1 else raw.replace(b"\n", self.dice.choice((b"\n> ", b"\n    ", b"\n>", b"\n| ")))
        )
        return (
            b"Return-Path: <>\nFrom: postmaster@a.example\nSubject: Undeliverable mail\n\n"
            b"Your message was not delivered:\n\n----- Original message -----\n\n" + quoted
        )

    def deep(self, raw: bytes) -> bytes:
        for i in range(self.dice.choice((2, 7, 30))):
            name = b"d%d" % i
            raw = b"Content-Type: multipart/mixed; boundary=%s\n\n--%s\n%s\n--%s--\n" % (
                name,
                name,
                raw,
                name,
            )
        return raw

    def repeat(self, raw: bytes) -> bytes:
        at = self.at(raw)
        word = self.dice.choice(self.dice.choice((WORDS, FILLINGS)))
        return raw[:at] + word * self.dice.choice((10, 300, 3000, MOST // len(word))) + raw[at:]

    def long_line(self, raw: bytes) -> bytes:
        at = self.at(raw)
        return raw[:at] + self.dice.randbytes(1) * self.dice.choice((99, 1000, 30_000)) + raw[at:]

    def encode(self, raw: bytes) -> bytes:
        import base64

        head, _, body = raw.partition(b"\n\n")
        return head + b"\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(body)


def plainly(tally: Tally, seeds: list[bytes], runs: int, number: int) -> None:
    mutator = Mutator(seeds, number)
    for _ in range(runs):
        look(tally, mutator.next())


def led_by_coverage(tally: Tally, seeds: list[bytes], runs: int, number: int) -> None:
    """Ends the process: libFuzzer does not come back."""
    import atheris  # type: ignore[import-untyped]  # it has no types

    with atheris.instrument_imports(include=["scatterclean.bounce", "scatterclean.headers"]):
        from scatterclean import bounce

        bounce.read(seeds[0])  # the formats are imported by the first call
    corpus = Path(tempfile.mkdtemp(prefix="fuzz-corpus-"))
    for seed in seeds:
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    words = corpus.with_suffix(".dict")
    words.write_text("".join('"' + "".join(f"\\x{b:02x}" for b in word) + '"\n' for word in WORDS))
    started = time.process_time()

    def one_input(data: bytes) -> None:
        look(tally, data)
        if tally.inputs >= runs:
            tally.report(time.process_time() - started)
            sys.stdout.flush()
            shutil.rmtree(corpus, ignore_errors=True)
            words.unlink()
            os._exit(1 if tally.broken else 0)

    options = [
        sys.argv[0],
        f"-seed={number}",
        f"-max_len={MOST}",
        f"-dict={words}",
        f"-artifact_prefix={corpus}/",
        "-verbosity=0",
        "-rss_limit_mb=0",
        "-timeout=60",
    ]
    atheris.Setup([*options, str(corpus)], one_input)
    atheris.Fuzz()


def give_up(_signal: int, _frame: FrameType | None) -> None:
    raise Hung


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1, help="of the random numbers")
    parser.add_argument(
        "--atheris",
        action="store_true",
        help="led by coverage; needs atheris, which has no wheels for Python 3.14",
    )
    parser.add_argument(
        "--slow", type=float, default=250.0, help="milliseconds from which on an input counts as slow"
    )
    parser.add_argument("--save", type=Path, default=Path(tempfile.gettempdir()) / "scatterclean-fuzz")
    arguments = parser.parse_args()
    seeds = [path.read_bytes() for folder in SEEDS for path in sorted(folder.glob("*.eml"))]
    if not seeds:
        parser.error("there are no fixtures to begin with")
    tally = Tally(keep=arguments.save, slow=arguments.slow)
    signal.signal(signal.SIGVTALRM, give_up)
    if arguments.atheris:
        led_by_coverage(tally, seeds, arguments.runs, arguments.seed)
    started = time.process_time()
    plainly(tally, seeds, arguments.runs, arguments.seed)
    tally.report(time.process_time() - started)
    return 1 if tally.broken else 0


if __name__ == "__main__":
    sys.exit(main())
