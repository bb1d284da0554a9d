"""Writes mail as text: header fields, bodies, parts, dates.  It does not know who writes to whom.

Lines end in LF here; `Mail.raw` turns them into the CRLF of RFC 5322 at the very end.
"""

from __future__ import annotations

import base64
import quopri
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime

Field = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Mail:
    """Header fields in their order, values as they stand on the wire, and a body (LF line ends)."""

    fields: tuple[Field, ...]
    body: str

    def get(self, name: str) -> str:
        """The first value of a field; empty if there is none."""
        return next((value for field, value in self.fields if field.lower() == name.lower()), "")

    @property
    def headers(self) -> str:
        return block(self.fields)

    @property
    def text(self) -> str:
        return f"{self.headers}\n{self.body}"

    @property
    def raw(self) -> bytes:
        return self.text.encode().replace(b"\n", b"\r\n")

    def under(self, *fields: Field) -> Mail:
        """The same mail after one more hop: these fields on top."""
        return Mail((*fields, *self.fields), self.body)

    def cut(self, length: int) -> Mail:
        """Only so many characters of the body, to the end of a line."""
        return Mail(self.fields, self.body[: self.body.rfind("\n", 0, length) + 1])


def block(fields: Iterable[Field]) -> str:
    return "".join(f"{name}: {value}\n" for name, value in fields)


def encoded(text: str) -> str:
    """RFC 2047, where it is needed."""
    return text if text.isascii() else Header(text, "utf-8", maxlinelen=72).encode(linesep="\n")


def mailbox(name: str, address: str) -> str:
    return f"{encoded(name)} <{address}>" if name else address


def bare(field: str) -> str:
    """The address of a field written by `mailbox`."""
    return field.rpartition("<")[2].rstrip(">")


def stamp(when: datetime) -> str:
    """An RFC 5322 date in the zone of `when`."""
    return format_datetime(when)


def plain(text: str, coding: str = "8bit") -> tuple[tuple[Field, ...], str]:
    """Fields and body of a text: us-ascii where that is enough, else UTF-8 in the given transfer encoding."""
    if text.isascii() and coding == "8bit":
        return (("Content-Type", "text/plain; charset=us-ascii"), ("Content-Transfer-Encoding", "7bit")), text
    body = {"8bit": lambda t: t, "quoted-printable": quoted, "base64": based}[coding](text)
    return (("Content-Type", "text/plain; charset=utf-8"), ("Content-Transfer-Encoding", coding)), body


def quoted(text: str) -> str:
    return quopri.encodestring(text.encode()).decode("ascii")


def based(text: str) -> str:
    return base64.encodebytes(text.encode()).decode("ascii")


def multipart(boundary: str, *parts: tuple[Iterable[Field], str], preamble: str = "") -> str:
    """The body of a multipart message; each part is (its fields, its body)."""
    pieces = [preamble] if preamble else []
    pieces += [f"--{boundary}\n{block(fields)}\n{body}\n" for fields, body in parts]
    return "".join([*pieces, f"--{boundary}--\n"])
