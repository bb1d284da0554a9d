"""Writes unit files, enables them, takes them away again; what a person wrote or changed it leaves alone."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scatterclean.errors import PersonCanMend, Reach, TimeCanMend
from scatterclean.units import launchd, systemd
from scatterclean.units.choosing import systemctl
from scatterclean.units.marks import Whose, marked, whose
from scatterclean.units.programs import Programs
from scatterclean.units.values import NAME, Keeper, Unit


class NotOurs(PersonCanMend):
    """A file is in the way that scatterclean did not write, or that was changed since."""

    reach = Reach.EVERYTHING


class NoRights(PersonCanMend):
    """The folder for units of the whole machine is root's."""

    reach = Reach.EVERYTHING


class NotStarted(TimeCanMend):
    """The unit is in its place, and systemd or launchd did not start it."""

    reach = Reach.EVERYTHING


@dataclass(frozen=True, slots=True)
class Place:
    """Where an installation is: who keeps it, its name without ending, the folder of its files, the log (launchd)."""

    keeper: Keeper
    name: str
    folder: Path
    log: Path | None = None

    @property
    def service(self) -> Path:
        return self.folder / f"{self.name}{'.plist' if self.keeper is Keeper.LAUNCHD else '.service'}"

    @property
    def timer(self) -> Path | None:
        return None if self.keeper is Keeper.LAUNCHD else self.folder / f"{self.name}.timer"

    @property
    def files(self) -> tuple[Path, ...]:
        return (self.service,) if self.timer is None else (self.service, self.timer)

    @property
    def target(self) -> str:
        """What launchctl calls it."""
        return f"gui/{os.getuid()}/{self.name}"


def place(of: Keeper, environment: Mapping[str, str], user: str | None = None) -> Place:
    home = Path(environment.get("HOME") or Path.home())
    match of:
        case Keeper.USER:
            base = environment.get("XDG_CONFIG_HOME", "")
            config = Path(base) if base.startswith("/") else home / ".config"
            return Place(of, NAME, config / "systemd" / "user")
        case Keeper.SYSTEM:
            return Place(of, f"{NAME}-{user}", Path("/etc/systemd/system"))
        case Keeper.LAUNCHD:
            library = home / "Library"
            return Place(of, NAME, library / "LaunchAgents", library / "Logs" / f"{NAME}.log")


def files(unit: Unit, where: Place) -> dict[Path, str]:
    """What `install` writes."""
    if where.keeper is Keeper.LAUNCHD:
        return {where.service: marked(launchd.agent(unit, where.log or Path(os.devnull)))}
    found = {where.service: marked(systemd.service(unit))}
    if unit.every is not None and where.timer is not None:
        found[where.timer] = marked(systemd.timer(unit))
    return found


def install(
    unit: Unit, where: Place, programs: Programs, *, force: bool = False, start: bool = True
) -> list[str]:
    """Write and start; sentences of what was done.  Raises NotOurs, NoRights, NotStarted, OSError."""
    wanted = files(unit, where)
    stale = [path for path in where.files if path not in wanted and _content(path) is not None]
    for path in (*wanted, *stale):
        _may(path, wanted.get(path, ""), force=force)
    if unit.user is not None and not unit.folder.is_dir():
        raise PersonCanMend(
            f"there is no folder {unit.folder} for the database yet",
            hint=f"let {unit.user} run `scatterclean sweep --observe` once, or make the folder as that user",
        )
    _folder(where.folder, where.keeper)
    if unit.user is None:
        unit.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if where.log is not None:
        where.log.parent.mkdir(parents=True, exist_ok=True)
    if stale and start:
        programs.run(*systemctl(where.keeper), "disable", "--now", *(path.name for path in stale))
    done = [f"wrote {path}" for path, text in wanted.items() if _write(path, text)]
    for path in stale:
        path.unlink()
        done.append(f"took away {path}")
    if start:
        done.append(_start(unit, where, programs))
    return done or ["everything was as it should be"]


def uninstall(where: Place, programs: Programs, *, force: bool = False) -> list[str]:
    """Stop and take away what `install` wrote; sentences of what was done.  Raises NotOurs, NoRights, OSError."""
    there = [path for path in where.files if _content(path) is not None]
    ours = [path for path in there if whose(_content(path) or "") is not Whose.FOREIGN]
    for path in ours:
        if whose(_content(path) or "") is Whose.EDITED and not force:
            raise NotOurs(
                f"{path} was changed since it was written, so it was left as it is",
                hint="keep what you changed, then: scatterclean service uninstall --force",
            )
    if ours and not os.access(where.folder, os.W_OK):
        raise NoRights(f"{where.folder} may not be written to", hint="do it with the rights of root (sudo)")
    if ours:
        _stop(ours, where, programs)
    done = []
    for path in ours:
        path.unlink()
        done.append(f"took away {path}")
    if ours and where.keeper is not Keeper.LAUNCHD:
        programs.run(*systemctl(where.keeper), "daemon-reload")
    done += [f"left {path} alone: scatterclean did not write it" for path in there if path not in ours]
    return done or ["no service is installed"]


def _start(unit: Unit, where: Place, programs: Programs) -> str:
    if where.keeper is Keeper.LAUNCHD:
        programs.run("launchctl", "bootout", where.target)  # the one before, if there is one
        steps: list[tuple[str, ...]] = [
            ("launchctl", "bootstrap", where.target.rpartition("/")[0], str(where.service))
        ]
    else:
        call = systemctl(where.keeper)
        main = where.timer if unit.every is not None and where.timer is not None else where.service
        steps = [(*call, "daemon-reload"), (*call, "enable", main.name), (*call, "restart", main.name)]
    for step in steps:
        ran = programs.run(*step)
        if not ran.well:
            said = ran.said.splitlines()[0] if ran.said else f"exit status {ran.code}"
            raise NotStarted(
                f"the service is in its place and was not started: {' '.join(step[:3])}: {said}",
                hint="scatterclean service logs     tells why",
            )
    return (
        "started it; it will be started with every login"
        if where.keeper is not Keeper.SYSTEM
        else "started it"
    )


def _stop(ours: list[Path], where: Place, programs: Programs) -> None:
    if where.keeper is Keeper.LAUNCHD:
        programs.run("launchctl", "bootout", where.target)
        return
    call = systemctl(where.keeper)
    programs.run(*call, "disable", "--now", *(path.name for path in reversed(ours)))
    programs.run(*call, "reset-failed", *(path.name for path in ours))


def _may(path: Path, text: str, *, force: bool) -> None:
    """May this file be overwritten, or taken away (`text` empty)?"""
    there = _content(path)
    if there is None or force or there == text:
        return
    found = whose(there)
    if found is Whose.OURS and not path.is_symlink():
        return
    why = "is a link to a file elsewhere" if found is Whose.OURS else f"is {found}"
    if found is Whose.EDITED:
        why = "was changed since it was written"
    lines = difflib.unified_diff(
        there.splitlines(), text.splitlines(), "as it is", "as it would be", lineterm="", n=1
    )
    raise NotOurs(
        f"{path} {why}, so it was left as it is; the difference:\n" + "\n".join(lines),
        hint="--force overwrites it; what should outlast that belongs into a drop-in (systemctl edit)",
    )


def _content(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None


def _folder(folder: Path, keeper: Keeper) -> None:
    if keeper is Keeper.SYSTEM and not os.access(folder, os.W_OK):
        raise NoRights(
            f"{folder} may not be written to by you",
            hint="run the same with sudo, or show the unit with --print and hand it to whoever keeps the machine",
        )
    folder.mkdir(parents=True, exist_ok=True)


def _write(path: Path, text: str) -> bool:
    """Whole or not at all; False if it stands there already."""
    if _content(path) == text:
        return False
    number, scratch = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
            os.fchmod(file.fileno(), 0o644)  # it holds no secret, and systemd complains of anything else
        Path(scratch).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(scratch).unlink()
        raise
    return True
