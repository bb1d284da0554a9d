"""Finds header blocks that stand in the middle of text: pasted, indented, quoted, wrapped; it weighs none.

A returned header is recognised by what it is, in every language: known field names on lines that follow one
another.  Marker lines ("----- Original message -----", "Below this line is a copy of the message") only help
with blocks of two or three lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scatterclean.bounce.words import names

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

_KNOWN = names(name.decode("ascii") for name in TECHNICAL | BASIC).encode("ascii")
# The first line of a block: a known name behind quoting marks ("> ", "| ", blanks).
_FIRST = re.compile(rb"\n([>|: \t]{0,20})(" + _KNOWN + rb")[ \t]*:", re.IGNORECASE)
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

    `names` are the known field names in it, `marked` says that the line above announces a copy, `ended`
    that something follows, `quoted` that each line bears a mark such as ">".
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


def _read(text: bytes, start: int, prefix: bytes) -> Block:
    width = len(prefix)
    bare = prefix.rstrip()
    lines: list[bytes] = []
    seen: set[bytes] = set()
    stray = 0
    position = good_end = start
    good = 0
    ended = False
    blank_between = False
    while len(lines) < _MAX_LINES:
        line_end = text.find(b"\n", position)
        last = line_end < 0
        line = text[position:] if last else text[position:line_end]
        after = len(text) if last else line_end + 1
        if prefix and line.startswith(prefix):
            line = line[width:]
        elif bare and line.startswith(bare):  # "> Received: a" is continued as ">\tby b"
            line = line[len(bare) :]
        elif prefix and line.strip() and line.strip() != bare:
            ended = True
            break
        content = line.strip()
        if not content or content == bare:
            # Some converters put a blank line between all lines; one field and a blank line are no block.
            if good == 1 and len(lines) == 1 and not blank_between and _FIRST.match(text, after - 1):
                blank_between = True
            if not (blank_between and _FIRST.match(text, after - 1)):
                ended = not last
                break
        elif line[:1] in (b" ", b"\t") and lines:
            lines.append(line)
            if not stray:
                good, good_end = len(lines), after
        else:
            field = _FIELD.match(line)
            known = field[1].lower() if field else b""
            if field and (not stray or known in TECHNICAL or known in BASIC or known.startswith(b"x-")):
                seen.add(known)
                lines.append(line)
                stray = 0
                good, good_end = len(lines), after
            elif stray >= _MAX_STRAY:
                ended = True
                break
            else:
                # Behind a field without a value, this is the value: destroyed folding.
                joined = lines and lines[-1].rstrip().endswith(b":") and content[:1] == b"<"
                lines.append(b" " + content if joined else line)
                if joined:
                    good, good_end = len(lines), after
                else:
                    stray += 1
        position = after
        if last:
            break
    else:
        ended = True
    if good < len(lines):
        ended = True  # prose behind the last field
    known_names = frozenset(seen & (TECHNICAL | BASIC | _REPORT))
    return Block(
        header=b"\n".join(lines[:good]),
        start=start - 1,
        end=good_end - 1,
        names=known_names,
        marked=_is_marked(text, start),
        ended=ended or good_end < len(text),
        quoted=bool(bare),
    )


def _is_marked(text: bytes, start: int) -> bool:
    above = text[max(0, start - 300) : start].rstrip()
    line = above[above.rfind(b"\n") + 1 :]
    return _MARKER.search(line) is not None
