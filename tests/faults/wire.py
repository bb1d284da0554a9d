"""A proxy on loopback that spoils one byte of a conversation, TLS or not, and keeps what was said; it asserts nothing.

`proxy.py` knows commands and answers; this one knows bytes, for what is said before there is a command: the
greeting, STARTTLS and the handshake.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

Way = Literal["up", "down"]
WAYS: tuple[Way, ...] = ("up", "down")
# fin and rst end both ways; "truncate" ends this way only, the other goes on; "drip": a byte at a time, and no end.
HOWS = ("fin", "rst", "truncate", "stall", "drip", "corrupt", "flip", "double", "drop", "delay")
_TLS = range(20, 24)  # RFC 8446, 5.1: the types of a record
_PAUSE = 0.02
_DRIP = 0.05


@dataclass(frozen=True)
class Spoiler:
    """At which byte of which way (up: what the client says), in each connection, what goes wrong."""

    way: Way
    at: int
    how: str


@dataclass
class Talk:
    """One connection: all that the client sent, and all that it was sent."""

    up: bytearray = field(default_factory=bytearray)
    down: bytearray = field(default_factory=bytearray)

    def split(self) -> tuple[bytes, list[int]]:
        """(what the client said in the clear, the types of the TLS records behind that).

        Raises ValueError if anything else follows the first record.
        """
        said = bytes(self.up)
        begin = 0
        while begin < len(said) and said[begin] not in _TLS:
            end = said.find(b"\n", begin) + 1
            begin = end or len(said)
        clear, records = said[:begin], []
        while begin < len(said):
            kind, major, size = said[begin], said[begin + 1 : begin + 2], said[begin + 3 : begin + 5]
            if kind not in _TLS or major not in {b"", b"\x03"}:
                raise ValueError("in the clear, behind TLS")
            records.append(kind)
            begin += 5 + int.from_bytes(size, "big")
        return clear, records


# What a line of one way becomes, as long as TLS has not begun; nothing for one that is left out.
Rewrite = Callable[[Way, bytes], bytes]


@dataclass
class Wire:
    """`spoiler` or `rewrite` apply to every connection until `clear`; `talks` are all connections since."""

    upstream: int
    spoiler: Spoiler | None = None
    rewrite: Rewrite | None = None
    struck: bool = False
    port: int = 0
    talks: list[Talk] = field(default_factory=list)
    _open: list[socket.socket] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[Wire]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
            try:
                yield self
            finally:
                listener.shutdown(socket.SHUT_RDWR)
                self._close()

    def clear(self) -> None:
        """From now on nothing goes wrong; what was said so far is forgotten, and what still hangs is ended."""
        self.spoiler, self.rewrite, self.struck = None, None, False
        self.talks.clear()
        self._close()

    def _close(self) -> None:
        while self._open:
            one = self._open.pop()
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", self.upstream))
                for one in (client, server):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._open.append(one)
                talk = Talk()
                self.talks.append(talk)
                _Session(self, talk, client, server).start()


class _Session:
    def __init__(self, wire: Wire, talk: Talk, client: socket.socket, server: socket.socket) -> None:
        self.wire, self.talk = wire, talk
        self.client, self.server = client, server
        self.spoiler, self.rewrite = wire.spoiler, wire.rewrite
        self.encrypted = False

    def start(self) -> None:
        for way in WAYS:
            threading.Thread(target=self._run, args=(way,), daemon=True).start()

    def _run(self, way: Way) -> None:
        source, sink = (self.client, self.server) if way == "up" else (self.server, self.client)
        with suppress(OSError):
            if self._pump(way, source, sink):
                sink.shutdown(socket.SHUT_WR)  # as the source did

    def _pump(self, way: Way, source: socket.socket, sink: socket.socket) -> bool:
        """True when the source has ended by itself."""
        passed, held = 0, b""
        spoiler = self.spoiler
        while came := source.recv(2**16):
            if way == "up":
                self.talk.up += came
                self.encrypted |= came[0] in _TLS
            if self.rewrite is not None and not self.encrypted:
                *lines, held = (held + came).split(b"\n")
                came = b"".join(self.rewrite(way, line + b"\n") for line in lines)
            if spoiler is not None and way == spoiler.way and passed <= spoiler.at < passed + len(came):
                at = spoiler.at - passed
                self.wire.struck = True
                if self._spoil(spoiler.how, way, came[:at], came[at:], sink):
                    return False
            else:
                self._pass(way, came, sink)
            passed += len(came)
        return True

    def _pass(self, way: Way, data: bytes, sink: socket.socket) -> None:
        if way == "down":
            self.talk.down += data
        if data:
            sink.sendall(data)

    def _spoil(self, how: str, way: Way, before: bytes, after: bytes, sink: socket.socket) -> bool:
        """True if this way ends here."""
        self._pass(way, before, sink)
        match how:
            case "stall":
                return True  # neither side is told
            case "truncate":
                sink.shutdown(socket.SHUT_WR)
                return True
            case "fin" | "rst":
                self._end(reset=how == "rst")
                return True
            case "drip":
                for byte in after:
                    time.sleep(_DRIP)
                    self._pass(way, bytes([byte]), sink)
                return True
            case "corrupt":
                after = bytes([after[0] ^ 0xFF]) + after[1:]
            case "flip":
                after = bytes([after[0] ^ 0x01]) + after[1:]
            case "double":
                after = after[:1] + after
            case "drop":
                after = after[1:]
            case "delay":
                time.sleep(_PAUSE)
            case _:
                raise ValueError(how)
        self._pass(way, after, sink)
        return False

    def _end(self, *, reset: bool) -> None:
        if reset:
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with suppress(OSError):  # whoever reads it holds it open: a reset is sent by the last close
                self.client.shutdown(socket.SHUT_RD)
            self.client.close()
        for one in (self.client, self.server):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
