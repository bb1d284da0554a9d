"""Delivery status fields (RFC 3464), in a part of their own or pasted into the notice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scatterclean.bounce.anatomy import STATUS_TYPES, Message
from scatterclean.bounce.found import Cited, Facts, Find
from scatterclean.headers import addresses_in, as_text, decoded, ids_in, unfolded
from scatterclean.model import Kind, Weight

_PASTED = re.compile(rb"\n[ \t]*(?:final|original)-recipient[ \t]*:[^\n;]{0,40};", re.IGNORECASE)
_TYPE = re.compile(r"^\s*[\w-]{1,20}\s*;\s*")
# The fields that are wanted, and the blank lines between the recipients (RFC 3464, 2.1).  X-Actual-Recipient
# is sendmail's; Sun's and Oracle's servers name the original's id, as others do in X- fields.
_FIELDS = re.compile(
    rb"\n(reporting-mta|original-recipient|final-recipient|x-actual-recipient|action|status|diagnostic-code|"
    rb"original-message-id|x-original-message-id)[ \t]*:[ \t]*([^\n]*(?:\n[ \t]+[^\n]*)*)|\n[ \t]*(?=\n)",
    re.IGNORECASE,
)
_IDS = (b"original-message-id", b"x-original-message-id")
_MAX_FIELDS = 1000


def find(message: Message, kind: Kind) -> Iterator[Find]:
    part = message.part_of(STATUS_TYPES)
    if part is not None:
        content = part.content
    else:
        text = b"\n" + message.text
        pasted = _PASTED.search(text)
        if pasted is None:
            return
        content = text[max(text.rfind(b"\nReporting-MTA", 0, pasted.start()), pasted.start() - 2000, 0) :]
    recipients: list[str] = []
    first: dict[bytes, str] = {}
    group: dict[bytes, str] = {}
    mta = None
    for name, value in _FIELDS.findall(b"\n" + content + b"\n\n")[:_MAX_FIELDS]:
        if name:
            group.setdefault(name.lower(), as_text(unfolded(value)))
            continue
        if not group:
            continue
        mta = mta or group.get(b"reporting-mta")
        for each in _IDS:
            for message_id in ids_in(group.get(each, "")):
                yield Cited(message_id.text, Weight.WEAK, f"{each.decode('ascii')} of the report")
        if b"original-recipient" in group or b"final-recipient" in group:
            recipients += _recipient(group)
            first = first or group
        elif b"action" in group:
            first = first or group
        group = {}
    action, diagnostic = first.get(b"action"), first.get(b"diagnostic-code")
    yield Facts(
        recipients=tuple(recipients),
        action=decoded(action).lower().partition(" ")[0] if action else None,
        status=decoded(first[b"status"], 40) if b"status" in first else None,
        diagnostic=decoded(_TYPE.sub("", diagnostic), 500) if diagnostic else None,
        reporting_mta=decoded(_TYPE.sub("", mta)) if mta else None,
    )


def _recipient(group: dict[bytes, str]) -> tuple[str, ...]:
    """`rfc822;user@host` -> the bare address, as the sender wrote it if possible; X.400 has none."""
    for name in (b"original-recipient", b"final-recipient", b"x-actual-recipient"):
        value = group.get(name)
        found = addresses_in(value.partition(";")[2] or value) if value else ()
        if found:
            return found[:1]
    return ()
