"""An authority of one's own and certificates that it signed, for servers on loopback that live for minutes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


class CertificatesUnavailable(RuntimeError):
    """There is no openssl program, or it failed; the text holds what it said."""


def make_authority(folder: Path) -> Path:
    """An authority that lives for two days: ca.pem and ca.key in `folder`.  Needs the openssl program."""
    folder.mkdir(exist_ok=True)
    _openssl(
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
        *("-subj", "/CN=scratch authority", "-keyout", "ca.key", "-out", "ca.pem"),
        *("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )
    return folder / "ca.pem"


def make_certificate(
    folder: Path, name: str, *, names: str = "DNS:localhost,IP:127.0.0.1", days: int = 2
) -> tuple[Path, Path]:
    """A server's certificate and key, signed by the authority in `folder`; `days` below 0: expired."""
    (folder / f"{name}.ext").write_text(
        "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
        "extendedKeyUsage=serverAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
        f"subjectAltName={names}\n"
    )
    _openssl(
        folder,
        *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-subj", "/CN=scratch server", "-keyout", f"{name}.key", "-out", f"{name}.csr"),
    )
    _openssl(
        folder,
        *("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"),
        *("-days", str(days), "-extfile", f"{name}.ext", "-out", f"{name}.pem"),
    )
    return folder / f"{name}.pem", folder / f"{name}.key"


def _openssl(folder: Path, *arguments: str) -> None:
    program = shutil.which("openssl")
    if program is None:
        raise CertificatesUnavailable("there is no openssl program here to make a certificate with")
    done = subprocess.run(  # noqa: S603 - the program just found, no shell
        [program, *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode:
        raise CertificatesUnavailable(f"openssl failed:\n{done.stderr}")
