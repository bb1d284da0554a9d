"""A real Courier IMAP server on loopback in a directory of its own; tried with 5.0.13 (Debian 12).

Courier's program for the login (`imaplogin`) asks an authentication daemon whose paths are compiled in.  So the part
before the login (greeting, CAPABILITY, LOGIN) is ours here, and short; then `imapd`, the real thing, is started on
that connection as `imaplogin` would start it, and all else is between the client and Courier.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from tests.hosts.unpacked import HOST, HostBroken, environment, find, give, make, new_base, owner, unpacked

# /etc/courier/imapd as Debian ships it, but for the time after which IDLE looks again (60 s).
_SETTINGS = {
    "IMAP_CAPABILITY": "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE",
    "IMAP_KEYWORDS": "1",
    "IMAP_ACL": "1",
    "IMAP_IDLE_TIMEOUT": "1",
    "IMAP_MAILBOX_SANITY_CHECK": "1",
    "IMAP_DISABLETHREADSORT": "0",
    "IMAP_CHECK_ALL_FOLDERS": "0",
    "IMAP_OBSOLETE_CLIENT": "0",
    "IMAP_USELOCKS": "1",
    "IMAP_ENHANCEDIDLE": "0",
    "IMAP_TRASHFOLDERNAME": "Trash",
    "IMAP_EMPTYTRASH": "Trash:7",
    "IMAP_MOVE_EXPUNGE_TO_TRASH": "0",
    "PROTOCOL": "IMAP",
}
_LOGIN = re.compile(rb'LOGIN (?:"([^"]*)"|(\S+)) (?:"([^"]*)"|(\S+))', re.I)
_LONGEST = 8192


def find_courier() -> Path | None:
    """Its `imapd`, or None."""
    return find("usr/bin/imapd")


class ScratchCourier:
    """A context manager; every user name exists, with `password`, and has Sent, Drafts and Trash.

    Folders are named "INBOX.Sent", none has a SPECIAL-USE.  `quota` is Courier's, such as "1000C" (messages) or
    "100000S" (bytes).
    """

    password = "let-me-in-8"

    def __init__(self, *, quota: str = "") -> None:
        self._quota = quota
        self._base: Path | None = None
        self._socket: socket.socket | None = None
        self._sessions: list[subprocess.Popen[bytes]] = []
        self.port = 0

    def __enter__(self) -> ScratchCourier:
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._base is not None:
            shutil.rmtree(self._base, ignore_errors=True)
            self._base = None

    @property
    def base(self) -> Path:
        """The directory of everything."""
        if self._base is None:
            self._base = new_base()
        return self._base

    def start(self) -> None:
        """Listen.  The port stays the same over a restart."""
        if find_courier() is None:
            raise HostBroken("there is no Courier here; .ci/servers unpacks it")
        self._socket = socket.create_server((HOST, self.port))
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._serve, args=(self._socket,), daemon=True, name="courier").start()

    def stop(self) -> None:
        """Stop listening and end all sessions."""
        listening, self._socket = self._socket, None
        if listening is not None:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)  # wakes the accept
            listening.close()
        for session in self._sessions:
            session.kill()
            session.wait()
        self._sessions.clear()

    def restart(self) -> None:
        """Cut every session and come up again on the same port, with the same mail."""
        self.stop()
        self.start()

    def _serve(self, listening: socket.socket) -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._greet, args=(client,), daemon=True).start()

    # --- before the login ---------------------------------------------------------------------------------

    def _greet(self, client: socket.socket) -> None:
        offered = _SETTINGS["IMAP_CAPABILITY"].encode()
        with client, suppress(OSError):
            client.sendall(b"* OK [CAPABILITY " + offered + b"] Courier-IMAP ready.\r\n")
            while line := _line(client):
                tag, _, command = line.strip().partition(b" ")
                known = _LOGIN.fullmatch(command)
                if known is not None:
                    user, password = known[1] or known[2], known[3] or known[4]
                    if password == self.password.encode():
                        self._sessions.append(self._imapd(client, tag.decode(), user.decode()))
                        return
                    client.sendall(tag + b" NO Login failed.\r\n")
                elif command.upper() == b"CAPABILITY":
                    client.sendall(
                        b"* CAPABILITY " + offered + b"\r\n" + tag + b" OK CAPABILITY completed\r\n"
                    )
                elif command.upper() == b"LOGOUT":
                    client.sendall(
                        b"* BYE Courier-IMAP server shutting down\r\n" + tag + b" OK LOGOUT completed\r\n"
                    )
                    return
                else:
                    client.sendall(tag + b" NO Error in IMAP command received by server.\r\n")

    def _imapd(self, client: socket.socket, tag: str, user: str) -> subprocess.Popen[bytes]:
        who, root, maildir = owner(), os.geteuid() == 0, self._maildir(user)
        with (self.base / "log").open("ab") as log:
            return subprocess.Popen(
                [str(unpacked() / "usr/bin/imapd"), maildir.name],
                stdin=client.fileno(),
                stdout=client.fileno(),
                stderr=log,
                cwd=maildir.parent,
                env={
                    **_SETTINGS,
                    **({"MAILDIRQUOTA": self._quota} if self._quota else {}),
                    **environment(),
                    # Courier locks with the help of gamin; it starts this program if it does not run yet.
                    "GAMIN_DEBUG_SERVER": str(unpacked() / "usr/libexec/gam_server"),
                    "AUTHENTICATED": user,
                    "IMAPLOGINTAG": tag,
                    "TCPREMOTEIP": HOST,
                    "TCPREMOTEPORT": str(client.getpeername()[1]),
                },
                user=who.pw_uid if root else None,
                group=who.pw_gid if root else None,
                extra_groups=[] if root else None,
            )

    def _maildir(self, user: str) -> Path:
        """maildirmake(1), maildir++: folders are directories whose names begin with a dot."""
        maildir = self.base / "home" / user / "Maildir"
        if not maildir.exists():
            folders = ("Sent", "Drafts", "Trash")
            for folder in (maildir, *(maildir / f".{name}" for name in folders)):
                for name in ("cur", "new", "tmp"):
                    make(folder / name)
                if folder != maildir:
                    (folder / "maildirfolder").touch()
                    give(folder / "maildirfolder")
            subscribed = maildir / "courierimapsubscribed"
            subscribed.write_text("".join(f"INBOX.{name}\n" for name in folders))
            give(subscribed)
        return maildir


def _line(client: socket.socket) -> bytes:
    """One line and not a byte more: what follows is for `imapd`."""
    line = bytearray()
    while not line.endswith(b"\n") and len(line) < _LONGEST:
        byte = client.recv(1)
        if not byte:
            return b""
        line += byte
    return bytes(line)
