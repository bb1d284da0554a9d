"""Who keeps services here, what the configuration asks for, and how far the daemon can be shut in on this machine."""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from scatterclean.config import Settings, Source, default_database
from scatterclean.errors import PersonCanMend, Reach
from scatterclean.units import cron, systemd
from scatterclean.units.programs import Programs
from scatterclean.units.values import Keeper, Sandbox, Unit

# What the programs for passwords (pass, gpg, op, ...) read of the person's environment.
_OF_THE_PERSON = ("PATH", "GNUPGHOME", "PASSWORD_STORE_DIR")


class NoKeeper(PersonCanMend):
    """Neither systemd nor launchd keeps services for this person here."""

    reach = Reach.EVERYTHING


def keeper(programs: Programs, *, system: bool = False) -> Keeper | None:
    """Who answers; None if there is neither.  Raises NoKeeper if systemd is there and does not answer."""
    if programs.path("systemctl") is None:
        return Keeper.LAUNCHD if programs.path("launchctl") and not system else None
    asked = programs.run(*systemctl(Keeper.SYSTEM if system else Keeper.USER), "show", "--property=Version")
    if asked.well:
        return Keeper.SYSTEM if system else Keeper.USER
    if "not been booted with systemd" in asked.said or system:
        return None
    why = asked.said.splitlines()[0] if asked.said else f"exit status {asked.code}"
    if not Path("/run/systemd/system").exists():  # installed, but not what this machine was started with
        return None
    raise NoKeeper(
        f"systemd runs here, but the part of it that keeps your own services does not answer: {why}",
        hint="log in as yourself, not by su or sudo; or: export XDG_RUNTIME_DIR=/run/user/$(id -u)",
    )


def nobody(unit: Unit) -> NoKeeper:
    """Neither of the two: what is left is cron."""
    return NoKeeper(
        "neither systemd nor launchd keeps services on this machine",
        hint=f"let cron sweep: run `crontab -e` and add the line\n  {cron.line(unit)}",
    )


def systemctl(of: Keeper, program: str = "systemctl") -> tuple[str, ...]:
    """How it is called; also journalctl and systemd-run."""
    return (program, "--user") if of is Keeper.USER else (program,)


def version(programs: Programs, of: Keeper) -> int:
    """Of systemd; the oldest that was tried if it does not say."""
    asked = programs.run(*systemctl(of), "show", "--property=Version", "--value")
    found = re.match(r"\d+", asked.out)
    return int(found[0]) if asked.well and found else 252


def unit_of(
    settings: Settings,
    *,
    every: timedelta | None = None,
    user: str | None = None,
    home: Path | None = None,
    credentials: Mapping[str, Path] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Unit:
    """What the configuration asks for; of the machine it knows only where Python and its programs are.

    `environment` is that of who installs; where that is another (`user`, whose `home` is known), it counts for
    nothing.  Raises PersonCanMend for a path that no unit can hold.
    """
    environment = {} if home else os.environ if environment is None else environment
    secrets = [a.secret for a in settings.accounts]
    commands = [s.place[0] for s in secrets if s.source in (Source.COMMAND, Source.TOKEN)]
    # A login by OAuth2 of which there is no file lies in the keyring, or is still to come.
    keyring = [a for a in settings.accounts if a.oauth and not (a.tokens / f"{a.name}.json").exists()]
    open_ = bool(commands or keyring) or any(s.source is Source.KEYRING for s in secrets)
    needed = {name: environment[name] for name in _OF_THE_PERSON if open_ and environment.get(name)}
    database = settings.database
    if database == default_database():
        if home is not None:
            database = home / ".local" / "share" / "scatterclean" / database.name
        elif environment.get("XDG_DATA_HOME"):
            needed["XDG_DATA_HOME"] = environment["XDG_DATA_HOME"]
    given = {name: absolute(path) for name, path in (credentials or {}).items()}
    asked = [s.place[0] for s in secrets if s.source is Source.CREDENTIAL]
    folder = absolute(database).parent
    metrics_file = settings.metrics_file if every is None else None
    figures = absolute(metrics_file).parent if metrics_file else None
    unit = Unit(
        interpreter=Path(sys.executable),
        config=absolute(settings.path),
        folder=folder,
        every=every,
        figures=figures if figures != folder else None,
        user=user,
        environment=needed,
        credentials=given,
        wanted=tuple(dict.fromkeys(name for name in asked if name not in given)),
        sandbox=Sandbox.OPEN if open_ else Sandbox.FULL,
        privileged=any(map(_privileged, commands)),
    )
    try:
        for text in (*map(str, unit.paths), *needed.values(), *given, *unit.wanted):
            systemd.quoted(text)
    except ValueError as wrong:
        raise PersonCanMend(str(wrong), hint="give it another name, without line breaks") from None
    return unit


def missing(settings: Settings, unit: Unit) -> list[str]:
    """What the daemon will not find, one sentence each."""
    told = [
        f"{a.name}: its password is in the environment variable {a.secret.place[0]}, which a service does not have; "
        "use password_file or password_credential instead"
        for a in settings.accounts
        if a.secret.source is Source.ENV
    ]
    return told + [
        f"the configuration asks for the credential {name}: name the file that holds it, --credential {name}:FILE"
        for name in unit.wanted
    ]


def fitted(unit: Unit, programs: Programs, of: Keeper) -> Unit:
    """The same with what this systemd can do: it is tried, with our own program inside of it."""
    kill = programs.path("kill")
    unit = replace(unit, systemd=version(programs, of), kill=kill)
    for sandbox in (Sandbox.FULL, Sandbox.FILTERED, Sandbox.OPEN):
        tried = replace(unit, sandbox=sandbox)
        if unit.sandbox is Sandbox.FULL and _holds(tried, programs, of):
            return tried
    return replace(unit, sandbox=Sandbox.OPEN)


def _holds(unit: Unit, programs: Programs, of: Keeper) -> bool:
    settings = [f"--property={name}={value}" for name, value in systemd.hardening(unit).items()]
    if unit.user:
        settings.append(f"--property=User={unit.user}")
    if unit.sandbox is Sandbox.FULL:
        settings.append(f"--property=ReadWritePaths={systemd.writable(unit)}")
    probe: Sequence[str] = (*unit.command[:4], "version")
    words = ("--quiet", "--wait", "--collect", *settings, "--", *probe)
    return programs.run(*systemctl(of, "systemd-run"), *words).well


def absolute(path: Path) -> Path:
    """Without following links: a venv's python, or a file that a person keeps elsewhere, is named as it is here."""
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - Path.absolute keeps "..", resolve follows links


def _privileged(program: str) -> bool:
    found = shutil.which(program)
    try:
        return found is not None and bool(Path(found).stat().st_mode & (stat.S_ISUID | stat.S_ISGID))
    except OSError:
        return False
