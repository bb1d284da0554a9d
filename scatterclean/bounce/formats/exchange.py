"""Exchange, its Internet Mail Service and all that only name the failed address somewhere in prose.

"did not reach the following recipient(s):" (5.5, 2000), "Delivery has failed to these recipients or groups:"
(2007 and later, Office 365).  Their list of To, Subject and Sent is read as a summary; here are the recipients,
guessed: the first address behind such a phrase, else the first one that is not the reader's or the writer's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from scatterclean.bounce.anatomy import STATUS_TYPES, Message
from scatterclean.bounce.found import Facts, Find
from scatterclean.headers import addresses_in, decoded
from scatterclean.model import Kind

_REACHED = (
    b"did not reach the following recipient",
    b"could not be reached",
    b"has failed to these recipients",
    b"was not delivered to",
    b"wasn't delivered to",
    b"could not be delivered to",
    b"couldn't be delivered",
    b"unable to deliver",
    b"recipients failed",
    b"recipient failed",
    b"were affected",
    b"rcpt to:",
    b"non remis",
    b"nicht zugestellt",
)
_OWN = ("To", "Delivered-To", "From", "Reply-To")
_AT = 0x40
_SEPARATORS = bytes.maketrans(b"<>()[]\"',;:=*|", b" " * 14)
_ADDRESS = re.compile(rb"[!-?A-~]{1,100}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_CODE = re.compile(rb"[45]\.\d\.\d{1,3}\b[^\n]{0,300}")


def find(message: Message, kind: Kind) -> Iterator[Find]:
    if not message.types.isdisjoint(STATUS_TYPES):
        return  # the report knows better
    if kind in (Kind.AUTOREPLY, Kind.CHALLENGE, Kind.RECEIPT):
        return
    text = message.preface[:4096]
    lowered = text.lower()
    said = next((at + len(words) for words in _REACHED if (at := lowered.find(words)) >= 0), None)
    recipient = next(_addresses(text[said : said + 600]), None) if said is not None else None
    if recipient is None:
        header = message.header
        own = {address for name in _OWN for address in addresses_in(header.get(name) or "")}
        recipient = next((address for address in islice(_addresses(text), 20) if address not in own), None)
    code = _CODE.search(text, said or 0)
    yield Facts(
        recipients=(recipient,) if recipient else (),
        diagnostic=decoded(code[0].decode("utf-8", "replace"), 500) if code else None,
        guessed=True,
    )


def _addresses(text: bytes) -> Iterator[str]:
    for word in text.translate(_SEPARATORS).split():
        if _AT in word:
            found = _ADDRESS.search(word)
            if found:
                yield found[0].decode("ascii", "replace").lower()
