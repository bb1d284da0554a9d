"""Originals that the message's own header cites: In-Reply-To, References and their relatives."""

from __future__ import annotations

from collections.abc import Iterator

from scatterclean.bounce.anatomy import Message
from scatterclean.bounce.found import Cited, Find
from scatterclean.bounce.intact import is_intact, may_be_meant
from scatterclean.bounce.signs.sure import answers_for_sure
from scatterclean.headers import addresses_in, ids_in, keys_of
from scatterclean.model import Kind, Weight

# RFC 3834, 3.1.5: In-Reply-To is the id of the message that is answered.  A bounce is often built from the
# original's header, and then In-Reply-To is what the *original* answered.
_ANSWERS = frozenset({Kind.AUTOREPLY, Kind.CHALLENGE, Kind.NOTICE, Kind.RECEIPT})
_OTHERS = ("X-Original-Message-ID", "Original-Message-ID", "X-Failed-Message-ID", "X-Riferimento-Message-ID")
_CITING = keys_of(("In-Reply-To", "References", *_OTHERS))


def find(message: Message, kind: Kind) -> Iterator[Find]:
    header = message.header
    if not header.has_any(_CITING):
        return
    cited = header.get("In-Reply-To")
    if cited:
        weight = Weight.STRONG if kind in _ANSWERS and answers_for_sure(message, kind) else Weight.WEAK
        # 'Message from Ann <ann@host> of "Tue" <id>' (MH and its heirs) names whom it answers, too.
        readers = addresses_in(header.get("To") or "")
        mangled = False
        for message_id in ids_in(cited):
            sound = is_intact(message_id, cited) and message_id.text.lower() not in readers
            mangled |= not sound
            yield Cited(message_id.text, weight if sound else Weight.WEAK, "In-Reply-To", by_reply=True)
        if mangled:
            for meant in may_be_meant(cited):
                yield Cited(meant.text, Weight.WEAK, "In-Reply-To", by_reply=True)
    for name in _OTHERS:
        for value in header.all(name):
            for message_id in ids_in(value):
                yield Cited(message_id.text, Weight.WEAK, name, by_reply=True)
    references = header.get("References")
    if references:
        # The last one is the message that is answered; those before it are its ancestors.
        for message_id in reversed(ids_in(references)):
            yield Cited(message_id.text, Weight.WEAK, "References", by_reply=True)
