"""Where each key and list item stands in a TOML text that tomllib accepts; it checks nothing."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections.abc import Mapping
from contextlib import suppress

Path = tuple[str | int, ...]

_GAP = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_BLANKS = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
# A multi-line string may end in up to five quotes: two of them are its last characters (TOML 1.0, String).
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_PLAIN_VALUE = re.compile(r"[^,\]}\n#]*")


class _OutOfStep(Exception):
    """The text is not what this reader takes it for: what was found so far still counts."""


def lines_of(text: str) -> Mapping[Path, int]:
    """{path of keys and list indexes: line, from 1} of all tables, keys and items.

    A key's line is that of the key, not of its value.  A table that has several headers has the first one's.
    """
    reading = _Reading(text.replace("\r\n", "\n"))
    with suppress(_OutOfStep, RecursionError):
        reading.document()
    return reading.found


class _Reading:
    def __init__(self, text: str) -> None:
        self.found: dict[Path, int] = {}
        self._text = text
        self._at = 0
        self._newlines = [match.start() for match in re.finditer("\n", text)]
        self._in_array: dict[Path, int] = {}  # path of an array of tables -> index of its latest table

    def document(self) -> None:
        table: Path = ()
        self._pass(_GAP)
        while self._at < len(self._text):
            line = self._line()
            if self._next("["):
                in_array = self._next("[")
                self._pass(_BLANKS)
                table = self._table(self._key(), in_array=in_array)
                self._note((), table, line)
                self._expect("]")
                if in_array:
                    self._expect("]")
            else:
                self._key_and_value(table)
            self._pass(_GAP)

    def _table(self, keys: tuple[str, ...], *, in_array: bool) -> Path:
        path: Path = ()
        for position, key in enumerate(keys, 1):
            path = (*path, key)
            if in_array and position == len(keys):
                self._in_array[path] = self._in_array.get(path, -1) + 1
            if path in self._in_array:
                path = (*path, self._in_array[path])
        return path

    def _key_and_value(self, table: Path) -> None:
        line = self._line()
        path = (*table, *self._key())
        self._note(table, path, line)
        self._expect("=")
        self._pass(_BLANKS)
        self._value(path)

    def _note(self, base: Path, path: Path, line: int) -> None:
        for length in range(len(base) + 1, len(path) + 1):
            self.found.setdefault(path[:length], line)

    def _value(self, path: Path) -> None:
        if self._next("["):
            index = 0
            self._pass(_GAP)
            while not self._next("]"):
                self.found.setdefault((*path, index), self._line())
                self._value((*path, index))
                index += 1
                self._comma()
        elif self._next("{"):
            self._pass(_GAP)
            while not self._next("}"):
                self._key_and_value(path)
                self._comma()
        elif self._text[self._at : self._at + 1] in ('"', "'"):
            self._pass(_STRING)
        else:
            self._pass(_PLAIN_VALUE)

    def _comma(self) -> None:
        self._pass(_GAP)
        if self._next(","):
            self._pass(_GAP)
        elif self._text[self._at : self._at + 1] not in ("]", "}"):
            raise _OutOfStep

    def _key(self) -> tuple[str, ...]:
        parts: list[str] = []
        while True:
            if self._text[self._at : self._at + 1] in ('"', "'"):
                quoted = self._pass(_STRING)
                parts.append(tomllib.loads(f"key = {quoted}")["key"])
            else:
                bare = self._pass(_BARE)
                if not bare:
                    raise _OutOfStep
                parts.append(bare)
            self._pass(_BLANKS)
            if not self._next("."):
                return tuple(parts)
            self._pass(_BLANKS)

    def _line(self) -> int:
        return bisect_left(self._newlines, self._at) + 1

    def _next(self, wanted: str) -> bool:
        if not self._text.startswith(wanted, self._at):
            return False
        self._at += len(wanted)
        return True

    def _expect(self, wanted: str) -> None:
        if not self._next(wanted):
            raise _OutOfStep

    def _pass(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise _OutOfStep
        self._at = match.end()
        return match[0]
