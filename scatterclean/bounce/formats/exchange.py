"""Exchange, its Internet Mail Service and what imitates it: a list of To, Subject and Sent, no header.

"did not reach the following recipient(s):" (5.5, 2000), "Delivery has failed to these recipients or groups:"
(2007 and later, Office 365).  The list itself is read as a summary; here are the recipients.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scatterclean.bounce.anatomy import Message
from scatterclean.bounce.found import Facts, Find
from scatterclean.headers import decoded
from scatterclean.model import Kind

_REACHED = re.compile(
    rb"(?:did not reach the following recipient|could not be reached|has failed to these recipients|"
    rb"was not delivered to|wasn't delivered to|could not be delivered to|unable to deliver|"
    rb"couldn't be delivered|recipients? (?:failed|were affected)|rcpt to:|non remis|nicht zugestellt)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(rb"([^\s<>()\[\]\"',;:=]{1,100}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})")
_CODE = re.compile(rb"[^\n]{0,80}\b([45]\.\d\.\d{1,3}|[45]\d\d [45]\.\d\.\d{1,3})\b[^\n]{0,300}")


def find(message: Message, kind: Kind) -> Iterator[Find]:
    text = message.text[:16_384]
    said = _REACHED.search(text)
    if said is None:
        return
    behind = text[said.end() : said.end() + 600]
    found = _ADDRESS.search(behind)
    code = _CODE.search(text, said.start())
    yield Facts(
        recipients=(found[1].decode("ascii", "replace").lower(),) if found else (),
        diagnostic=decoded(code[0].decode("utf-8", "replace"), 500) if code else None,
        guessed=True,
    )
