"""One call of an address, bounded in time; it follows no redirect, and reads one line."""

from __future__ import annotations

import socket
import ssl
import time

from scatterclean import __version__
from scatterclean.calling import trusting
from scatterclean.config.outward import PingUrl

SECONDS = 10.0
_MOST = 4096


class NotHeard(Exception):
    """The call came to nothing; the text says why, and nothing of the address."""


def call(url: PingUrl, *, context: ssl.SSLContext | None = None, seconds: float = SECONDS) -> None:
    """GET, and an answer of 2xx.  Raises NotHeard; only the look-up of the name can take longer than `seconds`."""
    until = time.monotonic() + seconds
    try:
        with socket.create_connection((url.host, url.port), timeout=seconds) as plain:
            if not url.https:
                status = _ask(plain, url, until)
            else:
                with (context or trusting()).wrap_socket(plain, server_hostname=url.host) as secure:
                    status = _ask(secure, url, until)
    except ssl.SSLCertVerificationError:
        raise NotHeard("the certificate of its server is not trusted") from None
    except ssl.SSLError:
        raise NotHeard("its server speaks no proper TLS") from None
    except TimeoutError:
        raise NotHeard("its server does not answer in time") from None
    except (OSError, ValueError):  # ValueError: a name that cannot be one (UnicodeError)
        raise NotHeard("its server cannot be reached") from None
    if 300 <= status < 400:
        raise NotHeard(f"its server leads elsewhere ({status}), and that is not followed")
    if not 200 <= status < 300:
        raise NotHeard(f"its server answers {status}" if status else "no web server answers there")


def _ask(connection: socket.socket, url: PingUrl, until: float) -> int:
    """The status; 0 for what is no answer of HTTP.  A server that sends a byte a second gains no time by that."""
    host = f"[{url.host}]" if ":" in url.host else url.host
    port = "" if url.port == (443 if url.https else 80) else f":{url.port}"
    head = (
        f"GET {url.target} HTTP/1.1\r\nHost: {host}{port}\r\nUser-Agent: scatterclean/{__version__}\r\n"
        "Accept: */*\r\nConnection: close\r\n\r\n"
    )
    connection.settimeout(_left(until))
    connection.sendall(head.encode("ascii"))
    answer = b""
    while b"\n" not in answer and len(answer) < _MOST:
        connection.settimeout(_left(until))
        more = connection.recv(_MOST)
        if not more:
            break
        answer += more
    protocol, _, rest = answer.partition(b"\n")[0].partition(b" ")
    code = rest[:3]
    return int(code) if protocol.startswith(b"HTTP/1.") and len(code) == 3 and code.isdigit() else 0


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
