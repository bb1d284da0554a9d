"""Delivery status fields (RFC 3464), in a part of their own or pasted into the notice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scatterclean.bounce.anatomy import STATUS_TYPES, Message
from scatterclean.bounce.found import Cited, Facts, Find
from scatterclean.bounce.stems import names
from scatterclean.headers import addresses_in, decoded, ids_in, value_of
from scatterclean.model import Kind, Weight

_PASTED = re.compile(rb"\n[ \t]*(?:final|original)-recipient[ \t]*:[^\n;]{0,40};", re.IGNORECASE)
_TYPE = re.compile(r"^\s*[\w-]{1,20}\s*;\s*")
# The fields that are wanted, and the blank lines between the recipients (RFC 3464, 2.1).  X-Actual-Recipient
# is sendmail's; Sun's and Oracle's servers name the original's id, as others do in X- fields.
_FIELDS = re.compile(
    rb"\n("
    + names(
        "reporting-mta", "original-recipient", "final-recipient", "x-actual-recipient", "action", "status",
        "diagnostic-code", "original-message-id", "x-original-message-id",
    )
    + rb")[ \t]*+:[ \t]*+([^\n]*+(?:\n[ \t]++[^\n]*+)*+)|\n[ \t]*+(?=\n)"
)  # fmt: skip
_IDS = (b"original-message-id", b"x-original-message-id")
_MAX_FIELDS = 1000
_MAX_REPORT = 1 << 18  # bytes: a report on hundreds of recipients; megabytes of it are somebody's junk


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
    first: dict[bytes, bytes] = {}
    group: dict[bytes, bytes] = {}
    mta = None
    for name, value in _FIELDS.findall(b"\n" + content[:_MAX_REPORT] + b"\n\n")[:_MAX_FIELDS]:
        if name:
            group.setdefault(name.lower(), value)
            continue
        if not group:
            continue
        mta = mta or group.get(b"reporting-mta")
        for each in _IDS:
            if each in group:
                for message_id in ids_in(_text(group[each])):
                    yield Cited(message_id.text, Weight.WEAK, f"{each.decode('ascii')} of the report")
        if b"original-recipient" in group or b"final-recipient" in group:
            recipients += _recipient(group)
            first = first or group
        elif b"action" in group:
            first = first or group
        group = {}
    yield Facts(
        recipients=tuple(recipients),
        action=decoded(_text(first.get(b"action"))).lower().partition(" ")[0] or None,
        status=decoded(_text(first.get(b"status")), 40) or None,
        diagnostic=decoded(_without_type(first.get(b"diagnostic-code")), 500) or None,
        reporting_mta=decoded(_without_type(mta)) or None,
    )


def _text(value: bytes | None) -> str:
    return value_of(value) if value else ""


def _without_type(value: bytes | None) -> str:
    """`smtp; 550 unknown` -> `550 unknown`."""
    text = _text(value)
    found = _TYPE.match(text)
    return text[found.end() :] if found else text


def _recipient(group: dict[bytes, bytes]) -> tuple[str, ...]:
    """`rfc822;user@host` -> the bare address, as the sender wrote it if possible; X.400 has none."""
    for name in (b"original-recipient", b"final-recipient", b"x-actual-recipient"):
        if name in group:
            value = _text(group[name])
            found = addresses_in(value.partition(";")[2] or value)
            if found:
                return found[:1]
    return ()
