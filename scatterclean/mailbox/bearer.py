"""An access token as SASL wants it: OAUTHBEARER (RFC 7628) or XOAUTH2 (Google, Microsoft); pure, it sends nothing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Collection
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Mechanism:
    """`first` is the initial response.  A refusal comes as a challenge that holds JSON, and wants `then` for an answer:
    only after that the server says NO (RFC 7628, 3.2.3; developers.google.com/gmail/imap/xoauth2-protocol)."""

    name: bytes
    first: bytes = field(repr=False)
    then: bytes


def mechanism(offered: Collection[str], user: str, token: str, host: str, port: int) -> Mechanism | None:
    """The standard one if the server has it, else the older one; None if it has neither.

    What is returned is in base64, as IMAP carries it.  `offered` as in CAPABILITY, upper-cased.
    """
    made: dict[str, tuple[Callable[[], str], bytes]] = {
        "OAUTHBEARER": (lambda: _bearer(user, token, host, port), b"\x01"),
        "XOAUTH2": (lambda: f"user={user}\x01auth=Bearer {token}\x01\x01", b""),
    }
    for name, (first, then) in made.items():
        if f"AUTH={name}" in offered:
            return Mechanism(name.encode(), b64encode(first().encode()), b64encode(then))
    return None


def _bearer(user: str, token: str, host: str, port: int) -> str:
    # RFC 5801, 4: in the name "," and "=" are written otherwise.
    name = user.replace("=", "=3D").replace(",", "=2C")
    return f"n,a={name},\x01host={host}\x01port={port}\x01auth=Bearer {token}\x01\x01"
