"""Whose program is at the other end of a connection on this machine, as far as the system tells.

A link stands on the command line of the browser that is opened with it, where other users of the machine can read it:
so it lets in its own user alone.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from ipaddress import IPv4Address, ip_address
from pathlib import Path

_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_LOCAL, _REMOTE, _STATE, _UID = 1, 2, 3, 7
_ESTABLISHED = "01"
# The table changes while it is read: once in a while a row is missed.
_LOOKS = 3
# Whoever it was has closed the connection.
GONE = -1

Address = tuple[str, int]
# The other end of a socket that listens.
_ANYBODY = {False: ("0.0.0.0", 0), True: ("::", 0)}  # noqa: S104 - nothing is bound to it


def a_stranger(theirs: Address, ours: Address) -> bool:
    """Does the end `theirs` of a connection to `ours` belong to another user, and not to root, who may see everything
    anyway?

    False where it cannot be told: Linux alone keeps such a table (proc(5), /proc/net/tcp)."""
    owner = owner_of(theirs, ours)
    return owner is not None and owner not in (0, os.geteuid())


def owner_of(theirs: Address, ours: Address) -> int | None:
    """The user whose socket it is; GONE; None where it cannot be told.

    Other connections may begin at the same address, also ones that were closed; of what is closed the kernel names
    root as the owner, whose ever it was."""
    for _ in range(_LOOKS):
        try:
            table = dict(_rows())
        except OSError:  # no file can be opened any more
            return GONE
        found = _end(table, theirs, ours)
        if found is not None:
            state, owner = found
            return owner if owner or state == _ESTABLISHED else GONE
        if _end(table, ours, theirs) is None and _end(table, ours, _ANYBODY[":" in ours[0]]) is None:
            return None  # nor do we listen there: the table is not that of this connection
    return GONE


_Ends = tuple[str, str]
_Told = tuple[str, int]


def _rows() -> Iterator[tuple[_Ends, _Told]]:
    """(local address, remote address), (state, owner)."""
    for table in _TABLES:
        with suppress(FileNotFoundError, PermissionError, ValueError, IndexError):
            for line in Path(table).read_text("ascii").splitlines()[1:]:
                fields = line.split()
                yield (fields[_LOCAL], fields[_REMOTE]), (fields[_STATE], int(fields[_UID]))


def _end(table: Mapping[_Ends, _Told], local: Address, remote: Address) -> _Told | None:
    spelled = zip(_as_the_kernel_writes(*local), _as_the_kernel_writes(*remote), strict=True)
    return next((table[ends] for ends in spelled if ends in table), None)


def _as_the_kernel_writes(text: str, port: int) -> tuple[str, ...]:
    """In words of 32 bits of the machine's own order; one of IPv4 may be used by a socket of IPv6."""
    address = ip_address(text)
    spelled = [address.packed]
    if isinstance(address, IPv4Address):
        spelled.append(socket.inet_pton(socket.AF_INET6, f"::ffff:{address}"))
    order = "<" if sys.byteorder == "little" else ">"
    return tuple(
        "".join(f"{word:08X}" for word in struct.unpack(f"{order}{len(raw) // 4}I", raw)) + f":{port:04X}"
        for raw in spelled
    )
