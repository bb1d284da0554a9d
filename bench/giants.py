"""Measures what giant and hostile messages cost the reader, in memory and CPU time; it judges nothing.

    python bench/giants.py [--size 50]             memory and time of 50 MB messages, each in a process of its own
    python bench/giants.py --traps [--over 100]    time of every trap of bench/shapes.py at the full megabyte

Memory is what `bounce.read` adds: the peak of Python's allocations (tracemalloc) and, on Linux, of the resident set;
the bytes of the message itself are not in it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from shapes import HEAD, MARKER, NOTICE, ORIGINAL, REPORT, RETURNED, STATUS, all_shapes, nested

MB = 1 << 20
WHOLE = REPORT + NOTICE + STATUS + RETURNED


def repeated(unit: bytes, size: int) -> bytes:
    return unit * (size // len(unit))


BASE64 = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0\n"
GIANTS: dict[str, Callable[[int], bytes]] = {
    "attachment behind the returned header": lambda n: (
        WHOLE + b"Content-Type: multipart/mixed; boundary=i\n\n--i\n\nhello\n--i\nContent-Type: image/png\n"
        b"Content-Transfer-Encoding: base64\n\n" + repeated(BASE64, n) + b"--i--\n--b--\n"
    ),
    "attachment in front of the returned header": lambda n: (
        REPORT + NOTICE + b"--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\n" + repeated(BASE64, n)
        + STATUS + RETURNED
    ),
    "text of the notice": lambda n: REPORT + b"--b\n\n" + repeated(b"It could not be delivered.\n", n) + STATUS,
    "pasted copy with a giant body": lambda n: (
        HEAD + b"\nfailed:\n\n" + MARKER + ORIGINAL + b"\n" + repeated(b"hello, how are you?\n", n)
    ),
    "HTML notice": lambda n: HEAD + b"Content-Type: text/html\n\n<html><body>" + repeated(b"<p>It failed.</p>", n),
    "base64 notice": lambda n: HEAD + b"Content-Transfer-Encoding: base64\n\n" + repeated(BASE64, n),
    "one line, body": lambda n: HEAD + b"\n" + repeated(b"a", n),
    "one line, no header": lambda n: repeated(b"a", n),
    "one header field": lambda n: repeated(b"a", n).join((b"X-Long: ", b"\n")) + REPORT + NOTICE + STATUS,
    "a folded header field": lambda n: b"X-Long: a" + repeated(b"\n bcdefgh", n) + b"\n" + REPORT + NOTICE,
    "a header field folded into blanks": lambda n: b"X-Long: a" + repeated(b"\n ", n) + b"\n" + REPORT + NOTICE,
    "millions of header fields": lambda n: HEAD + repeated(b"X-A: b\n", n) + b"\nfailed\n",
    "a returned header without end": lambda n: WHOLE + repeated(b"X-A: b\n", n),
    "a returned header folded into blanks": lambda n: WHOLE + b"X-A: b" + repeated(b"\n ", n),
    "millions of parts": lambda n: REPORT + repeated(b"--b\n\nx\n", n),
    "blank lines": lambda n: repeated(b"\n", n),
    "CR only": lambda n: (WHOLE + b"\n" + repeated(b"hello\n", n)).replace(b"\n", b"\r"),
    "CR CR LF": lambda n: (WHOLE + b"\n" + repeated(b"hello\n", n)).replace(b"\n", b"\r\r\n"),
    "bounce in bounce": lambda n: nested(20) + repeated(b"x", n),
    "ordinary mail": lambda n: b"From: bob@example.net\nSubject: holiday\n\n" + repeated(BASE64, n),
}  # fmt: skip


def resident(field: str) -> int:
    """Bytes of VmRSS or VmHWM; 0 where the system does not say."""
    try:
        status = Path("/proc/self/status").read_text("ascii", "replace")
    except OSError:
        return 0
    return int(status.partition(f"{field}:")[2].split()[0]) * 1024


def measure(name: str, size: int) -> dict[str, object]:
    """In a process of its own: the resident set of an earlier giant would hide a later one."""
    from scatterclean import bounce

    bounce.read(nested(2))  # imports the formats
    raw = GIANTS[name](size)
    resets = Path("/proc/self/clear_refs")
    if resets.exists():
        resets.write_text("5")  # the peak of the resident set begins anew (proc(5))
    before = resident("VmRSS")
    start = time.process_time()
    read = bounce.read(raw)
    took = time.process_time() - start
    grown = resident("VmHWM") - before
    tracemalloc.start()
    bounce.read(raw)
    allocated = tracemalloc.get_traced_memory()[1]
    kind = str(read.kind) if read else "ordinary"
    ids = [f"{ref.id.text} ({ref.weight})" for ref in read.references][:1] if read else []
    return {"ms": took * 1000, "rss": grown, "allocated": allocated, "kind": kind, "ids": ids}


def giants(size: int) -> None:
    print(f"  {'':42} {'CPU ms':>8} {'RSS +MB':>8} {'alloc MB':>9}  read as")
    for name in GIANTS:
        command = [sys.executable, __file__, "--one", name, "--size", str(size // MB)]
        said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        figures = f"{said['ms']:8.1f} {said['rss'] / MB:8.1f} {said['allocated'] / MB:9.1f}"
        print(f"  {name:42} {figures}  {said['kind']} {' '.join(said['ids'])}")


def cost(raw: bytes, over: float) -> float:
    """CPU milliseconds of one reading; measured twice more if it seems to be slow."""
    from scatterclean import bounce

    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        bounce.read(raw)
        bounce.candidate(raw)
        best = min(best, (time.process_time() - start) * 1000)
        if best < over:
            break
    return best


def traps(over: float) -> None:
    slow = []
    count = 0
    for name, build in all_shapes():
        count += 1
        took = cost(build(MB), over)
        if took >= over:
            slow.append((took, cost(build(MB // 4), 0), name))
    print(f"  {count} traps of 1 MB, {len(slow)} over {over:.0f} ms" + (":" if slow else ""))
    for took, quarter, name in sorted(slow, reverse=True):
        print(f"  {took:8.1f} ms at 1 MB, {quarter:8.1f} ms at 256 kB   {name}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=50, help="MB")
    parser.add_argument("--traps", action="store_true")
    parser.add_argument(
        "--over", type=float, default=100.0, help="milliseconds from which on a trap is listed"
    )
    parser.add_argument("--one", choices=sorted(GIANTS), help="measure one giant in this process, print JSON")
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments.one, arguments.size * MB)))
    elif arguments.traps:
        traps(arguments.over)
    else:
        giants(arguments.size * MB)
    return 0


if __name__ == "__main__":
    sys.exit(main())
