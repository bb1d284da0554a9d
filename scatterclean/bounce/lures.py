"""What a returned message wants its reader to open: hosts of its links, names of its files.  Pure; it opens nothing.

Most of what comes back is plain: then its bytes are searched as they lie.  Only what is packed, or names files, is cut
into parts.  Bounded by LOOK bytes, LOOK_TEXT of a text, MAX_LINKS hosts and MAX_FILES names; linear.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

from scatterclean.bounce.anatomy import LOOK, LOOK_TEXT, RETURNED_TYPES, Message, Part
from scatterclean.headers import Header, decoded, in_charset
from scatterclean.model import MAX_FILES, MAX_LINKS, Kind

# Kinds that return what was sent; replies quote what their writer received.
RETURNING = frozenset((Kind.BOUNCE, Kind.DELAY, Kind.SUCCESS, Kind.NOTICE, Kind.CHALLENGE, Kind.COMPLAINT))
TEXT = frozenset(("text/plain", "text/html"))
_MOST_SEEN = 1000  # links of one text that are looked at: a host may stand there ten thousand times
_MAX_NAME = 120
_MAX_TYPE = 80
_MAX_HOST = 253  # RFC 1035, 3.1

_SCHEMES = (b"http", b"https", b"ftp")
_HOST = re.compile(
    rb"(?:[^\s/?#@<>\"'()]{0,200}+@)?(\[[0-9A-Fa-f:.]{2,45}\]|[^\s/?#:<>\"'()\[\]\\@,;&=|`{}^*]{1,300})"
)


class Lures(NamedTuple):
    """As `Original.body`, `.links` and `.files`."""

    body: bool = False
    links: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()


def lures(header: Header, block: bytes, body: bytes) -> Lures:
    """Of the message with this header and body; `block` is the header as it stood, all with LF."""
    if not body or body.isspace():
        return Lures()
    body = body[:LOOK]
    first = header.first
    encoding = first.get(b"content-transfer-encoding", b"").strip().lower()
    if encoding in _UNPACKED and b"&#" not in body and _TEXTUAL.match(first.get(b"content-type", b"text")):
        packed = encoding == b"quoted-printable"
        low = body.lower() if b"\nContent-" in body or b"\ncontent-" in body else b""
        if not low or not (b"base64" in low or b"name" in low or b"attachment" in low or b"utf-16" in low):
            packed = packed or b"quoted-printable" in low
            hosts: dict[str, None] = {}
            _collect(hosts, (binascii.a2b_qp(body) if packed else body)[:LOOK_TEXT], "utf-8")
            return Lures(body=True, links=tuple(hosts))
    return _of_parts(Message(block, body))


_UNPACKED = frozenset((b"", b"7bit", b"8bit", b"binary", b"quoted-printable"))
_TEXTUAL = re.compile(rb"\s*\"?(?:text/(?:plain|html)|text\b(?!/)|multipart/)", re.IGNORECASE)


def _of_parts(message: Message) -> Lures:
    hosts: dict[str, None] = {}
    files: dict[tuple[str, str], None] = {}
    for part in message.parts:
        named = file_of(part) if _may_be_file(part) else None
        if named is not None:
            if len(files) < MAX_FILES:
                files[named[0][:_MAX_NAME], named[1][:_MAX_TYPE]] = None
        elif part.type in TEXT and len(hosts) < MAX_LINKS:
            text = part.content[:LOOK_TEXT]
            if part.type == "text/html" and b"&#" in text:
                text = unescape(in_charset(text, part.charset)).encode("utf-8", "replace")
            _collect(hosts, text, part.charset)
    return Lures(True, tuple(hosts), tuple(files))


def _may_be_file(part: Part) -> bool:
    if not part.type.startswith("text/"):
        return not part.type.startswith("multipart/")
    low = part.header.lower()
    return b"name" in low or b"attachment" in low


def _collect(hosts: dict[str, None], text: bytes, charset: str) -> None:
    at = -1
    for _ in range(_MOST_SEEN):
        at = text.find(b"://", at + 1)
        if at < 0 or len(hosts) >= MAX_LINKS:
            return
        if not text[max(at - 5, 0) : at].lower().endswith(_SCHEMES):
            continue
        found = _HOST.match(text, at + 3)
        host = _host(found[1], charset) if found else ""
        if host:
            hosts[host] = None


def _host(raw: bytes, charset: str) -> str:
    """Lower-cased, as it stands; "" for what is none, as a name without a dot."""
    text = raw.decode("ascii") if raw.isascii() else in_charset(raw, charset)
    host = text.rstrip(".!").lower()
    return host if 3 < len(host) <= _MAX_HOST and ("." in host or ":" in host) else ""


def file_of(part: Part) -> tuple[str, str] | None:
    """(name, media type) of a leaf that is shown as a file: it has a name, is called an attachment, or is no text.

    The name as it stood, decoded, maybe empty."""
    header = Header(part.header)
    disposition, kind = header.get("Content-Disposition") or "", header.get("Content-Type") or ""
    name = _parameter(disposition, "filename") or _parameter(kind, "name")
    if not name and (part.type.startswith("multipart/") or not part.body.strip()):
        return None  # only its header came back
    called = disposition.lstrip().lower().startswith("attachment")
    if name or called or not (part.type.startswith("text/") or part.type in RETURNED_TYPES):
        return name, part.type
    return None


_LINK = re.compile(r"(?:\b(?:https?|ftp)://|\bwww\.)[^\s<>\"'\\^`{|}]{1,2000}", re.IGNORECASE)
_TRAILING = ".,;:!?)]"


def links_in(part: Part, longest: int) -> Iterator[str]:
    """Whole links of a text, each cut at `longest` characters."""
    text = in_charset(part.content, part.charset)
    if part.type == "text/html":
        text = unescape(text)
    for found in _LINK.finditer(text):
        yield found[0].rstrip(_TRAILING)[:longest]


def _parameter(value: str, name: str) -> str:
    """A parameter of a header field: plain, quoted, in pieces or percent-encoded (RFC 2231), or as an RFC 2047 word,
    which is forbidden there and common."""
    plain = ""
    pieces: list[tuple[int, bool, str]] = []
    for found in _PARAMETERS[name].finditer(value[:4000]):
        text = found["quoted"] if found["quoted"] is not None else found["token"]
        if found["number"] is None and not found["star"]:
            plain = plain or text
        else:
            pieces.append((int(found["number"] or 0), bool(found["star"]), text))
    if not pieces:
        return decoded(plain, _MAX_NAME)
    pieces.sort(key=lambda piece: piece[0])
    charset, raw = "utf-8", b""
    for place, (_, encoded, text) in enumerate(pieces):
        if encoded and place == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)  # noqa: PLW2901 - what is left of it
        piece = text.encode("utf-8", "replace")
        raw += _PERCENT.sub(lambda found: bytes.fromhex(found[1].decode()), piece) if encoded else piece
    return in_charset(raw, charset or "utf-8")[:_MAX_NAME]


_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_PARAMETERS = {
    name: re.compile(
        rf"(?:^|[;\s]){name}(?:\*(?P<number>\d{{1,2}}))?(?P<star>\*)?\s{{0,9}}=\s{{0,9}}"
        r"(?:\"(?P<quoted>[^\"]{0,500})|(?P<token>[^;\s\"]{1,500}))",
        re.IGNORECASE,
    )
    for name in ("filename", "name")
}
