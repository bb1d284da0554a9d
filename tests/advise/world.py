"""Zones on a name server of our own, policies on a web server of our own, and the command as a person types it.

Only who is asked is played: the questions over UDP and TCP, the HTTPS and its certificate are the program's own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from scatterclean.calling import forget_whom_to_trust
from scatterclean.cli import main
from scatterclean.cli.commands import advise as advise_command
from scatterclean.names import published
from scatterclean.names.dns import resolver_of
from tests.names.server import LoopbackDns, Zone, loopback_dns, quoted
from tests.setup.site import Answer, Site, page

# Seconds.  A busy machine is not to be taken for a silent server; where one is silent, it costs so much.
PATIENCE, SHORT = 10.0, 2.0
POLICY = "/.well-known/mta-sts.txt"


@dataclass
class World:
    """`asked` are the questions that came over UDP; `settings` is where the configuration is, if there is one."""

    dns: LoopbackDns
    capsys: pytest.CaptureFixture[str]
    settings: Path
    site: Site | None = None

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """(exit code, standard output, standard error) of `scatterclean advise`, in this process."""
        self.capsys.readouterr()
        code = main(["advise", *arguments])
        told, said = self.capsys.readouterr()
        assert "Traceback" not in said
        return code, told, said


@contextmanager
def a_world(
    zone: Zone,
    home: Path,
    patch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    certificates: Path | None = None,
    policies: Mapping[str, Answer] | None = None,
    patience: float = PATIENCE,
) -> Iterator[World]:
    """`policies`: what the host of that name answers to whoever asks for its policy."""
    for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        patch.setenv(variable, str(home / variable))
    for variable in ("SCATTERCLEAN_CONFIG", "NO_COLOR", "COLUMNS", "FORCE_COLOR"):
        patch.delenv(variable, raising=False)
    with ExitStack() as stack:
        dns = stack.enter_context(loopback_dns(with_what_lies_between(zone)))
        patch.setattr(published, "resolver_of", _resolver_at(dns.port))
        patch.setattr(
            published, "Published", partial(published.Published, patience=patience, seconds=PATIENCE)
        )
        site = None
        if certificates is not None:
            answers = {(host, POLICY): answer for host, answer in (policies or {}).items()}
            site = _site(stack, certificates, answers, patch)
        patch.setattr(socket, "getaddrinfo", _played(site, socket.getaddrinfo))
        patch.setattr(advise_command, "today", lambda: "20261129")
        yield World(dns, capsys, home / "XDG_CONFIG_HOME" / "scatterclean" / "scatterclean.toml", site)


def with_what_lies_between(zone: Zone) -> dict[str, Mapping[str, list[str]] | str]:
    """A name above another one is there, too, if only empty (RFC 8020)."""
    whole = dict(zone)
    for name in zone:
        labels = name.split(".")
        for i in range(1, len(labels)):
            whole.setdefault(".".join(labels[i:]), {})
    return whole


def zone_of(lines: str) -> Zone:
    """Lines as "winter.example TXT v=spf1 -all", or "winter.example servfail"."""
    zone: dict[str, dict[str, list[str]] | str] = {}
    for line in lines.strip().splitlines():
        name, kind, *rest = line.split(" ", 2)
        if not rest:
            zone[name] = kind
            continue
        records = zone.setdefault(name, {})
        assert isinstance(records, dict)
        records.setdefault(kind, []).append(quoted(rest[0]) if kind == "TXT" else rest[0])
    return zone


def _site(
    stack: ExitStack, certificates: Path, answers: Mapping[tuple[str, str], Answer], patch: pytest.MonkeyPatch
) -> Site:
    patch.setenv("SSL_CERT_FILE", str(certificates / "ca.pem"))
    forget_whom_to_trust()  # a process trusts what it trusted first
    stack.callback(forget_whom_to_trust)
    site = Site((certificates / "policies.pem", certificates / "policies.key"), answers)
    thread = threading.Thread(target=site.serve, daemon=True)
    thread.start()
    stack.callback(thread.join, 10)
    stack.callback(site.close)
    return site


def policy(text: str) -> Answer:
    return page(text.encode())


def _resolver_at(port: int) -> Callable[..., object]:
    def resolver(_servers: object, _port: object, conf: Path, *, per_try: float) -> object:
        return resolver_of(["127.0.0.1"], port, conf, per_try=per_try)

    return resolver


def _played(site: Site | None, real: Callable[..., object]) -> Callable[..., object]:
    def look_up(host: str, port: int, *more: object, **named: object) -> object:
        if host in ("127.0.0.1", "localhost"):
            return real(host, port, *more, **named)
        if site is None or not host.startswith("mta-sts."):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real("127.0.0.1", site.port, *more, **named)

    return look_up


@dataclass(frozen=True)
class Case:
    """One file of `cases`: what it shows, what is typed, the zone, policies by host, and all that must be said."""

    about: str
    typed: tuple[str, ...]
    zone: Zone
    policies: Mapping[str, Answer]
    code: int
    told: str

    @property
    def patience(self) -> float:
        return SHORT if "silent" in self.zone.values() else PATIENCE


def case_in(path: Path) -> Case:
    """A sentence; "$ scatterclean advise ..."; the zone; "+ HOST" and a policy; "= CODE", and then what is said."""
    head, _, told = path.read_text("utf-8").partition("\n= ")
    code, _, told = told.partition("\n")
    about, typed, *rest = head.splitlines()
    zone, *pages = "\n".join(rest).split("\n+ ")
    policies = {}
    for text in pages:
        host, _, body = text.partition("\n")
        policies[host] = policy(body + "\n")
    words = typed.removeprefix("$ scatterclean advise").split()
    return Case(about, tuple(words), zone_of(zone), policies, int(code), told)
