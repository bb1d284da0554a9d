"""How providers refuse a login: each ends in one clear sentence and what to do, and leaves nothing behind."""

from __future__ import annotations

from base64 import b64decode

import pytest

from scatterclean.setup.servers import SetupEnds
from tests.servers import ScriptedServer

from .played import Played, said

NO = b"TAG NO "
# The address, what the server says to the login, and what the person is told beside it.  The words are those of
# public threads about these providers.
REFUSALS = [
    (
        "ada@gmail.com",
        b"[ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)",
        "https://myaccount.google.com/apppasswords",
    ),
    ("ada@gmail.com", b"[AUTHENTICATIONFAILED] Invalid credentials (Failure)", "Gmail wants an app password"),
    (
        "ada@gmail.com",
        b"[ALERT] Please log in via your web browser: https://support.google.com/mail/accounts/answer/78754 (Failure)",
        "Gmail wants an app password",
    ),
    (
        "ada@yahoo.com",
        b"[AUTHENTICATIONFAILED] AUTHENTICATE Invalid credentials",
        "Yahoo wants an app password",
    ),
    ("ada@icloud.com", b"[AUTHENTICATIONFAILED] Authentication Failed", "app-specific password"),
    (
        "ada@fastmail.com",
        b"[AUTHENTICATIONFAILED] Incorrect username, password",
        "Fastmail wants an app password",
    ),
    (
        "ada@yandex.com",
        b"[AUTHENTICATIONFAILED] AUTHENTICATE invalid credentials or IMAP is disabled",
        "app-passwords",
    ),
    ("ada@gmx.de", b"authentication failed", "POP3/IMAP Abruf"),
    ("ada@winter.example", b"[AUTHENTICATIONFAILED] Authentication failed.", "Check user name and password"),
]


def options(server: ScriptedServer, address: str) -> list[str]:
    return ["--email", address, "--host", "127.0.0.1", "--port", str(server.port), "--tls", "none"]


@pytest.mark.parametrize(("address", "answer", "advice"), REFUSALS)
def test_a_refused_password_ends_with_the_servers_words_and_the_providers_way_out(
    played: Played, monkeypatch: pytest.MonkeyPatch, address: str, answer: bytes, advice: str
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "hunter-2-secret")
    with ScriptedServer({"(password)": [NO + answer + b"\r\n"]}) as server:
        told = played(*options(server, address), "--password-env", "MAIL_PASSWORD", "--non-interactive")
    assert isinstance(told.exception, SetupEnds)
    sentence = str(told.exception)
    assert answer.decode().partition("] ")[2] in sentence or answer.decode() in sentence
    assert advice in sentence
    assert "setup:" not in sentence
    assert "hunter-2-secret" not in said(told)
    assert played.left() == []


def test_a_typed_password_may_be_typed_again_but_not_for_ever(played: Played) -> None:
    with ScriptedServer({"(password)": [NO + b"[AUTHENTICATIONFAILED] no\r\n"]}) as server:
        told = played(*options(server, "ada@gmail.com"), answers=["one", "two", "three", "four"])
        tries = [line for line in server.heard if b"AUTHENTICATE" in line]
    assert isinstance(told.exception, SetupEnds)
    assert len(tries) == 3
    before, _, _ = told.output.partition("Password of ada@gmail.com")
    assert "make an app password at https://myaccount.google.com/apppasswords" in before
    assert played.left() == []


def _tried(server: ScriptedServer) -> list[str]:
    """Who tried to log in with which password: SASL PLAIN, RFC 4616."""
    asked = [place for place, line in enumerate(server.heard) if b"AUTHENTICATE PLAIN" in line]
    tokens = [server.heard[place + 1].strip() for place in asked]
    return [b64decode(token).decode().replace("\0", " ").strip() for token in tokens]


def test_after_a_refusal_the_password_is_asked_for_first_and_hidden(played: Played) -> None:
    """Whoever mistyped it types it again at the next question, whatever that asks."""
    with ScriptedServer({"(password)": [NO + b"[AUTHENTICATIONFAILED] no\r\n"]}) as server:
        told = played(*options(server, "ada@winter.example"), answers=["one", "hunter-2-secret", "three"])
        tried = _tried(server)
    assert tried == [f"ada@winter.example {word}" for word in ("one", "hunter-2-secret", "three")]
    assert "hunter-2-secret" not in said(told)
    assert "User name" not in told.output


def test_only_enter_asks_for_another_user_name_and_says_that_it_is_not_the_password(played: Played) -> None:
    with ScriptedServer({"(password)": [NO + b"[AUTHENTICATIONFAILED] no\r\n"]}) as server:
        told = played(
            *options(server, "ada@winter.example"), answers=["one", "", "ada", "two", "", "lovelace", "three"]
        )
        tried = _tried(server)
    assert tried == ["ada@winter.example one", "ada two", "lovelace three"]
    assert "only Enter: another user name" in told.output
    assert "User name (not the password)" in told.output


def test_an_empty_password_that_leads_nowhere_says_so(played: Played) -> None:
    with ScriptedServer({"(password)": [NO + b"no\r\n"]}) as server:
        told = played(*options(server, "ada@gmail.com"), answers=["", "one", "two", "three"])
        tried = _tried(server)
    assert told.output.count("Nothing was typed. Type the password") == 1
    assert "Ctrl-C leaves; nothing was written" in told.output
    assert len(tried) == 3


def test_basic_authentication_that_is_disabled_is_told_and_not_tried_again(played: Played) -> None:
    answer = NO + b"Basic authentication is disabled.\r\n"
    with ScriptedServer({"(password)": [answer]}) as server:
        told = played(*options(server, "ada@winter.example"), answers=["one", "two", "three"])
        tries = [line for line in server.heard if b"AUTHENTICATE" in line]
    assert len(tries) == 1
    assert "it takes no passwords here, and offers no OAuth2, either" in str(told.exception)
    assert played.left() == []


def test_where_it_offers_oauth_the_ways_to_go_on_are_asked_for(played: Played) -> None:
    answer = NO + b"Basic authentication is disabled.\r\n"
    with ScriptedServer({"(password)": [answer]}, capability="AUTH=PLAIN AUTH=XOAUTH2") as server:
        told = played(*options(server, "ada@winter.example"), answers=["one", "x", ""])
        tries = [line for line in server.heard if b"AUTHENTICATE" in line]
    assert len(tries) == 1
    assert "Which one (c, t, p)?" in told.output
    assert "Type one of the letters" in told.output
    assert isinstance(told.exception, SetupEnds)
    assert "Get a client id of your own (docs/oauth.md" in told.exception.hint
    assert played.left() == []


@pytest.mark.parametrize("answers", [["one", ""], [""]], ids=["after a password", "at once"])
def test_an_empty_password_asks_for_another_way_where_oauth_is_one(
    played: Played, answers: list[str]
) -> None:
    """Gmail in a company without app passwords."""
    with ScriptedServer({"(password)": [NO + b"no\r\n"]}, capability="AUTH=PLAIN AUTH=XOAUTH2") as server:
        told = played(*options(server, "ada@gmail.com"), answers=answers)
    assert "only Enter: log in by OAuth2 instead" in told.output
    assert "p: an app password, which Gmail has" in told.output
    assert played.left() == []


@pytest.mark.parametrize(
    "capability", ["LOGINDISABLED AUTH=XOAUTH2 AUTH=OAUTHBEARER", "AUTH=XOAUTH2 AUTH=OAUTHBEARER"]
)
def test_a_server_that_offers_oauth_alone_is_never_sent_a_password(played: Played, capability: str) -> None:
    with ScriptedServer(capability=capability) as server:
        told = played(*options(server, "ada@winter.example"), answers=["", "secret"])
        heard = b" ".join(server.heard)
    assert "takes no passwords, only OAuth2" in str(told.exception)
    assert b"AUTHENTICATE" not in heard
    assert b"LOGIN" not in heard
    assert played.left() == []


@pytest.mark.parametrize("way", [["--oauth-client-id", "id"], ["--token-command", "echo token"]])
def test_a_server_that_takes_no_tokens_is_told_before_anybody_logs_in_at_the_provider(
    played: Played, way: list[str]
) -> None:
    with ScriptedServer() as server:
        told = played(*options(server, "ada@gmail.com"), *way, answers=["never asked"])
        heard = b" ".join(server.heard)
    assert "takes no access tokens" in str(told.exception)
    assert b"AUTHENTICATE" not in heard
    assert played.left() == []


def test_what_cannot_be_an_oauth_server_is_told_and_asked_for_again(played: Played) -> None:
    with ScriptedServer(capability="LOGINDISABLED AUTH=XOAUTH2") as server:
        told = played(
            *options(server, "ada@winter.example"),
            answers=["c", "", "http://login.example/token", "https://login.example/", "", "id", "", ""],
        )
    assert "tokens would cross the network in the clear" in told.output
    assert told.output.count("Which one (c, t)?") == 2
    assert played.left() == []


def test_a_server_that_switched_passwords_off_is_told_before_one_is_asked_for(played: Played) -> None:
    with ScriptedServer(capability="LOGINDISABLED") as server:
        told = played(*options(server, "ada@winter.example"), answers=["secret"])
    assert "has switched the login by password off" in str(told.exception)
    assert "Password" not in told.output


@pytest.mark.parametrize(
    ("address", "sentence", "way"),
    [
        ("ada@proton.me", "does not offer IMAP to other programs by itself", "Bridge"),
        ("ada@tuta.com", "does not offer IMAP to other programs by itself", "no IMAP at all"),
    ],
)
def test_where_there_is_no_imap_none_is_asked_for_and_nobody_is_connected_to(
    played: Played, address: str, sentence: str, way: str
) -> None:
    told = played(answers=[address])
    assert sentence in str(told.exception)
    assert way in str(told.exception)
    assert played.greeted == []
    assert played.asked == []
