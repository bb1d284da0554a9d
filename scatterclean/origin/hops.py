"""One Received line cut up (RFC 5321, 4.4), in any of the ways in which servers write it; it trusts none of them.

Postfix and sendmail `from HELO (name [ip])`, Exim `from name ([ip] helo=HELO)` or `from [ip] (helo=HELO)`, qmail
`from name (HELO name) (ip)`, Exchange `from name (ip) by name (ip)`, Gmail `by 2002:a17:: with SMTP id`, OpenSMTPD
with semicolons.  Whatever cannot be told apart stays in `names` and `addresses`, which err towards finding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Every search is anchored to the beginning of a word and possessive: linear in lines of any length.
_WORD = re.compile(r"[()]|[^\s()]++")
_MAIL_ADDRESS = re.compile(
    r'(?<![^\s<>()\[\],;"])[^\s<>()\[\],;"@]++@([^\s<>()\[\],;"]*+)(\]?\s{0,3}\[(?=[0-9a-fA-FI]))?'
)
_NAME = re.compile(r"(?<![\w.@-])[\w-]++(?:\.[\w-]++)++")
# Not a version (`8.17.1.9/8.17.1.9`), and not Exchange's (`id 14.3.123.3`).
_IPV4 = re.compile(r"(?<![\w./-])(?<!\bid )(\d{1,3}+(?:\.\d{1,3}+){3})(?![\w/-]|\.\d)")
_IPV6 = re.compile(
    r"(?<![\w.:-])(?:IPv6:)?+([0-9a-fA-F]{0,4}+:(?:[0-9a-fA-F]{0,4}+:){1,6}+[0-9a-fA-F.]{0,15}+)(?![\w:])"
)
_FOR = re.compile(r"\bfor[\s<]([^;]{1,1000})", re.IGNORECASE)
_RECIPIENT = re.compile(r"(?<![^\s<,])[^\s<>(),;@]{1,64}+@[^\s<>(),;@]{1,255}+")
_KEYWORDS = frozenset({"from", "by", "via", "with", "id", "for"})
_HELO = re.compile(r"(?:\b(?:HELO|EHLO)[ =]+|\bhelo=)\[?\??([^\s()\[\]?]{1,255})", re.IGNORECASE)
# RFC 3848 and 6531: the trailing A says that the client was authenticated; `asmtp` is Exim's before 4.50.
_WITH_AUTHENTICATION = re.compile(r"(?:utf8)?(?:e?smtp|lmtp)s?a|asmtp", re.IGNORECASE)
# Postfix and Exim "(Authenticated sender: x)", sendmail "(authenticated bits=0)", Courier "(AUTH: LOGIN x, ...)".
_AUTHENTICATED = re.compile(r"\(\s{0,3}(?:smtp[ -]?)?auth(?:enticated|entication)?\b", re.IGNORECASE)
_IDENTITY = re.compile(
    r"\(\s{0,3}(?:authenticated[ -](?:sender|user|id|as)\s{0,3}[:=]?\s{0,3}"
    r"|auth:\s{0,3}(?:LOGIN|PLAIN|CRAM-\w{1,10}|SCRAM-[\w-]{1,20})\s{1,3})<?([^\s<>(),;]{1,254})",
    re.IGNORECASE,
)
_NOBODY = frozenset({"unknown", "localhost", "localhost.localdomain", "localdomain", "none"})
_INSIDE: tuple[Network, ...] = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.168.0.0/16", "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        ),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hop:
    """One line.  Names are lower-cased, without a closing dot; `line` is what stood there.

    `names` and `addresses` are all host names (two labels at least) and IP addresses anywhere in the line, but for
    those of mail addresses and versions.  `helo` is what the client called itself, `reverse` the name that the
    writer found for its address, None where there is none or it says that it "may be forged"; `client` are the
    addresses of the from clause; `recipients` are the mail addresses behind "for".
    """

    line: str
    names: frozenset[str]
    addresses: frozenset[Address]
    recipients: tuple[str, ...] = ()
    has_from: bool = False
    helo: str | None = None
    reverse: str | None = None
    client: tuple[Address, ...] = ()
    by: str | None = None
    protocol: str = ""
    authenticated: bool = False
    identity: str | None = None


@lru_cache(maxsize=512)  # undecided and moved mail is judged again in every sweep
def parsed(line: str) -> Hop:
    """Never raises; what it does not understand is left out."""
    bare = _MAIL_ADDRESS.sub(_without_address, line)
    clauses = _clauses(bare)
    origin = clauses.get("from", "")
    by = clauses.get("by", "").split(maxsplit=1)
    protocol = clauses.get("with", "").partition("(")[0].strip()
    helo, reverse = _client_names(origin)
    identity = _IDENTITY.search(line)
    return Hop(
        line=line,
        names=frozenset(_name(found) for found in _NAME.findall(bare) if not found[-1].isdigit()),
        addresses=frozenset(addresses_in(bare)),
        recipients=_recipients(line),
        has_from="from" in clauses,
        helo=helo,
        reverse=reverse,
        client=addresses_in(origin),
        by=_name(by[0].strip("[]<>,;()")) or None if by else None,
        protocol=protocol.partition(" ")[0].lower(),
        authenticated=bool(
            identity
            or _AUTHENTICATED.search(line)
            or any(_WITH_AUTHENTICATION.fullmatch(word) for word in protocol.split()[:3])
        ),
        identity=identity[1].lower() if identity else None,
    )


def _recipients(line: str) -> tuple[str, ...]:
    """The mail addresses behind "for", lower-cased; Exim names several, with blanks between them."""
    return tuple(each.lower() for found in _FOR.findall(line) for each in _RECIPIENT.findall(found))


def _without_address(found: re.Match[str]) -> str:
    """A mail address names no machine, but `user@host [ip]` (ident, RFC 1413) does."""
    host, bracket = found[1], found[2]
    if bracket:
        return f" {host} {bracket}"
    return f" {host} " if _address(host) else " ? "  # so that what follows is no value of a keyword before it


def _clauses(line: str) -> dict[str, str]:
    """The text behind each keyword, the first of each, with its comments."""
    clauses: dict[str, list[str]] = {}
    words: list[str] = []
    depth = 0
    for found in _WORD.finditer(line):
        word = found[0]
        if word == "(":
            depth += 1
        elif word == ")":
            depth = max(0, depth - 1)
        elif not depth and word.lower() in _KEYWORDS and (words or not clauses):
            words = []
            clauses.setdefault(word.lower(), words)
            continue
        words.append(word)
    return {keyword: " ".join(found) for keyword, found in clauses.items()}


def _client_names(origin: str) -> tuple[str | None, str | None]:
    """(HELO, reverse name) of a from clause."""
    if not origin:
        return None, None
    first, _, comment = origin.partition("(")
    words = first.split()
    written = _host(words[0]) if words else None
    said = _HELO.search(origin)
    forged = "may be forged" in origin.lower()
    if said:  # Exim, qmail: what stands in front is the reverse name
        return _host(said[1]), None if forged else written
    found = _NAME.search(comment.partition(")")[0].partition("[")[0])
    reverse = _host(found[0]) if found else None
    return written, None if forged else reverse


def _host(word: str) -> str | None:
    name = _name(word.strip("[]<>,;\"'"))
    if "." not in name or name[-1].isdigit() or name in _NOBODY or not _NAME.fullmatch(name):
        return None
    return name


def _name(text: str) -> str:
    return text.rstrip(".").lower()[:255]


def _address(text: str) -> Address | None:
    """IPv4 in IPv6 (RFC 4291, 2.5.5.2) counts as IPv4."""
    try:
        found = ip_address(text.strip("[]").removeprefix("IPv6:"))
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def addresses_in(text: str) -> tuple[Address, ...]:
    """All IP addresses in a text, in order, IPv4 first."""
    sixes = (
        each for each in _IPV6.findall(text) if "::" in each or each.count(":") > 5
    )  # else it is the time
    written = (*_IPV4.findall(text), *sixes)
    return tuple(dict.fromkeys(found for each in written if (found := _address(each)) is not None))


def is_public(address: Address) -> bool:
    """May it be of a machine in the open net?  Those of documentation (RFC 5737) may, for the sake of examples."""
    return not any(address.version == network.version and address in network for network in _INSIDE)
