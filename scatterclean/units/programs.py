"""The port for running the machine's programs (systemctl, launchctl, journalctl), and the real one."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from typing import Protocol

# A manager that does not answer for so long (seconds) is one that is not there.
_LIMIT = 120.0


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended, and what it said."""

    code: int
    out: str = ""
    said: str = ""

    @property
    def well(self) -> bool:
        return self.code == 0


class Programs(Protocol):
    """What this room needs of the machine's programs."""

    def path(self, name: str) -> str | None:
        """Where it is; None: nowhere."""

    def run(self, *words: str) -> Ran:
        """To its end, without input.  A program that is not there ends with 127, as in shells; one that does not
        end in two minutes with 124."""

    def show(self, *words: str) -> int:
        """With the terminal as its own; the exit code."""


class RealPrograms:
    """Those of $PATH."""

    def path(self, name: str) -> str | None:
        return shutil.which(name)

    def run(self, *words: str) -> Ran:
        try:
            done = subprocess.run(  # noqa: S603 - words of ours
                words, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LIMIT, check=False
            )
        except OSError as error:
            return Ran(127, "", f"{words[0]}: {error.strerror}")
        except subprocess.TimeoutExpired:
            return Ran(124, "", f"{words[0]} did not end in {_LIMIT:g} s")
        return Ran(done.returncode, _text(done.stdout), _text(done.stderr))

    def show(self, *words: str) -> int:
        try:
            return subprocess.run(words, check=False).returncode  # noqa: S603 - words of ours
        except OSError:
            return 127


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").strip()
