"""What a returned message holds, for people who ask: its links and attachments by name.  Pure; nothing is opened.

Everything is bounded: LOOK bytes of the message (see `anatomy`), MAX_PARTS parts, MAX_NAMED of each kind by name; the
rest is counted.  Links are looked for in text and HTML alone.  Linear in what is looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scatterclean.bounce.anatomy import opened
from scatterclean.bounce.lures import TEXT, file_of, links_in
from scatterclean.bounce.returned import returned_message

MAX_NAMED = 50
MAX_LINK = 500  # characters of a link that are kept

# File types that run as programs, or hide or fetch some: in use for malware since the nineties, the last ones since
# Office refuses macros from the net (2022).
_EXTENSIONS = """
    exe scr pif com bat cmd cpl msi msix jar vbs vbe js jse wsf wsh hta ps1 lnk reg url iqy chm scf dll
    htm html shtml mht svg xhtml zip rar 7z gz tgz bz2 xz z ace arj cab lzh iso img vhd vhdx udf
    doc docm dotm xls xlsm xlsb xlam xll ppt pptm ppam rtf one onepkg apk dmg pkg app sh py
"""
_DANGEROUS = frozenset(_EXTENSIONS.split())
_DANGEROUS_TYPES = frozenset(
    (
        "application/x-msdownload",
        "application/x-msdos-program",
        "application/javascript",
        "text/javascript",
        "text/html",
        "application/hta",
        "application/zip",
        "application/x-zip-compressed",
        "application/x-rar-compressed",
        "application/vnd.rar",
        "application/x-7z-compressed",
        "application/x-iso9660-image",
        "application/java-archive",
    )
)
# Characters that turn the direction of writing: "annexe\u202efdp.exe" is shown as "annexeexe.pdf".
_TURNS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Attachment:
    """`name` as it stood, decoded, maybe empty; `type` its media type, lower-cased."""

    name: str
    type: str

    @property
    def dangerous(self) -> bool:
        """Is it of a type by which malware travels?  By its name, else by its media type; not by what is in it."""
        if _TURNS.search(self.name):
            return True
        stem, dot, extension = self.name.rstrip(". ").rpartition(".")
        if dot and stem:
            return extension.strip().lower() in _DANGEROUS or self.type in _DANGEROUS_TYPES
        return self.type in _DANGEROUS_TYPES


@dataclass(frozen=True, slots=True)
class Contents:
    """Distinct links and attachments, the first MAX_NAMED of each; `more_*` are those behind them.

    `cut`: the end did not come back or was not looked at, so there may have been more.
    """

    links: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    more_links: int = 0
    more_attachments: int = 0
    cut: bool = False

    def __bool__(self) -> bool:
        return bool(self.links or self.attachments)


def contents(raw: bytes, *, complete: bool = True) -> Contents:
    """Of the message that the automatic message `raw` returned; empty if none came back.  Never raises."""
    try:
        returned = returned_message(raw, complete=complete)
        return Contents() if returned is None else _contents(*returned)
    except Exception:  # noqa: BLE001 - the promise of this room: a bug becomes "nothing found", never a crash
        return Contents()


def _contents(original: bytes, whole: bool) -> Contents:
    links: dict[str, None] = {}
    attachments: list[Attachment] = []
    message = opened(original, complete=whole)
    for part in message.parts:
        named = file_of(part)
        if named is not None:
            attachments.append(Attachment(*named))
        elif part.type in TEXT:
            links.update(dict.fromkeys(links_in(part, MAX_LINK)))
    return Contents(
        links=tuple(links)[:MAX_NAMED],
        attachments=tuple(attachments[:MAX_NAMED]),
        more_links=max(len(links) - MAX_NAMED, 0),
        more_attachments=max(len(attachments) - MAX_NAMED, 0),
        cut=message.cut,
    )
