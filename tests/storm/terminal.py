"""scatterclean on a terminal of a chosen size, as a person sits before it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.cli.program import COMMAND, environment

# CSI and OSC sequences, and what else a terminal obeys.
_OBEYED = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[=>()][0-9A-Z]?|\r")
_LONG = 60.0
# The first terminal that the first process of a session opens becomes its controlling one.
_ON_IT = 'exec "$@" <"$0" >"$0" 2>&1'


class Terminal:
    """What was written to it so far is `seen`; `text` is that without what a terminal obeys."""

    def __init__(self, control: int, other: int, process: subprocess.Popen[bytes]) -> None:
        self._control = control
        self._other: int | None = (
            other  # kept until the program has opened it itself, or what is read ends too soon
        )
        self._process = process
        self._open = True
        self.raw = b""

    @property
    def text(self) -> str:
        return _OBEYED.sub("", self.raw.decode("utf-8", "replace"))

    def shows(self, words: str, *, after: int = 0) -> None:
        """Waits until the words, or more than `after` characters of text before them, were written."""
        while words not in self.text[after:]:
            assert self._more(), f"{words!r} was never shown:\n{self.text[after:]}"

    def _more(self) -> bool:
        if not select.select([self._control], [], [], _LONG)[0]:
            return False
        with suppress(OSError):  # EIO: the program closed its terminal
            more = os.read(self._control, 65536)
            if self._other is not None:
                os.close(self._other)
                self._other = None
            self.raw += more
            return bool(more)
        return False

    def type(self, keys: str) -> None:
        os.write(self._control, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        _resize(self._control, columns, lines)
        self._process.send_signal(signal.SIGWINCH)

    def close(self) -> None:
        """As when the window is closed."""
        if self._open:
            self._open = False
            os.close(self._control)
            if self._other is not None:
                os.close(self._other)

    def ends(self) -> int:
        """Its exit code, when it has written all; `_LONG` is too long, also for what writes all the time."""
        until = time.monotonic() + _LONG
        while self._open and self._more():
            assert time.monotonic() < until, f"it does not end:\n{self.text[-2000:]}"
        return self._process.wait(_LONG)


def _resize(control: int, columns: int, lines: int) -> None:
    fcntl.ioctl(control, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


@contextmanager
def terminal(
    config: Path,
    *arguments: str,
    columns: int = 80,
    lines: int = 24,
    env: Mapping[str, str] | None = None,
) -> Iterator[Terminal]:
    """The program on a new terminal of its own, which is its controlling one: Ctrl-C works as everywhere."""
    control, other = pty.openpty()
    _resize(control, columns, lines)
    process = subprocess.Popen(
        ["/bin/sh", "-c", _ON_IT, os.ttyname(other), *COMMAND, "--config", str(config), *arguments],
        env=environment({"TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **(env or {})}),
        start_new_session=True,
    )
    there = Terminal(control, other, process)
    try:
        yield there
    finally:
        there.close()
        process.kill()
        process.wait()
