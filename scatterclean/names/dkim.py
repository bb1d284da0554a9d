"""What became of the DKIM signatures of a returned message (RFC 6376), by dkimpy; it asks the keys through a function.

FAIL: there is no such key, or the header is not what was signed.  PASS: all of it is, nothing was added, and the key
vouches for it.  Everything else is UNKNOWN.  dkimpy's own `verify` knows only yes and no, asks DNS itself and takes
quadratic time for hostile white space, so its parts are used, on a message that was cut up and bounded here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Any

import dkim
from dkim.canonicalization import CanonicalizationPolicy
from dkim.util import InvalidTagValueList, parse_tag_value

from scatterclean.model import Checked, Signature

KeyRecords = Callable[[str], tuple[str, ...] | None]
"""The TXT records of a name: () is none, None is unknown."""

MAX_CHECKED = 5  # signatures; more than one or two of one domain are not usual
_MAX_HEADER = 1 << 18
_MAX_FIELDS = 1000
_MAX_SIGNED = 300  # names in h=
_MAX_SIGNATURE = 16_384  # bytes of a DKIM-Signature field; one with a 4096-bit key has about 1,800
_MAX_KEY = 4096  # bytes of a key record
_MAX_KEYS = 3  # records under one name; RFC 6376, 3.6.2.2 wants one
# RFC 8301, 3.2: 1024 to 4096 bits.  Beyond 8192, or with a long exponent, a key is there to cost time.
_KEY_BITS = range(1024, 8193)
_MAX_EXPONENT_BITS = 64
_SLOP = 36_000  # seconds by which clocks may differ, as in dkimpy

_HEADER_END = re.compile(rb"\r?\n\r?\n")
_LINE_END = re.compile(rb"\r?\n")
_BLANKS = re.compile(rb"[ \t]+")
_FIELD = re.compile(rb"([!-9;-~]{1,200}[ \t]{0,10}):")
_DOMAIN = re.compile(rb"(?:^|[;\s])d\s{0,20}=\s{0,20}([^;\s]{1,253})")
_LONG_BLANK = re.compile(rb"\s{100}")  # dkimpy looks for b= with a pattern that is quadratic in these
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?")  # RFC 6376, 3.5: sub-domains
_NOT_OF_NAMES = re.compile(r"[^a-z0-9_.-]")
_TIME = re.compile(rb"\d{1,12}")

# What tells whose message it was: who added another one of these to a signed message made a different message.
_ATTRIBUTED = (b"from", b"message-id", b"date")

# What a bounce may lack of the header that it returns: Dovecot leaves out this one (LMTP over quota, Pigeonhole's
# reject; seen with 2.3), though it labels the rest as the whole message.
_LEFT_OUT = b"content-type"

Field = list[bytes]  # name as written, value with its folding and its last CRLF
Tags = dict[bytes, bytes]


def verify(
    message: bytes, whole: bool, domains: Iterable[str], keys: KeyRecords, now: float
) -> tuple[Signature, ...]:
    """As `ports.Names.verify`.  `now`: seconds since 1970.  Line ends of `message`: CRLF or LF.  Never raises.

    At most MAX_CHECKED of the signatures are checked, from the top; if there are more, one more is UNKNOWN.
    """
    own = frozenset(_ascii(domain) for domain in domains)
    if not own or b"dkim-signature" not in message[:_MAX_HEADER].lower():
        return ()
    try:
        letter = _Letter(message, whole)
        checked: list[Signature] = []
        for field in letter.signatures():
            found = _DOMAIN.search(field[1])
            domain = _ascii(found[1].decode("utf-8", "replace")) if found else ""
            if not any(domain == each or domain.endswith("." + each) for each in own):
                continue
            if len(checked) == MAX_CHECKED:
                checked.append(Signature(_shown(domain), "", Checked.UNKNOWN))
                break
            checked.append(_check(letter, field, domain, keys, now))
        return tuple(checked)
    except Exception:  # noqa: BLE001 - a stranger wrote it; what cannot even be cut up was not checked
        return tuple(Signature(each, "", Checked.UNKNOWN) for each in sorted(own)[:1])


class _Letter:
    """A message cut into fields and body, with CRLF.  `damaged`: its header is not what any mailer writes."""

    def __init__(self, message: bytes, whole: bool) -> None:
        message = message.lstrip(b"\r\n \t")
        end = _HEADER_END.search(message, 0, _MAX_HEADER)
        block = message[: end.start()] if end else message[:_MAX_HEADER]
        self.whole = whole and end is not None
        self.fields: list[Field] = []
        self.damaged = end is None and len(message) > _MAX_HEADER
        self._rest = message[end.end() :] if end else b""
        self._body: bytes | None = None
        self._cut(_LINE_END.split(block))

    def _cut(self, lines: list[bytes]) -> None:
        value: list[bytes] = []
        name = b""
        for i, line in enumerate(lines):
            if line[:1] in (b" ", b"\t") and name:
                value.append(line)
                continue
            if name:
                self.fields.append([name, b"\r\n".join(value) + b"\r\n"])
                name = b""
            if len(self.fields) > _MAX_FIELDS:
                self.damaged = True
                return
            found = _FIELD.match(line)
            if found:
                name, value = found[1], [line[found.end() :]]
            elif line and not (i == 0 and line.startswith((b"From ", b">From "))):
                self.damaged = True  # a line that lost its folding, or a header that was never one
        if name:
            self.fields.append([name, b"\r\n".join(value) + b"\r\n"])

    def signatures(self) -> list[Field]:
        return [field for field in self.fields if field[0].rstrip().lower() == b"dkim-signature"]

    @property
    def body(self) -> bytes:
        if self._body is None:
            self._body = _LINE_END.sub(b"\r\n", self._rest)
        return self._body

    def count(self, name: bytes) -> int:
        return sum(field[0].rstrip().lower() == name for field in self.fields)


def _check(letter: _Letter, field: Field, domain: str, keys: KeyRecords, now: float) -> Signature:
    selector = ""
    try:
        tags = _tags(field[1])
        selector = _ascii(tags[b"s"].decode("utf-8", "replace"))
        verdict = _verdict(letter, field, tags, f"{selector}._domainkey.{domain}", keys, now=now)
    except Exception:  # noqa: BLE001 - malformed in a way that only dkimpy or a codec knows: not checked
        verdict = Checked.UNKNOWN
    return Signature(_shown(domain), _shown(selector), verdict)


def _tags(value: bytes) -> Tags:
    """The tags of a field, white space taken out.  Raises InvalidTagValueList, ValueError."""
    if len(value) > _MAX_SIGNATURE or _LONG_BLANK.search(value):
        raise ValueError
    return {name: b"".join(text.split()) for name, text in parse_tag_value(value).items()}


def _verdict(
    letter: _Letter, field: Field, tags: Tags, name: str, keys: KeyRecords, *, now: float
) -> Checked:
    if len(name) > 253 or not _NAME.fullmatch(name):
        # RFC 8616 allows other scripts, and there is more than one way to spell those in DNS.
        return Checked.UNKNOWN if not name.isascii() else Checked.FAIL
    records = keys(name)
    if records is None:
        return Checked.UNKNOWN
    published = [record for record in records[:_MAX_KEYS] if _is_key(record)]
    if not published:
        return Checked.FAIL  # nobody signs with a key that is not there, or that was taken back
    if letter.damaged:
        return Checked.UNKNOWN
    held = [_under_key(letter, field, tags, record, now) for record in published]
    return next((each for each in (Checked.PASS, Checked.UNKNOWN) if each in held), Checked.FAIL)


def _is_key(record: str) -> bool:
    """Other texts live under a wildcard, and an empty p= takes a key back (RFC 6376, 3.6.1)."""
    try:
        tags = parse_tag_value(record.encode("latin-1", "replace"))
    except InvalidTagValueList:
        return "p=" in record
    return bool(tags.get(b"p")) and tags.get(b"v", b"DKIM1") == b"DKIM1"


def _under_key(letter: _Letter, field: Field, tags: Tags, record: str, now: float) -> Checked:
    if len(record) > _MAX_KEY:
        return Checked.UNKNOWN
    text = record.encode("latin-1")
    key = parse_tag_value(text)
    family, _, hash_name = tags[b"a"].lower().partition(b"-")
    if key.get(b"k", b"rsa").strip() != family and family in (b"rsa", b"ed25519"):
        return Checked.FAIL  # RFC 6376, 3.6.1: a key of another kind cannot have made it
    if family != b"rsa" or hash_name not in (b"sha256", b"sha1"):
        return Checked.UNKNOWN  # ed25519 (RFC 8463) would need another library, and who knows what comes next
    try:
        signed = tags[b"h"].lower().split(b":")
        if len(signed) > _MAX_SIGNED:
            return Checked.UNKNOWN
        if not _header_holds(letter, field, tags, signed, text):
            lacks = _LEFT_OUT in signed and not letter.count(_LEFT_OUT)
            return Checked.UNKNOWN if lacks else Checked.FAIL
        if (
            letter.whole
            and _vouches(letter, tags, signed, key, text, now=now)
            and _body_holds(letter.body, tags)
        ):
            return Checked.PASS
    except (dkim.DKIMException, binascii.Error):
        pass
    return Checked.UNKNOWN


def _header_holds(letter: _Letter, field: Field, tags: Tags, signed: list[bytes], record: bytes) -> bool:
    """Is the header what was signed, if bh= is taken as it stands?  Raises dkim.DKIMException, binascii.Error."""
    signer: Any = dkim.DKIM(minkey=0)
    signer.headers = letter.fields
    signer.pk, signer.keysize, signer.ktag, signer.seqtlsrpt = dkim.evaluate_pk("key", record)
    if signer.keysize not in range(512, _KEY_BITS.stop) or _exponent_bits(signer.pk) > _MAX_EXPONENT_BITS:
        raise dkim.KeyFormatError
    without_body = {name: text for name, text in tags.items() if name not in (b"bh", b"l")}
    without_body[b"a"] = tags[b"a"].lower()
    return bool(signer.verify_sig_process(without_body, list(signed), field, None))


def _exponent_bits(key: dict[str, int]) -> int:
    return key["publicExponent"].bit_length()


def _vouches(
    letter: _Letter, tags: Tags, signed: list[bytes], key: Tags, record: bytes, *, now: float
) -> bool:
    """May a signature that holds be believed to tell whose message this is?"""
    if tags.get(b"v") != b"1" or tags.get(b"q", b"dns/txt") != b"dns/txt":
        return False
    if b"l" in tags:  # a body may go on behind what was signed
        return False
    if tags[b"a"].lower() != b"rsa-sha256":  # RFC 8301, 3.1: SHA-1 must not be accepted any more
        return False
    if dkim.evaluate_pk("key", record)[1] not in _KEY_BITS:  # RFC 8301, 3.2: shorter ones were factored
        return False
    if not _is_of_this_time(tags, now):
        return False
    if b"h" in key and b"sha256" not in _listed(key[b"h"]):
        return False
    if b"s" in key and not {b"*", b"email"} & set(_listed(key[b"s"])):
        return False
    if not _identity_fits(tags, strict=b"s" in _listed(key.get(b"t", b""))):
        return False
    # A signed message with another From or Message-ID on top of the signed one still holds (RFC 6376, 8.15).
    return b"from" in signed and all(letter.count(name) <= signed.count(name) for name in _ATTRIBUTED)


def _listed(text: bytes) -> list[bytes]:
    return [each.strip().lower() for each in text.split(b":")]


def _is_of_this_time(tags: Tags, now: float) -> bool:
    """Neither expired nor signed in the future, as far as it says so (RFC 6376, 3.5: t=, x=)."""
    times = [tags.get(name, b"") for name in (b"t", b"x")]
    if any(text and not _TIME.fullmatch(text) for text in times):
        return False
    signed, expires = (int(text) if text else None for text in times)
    if signed is not None and signed > now + _SLOP:
        return False
    return expires is None or (expires >= now - _SLOP and (signed is None or expires > signed))


def _identity_fits(tags: Tags, *, strict: bool) -> bool:
    """i= is of d=, or below it; at a key with t=s just of it (RFC 6376, 3.6.1)."""
    if b"i" not in tags:
        return True
    domain, identity = tags[b"d"].lower(), tags[b"i"].lower().rpartition(b"@")[2]
    return identity == domain or (not strict and identity.endswith(b"." + domain))


def _body_holds(body: bytes, tags: Tags) -> bool:
    # As in `CanonicalizationPolicy.canonicalize_body`, whose pattern is quadratic in runs of blanks.
    how: Any = CanonicalizationPolicy.from_c_value(tags.get(b"c"))
    if how.body_algorithm.name == b"relaxed":
        body = b"\r\n".join(_BLANKS.sub(b" ", line).rstrip(b" ") for line in body.split(b"\r\n"))
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    body = body[:end]
    if body or how.body_algorithm.name == b"simple":
        body += b"\r\n"
    return hashlib.sha256(body).digest() == base64.b64decode(tags[b"bh"], validate=True)


def _ascii(name: str) -> str:
    """Lower-cased, without the last dot, in the form that DNS knows; what has none stays as it is."""
    name = name.lower().rstrip(".")
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def _shown(name: str) -> str:
    return _NOT_OF_NAMES.sub("?", name)[:253]
