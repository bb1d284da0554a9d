"""Delivery status fields (RFC 3464), in a part of their own or pasted into the notice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scatterclean.bounce.anatomy import STATUS_TYPES, Message
from scatterclean.bounce.found import Cited, Facts, Find
from scatterclean.headers import Header, addresses_in, decoded, ids_in
from scatterclean.model import Kind, Weight

_PASTED = re.compile(rb"\n[ \t]*(?:final|original)-recipient[ \t]*:[^\n;]{0,40};", re.IGNORECASE)
_BLANK = re.compile(rb"\n[ \t]*\n[ \t\n]*")
_TYPE = re.compile(r"^\s*[\w-]{1,20}\s*;\s*")
# Sun's and Oracle's servers name the original's id in the report, as others do in X- fields.
_IDS = ("Original-Message-ID", "X-Original-Message-ID")
_MAX_GROUPS = 200


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
    action = status = diagnostic = mta = None
    for group in _BLANK.split(content)[:_MAX_GROUPS]:
        fields = Header(group)
        if mta is None:
            mta = fields.get("Reporting-MTA")
        for name in _IDS:
            if name in fields:
                for message_id in ids_in(fields.get(name) or ""):
                    yield Cited(message_id.text, Weight.WEAK, f"{name} of the report")
        final = fields.get("Final-Recipient")
        original = fields.get("Original-Recipient")
        if original or final:
            recipients += _address(original) or _address(final) or _address(fields.get("X-Actual-Recipient"))
        elif "action" not in fields:
            continue
        if status is None:
            action = fields.get("Action")
            status = fields.get("Status")
            diagnostic = fields.get("Diagnostic-Code")
    yield Facts(
        recipients=tuple(recipients),
        action=decoded(action).lower().partition(" ")[0] if action else None,
        status=decoded(status, 40) if status else None,
        diagnostic=decoded(_TYPE.sub("", diagnostic), 500) if diagnostic else None,
        reporting_mta=decoded(_TYPE.sub("", mta)) if mta else None,
    )


def _address(value: str | None) -> tuple[str, ...]:
    """`rfc822;user@host` -> the bare address; X.400 and unknown types have none."""
    return addresses_in(_TYPE.sub("", value))[:1] if value else ()
