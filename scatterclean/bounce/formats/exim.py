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
_LIST = re.compile(
    rb"\n[^\n]{0,200}(?:address(?:es|\(es\))?|recipients?)[^\n]{0,80}:\s*\n((?:\s*\n)?(?:[ \t]+[^\n]*\n|\n){1,200})"
)
_ITEM = re.compile(rb"^ {1,4}(?!SMTP|host|unknown)\"?<?([^\s<>\"]{1,200}@[^\s<>\":,]{1,200})>?", re.MULTILINE)
_ERROR = re.compile(
    rb"(?:SMTP error from remote (?:mail )?server[^\n]*:?\s*\n)[ \t]*(?:host[^\n]*\n)?[ \t]*([^\n]{1,300})"
)


def find(message: Message, kind: Kind) -> Iterator[Find]:
    failed = message.header.get("X-Failed-Recipients")
    recipients = addresses_in(failed) if failed else ()
    if not message.types.isdisjoint(STATUS_TYPES):  # the report knows better (Exim writes one since 4.84)
        if recipients:
            yield Facts(recipients=recipients)
        return
    text = b"\n" + message.preface[:4096]
    listed = _LIST.search(text) if not recipients and (b"ddress" in text or b"ecipient" in text) else None
    if listed is not None:
        recipients = tuple(item.decode("utf-8", "replace").lower() for item in _ITEM.findall(listed[1]))
    if recipients:
        error = _ERROR.search(text)
        yield Facts(
            recipients=recipients,
            diagnostic=decoded(error[1].decode("utf-8", "replace"), 500) if error else None,
        )
