"""A proxy on loopback that hands every byte on after half a round trip, both ways; bandwidth is not limited.

    python bench/delay.py 143 0.040     prints its own port, and serves until its input ends

It is a process of its own, for what it does must not hold up what is measured.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue


@contextmanager
def delayed(port: int, round_trip: float) -> Iterator[int]:
    """The port of a way to `port` on which a round trip takes so many seconds longer; 0: the port itself."""
    if not round_trip:
        yield port
        return
    command = [sys.executable, __file__, str(port), str(round_trip)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as proxy:
        assert proxy.stdin is not None
        assert proxy.stdout is not None
        try:
            yield int(proxy.stdout.readline())
        finally:
            proxy.stdin.close()


def connected(door: socket.socket, port: int) -> Iterator[tuple[socket.socket, socket.socket]]:
    """(client, server) for each that comes to the door, until it is closed."""
    while True:
        try:
            client, _ = door.accept()
        except OSError:
            return
        server = socket.create_connection(("127.0.0.1", port))
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield client, server


def _serve(door: socket.socket, port: int, wait: float) -> None:
    for client, server in connected(door, port):
        for source, target in ((client, server), (server, client)):
            queue: SimpleQueue[tuple[float, bytes]] = SimpleQueue()
            threading.Thread(target=_take, args=(source, queue, wait), daemon=True).start()
            threading.Thread(target=_give, args=(target, queue), daemon=True).start()


def _take(source: socket.socket, queue: SimpleQueue[tuple[float, bytes]], wait: float) -> None:
    came = b"."
    while came:
        try:
            came = source.recv(2**18)
        except OSError:
            came = b""
        queue.put((time.monotonic() + wait, came))


def _give(target: socket.socket, queue: SimpleQueue[tuple[float, bytes]]) -> None:
    while True:
        due, came = queue.get()
        time.sleep(max(0.0, due - time.monotonic()))
        try:
            if not came:
                target.shutdown(socket.SHUT_WR)
                return
            target.sendall(came)
        except OSError:
            return


def main() -> None:
    port, round_trip = int(sys.argv[1]), float(sys.argv[2])
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=_serve, args=(door, port, round_trip / 2), daemon=True).start()
        print(door.getsockname()[1], flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
