"""The bytes of the original that an automatic message returned, for whoever checks its signatures.  Pure.

`bounce.read` says what the original was; this hands it out as it stands: nothing is written anew, but for line
ends, which are LF here whatever they were (RFC 6376, 5.3 wants CRLF; whoever hashes it makes them so).
"""

from __future__ import annotations

from scatterclean.bounce import MAX_LEVEL, _was_sent_by_a_machine
from scatterclean.bounce.anatomy import Message, opened
from scatterclean.bounce.formats import attached
from scatterclean.bounce.found import Returned
from scatterclean.bounce.signs.heads import may_be
from scatterclean.bounce.signs.kinds import kind_of
from scatterclean.model import Kind

# Parts that hold a whole message (RFC 2046, 5.2.1; RFC 6532, 3.7); the others only a header.
_WHOLE = frozenset(f"{name} part" for name in ("message/rfc822", "message/global"))


def returned_message(raw: bytes, *, complete: bool = True) -> tuple[bytes, bool] | None:
    """(the innermost returned original, is its body there to its end?), or None.  Never raises; linear.

    None: ordinary mail, nothing came back, or what came back is not byte for byte what it was (quoted, cut off
    within the header, shown in HTML).  `complete=False`: `raw` was cut at the fetch cap.
    """
    try:
        message = opened(raw, complete=complete)
        kind = kind_of(message)
        return None if kind is None else _innermost(message, kind)
    except Exception:  # noqa: BLE001 - the promise of this room: a bug becomes "nothing came back", never a crash
        return None


def _innermost(message: Message, kind: Kind) -> tuple[bytes, bool] | None:
    closed = True
    found = None
    for _ in range(MAX_LEVEL):
        deeper = _handed_back(message, kind)
        if deeper is None:
            break
        found = deeper
        closed = closed and found.closed
        inner = Message(found.header, found.body, cut=not found.ended)
        inner_kind = kind_of(inner) if may_be(inner.header.first) else None
        # Spam comes dressed as a bounce, too; what hangs on it is not what the person sent.
        if inner_kind is None or not _was_sent_by_a_machine(message, inner.header, inner_kind):
            break
        message, kind = inner, inner_kind
    if found is None or not found.ended:
        return None
    return found.header + b"\n\n" + found.body, closed and found.found_in in _WHOLE


def _handed_back(message: Message, kind: Kind) -> Returned | None:
    """The first original in a part of its own, else the header that is pasted verbatim into the notice."""
    for found in attached.find(message, kind):
        if isinstance(found, Returned):
            return found
    notice = message.notice
    if kind is Kind.AUTOREPLY or notice is None or not notice.content.startswith(message.text):
        return None
    text = message.text
    for block in message.blocks:
        if block.is_header:
            start = max(block.start, 0)
            if block.quoted or not text.startswith(block.header, start):
                return None
            rest = text[start + len(block.header) :]
            # A blank line must follow at once, or something was passed over between the header and its end.
            if not rest.startswith(b"\n\n"):
                return None
            return Returned(block.header, rest[2:], "pasted header", ended=block.ended)
    return None
