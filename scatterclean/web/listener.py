"""The sockets of the dashboard: loopback only, bounded in number, size and time; it knows nothing of what is served.

waitress reads requests and writes answers in one thread that waits for nobody, and hands a request to a worker only
when it is whole: a slow client costs a connection, and never a worker.  What waitress does not bound is bounded here:
how long a request may take to come and an answer to be taken, and who has to go when there are too many.
"""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from scatterclean.errors import PersonCanMend, Reach

ADDRESSES = ("127.0.0.1", "::1")
THREADS = 6
# Connections at once; a browser opens six.  Of more, those go that wait the longest for the rest of their request.
MOST = 64
# Seconds: for a request to be whole, for an answer to be taken, and between two requests of one connection.
WHOLE, TAKEN, IDLE = 5.0, 30.0, 30.0
# Bytes: our links have at most some hundred, our forms less.
MAX_HEADER, MAX_BODY = 16 * 1024, 32 * 1024
_BEAT = 0.5


class PortTaken(PersonCanMend):
    """Another program listens there."""

    reach = Reach.EVERYTHING


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress carries no types
    """One connection, and since when it owes us something, or we it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asking_since: float | None = time.monotonic()
        self.answering_since: float | None = None

    def received(self, data: bytes) -> bool:
        taken = bool(super().received(data))
        if self.request is None:
            self.asking_since = None  # all that came is whole
        elif self.asking_since is None:
            self.asking_since = time.monotonic()
        return taken

    def overdue(self, now: float) -> bool:
        """Look at it once in a while: it also notes since when an answer waits to be taken."""
        if self.total_outbufs_len == 0:
            self.answering_since = None
        elif self.answering_since is None:
            self.answering_since = now
        late = self.answering_since is not None and now - self.answering_since > TAKEN
        return late or (self.asking_since is not None and now - self.asking_since > WHOLE)

    @property
    def idle(self) -> bool:
        """Nothing of it is in hand."""
        return not self.requests and not self.total_outbufs_len


class Server(TcpWSGIServer):  # type: ignore[misc]  # waitress carries no types
    """One address."""

    channel_class = Channel

    def maintenance(self, now: float) -> None:
        super().maintenance(now)
        clock = time.monotonic()
        for channel in self.active_channels.values():
            if channel.overdue(clock):
                channel.will_close = True

    def handle_accept(self) -> None:
        super().handle_accept()
        open_ones = [one for one in self._map.values() if isinstance(one, Channel) and not one.will_close]
        if len(open_ones) > MOST:
            # The newest is last, and may be the person's browser.
            idle = [one for one in open_ones[:-1] if one.idle]
            for one in sorted(idle, key=_patience)[: len(open_ones) - MOST]:
                one.will_close = True


def _patience(channel: Channel) -> float:
    return float(channel.creation_time if channel.asking_since is not None else channel.last_activity)


def listen(port: int) -> list[socket.socket]:
    """Sockets on both loopback addresses, with one port (0: any that is free).  Raises PortTaken.

    A machine without IPv6 has only the first."""
    for _ in range(10 if port == 0 else 1):
        first = _bound(socket.AF_INET, ADDRESSES[0], port)
        number = first.getsockname()[1]
        try:
            return [first, _bound(socket.AF_INET6, ADDRESSES[1], number)]
        except PortTaken:
            first.close()  # somebody else has that number there
        except OSError:
            return [first]
    raise PortTaken(f"port {port} of this machine is taken on {ADDRESSES[1]}", hint=_ANOTHER)


_ANOTHER = "Name another one with --port, or none: then a free one is taken."


def _bound(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        made.listen(MOST)
    except OSError as error:
        made.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            why = "is taken by another program" if error.errno == errno.EADDRINUSE else "may not be used"
            raise PortTaken(f"port {port} of this machine {why}", hint=_ANOTHER) from None
        raise
    return made


class Listener:
    """Serves a WSGI application on these sockets until `stop` says so.  A context manager."""

    def __init__(self, application: Any, sockets: Iterable[socket.socket]) -> None:
        limits = Adjustments(
            threads=THREADS,
            # Above ours, with the sockets that listen: whoever comes then waits in the queue of the system.
            connection_limit=2 * MOST,
            backlog=MOST,
            channel_timeout=int(IDLE),
            cleanup_interval=1,
            max_request_header_size=MAX_HEADER,
            max_request_body_size=MAX_BODY,
            asyncore_use_poll=True,
            log_socket_errors=False,
            ident=None,
            expose_tracebacks=False,
        )
        self._map: dict[int, Any] = {}
        self._workers = ThreadedTaskDispatcher()
        self._workers.set_thread_count(THREADS)
        for one in sockets:
            Server(
                application,
                map=self._map,
                _sock=one,
                dispatcher=self._workers,
                adj=limits,
                sockinfo=(one.family, one.type, one.proto, one.getsockname()),
                bind_socket=False,
            )

    def run(self, stop: Callable[[], bool]) -> None:
        while not stop():
            wasyncore.loop(timeout=_BEAT, use_poll=True, map=self._map, count=1)

    def close(self) -> None:
        """Whoever is being answered is waited for, for a moment."""
        self._workers.shutdown(cancel_pending=True, timeout=2)
        wasyncore.loop(timeout=0, use_poll=True, map=self._map, count=1)  # what they wrote last
        wasyncore.close_all(self._map, ignore_all=True)

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
