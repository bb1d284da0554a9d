"""The settings that a domain publishes for mail programs (Mozilla's autoconfig XML) -> servers.

The XML is a stranger's: no document type and no entities (which could grow without end or read files), and nothing but
a few elements is looked at.  Only encrypted IMAP counts: a server that wants the password in the clear is no answer.
https://www.bucksch.org/1/projects/thunderbird/autoconfiguration/config-file-format.html
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote
from xml.parsers import expat

from scatterclean.config import Tls
from scatterclean.setup.servers import Said, Server, host_in
from scatterclean.setup.web import NoPage

_TLS = {"SSL": Tls.IMPLICIT, "STARTTLS": Tls.STARTTLS}
_MOST_ELEMENTS, _MOST_TEXT = 2000, 300
# What we log in with over TLS; "password-encrypted" (CRAM-MD5) comes with PLAIN over TLS nearly everywhere.
_OURS = frozenset(("", "password-cleartext", "plain", "password-encrypted", "secure", "oauth2"))


def addresses_of(address: str) -> tuple[str, str]:
    """Where the settings may be published.  HTTPS only: a page by http is the network's word, not the domain's."""
    domain = address.rpartition("@")[2]
    return (
        f"https://autoconfig.{domain}/mail/config-v1.1.xml?emailaddress={quote(address, safe='@')}",
        f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
    )


def published(address: str, get: Callable[[str], bytes]) -> list[Server]:
    """The encrypted IMAP servers.  `get` is `Web.get`.  Raises NoPage with the reason of the last address."""
    last = NoPage("")
    for url in addresses_of(address):
        try:
            return servers_in(get(url))
        except NoPage as none:
            last = none
    raise last


def servers_in(page: bytes) -> list[Server]:
    """The encrypted IMAP servers in a page, in its order.  Raises NoPage if there is none, or if it is no such page."""
    reading = _Reading()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _forbidden
    parser.EntityDeclHandler = _forbidden
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.text
    try:
        parser.Parse(page, True)
    except (expat.ExpatError, ValueError, LookupError):  # LookupError: an encoding that nobody knows
        raise NoPage("it is no proper XML") from None
    if not reading.servers and reading.plain:
        raise NoPage("it names only servers that want the password without encryption")
    if not reading.servers:
        raise NoPage("it names no IMAP server")
    return reading.servers


def _forbidden(*_: object) -> None:
    raise NoPage("it declares a document type, which settings never need")


class _Reading:
    def __init__(self) -> None:
        self.servers: list[Server] = []
        self.plain = False
        self._count = 0
        self._values: dict[str, list[str]] | None = None
        self._words = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > _MOST_ELEMENTS:
            raise NoPage("it has more elements than settings ever have")
        self._words = ""
        if name == "incomingServer":
            self._values = {} if attributes.get("type", "").lower() == "imap" else None

    def text(self, words: str) -> None:
        if len(self._words) < _MOST_TEXT:
            self._words += words

    def end(self, name: str) -> None:
        if self._values is None:
            return
        if name == "incomingServer":
            self._close(self._values)
            self._values = None
        else:
            self._values.setdefault(name, []).append(self._words.strip()[:_MOST_TEXT])

    def _close(self, values: dict[str, list[str]]) -> None:
        host, port, kind = (values.get(key, [""])[0] for key in ("hostname", "port", "socketType"))
        tls = _TLS.get(kind.upper())
        host = host_in(host)
        if not host or not port.isascii() or not port.isdigit() or not 0 < int(port[:6]) < 65536:
            return
        if tls is None:
            self.plain = True
            return
        logins = {login.lower() for login in values.get("authentication", [""])}
        if not logins & _OURS:
            return
        username = values.get("username", [""])[0] or "%EMAILADDRESS%"
        if username.isprintable():
            self.servers.append(Server(host, int(port), tls, Said.AUTOCONFIG, username))
