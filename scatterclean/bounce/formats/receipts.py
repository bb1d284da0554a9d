"""Receipts (RFC 8098): the original's id in Original-Message-ID of the report part."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scatterclean.bounce.anatomy import RECEIPT_TYPES, Message
from scatterclean.bounce.found import Cited, Facts, Find
from scatterclean.bounce.intact import is_intact, may_be_meant
from scatterclean.headers import Header, addresses_in, decoded, ids_in
from scatterclean.model import Kind, Weight

_WHOLE = re.compile(r"\s*<[^<>]{1,998}>\s*")
_TYPE = re.compile(r"^\s*[\w-]{1,20}\s*;\s*")


def find(message: Message, kind: Kind) -> Iterator[Find]:
    part = message.part_of(RECEIPT_TYPES)
    if part is None:
        return
    content = part.content
    fields = Header(content)
    for value in fields.all("Original-Message-ID"):
        for message_id in ids_in(value):
            sure = (part.ended or f"<{message_id.text}>" in value) and is_intact(message_id, value)
            yield Cited(message_id.text, Weight.STRONG if sure else Weight.WEAK, "Original-Message-ID")
        if not _WHOLE.fullmatch(value):
            yield from (Cited(each.text, Weight.WEAK, "Original-Message-ID") for each in may_be_meant(value))
    recipients = fields.get("Original-Recipient") or fields.get("Final-Recipient") or ""
    disposition = fields.get("Disposition")
    mta = fields.get("Reporting-UA")
    yield Facts(
        recipients=addresses_in(_TYPE.sub("", recipients)),
        action=decoded(disposition.rpartition(";")[2]).lower() if disposition else None,
        reporting_mta=decoded(mta.partition(";")[0]) if mta else None,
    )
