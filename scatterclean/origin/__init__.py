"""Where the returned original really came from: you, your provider, a stranger.  Pure; it asks nobody.

Answers of DNS, SPF and DKIM come in as values (`Signature.checked`, `Provider.networks`).  What a stranger wrote
into the returned message can at worst keep mail in the inbox: it makes nothing STRANGER that would be milder
without it, and nothing YOURS.

    signed            a valid DKIM signature of an own domain, which is the sender's            yours
    authenticated     the own server's own bounce says which of the person's logins sent it     yours
    forwarded         an own-provider hop "for <you>"                                           provider
    unchecked         an own-domain signature that could not be checked                         unknown
    hop               any line of the chain names the provider or the person's log-in           provider
                      (there or elsewhere), or a signature names the provider
    provider unknown  nobody knows through which machines the person's mail leaves              unknown
    no chain          no line shows from whom the message was taken                             unknown
    chain             none of these: it came in from elsewhere                                  stranger
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from ipaddress import ip_network

from scatterclean.model import (
    MAX_HOP,
    MAX_HOPS,
    Bounce,
    Checked,
    Identities,
    Origin,
    Original,
    OriginSign,
    Provider,
    Signature,
    Whose,
)
from scatterclean.origin.hops import Address, Hop, parsed
from scatterclean.origin.learning import is_hand_over, outbound
from scatterclean.origin.sites import guessed, is_within, site

__all__ = ["guessed", "is_host", "outbound", "returned_by_own", "site", "trace"]

_MAX_EVIDENCE = 200


def trace(bounce: Bounce, provider: Provider, identities: Identities) -> Origin:
    """What the evidence in the bounce says of its original.  Never raises."""
    original = bounce.original
    provider = _with_houses(provider, bounce, identities)
    if signed := _signed(original, provider):
        return signed
    chain = [parsed(line) for line in original.received]
    if chain and _authenticated(chain[0], bounce, provider, identities):
        return _origin(Whose.YOURS, OriginSign.AUTHENTICATED, chain[0].line)
    naming = [hop for hop in chain if _names(hop, provider) or _is_identity_of(hop, identities)]
    for hop in naming:
        if _is_for_the_person(hop, provider, identities):
            return _origin(Whose.PROVIDER, OriginSign.FORWARDED, hop.line)
    for signature in original.dkim:
        if signature.checked is Checked.UNKNOWN and _related(signature.domain, provider.domains):
            return _origin(Whose.UNKNOWN, OriginSign.UNCHECKED, signature.domain)
    if naming:
        return _origin(Whose.PROVIDER, OriginSign.HOP, naming[0].line)
    for signature in original.dkim:
        if signature.checked is not Checked.FAIL and _signs_for(signature, provider):
            return _origin(Whose.PROVIDER, OriginSign.HOP, _quoted(signature))
    line = chain[0].line if chain else ""
    if not provider.known and _domain_used(bounce, identities) not in provider.known_for:
        return _origin(Whose.UNKNOWN, OriginSign.PROVIDER_UNKNOWN, line)
    reporter = frozenset(map(site, (bounce.reporting_mta or "", (bounce.sender or "").rpartition("@")[2])))
    if not _is_whole(original) or not any(is_hand_over(hop, reporter) for hop in chain):
        # Nothing says from whom the reporting site took it: what came back may begin behind its own gateway.
        return _origin(Whose.UNKNOWN, OriginSign.NO_CHAIN, line)
    return _origin(Whose.STRANGER, OriginSign.CHAIN, line)


def _with_houses(provider: Provider, bounce: Bounce, identities: Identities) -> Provider:
    """With the machines of whoever runs the address in whose name it was sent: an address that is read here, but
    written from in its own web mail, too, leaves through them."""
    used = (bounce.original.sender or "", *bounce.delivered_to)
    domains = {address.rpartition("@")[2].lower() for address in used if address and identities.owns(address)}
    houses = {host for domain in domains for host in guessed(domain)}
    return provider if houses <= provider.hosts else replace(provider, hosts=provider.hosts | houses)


def _origin(whose: Whose, sign: OriginSign, line: str) -> Origin:
    return Origin(whose, sign, line[:_MAX_EVIDENCE])


# --- signatures -----------------------------------------------------------------------------------------


def _signed(original: Original, provider: Provider) -> Origin | None:
    """RFC 6376, and alignment as in RFC 7489, 3.1.1: who signs must answer for the From address."""
    sender = (original.sender or "").rpartition("@")[2].lower()
    for signature in original.dkim:
        if signature.checked is not Checked.PASS:
            continue
        for own in provider.own:
            if is_within(signature.domain, own) and is_within(sender, own):
                return _origin(Whose.YOURS, OriginSign.SIGNED, _quoted(signature))
    return None


def _domain_used(bounce: Bounce, identities: Identities) -> str:
    """The domain in whose name the original was sent, as far as it was the person's: by its From, else by the
    envelope, to which the bounce came back."""
    for address in (bounce.original.sender or "", *bounce.delivered_to):
        if address and identities.owns(address):
            return address.rpartition("@")[2]
    return ""


def _signs_for(signature: Signature, provider: Provider) -> bool:
    """A good signature of an own domain for another sender, or one in the name of the provider itself."""
    return _related(signature.domain, provider.domains) or is_host(signature.domain, provider.hosts)


def _related(domain: str, own: Iterable[str]) -> bool:
    return any(is_within(domain, each) or is_within(each, domain) for each in own)


def _quoted(signature: Signature) -> str:
    return f"d={signature.domain} s={signature.selector}"


# --- hops -----------------------------------------------------------------------------------------------


def _names(hop: Hop, provider: Provider) -> bool:
    """Does anything in the line name a machine of the provider?  Erring towards yes: that keeps the mail."""
    return any(is_host(name, provider.hosts) for name in hop.names) or any(
        _is_address(address, provider) for address in hop.addresses
    )


def is_host(name: str | None, hosts: frozenset[str]) -> bool:
    """Is it one of these, in the form of `Provider.hosts`?"""
    if not name:
        return False
    if name in hosts:
        return True
    labels = name.split(".")
    return any("." + ".".join(labels[start:]) in hosts for start in range(len(labels)))


def _is_address(address: Address, provider: Provider) -> bool:
    return str(address) in provider.hosts or _is_in(address, provider.networks)


def _is_in(address: Address, networks: tuple[str, ...]) -> bool:
    number, version = int(address), address.version
    return any(version == of and number >> shift in heads for of, shift, heads in _by_length(networks))


@lru_cache(maxsize=64)
def _by_length(networks: tuple[str, ...]) -> tuple[tuple[int, int, frozenset[int]], ...]:
    """(IP version, bits of the host, heads of the networks): SPF records authorise hundreds, of few lengths."""
    heads: dict[tuple[int, int], set[int]] = {}
    for each in networks:
        try:
            network = ip_network(each, strict=False)
        except ValueError:
            continue
        shift = network.max_prefixlen - network.prefixlen
        heads.setdefault((network.version, shift), set()).add(int(network.network_address) >> shift)
    return tuple((version, shift, frozenset(found)) for (version, shift), found in heads.items())


def _is_for_the_person(hop: Hop, provider: Provider, identities: Identities) -> bool:
    return is_host(hop.by, provider.hosts) and any(map(identities.owns, hop.recipients))


def _is_whole(original: Original) -> bool:
    """Did all lines come through the reader uncut?  What was cut off might name the provider."""
    return len(original.received) < MAX_HOPS and all(len(line) < MAX_HOP for line in original.received)


# --- the own server's own bounce ------------------------------------------------------------------------

# How servers record a bounce that they made themselves.  Postfix `by host (Postfix) id` (mail by sendmail(1) says
# "from userid"), Exim `from Debian-exim by host with local`, sendmail `from localhost (localhost) by host (8.17) id`.
_MADE_HERE = re.compile(
    r"by [^\s()]+ \(Postfix[^(),]{0,40}\) id |"
    r"from (?:Debian-exim|exim\d?|mailnull) by [^\s()]+ with local \(Exim |"
    r"from localhost \(localhost\) by [^\s()]+ \(8\.[^()]{1,60}\) id ",
    re.IGNORECASE,
)
_WRITES_VERIFIED_NAMES = re.compile(r" \((?:Postfix\b|8\.\d)")


def _authenticated(top: Hop, bounce: Bounce, provider: Provider, identities: Identities) -> bool:
    """Did the person's own server take the original from somebody who had logged in as the person?

    Only that server's own bounce can say so, and only if no line of it shows that it came in: whoever sends a wholly
    forged bounce cannot keep the line "from stranger by own.mx" from being put on top.  Own are servers below an own
    domain: a provider's other customers get past its door, too, and hosts may have been learned from forged mail.
    """
    if not top.identity or not top.authenticated or not _is_own(top.by, provider):
        return False
    return returned_by_own(bounce, provider) and _is_identity_of(top, identities)


def returned_by_own(bounce: Bounce, provider: Provider) -> bool:
    """Did a server below an own domain write the bounce itself?  By the lines of the bounce, which no stranger can
    keep from being put on top; never true of a provider that many share."""
    outer = [parsed(line) for line in bounce.received]
    if not outer or not _MADE_HERE.match(outer[-1].line):
        return False
    return all(_is_internal(hop, provider) for hop in outer)


def _is_own(name: str | None, provider: Provider) -> bool:
    return any(is_within(name or "", own) for own in provider.own)


def _is_internal(hop: Hop, provider: Provider) -> bool:
    """Was this line of the bounce itself written by an own server about one of its own?"""
    if not _is_own(hop.by, provider) or hop.authenticated or hop.protocol.startswith("http"):
        return False
    if _MADE_HERE.match(hop.line):
        return True
    if not hop.has_from or hop.protocol == "local":
        return False  # sendmail(1) and web forms: any user of that machine
    if not all(_is_own(name, provider) for name in (hop.helo, hop.reverse) if name):
        return False
    if not hop.client:
        return hop.protocol.startswith("lmtp")
    if hop.reverse and len(hop.client) == 1 and _WRITES_VERIFIED_NAMES.search(hop.line):
        return True  # these two write only names that lead back to the address
    # A private address may be that of a proxy or a container's gateway, behind which all the world stands.
    return all(each.is_loopback or _is_in(each, provider.networks) for each in hop.client)


def _is_identity_of(hop: Hop, identities: Identities) -> bool:
    """Was this the person's log-in, as an address or as the local part of one at that server?"""
    identity = hop.identity
    if not identity or "@" in identity:
        return bool(identity) and identities.owns(identity or "")
    labels = (hop.by or "").split(".")
    return any(identities.owns(f"{identity}@{'.'.join(labels[start:])}") for start in range(len(labels) - 1))
