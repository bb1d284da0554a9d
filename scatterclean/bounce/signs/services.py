"""Services that name the kind in a field or an object of their own; the words around it count for nothing."""

from __future__ import annotations

from scatterclean.bounce.signs.seen import Signs
from scatterclean.model import Kind


def of_pec(signs: Signs) -> Kind:
    """Italy's certified mail names what its receipts say in a field (DM 2 November 2005, annex, 6.3 to 6.6)."""
    said = signs.fields[b"x-ricevuta"].strip().lower()
    if b"virus" in said:
        return Kind.NOTICE
    return Kind.BOUNCE if b"errore" in said or said.startswith(b"non-") else Kind.SUCCESS


def of_sns(signs: Signs) -> Kind | None:
    """Amazon SES tells by SNS, in JSON."""
    text = signs.begin.replace(" ", "").replace("\\", "")
    for word, kind in (("bounce", Kind.BOUNCE), ("complaint", Kind.COMPLAINT), ("delivery", Kind.NOTICE)):
        if f'"notificationtype":"{word}"' in text or f'"eventtype":"{word}"' in text:
            return kind
    return None
