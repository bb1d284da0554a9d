"""Reports made by hand: a storm as it is told, and what strangers may write into one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from scatterclean.model import Kind
from scatterclean.model.report import Bouncer

ZONE = timezone(timedelta(hours=1), "CET")
NOW = datetime(2026, 11, 23, 20, 30, tzinfo=ZONE)

# What a stranger may write to take over a terminal, to forge a header, to be opened, or to hide.
HOSTILE = (
    "\r\nBcc: victim@example.org\r\n\r\n=cmd|'/C calc'!A0 \x1b[31mred\x1b]8;;http://evil.example\x1b\\ \x9b2J \x07 "
    "\u202egnp.exe \u200b [bold]x[/bold] https://evil.example/a?b=1 www.evil.example "
    "<script>alert(1)</script>\u2028End\x00"
)


def bouncer(host: str = "mx1.mail.example", **other: Any) -> Bouncer:
    """A server that sent twelve bounces and three automatic replies."""
    plain = Bouncer(
        host=host,
        domain="mail.example",
        bounces=15,
        first=NOW - timedelta(hours=6),
        last=NOW - timedelta(minutes=3),
        kinds={Kind.BOUNCE: 12, Kind.AUTOREPLY: 3},
        ip="198.18.5.5",
        statuses=("5.1.1", "5.2.2"),
        recipients=("nobody@mail.example",),
        example="<20261123.1@mx1.mail.example>",
        diagnostic="smtp; 550 5.1.1 User unknown",
    )
    return replace(plain, **other)


def hostile_bouncer() -> Bouncer:
    """Every text of it is a stranger's."""
    return bouncer(
        HOSTILE,
        domain=HOSTILE,
        ip=HOSTILE,
        statuses=(HOSTILE,),
        recipients=(HOSTILE, "x" * 10_000),
        example=HOSTILE,
        diagnostic=HOSTILE * 100,
        listed=(HOSTILE,),
    )
