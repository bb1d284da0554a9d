"""Whose program is at the other end of a connection on this machine, as far as the system tells.

A link stands on the command line of the browser that is opened with it, where other users of the machine can read it:
so it lets in its own user alone.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_LOCAL, _UID = 1, 7


def a_stranger(address: str, port: int) -> bool:
    """Does this end of a connection belong to another user, and not to root, who may see everything anyway?

    False where it cannot be told: Linux alone keeps such a table (proc(5), /proc/net/tcp)."""
    owner = owner_of(address, port)
    return owner is not None and owner not in (0, os.geteuid())


def owner_of(address: str, port: int) -> int | None:
    """The user whose socket has this local address."""
    with suppress(OSError, ValueError, IndexError):
        wanted = _as_the_kernel_writes(ip_address(address), port)
        for table in _TABLES:
            for line in Path(table).read_text("ascii").splitlines()[1:]:
                fields = line.split()
                if fields[_LOCAL] in wanted:
                    return int(fields[_UID])
    return None


def _as_the_kernel_writes(address: IPv4Address | IPv6Address, port: int) -> tuple[str, ...]:
    """In words of 32 bits of the machine's own order; one of IPv4 may be used by a socket of IPv6."""
    spelled = [address.packed]
    if isinstance(address, IPv4Address):
        spelled.append(socket.inet_pton(socket.AF_INET6, f"::ffff:{address}"))
    order = "<" if sys.byteorder == "little" else ">"
    return tuple(
        "".join(f"{word:08X}" for word in struct.unpack(f"{order}{len(raw) // 4}I", raw)) + f":{port:04X}"
        for raw in spelled
    )
