"""A proxy on loopback that counts what goes by, and can forget a connection without a word, as NATs do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Wiretap:
    """Since `clear`: bytes, and round trips: how often the client spoke after the server did.

    `forget` leaves the connections of now open, but nothing that is said in them arrives any more.
    """

    upstream: int
    port: int = 0
    up: int = 0
    down: int = 0
    turns: int = 0
    met: int = 0
    said: bytes = b""
    _client_was_last: bool = False
    _age: int = 0
    _open: list[socket.socket] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[Wiretap]:
        with socket.create_server(("127.0.0.1", 0)) as door:
            self.port = door.getsockname()[1]
            threading.Thread(target=self._serve, args=(door,), daemon=True).start()
            try:
                yield self
            finally:
                door.shutdown(socket.SHUT_RDWR)
                for one in self._open:
                    with suppress(OSError):
                        one.shutdown(socket.SHUT_RDWR)
                    one.close()

    def clear(self) -> None:
        self.up = self.down = self.turns = self.met = 0
        self.said = b""

    def forget(self) -> None:
        self._age += 1

    def commands(self) -> list[str]:
        return [b" ".join(line.split()[1:2]).decode() for line in self.said.splitlines()]

    def _serve(self, door: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = door.accept()
                server = socket.create_connection(("127.0.0.1", self.upstream))
                self.met += 1
                for source, target in ((client, server), (server, client)):
                    source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._open.append(source)
                    ends = (source, target, source is client, self._age)
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, from_client: bool, age: int) -> None:
        with suppress(OSError):
            while came := source.recv(2**16):
                if age < self._age:
                    continue
                if from_client:
                    self.up += len(came)
                    self.said += came
                    self.turns += not self._client_was_last
                else:
                    self.down += len(came)
                self._client_was_last = from_client
                target.sendall(came)
            if age == self._age:
                target.shutdown(socket.SHUT_WR)
