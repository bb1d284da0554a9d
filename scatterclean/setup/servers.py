"""Where a mailbox is and who says so, as values; and what ends a set-up.  It asks nobody."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from scatterclean.config import Tls
from scatterclean.errors import PersonCanMend, Reach


class SetupEnds(PersonCanMend):
    """No account was set up; the text says why and what to do.  Nothing was written."""

    reach = Reach.EVERYTHING


class Said(StrEnum):
    """Who named a server."""

    PERSON = "as you said"
    TABLE = "from the table of well-known providers"
    SRV = "from the DNS records of the domain"
    AUTOCONFIG = "from the settings that the domain publishes"
    MX = "the provider that receives the domain's mail"
    GUESS = "a guess from the domain's name, and it answered"


@dataclass(frozen=True, slots=True)
class Server:
    """`username` is what the server calls the person: "%EMAILADDRESS%" and "%EMAILLOCALPART%" are filled in."""

    host: str
    port: int
    tls: Tls
    said: Said
    username: str = "%EMAILADDRESS%"

    def user(self, address: str) -> str:
        local, _, domain = address.partition("@")
        name = self.username.replace("%EMAILADDRESS%", address)
        return name.replace("%EMAILLOCALPART%", local).replace("%EMAILDOMAIN%", domain)

    def belongs_to(self, domain: str) -> bool:
        """Is it a machine of the domain itself, by its name?"""
        return self.host == domain or self.host.endswith(f".{domain}")

    def __str__(self) -> str:
        how = {Tls.IMPLICIT: "TLS", Tls.STARTTLS: "STARTTLS", Tls.NONE: "no encryption"}[self.tls]
        return f"{self.host}, port {self.port} ({how})"


_HOST = re.compile(
    r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
_ADDRESS = re.compile(r"[^\s@<>,;:()\[\]\"*\\]{1,64}@[^\s@<>,;:()\[\]\"*\\]+\.[^\s@<>,;:()\[\]\".*\\]+")


def host_in(text: str) -> str:
    """A host name as strangers publish it, lower-cased, or "" if it cannot be one."""
    host = text.strip().rstrip(".").lower()
    try:
        host = host.encode("idna").decode("ascii") if not host.isascii() else host
    except UnicodeError:
        return ""
    return host if _HOST.fullmatch(host) else ""


def address_in(text: str) -> str:
    """A bare e-mail address, its domain lower-cased and in ASCII (RFC 5891), or "" if it is none."""
    text = text.strip().removeprefix("mailto:").strip("<>")
    local, at, domain = text.rpartition("@")
    if not at or not text.isprintable():
        return ""
    host = host_in(domain)
    address = f"{local}@{host}"
    return address if host and len(address) <= 254 and _ADDRESS.fullmatch(address) else ""
