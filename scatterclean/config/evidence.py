"""What the keys that weigh as evidence may hold: outbound hosts, patterns of own Message-IDs.  It reads nothing."""

from __future__ import annotations

import ipaddress
import json
import re

from pydantic_core import PydanticCustomError

from scatterclean.model import SHARED_BY_MANY

# Whoever calls half the internet his own provider keeps all backscatter: no provider has more than this.
_WIDEST = {4: 8, 6: 16}
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))+")
_LITERAL = 4


def _wrong(text: str) -> PydanticCustomError:
    return PydanticCustomError("said", "{text}", {"text": text})


def _shown(value: str) -> str:
    return json.dumps(value[:60], ensure_ascii=False)  # printable: `schema` has seen to that


def outbound(value: str) -> str:
    """A host name, `*.domain` (kept as `.domain`) or a network in CIDR form.  PydanticCustomError if it is none."""
    text = value.strip().lower().rstrip(".")
    expected = (
        'expected a host such as "mail.example.org", "*.example.org" for all of a domain, or "192.0.2.0/24"'
    )
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        pass
    else:
        if network.prefixlen < _WIDEST[network.version]:
            raise _wrong(f"{_shown(value)} is far more than one provider has, {expected}")
        return str(network)
    if "/" in text:
        raise _wrong(f"{_shown(value)} is not a network, {expected}")
    name = text.removeprefix("*")
    if name != text and not name.startswith("."):
        raise _wrong(f"{_shown(value)}: * stands for a whole part before a dot, {expected}")
    bare = name.lstrip(".")
    if not _NAME.fullmatch(bare):
        raise _wrong(f"{_shown(value)} is not a host, {expected}")
    return f".{bare}" if name.startswith(".") else bare


def own_id(value: str) -> str:
    """A pattern of Message-IDs, lower-cased, without brackets.  PydanticCustomError if it fits what strangers make."""
    text = value.strip().strip("<>").lower()
    expected = 'expected a pattern such as "*@host.example.org" or "cron-*@example.org"'
    longest = max((len(part) for part in re.split(r"[*?\[\]@.]+", text)), default=0)
    if longest < _LITERAL:
        raise _wrong(f"{_shown(value)} fits ids of strangers too, {expected}")
    right = text.rpartition("@")[2]
    if (
        "@" in text
        and right.removeprefix("mail.") in SHARED_BY_MANY
        and set(text.rpartition("@")[0]) <= {"*"}
    ):
        raise _wrong(f"{_shown(value)} fits the ids of everybody at {right}, {expected}")
    return text
