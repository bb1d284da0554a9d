"""Refusals and foreign exceptions -> the errors of `errors`, by tables; it raises nothing and logs nothing.

No text of an exception of imaplib is passed on: it quotes what the server sent, mail included.  What a
server says to people (the text behind NO, BAD and BYE) is, made printable and short.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass

from scatterclean.errors import (
    CertificateRefused,
    CommandRefused,
    ConnectionLost,
    FolderMissing,
    LoginRefused,
    OverQuota,
    ServerBusy,
    ServerUnreachable,
    TimeCanMend,
    TlsUnavailable,
    Trouble,
)
from scatterclean.mailbox.answers import Answer, code_of

_MOST_TEXT = 200
# Dovecot ends what it says with how long it took: "Mailbox doesn't exist: X (0.001 + 0.000 secs)."
_TIMING = re.compile(r"\s*\(\d+\.\d+(?: \+ \d+\.\d+)* secs\)")


def printable(text: bytes | str, secrets: Iterable[str] = ()) -> str:
    """What a server says, fit for a log line: one line, short, and without the secrets that some echo."""
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    for secret in secrets:
        if secret:
            shown = shown.replace(secret, "***")
    shown = _TIMING.sub("", "".join(c if c.isprintable() else " " for c in shown))
    return " ".join(shown.split())[:_MOST_TEXT]


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was asked, as far as the words need it: `command` as sent, `about` a folder, `where` host:port."""

    command: str
    account: str
    where: str
    about: str = ""
    separator: str = ""


@dataclass(frozen=True, slots=True)
class _Rule:
    """Fits a response code (RFC 5530 and others) or a pattern in the human text, for some or all commands."""

    error: type[Trouble]
    code: str | None = None
    text: str | None = None
    commands: frozenset[str] | None = None

    def fits(self, command: str, code: str, text: str) -> bool:
        if self.commands is not None and command not in self.commands:
            return False
        if self.code is not None:
            return self.code == code
        return self.text is not None and re.search(self.text, text, re.I) is not None


_LOGIN = frozenset({"LOGIN", "AUTHENTICATE"})
_FILL = frozenset({"UID COPY", "UID MOVE", "CREATE", "SUBSCRIBE", "APPEND"})
_NAMES = frozenset({"SELECT", "EXAMINE", "STATUS", "UID COPY", "UID MOVE", "SUBSCRIBE", "APPEND"})

# The first that fits counts.
_RULES = (
    # Gmail says "[OVERQUOTA] Account exceeded command or bandwidth limits" and means patience, not space
    # (support.google.com/mail/answer/7126229); Office 365 "Request is throttled. Suggested Backoff Time".
    _Rule(ServerBusy, text=r"throttl|bandwidth limit|back-?off time"),
    _Rule(
        ServerBusy,
        text=r"too many (simultaneous )?(connections|sessions)|(maximum|max) number of connections",
    ),
    _Rule(ServerBusy, code="UNAVAILABLE"),  # RFC 5530, 3; Yahoo sends it to bulk moves
    _Rule(ServerBusy, code="INUSE"),  # RFC 5530, 3
    _Rule(ServerBusy, code="LIMIT"),  # RFC 5530, 3
    _Rule(TlsUnavailable, code="PRIVACYREQUIRED"),  # RFC 5530, 3
    _Rule(LoginRefused, code="AUTHENTICATIONFAILED", commands=_LOGIN),  # RFC 5530, 3
    _Rule(OverQuota, code="OVERQUOTA", commands=_FILL),  # RFC 5530, 3
    _Rule(FolderMissing, code="TRYCREATE", commands=_NAMES),  # RFC 3501, 7.1
    _Rule(FolderMissing, code="NONEXISTENT", commands=_NAMES),  # RFC 5530, 3
    # Without a code: Courier, Cyrus, Exchange and others.
    _Rule(OverQuota, text=r"\bquota\b|mailbox (is )?full", commands=_FILL),
    _Rule(
        FolderMissing,
        text=r"do(es)?(n't| not) exist|unknown mailbox|no such (mailbox|folder)|mailbox not found",
        commands=_NAMES,
    ),
    _Rule(ServerBusy, text=r"try again later|temporar(y|ily)|server (is )?(too )?busy|rate limit"),
    _Rule(LoginRefused, text="", commands=_LOGIN),  # whatever else a login is refused with
)

_BACKOFF = re.compile(r"back-?off time:?\s*(\d{1,9})\s*(milliseconds|ms|seconds|s)?", re.I)


def _retry_after(text: str) -> float | None:
    match = _BACKOFF.search(text)
    if match is None:
        return None
    seconds = (match[2] or "milliseconds").lower() in ("seconds", "s")
    return float(match[1]) * (1 if seconds else 0.001)


def refusal(answer: Answer, asked: Exchange, secrets: Iterable[str] = ()) -> Trouble:
    """The error for a clean NO or BAD."""
    said = printable(answer.text, secrets)
    code, _ = code_of(answer.text)
    # Servers repeat the name of the folder, which may be anything, in what they say.
    words = said.replace(asked.about, "") if asked.about else said
    error = next((rule.error for rule in _RULES if rule.fits(asked.command, code, words)), CommandRefused)
    return _worded(error, asked, code, said, answer.status)


def _worded(error: type[Trouble], asked: Exchange, code: str, said: str, status: str) -> Trouble:
    who = f"{asked.account}: {asked.where}"
    if issubclass(error, ServerBusy):
        return ServerBusy(
            f"{who} asks for patience: {said}",
            hint="It is tried again by itself; nothing has to be done.",
            retry_after=_retry_after(said),
        )
    if error is LoginRefused:
        return LoginRefused(f"{who} refused the login: {said}", hint=_login_hint(asked.where, said))
    if error is TlsUnavailable:
        return TlsUnavailable(f"{who} wants TLS: {said}", hint='Set tls = "implicit" or tls = "starttls".')
    if error is OverQuota:
        return OverQuota(
            f"{who}: the mailbox is full, {asked.about!r} takes no copy: {said}",
            hint="Delete or archive some mail; nothing was changed.",
        )
    if error is FolderMissing:
        return missing(asked, said)
    hint = "If it happens again, please report it with this text."
    if asked.command == "CREATE" and asked.separator:
        hint = f"This server separates levels of folders by {asked.separator!r}; choose another name."
    elif code == "NOPERM":
        hint = "You have no right to do this in that folder; ask whoever runs the server."
    about = f" about {asked.about!r}" if asked.about else ""
    return CommandRefused(f"{who} answered {status} to {asked.command}{about}: {said}", hint=hint)


def missing(asked: Exchange, said: str = "") -> FolderMissing:
    """The error for a folder that is not there."""
    return FolderMissing(
        f"{asked.account}: there is no folder {asked.about!r} on {asked.where}"
        + (f": {said}" if said else ""),
        hint="Was it renamed or deleted? Check the name in the configuration.",
    )


def _login_hint(where: str, said: str) -> str:
    # Passwords are off on Outlook.com since 2024-09 and at Google for most (field guide, 5).
    if re.search(r"outlook|hotmail|office365|live\.com", where, re.I):
        return "Microsoft has switched passwords off for IMAP; a token is needed."
    if re.search(
        r"gmail|google|yahoo|icloud|mail\.me\.com|fastmail|yandex|gmx|web\.de", where, re.I
    ) or re.search(r"app(lication)?[- ]specific|app password", said, re.I):
        return "This provider wants an app password made for IMAP (and IMAP switched on in its settings)."
    return "Check user name and password; is IMAP switched on in the provider's settings?"


# OpenSSL's X509_V_ERR codes (openssl/x509_vfy.h).
_EXPIRED, _NOT_YET = 10, 9
_OTHER_HOST = {62, 63, 64}
_UNTRUSTED = {2, 18, 19, 20, 21}


def _certificate(broken: ssl.SSLCertVerificationError, who: str) -> CertificateRefused:
    if broken.verify_code in (_EXPIRED, _NOT_YET):
        hint = "Is this machine's clock right? Else whoever runs the server has to renew it."
    elif broken.verify_code in _OTHER_HOST:
        hint = "Use the host name that the certificate is for."
    elif broken.verify_code in _UNTRUSTED:
        hint = "If it is a server of your own, name the file of its authority: ca_file = ..."
    else:
        hint = "Whoever runs the server has to mend it. No password was sent."
    return CertificateRefused(f"{who}: the certificate is not trusted: {broken.verify_message}", hint=hint)


# What OpenSSL says when the other side does not speak TLS at all; the names differ between its versions.
_NOT_TLS = {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"}
_OLD_TLS = {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE"}


# With the farewell of TLS or without (RFC 8446, 6.1): cut, or turned away.
_ENDED = (EOFError, ssl.SSLEOFError, ssl.SSLZeroReturnError)
_DISTURBED = (
    "It is tried again by itself, and no password was sent. If it stays so, something between here and the server"
    " disturbs the connection (a proxy, a virus scanner, a captive portal), or the port is wrong."
)


def _reason(broken: OSError) -> str:
    """A few words for people: OpenSSL's strerror names a line of a C file."""
    if isinstance(broken, ssl.SSLError):
        return (broken.reason or "").lower().replace("_", " ") or "TLS"
    return broken.strerror or type(broken).__name__


def unconnected(broken: Exception, asked: Exchange, bye: str = "") -> Trouble:
    """The error for a connection that did not come to stand, TLS and the greeting included."""
    who = f"{asked.account}: {asked.where}"
    if isinstance(broken, ssl.SSLCertVerificationError):
        return _certificate(broken, who)
    reason = getattr(broken, "reason", None) if isinstance(broken, ssl.SSLError) else None
    if reason in _NOT_TLS:
        return TlsUnavailable(
            f"{who} does not speak TLS on this port",
            hint='Port 993 goes with tls = "implicit", port 143 with tls = "starttls". No password was sent.',
        )
    if reason in _OLD_TLS:
        return TlsUnavailable(
            f"{who} speaks only TLS that is older than 1.2",
            hint="Whoever runs the server has to update it. No password was sent.",
        )
    # A host name that cannot be encoded is a UnicodeError, too; a greeting that is garbled is the other kind.
    if isinstance(broken, (socket.gaierror, UnicodeError)) and not isinstance(broken, UnicodeDecodeError):
        return ServerUnreachable(
            f"{who}: this name cannot be resolved", hint="Is it spelled right? Is the network there?"
        )
    if isinstance(broken, ConnectionRefusedError):
        return ServerUnreachable(f"{who} refuses the connection", hint="Is the port right?")
    if isinstance(broken, TimeoutError):
        return ServerUnreachable(
            f"{who} does not answer",
            hint='Is the port right, and is it one with or without TLS as configured ("tls")?',
        )
    if isinstance(broken, _ENDED):
        return ServerUnreachable(f"{who} ended the connection before the login", hint=_DISTURBED)
    if isinstance(broken, ssl.SSLError):
        return ServerUnreachable(f"{who}: TLS does not come to stand: {_reason(broken)}", hint=_DISTURBED)
    if isinstance(broken, OSError):
        return ServerUnreachable(f"{who} cannot be reached: {_reason(broken)}")
    if bye:
        return _goodbye(who, bye) or ServerUnreachable(f"{who} turned us away: {bye}")
    return ServerUnreachable(f"{who} does not greet as an IMAP server does", hint="Is the port right?")


def lost(broken: Exception, asked: Exchange, bye: str = "") -> TimeCanMend:
    """The error for a session that ended or fell out of step; what was asked may or may not have happened."""
    who = f"{asked.account}: {asked.where}"
    if bye:
        return _goodbye(who, bye) or ConnectionLost(f"{who} ended the session during {asked.command}: {bye}")
    if isinstance(broken, TimeoutError):
        return ConnectionLost(f"{who} did not answer {asked.command} in time")
    if isinstance(broken, OSError):
        return ConnectionLost(f"{who}: the connection broke during {asked.command}: {_reason(broken)}")
    return ConnectionLost(f"{who}: the connection ended or fell out of step during {asked.command}")


def _goodbye(who: str, bye: str) -> ServerBusy | None:
    code, _ = code_of(bye.encode())
    busy = any(rule.error is ServerBusy and rule.fits("BYE", code, bye) for rule in _RULES)
    if not busy:
        return None
    return ServerBusy(
        f"{who} asks for patience and ended the session: {bye}",
        hint="It is tried again by itself; nothing has to be done.",
        retry_after=_retry_after(bye),
    )
