"""The dashboard as a process of its own, and somebody who speaks HTTP with it over real sockets, byte by byte."""

from __future__ import annotations

import http.client
import os
import pty
import queue
import re
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO
from urllib.parse import urlencode, urlsplit

from tests import forked

LINK = re.compile(r"http://127\.0\.0\.1:(\d+)/enter\?token=(\S+)")
_PATIENCE = 30


@dataclass(frozen=True)
class Said:
    """An answer: status, headers (lower-cased; several Set-Cookie are joined), text."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def location(self) -> str:
        return self.headers.get("location", "")


@dataclass
class Running:
    """The process; `said` is all that it wrote to its two outputs so far."""

    process: forked.Process
    output: TextIO
    keyboard: int
    link: str = ""
    port: int = 0
    said: list[str] = field(default_factory=list)
    _lines: queue.Queue[str] = field(default_factory=queue.Queue)

    @property
    def token(self) -> str:
        return urlsplit(self.link).query.removeprefix("token=")

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def read(self) -> None:
        for line in self.output:
            self.said.append(line)
            self._lines.put(line)
        self._lines.put("")

    def next_link(self) -> str:
        """The next that it prints."""
        while line := self._lines.get(timeout=_PATIENCE):
            if found := LINK.search(line):
                self.link, self.port = found[0], int(found[1])
                return self.link
        raise AssertionError(f"it has ended: {''.join(self.said)}")

    def another_link(self) -> str:
        """Enter in its terminal prints one."""
        os.write(self.keyboard, b"\n")
        return self.next_link()

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        body: Mapping[str, str] | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> Said:
        """One request on a connection of its own; a header that is None is left out."""
        sent: dict[str, str | None] = {"Host": self.host}
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        sent |= headers or {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE)
        data = urlencode(body).encode() if body is not None else None
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, text in sent.items():
            if text is not None:
                connection.putheader(name, text)
        if data is not None and "Content-Length" not in sent:
            connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        said = Said(answer.status, {name.lower(): value for name, value in answer.getheaders()}, text)
        connection.close()
        return said

    def raw(self, data: bytes) -> socket.socket:
        """A connection on which just this was sent."""
        made = socket.create_connection(("127.0.0.1", self.port), timeout=_PATIENCE)
        made.sendall(data)
        return made

    def let_in(self) -> Visitor:
        """Somebody with a browser, who has followed the link."""
        said = self.ask(self.link.partition(self.host)[2])
        assert said.status == 303, said
        return Visitor(self, said.headers["set-cookie"].partition(";")[0])

    def end(self) -> str:
        """Ctrl-C; all that it said."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGINT)
        self.process.wait(_PATIENCE)
        return "".join(self.said)


_FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


@dataclass
class Visitor:
    """A browser without script: it keeps its cookie, and says where its forms come from."""

    running: Running
    cookie: str

    def get(self, path: str, **headers: str | None) -> Said:
        return self.running.ask(path, headers={"Cookie": self.cookie, **headers})

    def post(
        self, path: str, body: Mapping[str, str], headers: Mapping[str, str | None] | None = None
    ) -> Said:
        ours: dict[str, str | None] = {
            "Cookie": self.cookie,
            "Origin": f"http://{self.running.host}",
            "Sec-Fetch-Site": "same-origin",
        }
        return self.running.ask(path, method="POST", body=body, headers={**ours, **(headers or {})})

    def form(self, path: str) -> dict[str, str]:
        """The hidden fields of the first form in the page's own part."""
        page = self.get(path)
        assert page.status == 200, page
        main = page.text.partition("<main")[2].partition("</main>")[0]
        return dict(_FIELD.findall(main))

    def send(self, path: str) -> Said:
        """Confirm at this address, as the person does who presses the button."""
        return self.post(path, self.form(path))


@contextmanager
def running(config: Path, *more: str, env: Mapping[str, str] | None = None) -> Iterator[Running]:
    keyboard, terminal = pty.openpty()
    output, theirs = os.pipe()
    process = forked.start(
        ["--config", str(config), "web", *more],
        env={**os.environ, **(env or {})},
        files=(terminal, theirs, theirs),
    )
    os.close(terminal)
    os.close(theirs)
    made = Running(process, os.fdopen(output, encoding="utf-8"), keyboard)
    reader = threading.Thread(target=made.read, daemon=True)
    reader.start()
    try:
        made.next_link()
        yield made
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        reader.join()
        os.close(keyboard)
        made.output.close()
    assert "Traceback" not in "".join(made.said), "".join(made.said)
    assert "a bug of scatterclean" not in "".join(made.said), "".join(made.said)
