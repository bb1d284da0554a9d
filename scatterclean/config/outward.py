"""What is told to others: where the daemon's figures go, whom it calls after a good round, which lists are asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError


@dataclass(frozen=True, slots=True, repr=False)
class PingUrl:
    """An address that is called; who knows it can call it, too, so it is never shown.  `target`: path and query."""

    https: bool
    host: str
    port: int
    target: str

    def __repr__(self) -> str:
        return "PingUrl(...)"

    __str__ = __repr__


def _wrong(text: str) -> PydanticCustomError:
    return PydanticCustomError("said", "{text}", {"text": text})


_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?"
# In front of it go up to 64 characters, for a nibble each of an IPv6 address (RFC 5782, 2.4).
_ZONE = re.compile(rf"(?=.{{1,180}}$)(?:{_LABEL}\.)+(?!\d+$){_LABEL}")
_MOST_LISTS = 5


def host_list(value: str) -> str:
    """The zone of a list of hosts in DNS, lower-cased.  Raises PydanticCustomError."""
    zone = value.strip().rstrip(".").lower()
    if not _ZONE.fullmatch(zone):
        shown = json.dumps(value[:60], ensure_ascii=False)  # printable: `schema` has seen to that
        raise _wrong(f'{shown} is no list in DNS, expected the name of one such as "ips.backscatterer.org"')
    return zone


def few_lists(value: list[str]) -> list[str]:
    """Raises PydanticCustomError if they are too many: each is asked about each server."""
    if len(value) > _MOST_LISTS:
        raise _wrong(f"more than {_MOST_LISTS} lists, expected fewer: each is asked about each server")
    return value


def ping_url(value: object) -> PingUrl:
    """Raises PydanticCustomError; the value is a secret and never part of it."""
    expected = 'expected an address such as "https://hc-ping.com/..."'
    if not isinstance(value, str):
        raise _wrong(f"not text, {expected}")
    if not value or len(value) > 2000 or not value.isascii() or not value.isprintable() or " " in value:
        raise _wrong(f"empty, too long, or holds a blank or a character that no address has, {expected}")
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise _wrong(f"no address of the web, {expected}") from None
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0:
        raise _wrong(f"no address of the web, {expected}")
    if parts.username is not None or parts.password is not None:
        raise _wrong(f"holds a user name, {expected} without one")
    https = parts.scheme == "https"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return PingUrl(https, parts.hostname, port or (443 if https else 80), target)


def warnings_of_file(
    metrics_file: Path | None, url: PingUrl | None, *, readable_by_others: bool
) -> Iterator[tuple[str, str]]:
    """(key, text) of what works, and is unwise or comes to nothing.  `metrics_file` is a whole path."""
    from scatterclean.config.checks import is_loopback

    if metrics_file is not None and metrics_file.suffix != ".prom":
        yield ("metrics_file", 'node_exporter reads only files that end in ".prom"')
    if metrics_file is not None and not metrics_file.parent.is_dir():
        yield ("metrics_file", "its folder does not exist, so nothing is written until it does")
    if url is not None and not url.https and not is_loopback(url.host):
        yield ("ping_url", "http lets everybody on the way read the address, and use it; expected https")
    if url is not None and readable_by_others:
        yield ("ping_url", "others may read this file and so the address, expected mode 600 (chmod 600)")
