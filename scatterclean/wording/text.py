"""What strangers wrote, times and kinds, as people read them.  Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta, tzinfo

from scatterclean.model import Kind

KINDS: Mapping[Kind, str] = {
    Kind.BOUNCE: "bounce",
    Kind.DELAY: "delay warning",
    Kind.SUCCESS: "delivery confirmation",
    Kind.AUTOREPLY: "automatic reply",
    Kind.CHALLENGE: "challenge",
    Kind.NOTICE: "filter's notice",
    Kind.RECEIPT: "read receipt",
    Kind.COMPLAINT: "spam complaint",
}

# What every message that strangers can write into is cut to, in one line of output.
_SHOWN = 120


def shown(text: str | None, limit: int = _SHOWN) -> str:
    """Text of a stranger for a terminal or a log: no control, escape, direction or invisible characters."""
    kept = "".join(
        " "
        if c in "\t\n\r"
        else c
        if unicodedata.category(c) not in _UNPRINTABLE
        else "\N{REPLACEMENT CHARACTER}"
        for c in (text or "")[: limit * 4]
    )
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"


_UNPRINTABLE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def moment(iso: str | datetime | None, zone: tzinfo | None = None) -> str:
    """A time for people: "2026-11-23 14:02 CET" in `zone` (None: the machine's)."""
    if not iso:
        return "never"
    when = datetime.fromisoformat(iso) if isinstance(iso, str) else iso
    return when.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z").strip()


def span(length: timedelta) -> str:
    """A stretch of time: "90 s", "15 min"."""
    seconds = int(length.total_seconds())
    return f"{seconds // 60} min" if seconds >= 120 and seconds % 60 == 0 else f"{seconds} s"


def place(found_in: str) -> str:
    """Where in an automatic message an id stood, without the names of MIME types."""
    if found_in == "pasted header":
        return "a header pasted into its text"
    if found_in.endswith(" part"):
        if "headers" in found_in:
            return "the header attached to it"
        return "the message attached to it" if found_in.startswith("message/") else "a part attached to it"
    return shown(found_in, 60)


def quoted(line: str) -> str:
    """A line of evidence as it stood, in brackets behind a sentence; nothing if there is none."""
    return f' (it says: "{shown(line, 200)}")' if line else ""


# Not by strftime: that asks the machine's language.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


_lasting: ContextVar[bool] = ContextVar("lasting", default=False)


@contextmanager
def lasting() -> Iterator[None]:
    """What is said within may be read on another day: no "today" and no "yesterday"."""
    before = _lasting.set(True)
    try:
        yield
    finally:
        _lasting.reset(before)


def day(when: datetime, now: datetime) -> str:
    """A day as people say it, in the zone of `now`: "today", "yesterday", "7 May", "3 March 2019"."""
    date, today = when.astimezone(now.tzinfo).date(), now.date()
    if date == today and not _lasting.get():
        return "today"
    if date == today - timedelta(days=1) and not _lasting.get():
        return "yesterday"
    year = f" {date.year}" if date.year != today.year else ""
    return f"{date.day} {_MONTHS[date.month - 1]}{year}"


def ago(when: datetime, now: datetime) -> str:
    """The same with the time of day: "yesterday 14:02", "7 May 09:30"; without it where the year says enough."""
    said = day(when, now)
    local = when.astimezone(now.tzinfo)
    return said if local.year != now.year and not said.isalpha() else f"{said} {local:%H:%M}"


_SCHEME = re.compile(r"\b(h)tt(ps?)(?=:|%3a)|\b(f)t(ps?)(?=:|%3a)", re.IGNORECASE)


def defanged(link: str, limit: int = 100) -> str:
    """A link of a stranger that no terminal, mailer or tired finger opens: "hxxp://evil[.]example/a[.]html"."""
    text = shown(link, limit * 2)
    text = _SCHEME.sub(lambda m: f"{m[1]}xx{m[2]}" if m[1] else f"{m[3]}x{m[4]}", text)
    return shown(text.replace(".", "[.]").replace("@", "[at]"), limit)


def table(account: str, *more: str) -> str:
    """The table of the account in the configuration: a name with a dot stands in quotes there."""
    name = f'"{account}"' if "." in account else account
    return f"[{'.'.join(('accounts', name, *more))}]"


def rounded(number: float) -> int:
    """As people say it: to the ten from 20 on, to the hundred from 1000 on."""
    step = 1 if number < 20 else 10 if number < 1000 else 100
    return max(1, int(number / step + 0.5) * step)
