"""The way in by a browser on this machine (RFC 8252, 7.3): a listener on the loopback that takes one answer.

It listens on 127.0.0.1 alone, at a port that nobody knows before.  It answers with a fixed text and sends nobody
anywhere; what does not carry our `state` is turned away and changes nothing.
"""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import parse_qs, urlsplit

from scatterclean.errors import LoginRefused
from scatterclean.oauth.asking import Asking, Grant

PATIENCE = 600.0  # seconds; second factors take a while
_SILENCE = 10.0  # seconds that one connection may be silent: browsers open some for later
_BEAT = 0.2
_DONE = "You can close this page now and go back to scatterclean.\n"
_NOT_YET = "This is not the answer that scatterclean waits for.\n"


def by_browser(
    asking: Asking,
    username: str,
    *,
    show: Callable[[str], None],
    port: int = 0,
    patience: float = PATIENCE,
) -> Grant:
    """`show` is given the address that the person has to open.  Raises LoginRefused, and what `exchange` does."""
    answers: SimpleQueue[dict[str, str]] = SimpleQueue()
    listener = _listener(asking.account, port)
    redirect = f"http://{asking.client.redirect}:{listener.server_address[1]}/"
    invitation = asking.invitation(redirect, username)
    listener.expect(invitation.state, answers)
    thread = threading.Thread(target=listener.serve_forever, args=(_BEAT,), daemon=True, name="login")
    thread.start()
    try:
        show(invitation.url)
        told = _wait(answers, patience, asking)
    finally:
        listener.shutdown()
        listener.server_close()
    if error := told.get("error"):
        raise asking.refusal(asking.client.authorization_endpoint, error, told.get("error_description", ""))
    return asking.exchange(told["code"], invitation, redirect)


def _wait(answers: SimpleQueue[dict[str, str]], patience: float, asking: Asking) -> dict[str, str]:
    until = time.monotonic() + patience
    while (left := until - time.monotonic()) > 0:
        try:  # in pieces: Ctrl-C is heard between them
            return answers.get(timeout=min(left, 1.0))
        except Empty:
            continue
    raise LoginRefused(
        f"{asking.account}: no answer came from the browser",
        hint=f"Try again: {asking.again}. On a machine without a browser, --port tells how.",
    )


def _listener(account: str, port: int) -> _Listener:
    try:
        return _Listener(("127.0.0.1", port), _Request)
    except OSError as taken:
        raise LoginRefused(
            f"{account}: nothing can listen on 127.0.0.1, port {port}: {taken.strerror}",
            hint="Name another one with --port, or none.",
        ) from None


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = False
    block_on_close = False

    def expect(self, state: str, answers: SimpleQueue[dict[str, str]]) -> None:
        self._state = state
        self._answers: SimpleQueue[dict[str, str]] | None = answers
        self._once = threading.Lock()

    def take(self, query: str) -> bool:
        """Is it the answer?  The first one that is; later ones are none."""
        told = {name: values[0] for name, values in parse_qs(query).items() if len(values) == 1}
        # Both compared as bytes: what comes may be any text.
        ours = hmac.compare_digest(told.get("state", "").encode(), self._state.encode())
        if not ours or not (told.get("code") or told.get("error")):
            return False
        with self._once:
            answers, self._answers = self._answers, None
        if answers is None:
            return False
        answers.put(told)
        return True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is nobody's business; the usual traceback would show the code."""


class _Request(BaseHTTPRequestHandler):
    server: _Listener
    timeout = _SILENCE
    server_version = "scatterclean"
    sys_version = ""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        taken = parts.path == "/" and self.server.take(parts.query)
        text = (_DONE if taken else _NOT_YET).encode()
        self.send_response(200 if taken else 404)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """The address that was asked for holds the code."""
