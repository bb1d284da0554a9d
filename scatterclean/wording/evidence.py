"""Who sent the message that came back, and what is in it, in words.  Pure; no link of it can be clicked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from scatterclean.model import Origin, OriginSign
from scatterclean.wording.text import defanged, quoted, shown

if TYPE_CHECKING:
    from scatterclean.bounce.contents import Attachment, Contents

ORIGINS: Mapping[OriginSign, str] = {
    OriginSign.SIGNED: "your own account sent it: it is signed with the key of your own domain",
    OriginSign.AUTHENTICATED: (
        "your own account sent it: your mail server says that somebody who had logged in as you did"
    ),
    OriginSign.UNCHECKED: (
        "cannot tell: it bears a signature of a domain of yours, and it could not be checked whether that is real"
    ),
    OriginSign.FORWARDED: "you received it: your provider had taken it in for you before it was passed on",
    OriginSign.HOP: "cannot tell: it passed your own mail provider, whoever sent it",
    OriginSign.CHAIN: "a stranger sent it: it went through other people's machines, and not through your provider",
    OriginSign.NO_CHAIN: "cannot tell: the bounce does not show which way the message went",
    OriginSign.PROVIDER_UNKNOWN: (
        "cannot tell: scatterclean does not know through which servers your mail leaves "
        "(set `outbound = [...]` in the account, or let DNS be asked)"
    ),
}


def origin(traced: Origin, *, told: bool = False) -> str:
    """Who sent the message that came back, and by which line of it that is told, unless it was `told` before."""
    return ORIGINS[traced.sign] + (
        " (the line in the finding above says so)" if told else quoted(traced.line)
    )


_LISTED = 5


def contents(found: Contents) -> list[str]:
    """Links and attachments of a returned message, the first few by name; [] if it has none."""
    told = []
    if found.links:
        told.append(
            f"{_count(found.links, found.more_links, 'link')} (written so that nobody opens one by mistake): "
            + _some([defanged(link) for link in found.links], found.more_links)
        )
    if found.attachments:
        told.append(
            f"{_count(found.attachments, found.more_attachments, 'attachment')}: "
            + _some([attachment(each) for each in found.attachments], found.more_attachments)
        )
    if told:
        cut = "; its end did not come back, so there may have been more" if found.cut else ""
        told.append(f"nothing of this was opened or fetched{cut}")
    return told


def attachment(one: Attachment) -> str:
    """ "invoice.zip (dangerous type)"."""
    named = f'"{shown(one.name, 60)}"' if one.name else f"one without a name, {shown(one.type, 60)}"
    return f"{named} (DANGEROUS: files of this type can harm your computer)" if one.dangerous else named


def _count(named: Sequence[object], more: int, noun: str) -> str:
    number = len(named) + more
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _some(texts: Sequence[str], more: int) -> str:
    rest = len(texts) - _LISTED + more
    return ", ".join(texts[:_LISTED]) + (f" and {rest} more" if rest > 0 else "")
