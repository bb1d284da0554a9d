"""The exit codes of `scatterclean`, as `scatterclean --help` documents them; it decides none."""

from __future__ import annotations

from typing import Final

DONE: Final = 0
TROUBLE: Final = 1  # trouble in at least one account, the others were done; or the demo failed
USAGE: Final = 2  # click's own code for wrong usage
CONFIG: Final = 3  # configuration missing or broken
DATABASE: Final = 4  # database locked or unusable
BUG: Final = 70  # EX_SOFTWARE of sysexits(3)
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it
READER_GONE: Final = 141  # 128 + SIGPIPE: what `yes | head` gets
TERMINATED: Final = 143  # 128 + SIGTERM


class ReaderGone(Exception):
    """Nobody reads the output any more.  Not an OSError: click would answer that by itself."""


MEANINGS: Final = (
    (DONE, "done"),
    (TROUBLE, "trouble in at least one account (the others were done), or the demo failed"),
    (USAGE, "wrong usage"),
    (CONFIG, "configuration missing or broken"),
    (DATABASE, "database locked or unusable"),
    (BUG, "a bug of scatterclean"),
    (INTERRUPTED, "interrupted (Ctrl-C); what was begun is settled, or will be by the next sweep"),
)
