"""Bounces, findings and reports as JSON text and back.  It decides nothing and knows no table.

Additive only: fields that an older row lacks take their defaults, fields of a newer version are passed over.
A new field of Bounce, Original, Reference, Finding or Reason therefore needs a default (tests hold a row of
every version).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from scatterclean.errors import DatabaseUnusable
from scatterclean.model import (
    MAX_ADDRESSES,
    MAX_HOPS,
    MAX_REFERENCES,
    Bounce,
    Finding,
    MessageId,
    Verdict,
)
from scatterclean.store.columns import MAX_TEXT, cleaned

T = TypeVar("T")

# Longest list, but for Received lines: real mail has a dozen, and a loop returns as many as the reader keeps.
MAX_ITEMS = max(MAX_REFERENCES, MAX_ADDRESSES)
_LONGER = {"received": MAX_HOPS}
# Words for people; no verdict rests on them, so cutting them does no harm.
_FOR_PEOPLE = frozenset(
    ("subject", "diagnostic", "stumbled", "reporting_mta", "found_in", "marks", "links", "files")
)


@cache
def _bounce() -> TypeAdapter[Bounce]:
    return TypeAdapter(Bounce)


@cache
def _finding() -> TypeAdapter[Finding]:
    return TypeAdapter(Finding)


def bounce_to_json(bounce: Bounce) -> str:
    """Bounded, whatever the bounce is.

    If anything was cut that a judgment may rest on, the bounce is kept as incomplete, so that what is
    missing can never convict (a Received line that was dropped could have been the person's own provider's).
    """
    if (text := _within_limits(_bounce(), bounce, bounce.original)) is not None:
        return text
    cut = _Cut()
    data = cut.bounded(_bounce().dump_python(bounce, mode="json"))
    if cut.happened:
        data["incomplete"] = True
    return json.dumps(data, separators=(",", ":"))


def bounce_from_json(text: str) -> Bounce:
    return _read(_bounce(), text)


def finding_to_json(finding: Finding) -> str:
    if (text := _within_limits(_finding(), finding, *finding.because)) is not None:
        return text
    data = _Cut().bounded(_finding().dump_python(finding, mode="json"))
    return json.dumps(data, separators=(",", ":"))


def finding_from_json(text: str) -> Finding:
    return _read(_finding(), text)


# Of each text, what is looked through when the person searches; a subject may have 998 characters.
_SEARCHED = 200


def words(*texts: str | None) -> str:
    """What the person may search for, in one text without case: bounded, a line for each that is not empty."""
    return "\n".join(cleaned(text, _SEARCHED).casefold() for text in texts if text)


def words_of(bounce: Bounce) -> str:
    """Subject, sender, recipients and ids of a bounce, a few of each."""
    quoted = (reference.id.text for reference in bounce.references[:_QUOTED])
    return words(bounce.subject, bounce.sender, *bounce.recipients[:_QUOTED], bounce.message_id, *quoted)


_QUOTED = 3


def message_key(message_id: str | None) -> str | None:
    """What a message is looked up by: without angle brackets and case; None if nothing is left of it."""
    return next(iter(MessageId(message_id or "").keys), None)


def asked_key(message_id: str) -> str:
    """What to look it up by: an id of which nothing is left fits nothing (None would fit mail without one)."""
    return message_key(message_id) or ""


def verdicts_to_json(verdicts: Mapping[Verdict, int]) -> str:
    return json.dumps({str(verdict): count for verdict, count in verdicts.items()})


def verdicts_from_json(text: str) -> dict[Verdict, int]:
    """Verdicts that only a newer version knows are passed over: the numbers are for people."""
    counts: dict[str, int] = json.loads(text)
    return {verdict: counts[verdict] for verdict in Verdict if verdict in counts}


def sentences_to_json(sentences: tuple[str, ...]) -> str:
    return json.dumps([cleaned(sentence) for sentence in sentences[:MAX_ITEMS]])


def sentences_from_json(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def pairs_to_json(pairs: tuple[tuple[str, str], ...]) -> str:
    return json.dumps([[cleaned(name), cleaned(text)] for name, text in pairs[:MAX_ITEMS]])


def pairs_from_json(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in json.loads(text))


def _read(adapter: TypeAdapter[T], text: str) -> T:
    try:
        return adapter.validate_json(text)
    except ValidationError as unknown:
        raise DatabaseUnusable(
            f"a case in the database cannot be read ({unknown.error_count()} values are of no known form)",
            hint="It was probably written by a newer scatterclean: install that version again.",
        ) from None


# In JSON: a text of more characters than MAX_TEXT; a quotation mark in a text, which may hide one; a NUL.
_MAY_BE_CUT = re.compile(rf'"[^"]{{{MAX_TEXT + 1}}}|\\(?:"|u0000)')


def _within_limits(adapter: TypeAdapter[Any], value: Any, *parts: Any) -> str | None:
    """The JSON text, if nothing in it can be beyond a limit: nearly always, and in a third of the time of `_Cut`.

    `parts` are the values in `value` that hold lists."""
    for part in (value, *parts):
        if max(map(len, _lists(part.__class__)(part))) > MAX_ITEMS:
            return None
    try:
        text = adapter.dump_json(value).decode()
    except PydanticSerializationError:  # lone surrogates
        return None
    return None if _MAY_BE_CUT.search(text) else text


@cache
def _lists(kind: Any) -> Callable[[Any], Sequence[Sequence[Any]]]:
    """Gives all lists in a value of this dataclass."""
    names = [each.name for each in fields(kind) if str(each.type).startswith("tuple[")]
    if len(names) == 1:
        return lambda value: (getattr(value, names[0]),)
    return attrgetter(*names) if names else lambda _: ((),)


class _Cut:
    """Copies JSON data within the limits and remembers whether anything that matters was left out."""

    def __init__(self) -> None:
        self.happened = False

    def bounded(self, value: Any, name: str = "") -> Any:
        if isinstance(value, str):
            self.happened |= len(value) > MAX_TEXT and name not in _FOR_PEOPLE
            return cleaned(value)
        if isinstance(value, list):
            most = _LONGER.get(name, MAX_ITEMS)
            self.happened |= len(value) > most and name not in _FOR_PEOPLE
            return [self.bounded(item, name) for item in value[:most]]
        if isinstance(value, dict):
            return {key: self.bounded(item, key) for key, item in value.items()}
        return value
