"""Does a quoted id stand as its writer wrote it?  What a gateway wrapped, encoded, shortened or blanked out may
acquit, never convict: the log knows no such id, though it knows the message.  It looks at ids alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape
from itertools import islice

from scatterclean.headers import decoded, ids_in
from scatterclean.model import MAX_ID, MessageId

_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")
_MANGLED = re.compile(
    r"&(?:lt|gt|amp|quot|#\d{1,5}|#x[0-9a-f]{1,5});"  # HTML's escapes in what is no HTML, or escaped twice
    r"|=3d|=$|^=\?|%40|%3c"  # quoted-printable that nobody announced, RFC 2047 words, URLs
    r"|\.\.\.|\u2026|\*\*\*|\ufffd|[\u00ad\u200b-\u200f\u2060\ufeff]"  # shortened, blanked out, broken in between
    r"|mailto:|href=|^/\w{1,10}$|^lt;|^\+adw-"  # what converters and editors make of angle brackets
    r"|^[(\[\u00ab\u2039\uff1c']|^\".*\"$|[;)\u00bb\u203a\uff1e']$"
    r"|^[x0#?.]+@|@[x0#?.]*$"  # blanked out letter by letter, or cut there
    r"|^(?:none|null|unknown|undefined|empty|missing|hidden|deleted|removed|redacted|n/?a|[*-]+)(?:@|$)"
)
# Most ids have nothing in them that could be a mark of it, and are no word for "none" and not blanked out.
_ATOMS = r"[A-Za-z0-9][A-Za-z0-9$_+-]*+(?:\.[A-Za-z0-9$_+-]++)*+\.?"
_CLEAN = re.compile(
    r"<(?!(?i:none|null|unknown|undefined|empty|missing|hidden|deleted|removed|redacted|na|[x0.]+)@)"
    rf"{_ATOMS}@(?![xX0.]+>){_ATOMS}>"
)
_SEVERAL = re.compile(r"[\s,;]*<[^<>]*>[\s,;]*<(?!mailto)")
_ENCODED = re.compile(r"[=%]([0-9A-Fa-f]{2})")
_BARE = re.compile(
    r"[^\s<>()\[\]\"';,\u00ab\u00bb\uff1c\uff1e]{1,500}@[^\s<>()\[\]\"';,\u00ab\u00bb\uff1c\uff1e]{1,500}"
)
_WRAPPED = re.compile(rb"\nmessage-id[ \t]*:[ \t\n]*<([^<>]{1,998})>", re.IGNORECASE)
_SOFT_BREAK = re.compile(rb"=?\n|[ \t]+")
_MOST = 10
_LONGEST = 2 * MAX_ID  # characters: an honest field holds an id, a comment, and folding


def is_intact(message_id: MessageId, value: str) -> bool:
    """`value`: the field that the id was found in, unfolded.

    An id stands in angle brackets, both of them (a line that was wrapped has lost one); some clients write none,
    and then nothing but the id.  Of two in one field nobody knows which one the sender wrote.  One without "@" may have
    been cut there; some programs write none, though: the log is asked what begins with it, too.
    """
    text = message_id.text
    if len(text) < MAX_ID and _CLEAN.fullmatch(value):
        return True
    if len(value) > _LONGEST or text[:1] == "@" or text[-1:] == "@" or _SEVERAL.match(value):
        return False
    if value != f"<{text}>" and f"<{text}>" not in "".join(value.split()):
        bare = "<" not in value and ">" not in value and len(value.split()) == 1
        if not bare:
            return False
    return _MANGLED.search(text.casefold()) is None


def may_be_meant(value: str) -> Iterable[MessageId]:
    """The ids that a mangled `value` may have held, at most ten."""
    plain = _UNSEEN.sub("", unescape(unescape(value[:4096])))
    if "=?" in plain:
        plain = decoded(plain, 4096)
    forms = dict.fromkeys((plain, _without_encoding(plain)))
    found: dict[str, None] = {}
    for form in (each.replace("mailto:", " ") for each in forms):
        for each in (*(each.text for each in ids_in(form)), *_BARE.findall(form)):
            found[each[:MAX_ID]] = None
    return [MessageId(each) for each in list(found)[:_MOST]]


def wrapped_in(header: bytes) -> Iterable[MessageId]:
    """The ids of a header block whose lines were broken in the middle of the id, without the mark of folding."""
    for found in islice(_WRAPPED.finditer(b"\n" + header), _MOST):
        text = _SOFT_BREAK.sub(b"", found[1]).decode("utf-8", "replace")
        yield MessageId(text)
        yield MessageId(_without_encoding(text))


def _without_encoding(text: str) -> str:
    return _ENCODED.sub(lambda found: chr(int(found[1], 16)), text)
