"""The socket below a session: imaplib with bounds on lines, literals and waiting; it understands no answer."""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
import time
from collections.abc import Callable

from scatterclean.mailbox.answers import Answer

# Bounds for what a server, or a stranger through it, may make us hold or wait for.
_MOST_LINES = 64 * 2**20  # bytes of lines in one answer; 500 headers have 200 kB beside the literals
_MOST_SECONDS = 900.0  # for one command: servers may send "* OK Still here" for ever, each within the timeout
_PIECE = 2**16
_FORBIDDEN = re.compile(rb"[\r\n\x00]")


class Connection(imaplib.IMAP4):
    """One TCP connection, TLS included; imapclient holds it as its `_imap`.

    `ask` is the only way to say something after the login.  Whatever it raises leaves the connection out of
    step: the caller has to drop it.
    """

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None, timeout: float) -> None:
        self._context = context
        self._keep = _PIECE
        self._lines = 0
        self._until = time.monotonic() + _MOST_SECONDS
        super().__init__(host, port, timeout)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        sock = socket.create_connection((self.host, self.port), timeout)
        # imaplib sends a reply and its line end apart: with Nagle that costs 40 ms at every login.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._context is None:
            return sock
        return self._context.wrap_socket(sock, server_hostname=self.host)

    def read(self, size: int) -> bytes:
        """The literal's first bytes, as many as the command wants to keep; the rest is read and dropped.

        imaplib would allocate whatever size the server announces.  A message with a header of gigabytes
        must neither fill the memory nor stop the sweep for ever.
        """
        kept = super().read(min(size, self._keep))
        left = size - len(kept)
        while left > 0:
            self._in_time()
            dropped = super().read(min(left, _PIECE))
            if not dropped:
                raise self.abort("the connection ended inside a literal")
            left -= len(dropped)
        return kept

    def readline(self) -> bytes:
        """A line of at most 1 MB (imaplib's limit, an error beyond it)."""
        self._in_time()
        line = super().readline()
        self._lines += len(line)
        if self._lines > _MOST_LINES:
            raise self.abort("an answer beyond all bounds")
        return line

    def _in_time(self) -> None:
        if time.monotonic() > self._until:
            raise TimeoutError("the answer took too long as a whole")

    def _log(self, line: bytes) -> None:
        """imaplib keeps the last ten lines for its `print_log`, the password among them; nobody needs them."""

    def ask(
        self, name: str, *args: bytes, keep: int = _PIECE, reply: Callable[[], bytes] | None = None
    ) -> Answer:
        """Send one command and read its whole answer.  `keep`: how many bytes of each literal are wanted.

        `reply` is called for what to send when the server asks to go on (AUTHENTICATE).
        Raises imaplib's errors, OSError, ValueError; a NO or BAD is an Answer.
        """
        if any(_FORBIDDEN.search(arg) for arg in args):
            raise ValueError("a line break inside a command")
        # What is left of earlier answers must never join this one: imaplib merges by kind, and a FETCH
        # that failed in the middle would leave its data to the next (field guide, 6).
        self.untagged_responses.clear()
        self._keep = keep
        self._lines = 0
        self._until = time.monotonic() + _MOST_SECONDS
        if reply is not None:
            self.literal = _Reply(reply).next  # type: ignore[assignment]  # typeshed knows only literals
        tag = self._command(name, *args)
        status, data = self._get_tagged_response(tag)
        untagged = {str(kind): list(records) for kind, records in self.untagged_responses.items()}
        self.untagged_responses.clear()
        return Answer(str(status), bytes(data[0] or b""), untagged)

    def entered(self, state: str) -> None:
        """Tell imaplib which commands are legal from now on: NONAUTH, AUTH or SELECTED."""
        self.state = state


class _Reply:
    """What imaplib calls for each continuation: imaplib knows such a thing by its being a bound method."""

    def __init__(self, reply: Callable[[], bytes]) -> None:
        self._reply = reply
        self._said = False

    def next(self, _challenge: object) -> bytes:
        """The reply once; then "*", which cancels (RFC 3501, 6.2.2)."""
        if self._said:
            return b"*"
        self._said = True
        return self._reply()
