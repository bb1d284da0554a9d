"""Whose file is this?  The first line that `service install` writes holds a digest of all the rest; pure."""

from __future__ import annotations

import re
from enum import StrEnum
from hashlib import sha256

_WORDS = "Written by `scatterclean service install`"
_MARK = re.compile(rf"(?m)^(?:# |<!-- ){re.escape(_WORDS)}, ([0-9a-f]{{16}})(?: -->)?\n")


class Whose(StrEnum):
    OURS = "as it was written"
    EDITED = "changed since it was written"
    FOREIGN = "not written by scatterclean"


def marked(text: str) -> str:
    """The text with the mark: in front, but in XML behind the first line, which has to stay the first."""
    mark = f"{_WORDS}, {_digest(text)}"
    if text.startswith("<?xml"):
        head, _, rest = text.partition("\n")
        return f"{head}\n<!-- {mark} -->\n{rest}"
    return f"# {mark}\n{text}"


def whose(content: str) -> Whose:
    found = _MARK.search(content)
    if found is None or content.count("\n", 0, found.start()) > 1:
        return Whose.FOREIGN
    rest = content[: found.start()] + content[found.end() :]
    return Whose.OURS if _digest(rest) == found[1] else Whose.EDITED


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
