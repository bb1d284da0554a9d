"""Names of folders between people and servers: modified UTF-7, quoting, namespaces; it opens none."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scatterclean.mailbox.answers import Record, Value, rows
from scatterclean.ports import Folder

# RFC 6154, 2; RFC 8457 (\Important).  Gmail and Office 365 send them in plain LIST answers.
_USES = frozenset({"all", "archive", "drafts", "flagged", "important", "junk", "sent", "trash"})
_CLOSED = frozenset({"\\noselect", "\\nonexistent"})  # RFC 3501, 7.2.2; RFC 5258, 3.4
_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")
_NOT_PRINTABLE = re.compile(r"[^\x20-\x7e]+")


def to_utf7(name: str) -> bytes:
    """Modified UTF-7 (RFC 3501, 5.1.3): printable ASCII only, so no CR, LF or NUL can come through."""

    def shifted(match: re.Match[str]) -> str:
        utf16 = match[0].encode("utf-16-be", "surrogatepass")
        return "&" + b64encode(utf16).decode("ascii").rstrip("=").replace("/", ",") + "-"

    return _NOT_PRINTABLE.sub(shifted, name.replace("&", "&-")).encode("ascii")


def from_utf7(wire: bytes) -> str | None:
    """The name, or None if `wire` is not what `to_utf7` makes of it: then only the bytes name the folder."""

    def unshifted(match: re.Match[str]) -> str:
        text = match[1]
        if not text:
            return "&"
        padded = text.replace(",", "/") + "=" * (-len(text) % 4)
        return b64decode(padded, validate=True).decode("utf-16-be")

    try:
        name = _SHIFTED.sub(unshifted, wire.decode("ascii"))
    except (Base64Error, UnicodeError, ValueError):
        return None
    return name if to_utf7(name) == wire else None


def quoted(wire: bytes) -> bytes:
    """A quoted string (RFC 3501, 9).  Raises ValueError for CR, LF and NUL, which none can hold."""
    if re.search(rb"[\r\n\x00]", wire):
        raise ValueError("a line break in a quoted string")
    return b'"' + wire.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


@dataclass(frozen=True, slots=True)
class Listed:
    """A folder as LIST names it: `wire` are the server's bytes for it."""

    folder: Folder
    wire: bytes
    separator: str


def listed(records: Sequence[Record]) -> list[Listed]:
    """LIST responses, in the server's order.

    A name that is not valid modified UTF-7 (a broken client made it, field guide 6) is shown as its bytes
    read; what is unreadable about one folder never hides another.
    """
    found: dict[str, Listed] = {}
    for row in rows(records):
        if len(row) < 3 or not isinstance(row[0], list) or row[2] is None:
            continue
        wire = row[2] if isinstance(row[2], bytes) else b""
        attributes = {a.decode("latin-1").lower() for a in row[0] if isinstance(a, bytes)}
        name = from_utf7(wire)
        if name is None:
            name = "".join(c if c.isprintable() else "?" for c in _text(wire))
            if name in found:
                continue
        if name.upper() == "INBOX":
            name = "INBOX"
        use = frozenset(a[1:] for a in attributes if a[1:] in _USES)
        separator = row[1].decode("latin-1") if isinstance(row[1], bytes) else ""
        found[name] = Listed(Folder(name, use, not attributes & _CLOSED), wire, separator)
    return list(found.values())


def _text(wire: bytes) -> str:
    try:
        return wire.decode("utf-8")
    except UnicodeDecodeError:
        return wire.decode("latin-1")


@dataclass(frozen=True, slots=True)
class Namespaces:
    """Where the person's own folders begin, and where those of others do (RFC 2342).

    `prefix` ends in the separator ("INBOX.") or is empty; `others` are prefixes of other people's and shared
    folders.
    """

    prefix: str = ""
    separator: str = "/"
    others: tuple[str, ...] = ()

    def own(self, name: str) -> bool:
        """Is it one of the person's folders?  A colleague's Sent folder is not."""
        if name == "INBOX" or (self.prefix and name.startswith(self.prefix)):
            return True
        return not any(name.startswith(other) or name + self.separator == other for other in self.others)

    def personal(self, name: str) -> str:
        """The full name of a top-level folder; INBOX and what has the prefix already stay as they are."""
        if name.upper() == "INBOX":
            return "INBOX"
        if name.lower().startswith(self.prefix.lower()):  # "inbox." and "INBOX." are one (RFC 3501, 5.1)
            name = name[len(self.prefix) :]
        return self.prefix + name


def namespaces(records: Sequence[Record]) -> Namespaces | None:
    """NAMESPACE (("" "/")) NIL NIL; None if nothing personal is in it."""
    for row in rows(records):
        personal, others, shared = ([*_pairs(value)] for value in [*row, None, None, None][:3])
        if personal:
            prefix, separator = personal[0]
            # Cyrus has shared folders without any prefix beside "INBOX."; the other way round it means nothing.
            foreign = tuple(other for other, _ in (*others, *shared) if other or prefix)
            if prefix and separator and not prefix.endswith(separator):
                prefix += separator
            return Namespaces(prefix, separator or "/", foreign)
    return None


def _pairs(value: Value) -> Iterable[tuple[str, str]]:
    for pair in value if isinstance(value, list) else ():
        if isinstance(pair, list) and pair and isinstance(pair[0], bytes):
            separator = pair[1].decode("latin-1") if len(pair) > 1 and isinstance(pair[1], bytes) else ""
            yield from_utf7(pair[0]) or _text(pair[0]), separator


def guessed(found: Sequence[Listed]) -> Namespaces:
    """Without NAMESPACE: if all folders but INBOX live below INBOX, new ones must, too (Courier, old Cyrus)."""
    names = [one.folder.name for one in found if one.folder.name != "INBOX"]
    separator = next((one.separator for one in found if one.separator), "/")
    below = f"INBOX{separator}"
    if names and all(name.upper().startswith(below) for name in names):
        return Namespaces(below, separator)
    return Namespaces("", separator)
