"""Access -> a logged-in ImapMailbox: TLS, STARTTLS, the password or token; it keeps none and shows none."""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from scatterclean.calling import trusting
from scatterclean.errors import (
    CertificateRefused,
    ConnectionLost,
    LoginRefused,
    SecretUnavailable,
    TlsUnavailable,
    TokensNotTaken,
)
from scatterclean.mailbox.answers import Answer, code_of
from scatterclean.mailbox.bearer import mechanism
from scatterclean.mailbox.folders import quoted
from scatterclean.mailbox.imap import ImapMailbox, connect
from scatterclean.mailbox.introduction import capabilities, introduce, words_of
from scatterclean.mailbox.portions import Portions
from scatterclean.mailbox.session import Session
from scatterclean.mailbox.translate import refusal


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach one account.

    `account` is the name that people gave it, for messages.  `tls`: "implicit" (port 993), "starttls" (port
    143), or "none": whether that is allowed is for the configuration to say.  `ca_file` is trusted instead of
    the system's authorities.  `secret` is asked at every login and may raise SecretUnavailable.
    `connect_timeout` and `read_timeout` are seconds.  `bearer`: the secret is an access token (OAuth2); `instead_of`
    gives another one for one that the server has refused, if that can be had.
    """

    account: str
    host: str
    port: int
    username: str
    secret: Callable[[], str] = field(repr=False)
    tls: Literal["implicit", "starttls", "none"] = "implicit"
    ca_file: Path | None = None
    connect_timeout: float = 20.0
    read_timeout: float = 60.0
    bearer: bool = False
    instead_of: Callable[[str], str] | None = field(default=None, repr=False)


def open_mailbox(access: Access, portions: Portions | None = None) -> ImapMailbox:
    """Connect and log in; raises what `open_session` does."""
    return ImapMailbox(open_session(access), portions)


def open_session(access: Access) -> Session:
    """Connect and log in; a server that breaks off when it is asked several things at once is met twice.

    Raises ServerUnreachable, ServerBusy, ConnectionLost, CertificateRefused, TlsUnavailable, LoginRefused, and
    what `access.secret` raises.  The password goes out only after TLS is up, if there is to be TLS.
    """
    if not access.bearer:
        return _opened(access)
    token = access.secret()  # before anybody is connected to: who has none need not be met
    try:
        return _opened(replace(access, secret=lambda: token))
    except TokensNotTaken:
        raise
    except LoginRefused:
        # Withdrawn, or this clock is wrong: one that was had just now tells which of the two is to blame.
        if access.instead_of is None:
            raise
        another = access.instead_of(token)
    return _opened(replace(access, secret=lambda: another))


def _opened(access: Access) -> Session:
    return _met(access) or _met(access) or _gone(access)


def _gone(access: Access) -> Session:
    raise ConnectionLost(f"{access.account}: {access.host}:{access.port} ended the session after the login")


def greeted(access: Access) -> Session:
    """A session in which the greeting was read and TLS is up, as far as there is to be TLS; no password was sent."""
    context = None if access.tls == "none" else context_of(access)
    return connect(
        access.account,
        access.host,
        access.port,
        implicit=context if access.tls == "implicit" else None,
        starttls=context if access.tls == "starttls" else None,
        timeouts=(access.connect_timeout, access.read_timeout),
    )


def _met(access: Access) -> Session | None:
    session = greeted(access)
    try:
        lasts = introduce(session, _log_in(session, access))
    except BaseException:
        session.drop()
        raise
    return session if lasts else None


def _log_in(session: Session, access: Access) -> frozenset[str]:
    """What the server can do now, if it told so unasked with its OK (RFC 3501, 6.2.2): one round trip less.
    Dovecot tells it in a line of its own to those that have asked before."""
    if session.state() != "NONAUTH":
        return frozenset()  # PREAUTH: the server knows us already (a tunnel)
    # imaplib has asked at the start, in the clear; after STARTTLS that is nobody's word.
    offered = capabilities(session) if access.tls == "starttls" else session.offered()
    answer = _token(session, access, offered) if access.bearer else _password(session, access, offered)
    session.enter("AUTH")
    name, told_now = code_of(answer.text)
    return words_of([told_now] if name == "CAPABILITY" else answer.untagged.get("CAPABILITY", ()))


def _password(session: Session, access: Access, offered: frozenset[str]) -> Answer:
    plain = "AUTH=PLAIN" in offered
    if not plain and "LOGINDISABLED" in offered:
        raise TlsUnavailable(
            f"{access.account}: {session.where} takes no password on this connection",
            hint='Set tls = "implicit" or tls = "starttls".' if access.tls == "none" else "",
        )
    user, secret = _sound(access, "password")
    told = b64encode(f"\0{user}\0{secret}".encode())  # RFC 4616: any UTF-8
    command = "AUTHENTICATE" if plain else "LOGIN"
    # Some servers repeat the whole command when they refuse it, in whatever they say last.
    secrets = (secret, told.decode(), quoted(secret.encode()).decode())
    if plain and "SASL-IR" in offered:  # RFC 4959: one round trip less
        answer = session.ask(command, b"PLAIN", told, secrets=secrets)
    elif plain:
        answer = session.ask(command, b"PLAIN", replies=(told,), secrets=secrets)
    else:
        answer = session.ask(command, quoted(user.encode()), quoted(secret.encode()), secrets=secrets)
    if answer.status != "OK":
        raise refusal(answer, session.exchange(command), secrets)
    return answer


def _token(session: Session, access: Access, offered: frozenset[str]) -> Answer:
    user, token = _sound(access, "access token")
    way = mechanism(offered, user, token, access.host, access.port)
    if way is None:
        raise TokensNotTaken(
            f"{access.account}: {session.where} takes no access tokens (neither OAUTHBEARER nor XOAUTH2)",
            hint="Log in by a password there (password_command and the others), or correct `host`.",
        )
    secrets = (token, way.first.decode())
    if "SASL-IR" in offered:
        answer = session.ask("AUTHENTICATE", way.name, way.first, replies=(way.then,), secrets=secrets)
    else:
        answer = session.ask("AUTHENTICATE", way.name, replies=(way.first, way.then), secrets=secrets)
    if answer.status != "OK":
        trouble = refusal(answer, session.exchange("AUTHENTICATE"), secrets)
        if isinstance(trouble, LoginRefused):
            raise LoginRefused(
                f"{trouble.what} (by access token)",
                hint=f"Is {user} the address that was logged in with, and is IMAP switched on in the provider's "
                f"settings? Else log in anew: scatterclean login {access.account}",
            )
        raise trouble
    return answer


def _sound(access: Access, called: str) -> tuple[str, str]:
    """User name and secret, if they can be sent."""
    user, secret = access.username, access.secret()
    for what, text in (("user name", user), (called, secret)):
        if not text or any(c in text for c in "\r\n\0\x01"):
            raise SecretUnavailable(
                f"{access.account}: the {what} is empty or has a line break in it",
                hint="The command or file that gives it must print it alone, on one line.",
            )
    return user, secret


def context_of(access: Access) -> ssl.SSLContext:
    """What is trusted there.  Raises CertificateRefused if `ca_file` cannot be used."""
    try:
        return trusting(access.ca_file)
    except OSError as broken:  # ssl.SSLError is one
        reason = "it holds no certificate" if isinstance(broken, ssl.SSLError) else broken.strerror
        raise CertificateRefused(
            f"{access.account}: ca_file {access.ca_file} cannot be used: {reason}",
            hint="It must be a PEM file with the certificate of the authority.",
        ) from None
