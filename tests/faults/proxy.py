"""A proxy on loopback between our client and a real server, with one fault at a chosen command; it asserts nothing."""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_CODES = ("UNAVAILABLE", "INUSE", "LIMIT", "OVERQUOTA")
_SLOW = b"NO [UNAVAILABLE] Request is throttled. Suggested Backoff Time: %d milliseconds"
_HUGE, _LONG = 60 * 2**20, 3 * 2**20
_UNTAGGED = {
    "expunge": b"* 1 EXPUNGE\r\n",
    "exists": b"* 4000 EXISTS\r\n",
    "fetch": b"* 1 FETCH (UID 999999 FLAGS (\\Seen))\r\n* 2 FETCH (UID 2 FLAGS (\\Deleted))\r\n",
    "alert": b"* OK [ALERT] The cellar is under water\r\n",
    "bye": b"* BYE\r\n",
    "bye unavailable": b"* BYE [UNAVAILABLE] Back soon\r\n",
}
# The command never reached the server / it was carried out, and the answer suffers.
UNSENT = ("fin", "rst", "stall", "NO though not done", "OK though not done", *_CODES, "throttled")
ANSWERED = ("truncate", "corrupt", "delay", "NO though done", "huge literal", "long line", *_UNTAGGED)
FAULTS = (
    *UNSENT,
    *(f"after: {name}" for name in (*ANSWERED, "fin", "rst", "stall")),
)


@dataclass
class Talk:
    """What the client did so far in one session: enough to tell the phases apart."""

    folder: bytes = b""
    moved: bool = False

    def phase(self, line: bytes) -> str:
        words = line.split(b" ", 1)[-1].strip()
        name = re.match(rb"(UID )?\S+", words)
        command = name[0].decode().upper() if name else ""
        if command in {"SELECT", "EXAMINE"}:
            self.folder = words.split(b" ", 1)[1].strip(b'"')
        found = command
        if command in {"AUTHENTICATE", "LOGIN"}:
            found = "LOGIN"
        elif command in {"SELECT", "EXAMINE"}:
            found = "OPEN"
        elif command == "UID FETCH" and self.moved:
            found = "LOOK"
        elif command == "UID FETCH" and b"BODY.PEEK[]" in words:
            found = "EVIDENCE"
        elif command == "UID FETCH":
            found = "HARVEST" if self.folder.endswith(b"Sent") else "GATHER"
        if command in {"UID MOVE", "UID COPY"}:
            self.moved = True
        return found


@dataclass
class Proxy:
    """`phase` and `fault` say what goes wrong, once, or each time if `lasting`; `cut_at` cuts after so many bytes of
    the server instead.

    `backoff`: milliseconds that the fault "throttled" suggests.  Moments are of the monotonic clock.
    A phase is a command.  "LISTENING" is what follows the go-ahead to an IDLE, when it is the server's turn to speak.
    """

    upstream: int
    phase: str = ""
    fault: str = ""
    cut_at: int | None = None
    lasting: bool = False
    struck: bool = False
    struck_at: float = 0.0
    backoff: int = 20_000
    accepted: list[float] = field(default_factory=list)
    phases: list[str] = field(default_factory=list)  # of all sessions, as they came
    port: int = 0
    heard: int = 0  # bytes that the server said in the last session
    _open: list[socket.socket] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[Proxy]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
            try:
                yield self
            finally:
                listener.shutdown(socket.SHUT_RDWR)
                for one in self._open:
                    with suppress(OSError):
                        one.shutdown(socket.SHUT_RDWR)
                    one.close()

    def clear(self) -> None:
        """From now on nothing goes wrong."""
        self.phase, self.fault, self.cut_at = "", "", None

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                self.accepted.append(time.monotonic())
                server = socket.create_connection(("127.0.0.1", self.upstream))
                for one in (client, server):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._open.append(one)
                self.heard = 0
                _Session(self, client, server).start()

    def due(self, phase: str) -> bool:
        """Is it now?"""
        if (self.struck and not self.lasting) or phase != self.phase:
            return False
        self.struck, self.struck_at = True, time.monotonic()
        return True


class _Session:
    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self.proxy, self.client, self.server = proxy, client, server
        self.pending: str | None = None
        self.tag = b"*"
        self.idles = False
        self.dead = False

    def start(self) -> None:
        for run in (self._up, self._down):
            threading.Thread(target=self._quietly, args=(run,), daemon=True).start()

    def _quietly(self, run: Callable[[], None]) -> None:
        with suppress(OSError, ValueError):
            run()
        if not self.dead:
            self.end()

    def end(self, *, reset: bool = False) -> None:
        if reset:
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        for one in (self.server, self.client):
            if not (reset and one is self.client):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _up(self) -> None:
        talk = Talk()
        with self.client.makefile("rb") as lines:
            for line in lines:
                phase = talk.phase(line)
                if phase != "DONE":  # it has no tag: it ends the IDLE
                    self.tag = line.split(b" ", 1)[0]
                self.idles = phase == "IDLE"
                self.proxy.phases.append(phase)
                if self.proxy.due(phase):
                    fault = self.proxy.fault
                    if not fault.startswith("after: "):
                        if self._instead(fault):
                            return
                        continue
                    self.pending = fault.removeprefix("after: ")
                self.server.sendall(line)

    def _instead(self, fault: str) -> bool:
        """Answer in the server's place; True if that is the end of the session."""
        if self._broken(fault):
            return True
        said = b"NO Not now"
        if fault == "OK though not done":
            said = b"OK Done"
        elif fault == "throttled":
            said = _SLOW % self.proxy.backoff
        elif fault in _CODES:
            said = f"NO [{fault}] Not now".encode()
        self.client.sendall(self.tag + b" " + said + b"\r\n")
        return False

    def _broken(self, fault: str) -> bool:
        if fault == "stall":
            self.dead = True  # neither side is told; the proxy closes it at its own end
        elif fault in {"fin", "rst"}:
            self.dead = True
            self.end(reset=fault == "rst")
        else:
            return False
        return True

    def _down(self) -> None:
        proxy = self.proxy
        with self.server.makefile("rb") as lines:
            first = True
            for line in lines:
                if first and proxy.due("GREETING"):
                    self.pending = proxy.fault.removeprefix("after: ")
                first = False
                fault, self.pending = self.pending, None
                if proxy.cut_at is not None and proxy.heard + len(line) > proxy.cut_at:
                    self.client.sendall(line[: proxy.cut_at - proxy.heard])
                    proxy.struck = True
                    self.end()
                    return
                proxy.heard += len(line)
                if fault is None:
                    self.client.sendall(line)
                elif self._tamper(fault, line, lines):
                    return
                if self.idles and line.startswith(b"+") and proxy.due("LISTENING") and self._speak(lines):
                    return

    def _speak(self, lines: Iterator[bytes]) -> bool:
        """The server's turn, while the client listens; True if that is the end of the session."""
        fault = self.proxy.fault
        if fault.startswith("after: "):
            return self._tamper(fault.removeprefix("after: "), b"* OK Still here\r\n", lines)
        return self._instead(fault)

    def _tamper(self, fault: str, line: bytes, lines: Iterator[bytes]) -> bool:
        if self._broken(fault):
            return True
        client, proxy = self.client, self.proxy
        if fault == "truncate":
            client.sendall(line[: len(line) // 2])
            self.end()
            return True
        if fault == "corrupt":
            body = bytearray(line)
            body[: len(body) - 2 : 7] = b"\xff" * len(body[: len(body) - 2 : 7])
            line = bytes(body)
        elif fault == "delay":
            time.sleep(0.1)
        elif fault == "NO though done":
            while line and not line.startswith(self.tag + b" "):
                line = next(lines, b"")
            if not line:  # to IDLE there is no answer until the client ends it, or gives up
                self.end()
                return True
            line = self.tag + b" NO Not now\r\n"
        elif fault == "huge literal":
            client.sendall(b"* 1 FETCH (UID 1 BODY[] {%d}\r\n" % _HUGE)
            for _ in range(_HUGE // 2**20):
                client.sendall(b"x" * 2**20)
            client.sendall(b")\r\n")
        elif fault == "long line":
            client.sendall(b"* OK " + b"y" * _LONG + b"\r\n")
        elif fault in _UNTAGGED:
            client.sendall(_UNTAGGED[fault])
        else:  # at the greeting: no command to answer
            slow = fault == "throttled"
            line = (
                b"* BYE " + (_SLOW[3:] % proxy.backoff if slow else f"[{fault}] Not now".encode()) + b"\r\n"
            )
        client.sendall(line)
        return False
