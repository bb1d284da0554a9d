"""Finds header blocks that stand in the middle of text: pasted, indented, quoted, wrapped; it weighs none.

A returned header is recognised by what it is, in every language: known field names on lines that follow one
another.  Marker lines ("----- Original message -----", "Below this line is a copy of the message") only help
with blocks of two or three lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from scatterclean.bounce.stems import names

# Names that only a program writes; people list From, To, Subject and Date when they forward by hand.
TECHNICAL = frozenset(
    {
        b"message-id",
        b"received",
        b"return-path",
        b"mime-version",
        b"content-type",
        b"content-transfer-encoding",
        b"delivered-to",
        b"dkim-signature",
        b"x-mailer",
        b"user-agent",
        b"references",
        b"in-reply-to",
        b"resent-message-id",
        b"x-microsoft-original-message-id",
        b"x-google-original-message-id",
        b"received-spf",
        b"authentication-results",
        b"x-originating-ip",
        b"list-id",
        b"x-priority",
        b"envelope-to",
        b"domainkey-signature",
    }
)
BASIC = frozenset({b"from", b"to", b"cc", b"subject", b"date", b"sent", b"sender", b"reply-to"})
_REPORT = frozenset(
    {b"final-recipient", b"original-recipient", b"reporting-mta", b"action", b"disposition", b"feedback-type"}
)
_ALL = TECHNICAL | BASIC | _REPORT

_KNOWN = names(*(name.decode("ascii") for name in TECHNICAL | BASIC))
# The first line of a block: a known name behind quoting marks ("> ", "| ", blanks).
_FIRST = re.compile(rb"\n([>|: \t]{0,20}+)(" + _KNOWN + rb")[ \t]*:")
_FIELD = re.compile(rb"([!-9;-~]{1,76})[ \t]*:")
_MAX_LINES = 400
_MAX_BLOCKS = 12
# Lines that got lost between fields: folding that was destroyed, signatures cut into rows (GMX, Yahoo).
_MAX_STRAY = 12

# What stands above a pasted copy: a rule, or words for "copy", "original", "header", "follows".
_MARKER = re.compile(
    rb"-{3,}|={3,}|_{5,}|\*{5,}|copy of|original|header|follow|below|returned mail|unsent|"
    rb"nachricht|ursprung|d'origine|mensaje|messaggio|mensagem",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Block:
    """A header block in a text: `header` without quoting marks; `start` and `end` in the text.

    `names` are the known field names in it.  `marked`: the line above announces a copy, or the names are so
    clear that it need not.  `ended`: something follows.  `quoted`: each line bears a mark such as ">".
    """

    header: bytes
    start: int
    end: int
    names: frozenset[bytes]
    marked: bool
    ended: bool
    quoted: bool

    @property
    def is_header(self) -> bool:
        """Clearly the header of a message, and not a report or a list of what a message was about."""
        if not self.names.isdisjoint(_REPORT):
            return False
        if self.names.isdisjoint(TECHNICAL):
            return self.marked and len(self.names) >= 2
        return len(self.names) >= 3 or (self.marked and len(self.names) >= 2)


def blocks_in(text: bytes) -> Iterator[Block]:
    """The header blocks in `text`, from top to bottom; single lines that merely look like a field, too."""
    padded = b"\n" + text
    position = 0
    for _ in range(_MAX_BLOCKS):
        first = _FIRST.search(padded, position)
        if first is None:
            return
        start = _top(padded, first.start() + 1, first[1])
        block = _read(padded, start, first[1])
        yield block
        position = max(block.end, first.end() - 1)


def _top(text: bytes, start: int, prefix: bytes) -> int:
    """Where the block begins: fields with unknown names may stand above the first known one."""
    for _ in range(40):
        above = text.rfind(b"\n", 0, start - 1) + 1
        line = text[above : start - 1]
        if above >= start or not line.startswith(prefix) or not _FIELD.match(line, len(prefix)):
            return start
        start = above
    return start


# A block without any flaw, through its blank line: most are, and are read at once.
_FLAWLESS = re.compile(rb"(?:[!-9;-~]{1,76}[ \t]*:[^\n]*\n(?:[ \t]+[^\s][^\n]*\n)*+){2,400}+(?=\n)")
_NAME = re.compile(rb"\n([!-9;-~]{1,76})[ \t]*:")


def _read(text: bytes, start: int, prefix: bytes) -> Block:
    flawless = None if prefix else _FLAWLESS.match(text, start)
    if flawless is not None:
        seen = _ALL & {name.lower() for name in _NAME.findall(text, start - 1, flawless.end())}
        clear = len(seen) > 2 and not seen.isdisjoint(TECHNICAL)
        return Block(
            header=flawless[0][:-1],
            start=start - 1,
            end=flawless.end() - 1,
            names=seen,
            marked=clear or _is_marked(text, start),
            ended=True,
            quoted=False,
        )
    block = _Growing(end=start)
    for line, after in _lines(text, start, prefix):
        if line is None or not block.take(line, text, after):
            break
    return Block(
        header=b"\n".join(block.lines[: block.good]),
        start=start - 1,
        end=block.end - 1,
        names=_ALL & block.seen,
        marked=_is_marked(text, start),
        ended=text.find(b"\n", block.end) >= 0,  # less than a line behind it may be a field that was cut
        quoted=bool(prefix.strip()),
    )


def _lines(text: bytes, start: int, prefix: bytes) -> Iterator[tuple[bytes | None, int]]:
    """Each line without its quoting mark, and where the next one begins; None where the mark is missing."""
    bare = prefix.rstrip()
    for _ in range(_MAX_LINES):
        line_end = text.find(b"\n", start)
        after = len(text) if line_end < 0 else line_end + 1
        line: bytes | None = text[start:line_end] if line_end >= 0 else text[start:]
        if prefix and line:
            if line.startswith(prefix):
                line = line[len(prefix) :]
            elif bare and line.startswith(bare):  # "> Received: a" is continued as ">\tby b"
                line = line[len(bare) :]
            elif line.strip():
                line = None
        yield line, after
        if line_end < 0:
            return
        start = after


@dataclass(slots=True)
class _Growing:
    """A block while it is read.  `good` lines of `lines` belong to it, through `end`; the rest is stray."""

    end: int
    lines: list[bytes] = field(default_factory=list)
    seen: set[bytes] = field(default_factory=set)
    good: int = 0
    spaced: bool = False

    def take(self, line: bytes, text: bytes, after: int) -> bool:
        """Add a line; False if the block is over."""
        stray = len(self.lines) - self.good
        content = line.strip()
        if not content:
            # Some converters put a blank line between all lines; elsewhere it ends the header.
            self.spaced = self.spaced or len(self.lines) == self.good == 1
            return self.spaced and _FIRST.match(text, after - 1) is not None
        name = _FIELD.match(line)
        known = name[1].lower() if name else b""
        if line[:1] in (b" ", b"\t") and self.lines:
            self.lines.append(line)
            if stray:
                return True
        elif name and (not stray or known in TECHNICAL or known in BASIC or known.startswith(b"x-")):
            self.seen.add(known)
            self.lines.append(line)
        elif content[:1] == b"<" and self.lines and self.lines[-1].rstrip().endswith(b":"):
            self.lines.append(b" " + content)  # the value of a field without one: destroyed folding
        elif stray >= _MAX_STRAY:
            return False
        else:
            self.lines.append(line)
            return True
        self.good = len(self.lines)
        self.end = after
        return True


def _is_marked(text: bytes, start: int) -> bool:
    above = text[max(0, start - 300) : start].rstrip()
    line = above[above.rfind(b"\n") + 1 :]
    return _MARKER.search(line) is not None
