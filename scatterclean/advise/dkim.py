"""The DKIM keys of a domain (RFC 6376, 3.6.1), as far as their selectors are known or usual.  Pure.

DNS gives no list of selectors, so "none was found" is not "there is none" unless DNS denies all names below _domainkey.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scatterclean.advise.known import Known
from scatterclean.model.advised import Answer, Heard, Point, Remark, Topic, remark

# RFC 8301, 3.2: shorter ones must not be believed any more; 512 and 768 bits were factored for some dollars.
_LEAST_BITS, _SHORT_BITS = 1024, 1024
_ED25519 = 32  # bytes, RFC 8463, 4.2
_MAX_KEYS = 3
# A name that nobody uses: what answers for it answers for all (a wildcard).
_NOBODYS = "scatterclean-asks-if-there-is-a-wildcard"
SELECTOR = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,61}[a-z0-9_])?", re.IGNORECASE)


@dataclass(slots=True)
class Dkim:
    remarks: list[Remark] = field(default_factory=list)
    unknown: dict[str, Answer] = field(default_factory=dict)
    weak: list[str] = field(default_factory=list)  # selectors whose key should go
    good: bool = False
    faults: list[Remark] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Key:
    point: Point
    shown: str = ""
    bits: int = 0


def dkim_of(domain: str, certain: Sequence[str], usual: Iterable[str], known: Known) -> Dkim:
    """`certain`: selectors that sign the person's mail, as named or seen; `usual`: worth a try."""
    found = Dkim()
    wildcard = known("TXT", f"{_NOBODYS}._domainkey.{domain}")
    root = known("TXT", f"_domainkey.{domain}")
    idle: dict[str, Remark] = {}  # by selector: no key at all
    silent: dict[str, Answer] = {}
    seen = False
    for selector in dict.fromkeys((*certain, *usual)):
        name = f"{selector}._domainkey.{domain}"
        answer = known("TXT", name)
        if answer.unknown:
            (found.unknown if selector in certain else silent)[name] = answer
            continue
        texts = [] if answer.records == wildcard.records else list(answer.records)
        keys = [key for text in texts[:_MAX_KEYS] if (key := _key(text, named=selector in certain))]
        if not keys:
            if answer.alias and not answer.records and answer.alias != wildcard.alias:
                gone = remark(Topic.DKIM, Point.DKIM_DANGLING, selector=selector, target=answer.alias)
                idle[selector] = gone
            elif selector in certain:
                idle[selector] = remark(Topic.DKIM, Point.DKIM_ABSENT, selector=selector)
            continue
        for key in keys:
            if key.point is Point.DKIM_REVOKED and selector not in certain:
                continue  # keys are changed, and one that was taken back says nothing of the one that signs now
            seen = True
            if key.point in (Point.DKIM_REVOKED, Point.DKIM_BROKEN):
                idle[selector] = remark(Topic.DKIM, key.point, selector=selector)
            else:
                _remark_key(found, selector, key)
    # Beside one that is good, what is left of another means nothing, unless mail is signed with it.
    found.faults += [each for name, each in idle.items() if name in certain or not found.good]
    if not seen and not found.faults:
        _remark_nothing(
            found, root, wildcard, silent or ({f"_domainkey.{domain}": root} if root.unknown else {})
        )
    found.remarks += found.faults
    return found


def _remark_nothing(found: Dkim, root: Answer, wildcard: Answer, silent: Mapping[str, Answer]) -> None:
    if root.heard is Heard.NO_NAME and not wildcard.records and not root.alias:
        found.faults.append(remark(Topic.DKIM, Point.DKIM_NONE))
    elif silent and not found.unknown:
        found.unknown |= dict([next(iter(silent.items()))])
    elif not found.unknown:
        found.remarks.append(remark(Topic.DKIM, Point.DKIM_UNSEEN))


def _remark_key(found: Dkim, selector: str, key: _Key) -> None:
    if key.point is Point.DKIM_GOOD:
        found.good = True
        found.remarks.append(remark(Topic.DKIM, key.point, selector=selector, key=key.shown))
        return
    detail = {"selector": selector} | ({"bits": key.bits} if key.bits else {})
    found.faults.append(remark(Topic.DKIM, key.point, **detail))
    if key.point in (Point.DKIM_SHORT, Point.DKIM_FACTORED, Point.DKIM_SHA1):
        found.weak.append(selector)
    found.good |= key.point in (Point.DKIM_SHORT, Point.DKIM_TESTING)


def _key(text: str, *, named: bool) -> _Key | None:
    """None if it is no key: other texts live under a wildcard."""
    tags: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            tags.setdefault(name.strip().lower(), "".join(value.split()))
    if "p" not in tags or tags.get("v", "DKIM1") != "DKIM1":
        meant = named or re.match(r"\W{0,2}v\s*=\s*DKIM", text, re.IGNORECASE)
        return _Key(Point.DKIM_BROKEN) if meant and text else None
    if not tags["p"]:
        return _Key(Point.DKIM_REVOKED)
    try:
        data = base64.b64decode(tags["p"], validate=True)
    except (binascii.Error, ValueError):
        return _Key(Point.DKIM_BROKEN)
    kind = tags.get("k", "rsa").lower()
    flags, hashes = _listed(tags.get("t", "")), _listed(tags.get("h", ""))
    if kind == "ed25519":
        good = _Key(Point.DKIM_GOOD, "Ed25519") if len(data) == _ED25519 else _Key(Point.DKIM_BROKEN)
    elif kind == "rsa":
        good = _rsa(data)
    else:
        good = _Key(Point.DKIM_BROKEN)
    if good.point is Point.DKIM_GOOD and hashes and "sha256" not in hashes:
        return _Key(Point.DKIM_SHA1)
    if good.point is Point.DKIM_GOOD and "y" in flags:
        return _Key(Point.DKIM_TESTING)
    return good


def _listed(text: str) -> list[str]:
    return [each for each in text.lower().split(":") if each]


def _rsa(data: bytes) -> _Key:
    bits = _modulus_bits(data)
    if bits is None:
        return _Key(Point.DKIM_BROKEN)
    if bits < _LEAST_BITS:
        return _Key(Point.DKIM_FACTORED, bits=bits)
    if bits <= _SHORT_BITS:
        return _Key(Point.DKIM_SHORT, bits=bits)
    return _Key(Point.DKIM_GOOD, f"RSA, {bits} bits")


def _modulus_bits(data: bytes) -> int | None:
    """Of a SubjectPublicKeyInfo (RFC 5280, 4.1), or of a bare RSAPublicKey, which some publish (RFC 6376's grammar)."""
    try:
        tag, body, _ = _der(data)
        first, inner, rest = _der(body)
        if tag == 0x30 and first == 0x30:  # the algorithm; the key is inside of a bit string
            tag, bits, _ = _der(rest)
            if tag != 0x03:
                return None
            _, body, _ = _der(bits[1:])
            first, inner, rest = _der(body)
        return int.from_bytes(inner, "big").bit_length() if first == 0x02 else None
    except (IndexError, ValueError):
        return None


def _der(data: bytes) -> tuple[int, bytes, bytes]:
    """(tag, contents, what is behind).  Raises ValueError, IndexError."""
    tag, length, start = data[0], data[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[2:start], "big")
    if start + length > len(data):
        raise ValueError
    return tag, data[start : start + length], data[start + length :]
