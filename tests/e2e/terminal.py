"""The real command on a terminal of its own."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from contextlib import suppress
from pathlib import Path

from tests.cli.program import environment

_TAKES_THE_TERMINAL = (
    "import fcntl, os, signal, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    # In the background of a shell without job control, as CI may run us, SIGINT is ignored by all children.
    "signal.signal(signal.SIGINT, signal.SIG_DFL);"
    "os.execv(sys.executable, [sys.executable, '-m', 'scatterclean', *sys.argv[1:]])"
)


class Terminal:
    """The real command on a terminal of its own, that waits for words and types."""

    def __init__(self, home: Path, *arguments: str, term: str) -> None:
        self._master, slave = pty.openpty()
        self.text = ""
        more = {"HOME": str(home), "TERM": term, "TMPDIR": str(home)}
        env = {k: v for k, v in environment(more).items() if not k.startswith("XDG_")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _TAKES_THE_TERMINAL, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env=env,
        )
        os.close(slave)

    def wait_for(self, words: str) -> None:
        seen = len(self.text)
        until = time.monotonic() + 60
        while words not in " ".join(self.text[seen:].split()):
            assert time.monotonic() < until, self.text
            ready, _, _ = select.select([self._master], [], [], 1)
            if ready:
                try:
                    self.text += os.read(self._master, 4096).decode(errors="replace")
                except OSError:
                    raise AssertionError(self.text) from None

    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    def type(self, line: str) -> None:
        os.write(self._master, f"{line}\n".encode())

    def interrupt(self) -> None:
        """Ctrl-C, and again after a while: one in the moment before the process reads is seen after a key."""
        for _ in range(5):
            os.write(self._master, b"\x03")
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(4)
                return

    def end(self) -> int:
        """Its exit code, once it is gone; 60 seconds are too many."""
        until = time.monotonic() + 60
        with suppress(OSError):
            while time.monotonic() < until:
                if select.select([self._master], [], [], 1)[0]:
                    self.text += os.read(self._master, 4096).decode(errors="replace")
        if self.process.poll() is None and time.monotonic() >= until:
            self.process.send_signal(signal.SIGABRT)
        os.close(self._master)
        return self.process.wait(60)
