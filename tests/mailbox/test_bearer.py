"""Access tokens in SASL, byte by byte, with a server that says what a test tells it."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pytest

from scatterclean.errors import LoginRefused, ServerBusy, TokensNotTaken
from scatterclean.mailbox.bearer import mechanism
from scatterclean.mailbox.login import open_session
from tests.servers import ScriptedServer

BOTH = "AUTH=XOAUTH2 AUTH=OAUTHBEARER"
REFUSED = b64encode(b'{"status":"invalid_token","schemes":"bearer"}')
NO = b"TAG NO [AUTHENTICATIONFAILED] Authentication failed.\r\n"


def test_the_standard_mechanism_goes_before_the_older_one() -> None:
    way = mechanism(BOTH.split(), "me@x.example", "T", "imap.x.example", 993)
    assert way is not None
    assert way.name == b"OAUTHBEARER"
    # RFC 7628, 4.1, with our values.
    assert (
        b64decode(way.first)
        == b"n,a=me@x.example,\x01host=imap.x.example\x01port=993\x01auth=Bearer T\x01\x01"
    )
    assert b64decode(way.then) == b"\x01"


def test_a_name_with_a_comma_is_written_as_rfc_5801_wants_it() -> None:
    way = mechanism(["AUTH=OAUTHBEARER"], "a,b=c", "T", "h", 1)
    assert way is not None
    assert b64decode(way.first).startswith(b"n,a=a=2Cb=3Dc,\x01")


def test_the_older_mechanism_is_as_google_documents_it() -> None:
    # developers.google.com/gmail/imap/xoauth2-protocol: user, token and result are from there.
    way = mechanism(
        ["AUTH=XOAUTH2"], "someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg", "", 0
    )
    assert way is not None
    assert way.first == (
        b"dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52"
        b"YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ=="
    )
    assert way.then == b""


@pytest.mark.parametrize("ir", [" SASL-IR", ""], ids=["initial-response", "continuation"])
@pytest.mark.parametrize(("way", "farewell"), [("XOAUTH2", b""), ("OAUTHBEARER", b"AQ==")])
def test_the_challenge_of_a_refusal_is_answered_before_the_no(way: str, farewell: bytes, ir: str) -> None:
    challenge = b"+ " + REFUSED + b"\r\n"
    script = {"AUTHENTICATE": [challenge if ir else b"+ \r\n"]}
    # The test server takes what follows for one answer; without SASL-IR the challenge is the first of two.
    script["(password)"] = [NO]
    if not ir:
        script["AUTHENTICATE"] = [b"+ \r\n"]
        script["(password)"] = [challenge + NO]
    with ScriptedServer(script, capability=f"AUTH={way}{ir}") as server:
        with pytest.raises(LoginRefused) as refused:
            open_session(server.access(bearer=True, secret=lambda: "the-token"))
        heard = list(server.heard)
    assert "by access token" in refused.value.what
    assert "scatterclean login home" in refused.value.hint
    assert "the-token" not in str(refused.value)
    if ir:
        assert heard[-1] == farewell


def test_one_other_token_is_tried_and_no_third() -> None:
    given: list[str] = []

    def another(refused: str) -> str:
        given.append(refused)
        return "second"

    with ScriptedServer(
        {"AUTHENTICATE": [b"+ " + REFUSED + b"\r\n"], "(password)": [NO]}, capability="AUTH=XOAUTH2 SASL-IR"
    ) as server:
        with pytest.raises(LoginRefused):
            open_session(server.access(bearer=True, secret=lambda: "first", instead_of=another))
        tried = [b64decode(line.split()[-1]) for line in server.heard if b"AUTHENTICATE" in line]
    assert given == ["first"]
    assert tried == [b"user=me\x01auth=Bearer first\x01\x01", b"user=me\x01auth=Bearer second\x01\x01"]


def test_a_server_that_is_busy_costs_no_second_token() -> None:
    def another(_: str) -> str:
        raise AssertionError("no token was refused")

    with (
        ScriptedServer(
            {"AUTHENTICATE": [b"TAG NO [UNAVAILABLE] Temporary authentication failure\r\n"]},
            capability="AUTH=XOAUTH2 SASL-IR",
        ) as server,
        pytest.raises(ServerBusy),
    ):
        open_session(server.access(bearer=True, secret=lambda: "first", instead_of=another))


def test_a_server_that_takes_no_tokens_hears_none() -> None:
    with ScriptedServer(capability="AUTH=PLAIN SASL-IR") as server:
        with pytest.raises(TokensNotTaken, match="takes no access tokens"):
            open_session(server.access(bearer=True, secret=lambda: "first"))
        assert not any(b"AUTHENTICATE" in line or b"LOGIN " in line for line in server.heard)


def test_who_has_no_token_meets_no_server() -> None:
    def none() -> str:
        raise LoginRefused("no login")

    with ScriptedServer() as server:
        with pytest.raises(LoginRefused):
            open_session(server.access(bearer=True, secret=none))
        assert server.heard == []


def test_no_other_token_is_asked_for_where_none_is_taken() -> None:
    def another(_: str) -> str:
        raise AssertionError("no token was refused")

    with ScriptedServer(capability="AUTH=PLAIN") as server, pytest.raises(TokensNotTaken):
        open_session(server.access(bearer=True, secret=lambda: "first", instead_of=another))
