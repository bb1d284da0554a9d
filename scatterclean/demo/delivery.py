"""How a message gets into Ada's mailbox: the trace of her provider, moment, flags; and what is expected of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scatterclean.demo import cast
from scatterclean.demo.cast import ADA
from scatterclean.demo.dice import Dice
from scatterclean.demo.mime import Mail, stamp
from scatterclean.model import Because, Kind, Verdict

SEEN = frozenset(("\\Seen",))


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in a folder.  `raw` has CRLF line ends; `arrival` becomes INTERNALDATE.

    `shape` says in a word or two what it is ("Postfix", "letter").  `kind`, `verdict` and `because` are what a
    sweep should find; None for ordinary mail.  `moves`: a sweep should put it away.
    """

    raw: bytes
    arrival: datetime
    flags: frozenset[str]
    shape: str
    kind: Kind | None = None
    verdict: Verdict | None = None
    because: Because | None = None
    moves: bool = False


def filed(mail: Mail, when: datetime) -> Letter:
    """A copy in Sent."""
    return Letter(mail.raw, when.replace(microsecond=0), SEEN, "sent")


def delivered(
    mail: Mail,
    when: datetime,
    shape: str,
    *,
    host: str,
    envelope: str = "",
    to: str = ADA.address,
    box: str = ADA.address,
    flags: frozenset[str] = frozenset(),
    kind: Kind | None = None,
    verdict: Verdict | None = None,
    because: Because | None = None,
    moves: bool = False,
) -> Letter:
    """A message that `host` brought to Ada's provider for `to`, filed for `box`; `envelope` is its reverse-path."""
    dice = Dice(f"delivery/{shape}/{when.isoformat()}/{mail.get('Message-ID')}")
    when = when.replace(microsecond=0)
    mx, _ = dice.pick(cast.MX)
    address = f"203.0.113.{Dice(host).between(100, 199)}"
    trace = (
        f"from {host} ({host} [{address}])\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\n"
        f"\tby {mx} (Postfix) with ESMTPS id {dice.upper(12)}\n\tfor <{to}>; {stamp(when)}"
    )
    checked = f"{mx};\n\tspf={'none' if not envelope else 'pass'} smtp.mailfrom={envelope or host}; dkim=none"
    with_trace = mail.under(
        ("Return-Path", f"<{envelope}>"),
        *((("X-Original-To", to),) if to != box else ()),
        ("Delivered-To", box),
        ("Received", trace),
        ("Authentication-Results", checked),
    )
    return Letter(with_trace.raw, when, flags, shape, kind, verdict, because, moves)
