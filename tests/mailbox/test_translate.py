"""The tables of errors: what servers and sockets say, as the person or time can mend it."""

from __future__ import annotations

import imaplib
import socket
import ssl

import pytest

from scatterclean.errors import (
    CommandRefused,
    ConnectionLost,
    FolderMissing,
    LoginRefused,
    OverQuota,
    ServerBusy,
    ServerUnreachable,
    TlsUnavailable,
    Trouble,
)
from scatterclean.mailbox.answers import Answer
from scatterclean.mailbox.translate import Exchange, lost, printable, refusal, unconnected


def asked(command: str, about: str = "Backscatter", host: str = "mail.example.org") -> Exchange:
    return Exchange(command, "home", f"{host}:993", about, "/")


# (command, what the server said, the error): texts as servers are known to send them.
REFUSALS: list[tuple[str, str, type[Trouble]]] = [
    ("AUTHENTICATE", "[AUTHENTICATIONFAILED] Authentication failed.", LoginRefused),  # Dovecot
    ("LOGIN", "Login failed.", LoginRefused),  # Courier
    ("LOGIN", "LOGIN failed.", LoginRefused),  # Office 365
    ("LOGIN", "[ALERT] Application-specific password required: https://support.google.com", LoginRefused),
    ("LOGIN", "[AUTHENTICATIONFAILED] This account is temporarily locked", LoginRefused),
    ("LOGIN", "[ALERT] Too many simultaneous connections. (Failure)", ServerBusy),  # Gmail
    ("LOGIN", "[UNAVAILABLE] Temporary authentication failure.", ServerBusy),  # Dovecot
    ("LOGIN", "[LIMIT] Rate limit hit.", ServerBusy),  # Yahoo
    ("LOGIN", "[PRIVACYREQUIRED] Plaintext authentication disallowed", TlsUnavailable),  # Dovecot
    ("UID FETCH", "Request is throttled. Suggested Backoff Time: 299456 milliseconds", ServerBusy),
    ("UID FETCH", "[OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)", ServerBusy),  # Gmail
    ("UID MOVE", "[UNAVAILABLE] UID MOVE Server error - Please try again later", ServerBusy),  # Yahoo
    ("UID MOVE", "[INUSE] Mailbox is in use", ServerBusy),
    ("UID COPY", "[OVERQUOTA] Quota exceeded (mailbox for user is full)", OverQuota),  # Dovecot
    ("UID COPY", "You exceeded your mail quota.", OverQuota),  # Courier
    ("UID COPY", "[TRYCREATE] Mailbox doesn't exist: Backscatter", FolderMissing),  # Dovecot
    ("UID MOVE", "[NONEXISTENT] Unknown Mailbox: Backscatter (Failure)", FolderMissing),  # Gmail
    ("EXAMINE", "Mailbox does not exist", FolderMissing),  # Cyrus
    ("SELECT", "Backscatter doesn't exist.", FolderMissing),  # Exchange
    ("CREATE", "[CANNOT] Character not allowed in mailbox name: '/'", CommandRefused),  # Dovecot
    ("UID STORE", "[NOPERM] Permission denied", CommandRefused),
    ("UID FETCH", "[SERVERBUG] Internal error occurred.", CommandRefused),
    ("UID SEARCH", "[OVERQUOTA] odd", CommandRefused),  # a search fills nothing
]


@pytest.mark.parametrize(("command", "said", "error"), REFUSALS)
def test_a_refusal_becomes_the_error_that_says_who_mends_it(
    command: str, said: str, error: type[Trouble]
) -> None:
    trouble = refusal(Answer("NO", said.encode()), asked(command))
    assert type(trouble) is error
    assert trouble.what.startswith("home: ")
    assert trouble.hint


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("Request is throttled. Suggested Backoff Time: 299456 milliseconds", 299.456),
        ("Throttled, back-off time: 30 seconds", 30),
        ("[UNAVAILABLE] later", None),
    ],
)
def test_the_patience_that_a_server_asks_for_is_told(said: str, seconds: float | None) -> None:
    trouble = refusal(Answer("BAD", said.encode()), asked("UID FETCH"))
    assert isinstance(trouble, ServerBusy)
    assert trouble.retry_after == (None if seconds is None else pytest.approx(seconds))


def test_the_name_of_a_folder_in_the_text_decides_nothing() -> None:
    said = b"Mailbox doesn't exist: try again later"
    trouble = refusal(Answer("NO", said), asked("EXAMINE", about="try again later"))
    assert type(trouble) is FolderMissing


@pytest.mark.parametrize(
    ("host", "word"),
    [
        ("outlook.office365.com", "token"),
        ("imap.gmail.com", "app password"),
        ("mail.example.org", "user name"),
    ],
)
def test_the_hint_for_a_refused_login_knows_the_provider(host: str, word: str) -> None:
    assert word in refusal(Answer("NO", b"no"), asked("LOGIN", host=host)).hint


def test_what_a_server_says_is_made_printable_short_and_free_of_secrets() -> None:
    text = b"LOGIN me s3cret\x1b[31m\r\nnext " + b"x" * 1000
    shown = printable(text, ["s3cret"])
    assert shown.startswith("LOGIN me *** [31m next xxx")
    assert len(shown) == 200


def of_openssl(reason: str) -> ssl.SSLError:
    """As OpenSSL raises it: with a line of a C file in its text."""
    broken = ssl.SSLError(1, f"[SSL: {reason}] {reason.lower()} (_ssl.c:1006)")
    broken.reason = reason
    return broken


NO_CONNECTION: list[tuple[Exception, type[Trouble], str]] = [
    (socket.gaierror(-2, "Name or service not known"), ServerUnreachable, "cannot be resolved"),
    (UnicodeError("label empty or too long"), ServerUnreachable, "cannot be resolved"),
    (ConnectionRefusedError(111, "Connection refused"), ServerUnreachable, "refuses"),
    (TimeoutError("timed out"), ServerUnreachable, "does not answer"),
    (OSError(113, "No route to host"), ServerUnreachable, "No route to host"),
    (imaplib.IMAP4.abort("unexpected response: b'SSH-2.0'"), ServerUnreachable, "does not greet"),
    (UnicodeDecodeError("ascii", b"\xff", 0, 1, "no"), ServerUnreachable, "does not greet"),
    (ssl.SSLEOFError(8, "EOF occurred"), ServerUnreachable, "ended the connection"),
    (EOFError(), ServerUnreachable, "ended the connection"),
    (of_openssl("BAD_RECORD_TYPE"), ServerUnreachable, "TLS does not come to stand: bad record type"),
]


@pytest.mark.parametrize(("broken", "error", "words"), NO_CONNECTION)
def test_a_connection_that_fails_says_why(broken: Exception, error: type[Trouble], words: str) -> None:
    trouble = unconnected(broken, asked("connect"))
    assert type(trouble) is error
    assert words in trouble.what
    assert "_ssl.c" not in str(trouble)


def test_a_goodbye_that_asks_for_patience_is_a_busy_server() -> None:
    bye = "Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)"
    assert type(lost(imaplib.IMAP4.abort("x"), asked("LOGIN"), bye)) is ServerBusy
    assert type(unconnected(imaplib.IMAP4.error("x"), asked("connect"), "[UNAVAILABLE] later")) is ServerBusy
    assert type(lost(imaplib.IMAP4.abort("x"), asked("NOOP"), "Server shutting down.")) is ConnectionLost


@pytest.mark.parametrize(
    "broken",
    [
        TimeoutError("timed out"),
        ConnectionResetError(104, "Connection reset by peer"),
        imaplib.IMAP4.abort("unexpected response: b'Dear Anna, my pin is 1234'"),
        ValueError("invalid literal for int() with base 10: b'Dear Anna'"),
    ],
)
def test_a_lost_session_never_quotes_mail(broken: Exception) -> None:
    trouble = lost(broken, asked("UID FETCH"))
    assert type(trouble) is ConnectionLost
    assert "Anna" not in str(trouble)


def test_how_long_the_server_took_is_not_part_of_what_it_says() -> None:
    said = "NO [NONEXISTENT] Mailbox doesn't exist: Nope (0.001 + 0.000 secs)."
    assert printable(said) == "NO [NONEXISTENT] Mailbox doesn't exist: Nope."
    assert printable("Full (0.001 + 0.000 + 0.010 secs)") == "Full"
