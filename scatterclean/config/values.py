"""What tables of the file are made of: words of errors, choices, durations, one line of text; it knows no key."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, PlainValidator
from pydantic_core import PydanticCustomError

MAX_TEXT = 4096


def wrong(text: str) -> PydanticCustomError:
    """An error whose text is taken as it is."""
    return PydanticCustomError("said", "{text}", {"text": text})  # the text may hold braces: not a template


def shown(text: str, limit: int = 40) -> str:
    """In double quotes, control characters escaped, cut: for errors, in one line."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    quoted = json.dumps(cut, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in quoted)


def did_you_mean(text: str, known: list[str]) -> str:
    """The one of `known` that was probably meant, or the empty string."""
    folded = text.lower().replace("-", "_").strip()
    return next(iter(get_close_matches(folded, known, n=1, cutoff=0.6)), "")


_Choice = TypeVar("_Choice", bound=StrEnum)


def choice(kind: type[_Choice]) -> PlainValidator:
    options = [option.value for option in kind]
    expected = "expected " + ", ".join(f'"{option}"' for option in options[:-1]) + f' or "{options[-1]}"'

    def choose(value: object) -> _Choice:
        if not isinstance(value, str):
            raise wrong(f"not text, {expected}")
        if value not in options:
            meant = did_you_mean(value, options)
            question = f' (did you mean "{meant}"?)' if meant else ""
            raise wrong(f"{shown(value)} is not known, {expected}{question}")
        return kind(value)

    return PlainValidator(choose)


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d{1,9})([smhd])")


def _seconds(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        return int(match[1]) * _UNITS[match[2]]
    text = shown(value) if isinstance(value, str) else "this"
    raise wrong(f'{text} is not a duration, expected text like "90s", "10m", "2h", "1d", or whole seconds')


def duration(least: tuple[str, str], most: tuple[str, str]) -> PlainValidator:
    """The shortest and the longest that is accepted, as it is written in the file, and why."""

    def measure(value: object) -> timedelta:
        seconds = _seconds(value)
        if seconds < _seconds(least[0]):
            raise wrong(f"too short, expected at least {least[0]} ({least[1]})")
        if seconds > _seconds(most[0]):
            raise wrong(f"too long, expected at most {most[0]} ({most[1]})")
        return timedelta(seconds=seconds)

    return PlainValidator(measure)


def one_line(most: int = MAX_TEXT, *, least: int = 1) -> Callable[[str], str]:
    def check(value: str) -> str:
        if len(value.strip()) < least:
            raise wrong("empty, expected some text")
        if len(value) > most:
            raise wrong(f"has {len(value)} characters, expected at most {most}")
        if not value.isprintable():
            raise wrong("holds a line break or another control character, expected one line of text")
        return value

    return check


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)
