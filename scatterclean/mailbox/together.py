"""Several commands in one write, their answers read in whatever order they come: one round trip instead of many.

RFC 3501, 5.5: a server may work at several commands at once.  So only commands go together that change nothing, that
do not need the effect of one another, and whose untagged answers tell what they are about: never SELECT, EXAMINE or
UNSELECT (Twisted's server answers BAD to what is sent behind a SELECT: twisted/twisted issue 9282), LIST once, STATUS
once for each folder.  It decides for no command whether it is wanted.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from scatterclean.mailbox.answers import Answer, Record
from scatterclean.mailbox.connection import Connection

_HARMLESS = frozenset({b"CAPABILITY", b"ID", b"LIST", b"NAMESPACE", b"STATUS"})
# Not every server bears it (mbsync lets people switch it off: PipelineDepth 1).  One that broke the connection when
# it was asked so for the first time, or said BAD, gets its commands one by one for so long.
_ALONE = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Answers:
    """`tagged`: the tagged lines, in the order of asking; `untagged`: all others, whichever command they belong to."""

    tagged: Sequence[Answer]
    untagged: Mapping[str, Sequence[Record]]

    @property
    def refused(self) -> bool:
        """Did the server not even understand one of them?"""
        return any(answer.status == "BAD" for answer in self.tagged)


@dataclass(slots=True, eq=False)
class Manners:
    """What is known of one server: does it bear to be asked several things at once?"""

    alone_until: float = field(default=float("-inf"))

    @property
    def alone(self) -> bool:
        """Is it to be asked one thing at a time?"""
        return time.monotonic() < self.alone_until

    def dislikes_it(self) -> None:
        self.alone_until = time.monotonic() + _ALONE


@lru_cache(maxsize=1024)
def manners_of(where: str) -> Manners:
    """One for the life of the process; `where` is host:port.  Forgotten, it costs one connection more."""
    return Manners()


def ask_together(connection: Connection, commands: Sequence[Sequence[bytes]], keep: int = 2**16) -> Answers:
    """Each command is (name, arguments).  Raises what `Connection.ask` does: then the connection is out of step."""
    if not all(name in _HARMLESS for name, *_ in commands):
        raise AssertionError(
            "a command that has to be waited for"
        )  # not ValueError: that is what servers cause
    tags = connection.post_all(commands)
    connection.expect(keep)
    untagged: dict[str, list[Record]] = {}
    tagged = []
    for tag in tags:
        answer = connection.end(tag)
        for kind, records in answer.untagged.items():
            untagged.setdefault(kind, []).extend(records)
        tagged.append(answer)
    return Answers(tagged, untagged)
