"""Counts what a poll of an unchanged account costs on a real Dovecot: commands, round trips, bytes, database writes.

    python bench/poll.py [--polls 5]

Three ways: a sweep on a new connection, as `scatterclean sweep` makes it; a sweep on the connection that the daemon
kept; and the question that the daemon asks instead, as long as nothing waits.  A proxy on loopback writes down what
goes by.  A round trip is a change of direction: the client speaks again after the server did.  There is no TLS in it;
its handshake would add one round trip (RFC 8446) or two (RFC 5246).  What is written is what another connection to the
database sees (PRAGMA data_version), and the bytes by which the write-ahead log grows.
"""

from __future__ import annotations

import argparse
import socket
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import letters
from delay import connected

from scatterclean.config import load
from scatterclean.demo.dovecot import ScratchDovecot
from scatterclean.wire import Household

FOLDERS = 2


@dataclass
class Counter:
    """What went by since `clear`."""

    up: int = 0
    down: int = 0
    turns: int = 0
    said: bytes = b""
    client_spoke_last: bool = False

    def clear(self) -> None:
        self.up = self.down = self.turns = 0
        self.said = b""

    def saw(self, came: bytes, *, from_client: bool) -> None:
        if from_client:
            self.up += len(came)
            self.said += came
            self.turns += not self.client_spoke_last
        else:
            self.down += len(came)
        self.client_spoke_last = from_client


def serve(door: socket.socket, port: int, counter: Counter) -> None:
    for client, server in connected(door, port):
        for source, target in ((client, server), (server, client)):
            threading.Thread(
                target=carry, args=(source, target, counter, source is client), daemon=True
            ).start()


def carry(source: socket.socket, target: socket.socket, counter: Counter, from_client: bool) -> None:
    try:
        while came := source.recv(2**16):
            counter.saw(came, from_client=from_client)
            target.sendall(came)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


CONFIG = """
database = "log.db"
[accounts.home]
host = "127.0.0.1"
port = {port}
tls = "none"
username = "ada"
password_command = "echo {password}"
addresses = ["ada@winter.example"]
dns = false
"""


@dataclass
class Writes:
    """What was written into a database since `clear`."""

    path: Path
    other: sqlite3.Connection
    seen: tuple[int, int] = (0, 0)

    def now(self) -> tuple[int, int]:
        wal = self.path.with_name(f"{self.path.name}-wal")
        [version] = self.other.execute("PRAGMA data_version").fetchone()
        return version, wal.stat().st_size if wal.exists() else 0

    def clear(self) -> None:
        # What the log holds is brought into the database, so that the next write begins it anew.
        self.other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        self.seen = self.now()

    def told(self) -> str:
        version, size = self.now()
        before, began = self.seen
        return f"{size - began} bytes written" if version != before or size != began else "nothing written"


def measure(counter: Counter, writes: Writes, what: str, poll: Callable[[], object], polls: int) -> None:
    print(f"\n{what}")
    for _ in range(polls):
        counter.clear()
        writes.clear()
        poll()
        time.sleep(0.05)  # the proxy's threads note what was said last
        each = (counter.up + counter.down) / FOLDERS
        print(
            f"  {counter.turns} round trips, {counter.up} bytes up, {counter.down} down ({each:.0f} per folder); "
            f"{writes.told()}"
        )
    for line in counter.said.decode(errors="replace").splitlines():
        print("   ", " ".join(line.split()[1:3]) if "AUTHENTICATE" not in line else "AUTHENTICATE")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--polls", type=int, default=5)
    polls = parser.parse_args().polls
    with (
        ScratchDovecot() as server,
        socket.create_server(("127.0.0.1", 0)) as door,
        tempfile.TemporaryDirectory() as scratch,
    ):
        for folder in ("Sent", "INBOX"):
            letters.append(server.port, ("ada", server.password), folder, letters.sent(200))
        counter = Counter()
        threading.Thread(target=serve, args=(door, server.port, counter), daemon=True).start()
        file = Path(scratch) / "scatterclean.toml"
        file.write_text(CONFIG.format(port=door.getsockname()[1], password=server.password))
        file.chmod(0o600)
        with Household.open(load(file)) as household, closing(sqlite3.connect(household.store.path)) as other:
            writes = Writes(household.store.path, other)

            def sweep() -> None:
                household.sweep("home")

            def ask() -> None:
                if not household.unchanged("home"):
                    raise SystemExit("something changed")

            sweep()
            measure(counter, writes, "sweep, new connection", sweep, polls)
            household.keep_sessions()
            sweep()
            measure(counter, writes, "sweep, connection alive", sweep, polls)
            measure(counter, writes, "question, connection alive", ask, polls)


if __name__ == "__main__":
    main()
