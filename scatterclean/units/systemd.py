"""Values -> the text of systemd units (systemd.service(5), systemd.exec(5)); it writes no file and asks nobody.

What a user manager can do was tried with a real one (systemd 252, Debian 12, an unprivileged user): without
PrivateUsers=, ProtectSystem= and its like are silently without effect, and PrivateDevices=, ProtectClock=,
ProtectKernelLogs=, ProtectKernelModules= and CapabilityBoundingSet= end the start with 218/CAPABILITIES; with it all
of those here work.  PrivateIPC= ends it with 226/NAMESPACE even so, ProtectProc= and ProcSubset= have no effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from scatterclean.units.values import Sandbox, Unit

# RestartSteps= and RestartMaxDelaySec= came with 254: before, the wait does not grow.
_GROWING = 254
# `systemd-creds --user` came with 256: before, a user manager decrypts nothing.
_ENCRYPTED = 256

# Beside which no program of a person is hurt.
_GENTLE = {
    "LimitCORE": "0",  # a dump of memory would hold the passwords
    "UMask": "0077",
    "LockPersonality": "yes",
    "RestrictRealtime": "yes",
}
# The kernel's filters: every user manager can set them.
_FILTERS = {
    "RestrictSUIDSGID": "yes",
    "RestrictNamespaces": "yes",
    "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6 AF_NETLINK",  # the last: getaddrinfo asks for addresses
    "SystemCallArchitectures": "native",
    "SystemCallFilter": "@system-service",
    "SystemCallErrorNumber": "EPERM",
    "MemoryDenyWriteExecute": "yes",
}
# A view of the file system of its own.
_VIEW = {
    "PrivateUsers": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "read-only",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectControlGroups": "yes",
    "ProtectClock": "yes",
    "ProtectHostname": "yes",
}
# Only root's manager can: in a user's they are taken, and the daemon sees every process as before.
_OF_THE_MACHINE = {"ProtectProc": "invisible", "ProcSubset": "pid", "PrivateIPC": "yes"}


def hardening(unit: Unit) -> Mapping[str, str]:
    """Settings of [Service], in their order; without ReadWritePaths=."""
    found = {} if unit.sandbox is Sandbox.OPEN and unit.privileged else {"NoNewPrivileges": "yes"}
    found |= _GENTLE
    if unit.sandbox is not Sandbox.OPEN:
        found |= _FILTERS
    if unit.sandbox is Sandbox.FULL:
        found |= _VIEW
        found |= _OF_THE_MACHINE if unit.user else {}
        if any(str(path).startswith(("/tmp/", "/var/tmp/")) for path in unit.paths):  # noqa: S108 - none is made there
            del found["PrivateTmp"]  # it would hide them
    return found


def service(unit: Unit) -> str:
    """The .service: the daemon, or with `every` one sweep.  Raises ValueError for a path with a line break."""
    lines = [
        "[Unit]",
        "Description=scatterclean, which moves the bounces of mail that you never sent out of the inbox",
        *_order(unit),
        "",
        "[Service]",
        *(_daemon(unit) if unit.every is None else ["Type=oneshot", "TimeoutStartSec=2h"]),
        f"ExecStart={_command(unit.command)}",
        *([f"User={unit.user}"] if unit.user else []),
        *(f"Environment={quoted(f'{name}={value}')}" for name, value in unit.environment.items()),
        *_credentials(unit),
        "",
        *_shut_in(unit),
    ]
    if unit.every is None:
        lines += ["", "[Install]", f"WantedBy={'multi-user.target' if unit.user else 'default.target'}"]
    return "\n".join(lines) + "\n"


def timer(unit: Unit) -> str:
    """The .timer beside it.  A sweep that takes long is never begun a second time meanwhile."""
    every = int((unit.every or timedelta(minutes=10)).total_seconds())
    return "\n".join(
        [
            "[Unit]",
            "Description=Sweeps of scatterclean",
            "",
            "[Timer]",
            "OnActiveSec=1min",
            f"OnUnitInactiveSec={every}s",
            f"RandomizedDelaySec={max(1, every // 10)}s",
            "",
            "[Install]",
            "WantedBy=timers.target",
            "",
        ]
    )


def quoted(text: str) -> str:
    """One word of a unit file: systemd.syntax(7), and no specifier."""
    if any(ord(c) < 32 or ord(c) == 127 for c in text):
        raise ValueError(f"a unit file cannot hold {text!r}")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") + '"'


def writable(unit: Unit) -> str:
    """The value of ReadWritePaths=; "-": a folder of `metrics_file` that is not there yet hinders no start."""
    figures = [quoted(f"-{unit.figures}")] if unit.figures else []
    return " ".join((quoted(str(unit.folder)), *figures))


def _command(words: tuple[str, ...]) -> str:
    # A program's own path may hold no quotes and no backslash ("Executable name contains special characters").
    if any(c in words[0] for c in "\"'\\"):
        words = ("/usr/bin/env", *words)
    # ":" keeps systemd from reading "$" as the beginning of a variable.
    return (":" if any("$" in word for word in words) else "") + " ".join(map(quoted, words))


def _order(unit: Unit) -> Iterator[str]:
    if unit.user:  # a user manager has no such target; the daemon tries again by itself anyway
        yield "Wants=network-online.target"
        yield "After=network-online.target"
    if unit.every is None:
        yield "# Started again for ever, whatever happened."
        yield "StartLimitIntervalSec=0"


def _daemon(unit: Unit) -> Iterator[str]:
    yield "Type=notify"
    yield "NotifyAccess=main"
    yield "WatchdogSec=5min"
    yield "# After an upgrade a large database may have to be brought up to date first."
    yield "TimeoutStartSec=15min"
    yield "TimeoutStopSec=20s"
    if unit.kill:
        yield f"ExecReload={unit.kill} -HUP $MAINPID"
    yield "Restart=on-failure"
    if unit.systemd >= _GROWING:
        yield "RestartSec=5s"
        yield "RestartSteps=8"
        yield "RestartMaxDelaySec=5min"
    else:
        yield "RestartSec=30s"
    yield "# 2, 3: wrong usage, a broken configuration.  Only you can mend that, and a start would not."
    yield "RestartPreventExitStatus=2 3"


def _credentials(unit: Unit) -> Iterator[str]:
    for name, path in unit.credentials.items():
        # No quotes: systemd 252 took them for a part of the name, and the unit ended with 243/CREDENTIALS.
        yield f"LoadCredential={name}:{str(path).replace('%', '%%')}"
    for name in unit.wanted:
        yield f"# The configuration asks for the credential {name}; put in the file that holds it:"
        yield f"# LoadCredential={name}:/absolute/path"
        if unit.user or unit.systemd >= _ENCRYPTED:
            yield f"# or, made by `systemd-creds {'' if unit.user else '--user '}encrypt --name={name} - FILE`:"
            yield f"# LoadCredentialEncrypted={name}:/absolute/path"


def _shut_in(unit: Unit) -> Iterator[str]:
    match unit.sandbox:
        case Sandbox.FULL:
            yield "# It reads what you can read, and writes only where its database is."
        case Sandbox.FILTERED:
            yield "# This machine lets a user's service have no view of the file system of its own (user namespaces)."
        case Sandbox.OPEN:
            yield "# It runs a program of yours for the password, which may need more than scatterclean does."
            yield "# With password_file or password_credential instead it is shut in much further."
    for name, value in hardening(unit).items():
        yield f"{name}={value}"
    if unit.sandbox is Sandbox.FULL:
        yield f"ReadWritePaths={writable(unit)}"
