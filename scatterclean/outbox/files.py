"""Paths -> messages, one at a time and in order: files, mboxes, Maildirs, directories of them, standard input.

It reads no further than it must, keeps one message in memory, changes nothing (Maildir flags and `new` stay as
they are), and does not look into what it reads.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from scatterclean.dates import date_in

# No mail system in use takes larger messages by default (Gmail 25 MB, Exchange Online 150 MB at most); what a
# bounce returns stands in front.
CAP = 50 * 1024 * 1024

STDIN = Path("-")
_CHUNK = 64 * 1024

# The line in front of each message of an mbox (RFC 4155): sender, asctime() date, perhaps a zone or "remote from".
_FROM = re.compile(rb"From .*\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b.*\d\d?:\d\d")
_LOOSE_FROM = re.compile(rb"From ")
_MONTHS = b"Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_ASCTIME = re.compile(rb"\b(" + _MONTHS + rb") +(\d\d?) +(\d\d?:\d\d(?::\d\d)?)(.{0,20}?) (\d{4})\b")
_QUOTED_FROM = re.compile(rb">+From ")

# In a directory, a file with another name counts if it begins like a message.
_MESSAGE_NAMES = (".eml", ".mbox", ".mbx")
_MESSAGE_START = re.compile(
    rb"(?:[A-Za-z][A-Za-z0-9-]{0,75}[ \t]*:[^\r\n]*(?:\r\n|\n|\r)(?:[ \t][^\r\n]*(?:\r\n|\n|\r))*){0,60}?"
    rb"(?i:from|to|subject|date|received|return-path|message-id|delivered-to|mime-version|content-type)[ \t]*:"
)
_MAILDIR_TIME = re.compile(r"(\d{9,10})\.")


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it was found.  `raw` has no mbox line in front.

    `complete` is False if it was cut.  `stamped` is what its place says of the time of its arrival (the
    mbox line, the name of a Maildir file).  `error` is why it could not be read; then `raw` is empty.
    """

    file: str
    raw: bytes = b""
    complete: bool = True
    stamped: datetime | None = None
    error: str = ""


def messages(
    paths: Iterable[Path], stdin: BinaryIO | None = None, *, cap: int | None = None
) -> Iterator[Message]:
    """Every message, in the order of `paths`, sorted by name inside of directories; `-` is `stdin`.

    What cannot be read yields a Message with an error.  Of each message the first `cap` bytes are read
    (None: CAP).
    """
    cap = CAP if cap is None else cap
    for path in paths:
        if path == STDIN and stdin is not None:
            yield from _named("-", stdin, single=False, cap=cap)
        else:
            yield from _at(path, given=True, cap=cap)


def _at(path: Path, *, given: bool, cap: int) -> Iterator[Message]:
    """`given`: the person named this path, so whatever it is counts, and links are followed."""
    try:
        mode = path.stat().st_mode if given else path.lstat().st_mode
        if stat.S_ISLNK(mode) and path.is_file():
            mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            yield from _directory(path, cap)
        elif stat.S_ISREG(mode):
            with path.open("rb") as file:
                if given or path.suffix.lower() in _MESSAGE_NAMES or _looks_like_mail(file):
                    yield from _named(printable(path), file, single=path.suffix.lower() == ".eml", cap=cap)
        elif given:
            yield Message(printable(path), error="is neither a file nor a directory")
    except (OSError, ValueError) as error:  # ValueError: NUL in the name
        yield Message(printable(path), error=_said(error))


def _directory(path: Path, cap: int) -> Iterator[Message]:
    if is_maildir(path):
        for part in ("cur", "new"):
            yield from _maildir(path / part, cap)
        return
    for entry in sorted(entry.name for entry in os.scandir(path)):
        if not entry.startswith("."):
            yield from _at(path / entry, given=False, cap=cap)


def _maildir(path: Path, cap: int) -> Iterator[Message]:
    """Maildir(5): every file in it is one message, whatever is in it; flags behind the colon do not count."""
    try:
        names = sorted(entry.name for entry in os.scandir(path) if not entry.name.startswith("."))
    except FileNotFoundError:
        return
    for name in names:
        file = path / name
        try:
            if not stat.S_ISREG(file.stat().st_mode):
                continue
            with file.open("rb") as opened:
                delivered = _MAILDIR_TIME.match(name)
                stamped = datetime.fromtimestamp(int(delivered[1]), UTC) if delivered else None
                yield from _named(printable(file), opened, single=True, cap=cap, stamped=stamped)
        except OSError as error:  # moved to another name since by a mail program, perhaps
            yield Message(printable(file), error=_said(error))


def _looks_like_mail(file: BinaryIO) -> bool:
    start = file.read(4096)
    file.seek(0)
    return begins_like_mail(start)


def is_maildir(path: Path) -> bool:
    """Has this directory the shape of a Maildir?  Some tools leave out the empty ones of its three parts."""
    return (path / "cur").is_dir() and ((path / "new").is_dir() or (path / "tmp").is_dir())


def begins_like_mail(start: bytes) -> bool:
    """Are the first few kB of a file those of a message or an mbox?"""
    return bool(_FROM.match(start) or _MESSAGE_START.match(start))


def _named(
    name: str, file: BinaryIO, *, single: bool, cap: int, stamped: datetime | None = None
) -> Iterator[Message]:
    """The message in `file`, or the messages if it is an mbox.  `single`: it is one message in any case."""
    first = file.readline(_CHUNK)
    if first.startswith(b"From ") and not single:
        yield from _mbox(name, first, file, cap)
        return
    if first.startswith(b"From "):
        stamped = stamped or _asctime(first)
        first = b""
    pieces = [first]
    room = max(cap - len(first), 0)
    while room and (chunk := file.read(min(_CHUNK * 16, room))):
        pieces.append(chunk)
        room -= len(chunk)
    yield Message(name, b"".join(pieces), complete=bool(room) or not file.read(1), stamped=stamped)


def _mbox(name: str, first: bytes, file: BinaryIO, cap: int) -> Iterator[Message]:
    """RFC 4155 and its relatives: a From line counts at the start and behind a blank line.

    One ">" of ">From " is taken away (mboxrd).  Content-Length is not believed: it is wrong too often.
    """
    separator = _FROM if _FROM.match(first) else _LOOSE_FROM
    number = 1
    stamped = _asctime(first)
    pieces: list[bytes] = []
    size = 0
    line_starts = True
    blank = False
    while line := file.readline(_CHUNK):
        if line_starts and blank and separator.match(line):
            yield _one_of(name, number, pieces, size, stamped, cap)
            number, stamped, pieces, size, blank = number + 1, _asctime(line), [], 0, False
            continue
        blank = line_starts and line in (b"\n", b"\r\n")
        if line_starts and line.startswith(b">") and _QUOTED_FROM.match(line):
            line = line[1:]
        line_starts = line.endswith(b"\n")
        if size <= cap:
            pieces.append(line)
            size += len(line)
    yield _one_of(name, number, pieces, size, stamped, cap)


def _one_of(  # noqa: PLR0917 - one caller, and all of it is needed
    name: str, number: int, pieces: list[bytes], size: int, stamped: datetime | None, cap: int
) -> Message:
    raw = b"".join(pieces)
    return Message(f"{name}#{number}", raw[:cap], complete=size <= cap, stamped=stamped)


def _asctime(line: bytes) -> datetime | None:
    """The date of an mbox line, in UTC (RFC 4155)."""
    match = _ASCTIME.search(line[:500])
    if match is None:
        return None
    month, day, time, zone, year = (part.decode("ascii", "replace").strip() for part in match.groups())
    return date_in(f"{day} {month} {year} {time} {zone or '+0000'}")


def printable(path: Path) -> str:
    """The path as UTF-8 text; bytes that are none are shown as escapes."""
    return os.fsencode(path).decode("utf-8", errors="backslashreplace")


def _said(error: OSError | ValueError) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else "no such file"
