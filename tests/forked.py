"""scatterclean in processes of their own that are not started from nothing: one that has imported it forks.

Most of what a command costs is the start of Python and the imports, and the tests call hundreds of them.  What runs is
the same: `python -m scatterclean` with its own arguments, environment, directory, files and end.  With
SCATTERCLEAN_FROM_NOTHING=1 each process is started as people start it; so is, always, each command that the pages
of docs/ show (tests/docs): nobody has made its imports before.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Protocol

import scatterclean

ROOT = Path(__file__).parents[1]
COMMAND = (sys.executable, "-m", "scatterclean")
# Python itself reads these, before anything of ours runs.
AT_THE_START = ("PYTHON", "LC_", "LANG", "LD_")
_MOST = 1_000_000  # bytes of a request: arguments and environment


class Process(Protocol):
    """What the tests use of `subprocess.Popen`."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int) -> None: ...
    def kill(self) -> None: ...


def run(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    stdin: bytes = b"",
    cwd: Path | None = None,
    timeout: float = 120,
) -> subprocess.CompletedProcess[bytes]:
    """`python -m scatterclean` to its end, as `subprocess.run` with captured output; `env` is all that it gets."""
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        told.write(stdin)
        told.seek(0)
        process = start(arguments, env=env, files=(told.fileno(), out.fileno(), err.fileno()), cwd=cwd)
        try:
            code = process.wait(timeout)
        except BaseException:
            process.kill()
            process.wait()
            raise
        for file in (out, err):
            file.seek(0)
        return subprocess.CompletedProcess([*COMMAND, *arguments], code, out.read(), err.read())


def start(
    arguments: Sequence[str], *, env: Mapping[str, str], files: tuple[int, int, int], cwd: Path | None = None
) -> Process:
    """`files`: what its standard input, output and error are."""
    if not _can(env):
        return subprocess.Popen(
            [*COMMAND, *arguments], stdin=files[0], stdout=files[1], stderr=files[2], cwd=cwd, env=dict(env)
        )
    os.umask(mask := os.umask(0o077))
    asked = {"arguments": [*arguments], "env": dict(env), "cwd": str(cwd or Path.cwd()), "umask": mask}
    line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        socket.send_fds(_parent()[0], [json.dumps(asked).encode()], [*files, theirs.fileno()])
    return _Forked(line)


def _can(env: Mapping[str, str]) -> bool:
    if sys.platform != "linux" or "SCATTERCLEAN_FROM_NOTHING" in os.environ:
        return False
    return _at_the_start(env) == _parent()[1]


def _at_the_start(env: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in env.items() if k.startswith(AT_THE_START)}


@cache
def _parent() -> tuple[socket.socket, dict[str, str]]:
    """The line to the process that forks, which ends when nobody holds the other side any more; and how it began."""
    line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.forked", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=ROOT,
            start_new_session=True,
        )
    atexit.register(process.wait)
    atexit.register(line.close)
    return line, _at_the_start(os.environ)


class _Forked:
    """A command that runs; `line` tells its number, and later its exit code (negative for a signal)."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self.pid = int(line.recv(100))
        self.returncode: int | None = None

    def poll(self) -> int | None:
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._line], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired([*COMMAND], timeout or 0)
            self.returncode = int(self._line.recv(100))
            self._line.close()
        return self.returncode

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has ended, and how was not told yet
                os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _serve(line: socket.socket) -> None:
    """Returns in a child that has been made ready to be the command; ends with the line."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that wait
    while True:
        request, files, _, _ = socket.recv_fds(line, _MOST, 4)
        if not request:
            os._exit(0)
        if not os.fork():
            break
        for file in files:
            os.close(file)
    line.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # Between the one that forks and the command: it waits for its end, and tells it.
    child = os.fork()
    if child:
        told = socket.socket(fileno=files.pop())
        told.send(str(child).encode())
        for file in files:
            os.close(file)
        told.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())
        os._exit(0)
    os.close(files.pop())
    _become(json.loads(request), files)


def _become(asked: dict[str, object], files: Sequence[int]) -> None:
    for number, file in enumerate(files):
        os.dup2(file, number)
    for file in files:
        if file > 2:
            os.close(file)
    # As Python makes them at its start: what they are on decides.
    sys.stdin = sys.__stdin__ = open(0, closefd=False)  # type: ignore[misc] # noqa: SIM115
    sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)  # type: ignore[misc] # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(  # type: ignore[misc] # noqa: SIM115
        2, "w", buffering=1, errors="backslashreplace", closefd=False
    )
    env, arguments = asked["env"], asked["arguments"]
    assert isinstance(env, dict)
    assert isinstance(arguments, list)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    os.chdir(str(asked["cwd"]))
    os.umask(int(str(asked["umask"])))
    sys.path[0] = str(asked["cwd"])
    sys.argv[1:] = arguments


if __name__ == "__main__":
    for module in pkgutil.walk_packages(scatterclean.__path__, "scatterclean."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    _serve(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_module("scatterclean", run_name="__main__", alter_sys=True)
