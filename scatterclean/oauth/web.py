"""One POST by HTTPS, bounded in size and time; it follows no redirect, sends no cookie, and reads no proxy settings.

Plain HTTP only to this machine itself: the configuration allows no other.  What was sent is in no error.
"""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from scatterclean.calling import trusting, why_no_page

MOST = 262_144  # bytes; an answer with an id token and group claims has some 10 kB
SECONDS = 20.0  # for the whole answer
_LONGEST_WAIT = 86_400
_STEP = 8192


class NoAnswer(Exception):
    """Nothing came back that could be used; the text says why, in a few words."""


@dataclass(frozen=True, slots=True)
class Reply:
    """`retry_after`: seconds, if the server named them."""

    status: int
    body: str = field(repr=False)
    retry_after: float | None = None


def host_of(url: str) -> str:
    return urlsplit(url).hostname or ""


def post(url: str, form: Mapping[str, str]) -> Reply:
    """Raises NoAnswer.  A status other than 200 is an answer."""
    parts = urlsplit(url)
    connection = _connection(parts.scheme, parts.hostname or "", parts.port)
    late = threading.Event()

    def cut() -> None:
        """A server that sends a byte now and then heeds no time-out of a socket."""
        late.set()
        with suppress(OSError, AttributeError):  # there may be no socket yet, or none any more
            connection.sock.shutdown(socket.SHUT_RDWR)

    limit = threading.Timer(SECONDS, cut)
    limit.daemon = True
    limit.start()
    try:
        connection.connect()
        if late.is_set():  # there was nothing yet that could be cut
            raise TimeoutError
        connection.request(
            "POST",
            (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
            body=urlencode(form),
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
                "User-Agent": "scatterclean",
            },
        )
        with connection.getresponse() as answer:
            told = Reply(answer.status, _body(answer), _wait(answer.getheader("Retry-After", "")))
    except (OSError, http.client.HTTPException, ValueError) as broken:  # ssl.SSLError is an OSError
        raise NoAnswer(_why(TimeoutError() if late.is_set() else broken)) from None
    finally:
        limit.cancel()
        connection.close()
    if late.is_set():  # what came until then may be all, or not
        raise NoAnswer(_why(TimeoutError()))
    return told


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=SECONDS)
    return http.client.HTTPSConnection(host, port, timeout=SECONDS, context=trusting())


def _body(answer: http.client.HTTPResponse) -> str:
    body = b""
    while step := answer.read(_STEP):
        body += step
        if len(body) > MOST:
            raise NoAnswer(f"its answer is larger than {MOST} bytes")
    if answer.length:  # http.client tells a shorter one by nothing else
        raise NoAnswer("its answer is cut off")
    return body.decode("utf-8", "replace")


def _wait(header: str) -> float | None:
    """Of the two forms (RFC 9110, 10.2.3) the seconds."""
    text = header.strip()
    seconds = text.isascii() and text.isdigit() and len(text) < 10
    return float(min(int(text), _LONGEST_WAIT)) if seconds else None


def _why(broken: Exception) -> str:
    return why_no_page(broken, getattr(broken, "strerror", None) or "the connection broke")
