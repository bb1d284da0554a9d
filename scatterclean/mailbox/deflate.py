"""A socket below which both directions are compressed (RFC 4978), as `Connection` uses one; it asks nobody whether."""

from __future__ import annotations

import imaplib
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

    from _typeshed import ReadableBuffer

# imaplib sends only what it knows.
imaplib.Commands.setdefault("COMPRESS", ("AUTH", "SELECTED"))

_PIECE = 2**16
_RAW = -15  # RFC 1951 without the frame of zlib, the largest window


class Deflated:
    """`came`: what was read of the socket already, compressed.

    What comes is never decompressed further than was asked for: a kilobyte can hold a megabyte.
    """

    def __init__(self, below: socket.socket, came: bytes = b"") -> None:
        self._below = below
        self._out = zlib.compressobj(wbits=_RAW)
        self._in = zlib.decompressobj(wbits=_RAW)
        self._came = came
        self._more = bool(came)  # may there be something that is decompressed already?

    def sendall(self, data: ReadableBuffer) -> None:
        """Each call is flushed: the server waits for whole commands."""
        self._below.sendall(self._out.compress(data) + self._out.flush(zlib.Z_SYNC_FLUSH))

    def recv(self, size: int) -> bytes:
        """Up to `size` bytes; none if the connection, or the compressed stream, ended.  Raises OSError if what came
        cannot be decompressed."""
        while True:
            if self._more:
                try:
                    data = self._in.decompress(self._came, size)
                except zlib.error:
                    raise OSError("what the server sent cannot be decompressed") from None
                self._came = self._in.unconsumed_tail
                # A full piece may have a rest inside zlib, of which `unconsumed_tail` tells nothing.
                self._more = bool(self._came) or len(data) == size
                if data:
                    return data
            if self._in.eof:
                return b""
            self._came = self._below.recv(_PIECE)
            if not self._came:
                return b""
            self._more = True

    # --- as the socket below -----------------------------------------------------------------------------

    def gettimeout(self) -> float | None:
        return self._below.gettimeout()

    def settimeout(self, seconds: float | None) -> None:
        self._below.settimeout(seconds)

    def setsockopt(self, level: int, name: int, value: int) -> None:
        self._below.setsockopt(level, name, value)

    def shutdown(self, how: int) -> None:
        self._below.shutdown(how)

    def close(self) -> None:
        self._below.close()
