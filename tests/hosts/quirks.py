"""A real Dovecot behind a proxy that makes it behave as providers do that no test can reach.

None of it was tried on them: what each does is from public threads and support pages, as the field guide (sections 5
and 6) has gathered it.  The other hand of the tests goes to Dovecot itself, past the proxy.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType

_LITERAL = re.compile(rb"\{(\d+)\}\r\n$")
_LIST = re.compile(rb'\* LIST \(([^)]*)\) ("[^"]*"|NIL) (.+)\r\n$')
_CAPABILITY = re.compile(rb"(CAPABILITY) [^\]\r\n]*")


@dataclass
class Talk:
    """One connection: the folder that is open in it, whether bodies were asked for, and whether it listens."""

    folder: str = ""
    read: bool = False
    idle: bool = False


@dataclass
class Provider:
    """What is different: `capability` is announced instead; `unknown` commands are answered BAD; `folders` are those
    that LIST shows, with their attributes.  `heard` is all that clients said."""

    capability: str
    unknown: tuple[str, ...] = ()
    folders: Mapping[str, str] = field(default_factory=dict)
    connections: int = 1000
    heard: list[str] = field(default_factory=list)

    def refuses(self, talk: Talk, command: str) -> str:
        """What is answered instead of the server (behind the tag), or ""."""
        return ""

    def asked(self, talk: Talk, command: str) -> str:
        """The command as the server hears it."""
        return command

    def told(self, talk: Talk, line: bytes) -> bytes:
        """The line as the client hears it; nothing for one that is left out."""
        if found := _LIST.match(line):
            name = found[3].strip(b'"').decode()
            if not self.folders:
                return line
            if name not in self.folders:
                return b""
            return b'* LIST (%s) "/" "%s"\r\n' % (self.folders[name].encode(), name.encode())
        if b"CAPABILITY" in line:
            return _CAPABILITY.sub(rb"\1 " + self.capability.encode(), line)
        return line


class Quirky:
    """A context manager: a port in front of the server's, and the same password; with `context` it speaks TLS."""

    def __init__(
        self, server_port: int, password: str, provider: Provider, context: ssl.SSLContext | None = None
    ) -> None:
        self._context = context
        self._server_port = server_port
        self.password = password
        self.provider = provider
        self._sockets: list[socket.socket] = []
        self._open = 0
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])

    def __enter__(self) -> Quirky:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in (self._listening, *self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def cut(self) -> None:
        """End all connections; new ones are taken."""
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if self._context is not None:
                try:
                    client = self._context.wrap_socket(client, server_side=True)
                except OSError:  # who does not trust the certificate leaves
                    client.close()
                    continue
            server = socket.create_connection(("127.0.0.1", self._server_port))
            self._sockets += [client, server]
            with self._lock:
                self._open += 1
                crowded = self._open > self.provider.connections
            talk = Talk()
            threading.Thread(target=self._ask, args=(talk, client, server, crowded), daemon=True).start()
            threading.Thread(target=self._tell, args=(talk, client, server), daemon=True).start()

    def _ask(self, talk: Talk, client: socket.socket, server: socket.socket, crowded: bool) -> None:
        provider = self.provider
        with suppress(OSError), client.makefile("rb") as lines:
            for line in lines:
                tag, _, command = line.decode("latin-1").rstrip("\r\n").partition(" ")
                talk.idle = command.upper() == "IDLE"
                if not command:  # DONE, and what follows a "+"
                    server.sendall(line)
                    continue
                provider.heard.append(command)
                word = command.upper()
                if crowded and word.startswith(("LOGIN", "AUTHENTICATE")):
                    said = "NO [ALERT] Too many simultaneous connections. (Failure)"
                elif word.startswith(provider.unknown) and provider.unknown:
                    said = "BAD Unknown command"
                else:
                    said = provider.refuses(talk, command)
                if said:
                    client.sendall(f"{tag} {said}\r\n".encode())
                    continue
                if opened := re.match(r'(?:SELECT|EXAMINE) "?([^"]*)"?', command, re.I):
                    talk.folder = opened[1]
                talk.read |= "PEEK[]" in word
                server.sendall(f"{tag} {provider.asked(talk, command)}\r\n".encode("latin-1"))
        for one in (server, client):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._open -= 1

    def _tell(self, talk: Talk, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError, ValueError), server.makefile("rb") as lines:
            for line in lines:
                told = self.provider.told(talk, line)
                if literal := _LITERAL.search(line):
                    told += lines.read(int(literal[1]))
                if told:
                    client.sendall(told)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


class Gmail(Provider):
    """Folders are labels; All Mail has everything once more; 15 connections; HEADER finds whole words only."""

    def __init__(self) -> None:
        super().__init__(
            "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 UIDPLUS COMPRESS=DEFLATE ENABLE "
            "MOVE CONDSTORE ESEARCH UTF8=ACCEPT LIST-EXTENDED LIST-STATUS LITERAL- SPECIAL-USE APPENDLIMIT=35651584",
            folders={
                "INBOX": r"\HasNoChildren",
                "Backscatter": r"\HasNoChildren",
                "[Gmail]": r"\HasChildren \Noselect",
                "[Gmail]/All Mail": r"\All \HasNoChildren",
                "[Gmail]/Drafts": r"\Drafts \HasNoChildren",
                "[Gmail]/Important": r"\HasNoChildren \Important",
                "[Gmail]/Sent Mail": r"\HasNoChildren \Sent",
                "[Gmail]/Spam": r"\HasNoChildren \Junk",
                "[Gmail]/Starred": r"\Flagged \HasNoChildren",
                "[Gmail]/Trash": r"\HasNoChildren \Trash",
            },
            connections=15,
        )

    def asked(self, talk: Talk, command: str) -> str:
        # A part of a word finds nothing: as if that message had never been there.
        return re.sub(r'(HEADER \S+) "([^"@]*)"', r'\1 "no.such.word@nowhere.invalid"', command)


class Microsoft(Provider):
    """Office 365: asks for patience by BAD, with the time in its text; an IDLE goes silent after a while."""

    def __init__(self) -> None:
        super().__init__(
            "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+",
            unknown=("COMPRESS", "ENABLE", "XLIST"),
            folders={
                "INBOX": r"\Marked \HasNoChildren",
                "Backscatter": r"\HasNoChildren",
                "Archive": r"\Archive \HasNoChildren",
                "Deleted Items": r"\Trash \HasNoChildren",
                "Drafts": r"\Drafts \HasNoChildren",
                "Junk Email": r"\Junk \HasNoChildren",
                "Sent Items": r"\Sent \HasNoChildren",
            },
        )
        self.bears = 1 << 30  # so many commands until it throttles the next one
        self.silent = False  # does it announce anything?

    def refuses(self, talk: Talk, command: str) -> str:
        self.bears -= 1
        return (
            "BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds" if not self.bears else ""
        )

    def told(self, talk: Talk, line: bytes) -> bytes:
        if self.silent and talk.idle and re.match(rb"\* \d+ (EXISTS|RECENT)", line):
            return b""
        return super().told(talk, line)


class ICloud(Provider):
    """No MOVE, no SPECIAL-USE, and ENABLE is answered OK without an ENABLED."""

    def __init__(self) -> None:
        names = (
            "INBOX",
            "Archive",
            "Backscatter",
            "Deleted Messages",
            "Drafts",
            "Junk",
            "Notes",
            "Sent Messages",
        )
        super().__init__(
            "XAPPLEPUSHSERVICE IMAP4 IMAP4rev1 SASL-IR AUTH=ATOKEN AUTH=PLAIN ENABLE UIDPLUS IDLE CONDSTORE QRESYNC "
            "ESEARCH QUOTA NAMESPACE ID LITERAL+ XAPPLELITERAL",
            unknown=("MOVE", "UID MOVE", "XLIST"),
            folders=dict.fromkeys(names, r"\HasNoChildren"),
        )

    def refuses(self, talk: Talk, command: str) -> str:
        return "BAD Parse Error" if " RETURN (SPECIAL-USE)" in command.upper() else ""

    def told(self, talk: Talk, line: bytes) -> bytes:
        return b"" if line.startswith(b"* ENABLED") else super().told(talk, line)


class Yahoo(Provider):
    """UNAVAILABLE for more than 100 messages in one move, and whenever it has borne enough of them."""

    def __init__(self) -> None:
        super().__init__(
            "IMAP4rev1 ID NAMESPACE UIDPLUS LITERAL+ CHILDREN XAPPLEPUSHSERVICE OBJECTID MOVE SPECIAL-USE IDLE "
            "UNSELECT ENABLE LIST-EXTENDED PARTIAL",
            folders={
                "INBOX": r"\HasNoChildren",
                "Backscatter": r"\HasNoChildren",
                "Archive": r"\Archive \HasNoChildren",
                "Bulk": r"\Junk \HasNoChildren",
                "Draft": r"\Drafts \HasNoChildren",
                "Sent": r"\Sent \HasNoChildren",
                "Trash": r"\Trash \HasNoChildren",
            },
        )
        self.bears = 1 << 30  # so many moves
        self.moves: list[int] = []

    def refuses(self, talk: Talk, command: str) -> str:
        found = re.match(r"UID (?:MOVE|COPY) (\S+)", command, re.I)
        if found is None:
            return ""
        self.moves.append(len(members(found[1])))
        if self.moves[-1] > 100 or len(self.moves) > self.bears:
            return "NO [UNAVAILABLE] UID MOVE Server error - Please try again later"
        return ""


class Proton(Provider):
    """Proton Bridge: a UID can name another message later, under the same UIDVALIDITY.

    `swapped`: by folder, pairs of UIDs that name each other's messages, from the moment `when` says: "read" (bodies
    were fetched, and a folder is opened for the next step) or "now".
    """

    def __init__(self) -> None:
        super().__init__(
            "IMAP4rev1 ID IDLE MOVE STARTTLS UIDPLUS UNSELECT NAMESPACE SPECIAL-USE LIST-EXTENDED"
        )
        self.swapped: dict[str, dict[int, int]] = {}
        self.when = "now"

    def swap(self, folder: str, *pairs: tuple[int, int], when: str = "now") -> None:
        self.swapped[folder] = {a: b for one, other in pairs for a, b in ((one, other), (other, one))}
        self.when = when

    def _names(self, talk: Talk) -> Mapping[int, int]:
        return self.swapped.get(talk.folder, {}) if self.when == "now" else {}

    def asked(self, talk: Talk, command: str) -> str:
        if self.when == "read" and talk.read and command.startswith(("EXAMINE", "SELECT")):
            self.when = "now"
        names = self._names(talk)
        found = re.match(r"(UID (?:FETCH|MOVE|COPY|STORE|EXPUNGE) )([\d,:]+)(.*)", command, re.I)
        if not names or found is None:
            return command
        return found[1] + ",".join(str(names.get(uid, uid)) for uid in members(found[2])) + found[3]

    def told(self, talk: Talk, line: bytes) -> bytes:
        names = self._names(talk)

        def named(found: re.Match[bytes]) -> bytes:
            uid = int(found[2])
            return found[1] + str(names.get(uid, uid)).encode()

        def copied(found: re.Match[bytes]) -> bytes:
            uids = (str(names.get(uid, uid)) for uid in members(found[2].decode()))
            return found[1] + ",".join(uids).encode()

        if names and b" FETCH " in line:
            return re.sub(rb"(\bUID )(\d+)", named, line)
        if names and line.startswith(b"* SEARCH"):
            return re.sub(rb"( )(\d+)", named, line)
        if names and b"COPYUID" in line:
            return re.sub(rb"(COPYUID \d+ )(\S+)", copied, line)
        return super().told(talk, line)


def members(text: str) -> list[int]:
    """The UIDs of a set, one by one."""
    found: list[int] = []
    for piece in text.split(","):
        first, _, last = piece.partition(":")
        found.extend(range(int(first), int(last or first) + 1))
    return found
