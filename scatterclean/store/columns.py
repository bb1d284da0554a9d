"""The forms in which moments and texts are kept in columns, and how many of them are asked for at once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Select, Text, func, select
from sqlalchemy.types import TypeDecorator

# Design, invariant 12.  The readers of mail have tighter limits of their own; these hold for whatever comes.
# RFC 5322, 2.1.1: a line, and so an id or an address, has 998 characters; case folding can lengthen it.
MAX_TEXT = 1024

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_UNSTORABLE = str.maketrans({0: None} | dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}"))


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 in UTC, exact.  ValueError for a moment without a zone."""
    if moment.tzinfo is None:
        raise ValueError(f"a moment without a time zone: {moment!r}")
    return (moment - EPOCH) // _MICROSECOND


def cleaned(text: str, limit: int = MAX_TEXT) -> str:
    """Without NUL and lone surrogates, cut: SQLite's driver refuses surrogates, PostgreSQL refuses NUL."""
    text = text[:limit]
    return text.translate(_UNSTORABLE) if not text.isascii() or "\0" in text else text


class Moment(TypeDecorator[datetime]):
    """Aware datetime <-> integer microseconds since 1970: exact, compact, ordered."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else microseconds(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Words(TypeDecorator[str]):
    """Text that strangers may have written, `cleaned` whenever it is stored or asked for."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else cleaned(value)


def listed(values: Iterable[str] | Iterable[int]) -> Select[Any]:
    """A subquery of these values: one bound parameter, whatever their number (SQLite allows 32,766)."""
    return select(func.json_each(json.dumps(list(values))).table_valued("value").c.value)
