"""From the secret to the login: name, connection, TLS, login.  Each is tried once, with the account's time limits."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from scatterclean.calling import within
from scatterclean.config import Source
from scatterclean.config.checks import is_loopback
from scatterclean.config.secret import COMMAND_LIMIT
from scatterclean.doctor.patient import Patient, lasted
from scatterclean.doctor.told import Failed, Said, fault, warning, well
from scatterclean.errors import SecretUnavailable
from scatterclean.mailbox.login import greeted, open_session
from scatterclean.mailbox.translate import Exchange, unconnected
from scatterclean.wire import tokens_of

SOON = timedelta(days=14)
# getaddrinfo(3) has no time limit of its own: by resolv.conf(5) a dead server costs 5 s a try.
_NAME = 15.0
_MOST_ADDRESSES = 6


def secret(patient: Patient) -> Iterator[Said]:
    """It is fetched as a sweep would; only whether it came is told."""
    limit = COMMAND_LIMIT if patient.house.limit is None else min(COMMAND_LIMIT, patient.house.limit)
    source = patient.settings.secret.source
    called = "an access token" if source.bearer else "the password"
    held = tokens_of(patient.settings)
    try:
        found = held.access() if held else patient.settings.secret.fetch(limit=limit)
    except SecretUnavailable as trouble:
        if source not in (Source.COMMAND, Source.TOKEN):
            raise
        raise Failed(_command(trouble)) from None
    patient.known = found
    if found != found.strip():
        yield warning(
            "secret-blanks",
            f"{called} from {source} begins or ends with a blank",
            "If the login is refused, store it without the blank.",
        )
        return
    yield well(f"{called} came from {source}")


def _command(trouble: SecretUnavailable) -> Said:
    """What the command said belongs to what is wrong, and is no mend."""
    said = f" ({trouble.hint})" if trouble.hint.startswith("it said") else ""
    return fault(
        "secret-unavailable",
        f"{trouble.what}{said}",
        "Run that command in a terminal with </dev/null, as the user and with the PATH of the daemon: it must print "
        "the password alone, in its first line, and wait for nobody.",
    )


def name(patient: Patient) -> Iterable[Said]:
    """What the server's name stands for."""
    host, port = patient.settings.host, patient.settings.port
    limit = min(_NAME, patient.limit)
    try:
        found = within(limit, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except TimeoutError:
        found = None
    except socket.gaierror as error:
        if error.errno != socket.EAI_AGAIN:
            raise Failed(
                fault(
                    "name-unknown",
                    f"the name {host} is not known",
                    "Is `host` spelled right? The provider's help page names its IMAP server.",
                )
            ) from None
        found = None
    except UnicodeError:
        raise Failed(
            fault(
                "name-impossible",
                f"{host} cannot be the name of a host",
                "Correct `host` in the configuration.",
            )
        ) from None
    if not found:
        raise Failed(
            fault(
                "name-unanswered",
                f"nobody answers what {host} stands for",
                "Is the network there, and does name resolution work (/etc/resolv.conf)?",
            )
        )
    patient.addresses = list(dict.fromkeys((family, address) for family, _, _, _, address in found))
    numbers = ", ".join(dict.fromkeys(str(address[0]) for _, address in patient.addresses))
    return [well(f"{host} is an address" if _is_address(host) else f"{host} is {numbers}")]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def connection(patient: Patient) -> Iterator[Said]:
    """Does the port answer?  All addresses are tried: one that is silent costs every session its time limit."""
    silent: list[str] = []
    broken: OSError | None = None
    reached = ""
    for family, address in patient.addresses[:_MOST_ADDRESSES]:
        try:
            with socket.socket(family, socket.SOCK_STREAM) as plain:
                plain.settimeout(min(patient.access.connect_timeout, 10.0))
                plain.connect(address)
            reached = reached or str(address[0])
        except OSError as error:
            broken = error
            if isinstance(error, TimeoutError):
                silent.append(str(address[0]))
    if not reached:
        assert broken is not None  # noqa: S101 - a name that stands for no address has failed before
        trouble = unconnected(broken, Exchange("connect", patient.name, patient.where))
        code = {True: "connect-refused", False: "connect-failed"}[isinstance(broken, ConnectionRefusedError)]
        code = "connect-unanswered" if isinstance(broken, TimeoutError) else code
        mend = trouble.hint or "Is the network there? Is a firewall in between?"
        raise Failed(fault(code, trouble.what, mend))
    if silent:
        yield warning(
            "address-silent",
            f"{patient.where} answers at {reached}, but not at {', '.join(silent)}",
            "Every session may wait for that first: switch off what does not work here (often IPv6), or name the "
            "address that answers in `host`.",
        )
    yield well(f"{patient.where} answers")


def tls(patient: Patient) -> Iterator[Said]:
    """A handshake as a sweep makes it, and when the certificate expires.  No password is sent."""
    session = greeted(patient.access)
    try:
        with session.line("TLS") as connected:
            sock = connected.sock
            certificate = sock.getpeercert() if isinstance(sock, ssl.SSLSocket) else None
            version = sock.version() if isinstance(sock, ssl.SSLSocket) else None
    finally:
        session.close()
    if certificate is None:
        yield _in_the_clear(patient)
    else:
        yield _expiry(patient, certificate, version or "TLS")


def _in_the_clear(patient: Patient) -> Said:
    if is_loopback(patient.settings.host):
        return well("no encryption, and none is needed on this machine itself", "tls-none")
    return warning(
        "tls-none",
        f"the password and all mail cross the network to {patient.where} in the clear",
        'Set tls = "implicit" or tls = "starttls".',
    )


def _expiry(patient: Patient, certificate: Mapping[str, object], version: str) -> Said:
    end = certificate.get("notAfter")
    if not isinstance(end, str):
        return well(f"{patient.where} speaks {version}; its certificate is trusted")
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(end), UTC)
    told = f"the certificate of {patient.where} is trusted until {until:%Y-%m-%d %H:%M} UTC"
    if until - patient.house.now >= SOON:
        return well(f"{told} ({version})")
    return warning(
        "certificate-expires",
        f"{told}: {lasted(until - patient.house.now)} are left",
        "Whoever runs the server has to renew it before then; after that nothing is read or moved.",
    )


def login(patient: Patient) -> Iterable[Said]:
    """Once: many servers lock out who tries again and again."""
    patient.session = open_session(patient.access)
    return [well(f"{patient.settings.username} is logged in at {patient.where}")]
