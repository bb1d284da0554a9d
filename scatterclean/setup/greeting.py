"""A server's first words, before any login: is it there, is its certificate good, what does it offer?"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from scatterclean.calling import trusting, within
from scatterclean.config import Tls
from scatterclean.errors import CertificateRefused, ServerUnreachable
from scatterclean.mailbox.imap import connect
from scatterclean.mailbox.introduction import capabilities
from scatterclean.setup.servers import Server

SECONDS = 6.0  # to connect, for the TLS handshake, for each answer
_ALL = 9.0  # for all of it: a name may have several addresses, and its look-up heeds no time-out
_TOKENS = frozenset(("AUTH=XOAUTH2", "AUTH=OAUTHBEARER"))


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a server said that it can do before the login."""

    offered: frozenset[str]

    @property
    def takes_passwords(self) -> bool:
        return "AUTH=PLAIN" in self.offered or "LOGINDISABLED" not in self.offered

    @property
    def only_tokens(self) -> bool:
        """Are access tokens all that it names?  (The command LOGIN may be there for those who know.)"""
        passwords = {each for each in self.offered if each.startswith("AUTH=")} - _TOKENS
        return self.offers_oauth and not passwords

    @property
    def offers_oauth(self) -> bool:
        return bool(self.offered & _TOKENS)


def greet(server: Server, ca_file: Path | None = None, seconds: float = SECONDS) -> Greeting:
    """Connect, speak TLS, listen, and say goodbye.

    Raises ServerUnreachable, ServerBusy, ConnectionLost, CertificateRefused, TlsUnavailable."""
    context = None if server.tls is Tls.NONE else _context(ca_file)

    def meet() -> Greeting:
        session = connect(
            "setup",
            server.host,
            server.port,
            implicit=context if server.tls is Tls.IMPLICIT else None,
            starttls=context if server.tls is Tls.STARTTLS else None,
            timeouts=(seconds, seconds),
        )
        try:
            # What was offered in the clear, before STARTTLS, is nobody's word.
            offered = capabilities(session) if server.tls is Tls.STARTTLS else session.offered()
        finally:
            session.close()
        return Greeting(offered)

    try:
        return within(_ALL if seconds == SECONDS else seconds * 1.5, meet)
    except TimeoutError:
        raise ServerUnreachable(f"setup: {server.host}:{server.port} does not answer") from None


def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return trusting(ca_file)
    except OSError as broken:  # ssl.SSLError is one
        reason = "it holds no certificate" if isinstance(broken, ssl.SSLError) else broken.strerror
        raise CertificateRefused(
            f"setup: --ca-file {ca_file} cannot be used: {reason}",
            hint="It must be a PEM file with the certificate of the authority.",
        ) from None
