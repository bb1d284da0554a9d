"""The server that a person names: greeted first; what is wrong with it is one sentence, and no password goes out."""

from __future__ import annotations

import socket
from base64 import b64decode
from pathlib import Path

import pytest

from scatterclean.config import Tls
from scatterclean.demo.dovecot import ScratchDovecot
from scatterclean.errors import CertificateRefused, ServerUnreachable, TlsUnavailable, Trouble
from scatterclean.setup.greeting import greet
from scatterclean.setup.servers import Said, Server, SetupEnds
from tests.servers import SILENCE, ScriptedServer

from .played import Played, said

ADA = ["--email", "ada@winter.example"]


def at(port: int, tls: Tls = Tls.NONE) -> Server:
    return Server("localhost", port, tls, Said.PERSON)


def test_a_server_that_never_speaks_is_given_up() -> None:
    with ScriptedServer(greeting=SILENCE) as server, pytest.raises(ServerUnreachable):
        greet(at(server.port), seconds=0.5)


def test_a_server_whose_authority_is_not_known_is_refused_and_with_it_is_not(secure: ScratchDovecot) -> None:
    server = at(secure.tls_port, Tls.IMPLICIT)
    with pytest.raises(CertificateRefused):
        greet(server)
    assert "AUTH=PLAIN" in greet(server, secure.ca_file).offered
    assert "AUTH=PLAIN" in greet(at(secure.port, Tls.STARTTLS), secure.ca_file).offered


def test_what_is_offered_before_starttls_is_nobodys_word() -> None:
    with ScriptedServer(capability="AUTH=PLAIN") as server, pytest.raises(TlsUnavailable):
        greet(at(server.port, Tls.STARTTLS), seconds=2)


@pytest.mark.parametrize(
    ("options", "sentence", "way"),
    [
        (
            ["--host", "imap.winter.example", "--tls", "none"],
            "would send the password in the clear",
            "implicit",
        ),
        (["--host", "imap.winter.example:993"], "is no host name", "--port"),
        (["--host", "https://winter.example"], "is no host name", "such as imap.example.org"),
        (["--host", "localhost", "--port", "1"], "refuses the connection", "Is the port right?"),
    ],
)
def test_a_server_that_cannot_be_used_is_one_clear_sentence(
    played: Played, options: list[str], sentence: str, way: str
) -> None:
    told = played(*ADA, *options, answers=["never asked"])
    assert isinstance(told.exception, SetupEnds)
    assert sentence in str(told.exception)
    assert way in str(told.exception)
    assert played.left() == []


def test_a_server_that_signs_its_own_is_told_with_the_option_that_helps(
    played: Played, secure: ScratchDovecot
) -> None:
    told = played(*ADA, "--host", "localhost", "--port", str(secure.tls_port), answers=["never asked"])
    assert "the certificate is not trusted" in str(told.exception)
    assert "--ca-file FILE" in str(told.exception)


def test_a_file_that_is_no_authority_is_told(played: Played, secure: ScratchDovecot, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    told = played(
        *(*ADA, "--host", "localhost", "--port", str(secure.tls_port)),
        *("--ca-file", str(tmp_path / "empty.pem")),
    )
    assert "it holds no certificate" in str(told.exception)


def test_where_nothing_is_found_the_person_names_the_server_until_one_answers(
    played: Played, secure: ScratchDovecot
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = int(taken.getsockname()[1])
    told = played(
        *(*ADA, "--ca-file", str(secure.ca_file), "--username", "ada-typed"),
        answers=["", "no server", f"localhost:{nobody}", f"localhost:{secure.tls_port}", secure.password],
    )
    assert "No mail server was found for winter.example" in told.output
    assert "That is no name of a server" in told.output
    assert f"localhost, port {nobody} (TLS): refuses the connection" in told.output
    assert "Logged in." in told.output
    assert played.left() == []


def test_who_names_a_server_of_an_unknown_authority_is_told_how_to_name_that_and_how_to_leave(
    played: Played, secure: ScratchDovecot
) -> None:
    told = played(*ADA, answers=["", f"localhost:{secure.tls_port}"])
    assert "the certificate is not trusted" in told.output
    assert (
        "name the file of its authority: --ca-file FILE (Ctrl-C leaves; nothing was written.)" in told.output
    )
    assert "(STARTTLS)" not in told.output.partition("not trusted")[2]
    assert played.left() == []


def test_without_questions_a_server_that_is_not_found_has_to_be_named(played: Played) -> None:
    told = played(*ADA, "--non-interactive", "--password-env", "X")
    assert "no mail server was found for winter.example" in str(told.exception)
    assert "--host imap.example.org" in str(told.exception)


def test_after_a_refusal_another_user_name_can_be_tried(played: Played) -> None:
    script = {"(password)": [b"TAG NO [AUTHENTICATIONFAILED] no\r\n", b"TAG OK in\r\n"]}
    with ScriptedServer(script) as server:
        told = played(
            *(*ADA, "--host", "127.0.0.1", "--port", str(server.port), "--tls", "none"),
            answers=["wrong", "", "ada", "right", ""],
        )
        secrets = [line for line in server.heard if b" " not in line]
    assert [b64decode(each) for each in secrets] == [b"\0ada@winter.example\0wrong", b"\0ada\0right"]
    assert "Logged in." in told.output
    assert "wrong" not in said(told).replace("wrong user name", "")


def test_troubles_of_greetings_name_no_account_that_is_not_there(played: Played) -> None:
    with pytest.raises(Trouble) as caught:
        greet(at(1), seconds=1)
    assert caught.value.what.startswith("setup: localhost:1")
    told = played(*ADA, "--host", "localhost", "--port", "1")
    assert "setup" not in str(told.exception)
