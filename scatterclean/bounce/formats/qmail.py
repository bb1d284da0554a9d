"""qmail and its heirs (Yahoo, netqmail, s/qmail, many in Asia): `<address>:` on a line, the reason below it.

qmail-send.c prints the paragraphs; the copy behind "--- Below this line is a copy of the message." is a
pasted header like others (the QSBMF says so: https://cr.yp.to/proto/qsbmf.txt).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scatterclean.bounce.anatomy import STATUS_TYPES, Message
from scatterclean.bounce.found import Facts, Find
from scatterclean.headers import decoded
from scatterclean.model import Kind

_RECIPIENT = re.compile(rb"\n<([^\s<>]{1,250})>:[ \t]*\n([^\n]{0,400}(?:\n[^\n<-][^\n]{0,400}){0,4})")


def find(message: Message, kind: Kind) -> Iterator[Find]:
    if not message.types.isdisjoint(STATUS_TYPES):
        return  # the report knows better
    text = message.preface
    if text.find(b">:") < 0 or text.find(b"\n<") < 0:
        return
    found = _RECIPIENT.findall(b"\n" + text)
    if not found:
        return
    yield Facts(
        recipients=tuple(address.decode("utf-8", "replace").lower() for address, _ in found),
        diagnostic=decoded(found[0][1].decode("utf-8", "replace"), 500),
    )
