"""Where a returned original came from: what is known of the person's provider, and what the evidence says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Checked(StrEnum):
    """What became of a check that needs the world: unknown is no witness against anybody."""

    PASS = "pass"  # noqa: S105 - the word of RFC 8601, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"  # no DNS, no key, or not all that was signed came back


@dataclass(frozen=True, slots=True)
class Signature:
    """One DKIM-Signature of a returned original (RFC 6376): `domain` is d=, `selector` s=, both lower-cased."""

    domain: str
    selector: str
    checked: Checked = Checked.UNKNOWN


@dataclass(frozen=True, slots=True)
class Provider:
    """What is known of the machines through which the person's mail leaves.

    `hosts` are lower-cased names: a host (`mail.example.org`) or, with a leading dot, a domain and all below it
    (`.example.org`).  `networks` are IP networks in CIDR form (configured, or authorised by SPF).  `known` is
    False as long as all that is known was only guessed from the name of the IMAP server: then the absence of a
    hop says nothing, but for mail from the domains `known_for`, whose SPF records name all their machines.
    `domains` are those of the person's addresses that are not known to be shared by many; `own` are those all of
    whose mail is the person's: only a key of these can say that it was the person.
    """

    hosts: frozenset[str] = frozenset()
    networks: tuple[str, ...] = ()
    known: bool = False
    known_for: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()


class Whose(StrEnum):
    """Who sent the returned original, as far as the evidence goes."""

    YOURS = "yours"  # this very person's account
    PROVIDER = "provider"  # it passed, or may have passed, the person's provider: cannot tell by whose hand
    STRANGER = "stranger"  # a chain, a known provider, and no line of the chain names it: the foreign sign
    UNKNOWN = "unknown"


class OriginSign(StrEnum):
    """What decided."""

    SIGNED = "signed"  # a valid DKIM signature of an own domain
    AUTHENTICATED = "authenticated"  # the provider's own bounce says who logged in
    UNCHECKED = "unchecked"  # an own-domain DKIM signature that could not be checked
    FORWARDED = "forwarded"  # an own-provider hop "for <you>": the person received it
    HOP = "hop"  # a line of the chain names the provider
    CHAIN = "chain"  # no line of the chain does
    NO_CHAIN = "no-chain"  # no Received line came back
    PROVIDER_UNKNOWN = "provider-unknown"  # nobody knows through which machines the person's mail leaves


@dataclass(frozen=True, slots=True)
class Origin:
    """`line` is the line of evidence as it stood (a stranger may have written it), or empty."""

    whose: Whose = Whose.UNKNOWN
    sign: OriginSign = OriginSign.NO_CHAIN
    line: str = ""
