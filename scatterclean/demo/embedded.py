"""A real IMAP server (pymap) inside this process, for the demo: one person, everything in memory, loopback.

It is no conformance target: no SPECIAL-USE, CONDSTORE or NAMESPACE, UIDs begin at 101.  It writes no file.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import ssl
import threading
from argparse import Namespace
from contextlib import suppress
from types import TracebackType
from uuid import uuid4

from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxData, MailboxSet
from pymap.concurrent import Subsystem
from pymap.imap import IMAPServer
from pymap.parsing.specials import ObjectId
from pymap.parsing.specials.flag import Flag, Wildcard
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

_HOST = "127.0.0.1"
_PATIENCE = 10.0  # seconds to come up or to go down; both take a few milliseconds


class _Folder(MailboxData):
    @property
    def permanent_flags(self) -> frozenset[Flag]:
        # pymap's own folders keep keywords that come with APPEND and drop those of STORE without a word.
        return super().permanent_flags | {Wildcard}


class _Folders(MailboxSet):
    def __init__(self) -> None:
        super().__init__()
        self._inbox = _Folder(self._content_cache, self._thread_cache)

    async def add_mailbox(self, name: str) -> ObjectId:
        if name in self._set:
            raise ValueError(name)
        self._set[name] = folder = _Folder(self._content_cache, self._thread_cache)
        return folder.mailbox_id


class _InOneGo(asyncio.StreamWriter):
    """Sends what was written at the next `drain`.

    pymap writes an answer in crumbs; asyncio makes a system call of each, and a FETCH of 200 messages takes
    thousands, each of which wakes the client in the other thread.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        transport = writer.transport
        super().__init__(transport, transport.get_protocol(), reader, asyncio.get_running_loop())
        self._writer = writer  # kept alive: when a StreamWriter dies, it closes its transport
        self._kept: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._kept.append(bytes(data))

    async def drain(self) -> None:
        self._send()
        await super().drain()

    def close(self) -> None:
        self._send()
        super().close()

    def _send(self) -> None:
        if self._kept:
            super().write(b"".join(self._kept))
            self._kept.clear()


class _Config(Config):
    @property
    def greeting(self) -> bytes:
        # pymap asks the resolver for the host's full name at every connection: seconds without DNS.
        return b"scatterclean demo ready"


class EmbeddedServer:
    """Context manager: serves from `__enter__` to `__exit__`, in a thread with an event loop of its own.

    `password` is made anew for every instance.  `troubles` are exceptions that ended a session: bugs of the
    server, empty as a rule.  Raises OSError if no port can be had on loopback.
    """

    login: type[Login] = Login

    def __init__(self, username: str) -> None:
        self.username = username
        self.password = secrets.token_urlsafe(12)
        self.host = _HOST
        self.port = 0
        self.troubles: list[BaseException] = []
        self._socket: socket.socket | None = None
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self._sessions: set[asyncio.Task[None]] = set()

    def __enter__(self) -> EmbeddedServer:
        try:
            self._start()
        except BaseException:  # Ctrl-C, too
            self.__exit__(None, None, None)
            raise
        return self

    def _start(self) -> None:
        # Bound and listening before the thread starts: whoever connects early waits in the backlog.
        self._socket = socket.create_server((_HOST, 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name="embedded-imap", daemon=True)
        self._thread.start()
        if not self._ready.wait(_PATIENCE) or self._stop is None:
            raise OSError("the embedded IMAP server did not come up") from next(iter(self.troubles), None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is not None:
            self._ready.wait(_PATIENCE)
            if self._loop is not None and self._stop is not None:
                with suppress(RuntimeError):  # the loop is closed: it went down by itself
                    self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(_PATIENCE)
        if self._socket is not None:
            self._socket.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve(), debug=False)
        except Exception as error:  # noqa: BLE001 - a thread has nobody above it: __enter__ reports it
            self.troubles.append(error)
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        config = _Config(
            Namespace(passlib_cfg=None, proxy_protocol=None),
            host=_HOST,
            port=self.port,
            demo_data=False,
            demo_user=self.username,
            demo_password=self.password,
            tls_enabled=False,
            # Given, so that pymap neither reads CERT_FILE from the environment nor loads the system's roots.
            ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
            # A random password for some seconds on loopback needs no slow hash and no thread pool for it.
            hash_context=Cleartext(),
            cpu_subsystem=Subsystem.for_asyncio(),
            invalid_user_sleep=0.0,
        )
        config.set_cache[self.username] = (_Folders(), FilterSet())
        login = self.login(config)
        await login.demo_user_identity.set(UserMetadata(config, self.username, password=self.password))
        imap = IMAPServer(login, config)

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            about = SocketInfo.get(writer, None, unique_id=uuid4().bytes)
            session = asyncio.create_task(imap(reader, _InOneGo(reader, writer), about))
            self._sessions.add(session)
            session.add_done_callback(self._ended)

        self._loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        server = await asyncio.start_server(connected, sock=self._socket)
        self._stop = stop
        self._ready.set()
        await stop.wait()
        server.close()
        # pymap's session answers a cancellation with BYE and closes its connection.
        for session in self._sessions:
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)
        await server.wait_closed()

    def _ended(self, session: asyncio.Task[None]) -> None:
        self._sessions.discard(session)
        if not session.cancelled() and (error := session.exception()) is not None:
            self.troubles.append(error)
