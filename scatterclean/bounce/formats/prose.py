"""Ids that the notice merely mentions: weak, they can only acquit.

Exim's "References: <id>" in notes about filter errors (src/routers/rf_get_errors_address.c), amavisd-new's
"Message-ID: <id>", Amazon's JSON ("messageId": "id"), and prose of any kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scatterclean.bounce.anatomy import Message
from scatterclean.bounce.found import Cited, Find
from scatterclean.model import MAX_ID, Kind, Weight

_MENTIONED = re.compile(
    rb"(?:message[-_ ]?id(?:entifier)?|references|nachrichten-?id|mensaje|messaggio|\bid\b)[^\n<@]{0,40}?\n?[^\n<@]{0,40}?"
    rb"<([^<>\n]{3,998})>",
    re.IGNORECASE,
)
_IN_JSON = re.compile(rb"\"?message-?id(?: of|\"?\s*[:=])\s*\"?<?([^\s<>\",;{}]{1,300}@[^\s<>\",;{}]{1,300})", re.IGNORECASE)
_LIMIT = 16_384
_MAX = 10


def find(message: Message, kind: Kind) -> Iterator[Find]:
    text = message.text[:_LIMIT]
    lowered = text.lower()
    if b"message" not in lowered and b"references" not in lowered and b"id" not in lowered:
        return
    seen = 0
    for pattern in (_IN_JSON, _MENTIONED):
        for found in pattern.finditer(text):
            text_of_id = found[1].decode("utf-8", "replace")
            if "@" in text_of_id and " " not in text_of_id:
                yield Cited(text_of_id[:MAX_ID], Weight.WEAK, "notice")
                seen += 1
                if seen >= _MAX:
                    return
