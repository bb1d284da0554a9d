"""The socket below a session: imaplib with bounds on lines, literals and waiting; it understands no answer."""

from __future__ import annotations

import imaplib
import re
import secrets
import socket
import ssl
import time
from collections.abc import Iterable, Sequence
from string import ascii_uppercase
from typing import TYPE_CHECKING

from scatterclean.mailbox.answers import Answer
from scatterclean.mailbox.deflate import Deflated

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# Bounds for what a server, or a stranger through it, may make us hold or wait for.
_MOST = (
    128 * 2**20
)  # bytes kept of one answer: 500 headers of 128 kiB at the very most, and the lines between
_MOST_SECONDS = 900.0  # for one command: servers may send "* OK Still here" for ever, each within the timeout
_LONGEST_LINE = 1_000_000  # imaplib's limit, too
_PIECE = 2**16
_FORBIDDEN = re.compile(rb"[\r\n\x00]")
# What a server tells of each message that it moved or removed; while nobody listens (IDLE), nobody reads it.
_GONE = re.compile(rb"(?:\* \d{1,10} EXPUNGE\r\n)++")


class Connection(imaplib.IMAP4):
    """One TCP connection, TLS included; imapclient holds it as its `_imap`.

    `ask` is the only way to say something after the login.  Whatever it raises leaves the connection out of
    step: the caller has to drop it.
    """

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None, timeout: float) -> None:
        self._context = context
        self._keep = _PIECE
        self._kept = 0
        self._until = 0.0
        self._ahead = bytearray()
        self._ahead_of: socket.socket | None = None
        self._held: list[bytes] | None = None
        self._greeted = False
        self.distance = 0.0  # seconds that connecting took: about one round trip
        super().__init__(host, port, timeout)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        began = time.monotonic()
        sock = socket.create_connection((self.host, self.port), timeout)
        self.distance = time.monotonic() - began
        # imaplib sends a reply and its line end apart: with Nagle that costs 40 ms at every login.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._context is not None:
            sock = self._context.wrap_socket(sock, server_hostname=self.host)
        # The greeting and the first CAPABILITY, STARTTLS included; from then on `ask` sets it.
        self._until = time.monotonic() + 2 * (timeout or _MOST_SECONDS)
        return sock

    def _get_capabilities(self) -> None:
        """imaplib asks before anybody else can, also after STARTTLS, and hides in a text of its own what a server
        answers that wants patience (Office 365 throttles this command as any other)."""
        self._rename()
        if self._told_in_greeting():
            return
        answer = self.ask("CAPABILITY", within=self._left())
        told = answer.untagged.get("CAPABILITY")
        if goodbye := answer.untagged.get("BYE"):
            raise self.abort(goodbye[-1])
        if answer.status != "OK":
            raise self.error(answer.text)
        if not told or not isinstance(told[-1], bytes):
            raise self.abort("OK, and no capability")
        self.capabilities = tuple(told[-1].decode("ascii", "backslashreplace").upper().split())

    def _rename(self) -> None:
        """Tags that nobody knows who heard those before STARTTLS.

        What somebody slipped in there, and a careless server carries out behind TLS (CVE-2021-33515), would else be
        answered under the tags that come next: our login would be taken for done, in another's mailbox, and the
        password be the text of an APPEND of his.  Whoever guesses has one guess: a tag that is not ours ends it.
        """
        letters = "".join(secrets.choice(ascii_uppercase) for _ in range(4)).encode()
        tagged = re.compile(rb"(?P<tag>" + letters + rb"\d+) (?P<type>[A-Z]+) (?P<data>.*)", re.ASCII)
        # As imaplib's own __init__ sets them; typeshed takes them for text.
        self.tagpre, self.tagre = letters, tagged  # type: ignore[assignment]

    def _told_in_greeting(self) -> bool:
        """`* OK [CAPABILITY IMAP4rev1 ...] ready` (RFC 3501, 7.1) saves a round trip.  After STARTTLS it is
        nobody's word."""
        first, self._greeted = not self._greeted, True
        told = self.untagged_responses.pop("CAPABILITY", None)
        if not first or not told or not isinstance(told[-1], bytes):
            return False
        words = tuple(told[-1].decode("ascii", "backslashreplace").upper().split())
        if "IMAP4REV1" not in words:
            return False
        self.capabilities = words
        return True

    # --- reading -----------------------------------------------------------------------------------------

    # Not by imaplib's buffered file: that one waits anew for every byte, and so for ever for a server that
    # sends a byte now and then and no line end.

    def read(self, size: int) -> bytes:
        """The literal's first bytes, as many as the command wants to keep; the rest is read and dropped.

        imaplib would allocate whatever size the server announces.  A message with a header of gigabytes
        must neither fill the memory nor stop the sweep for ever.
        """
        kept = self._take(min(size, self._keep))
        self._count(len(kept))
        left = size - len(kept)
        while left > 0:
            dropped = self._take(min(left, _PIECE))
            if not dropped:
                raise self.abort("the connection ended inside a literal")
            left -= len(dropped)
        return kept

    def readline(self) -> bytes:
        """A line with its end.  Raises EOFError if the connection ended before."""
        ahead = self.ahead()
        end = ahead.find(b"\n")
        size = len(ahead) if end < 0 else end + 1
        if size > _LONGEST_LINE:
            raise self.abort("a line beyond all bounds")
        if end < 0:
            raise EOFError
        line = self._take(size)
        self._count(size)
        return line

    def _get_response(self) -> bytes | None:
        """imaplib takes ten calls for a line, and keeps it: too much for 500 of them behind one MOVE."""
        gone = _GONE.match(self._buffer())
        if gone is None:
            return super()._get_response()  # type: ignore[misc,no-any-return]  # typeshed leaves it out
        told, end = gone[0], gone.end()
        del gone  # while it is there, the buffer cannot shrink
        self.skip(end)
        return told

    def _count(self, kept: int) -> None:
        self._kept += kept
        if self._kept > _MOST:
            raise self.abort("an answer beyond all bounds")

    def ahead(self, size: int = 0) -> bytearray:
        """What is there to be read: at least so many bytes, or else, with 0, a line with its end; less only if the
        connection ended before, or the line is too long.  To be looked at, and taken by `skip`."""
        self._left()
        ahead = self._buffer()
        searched = 0
        while len(ahead) < size or (not size and ahead.find(b"\n", searched) < 0):
            searched = len(ahead)
            if (not size and searched > _LONGEST_LINE) or not self._read_on():
                break
        return ahead

    def deflate(self) -> None:
        """From here on both directions are compressed: the server has just said OK to COMPRESS."""
        came = bytes(self._buffer())
        self.sock = Deflated(self.sock, came)  # type: ignore[assignment]  # all of a socket that is used here

    def skip(self, size: int) -> None:
        """So many bytes of `ahead` were read."""
        del self._ahead[:size]
        self._count(size)

    def _take(self, size: int) -> bytes:
        """So many bytes; fewer if the connection ended before."""
        self._left()
        ahead = self._buffer()
        while len(ahead) < size and self._read_on():
            pass
        taken = bytes(ahead[:size])
        del ahead[:size]
        return taken

    def _buffer(self) -> bytearray:
        if self._ahead_of is not self.sock:  # STARTTLS: what still came in the clear is nobody's word
            self._ahead.clear()
            self._ahead_of = self.sock
        return self._ahead

    def _read_on(self) -> bool:
        """Wait for what the server sends next; False if it has closed the connection."""
        silence, left = self.sock.gettimeout(), self._left()
        if silence is None or left < silence:
            self.sock.settimeout(left)
        try:
            came = self.sock.recv(_PIECE)
        finally:
            self.sock.settimeout(silence)
        self._ahead += came
        return bool(came)

    def _left(self) -> float:
        """Seconds that the answer may still take."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long as a whole")
        return left

    # --- asking ------------------------------------------------------------------------------------------

    def _log(self, line: bytes) -> None:
        """imaplib keeps the last ten lines for its `print_log`, the password among them; nobody needs them."""

    def ask(
        self,
        name: str,
        *args: bytes,
        keep: int = _PIECE,
        within: float | None = None,
        replies: Iterable[bytes] = (),
    ) -> Answer:
        """Send one command and read its whole answer.  `keep`: how many bytes of each literal are wanted.

        `within`: seconds that the whole answer may take.  `replies` are sent one by one when the server asks
        to go on (AUTHENTICATE).
        Raises imaplib's errors, OSError, ValueError; a NO or BAD is an Answer.
        """
        tag = self.start(name, *args, keep=keep, within=within, replies=replies)
        return self.end(tag)

    def start(
        self,
        name: str,
        *args: bytes,
        keep: int = _PIECE,
        within: float | None = None,
        replies: Iterable[bytes] = (),
    ) -> bytes:
        """Send one command; returns its tag.  See `ask`; until `end` nothing else may be asked."""
        self.expect(keep, within)
        if replies:
            self.literal = _Reply(replies).next  # type: ignore[assignment]  # typeshed knows only literals
        return self.post(name, *args)

    def post(self, name: str, *args: bytes) -> bytes:
        """Send one command and nothing else; returns its tag.  Before its answer is read, in the order of sending,
        by `expect` and `end`, others may be posted (RFC 3501, 5.5)."""
        if any(_FORBIDDEN.search(arg) for arg in args):
            raise ValueError("a line break inside a command")
        return bytes(self._command(name, *args))

    def post_all(self, commands: Iterable[Sequence[bytes]]) -> list[bytes]:
        """`post` several, (name, arguments) each, in one write: a packet, a TLS record.  Their tags."""
        self._held = []
        try:
            tags = [self.post(name.decode("ascii"), *args) for name, *args in commands]
            written = b"".join(self._held)
        finally:
            self._held = None
        self.send(written)
        return tags

    def send(self, data: ReadableBuffer) -> None:
        """imaplib writes by this alone."""
        if self._held is None:
            super().send(data)
        else:
            self._held.append(bytes(data))

    def expect(self, keep: int, within: float | None = None) -> None:
        """From here on the answer to one command is read; see `ask`."""
        # What is left of earlier answers must never join this one: imaplib merges by kind, and a FETCH
        # that failed in the middle would leave its data to the next (field guide, 6).
        self.untagged_responses.clear()
        self._keep = keep
        self._kept = 0
        self._until = time.monotonic() + (_MOST_SECONDS if within is None else within)

    def ended(self, tag: bytes) -> bool:
        """Was the tagged line of that command read?"""
        return self.tagged_commands.get(tag) is not None

    def respond(self) -> None:
        """Read one response, whatever it is, into `untagged_responses`.  Raises as `ask` does."""
        self._check_bye()
        self._get_response()

    def end(self, tag: bytes) -> Answer:
        """The rest of the answer to `start`."""
        status, data = self._get_tagged_response(tag)
        untagged = {str(kind): list(records) for kind, records in self.untagged_responses.items()}
        self.untagged_responses.clear()
        return Answer(str(status), bytes(data[0] or b""), untagged)

    # --- listening (IDLE) --------------------------------------------------------------------------------

    def begin(self, name: str) -> bytes:
        """Send a command without reading anything of its answer; returns its tag."""
        tag = bytes(self._new_tag())
        self.tagged_commands.pop(tag, None)  # imaplib's book of what it waits for: nobody will ask it
        self.send(tag + b" " + name.encode() + b"\r\n")
        return tag

    def hear(self, within: float) -> bytes | None:
        """The next line, without its end; None if no whole one came within so many seconds.

        Raises EOFError if the server has closed the connection, OSError, and imaplib's errors.
        """
        self._kept = 0
        self._until = time.monotonic() + within
        ahead = self._buffer()
        try:
            while b"\n" not in ahead:
                if len(ahead) > _LONGEST_LINE:
                    raise self.abort("a line beyond all bounds")
                if not self._read_on():
                    raise EOFError
        except TimeoutError:
            return None
        end = ahead.index(b"\n") + 1
        line = bytes(ahead[:end])
        del ahead[:end]
        return line.rstrip(b"\r\n")

    def keep_alive(self) -> None:
        """Let the system send empty packets while nothing is said: NATs forget a connection after five minutes (field
        guide, 5), and one that is dead is noticed before it is needed."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (("TCP_KEEPIDLE", 200), ("TCP_KEEPINTVL", 20), ("TCP_KEEPCNT", 3)):
            if hasattr(socket, name):  # not everywhere, and under another name on macOS
                self.sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    def entered(self, state: str) -> None:
        """Tell imaplib which commands are legal from now on: NONAUTH, AUTH or SELECTED."""
        self.state = state


class _Reply:
    """What imaplib calls for each continuation: imaplib knows such a thing by its being a bound method."""

    def __init__(self, replies: Iterable[bytes]) -> None:
        self._replies = iter(replies)

    def next(self, _challenge: object) -> bytes:
        """The replies, each once; then "*", which cancels (RFC 3501, 6.2.2)."""
        return next(self._replies, b"*")
