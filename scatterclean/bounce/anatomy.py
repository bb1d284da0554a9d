"""Cuts a message into header, parts and text without trusting a word of it; it decides nothing.

Boundaries may be wrong or missing, line ends mixed, encodings broken, the end cut off: whatever is there is
cut as far as it goes.  Everything is bounded, and every step is linear in what is looked at.
"""

from __future__ import annotations

import binascii
import re

from scatterclean.bounce.blocks import Block, blocks_in
from scatterclean.bounce.hypertext import begins_as_html, text_of_html
from scatterclean.bounce.once import once
from scatterclean.headers import Header, in_charset, with_line_feeds

# A returned header stands near the front: behind a notice that people read, never behind its own body.
LOOK = 1 << 20  # bytes of a message that are looked at
LOOK_TEXT = 1 << 16  # bytes of the notice
MAX_DEPTH = 5  # multiparts within multiparts
MAX_PARTS = 60

MAX_HEADER = 1 << 18  # bytes of a header block

_FRONT = b"\r\n \t\x00\xef\xbb\xbf"  # blank lines and a byte order mark in front of a header
_HEADER_END = re.compile(rb"\n\r{0,2}\n|\r\r(?!\n)")
_JUNK = frozenset((b"", *(bytes((byte,)) for byte in _FRONT)))
_BLANK_LINE = b"\n\n"
_CR = 0x0D
# Line ends the wrong way round, as the first line shows: then they are so everywhere, however much was cut off.
_LF_CR = re.compile(rb"[^\r]\n\r[^\r\n]")

# Types under which originals travel.  RFC 3462, 3464, 3798, 5965, 6533; the misspelt ones are in use.
RETURNED_TYPES = frozenset(
    {
        "message/rfc822",
        "message/rfc822-headers",
        "message/rfc822-header",
        "message/global",
        "message/global-headers",
        "message/news",
        "message/partial",
        "text/rfc822-headers",
        "text/rfc822-header",
        "text/rfc822",
        "application/rfc822",
    }
)
STATUS_TYPES = frozenset(
    {"message/delivery-status", "message/global-delivery-status", "text/delivery-status"}
)
RECEIPT_TYPES = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
COMPLAINT_TYPES = frozenset({"message/feedback-report"})


def split(raw: bytes) -> tuple[bytes, bytes, bool]:
    """(header block with LF, the rest as it is, was there a blank line between them?), leading junk removed."""
    start = 0
    if raw and raw[0] in _FRONT:
        start = len(raw) - len(raw.lstrip(_FRONT))
    block, behind = plain_head(raw, start)
    if behind:
        return block, raw[behind:], True
    first = raw.find(b"\n", start)
    if raw[first + 1 : first + 2] == b"\r" and _LF_CR.match(raw, max(first - 1, 0)):
        raw = raw[:start] + raw[start:].replace(b"\n\r", b"\n")
    between = _blank_line(raw, start)
    block = with_line_feeds(raw[start:] if between is None else raw[start : between[0]])
    rest = b"" if between is None else raw[between[1] :]
    if block.find(_BLANK_LINE) >= 0:  # line ends of several kinds may hide one
        block, _, hidden = block.partition(_BLANK_LINE)
        return block, hidden + b"\n\n" + rest if between is not None else hidden, True
    return block, rest, between is not None


def plain_head(raw: bytes, start: int = 0) -> tuple[bytes, int]:
    """(header block with LF, where the body begins) of mail with line ends of one kind and a blank line, as is by far
    most: then nothing is to be mended.  (b"", 0) of all other, as what begins with junk."""
    if raw[start : start + 1] in _JUNK:
        return b"", 0
    first = raw.find(b"\n", start)
    if first > start and raw[first - 1] == _CR:
        return _crlf_head(raw, start)
    end = raw.find(_BLANK_LINE, start, start + MAX_HEADER)
    if end >= 0 and raw.find(b"\r", start, end) < 0:
        return raw[start:end], end + 2
    return _crlf_head(raw, start)


def _crlf_head(raw: bytes, start: int) -> tuple[bytes, int]:
    end = raw.find(b"\r\n\r\n", start, start + MAX_HEADER)
    if end >= 0:
        block = raw[start:end].replace(b"\r\n", b"\n")
        if _CR not in block and block.find(_BLANK_LINE) < 0:
            return block, end + 4
    return b"", 0


def _blank_line(raw: bytes, start: int) -> tuple[int, int] | None:
    """Where the header ends and the body begins."""
    found = _HEADER_END.search(raw, start, start + MAX_HEADER)
    return (found.start(), found.end()) if found else None


_DECLARED = re.compile(rb"\s*\"?([^\s;,\"]{1,80})")
_TYPE = re.compile(rb"\n(?i:content-type)[ \t]*:" + _DECLARED.pattern)
_ENCODING = re.compile(rb"\ncontent-transfer-encoding[ \t]*:\s*\"?([^\s;\"]{1,40})", re.IGNORECASE)
_CHARSET = re.compile(rb"charset\*?[ \t]*=[ \t]*\"?([^\s;\"]{1,40})", re.IGNORECASE)
_BOUNDARY = re.compile(rb"boundary\*?[ \t]*=[ \t]*(?:\"([^\"\n]{1,200})|([^\s;]{1,200}))", re.IGNORECASE)
# A line "--x" with a header of a part behind it: a boundary, whatever was announced.
_ANY_BOUNDARY = re.compile(rb"\n--([^\n]{1,200})\n(?=(content-[a-z-]{4,40})[ \t]*:)", re.IGNORECASE)
_PART_FIELD = re.compile(rb"[!-9;-~]{1,76}[ \t]*:")


def _type_in(header: bytes) -> str:
    found = _TYPE.search(b"\n" + header) if header else None
    return found[1].decode("latin-1").lower() if found else ""


class Part:
    """A leaf of the tree of parts.  `ended`: a boundary was seen behind it, so it was not cut off."""

    __slots__ = ("_content", "body", "ended", "header", "type")

    def __init__(self, header: bytes, body: bytes, *, ended: bool, named: str | None = None) -> None:
        self.header = header
        self.body = body
        self.ended = ended
        self.type = (_type_in(header) if named is None else named) or "text/plain"
        self._content: bytes | None = None

    @property
    def content(self) -> bytes:
        """The body without its transfer encoding, with LF."""
        if self._content is None:
            found = _ENCODING.search(b"\n" + self.header) if self.header else None
            encoding = found[1].lower() if found else b""
            self._content = unencoded(self.body, encoding)
            if encoding == b"base64" and _DAMAGED_BASE64.search(self.body):
                self.ended = False  # what was decoded ends before the part does
            if self.wide:
                self._content = with_line_feeds(self._content.decode("utf-16", "replace").encode())
        return self._content

    @property
    def wide(self) -> bool:
        """Two bytes a letter, which is not allowed in mail (RFC 2781, section 4), and is sent."""
        if self.header.find(b"-16") < 0 or not self.type.startswith("text/"):
            return False
        return b"utf-16" in self.header.lower()

    @property
    def charset(self) -> str:
        """That of `content`."""
        if self.wide:
            return "utf-8"
        at = self.header.lower().find(b"charset")
        found = _CHARSET.match(self.header, at) if at >= 0 else None
        return found[1].decode("latin-1") if found else "utf-8"


_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/=\s]{40}")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_DAMAGED_BASE64 = re.compile(rb"=\s*[A-Za-z0-9+/]|[^A-Za-z0-9+/=\s]")
_UU_BEGIN = re.compile(rb"(?:^|\n)begin [0-7]{3,4} [^\n]{1,200}\n")


def unencoded(body: bytes, encoding: bytes) -> bytes:
    """Quoted-printable, base64 and uuencode undone as far as they go; what is not encoded stays."""
    if encoding == b"quoted-printable":
        return with_line_feeds(binascii.a2b_qp(body))
    if encoding == b"base64":
        # Announced, yet not done: some gateways relabel a part and leave its text (seen with Outlook).
        if not _BASE64_LINE.match(body.lstrip()[:40].ljust(40)):
            return body
        # What stands behind junk is not read: a longer piece never decodes to less than a shorter one.
        packed = b"".join(body.split())
        junk = _NOT_BASE64.search(packed)
        packed = packed[: junk.start()] if junk else packed
        rest = len(packed) % 4
        if rest and junk and junk[0] == b"=" and rest > 1:
            return with_line_feeds(binascii.a2b_base64(packed + b"=" * (4 - rest)))
        return with_line_feeds(binascii.a2b_base64(packed[: len(packed) - rest]))
    if encoding in (b"x-uuencode", b"uuencode", b"x-uue", b"uue"):
        begin = _UU_BEGIN.search(body)
        return with_line_feeds(_uudecoded(body[begin.end() :])) if begin else body
    return body


def uuencoded_in(text: bytes) -> bytes:
    """What the first uuencoded file in a text holds, with LF; empty if there is none."""
    begin = _UU_BEGIN.search(text)
    return with_line_feeds(_uudecoded(text[begin.end() :])) if begin else b""


def _uudecoded(lines: bytes) -> bytes:
    done = []
    for line in lines.split(b"\n"):
        if not line.strip() or line == b"end":
            break
        try:
            done.append(binascii.a2b_uu(line))
        except binascii.Error:
            break
    return b"".join(done)


class Message:
    """One message at one level: the one in the inbox, or one that was returned in it.

    `block` is its header block.  `header_ended`: the blank line behind it was seen.  `cut`: the end of the
    body may be missing.  Nothing is looked at before it is asked for: most mail is ordinary by its header.
    """

    def __init__(self, block: bytes, rest: bytes, *, header_ended: bool = True, cut: bool = False) -> None:
        self.block = block
        self.header_ended = header_ended
        self.cut = cut
        self._rest = rest

    @once
    def header(self) -> Header:
        return Header(self.block)

    @once
    def type(self) -> str:
        """The declared content type without parameters, lower-cased."""
        declared = _DECLARED.match(self.header.first.get(b"content-type", b""))
        return declared[1].decode("latin-1").lower() if declared else _type_in(self.block)

    @once
    def parts(self) -> list[Part]:
        """The leaves of the tree in order; a message inside (message/rfc822) is a leaf."""
        leaves: list[Part] = []
        body = with_line_feeds(self._rest)
        _leaves(Part(self.block, body, ended=False, named=self.type), leaves, 0)
        return leaves

    @once
    def types(self) -> frozenset[str]:
        return frozenset([part.type for part in self.parts])

    def part_of(self, types: frozenset[str]) -> Part | None:
        """The first part of one of these types."""
        if not self.types.isdisjoint(types):
            for part in self.parts:
                if part.type in types:
                    return part
        return None

    @once
    def returned_parts(self) -> list[Part]:
        """The parts under whose types originals travel."""
        return [part for part in self.parts if part.type in RETURNED_TYPES]

    @once
    def notice(self) -> Part | None:
        """The part that people read: the first plain text that is not blank, else the first HTML."""
        html = None
        for part in self.parts[:8]:
            if part.type == "text/html":
                html = html or part
            elif part.type.startswith("text") and part.type not in RETURNED_TYPES and part.body.strip():
                return part
            elif part.type in RETURNED_TYPES:
                break
        return html

    @once
    def text(self) -> bytes:
        """The notice as plain text in its own charset, at most LOOK_TEXT bytes."""
        part = self.notice
        if part is None:
            return b""
        content = part.content[:LOOK_TEXT]
        if self._is_html(part):
            content = text_of_html(in_charset(content, part.charset))
        return content

    @once
    def words(self) -> str:
        """The first 2 kB of the notice, decoded, in lower case, runs of white space as one blank."""
        return self.words_of(self.text)

    def words_of(self, text: bytes) -> str:
        """The same of a piece of the notice."""
        part = self.notice
        if part is None:
            return ""
        charset = "utf-8" if self._is_html(part) else part.charset
        return " ".join(in_charset(text[:2048], charset).lower().split())

    @once
    def blocks(self) -> list[Block]:
        """The header blocks in the notice, through the first one that is clearly a header."""
        found = []
        for block in blocks_in(self.text):
            found.append(block)
            if block.is_header:
                break
        return found

    @once
    def preface(self) -> bytes:
        """What the notice says before the copy: at most 8 kB."""
        last = self.blocks[-1] if self.blocks else None
        end = last.start if last and last.is_header else len(self.text)
        return self.text[: min(end, 8192)]

    @staticmethod
    def _is_html(part: Part) -> bool:
        return part.type == "text/html" or begins_as_html(part.content)


def opened(raw: bytes, *, complete: bool = True) -> Message:
    """The message in `raw`, of which at most LOOK bytes are looked at."""
    cut = not complete or len(raw) > LOOK
    block, rest, ended = split(raw[:LOOK])
    return Message(block, rest, header_ended=ended, cut=cut)


def _leaves(part: Part, leaves: list[Part], depth: int) -> None:
    if len(leaves) >= MAX_PARTS:
        return
    if depth < MAX_DEPTH:
        pieces = _pieces(part)
        if pieces:
            # What stands in a digest is a message each, unless it says otherwise (RFC 2046, 5.1.5).
            otherwise = "message/rfc822" if part.type == "multipart/digest" else "text/plain"
            for body, ended in pieces:
                _leaves(_part(body, ended=ended or part.ended, otherwise=otherwise), leaves, depth + 1)
            return
        # Another boundary within a leaf: each part of the report was given its own (seen: Postfix copies
        # that went through a rewriting gateway, 2019).
        hidden = _ANY_BOUNDARY.search(part.body) if depth and part.type not in RETURNED_TYPES else None
        if hidden:
            leaves.append(Part(part.header, part.body[: hidden.start()], ended=True))
            _leaves(_part(part.body[hidden.start(2) :], ended=part.ended), leaves, depth + 1)
            return
    leaves.append(part)


def _pieces(part: Part) -> list[tuple[bytes, bool]]:
    """The parts of a multipart, each with whether its end was seen; none if this is no multipart."""
    multipart = part.type.startswith("multipart/")
    if not multipart and not part.header:
        return []
    at = part.header.lower().find(b"boundary")
    if not multipart and (at < 0 or part.type in RETURNED_TYPES):
        return []
    if not multipart and not _TYPE.search(b"\n" + part.header):
        return []  # LSMTP announces a "boundary" of its own in X-Report-Type
    announced = _BOUNDARY.match(part.header, at) if at >= 0 else None
    body = b"\n" + part.body
    if announced:
        boundary = (announced[1] or announced[2]).rstrip()
        pieces = _cut(body, boundary)
        if pieces:
            return pieces
    if not multipart and part.type.startswith("text/"):
        return []  # Outlook keeps the boundary of the report that it took apart
    # Announced wrongly, or not at all (python's msg_25: the header was cut in the middle of the word).
    seen = _ANY_BOUNDARY.search(body)
    return _cut(body, seen[1].rstrip()) if seen else []


def _cut(body: bytes, boundary: bytes) -> list[tuple[bytes, bool]]:
    mark = b"\n--" + boundary
    pieces: list[list[bytes]] = []
    closed = False
    for piece in body.split(mark)[1:]:
        rest, line_end, inner = piece.partition(b"\n")
        rest = rest.strip()
        if rest and rest != b"--":  # only begins like the boundary: text, or an inner boundary
            if pieces:
                pieces[-1] += (mark, piece)
            continue
        if rest or len(pieces) >= MAX_PARTS:
            closed = True
            break
        if line_end:
            pieces.append([inner])
    last = len(pieces) - 1
    return [(b"".join(piece), closed or i < last) for i, piece in enumerate(pieces)]


def _part(raw: bytes, *, ended: bool, otherwise: str = "text/plain") -> Part:
    if raw[:1] == b"\n":  # no header at all (RFC 2046, 5.1)
        return Part(b"", raw[1:], ended=ended, named=otherwise)
    end = raw.find(_BLANK_LINE)
    if not _PART_FIELD.match(raw):
        return Part(b"", raw, ended=ended)
    if end < 0:
        return Part(raw, b"", ended=ended)
    return Part(raw[:end], raw[end + 2 :], ended=ended)
