"""What a returned message holds, for people who ask: its links and attachments by name.  Pure; nothing is opened.

Everything is bounded: LOOK bytes of the message (see `anatomy`), MAX_PARTS parts, MAX_NAMED of each kind by name; the
rest is counted.  Links are looked for in text and HTML alone.  Linear in what is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from scatterclean.bounce.anatomy import RETURNED_TYPES, Part, opened
from scatterclean.bounce.returned import returned_message
from scatterclean.headers import Header, decoded, in_charset

MAX_NAMED = 50
MAX_LINK = 500  # characters of a link that are kept
_MAX_NAME = 120

_LINK = re.compile(r"(?:\b(?:https?|ftp)://|\bwww\.)[^\s<>\"'\\^`{|}]{1,2000}", re.IGNORECASE)
_TRAILING = ".,;:!?)]"
_TEXT = frozenset(("text/plain", "text/html"))

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
        attachment = _attachment(part)
        if attachment is not None:
            attachments.append(attachment)
        elif part.type in _TEXT:
            links.update(dict.fromkeys(_links(part)))
    return Contents(
        links=tuple(links)[:MAX_NAMED],
        attachments=tuple(attachments[:MAX_NAMED]),
        more_links=max(len(links) - MAX_NAMED, 0),
        more_attachments=max(len(attachments) - MAX_NAMED, 0),
        cut=message.cut,
    )


def _links(part: Part) -> Iterator[str]:
    text = in_charset(part.content, part.charset)
    if part.type == "text/html":
        text = unescape(text)
    for found in _LINK.finditer(text):
        yield found[0].rstrip(_TRAILING)[:MAX_LINK]


def _attachment(part: Part) -> Attachment | None:
    """A leaf that is shown as a file: it has a name, is called an attachment, or is no text."""
    header = Header(part.header)
    disposition, kind = header.get("Content-Disposition") or "", header.get("Content-Type") or ""
    name = _parameter(disposition, "filename") or _parameter(kind, "name")
    if not name and (part.type.startswith("multipart/") or not part.body.strip()):
        return None  # only its header came back
    called = disposition.lstrip().lower().startswith("attachment")
    if name or called or not (part.type.startswith("text/") or part.type in RETURNED_TYPES):
        return Attachment(name, part.type)
    return None


def _parameter(value: str, name: str) -> str:
    """A parameter of a header field: plain, quoted, in pieces or percent-encoded (RFC 2231), or as an RFC 2047 word,
    which is forbidden there and common."""
    plain = ""
    pieces: list[tuple[int, bool, str]] = []
    for found in _PARAMETERS[name].finditer(value[:4000]):
        text = found["quoted"] if found["quoted"] is not None else found["token"]
        if found["number"] is None and not found["star"]:
            plain = plain or text
        else:
            pieces.append((int(found["number"] or 0), bool(found["star"]), text))
    if not pieces:
        return decoded(plain, _MAX_NAME)
    pieces.sort(key=lambda piece: piece[0])
    charset, raw = "utf-8", b""
    for place, (_, encoded, text) in enumerate(pieces):
        if encoded and place == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)  # noqa: PLW2901 - what is left of it
        piece = text.encode("utf-8", "replace")
        raw += _PERCENT.sub(lambda found: bytes.fromhex(found[1].decode()), piece) if encoded else piece
    return in_charset(raw, charset or "utf-8")[:_MAX_NAME]


_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_PARAMETERS = {
    name: re.compile(
        rf"(?:^|[;\s]){name}(?:\*(?P<number>\d{{1,2}}))?(?P<star>\*)?\s{{0,9}}=\s{{0,9}}"
        r"(?:\"(?P<quoted>[^\"]{0,500})|(?P<token>[^;\s\"]{1,500}))",
        re.IGNORECASE,
    )
    for name in ("filename", "name")
}
