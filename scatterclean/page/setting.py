"""How the page is set: templates that escape everything, what strangers wrote made harmless, the style and its policy.

Nothing of the page comes from elsewhere: no script, no picture, no font, no link but to places in it.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from scatterclean.wording import defanged, shown

HERE = Path(__file__).parent


@lru_cache(maxsize=1)
def style() -> str:
    """The style sheet, as it stands between <style> and </style>."""
    text = (HERE / "templates" / "style.css").read_text("utf-8")
    # Comments are for who reads the source.
    return re.sub(r"\n{2,}", "\n", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)).strip()


@lru_cache(maxsize=1)
def policy() -> str:
    """The Content-Security-Policy of the page: this very style, and nothing else, whatever came into it from mail."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates; a name that nobody gave a value is an error, and not an empty place."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {"stranger": stranger, "link": link, "prose": prose, "number": number, "iso": iso}
    made.filters |= {"capital": capital, "lines": lines}
    return made


# Not before the last dot: "google" and ".com" in two lines are read as two things.
_JOINTS = re.compile(r"(?<=[@+])|(?<=\.)(?=.*\.)")
# Letters of some scripts bear two or three marks; towers of them are made to cover what stands above.
_MARKS = 4


def stranger(text: str | None, limit: int = 120) -> Markup:
    """What a stranger wrote: no control or invisible character, cut, and its direction is its own affair."""
    return Markup("<bdi>{}</bdi>").format(_breakable(_without_towers(shown(text, limit))))


def _breakable(text: str) -> str:
    """Of one word (an address, the name of a host): where a line may end, if it must."""
    if " " in text:
        return text
    return Markup("<wbr>").join(_JOINTS.split(text))


def _without_towers(text: str) -> str:
    if text.isascii():
        return text
    kept: list[str] = []
    marks = 0
    for c in text:
        marks = marks + 1 if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Me") else 0
        if marks <= _MARKS:
            kept.append(c)
    return "".join(kept)


def link(text: str) -> Markup:
    """A host or an address that a stranger wrote, such as no browser and no mail program takes for one."""
    return Markup("<bdi>{}</bdi>").format(_without_towers(defanged(text)))


def lines(text: str) -> str:
    """A text of several lines, each of them made harmless."""
    return "\n".join(_without_towers(shown(line, 1000)) for line in text.split("\n"))


# Code that has room in a line of a phone is not broken at its hyphens.
_WHOLE, _SHORT = 24, Markup(' class="short"')


def prose(text: str) -> Markup:
    """A sentence of ours: what stands in backquotes is code.  What it quotes of strangers was `shown` before."""
    parts = _without_towers(text).split("`")
    if len(parts) % 2 == 0:  # one is left over: a stranger's, or none of ours
        return escape(text)
    return Markup("").join(
        Markup("<code{}>{}</code>").format(_SHORT if len(part) <= _WHOLE else "", part)
        if place % 2
        else escape(part)
        for place, part in enumerate(parts)
    )


def number(value: int) -> str:
    """ "2,314"."""
    return f"{value:,}"


def capital(text: str) -> str:
    """A sentence begins with a capital, and the rest of it is left alone."""
    return text[:1].upper() + text[1:]


def iso(when: datetime) -> str:
    """For the attribute `datetime` of <time>."""
    return when.isoformat(timespec="minutes")
