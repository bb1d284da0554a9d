"""Header fields, addresses and ids out of any bytes; never raises, never loops, decides nothing.

The standard library's parsers raise on hostile input (`decode_header`, `parsedate_to_datetime`, field guide
7), so what is used of them is wrapped here, once.
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64, a2b_qp
from collections.abc import Iterable, Sequence, Set
from email.errors import MessageError
from email.header import decode_header
from functools import lru_cache

from scatterclean.model import MAX_ADDRESSES, MAX_ID, MAX_SUBJECT, MessageId

_MAX_FIELDS = 2000
# Bytes as numbers: `b"\n" in value` makes CPython raise and drop an exception before it looks, `_LF in value` does not;
# `value.find(b"..") >= 0` is its counterpart for longer pieces.
_CR, _LF, _NUL = b"\r\n\x00"
_MAX_VALUE = 65_536


def as_text(raw: bytes) -> str:
    """UTF-8 if it is that, else Latin-1: every byte is kept, none becomes a replacement character."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return text.replace("\x00", "") if "\x00" in text else text


# A field and its folded lines.  The literal line end in front makes the search skip from line to line.
# RFC 5322 allows any printable but ":" in a name; white space before the colon is seen in old mail.
# Possessive, for a header of a million folded blank lines: without it each costs 128 bytes of stack.
_FIELDS = re.compile(rb"\n([!-9;-~]{1,76}+)[ \t]*+:[ \t]*+([^\n]*+(?:\n[ \t]++[^\n]*+)*+)")


def with_line_feeds(raw: bytes) -> bytes:
    """CRLF, CR, CR CR LF (a broken relay, seen since 1998) and LF CR all become LF."""
    if _CR not in raw:
        return raw
    if b"\r\n" not in raw:
        raw = raw.replace(b"\n\r", b"\n")
    return raw.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")


class _Keys(dict[str, bytes]):
    """The names that this program asks for, some dozens of times per message, as `Header` keeps them."""

    def __missing__(self, name: str) -> bytes:
        key = self[name] = name.lower().encode()
        return key


_KEYS = _Keys()


def keys_of(names: Iterable[str]) -> frozenset[bytes]:
    """For `Header.has_any`."""
    return frozenset(_KEYS[name] for name in names)


class Header:
    """A header block, read once.  Names are looked up in any case; values are unfolded.

    It sees what a plain reader sees (tests/core), three times as fast: a sweep reads one of these for every message.
    """

    __slots__ = ("_more", "first")

    def __init__(self, block: bytes) -> None:
        if _CR in block:
            block = with_line_feeds(block)
        block = block.lstrip(b"\n")
        end = block.find(b"\n\n")
        if end >= 0:
            block = block[:end]
        first: dict[bytes, bytes] = {}
        more: dict[bytes, list[bytes]] = {}
        for written, value in _FIELDS.findall(b"\n" + block)[:_MAX_FIELDS]:
            name = written.lower()
            if name not in first:
                first[name] = value
            elif name in more:
                more[name].append(value)
            else:
                more[name] = [value]
        # By lower-cased name the first value of each field, folded as it stands, and those behind it.
        self.first = first
        self._more = more

    def raw(self, name: str) -> bytes | None:
        """The first value as bytes, or None."""
        value = self.first.get(_KEYS[name])
        return None if value is None else unfolded(value)

    def get(self, name: str) -> str | None:
        """The first value as text (not RFC 2047-decoded), or None."""
        value = self.first.get(_KEYS[name])
        return None if value is None else value_of(value)

    def all(self, name: str, limit: int | None = None) -> list[str]:
        """Every value as text, in order, or the first `limit` of them (one at least)."""
        return list(map(value_of, self._every(name, limit)))

    def normalised(self, name: str) -> bytes:
        """The first value with every run of white space as one blank; empty if there is none."""
        value = self.first.get(_KEYS[name])
        return b"" if value is None else normalised(value)

    def all_normalised(self, name: str, limit: int) -> list[str]:
        """The first `limit` values as text, with every run of white space as one blank."""
        return [as_text(normalised(value)) for value in self._every(name, limit)]

    def together(self, names: Sequence[str]) -> list[str]:
        """Every value of these fields as text, name by name."""
        return [value_of(value) for name in names for value in self._every(name)]

    def _every(self, name: str, limit: int | None = None) -> list[bytes]:
        key = _KEYS[name]
        if key not in self.first:
            return []
        more = self._more.get(key)
        return [self.first[key]] if more is None else [self.first[key], *more][:limit]

    def present(self, names: Sequence[str]) -> list[str]:
        """Those of `names` that occur."""
        return [name for name in names if _KEYS[name] in self.first]

    def has_any(self, names: Set[bytes]) -> bool:
        """Is there a field of any of these (lower-cased) names?"""
        return not self.first.keys().isdisjoint(names)

    def has_several(self, names: Set[bytes]) -> bool:
        """Does a field of any of these (lower-cased) names stand there more than once?"""
        return not self._more.keys().isdisjoint(names)

    def completed_by(self, other: Header) -> Header:
        """This header, and what it lacks from another one."""
        both = Header(b"")
        both.first = {**other.first, **self.first}
        lacking = {name: values for name, values in other._more.items() if name not in self.first}
        both._more = {**lacking, **self._more}
        return both

    def __contains__(self, name: str) -> bool:
        return _KEYS[name] in self.first

    def __len__(self) -> int:
        return len(self.first) + sum(map(len, self._more.values()))

    def names(self) -> Sequence[str]:
        """Lower-cased names that occur, in order of first occurrence."""
        return tuple(name.decode("ascii") for name in self.first)


def normalised(value: bytes) -> bytes:
    """A folded value with every run of white space as one blank."""
    # What unfolding does beside, this does as well; but for the cut.
    return b" ".join((value if len(value) <= _MAX_VALUE else unfolded(value)).split())


def unfolded(value: bytes) -> bytes:
    """A value in one line, blanks around it removed, cut where no honest header goes."""
    lines = map(_STRIP, value.split(b"\n")) if _LF in value else (value.strip(),)
    value = b" ".join(filter(None, lines))
    return value if len(value) <= _MAX_VALUE else value[:_MAX_VALUE]


_STRIP = bytes.strip


def value_of(value: bytes) -> str:
    """A value, folded as it stands, as text.

    `as_text(unfolded(value))`; in one piece, since it is the most frequent call of a reading."""
    if _LF in value or len(value) > _MAX_VALUE or _NUL in value:
        return as_text(unfolded(value))
    try:
        return value.strip().decode()
    except UnicodeDecodeError:
        return value.strip().decode("latin-1")


_ONE_ID = re.compile(r"<([!-;=?-~]+)>")
_BRACKETED = re.compile(r"<([^<>]{1,4000})>")


def ids_in(value: str) -> tuple[MessageId, ...]:
    """The ids of a Message-ID, In-Reply-To or References value, in order, each once.

    Without any angle brackets the whole value is one id if it has no blank inside, else each blank-separated
    word with an "@" is.  White space inside brackets is folding and is taken out.
    """
    if not value:
        return ()
    if match := _ONE_ID.fullmatch(value):  # as by far most values are
        return (MessageId(match[1][:MAX_ID]),)
    if value[:1] == "<" and value.find(">") == len(value) - 1 and value.find("<", 1) < 0:
        text = "".join(value[1:-1].split())[:MAX_ID]
        return (MessageId(text),) if text else ()
    quoted = ["".join(found.split()) for found in _BRACKETED.findall(value)]
    if not quoted:
        words = value.strip().strip("<>").split()
        quoted = words if len(words) == 1 else [word.strip("<>") for word in words if "@" in word]
    return tuple(MessageId(text) for text in dict.fromkeys(text[:MAX_ID] for text in quoted) if text)


def ids_meant(value: str) -> tuple[MessageId, ...]:
    """`ids_in`, and those that stand in it as RFC 2047 words, which a program made of a long line or an odd
    character; servers on the way decode them.

    For the person's own mail: what a bounce quotes is read more strictly."""
    if "=?" not in value:
        return ids_in(value)
    plain = decoded(value, 4096)
    return tuple(dict.fromkeys((*ids_in(plain), *ids_in(value))))


# Names that senders write and Python does not know, or knows too narrowly.
_CHARSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "iso-8859-1": "cp1252",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "iso-2022-jp": "iso2022_jp_ext",
    "shift_jis": "cp932",
    "windows-31j": "cp932",
    "x-sjis": "cp932",
    "utf8": "utf-8",
}
# Slow on long input (quadratic), or no charsets of mail at all.
_NOT_CHARSETS = frozenset(
    {"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
)


def in_charset(raw: bytes, charset: str) -> str:
    """`raw` as text of `charset` as far as that goes, else as `as_text` sees it; never raises."""
    name = charset.strip().lower()
    name = _CHARSETS.get(name, name)
    if name.replace("-", "_") not in _NOT_CHARSETS:
        try:
            return raw.decode(name)
        except (LookupError, ValueError):  # unknown or wrong charset, bytes outside of it, a NUL in its name
            pass
    return as_text(raw)


# Not behind a backslash: in 64 kB of \" each quote would be tried for 500 characters.
_QUOTED_STRING = re.compile(r'(?<!\\)"(?:[^"\\]|\\.){0,500}"(?!@)')
_COMMENT = re.compile(r"\([^()]{0,500}\)")
# Only at the beginning of a word: a search that starts anew at every letter is quadratic.
_ADDRESS = re.compile(r'(?<![^\s<>,;:()\[\]"])[^\s<>,;:()\[\]"]{1,256}@[^\s<>,;:()"]{1,256}')

# ASCII without what has a meaning in a list of addresses, as a set that is looked up and not searched through.
_PLAIN = "".join(re.escape(c) for c in map(chr, range(0x21, 0x7F)) if c not in '<>,;:()[]"@')
_ONE = rf"[{_PLAIN}]{{1,256}}@[{_PLAIN}]{{1,256}}"
_PLAIN_ADDRESS = re.compile(_ONE)
_PLAIN_ADDRESSES = re.compile(rf"(?:{_ONE}, )*+{_ONE}")


def addresses_in(value: str, limit: int = MAX_ADDRESSES) -> tuple[str, ...]:
    """The bare addresses of an address list, lower-cased, each once, in order, at most `limit`; no names."""
    value = value[:_MAX_VALUE]
    # By far most values hold one plain address, or some that are nothing else.
    if "<" not in value:
        if _PLAIN_ADDRESSES.fullmatch(value):
            value = value.lower()
            if "," not in value:
                return (value.strip(".'`"),)
            return tuple({one.strip(".'`"): None for one in value.split(", ")})[:limit]
    elif "," not in value and _PLAIN_ADDRESS.fullmatch(inner := value.partition("<")[2].partition(">")[0]):
        return (inner.strip(".'`").lower(),)
    if '"' in value:
        value = _QUOTED_STRING.sub(" ", value)
    if "(" in value:
        value = _COMMENT.sub(" ", value)
    found: dict[str, None] = {}
    for piece in value.split(","):
        bracketed = _BRACKETED.search(piece)
        match = _ADDRESS.search(bracketed[1] if bracketed else piece)
        if match:
            found[match[0].strip(".'`").lower()] = None
            if len(found) >= limit:
                break
    return tuple(found)


def first_address(value: str) -> str | None:
    """The first of `addresses_in`; remembered for values of usual length: a person has few correspondents."""
    return _first_address(value) if len(value) <= 300 else next(iter(addresses_in(value)), None)


@lru_cache(maxsize=512)
def _first_address(value: str) -> str | None:
    return next(iter(addresses_in(value)), None)


# A value that is one word of RFC 2047 and nothing else, as programs write a short subject: the library takes five
# times as long for it.
_Q_WORD = re.compile(r"=\?([\w.:-]{1,40})\?[Qq]\?((?:[!-<>@-~]|=[0-9A-Fa-f]{2}){1,200})\?=", re.ASCII)
_B_WORD = re.compile(
    r"=\?([\w.:-]{1,40})\?[Bb]\?((?:[A-Za-z0-9+/]{4}){0,50}(?:[A-Za-z0-9+/]{3}[A-Za-z0-9+/=]|[A-Za-z0-9+/]{2}==))\?=",
    re.ASCII,
)


def _one_word(value: str) -> str | None:
    """The text of a value that is one encoded word, None if it is not."""
    if match := _Q_WORD.fullmatch(value):
        return in_charset(a2b_qp(match[2].encode("ascii"), header=True), match[1])
    if match := _B_WORD.fullmatch(value):
        return in_charset(a2b_base64(match[2]), match[1])
    return None


def decoded(value: str, limit: int = MAX_SUBJECT) -> str:
    """RFC 2047 words decoded, control characters and runs of blanks as one blank, cut at `limit`."""
    if "=?" not in value:
        pass
    elif value.startswith("=?") and (word := _one_word(value)) is not None:
        value = word
    else:
        try:
            # The library's pattern is quadratic in unclosed words; 4 kB hold more than any limit asks for.
            pieces = decode_header(value[:4096])
        except (MessageError, ValueError, Base64Error, LookupError, IndexError, TypeError):
            pieces = [(value, None)]
        text = []
        for piece, charset in pieces:
            if isinstance(piece, str):
                text.append(piece)
                continue
            text.append(in_charset(piece, charset or "ascii"))
        value = "".join(text)
    if not value:
        return value
    if value.isprintable() and "  " not in value:  # in what is printable there is no other white space
        return value.strip(" ")[:limit]
    value = " ".join(value.split())
    if not value.isprintable():
        value = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    return value[:limit]
