"""What was found is nobody's word: hostile settings lead nowhere, and no password goes out before a yes."""

from __future__ import annotations

from pathlib import Path

import pytest

from scatterclean.config import Tls
from scatterclean.demo.dovecot import ScratchDovecot
from scatterclean.setup.servers import Said, Server, SetupEnds
from tests.servers import ScriptedServer

from .played import Played
from .test_autoconfig import settings

WELL_KNOWN = "https://winter.example/.well-known/autoconfig/mail/config-v1.1.xml"
ADA = ["--email", "ada@winter.example"]


def pair(secure: ScratchDovecot) -> tuple[Path, Path]:
    folder = secure.ca_file.parent
    return folder / "server.pem", folder / "server.key"


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (
            settings(socketType="plain", port="143"),
            "not used, it names only servers that want the password without",
        ),
        (b"<!DOCTYPE html><html>Welcome</html>", "not used, it declares a document type"),
        (b"\x00\xff" * 100, "not used, it is no proper XML"),
        (
            settings(hostname="imap.evil.example"),
            "imap.evil.example, port 993 (TLS): this name cannot be resolved",
        ),
    ],
)
def test_settings_that_cannot_be_used_are_told_and_end_in_one_sentence(
    played: Played, page: bytes, why: str
) -> None:
    played.pages = {WELL_KNOWN: page}
    told = played(*ADA, "--non-interactive", "--password-env", "NEVER_READ")
    assert why in told.output
    assert isinstance(told.exception, SetupEnds)
    assert "no mail server was found for winter.example" in str(told.exception)
    assert played.left() == []


@pytest.mark.parametrize("answers", [["n"], ["n", "secret"], [], ["", "secret"]])
def test_a_server_that_is_not_confirmed_hears_no_password(
    played: Played, secure: ScratchDovecot, answers: list[str]
) -> None:
    with ScriptedServer(certificate=pair(secure)) as server:
        played.services = {"winter.example": [Server("localhost", server.port, Tls.IMPLICIT, Said.SRV)]}
        told = played(*ADA, "--ca-file", str(secure.ca_file), answers=answers)
        heard = [line.partition(b" ")[2].split(b" ")[0] for line in server.heard]
    assert "Shall your password go to this server?" in told.output
    assert heard
    assert set(heard) <= {b"CAPABILITY", b"LOGOUT"}
    assert played.left() == []


def test_a_server_that_is_confirmed_hears_it_once_and_over_tls(
    played: Played, secure: ScratchDovecot
) -> None:
    with ScriptedServer(certificate=pair(secure)) as server:
        played.services = {"winter.example": [Server("localhost", server.port, Tls.IMPLICIT, Said.SRV)]}
        played(*ADA, "--ca-file", str(secure.ca_file), answers=["y", "secret", ""])
        heard = [line.partition(b" ")[2] for line in server.heard]
    assert heard.count(b"AUTHENTICATE PLAIN") == 1


def test_a_foreign_server_is_marked_as_one_and_the_domains_own_is_not(
    played: Played, secure: ScratchDovecot
) -> None:
    server = Server("localhost", secure.tls_port, Tls.IMPLICIT, Said.AUTOCONFIG)
    assert not server.belongs_to("winter.example")
    assert Server("imap.winter.example", 993, Tls.IMPLICIT, Said.SRV).belongs_to("winter.example")
    assert not Server("imap.evilwinter.example", 993, Tls.IMPLICIT, Said.SRV).belongs_to("winter.example")
    played.services = {"winter.example": [server]}
    told = played(*ADA, "--ca-file", str(secure.ca_file), answers=["n"])
    assert "By its name it is not a machine of winter.example" in told.output
