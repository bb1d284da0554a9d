"""Servers whose TLS is not to be trusted: each is refused before any credential, and says what is wrong and what to do.

An expired certificate, one for another host and one of an unknown authority are in test_login.py.
"""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal

import pytest

from scatterclean.demo.certificates import make_authority, make_certificate
from scatterclean.errors import CertificateRefused, PersonCanMend, TlsUnavailable
from scatterclean.mailbox.login import Access, open_mailbox
from tests.conftest import absent
from tests.servers import ScriptedServer

MODES = ("implicit", "starttls")
_CA = """
[ca]
default_ca = own
[own]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
[any]
commonName = supplied
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ca.pem, and certificates with what is wrong with them as their name."""
    if shutil.which("openssl") is None:
        absent("openssl")
    folder = tmp_path_factory.mktemp("certificates")
    make_authority(folder)
    make_certificate(folder, "good")
    make_certificate(folder, "nameless", names="email:postmaster@e.example")
    make_certificate(folder, "for clients")
    extensions = folder / "for clients.ext"
    extensions.write_text(extensions.read_text().replace("serverAuth", "clientAuth"))
    make_certificate(folder, "not yet")
    (folder / "index").touch()
    (folder / "serial").write_text("99\n")
    (folder / "ca.cnf").write_text(_CA)
    begin = datetime.now(UTC) + timedelta(days=30)
    for name, moment in (("not yet", begin), ("for clients", begin - timedelta(days=31))):
        openssl(
            folder,
            *("ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key"),
            *(
                "-startdate",
                f"{moment:%Y%m%d%H%M%SZ}",
                "-enddate",
                f"{begin + timedelta(days=9):%Y%m%d%H%M%SZ}",
            ),
            *("-in", f"{name}.csr", "-extfile", f"{name}.ext", "-subj", f"/CN={name}", "-out", f"{name}.pem"),
        )
    openssl(
        folder,
        *(
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ),
        *("-subj", "/CN=a server of one's own", "-addext", "subjectAltName=IP:127.0.0.1"),
        *("-keyout", "self-signed.key", "-out", "self-signed.pem"),
    )
    return folder


def openssl(folder: Path, *arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def serving(folder: Path, name: str, tls: str) -> ScriptedServer:
    capability = "STARTTLS AUTH=PLAIN" if tls == "starttls" else "AUTH=PLAIN"
    pair = folder / f"{name}.pem", folder / f"{name}.key"
    return ScriptedServer(certificate=pair, starttls=tls == "starttls", capability=capability)


REFUSED = [
    # name, what is wrong, what to do
    ("self-signed", "self-signed", "ca_file = ..."),
    ("not yet", "not yet valid", "clock"),
    ("nameless", "not valid for '127.0.0.1'", "host name"),
    ("for clients", "purpose", "Whoever runs the server"),
]


@pytest.mark.parametrize("tls", MODES)
@pytest.mark.parametrize(("name", "wrong", "advice"), REFUSED)
def test_a_certificate_with_a_fault_is_refused_with_the_way_out_and_hears_no_word(
    folder: Path, tls: str, name: str, wrong: str, advice: str
) -> None:
    with serving(folder, name, tls) as server, pytest.raises(CertificateRefused) as caught:
        open_mailbox(server.access(tls=tls, ca_file=folder / "ca.pem"))
    assert wrong in caught.value.what
    assert advice in caught.value.hint
    in_the_clear = [b"CAPABILITY", b"STARTTLS"] if tls == "starttls" else []
    assert [line.partition(b" ")[2] for line in server.heard] == in_the_clear


def test_the_way_out_for_a_server_of_ones_own_is_one(folder: Path) -> None:
    with serving(folder, "self-signed", "implicit") as server:
        box = open_mailbox(server.access(tls="implicit", ca_file=folder / "self-signed.pem"))
        assert [one.name for one in box.folders()] == ["INBOX"]
        box.close()


Serve = Callable[[socket.socket], None]  # from where TLS is to begin


# --- TLS of another age -----------------------------------------------------------------------------------


def old_openssl(folder: Path, newest: ssl.TLSVersion) -> Serve:
    """A server that speaks nothing newer, with the certificate that is to be trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "good.pem", folder / "good.key")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that it is old is the point
        context.minimum_version = context.maximum_version = newest
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # else OpenSSL 3 would refuse by itself

    def serve(client: socket.socket) -> None:
        with context.wrap_socket(client, server_side=True) as wrapped:
            wrapped.sendall(b"* OK ready\r\n")
            wrapped.recv(100)

    return serve


def old_hello(version: bytes) -> Serve:
    """A server that takes no notice of what the client can, and chooses this version (RFC 5246, 7.4.1.3)."""

    def serve(client: socket.socket) -> None:
        client.recv(2**16)
        body = version + bytes(32) + b"\x00" + b"\xc0\x13" + b"\x00"
        hello = b"\x02" + len(body).to_bytes(3, "big") + body
        client.sendall(b"\x16" + version + len(hello).to_bytes(2, "big") + hello)
        client.recv(100)

    return serve


@contextmanager
def behind(tls: str, serve: Serve) -> Iterator[tuple[int, bytearray]]:
    """A port, and all that is said there in the clear; `serve` has the connection where TLS is to begin."""
    heard = bytearray()

    def session(listener: socket.socket) -> None:
        with suppress(OSError):
            client, _ = listener.accept()
            with client:
                client.settimeout(10)
                if tls == "starttls":
                    client.sendall(b"* OK ready\r\n")
                    for said in (b"* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\n", b""):
                        line = client.recv(2**16)
                        heard.extend(line)
                        client.sendall(said + line.split()[0] + b" OK go on\r\n")
                serve(client)
                while came := client.recv(2**16):
                    heard.extend(came)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=session, args=(listener,), daemon=True)
        thread.start()
        yield listener.getsockname()[1], heard
        thread.join(10)


OLD: dict[str, Callable[[Path], Serve]] = {
    "OpenSSL, 1.1": partial(old_openssl, newest=ssl.TLSVersion.TLSv1_1),
    "OpenSSL, 1.0": partial(old_openssl, newest=ssl.TLSVersion.TLSv1),
    "says 1.1": lambda _: old_hello(b"\x03\x02"),
    "says 1.0": lambda _: old_hello(b"\x03\x01"),
    "says SSL 3": lambda _: old_hello(b"\x03\x00"),
}


@pytest.mark.parametrize("tls", MODES)
@pytest.mark.parametrize("kind", OLD)
def test_tls_before_1_2_is_refused_before_any_credential(
    folder: Path, tls: Literal["implicit", "starttls"], kind: str
) -> None:
    with behind(tls, OLD[kind](folder)) as (port, heard), pytest.raises(TlsUnavailable) as caught:
        open_mailbox(access(port, tls, folder))
    assert "older than 1.2" in caught.value.what
    assert "has to update it. No password was sent." in caught.value.hint
    assert isinstance(caught.value, PersonCanMend)
    assert b"LOGIN" not in heard
    assert b"AUTHENTICATE" not in heard


def test_the_old_server_would_be_talked_to_if_its_version_were_allowed(folder: Path) -> None:
    """Else the test above would be about something else than the version."""
    client = ssl.create_default_context(cafile=folder / "ca.pem")
    client.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        client.minimum_version = ssl.TLSVersion.TLSv1_1
    with (
        behind("implicit", old_openssl(folder, ssl.TLSVersion.TLSv1_1)) as (port, _),
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        client.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
    ):
        assert wrapped.version() == "TLSv1.1"
        assert wrapped.recv(100) == b"* OK ready\r\n"


def access(port: int, tls: Literal["implicit", "starttls"], folder: Path) -> Access:
    return Access("home", "127.0.0.1", port, "me", lambda: "pass", tls, folder / "ca.pem", 5.0, 5.0)
