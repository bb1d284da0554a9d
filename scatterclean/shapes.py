"""The shape of a Message-ID: what ids of one program on one host have in common.  Pure.

Mail programs make ids by a pattern: Thunderbird a UUID, Python time.pid.random, Gmail `CA` and letters.  The
shape keeps the pattern of the left-hand side and the right-hand side without its numbers, so that ids of one
machine agree, and those of another program or host do not.

    4f3c2a1b-0d9e-4a8b-9c7d-1e2f3a4b5c6d@ada.example      uuid@ada.example
    170043.1234.5678@host7.ada.example                    N.n.n@*.ada.example
    CAFk3_x9+abc=Qw@mail.gmail.com                        w@mail.gmail.com
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from scatterclean.model import MessageId

# Strangers write ids of 998 characters; what mail programs make is much shorter.
MAX_SHAPE = 120

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DASHES = 4  # in each of them
_TOKEN = re.compile(r"[0-9a-z_+/=]+")
# From here on a text of letters and digits without a dot is taken for base64 or the like: its joints are chance.
_LONG = 20
_SHORT = 8


@lru_cache(maxsize=1024)
def shape_of(message_id: MessageId) -> str:
    """Empty for an id of which nothing is left.  All `keys` of an id have one shape, that of the last."""
    return shape_of_keys(message_id.keys)


def shape_of_keys(keys: Sequence[str]) -> str:
    """The same, for who has the `keys` of an id."""
    if not keys:
        return ""
    left, at, right = keys[-1].rpartition("@")
    if not at:
        left, right = right, ""
    return f"{_left(left)}@{_right(right)}"[:MAX_SHAPE]


# What programs on phones and tablets write behind the @, besides the domain of the sender.
_OF_DEVICES = frozenset(("email.android.com", "mail.gmail.com", "icloud.com", "me.com", "mac.com"))
# Names that mean nothing outside of one house (RFC 6761, RFC 6762, RFC 8375), and those that routers give.
_PRIVATE = re.compile(
    r"[^.]*|(?:.*\.)?(?:local|localdomain|localhost|lan|home|internal|intranet|home\.arpa|fritz\.box)"
)


def may_be_of_a_device(message_id: MessageId, own_domains: frozenset[str]) -> bool:
    """Is it such as a phone, or a program in the person's house, could make for mail from `own_domains`?

    iOS and K-9 write a UUID and the domain of the sender; programs without a configured name that of the machine.
    """
    right = message_id.right_hand_side
    if right in _OF_DEVICES or _PRIVATE.fullmatch(right) or _UUID.match(message_id.text.casefold()):
        return True
    return any(right == domain or right.endswith(f".{domain}") for domain in own_domains)


def _left(text: str) -> str:
    """Each run of letters and digits as what it is made of: `a` letters, `n` with a digit in it, `N` a long one."""
    parts = _UUID.split(text) if text.count("-") >= _DASHES else (text,)
    if len(parts) == 1 and len(text) >= _LONG and "." not in text and "$" not in text:
        return "w"
    return "uuid".join(_TOKEN.sub(_made_of, part) for part in parts)


def _made_of(token: re.Match[str]) -> str:
    text = token[0]
    if text.isalpha():
        return "a"
    # A counter, a process number, a day; or a moment, a random number.
    return "n" if len(text) <= _SHORT else "N"


@lru_cache(maxsize=1024)  # of the person's own mail there are a handful
def _right(text: str) -> str:
    """Labels that hold a digit differ from machine to machine (`db7pr04mb1234.eurprd04.prod.outlook.com`)."""
    return ".".join("*" if any(c.isdigit() for c in label) else label for label in text.split("."))
