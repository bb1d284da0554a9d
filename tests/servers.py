"""Servers for tests: the other hand on a real server, and a server that says exactly what a test tells it."""

from __future__ import annotations

import imaplib
import itertools
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol

from scatterclean.mailbox.folders import from_utf7, quoted, to_utf7
from scatterclean.mailbox.login import Access
from scatterclean.mailbox.memory import Stored

_numbers = itertools.count(1)


class OtherHand(Protocol):
    """Another program, the person or the provider, at work in the same mailbox; MemoryServer is one, too."""

    def create(self, folder: str) -> None: ...
    def drop(self, folder: str) -> None: ...
    def renew(self, folder: str) -> None: ...
    def rename(self, folder: str, to: str) -> None: ...
    def append(
        self, folder: str, raw: bytes, *, flags: Iterable[str] = (), arrival: datetime | None = None
    ) -> int: ...
    def delete(self, folder: str, uid: int) -> None: ...
    def move(self, folder: str, uid: int, to: str) -> int: ...
    def flag(self, folder: str, uid: int, *flags: str) -> None: ...
    def unflag(self, folder: str, uid: int, *flags: str) -> None: ...
    def messages(self, folder: str) -> list[Stored]: ...
    def folder_names(self) -> list[str]: ...
    def subscribed(self) -> list[str]: ...


class Host(Protocol):
    """A real server on loopback: Dovecot (`ScratchDovecot`), Cyrus, Courier (tests/hosts), the demo's own."""

    port: int
    password: str


def fresh_user() -> str:
    """A user name that no test had before."""
    return f"user{next(_numbers)}"


def access_to(server: Host, user: str) -> Access:
    """How to log in there, without TLS."""
    return Access(
        account=user,
        host="127.0.0.1",
        port=server.port,
        username=user,
        secret=lambda: server.password,
        tls="none",
        connect_timeout=10,
        read_timeout=20,
    )


class RealHand:
    """The other hand on a real server: a plain imaplib session that shares no code with ours but names of folders."""

    def __init__(self, server: Host, user: str) -> None:
        self._imap = imaplib.IMAP4("127.0.0.1", server.port, timeout=20)
        # imaplib sends a literal and its line end apart: with Nagle that costs 40 ms for every APPEND.
        self._imap.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._imap.login(user, server.password)
        _, told = self._imap.capability()  # some tell it with the login, too
        self._can = frozenset(told[-1].decode().split())

    def close(self) -> None:
        self._imap.logout()

    def abandon(self) -> None:
        """Close the socket of a session that the server has ended."""
        self._imap.shutdown()

    def create(self, folder: str) -> None:
        self._ask("CREATE", _name(folder))

    def drop(self, folder: str) -> None:
        """Cyrus keeps what was deleted under the second of the deed: the same name again waits for the next one."""
        patience = 10
        while True:
            status, data = self._imap.xatom("DELETE", _name(folder))
            if status == "OK" or b"already exists" not in data[0] or not patience:
                break
            patience -= 1
            time.sleep(0.2)
        assert status == "OK", data

    def renew(self, folder: str) -> None:
        self.drop(folder)
        self.create(folder)

    def rename(self, folder: str, to: str) -> None:
        self._ask("RENAME", _name(folder), _name(to))

    def append(
        self, folder: str, raw: bytes, *, flags: Iterable[str] = (), arrival: datetime | None = None
    ) -> int:
        when = imaplib.Time2Internaldate(arrival or datetime.now(UTC))
        status, data = self._imap.append(_name(folder), f"({' '.join(flags)})", when, raw)
        assert status == "OK", data
        told = re.search(rb"APPENDUID \d+ (\d+)", data[0])
        assert told is not None
        return int(told[1])

    def delete(self, folder: str, uid: int) -> None:
        self._in(folder, ("STORE", str(uid), "+FLAGS.SILENT", "(\\Deleted)"), ("EXPUNGE", str(uid)))

    def move(self, folder: str, uid: int, to: str) -> int:
        if "MOVE" in self._can:
            self._in(folder, ("MOVE", str(uid), _name(to)))
        else:
            self._in(folder, ("COPY", str(uid), _name(to)))
            self.delete(folder, uid)
        return max(message.uid for message in self.messages(to))

    def flag(self, folder: str, uid: int, *flags: str) -> None:
        self._in(folder, ("STORE", str(uid), "+FLAGS.SILENT", f"({' '.join(flags)})"))

    def unflag(self, folder: str, uid: int, *flags: str) -> None:
        self._in(folder, ("STORE", str(uid), "-FLAGS.SILENT", f"({' '.join(flags)})"))

    def messages(self, folder: str) -> list[Stored]:
        opened, said = self._imap.select(_name(folder), readonly=True)
        assert opened == "OK", said
        status, data = self._imap.uid("FETCH", "1:*", "(UID FLAGS INTERNALDATE BODY.PEEK[])")
        assert status == "OK", data
        self._leave(folder)
        found = []
        for item in data:
            if isinstance(item, tuple):
                uid, flags, date = (
                    re.search(pattern, item[0])
                    for pattern in (rb"UID (\d+)", rb"FLAGS \(([^)]*)\)", rb'INTERNALDATE "([^"]+)"')
                )
                assert uid
                assert flags
                assert date
                arrival = parsedate_to_datetime(date[1].decode().strip().replace("-", " ", 2)).astimezone(UTC)
                kept = frozenset(flags[1].decode().split()) - {"\\Recent"}
                found.append(Stored(int(uid[1]), arrival, kept, item[1]))
        return found

    def folder_names(self) -> list[str]:
        return self._names("LIST")

    def subscribed(self) -> list[str]:
        return self._names("LSUB")

    def _names(self, command: str) -> list[str]:
        status, data = self._imap.list() if command == "LIST" else self._imap.lsub()
        assert status == "OK"
        names = []
        for item in data:
            if isinstance(item, bytes):
                wire = re.sub(rb'^\([^)]*\) "[^"]*" ', b"", item)
                if wire.startswith(b'"'):
                    wire = re.sub(rb"\\(.)", rb"\1", wire[1:-1])
                names.append(from_utf7(wire) or "?")
        return names

    def _in(self, folder: str, *commands: Sequence[str]) -> None:
        status, data = self._imap.select(_name(folder))
        assert status == "OK", data
        for command in commands:
            status, data = self._imap.uid(*command)
            assert status == "OK", data
        self._leave(folder)

    def _leave(self, folder: str) -> None:
        """Select nothing, and expunge nothing."""
        if "UNSELECT" in self._can:
            self._imap.unselect()
            return
        self._imap.select(_name(folder), readonly=True)
        self._imap.close()  # of a folder that was only looked at (RFC 3501, 6.4.2)

    def _ask(self, command: str, *arguments: str) -> None:
        status, data = self._imap.xatom(command, *arguments)
        assert status == "OK", data


DovecotHand = RealHand  # as it was called when Dovecot was the only one


def _name(folder: str) -> str:
    return quoted(to_utf7(folder)).decode()


CUT = b"\x00cut"  # as a reply or at the end of one: close the connection here
SILENCE = b"\x00silence"  # as a reply: never answer


class ScriptedServer:
    """A server on loopback that says what it is told to: a context manager.

    `script` maps the beginning of a command (without its tag) to replies, one for each time, the last one for
    ever; in a reply, TAG stands for the command's tag, TAG-1 for that of the one before, TAG-2 likewise.
    "(password)" is what follows AUTHENTICATE.  What is not in the script is answered in the dullest way, so that
    a login and a SELECT of an empty folder work.  `heard` are all lines that came.
    """

    def __init__(
        self,
        script: Mapping[str, Sequence[bytes]] | None = None,
        *,
        greeting: bytes = b"* OK ready\r\n",
        capability: str = "AUTH=PLAIN UIDPLUS MOVE",
        certificate: tuple[Path, Path] | None = None,
        starttls: bool = False,
    ) -> None:
        self._script = {start: list(replies) for start, replies in (script or {}).items()}
        self._greeting = greeting
        self._capability = capability
        self._context: ssl.SSLContext | None = None
        if certificate is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(*certificate)
        self._starttls = starttls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self.heard: list[bytes] = []
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def access(self, **changes: object) -> Access:
        """How to log in there."""
        known: dict[str, object] = {
            "account": "home",
            "host": "127.0.0.1",
            "port": self.port,
            "username": "me",
            "secret": lambda: "pass",
            "tls": "none",
            "connect_timeout": 5.0,
            "read_timeout": 5.0,
        }
        return Access(**(known | changes))  # type: ignore[arg-type]  # the tests name real fields

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in (self._socket, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self._open.append(client)
            with suppress(OSError, ValueError):
                self._session(client)
            client.close()

    def _session(self, client: socket.socket) -> None:
        if self._context is not None and not self._starttls:
            client = self._wrapped(client)
        if not self._say(client, self._greeting):
            return
        lines = client.makefile("rb")
        waiting = b""  # the tag of an AUTHENTICATE whose answer is due
        while line := lines.readline():
            self.heard.append(line.rstrip(b"\r\n"))
            tag, _, command = self.heard[-1].partition(b" ")
            if waiting:
                tag, command = waiting, b"(password)"
            reply = self._reply(command)
            waiting = tag if command.startswith(b"AUTHENTICATE") and reply.startswith(b"+") else b""
            for back in (1, 2):
                reply = reply.replace(b"TAG-%d" % back, self.heard[-1 - back :][0].partition(b" ")[0])
            if not self._say(client, reply.replace(b"TAG", tag)):
                return
            if command == b"STARTTLS" and self._context is not None:
                client = self._wrapped(client)
                lines = client.makefile("rb")
            elif command == b"LOGOUT":
                return

    def _wrapped(self, client: socket.socket) -> socket.socket:
        assert self._context is not None
        wrapped = self._context.wrap_socket(client, server_side=True)
        self._open.append(wrapped)
        return wrapped

    def _say(self, client: socket.socket, text: bytes) -> bool:
        if text == SILENCE:
            client.recv(1)  # until the other side gives up
            return False
        said, cut, _ = text.partition(CUT)
        client.sendall(said)
        return not cut

    def _reply(self, command: bytes) -> bytes:
        for start, replies in self._script.items():
            if command.startswith(start.encode()):
                return replies.pop(0) if len(replies) > 1 else replies[0]
        for beginning, reply in _DULL.items():
            if command.startswith(beginning):
                return reply.replace(b"CAPS", self._capability.encode())
        return b"TAG OK done\r\n"


_SELECTED = (
    b"* 0 EXISTS\r\n* FLAGS (\\Seen)\r\n* OK [UIDVALIDITY 7] .\r\n* OK [UIDNEXT 1] .\r\n"
    b"* OK [PERMANENTFLAGS (\\Seen \\*)] .\r\n"
)
_DULL = {
    b"CAPABILITY": b"* CAPABILITY IMAP4rev1 CAPS\r\nTAG OK .\r\n",
    b"AUTHENTICATE": b"+ \r\n",
    b"SELECT": _SELECTED + b"TAG OK [READ-WRITE] .\r\n",
    b"EXAMINE": _SELECTED + b"TAG OK [READ-ONLY] .\r\n",
    b"STATUS": b"* STATUS x (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7)\r\nTAG OK .\r\n",
    b"LIST": b'* LIST () "/" INBOX\r\nTAG OK .\r\n',
    b"LOGOUT": b"* BYE\r\nTAG OK .\r\n",
}
