"""A web server with TLS on loopback that answers what a test tells it to, well or badly."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path


def page(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def leading_to(url: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n".encode()


Answer = bytes | Callable[[socket.socket, threading.Event], None]


class Site:
    """A web server with TLS; `answers` by (host, path); what is not there is 404.  `asked` is what was asked for."""

    def __init__(self, certificate: tuple[Path, Path], answers: Mapping[tuple[str, str], Answer]) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*certificate)
        self._answers = answers
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.asked: list[tuple[str, str]] = []
        self.over = threading.Event()

    def serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            with suppress(OSError), client:
                client.settimeout(5)
                self._talk(client)

    def _talk(self, client: socket.socket) -> None:
        with self._context.wrap_socket(client, server_side=True) as wrapped:
            head = b""
            while b"\r\n\r\n" not in head:
                piece = wrapped.recv(4096)
                if not piece:
                    return
                head += piece
            lines = head.decode().split("\r\n")
            host = next(line[6:] for line in lines if line.lower().startswith("host: "))
            self.asked.append((host, lines[0].split()[1]))
            answer = self._answers.get(self.asked[-1], b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
            if isinstance(answer, bytes):
                wrapped.sendall(answer)
            else:
                answer(wrapped, self.over)

    def close(self) -> None:
        self.over.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
