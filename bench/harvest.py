"""Times the first harvest of a large Sent folder against the floor of the wire and IMAPClient, on a real Dovecot.

    python bench/harvest.py [--messages 100000] [--rounds 5] [--delay 40] [--skip-peers]

The floor is a raw socket that asks for the same header fields of all messages and throws the answer away.
Every figure is the median of the rounds, in seconds and as a multiple of the floor in the same run; beside it the
processor time of this process (the server's is not in it), which a loaded machine changes least.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import socket
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import letters
from delay import delayed

from scatterclean import sent
from scatterclean.demo.dovecot import ScratchDovecot
from scatterclean.garbage import seldom
from scatterclean.harvest import BATCH, harvest, in_portions
from scatterclean.mailbox.login import Access, open_mailbox
from scatterclean.model import Account, Cursor, Identities, Place, Sighting
from scatterclean.store import open_store

ITEMS = f"(UID INTERNALDATE FLAGS RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({' '.join(sent.FIELDS)})])"
ACCOUNT = Account(name="home", identities=Identities(frozenset({"ada@winter.example"})), sent=("Sent",))


def floor(port: int, user: str, password: str) -> int:
    """Bytes of the answer, drained by a raw socket."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.recv(4096)
        sock.sendall(f"a LOGIN {user} {password}\r\nb EXAMINE Sent\r\nc UID FETCH 1:* {ITEMS}\r\n".encode())
        tail, size = b"", 0
        while b"\nc OK" not in tail:
            came = sock.recv(2**18)
            if not came:
                raise RuntimeError("the server hung up")
            size += len(came)
            tail = (tail + came)[-200:]
    return size


def fetch_and_parse(access: Access) -> int:
    box = open_mailbox(access)
    place = box.state("Sent").place
    count = 0
    with seldom():
        for some in in_portions(box.headers(place, box.uids(place), sent.FIELDS)):
            count += len(sent.read_all(some))
    box.part()
    return count


def complete(access: Access) -> int:
    with tempfile.TemporaryDirectory() as scratch, open_store(Path(scratch) / "log.db") as store:
        box = open_mailbox(access)
        box.begin(ACCOUNT.sent)  # as `wire` does: what is asked first is asked at once
        found = harvest(box, store.sent_log, ACCOUNT, now=datetime.now(UTC))
        box.part()  # the floor waits for no farewell, either
        return found.new


def inserts_alone(access: Access) -> Callable[[], int]:
    """The same rows in the same batches, fetched and parsed beforehand."""
    box = open_mailbox(access)
    place = box.state("Sent").place
    rows = [sent.read(s) for s in box.headers(place, box.uids(place), sent.FIELDS)]
    box.close()

    def job() -> int:
        with (
            tempfile.TemporaryDirectory() as scratch,
            open_store(Path(scratch) / "log.db") as store,
            seldom(),
        ):
            for start in range(0, len(rows), BATCH):
                cursor = Cursor(place, start + BATCH + 1, len(rows), datetime.now(UTC))
                store.sent_log.record("home", "", rows[start : start + BATCH], cursor, out_of=len(rows))
            store.sent_log.tidy()
        return len(rows)

    return job


def imapclient_batches(access: Access, *, insert: bool) -> int:
    """What one would write with IMAPClient: batches of 500, the same fields, the same rows."""
    import imapclient

    client = imapclient.IMAPClient(access.host, access.port, ssl=False)
    client.login(access.username, access.secret())
    client.select_folder("Sent", readonly=True)
    uids = client.search("ALL")
    fields = f"BODY.PEEK[HEADER.FIELDS ({' '.join(sent.FIELDS)})]"
    count = 0
    with tempfile.TemporaryDirectory() as scratch, open_store(Path(scratch) / "log.db") as store:
        for start in range(0, len(uids), 500):
            rows = client.fetch(uids[start : start + 500], ["INTERNALDATE", "FLAGS", "RFC822.SIZE", fields])
            batch = [
                sent.read(
                    Sighting(
                        uid,
                        row[b"INTERNALDATE"].astimezone(UTC),
                        frozenset(flag.decode() for flag in row[b"FLAGS"]),
                        row[b"RFC822.SIZE"],
                        next(value for name, value in row.items() if name.startswith(b"BODY[")),
                    )
                )
                for uid, row in rows.items()
            ]
            count += len(batch)
            if insert:
                store.sent_log.record(
                    "home",
                    "",
                    batch,
                    Cursor(Place("Sent", 1), uids[-1], len(uids), datetime.now(UTC)),
                    out_of=len(uids),
                )
        store.sent_log.tidy()
    client.logout()
    return count


@contextmanager
def timed(into: list[tuple[float, float]]) -> Iterator[None]:
    gc.collect()
    start, worked = time.perf_counter(), time.process_time()
    yield
    into.append((time.perf_counter() - start, time.process_time() - worked))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--delay", type=int, default=0, help="milliseconds of round-trip time, by a proxy on loopback"
    )
    parser.add_argument("--skip-peers", action="store_true")
    chosen = parser.parse_args()
    with ScratchDovecot() as server:
        start = time.perf_counter()
        letters.append(server.port, ("ada", server.password), "Sent", letters.sent(chosen.messages))
        print(f"{chosen.messages:,} messages put into Sent in {time.perf_counter() - start:.1f} s")
        floor(server.port, "ada", server.password)  # warm
        with delayed(server.port, chosen.delay / 1000) as port:
            access = Access("home", "127.0.0.1", port, "ada", lambda: server.password, tls="none")
            jobs: dict[str, Callable[[], int]] = {
                "floor: raw drain": lambda: floor(port, "ada", server.password),
                "scatterclean: fetch and parse": lambda: fetch_and_parse(access),
                "scatterclean: inserts alone": inserts_alone(access),
                "scatterclean: complete, into SQLite": lambda: complete(access),
            }
            if not chosen.skip_peers:
                jobs["IMAPClient by 500: fetch and parse"] = lambda: imapclient_batches(access, insert=False)
                jobs["IMAPClient by 500 + the same inserts"] = lambda: imapclient_batches(access, insert=True)
            times: dict[str, list[tuple[float, float]]] = {name: [] for name in jobs}
            for _ in range(chosen.rounds):
                for name, job in jobs.items():
                    with timed(times[name]):
                        done = job()
                    if not name.startswith("floor") and done != chosen.messages:
                        raise SystemExit(f"{name}: {done} of {chosen.messages}")
        base = statistics.median(wall for wall, _ in times["floor: raw drain"])
        print(
            f"round-trip time {chosen.delay} ms more, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
        )
        for name, pairs in times.items():
            middle, worked = (statistics.median(column) for column in zip(*pairs, strict=True))
            print(f"{name:40} {middle:8.3f} s {middle / base:7.2f} x floor, processor {worked:8.3f} s")
        print(f"peak RSS of all jobs {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
