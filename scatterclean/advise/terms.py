"""The terms of an SPF record (RFC 7208, 4.6.1 and 12), and what was meant by those that are none.  Pure."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

_MAX_TERMS = 300

VERSION = re.compile(r"v=spf1(?: |$)", re.IGNORECASE)
_NAME = re.compile(
    # RFC 7208, 7.1: the last label is no number, so an address is no name.
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?=[a-z0-9-]*[a-z])[a-z0-9-]{1,63}\.?",
    re.IGNORECASE,
)
_MACRO = re.compile(r"%(?:\{[slodiphcrtv]\d{0,3}r?[-.+,/_=]*\}|[%_-])", re.IGNORECASE)
_MODIFIER = re.compile(r"([a-z][a-z0-9_.-]*)=(.*)", re.IGNORECASE | re.DOTALL)
_MECHANISM = re.compile(
    r"([+?~-]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?::(.*?))?(?:/(\d{1,2}))?(?://(\d{1,3}))?",
    re.IGNORECASE | re.DOTALL,
)
# What people write: ipv4: and ip: for ip4:, = for :, a comma or semicolon behind, a typographer's dash before "all".
_IP = re.compile(
    r"([+?~-]?)(?:(?:ip|ipv4|ipv6|ip4|ip6|a|mx|include)[:=])?(\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?|[0-9a-f]*:[0-9a-f:.]*(?:/\d{1,3})?)",
    re.IGNORECASE,
)
_EQUALS = re.compile(r"([+?~-]?(?:include|a|mx|exists))=(.+)|([+?~-]?include)\.(.+)", re.IGNORECASE)
_COLON = re.compile(r"redirect:(.+)", re.IGNORECASE)
_DASH = re.compile(r"[^\x00-\x7f]{1,3}all", re.IGNORECASE)
# Two strings of a record are joined without a blank: "include:a.example" "include:b.example".
_GLUED = re.compile(r"(?<=[a-z0-9.])(?=(?:include:|ip[46]:|redirect=|[~?-]all$))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a record; `kind` "" if it is none.  `target` is a domain, "" for the record's own."""

    text: str
    kind: str = ""
    qualifier: str = "+"
    target: str = ""
    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None = None

    @property
    def modifies(self) -> bool:
        return self.kind.endswith("=")


def read(record: str) -> list[Term]:
    """The terms behind the version."""
    return [_term(text) for text in record[6:].split(" ")[:_MAX_TERMS] if text]


def _term(text: str) -> Term:
    modifier = _MODIFIER.fullmatch(text)
    if modifier and not _EQUALS.fullmatch(text):
        name = modifier[1].lower()
        if name in ("ip4", "ip6", "ipv4", "ipv6", "ip"):
            return Term(text)
        if name == "redirect" and not _is_domain(modifier[2]):
            return Term(text)
        return Term(text, name + "=", target=modifier[2].lower().rstrip("."))
    found = _MECHANISM.fullmatch(text)
    if found is None:
        return Term(text)
    qualifier, kind = found[1] or "+", found[2].lower()
    if kind in ("ip4", "ip6"):
        return _network_term(text, qualifier, kind)
    target, lengths = found[3], found[4] or found[5]
    if kind == "all":
        return Term(text, kind, qualifier) if target is None and not lengths else Term(text)
    if kind in ("include", "exists", "ptr") and lengths:
        return Term(text)
    if target is None:
        return Term(text) if kind in ("include", "exists") else Term(text, kind, qualifier)
    if not _is_domain(target) or int(found[4] or 0) > 32 or int(found[5] or 0) > 128:
        return Term(text)
    return Term(text, kind, qualifier, target.lower().rstrip("."))


def _network_term(text: str, qualifier: str, kind: str) -> Term:
    address = text.partition(":")[2]
    try:
        if "%" in address:  # a zone index
            raise ValueError
        if kind == "ip4":
            return Term(text, kind, qualifier, network=ipaddress.IPv4Network(address, strict=False))
        return Term(text, kind, qualifier, network=ipaddress.IPv6Network(address, strict=False))
    except ValueError:
        return Term(text)


def _is_domain(text: str) -> bool:
    """A name with a dot, or one with macros (RFC 7208, 7.1)."""
    if len(text) > 253:
        return False
    plain = _MACRO.sub("x", text)
    return "%" not in plain and (bool(_NAME.fullmatch(plain)) or plain != text)


def put_right(term: Term) -> list[Term]:
    """What was meant by something that is no term; nothing if that cannot be told."""
    text = term.text.strip(",;'\"")
    tries = [text]
    if address := _IP.fullmatch(text):
        tries.append(f"{address[1]}ip{6 if ':' in address[2] else 4}:{address[2]}")
    if named := _EQUALS.fullmatch(text):
        tries.append(f"{named[1] or named[3]}:{named[2] or named[4]}")
    if elsewhere := _COLON.fullmatch(text):
        tries.append(f"redirect={elsewhere[1]}")
    if _DASH.fullmatch(text):
        tries.append("-all")
    for each in tries:
        parts = [_term(part) for part in _GLUED.split(each) if part]
        if parts and all(part.kind for part in parts):
            return parts
    return []
