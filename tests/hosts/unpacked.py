"""Where `.ci/servers` has unpacked the servers, and how their programs are run from there; it starts none."""

from __future__ import annotations

import getpass
import os
import pwd
import socket
import tempfile
from pathlib import Path

HOST = "127.0.0.1"


class HostBroken(RuntimeError):
    """A server did not start as it should; the text holds what it said."""


def unpacked() -> Path:
    """The folder; whether anything is in it is another question.  The same rule as in `.ci/servers`."""
    told = os.environ.get("SCATTERCLEAN_SERVERS")
    if told:
        return Path(told)
    if os.geteuid() == 0:
        return Path("/var/cache/scatterclean-servers")
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "scatterclean-servers"


def find(program: str) -> Path | None:
    """A program by its path below `unpacked`, or None."""
    found = unpacked() / program
    return found if os.access(found, os.X_OK) else None


def environment() -> dict[str, str]:
    """For the programs there: they find their libraries, and no fsync of theirs waits for a disk."""
    found = sorted(unpacked().rglob("*.so*"))
    return {
        "PATH": os.environ["PATH"],
        "LD_LIBRARY_PATH": os.pathsep.join(sorted({str(path.parent) for path in found})),
        "LD_PRELOAD": next(str(path) for path in found if path.name == "libeatmydata.so"),
    }


def owner() -> pwd.struct_passwd:
    """Who owns the mail and runs the servers: oneself, or nobody if one is root (neither server runs as root)."""
    return pwd.getpwnam("nobody" if os.geteuid() == 0 else getpass.getuser())


def new_base() -> Path:
    """A directory for everything; short, because the paths of sockets may have 107 characters."""
    base = Path(tempfile.mkdtemp(prefix="sc-"))
    give(base)
    return base


def make(folder: Path) -> Path:
    """A folder that the server may write to, with all above it that is not there yet."""
    if not folder.exists():
        make(folder.parent)
        folder.mkdir()
        give(folder)
    return folder


def give(path: Path) -> None:
    """To the owner of the mail."""
    if os.geteuid() == 0:
        os.chown(path, owner().pw_uid, owner().pw_gid)


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.socket() as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])
