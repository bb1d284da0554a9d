"""A provider's door in front of a real server, which can be closed in the ways in which providers close theirs.

While the server owes an answer, time passes as it does: only waiting is made short.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum


class Door(StrEnum):
    OPEN = "open"
    REFUSED = "refused"  # nobody listens there
    HANGING = "hanging"  # connections are taken, and nobody ever says a word
    BYE = "bye"  # "* BYE [UNAVAILABLE]" in place of a greeting
    EXPIRED = "expired"  # the login is refused, as a token is that has expired


class Gate:
    """`owes(+1)` and `owes(-1)`: an answer is due, or was given."""

    def __init__(self, server_port: int, owes: Callable[[int], None]) -> None:
        self._server_port = server_port
        self._owes = owes
        self._lock = threading.Lock()
        self._talks: set[_Talk] = set()
        self.door = Door.OPEN
        self.connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._serve()

    def set(self, door: Door) -> None:
        """From now on; what was open is cut, but for a server that hangs: that says nothing more."""
        before, self.door = self.door, door
        if door is Door.REFUSED:
            self._close()
        elif before is Door.REFUSED:
            self._listening = socket.create_server(("127.0.0.1", self.port))
            self._serve()
        if door is not Door.HANGING:
            for talk in list(self._talks):
                talk.end()

    def cut(self) -> None:
        """What is open breaks; the door stays as it is."""
        for talk in list(self._talks):
            talk.end()

    def close(self) -> None:
        self._close()
        self.cut()

    def _close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve(self) -> None:
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                self.connections += 1
                talk = _Talk(self, client)
                self._talks.add(talk)
                threading.Thread(target=talk.run, daemon=True).start()

    def over(self, talk: _Talk) -> None:
        self._talks.discard(talk)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self._server_port))

    def owes(self, more: int) -> None:
        self._owes(more)


class _Talk:
    """One connection."""

    def __init__(self, gate: Gate, client: socket.socket) -> None:
        self._gate, self._client = gate, client
        self._server: socket.socket | None = None
        self._lock = threading.Lock()
        self._due = False
        self._tag = b"*"
        self._login = False

    def run(self) -> None:
        gate = self._gate
        with suppress(OSError, ValueError):
            if gate.door is Door.HANGING:
                self._client.recv(1)
            elif gate.door is Door.BYE:
                self._client.sendall(b"* BYE [UNAVAILABLE] Server maintenance, back soon\r\n")
            else:
                self._between()
        self.end()

    def end(self) -> None:
        self._owing(False)
        for one in (self._client, self._server):
            if one is not None:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
        self._gate.over(self)

    def _owing(self, due: bool) -> None:
        with self._lock:
            if due is not self._due:
                self._due = due
                self._gate.owes(1 if due else -1)

    def _between(self) -> None:
        self._owing(True)  # the greeting
        self._server = self._gate.connect()
        for one in (self._client, self._server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self._down, args=(self._server,), daemon=True).start()
        with self._client.makefile("rb") as lines:
            for line in lines:
                if self._gate.door is Door.HANGING:
                    continue  # swallowed
                words = line.split()
                if not self._login and words[:1] != [b"DONE"]:
                    self._tag = words[0] if words else b"*"
                command = words[1].upper() if len(words) > 1 else b""
                if command in (b"LOGIN", b"AUTHENTICATE") and self._gate.door is Door.EXPIRED:
                    self._client.sendall(
                        self._tag + b" NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)\r\n"
                    )
                    continue
                self._login = command == b"AUTHENTICATE"
                self._owing(True)
                self._server.sendall(line)

    def _down(self, server: socket.socket) -> None:
        with suppress(OSError, ValueError), server.makefile("rb") as lines:
            greeted = False
            for line in lines:
                if self._gate.door is Door.HANGING:
                    self._owing(False)
                    continue
                self._client.sendall(line)
                if not greeted or line.startswith((self._tag + b" ", b"+")):
                    self._owing(False)
                greeted = True
        self.end()
