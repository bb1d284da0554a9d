"""Originals in a part of their own: message/rfc822, text/rfc822-headers and what else is labelled so, or not.

It does not look into the notice that people read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scatterclean.bounce.anatomy import RETURNED_TYPES, Message, Part
from scatterclean.bounce.blocks import BASIC, TECHNICAL, blocks_in
from scatterclean.bounce.found import Find, Returned
from scatterclean.bounce.stems import names
from scatterclean.model import Kind

_FRONT = b"\n \t\x00\xef\xbb\xbf"
_OWN_FIELD = re.compile(
    rb"\n" + names("from", "message-id", "received", "return-path", "subject") + rb"[ \t]*:"
)
_PART_FIELD = re.compile(rb"content-|mime-version", re.IGNORECASE)
_ANY_FIELD = re.compile(rb"\n([!-9;-~]{1,76})[ \t]*:")


def find(message: Message, kind: Kind) -> Iterator[Find]:
    notice = message.notice
    several = len(message.parts) > 1
    for part in message.parts:
        if part.type in RETURNED_TYPES:
            yield from _labelled(part)
        elif several and _OWN_FIELD.search(b"\n" + part.header):
            # No header of a part, but the returned one at once behind the boundary (seen: a Japanese
            # provider's "Mail Deliver System", 2010).
            yield Returned(
                part.header,
                part.body,
                "part without a header of its own",
                ended=_ended(part),
                closed=part.ended,
            )
        elif part is not notice and part.type.startswith(("text/", "application/octet", "message/")):
            yield from _unlabelled(part)


def _ended(part: Part) -> bool:
    return part.ended or bool(part.body)


def _labelled(part: Part) -> Iterator[Find]:
    name = f"{part.type} part"
    if _OWN_FIELD.search(b"\n" + part.header):  # the blank line behind the part's header is missing
        yield Returned(part.header, part.body, name, ended=_ended(part), closed=part.ended)
        return
    content = part.content.lstrip(_FRONT)
    header, blank, body = content.partition(b"\n\n")
    for _ in range(
        2
    ):  # a part within the part: only fields of a part, then the header (seen: relabelled parts)
        if not _PART_FIELD.match(header) or _OWN_FIELD.search(b"\n" + header):
            break
        header, blank, body = body.lstrip(_FRONT).partition(b"\n\n")
    if _ANY_FIELD.search(b"\n" + header):
        yield Returned(header, body, name, ended=part.ended or bool(blank), closed=part.ended)


def _unlabelled(part: Part) -> Iterator[Find]:
    """A text that begins with a header, whatever the part says that it is."""
    content = part.content.lstrip(_FRONT)
    if not _ANY_FIELD.match(b"\n" + content[:100]):
        return
    for block in blocks_in(content[:65536]):
        if block.start <= 0 and block.is_header and len(block.names & (TECHNICAL | BASIC)) >= 3:
            body = content[block.end :].lstrip(b"\n")
            yield Returned(
                block.header, body, f"{part.type} part", ended=block.ended or part.ended, closed=part.ended
            )
        return
