"""Records of sent mail that wait for the log, in files beside the database.  It opens no database.

The database has one writer, which may be the daemon: whoever learns of sent mail meanwhile (`scatterclean import`, the
sendmail wrapper) leaves it here.  A file is there as a whole or not at all: it is written under another name, brought
to the disk, and renamed.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from scatterclean.errors import DatabaseUnusable
from scatterclean.model import MAX_ID, MAX_SUBJECT, MessageId, SentMessage
from scatterclean.sent import MOST_RECIPIENTS

# A file is read as a whole, and taken over in one transaction.
MOST_MESSAGES = 500
_MOST_BYTES = 4 * 1024 * 1024
# A message with MOST_RECIPIENTS of the longest addresses stands alone in a file that is larger than that.
_LARGEST = 16 * 1024 * 1024
_MOST_IDS = 1000
_LONGEST = 1024  # characters of an address or a fingerprint

_END = ".jsonl"
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_FORM = 1


@dataclass(frozen=True, slots=True)
class Spooled:
    """A file of the spool.  `damage` says what is wrong with it ("": nothing); `messages` are those that are whole."""

    path: Path
    messages: tuple[SentMessage, ...]
    damage: str = ""


def folder_of(database: Path) -> Path:
    """Where the spool of a database is.  Two names of one file (a symbolic link) have one spool."""
    real = database.resolve()
    return real.with_name(real.name + ".outbox")


def put(database: Path, account: str, messages: Iterable[SentMessage]) -> int:
    """Leave records for the account; how many there were.  They are on the disk when this returns.

    A large number is written in several files, as it comes: if this is interrupted the first of them stay, which
    harms nothing, for the log knows a message that is recorded again.  Raises DatabaseUnusable.
    """
    folder = folder_of(database)
    number = 0
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines: list[bytes] = []
        size = 0
        for message in messages:
            line = _line(message)
            if lines and (len(lines) >= MOST_MESSAGES or size + len(line) > _MOST_BYTES):
                _write(folder, account, lines)
                lines, size = [], 0
            lines.append(line)
            size += len(line)
            number += 1
        if lines:
            _write(folder, account, lines)
    except OSError as error:
        raise DatabaseUnusable(
            f"{folder} cannot be written: {error.strerror or type(error).__name__}",
            hint="What was sent is kept there until the log takes it over. Is it yours, and is there room on the disk?",
        ) from error
    return number


def pending(database: Path, account: str) -> Iterator[Spooled]:
    """The files that wait for this account, oldest first.  Nothing is changed; damaged ones are told too."""
    folder = folder_of(database)
    start = _stem(account) + "."
    try:
        names = sorted(entry.name for entry in os.scandir(folder))
    except FileNotFoundError:
        return
    except OSError as error:
        yield Spooled(folder, (), error.strerror or type(error).__name__)
        return
    for name in names:
        if name.startswith(start) and name.endswith(_END):
            found = _read(folder / name, account)
            if found is not None:
                yield found


def remove(spooled: Spooled) -> None:
    """What the log has taken over.  Raises OSError."""
    spooled.path.unlink(missing_ok=True)


def _stem(account: str) -> str:
    """Safe as a name on every file system, also on those to which "Home" and "home" are one; told apart by a digest."""
    readable = _NOT_IN_NAMES.sub("-", account.lower())[:40].strip("-")
    digest = blake2b(account.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{readable or 'account'}-{digest}"


def _write(folder: Path, account: str, lines: Sequence[bytes]) -> None:
    name = f"{_stem(account)}.{time.time_ns():020d}.{secrets.token_hex(6)}{_END}"
    head = json.dumps({"form": _FORM, "account": account, "messages": len(lines)}).encode() + b"\n"
    temporary = folder / f".{name}.new"
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(file, "wb") as opened:
            opened.write(head + b"".join(lines))
            opened.flush()
            os.fsync(opened.fileno())
        temporary.rename(folder / name)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    directory = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _read(path: Path, account: str) -> Spooled | None:
    """None if it went away meanwhile."""
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        return Spooled(path, (), error.strerror or type(error).__name__)
    if len(raw) > _LARGEST:
        return Spooled(path, (), "larger than any file of the spool")
    first, *rest = raw.split(b"\n")
    try:
        head = json.loads(first)
        number = int(head["messages"])
        if head["form"] != _FORM or head["account"] != account:
            return Spooled(path, (), "its first line is that of another account or version")
    except (ValueError, TypeError, KeyError, RecursionError):
        return Spooled(path, (), "its first line is not ours")
    messages = []
    for line in rest:
        try:
            messages.append(_message(json.loads(line)))
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            continue  # counted below
    whole = len(messages) == number and rest[-1:] == [b""]
    return Spooled(path, tuple(messages), "" if whole else f"{len(messages)} of {number} records can be read")


# --- a record as a line of JSON ---------------------------------------------------------------------------


def _line(message: SentMessage) -> bytes:
    """ASCII, so that lone surrogates of odd headers survive."""
    form = {
        "fingerprint": message.fingerprint,
        "ids": [an_id.text for an_id in message.ids[:_MOST_IDS]],
        "sender": message.sender,
        "recipients": message.recipients[:MOST_RECIPIENTS],
        "subject": message.subject,
        "sent_at": message.sent_at.isoformat(),
        "filed_at": message.filed_at.isoformat(),
        "dated": message.dated,
    }
    return json.dumps(form).encode() + b"\n"


def _message(form: Any) -> SentMessage:
    """Raises what Python raises for another form: ValueError, TypeError, KeyError, AttributeError ..."""
    sender, subject = form["sender"], form["subject"]
    return SentMessage(
        fingerprint=_text(form["fingerprint"]),
        ids=tuple(MessageId(_text(text)[:MAX_ID]) for text in _list(form["ids"], _MOST_IDS)),
        sender=None if sender is None else _text(sender),
        recipients=tuple(_text(text) for text in _list(form["recipients"], MOST_RECIPIENTS)),
        subject=None if subject is None else _text(subject)[:MAX_SUBJECT],
        sent_at=_moment(form["sent_at"]),
        filed_at=_moment(form["filed_at"]),
        dated=form.get("dated", True) is True,  # not in what an older version left
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > _LONGEST:
        raise ValueError
    return value


def _list(value: Any, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise ValueError
    return value


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(UTC)
