"""Exim and its heirs (Mail.ru, GMX, 1&1, cPanel): addresses indented by two blanks, the reason below them.

The copy itself ("------ This is a copy of the message, including all the headers. ------", deliver.c) is a
pasted header like others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scatterclean.bounce.anatomy import STATUS_TYPES, Message
from scatterclean.bounce.found import Facts, Find
from scatterclean.headers import addresses_in, decoded
from scatterclean.model import Kind

# deliver.c, moan.c: "The following address(es) failed:", "... have yet to be delivered:", and so on.
_ITEM = re.compile(rb"\n {1,4}(?!SMTP|host|unknown)\"?<?([^\s<>\"]{1,200}@[^\s<>\":,]{1,200})>?")
_LIST_END = re.compile(rb"\n(?=[^\s])")
_ERROR = re.compile(rb"[ \t]*(?:host[^\n]*\n)?[ \t]*([^\n]{1,300})")


def find(message: Message, kind: Kind) -> Iterator[Find]:
    failed = message.header.get("X-Failed-Recipients")
    recipients = addresses_in(failed) if failed else ()
    if not message.types.isdisjoint(STATUS_TYPES):  # the report knows better (Exim writes one since 4.84)
        if recipients:
            yield Facts(recipients=recipients)
        return
    text = b"\n" + message.preface[:4096]
    if not recipients:
        recipients = tuple(item.decode("utf-8", "replace").lower() for item in _listed(text))
    if recipients:
        yield Facts(recipients=recipients, diagnostic=_answer(text))


def _listed(text: bytes) -> list[bytes]:
    """The addresses below a line, or two, that speak of addresses or recipients and end with a colon."""
    at = 0
    while (at := text.find(b":\n", at + 1)) >= 0:
        line_before = text.rfind(b"\n", 0, text.rfind(b"\n", 0, at))
        said = text[line_before + 1 : at]
        if b"ddress" in said or b"ecipient" in said:
            end = _LIST_END.search(text, at + 2)
            return _ITEM.findall(text, at + 1, end.start() if end else len(text))
    return []


def _answer(text: bytes) -> str | None:
    at = text.find(b"SMTP error from remote")
    line_end = text.find(b"\n", at) if at >= 0 else -1
    found = _ERROR.match(text, line_end + 1) if line_end >= 0 else None
    return decoded(found[1].decode("utf-8", "replace"), 500) if found else None
