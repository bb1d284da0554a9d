"""Complaints (RFC 5965, 6591): who complained about whose message, from the feedback report's fields."""

from __future__ import annotations

from collections.abc import Iterator

from scatterclean.bounce.anatomy import COMPLAINT_TYPES, Message
from scatterclean.bounce.found import Facts, Find
from scatterclean.headers import Header, addresses_in, decoded
from scatterclean.model import Kind


def find(message: Message, kind: Kind) -> Iterator[Find]:
    part = message.part_of(COMPLAINT_TYPES)
    if part is None:
        return
    fields = Header(part.content)
    recipients = [address for value in fields.all("Original-Rcpt-To") for address in addresses_in(value)]
    for value in fields.all("Removal-Recipient"):
        recipients += addresses_in(value)
    senders = addresses_in(fields.get("Original-Mail-From") or "")
    mta = (fields.get("Reporting-MTA") or fields.get("User-Agent") or "").rpartition(";")[2]
    yield Facts(
        recipients=tuple(recipients),
        action=decoded(fields.get("Feedback-Type") or "").lower() or None,
        reporting_mta=decoded(mta) or None,
        sender=senders[0] if senders else None,
    )
