"""A path that the person names -> what it is, by its content, and the records of sent mail in it.

It changes nothing, and believes of each copy that it was sent: the person says so.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, cast

from scatterclean.errors import PersonCanMend, Reach
from scatterclean.model import SentMessage
from scatterclean.outbox import logs
from scatterclean.outbox.copies import HEADER_CAP, sent_copy
from scatterclean.outbox.files import begins_like_mail, is_maildir, messages, printable

_GZIP = b"\x1f\x8b"
_START = 64 * 1024

Owns = Callable[[str], bool]


class What(StrEnum):
    """What a path is; the values are words for people."""

    MESSAGE = "a message"
    MBOX = "an mbox"
    MAILDIR = "a Maildir"
    DIRECTORY = "a directory"
    POSTFIX = "a Postfix log"
    EXIM = "an Exim log"


class NothingToImport(PersonCanMend):
    """A path that cannot be read, or is neither mail nor the log of a mail server."""

    reach = Reach.FOLDER


@dataclass(slots=True)
class Found:
    """What was found in a path; the numbers grow while `read` goes on.

    `own`: how many of `messages` are from an address of the person.  `troubles`: sentences for the person.
    """

    path: Path
    what: What
    messages: int = 0
    own: int = 0
    troubles: list[str] = field(default_factory=list)


def recognise(path: Path) -> Found:
    """Raises NothingToImport."""
    shown = printable(path)
    try:
        if path.is_dir():
            return Found(path, What.MAILDIR if is_maildir(path) else What.DIRECTORY)
        if not path.exists():
            raise NothingToImport(f"{shown}: there is no such file", hint="Is its name spelled right?")
        if not path.is_file():  # it is opened more than once; and nobody may ever write into it
            raise NothingToImport(
                f"{shown} is neither a file nor a directory",
                hint="Save what comes out of a pipe in a file first.",
            )
        with _opened(path) as file:
            start = file.read(_START)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise NothingToImport(
            f"{shown} cannot be read: {_said(error)}", hint="May this user read it?"
        ) from error
    packed = path_is_packed(path)
    if not packed and begins_like_mail(start):
        single = path.suffix.lower() == ".eml" or not start.startswith(b"From ")
        return Found(path, What.MESSAGE if single else What.MBOX)
    for what, is_log in ((What.POSTFIX, logs.is_postfix), (What.EXIM, logs.is_exim)):
        if is_log(start):
            return Found(path, what)
    raise NothingToImport(
        f"{shown} is {'compressed, and no mail log' if packed else 'neither mail nor a mail log'}",
        hint="What can be imported: a message (.eml), an mbox, a Maildir, a directory of these, and the log of "
        "Postfix (mail.log) or Exim (mainlog), also as .gz."
        + (" Unpack other files first." if packed else ""),
    )


def path_is_packed(path: Path) -> bool:
    """Is it a file of gzip?  Raises OSError."""
    with path.open("rb") as file:
        return file.read(2) == _GZIP


def read(found: Found, owns: Owns) -> Iterator[SentMessage]:
    """The records, one at a time.  From addresses that are not the person's are left out: they teach nothing."""
    records = _logged(found, owns) if found.what in (What.POSTFIX, What.EXIM) else _copies(found)
    for record in records:
        own = record.sender is not None and owns(record.sender)
        found.messages += 1
        found.own += own
        yield record if own else record._replace(sender=None)


def _copies(found: Found) -> Iterator[SentMessage]:
    for message in messages([found.path], cap=HEADER_CAP):
        if message.error:
            found.troubles.append(f"{message.file} cannot be read: {message.error}")
        elif not message.raw.strip():
            found.troubles.append(f"{message.file} is empty")
        else:
            yield sent_copy(message)


def _logged(found: Found, owns: Owns) -> Iterator[SentMessage]:
    reader = logs.postfix if found.what is What.POSTFIX else logs.exim
    try:
        written = datetime.fromtimestamp(found.path.stat().st_mtime, UTC)
        with _opened(found.path) as file:
            yield from reader(iter(lambda: file.readline(logs.LONGEST_LINE), b""), owns, written)
    except (OSError, EOFError, zlib.error) as error:
        found.troubles.append(f"{printable(found.path)} cannot be read to its end: {_said(error)}")


def _opened(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path_is_packed(path) else path.open("rb")


def _said(error: Exception) -> str:
    strerror = error.strerror if isinstance(error, OSError) else None
    return strerror or (
        "it is damaged" if isinstance(error, (EOFError, zlib.error, OSError)) else "no such file"
    )
