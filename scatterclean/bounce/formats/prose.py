"""Ids that the notice merely mentions: weak, they can only acquit.

Exim's "References: <id>" in notes about filter errors (src/routers/rf_get_errors_address.c), amavisd-new's
"Message-ID: <id>", Amazon's JSON ("messageId": "id"), and prose of any kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scatterclean.bounce.anatomy import Message
from scatterclean.bounce.blocks import TECHNICAL
from scatterclean.bounce.found import Cited, Find
from scatterclean.model import MAX_ID, Kind, Weight

# What an id is introduced by: its name, at most a few words, then the id in or without angle brackets.
_HINTS = (
    b"message-id",
    b"message id",
    b"messageid",
    b"message_id",
    b"references:",
    b"nachrichten",
    b" id ",
    b" id:",
)
# In lower case.  No \b in front: a search would have to try every letter.
_NAMES = re.compile(rb"message[-_ ]?id|references|nachrichten-?id|id(?<!\wid)[ :]")
_BRACKETED = re.compile(rb"[^<@\n]{0,40}\n?[^<@\n]{0,40}<([^<>\n]{3,998})>")
_BARE = re.compile(
    rb"(?:entifier)?[\s\"\\]{0,3}(?:of|is|was|=|:)?[\s\"\\]{0,3}([^\s<>\",;{}\\]{1,300}@[^\s<>\",;{}\\]{1,300})"
)
# "Message-ID: <x>" as a field: an id there needs no "@" (MDaemon's session transcripts show what was sent as it was).
_AS_A_FIELD = re.compile(rb"[ \t]*:[ \t]*<[^<>\s]{3,998}>")
_MAX = 10


def find(message: Message, kind: Kind) -> Iterator[Find]:
    if any(part.content.find(b"essage-", 0, 8192) >= 0 for part in message.returned_parts):
        return  # the header itself is there
    text = message.preface
    last = message.blocks[-1] if message.blocks else None
    if last is not None and last.is_header and last.names.isdisjoint(TECHNICAL):
        text = message.text[:8192]  # a list of whom and what it is about; the id may stand below it
    lowered = text.lower()
    if not any(lowered.find(hint) >= 0 for hint in _HINTS):
        return
    for number, name in enumerate(_NAMES.finditer(lowered)):
        if number >= _MAX:
            return
        found = _BRACKETED.match(text, name.end()) or _BARE.match(text, name.end())
        if found:
            mentioned = found[1].decode("utf-8", "replace")
            field = "@" in mentioned or _AS_A_FIELD.match(text, name.end())
            if field and " " not in mentioned:
                yield Cited(mentioned[:MAX_ID], Weight.WEAK, "notice")
