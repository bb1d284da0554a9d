"""Counts what a poll of an unchanged account costs on a real Dovecot: commands, round trips and bytes.

    python bench/poll.py [--polls 5]

A proxy on loopback writes down what goes by.  A round trip is a change of direction: the client speaks again after the
server did.  There is no TLS in it; its handshake would add one round trip (RFC 8446) or two (RFC 5246).
"""

from __future__ import annotations

import argparse
import socket
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import letters
from delay import connected

from scatterclean.config import load
from scatterclean.demo.dovecot import ScratchDovecot
from scatterclean.wire import Household


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


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--polls", type=int, default=5)
    chosen = parser.parse_args()
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
        with Household.open(load(file)) as household:
            household.sweep("home")
            for _ in range(chosen.polls):
                counter.clear()
                household.sweep("home")
                print(f"{counter.turns} round trips, {counter.up} bytes up, {counter.down} down")
        for line in counter.said.decode(errors="replace").splitlines():
            print(" ".join(line.split()[:3]))


if __name__ == "__main__":
    main()
