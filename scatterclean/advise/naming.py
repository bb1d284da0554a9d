"""A domain as people type it -> its name, and the form that DNS has of it (IDNA).  Pure."""

from __future__ import annotations

import ipaddress
import re
import unicodedata

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# IDNA 2008 (RFC 5891) keeps these; Python's codec is of 2003 and makes other letters, and so another domain, of them.
_DEVIATES = frozenset("ßς\u200c\u200d")


class NoDomain(ValueError):
    """What was typed is no domain; the text says why."""


def domain_in(typed: str) -> str:
    """Lower-cased; of an address the part behind the @.  Raises NoDomain."""
    text = unicodedata.normalize("NFC", typed.strip()).lower()
    text = text.rpartition("@")[2].rstrip(".")
    if "://" in text or "/" in text:
        raise NoDomain("looks like a URL, expected a bare domain such as example.org")
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        pass
    else:
        raise NoDomain("is an IP address, expected a domain such as example.org")
    if "." not in text:
        raise NoDomain("is no domain, expected one such as example.org")
    ascii_of(text)
    return text


def ascii_of(domain: str) -> str:
    """Raises NoDomain."""
    try:
        labels = [_ascii(label) for label in re.split(r"[.\u3002\uff0e\uff61]", domain)]
    except UnicodeError:
        raise NoDomain("is no domain, expected one such as example.org") from None
    name = ".".join(labels)
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise NoDomain("is no domain, expected one such as example.org")
    return name


def _ascii(label: str) -> str:
    if label.isascii():
        return label
    if _DEVIATES & set(label):
        return "xn--" + label.encode("punycode").decode("ascii")
    return label.encode("idna").decode("ascii")
