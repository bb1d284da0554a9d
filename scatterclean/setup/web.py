"""A page by HTTPS, bounded in size and time; it follows no redirect to another host or to http, and sends no cookie."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

from scatterclean.calling import trusting, why_no_page, within

MOST = 65_536  # bytes; the largest file of Mozilla's ISPDB has about 10 kB
SECONDS = 6.0  # for a page, redirects included
_REDIRECTS = 3
_STEP = 8192


class NoPage(Exception):
    """There is no page that could be used; the text says why, in a few words."""


class Web:
    """`context` decides which certificates are trusted; `dial` may send a host name elsewhere (tests: loopback)."""

    def __init__(
        self,
        context: ssl.SSLContext | None = None,
        *,
        dial: Callable[[str], tuple[str, int]] = lambda host: (host, 443),
        seconds: float = SECONDS,
    ) -> None:
        self._context = context
        self._dial = dial
        self._seconds = seconds

    def get(self, url: str) -> bytes:
        """The page, of at most MOST bytes.  Raises NoPage, at the latest after the time for it."""
        # A thread, because neither the look-up of a name nor a server that sends a byte a second heeds a time-out.
        try:
            return within(self._seconds + 0.5, lambda: self._fetch(url, time.monotonic() + self._seconds))
        except TimeoutError:
            raise NoPage("it does not answer in time") from None
        except ValueError:  # where it leads to is no address
            raise NoPage("it leads nowhere") from None

    def _fetch(self, url: str, until: float) -> bytes:
        host = urlsplit(url).hostname or ""
        for _ in range(_REDIRECTS + 1):
            parts = urlsplit(url)
            if parts.scheme != "https" or parts.port not in (None, 443) or parts.username:
                raise NoPage("it leads to a page without HTTPS")
            if parts.hostname != host:
                raise NoPage(f"it leads elsewhere, to {_shown(parts.hostname or '')}")
            page, onwards = self._one(host, parts.path + (f"?{parts.query}" if parts.query else ""), until)
            if not onwards:
                return page
            url = urljoin(url, onwards)
        raise NoPage("it leads in circles")

    def _one(self, host: str, path: str, until: float) -> tuple[bytes, str]:
        """(the page, "") or (b"", where it leads to)."""
        address, port = self._dial(host)
        connection = _Connection(host, address, port, self._context or trusting(), until - time.monotonic())
        try:
            connection.request("GET", path or "/", headers={"Accept": "text/xml, application/xml"})
            answer = connection.getresponse()
            with answer:
                return self._read(answer, until)
        except (OSError, http.client.HTTPException, ValueError) as broken:  # ssl.SSLError is an OSError
            raise NoPage(why_no_page(broken, "there is no such server")) from None
        finally:
            connection.close()

    @staticmethod
    def _read(answer: http.client.HTTPResponse, until: float) -> tuple[bytes, str]:
        if answer.status in (301, 302, 303, 307, 308):
            return b"", answer.getheader("Location") or "/"
        if answer.status != 200:
            raise NoPage(f"it answers {answer.status}")
        page = b""
        while step := answer.read(_STEP):
            page += step
            if len(page) > MOST:
                raise NoPage(f"it is larger than {MOST} bytes")
            if time.monotonic() > until:
                raise NoPage("it takes too long")
        return page, ""


class _Connection(http.client.HTTPSConnection):
    """To `address`, with the certificate of `host`."""

    def __init__(self, host: str, address: str, port: int, context: ssl.SSLContext, seconds: float) -> None:
        super().__init__(address, port, timeout=max(0.1, seconds), context=context)
        self._named = host
        self._trusts = context

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._trusts.wrap_socket(self.sock, server_hostname=self._named)

    def putrequest(
        self, method: str, url: str, skip_host: bool = False, skip_accept_encoding: bool = False
    ) -> None:
        super().putrequest(method, url, skip_host=True, skip_accept_encoding=True)
        self.putheader("Host", self._named)


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)[:80]
