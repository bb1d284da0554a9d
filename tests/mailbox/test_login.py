"""Logging in: no password before TLS, no password in any text, and the right name for what went wrong."""

from __future__ import annotations

import logging
import shutil
import ssl
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest

from scatterclean import __version__
from scatterclean.demo.certificates import make_authority, make_certificate
from scatterclean.demo.dovecot import ScratchDovecot, find_dovecot
from scatterclean.errors import (
    CertificateRefused,
    ConnectionLost,
    LoginRefused,
    SecretUnavailable,
    ServerBusy,
    ServerUnreachable,
    TlsUnavailable,
)
from scatterclean.mailbox.login import Access, open_mailbox, open_session
from tests.conftest import absent
from tests.servers import CUT, SILENCE, ScriptedServer, access_to, fresh_user

TOLD_PLAIN = b64encode(b"\0me\0pass")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ca.pem and certificates: good, expired, of another host, of an unknown authority."""
    if shutil.which("openssl") is None:
        absent("openssl")
    folder = tmp_path_factory.mktemp("tls")
    make_authority(folder)
    make_certificate(folder, "good")
    make_certificate(folder, "expired", days=-1)
    make_certificate(folder, "elsewhere", names="DNS:mail.example.com")
    other = folder / "other"
    make_authority(other)
    make_certificate(other, "good")
    return folder


def pair(folder: Path, name: str) -> tuple[Path, Path]:
    return folder / f"{name}.pem", folder / f"{name}.key"


def said_something_secret(server: ScriptedServer) -> bool:
    return any(b"pass" in line or TOLD_PLAIN in line for line in server.heard)


# --- TLS -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_a_trusted_server_is_logged_in_to(authority: Path, tls: str) -> None:
    certificate = pair(authority, "good")
    capability = "STARTTLS AUTH=PLAIN" if tls == "starttls" else "AUTH=PLAIN"
    with ScriptedServer(certificate=certificate, starttls=tls == "starttls", capability=capability) as server:
        box = open_mailbox(server.access(tls=tls, ca_file=authority / "ca.pem"))
        assert [folder.name for folder in box.folders()] == ["INBOX"]
        box.close()
    assert TOLD_PLAIN in server.heard


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
@pytest.mark.parametrize(
    ("name", "words"),
    [("expired", "expired"), ("elsewhere", "host name"), ("other/good", "ca_file")],
)
def test_a_certificate_that_is_not_trusted_is_refused_and_no_password_sent(
    authority: Path, tls: str, name: str, words: str
) -> None:
    capability = "STARTTLS AUTH=PLAIN" if tls == "starttls" else "AUTH=PLAIN"
    certificate = pair(authority / "other" if "/" in name else authority, Path(name).name)
    with (
        ScriptedServer(certificate=certificate, starttls=tls == "starttls", capability=capability) as server,
        pytest.raises(CertificateRefused) as caught,
    ):
        open_mailbox(server.access(tls=tls, ca_file=authority / "ca.pem"))
    assert words in str(caught.value)
    assert not said_something_secret(server)


def test_a_private_authority_is_not_trusted_unless_it_is_named(authority: Path) -> None:
    with (
        ScriptedServer(certificate=pair(authority, "good")) as server,
        pytest.raises(CertificateRefused) as caught,
    ):
        open_mailbox(server.access(tls="implicit"))
    assert "ca_file" in caught.value.hint


def test_a_server_that_offers_no_starttls_gets_no_password() -> None:
    with ScriptedServer(capability="AUTH=PLAIN") as server, pytest.raises(TlsUnavailable):
        open_mailbox(server.access(tls="starttls"))
    assert not said_something_secret(server)


def test_a_starttls_that_is_refused_ends_the_attempt() -> None:
    with (
        ScriptedServer({"STARTTLS": [b"TAG NO not now\r\n"]}, capability="STARTTLS AUTH=PLAIN") as server,
        pytest.raises(TlsUnavailable),
    ):
        open_mailbox(server.access(tls="starttls"))
    assert not said_something_secret(server)


def test_a_greeting_that_skips_starttls_is_refused() -> None:
    greeting = b"* PREAUTH welcome\r\n"
    with (
        ScriptedServer(greeting=greeting, capability="STARTTLS AUTH=PLAIN") as server,
        pytest.raises(TlsUnavailable),
    ):
        open_mailbox(server.access(tls="starttls"))
    assert [line.partition(b" ")[2] for line in server.heard] == [b"CAPABILITY"]


def test_what_is_slipped_in_before_tls_is_nobodys_word(
    authority: Path, caplog: pytest.LogCaptureFixture
) -> None:
    slipped = b"* OK [ALERT] send your password to me\r\n* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n"
    with ScriptedServer(
        {"STARTTLS": [slipped + b"TAG OK begin\r\n"]},
        certificate=pair(authority, "good"),
        starttls=True,
        capability="STARTTLS AUTH=PLAIN",
    ) as server:
        open_mailbox(server.access(tls="starttls", ca_file=authority / "ca.pem")).close()
    assert "send your password" not in caplog.text


class _Credulous(ScriptedServer):
    """Carries out behind TLS what was slipped in before it (CVE-2021-33515 and its like): Eve's own commands under the
    tags that the client will use next, and an APPEND whose literal swallows all that the client really says."""

    def _reply(self, command: bytes) -> bytes:
        said = [line.split() for line in self.heard]
        begun = next((number for number, words in enumerate(said) if words[1:] == [b"STARTTLS"]), len(said))
        behind = len(said) - 1 - begun
        if behind < 1:
            return super()._reply(command)
        tag = said[begun][0]
        letters = tag.rstrip(b"0123456789")
        guessed = letters + b"%d" % (int(tag[len(letters) :]) + behind)
        return b"* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n" + guessed + b" OK welcome, Eve\r\n"


def test_who_heard_the_tags_in_the_clear_cannot_answer_for_what_is_asked_behind_tls(authority: Path) -> None:
    """Else the password would be mail in a stranger's inbox."""
    with _Credulous(
        capability="STARTTLS AUTH=PLAIN", certificate=pair(authority, "good"), starttls=True
    ) as server:
        with pytest.raises(ServerUnreachable):
            open_mailbox(server.access(tls="starttls", ca_file=authority / "ca.pem", read_timeout=1.0))
        assert [line.partition(b" ")[2] for line in server.heard] == [
            b"CAPABILITY",
            b"STARTTLS",
            b"CAPABILITY",
        ]
    assert not said_something_secret(server)


def test_tls_on_a_port_without_it_says_so() -> None:
    with ScriptedServer() as server, pytest.raises(TlsUnavailable) as caught:
        open_mailbox(server.access(tls="implicit"))
    assert "143" in caught.value.hint


def test_no_tls_on_a_port_with_it_ends_in_time(authority: Path) -> None:
    with (
        ScriptedServer(certificate=pair(authority, "good")) as server,
        pytest.raises(ServerUnreachable) as caught,
    ):
        open_mailbox(server.access(tls="none", connect_timeout=0.2))
    assert "tls" in caught.value.hint


def test_a_ca_file_that_is_missing_or_none_is_refused_before_connecting(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing here")
    for path in (tmp_path / "absent.pem", empty):
        with ScriptedServer() as server, pytest.raises(CertificateRefused) as caught:
            open_mailbox(server.access(tls="implicit", ca_file=path))
        assert str(path) in caught.value.what
        assert server.heard == []


def test_only_one_context_is_made_for_a_ca_file(authority: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    real = ssl.create_default_context

    def counted(*, cafile: Path) -> ssl.SSLContext:
        made.append(cafile)
        return real(cafile=cafile)

    monkeypatch.setattr(ssl, "create_default_context", counted)
    shutil.copy(authority / "ca.pem", authority / "again.pem")
    with ScriptedServer(certificate=pair(authority, "good")) as server:
        for _ in range(3):
            open_mailbox(server.access(tls="implicit", ca_file=authority / "again.pem")).close()
    assert len(made) == 1


# --- the password ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("capability", "script"),
    [
        ("AUTH=PLAIN", {"(password)": [b"TAG NO [AUTHENTICATIONFAILED] me pass " + TOLD_PLAIN + b"\r\n"]}),
        ("AUTH=PLAIN SASL-IR", {"AUTHENTICATE": [b"TAG NO bad: PLAIN " + TOLD_PLAIN + b"\r\n"]}),
        ("", {"LOGIN": [b'TAG BAD cannot parse LOGIN "me" "pass"\r\n']}),
    ],
)
def test_a_refused_login_repeats_no_password(capability: str, script: dict[str, list[bytes]]) -> None:
    with ScriptedServer(script, capability=capability) as server, pytest.raises(LoginRefused) as caught:
        open_mailbox(server.access())
    assert "pass" not in caught.value.what
    assert TOLD_PLAIN.decode() not in caught.value.what
    assert caught.value.__cause__ is None


def test_a_wrong_password_is_a_refused_login_on_a_real_server(dovecot: ScratchDovecot) -> None:
    with pytest.raises(LoginRefused) as caught:
        open_mailbox(replace(access_to(dovecot, fresh_user()), secret=lambda: "wr0ng"))
    assert "wr0ng" not in str(caught.value)


@pytest.mark.parametrize("where", ["AUTHENTICATE", "(password)", "CAPABILITY"])
def test_a_connection_that_is_cut_during_the_login_is_no_wrong_password(where: str) -> None:
    with ScriptedServer({where: [CUT]}) as server, pytest.raises((ConnectionLost, ServerUnreachable)):
        open_mailbox(server.access())


def test_a_goodbye_during_the_login_is_no_wrong_password() -> None:
    with (
        ScriptedServer({"(password)": [b"* BYE Server shutting down.\r\n" + CUT]}) as server,
        pytest.raises(ConnectionLost, match="Server shutting down"),
    ):
        open_mailbox(server.access())


def test_a_server_that_is_full_asks_for_patience() -> None:
    full = b"TAG NO [UNAVAILABLE] Too many users\r\n"
    with ScriptedServer({"(password)": [full]}) as server, pytest.raises(ServerBusy):
        open_mailbox(server.access())


def test_no_password_goes_out_where_passwords_are_disabled() -> None:
    with ScriptedServer(capability="LOGINDISABLED STARTTLS") as server, pytest.raises(TlsUnavailable):
        open_mailbox(server.access())
    assert not said_something_secret(server)


@pytest.mark.parametrize("secret", ["", "two\nlines", "with\r", "nul\0"])
def test_a_password_that_is_none_is_not_sent(secret: str) -> None:
    with ScriptedServer() as server, pytest.raises(SecretUnavailable):
        open_mailbox(server.access(secret=lambda: secret))
    assert not any(b"AUTHENTICATE" in line for line in server.heard)


def test_a_secret_that_cannot_be_had_closes_the_connection() -> None:
    def broken() -> str:
        raise SecretUnavailable("the command failed")

    with ScriptedServer() as server:
        with pytest.raises(SecretUnavailable, match="the command failed"):
            open_mailbox(server.access(secret=broken))
        assert not any(b"LOGIN" in line or b"AUTH" in line for line in server.heard)


def test_odd_names_and_passwords_arrive_as_they_are() -> None:
    odd = {"username": 'Anna "A" \\ B', "secret": lambda: "påß wörd\\"}
    with ScriptedServer(capability="") as server:
        open_mailbox(server.access(**odd)).close()
    [login] = [line.partition(b" ")[2] for line in server.heard if b"LOGIN" in line]
    assert login == b'LOGIN "Anna \\"A\\" \\\\ B" "' + "påß wörd\\\\".encode() + b'"'
    with ScriptedServer() as server:
        open_mailbox(server.access(**odd)).close()
    assert b64encode('\0Anna "A" \\ B\0påß wörd\\'.encode()) in server.heard


def test_the_client_names_itself_truthfully_and_only_where_asked() -> None:
    with ScriptedServer(capability="AUTH=PLAIN ID") as server:
        open_mailbox(server.access()).close()
    [line] = [line.partition(b" ")[2] for line in server.heard if b" ID " in line]
    assert line == f'ID ("name" "scatterclean" "version" "{__version__}")'.encode()
    with ScriptedServer() as server:
        open_mailbox(server.access()).close()
    assert not any(b" ID " in line for line in server.heard)


def test_no_log_line_holds_a_password_or_mail(
    dovecot: ScratchDovecot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    access = replace(access_to(dovecot, fresh_user()))
    box = open_mailbox(access)
    place = box.state("INBOX").place
    box.uids(place)
    box.close()
    assert dovecot.password not in caplog.text
    assert "FETCH" not in caplog.text
    assert dovecot.password not in repr(access)


# --- servers that are not there --------------------------------------------------------------------------


def test_a_server_that_never_greets_is_left_in_time() -> None:
    with (
        ScriptedServer(greeting=SILENCE) as server,
        pytest.raises(ServerUnreachable, match="does not answer"),
    ):
        open_mailbox(server.access(connect_timeout=0.2))


def test_a_server_that_never_answers_the_password_is_left_in_time() -> None:
    with ScriptedServer({"(password)": [SILENCE]}) as server, pytest.raises(ConnectionLost, match="in time"):
        open_mailbox(server.access(read_timeout=0.2))


@pytest.mark.parametrize(
    "greeting",
    [b"SSH-2.0-OpenSSH_9.2\r\n", b"220 mail ESMTP\r\n", b"\x15\x03\x01\x00\x02", CUT, b"* BYE go\r\n"],
)
def test_what_is_no_imap_server_is_unreachable(greeting: bytes) -> None:
    with ScriptedServer(greeting=greeting + CUT) as server, pytest.raises(ServerUnreachable):
        open_mailbox(server.access(connect_timeout=1.0))


def test_a_port_where_nobody_listens_is_unreachable() -> None:
    with ScriptedServer() as server:
        access: Access = server.access()
    with pytest.raises(ServerUnreachable, match="refuses"):
        open_mailbox(access)


def test_tls_and_starttls_work_with_a_real_server() -> None:
    if find_dovecot() is None or shutil.which("openssl") is None:
        absent("Dovecot 2.3 or openssl")
    with ScratchDovecot(tls=True) as server:
        plain = access_to(server, fresh_user())
        for access in (
            replace(plain, tls="starttls", host="localhost", ca_file=server.ca_file),
            replace(plain, tls="implicit", port=server.tls_port, ca_file=server.ca_file),
        ):
            box = open_mailbox(access)
            assert box.state("INBOX").exists == 0
            box.close()
        with pytest.raises(CertificateRefused):
            open_mailbox(replace(plain, tls="implicit", port=server.tls_port))


@pytest.mark.parametrize("tls", ["none", "starttls"])
def test_a_server_that_wants_patience_before_the_login_gets_it(authority: Path, tls: str) -> None:
    busy = b"TAG BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds\r\n"
    offered = b"* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\nTAG OK .\r\n"
    script = {"CAPABILITY": [busy] if tls == "none" else [offered, busy]}
    certificate = pair(authority, "good") if tls == "starttls" else None
    with ScriptedServer(script, certificate=certificate, starttls=tls == "starttls") as server:
        with pytest.raises(ServerBusy, match="throttled") as raised:
            open_mailbox(server.access(tls=tls, ca_file=authority / "ca.pem" if certificate else None))
        assert raised.value.retry_after == pytest.approx(92.415)
        assert not said_something_secret(server)


@pytest.mark.parametrize(
    "said",
    [
        b"TAG OK [CAPABILITY IMAP4rev1 Move UIDPLUS] welcome\r\n",
        b"* CAPABILITY IMAP4rev1 MOVE UIDPLUS\r\nTAG OK welcome\r\n",
    ],
)
def test_what_a_server_tells_with_its_ok_is_not_asked_for_again(said: bytes) -> None:
    with ScriptedServer({"(password)": [said]}, capability="AUTH=PLAIN") as server:
        session = open_session(server.access())
        assert session.capabilities == {"IMAP4REV1", "MOVE", "UIDPLUS"}
        assert sum(line.endswith(b" CAPABILITY") for line in server.heard) == 1
        session.close()


def test_what_was_offered_before_the_login_is_asked_for_again() -> None:
    with ScriptedServer({"(password)": [b"TAG OK welcome\r\n"]}, capability="AUTH=PLAIN MOVE") as server:
        session = open_session(server.access())
        assert sum(line.endswith(b" CAPABILITY") for line in server.heard) == 2
        session.close()
