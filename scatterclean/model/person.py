"""Whose mail it is: identities, and an account as far as a sweep needs to know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from scatterclean.model.said import DEFAULT_SWITCHES, Kind, Switch

# Nobody owns all the mail of these: a wildcard would take other people's mail for the person's own.
SHARED_BY_MANY = frozenset(
    {
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "msn.com",
        "yahoo.com",
        "aol.com",
        "icloud.com",
        "me.com",
        "mac.com",
        "gmx.de",
        "gmx.net",
        "gmx.com",
        "gmx.at",
        "web.de",
        "t-online.de",
        "freenet.de",
        "posteo.de",
        "mailbox.org",
        "fastmail.com",
        "proton.me",
        "protonmail.com",
        "zoho.com",
        "mail.ru",
        "yandex.ru",
        "yandex.com",
        "orange.fr",
        "free.fr",
        "laposte.net",
        "libero.it",
        "seznam.cz",
        "wp.pl",
        "qq.com",
        "163.com",
        "126.com",
        "comcast.net",
    }
)


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

    @property
    def domains(self) -> frozenset[str]:
        """The domains of the configured addresses, but for those that many share."""
        own = self.addresses | self.never_sends
        return frozenset(address.rpartition("@")[2] for address in own) - SHARED_BY_MANY

    @property
    def own_domains(self) -> frozenset[str]:
        """Domains all of whose mail is the person's (`*@example.org`)."""
        return frozenset(address[2:] for address in self.addresses if address.startswith("*@"))

    def owns(self, address: str) -> bool:
        """Is it the person's alone?  Sub-addresses (`me+tag@`) count as the address (RFC 5233)."""
        forms = _forms(address)
        return self.shared.isdisjoint(forms) and not (
            self.addresses.isdisjoint(forms)
            and self.learned.isdisjoint(forms)  # there may be thousands: never put together with the others
            and self.never_sends.isdisjoint(forms)
        )

    def is_shared(self, address: str) -> bool:
        return not self.shared.isdisjoint(_forms(address))

    def sends_never(self, address: str) -> bool:
        return not self.never_sends.isdisjoint(_forms(address))


def _forms(address: str) -> tuple[str, ...]:
    """What may stand in a configuration for this address; nothing for what is none."""
    address = address.lower()
    local, at, domain = address.rpartition("@")
    if not at:
        return ()
    wildcard = f"*@{domain}"
    if "+" not in local:
        return address, wildcard
    return address, f"{local.partition('+')[0]}@{domain}", wildcard


class Mode(StrEnum):
    OBSERVE = "observe"  # says what it would do
    MOVE = "move"


class WithoutId(StrEnum):
    """What happens to bounces that quote no usable Message-ID."""

    KEEP = "keep"  # they stay
    RECIPIENT = "recipient"  # they are judged by whom they are about: never written to, and a foreign sign


class WithoutUidplus(StrEnum):
    """What is done with orphans where the server knows neither MOVE nor UID EXPUNGE."""

    REFUSE = "refuse"  # nothing is moved
    COPY_AND_MARK = "copy-and-mark"  # copied to Backscatter; the original stays, and bears the keyword


@dataclass(frozen=True, slots=True)
class Account:
    """What a sweep needs to know of an account; how to log in is not part of it.

    `person` groups accounts: one log serves all accounts of a person.
    `sent` empty means: find the Sent folders by SPECIAL-USE, else by well-known names.
    `also_sent` are folders in which sent mail lies among other mail: what is from own addresses counts.
    `settle` is the time that a Sent copy may take to appear.  `keep_backscatter` is how long what was put away is
    kept; None: for ever.
    `server` is the IMAP server's name.  `hosts` are the outbound hosts as configured, names as in
    `Provider.hosts` (`*.example.org` is kept as `.example.org`) and networks; `own_ids` are patterns
    (`*@host.example`) of ids that count as the person's own.
    """

    name: str
    identities: Identities
    person: str = ""
    watch: tuple[str, ...] = ("INBOX",)
    sent: tuple[str, ...] = ()
    also_sent: tuple[str, ...] = ()
    backscatter: str = "Backscatter"
    mode: Mode = Mode.OBSERVE
    settle: timedelta = timedelta(minutes=10)
    server: str = ""
    hosts: frozenset[str] = frozenset()
    own_ids: tuple[str, ...] = ()
    without_id: WithoutId = WithoutId.KEEP
    keep_backscatter: timedelta | None = None
    without_uidplus: WithoutUidplus = WithoutUidplus.REFUSE
    switches: Mapping[Kind, Switch] = field(default_factory=lambda: dict(DEFAULT_SWITCHES))
