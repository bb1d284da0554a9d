"""Originals whose header is pasted into the notice: after a marker line or none, indented, quoted, in HTML.

Only the first header counts: what stands behind it is the original's own text, and a header in there is one
that the person forwarded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scatterclean.bounce.anatomy import LOOK_TEXT, Message, uuencoded_in
from scatterclean.bounce.blocks import BASIC, Block, blocks_in
from scatterclean.bounce.found import Find, Returned
from scatterclean.bounce.hypertext import text_of_html
from scatterclean.headers import in_charset
from scatterclean.model import Kind


def find(message: Message, kind: Kind) -> Iterator[Find]:
    if any(part.content.find(b"essage-", 0, 16_384) >= 0 for part in message.returned_parts):
        return  # the header itself came with it; what the notice shows of it adds nothing
    # A vacation text may quote what it answers, forwarded headers and all: that is no returned header.
    # Nor is it one for sure where parts may be missing behind it: the next one may hold the header that came back.
    clear = kind is not Kind.AUTOREPLY and (
        not message.type.startswith("multipart/") or message.parts[-1].ended
    )
    notice = message.notice
    found = list(_in(message.text, message.blocks, clear=clear, closed=notice is not None and notice.ended))
    if not any(not each.summary for each in found):
        others = (part for part in message.parts[:8] if part.type == "text/html" and part is not notice)
        html = next(others, None)
        if html is not None:
            content = html.content[:LOOK_TEXT]
            if b"essage-" in content.lower():
                text = text_of_html(in_charset(content, html.charset))
                found += _in(text, blocks_in(text), clear=clear, closed=html.ended)
        elif message.text.find(b"\nbegin ") >= 0 and (content := uuencoded_in(message.text)):
            found += _in(content, blocks_in(content), clear=clear, closed=False)
    yield from found


def _in(text: bytes, blocks: Iterable[Block], *, clear: bool, closed: bool) -> Iterator[Returned]:
    summarised = False
    for block in blocks:
        if block.is_header:
            body = text[block.end :].removeprefix(b"\n")
            yield Returned(
                block.header, body, "pasted header", clear=clear, ended=block.ended or closed, closed=closed
            )
            return
        if not summarised and len(block.names & BASIC) >= 2:
            summarised = True
            yield Returned(block.header, b"", "summary", clear=False, ended=block.ended, summary=True)
