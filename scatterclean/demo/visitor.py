"""Ada's own mail program, as far as the demo needs one: fills folders over IMAP and looks at what is in them.

It shares no line with the adapter that sweeps: what it sees is a second opinion.
"""

from __future__ import annotations

import imaplib
import re
import socket
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from types import TracebackType

from scatterclean.demo.delivery import Letter

_PATIENCE = 20.0  # seconds for any one answer of a server on loopback


class ServerRefused(RuntimeError):
    """The demo's server said NO to something that it must be able to do; the text is its answer."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as it lies in a folder: a digest of all its bytes, flags without \\Recent, INTERNALDATE in UTC."""

    digest: str
    flags: frozenset[str]
    arrival: datetime


def digest(raw: bytes) -> str:
    return sha256(raw).hexdigest()


class Visitor:
    """A context manager: logged in from `__enter__` to `__exit__`.  Raises OSError, imaplib.IMAP4.error."""

    def __init__(self, host: str, port: int, username: str, password: str) -> None:
        self._place = (host, port)
        self._login = (username, password)

    def __enter__(self) -> Visitor:
        self._imap = imaplib.IMAP4(*self._place, timeout=_PATIENCE)
        # imaplib writes a literal and its line end in two; without this the second waits 40 ms for an ACK.
        self._imap.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._imap.login(*self._login)
        except BaseException:
            self._imap.shutdown()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._imap.logout()
        except (OSError, imaplib.IMAP4.error):
            self._imap.shutdown()

    def folders(self) -> list[str]:
        """Names of all folders (of plain names only, as the demo has them)."""
        lines = _fine(self._imap.list())
        return [line.rpartition(b" ")[2].decode().strip('"') for line in lines if isinstance(line, bytes)]

    def fill(self, folder: str, letters: Iterable[Letter]) -> Iterator[Letter]:
        """Append with flags and INTERNALDATE, one after the other; yields each when it is there."""
        if folder not in self.folders():
            _fine(self._imap.create(folder))
        for letter in letters:
            moment = imaplib.Time2Internaldate(letter.arrival)
            _fine(self._imap.append(folder, f"({' '.join(sorted(letter.flags))})", moment, letter.raw))
            yield letter

    def look(self, folder: str) -> list[Seen]:
        """What is in it, without changing anything; nothing if there is no such folder."""
        if folder not in self.folders():
            return []
        _fine(self._imap.select(folder, readonly=True))
        items = _fine(self._imap.uid("FETCH", "1:*", "(FLAGS INTERNALDATE BODY.PEEK[])"))
        return [_seen(before, raw, after) for before, raw, after in _triples(items)]


_FLAGS = re.compile(rb"FLAGS \(([^)]*)\)")
_ARRIVAL = re.compile(rb'INTERNALDATE "([^"]+)"')


def _triples(items: Sequence[object]) -> Iterator[tuple[bytes, bytes, bytes]]:
    """imaplib's answer to a FETCH: (text before the literal, literal), then the text after it."""
    for number, item in enumerate(items):
        if isinstance(item, tuple):
            after = items[number + 1] if number + 1 < len(items) else b""
            yield item[0], item[1], after if isinstance(after, bytes) else b""


def _seen(before: bytes, raw: bytes, after: bytes) -> Seen:
    said = before + after
    flags = _FLAGS.search(said)
    arrival = _ARRIVAL.search(said)
    if flags is None or arrival is None:
        raise ServerRefused(f"FETCH without FLAGS or INTERNALDATE: {said[:80]!r}")
    names = frozenset(flag for flag in flags[1].decode().split() if flag.lower() != "\\recent")
    when = datetime.strptime(arrival[1].decode().strip(), "%d-%b-%Y %H:%M:%S %z")
    return Seen(digest(raw), names, when.astimezone(UTC))


def _fine(answer: tuple[str, Sequence[object]]) -> Sequence[object]:
    status, data = answer
    if status != "OK":
        raise ServerRefused(f"{status} {data!r}")
    return data
