"""Stands before the token endpoint: passes everything on, and notes what was asked and every secret that went by."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import ClassVar


class Counter:
    """A context manager.  `asked` are the grant types, `secrets` all tokens, codes and verifiers;
    `latest` is the last of each that was issued, by its name in RFC 6749.

    With `down` it breaks off every connection; with `busy` it asks for patience.
    """

    def __init__(self, target: str) -> None:
        self.asked: list[str] = []
        self.secrets: list[str] = []
        self.latest: dict[str, str] = {}
        self.down = False
        self.busy = False
        counter = self

        class Passing(BaseHTTPRequestHandler):
            hidden: ClassVar = ("refresh_token", "code", "code_verifier", "device_code", "access_token")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                form = dict(urllib.parse.parse_qsl(body.decode()))
                counter.asked.append(form.get("grant_type", "").rpartition(":")[2])
                counter.secrets += [form[name] for name in self.hidden if name in form]
                if counter.down:
                    self.close_connection = True
                    return
                if counter.busy:
                    status, answer = 503, b"<html>overloaded</html>"
                else:
                    request = urllib.request.Request(target, body)
                    try:
                        with urllib.request.urlopen(request, timeout=20) as reply:
                            status, answer = reply.status, reply.read()
                    except urllib.error.HTTPError as refused:
                        status, answer = refused.code, refused.read()
                    told = json.loads(answer)
                    issued = {name: str(told[name]) for name in self.hidden if name in told}
                    counter.secrets += issued.values()
                    counter.latest |= issued
                self.send_response(status)
                if counter.busy:
                    self.send_header("Retry-After", "1800")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Passing)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/token"

    def __enter__(self) -> Counter:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def nothing_of_it_in(self, *texts: str) -> None:
        """No token, code or verifier is in any of the texts, nor how SASL carries it."""
        assert self.secrets, "nothing was asked for: this would pass for nothing"
        for text in texts:
            for secret in self.secrets:
                assert len(secret) > 8
                assert secret not in text
                assert secret[len(secret) // 2 :] not in text  # cut, or the end of something in base64
            assert "auth=Bearer" not in text
            assert "AUTHENTICATE XOAUTH2 " not in text
            assert "AUTHENTICATE OAUTHBEARER " not in text
