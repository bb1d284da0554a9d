"""Whose mail it is: identities, and an account as far as a sweep needs to know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from scatterclean.model.said import DEFAULT_SWITCHES, Kind, Switch


@dataclass(frozen=True, slots=True)
class Identities:
    """Which addresses are the person's.  Wildcards (`*@example.org`) stand for domains all of whose mail is.

    `learned` are From addresses of logged mail.  `shared` are role mailboxes: others send from them too, so
    a bounce to them convicts nobody.  `never_sends` are the person's, but nothing is ever sent from them.
    """

    addresses: frozenset[str] = frozenset()
    learned: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    never_sends: frozenset[str] = frozenset()

    def owns(self, address: str) -> bool:
        """Is it the person's alone?  Sub-addresses (`me+tag@`) count as the address (RFC 5233)."""
        if self.is_shared(address):
            return False
        own = self.addresses | self.learned | self.never_sends
        return _matches(address, own)

    def is_shared(self, address: str) -> bool:
        return _matches(address, self.shared)

    def sends_never(self, address: str) -> bool:
        return _matches(address, self.never_sends)


def _matches(address: str, patterns: frozenset[str]) -> bool:
    local, at, domain = address.lower().rpartition("@")
    if not at:
        return False
    plain = f"{local.partition('+')[0]}@{domain}"
    return not patterns.isdisjoint((f"{local}@{domain}", plain, f"*@{domain}"))


class Mode(StrEnum):
    OBSERVE = "observe"  # says what it would do
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Account:
    """What a sweep needs to know of an account; how to log in is not part of it.

    `person` groups accounts: one log serves all accounts of a person.
    `sent` empty means: find the Sent folders by SPECIAL-USE, else by well-known names.
    `settle` is the time that a Sent copy may take to appear.
    """

    name: str
    identities: Identities
    person: str = ""
    watch: tuple[str, ...] = ("INBOX",)
    sent: tuple[str, ...] = ()
    backscatter: str = "Backscatter"
    mode: Mode = Mode.OBSERVE
    settle: timedelta = timedelta(minutes=10)
    switches: Mapping[Kind, Switch] = field(default_factory=lambda: dict(DEFAULT_SWITCHES))
