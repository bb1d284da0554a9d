"""What systemd or launchd says of the service, in words; it changes nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from scatterclean.units.choosing import systemctl
from scatterclean.units.installing import Place
from scatterclean.units.programs import Programs
from scatterclean.units.values import Keeper

_ASKED = (
    "LoadState,ActiveState,SubState,UnitFileState,Result,ExecMainStatus,StatusText,NRestarts,"
    "ActiveEnterTimestamp,MainPID,NeedDaemonReload"
)
_RESULTS = {
    "exit-code": "it ended with exit status {code}",
    "signal": "it was ended by signal {code}",
    "core-dump": "it was ended by signal {code}",
    "watchdog": "it gave no sign of life",
    "timeout": "it took too long",
    "start-limit-hit": "it ended too often",
    "resources": "the machine refused",
}


@dataclass(frozen=True, slots=True)
class State:
    """`running` also counts a timer that waits for its next sweep; `words` are sentences, the first the main one."""

    installed: bool
    running: bool
    words: tuple[str, ...]
    pid: int | None = None


def state(where: Place, programs: Programs) -> State:
    """As it is now.  A manager that does not answer is told in words."""
    if not where.service.exists():
        return State(False, False, ("no service is installed: scatterclean service install",))
    return _launchd(where, programs) if where.keeper is Keeper.LAUNCHD else _systemd(where, programs)


def lingering(programs: Programs, user: str) -> str:
    """Two lines for who logs out, or nothing: does systemd keep the services of this person without a login?"""
    asked = programs.run("loginctl", "show-user", user, "--property=Linger", "--value")
    if asked.well and asked.out == "yes":
        return ""
    return (
        "Your services run while you are logged in, and end with your last session.\n"
        f"To have them run from the start of the machine, log in or not: loginctl enable-linger {user}"
    )


def log_command(where: Place, *, lines: int, follow: bool) -> tuple[str, ...]:
    """The program that shows the log."""
    if where.keeper is Keeper.LAUNCHD:
        more = ("-F",) if follow else ()
        return ("tail", "-n", str(lines), *more, str(where.log))
    more = ("--follow",) if follow else ("--no-pager",)
    return (*systemctl(where.keeper, "journalctl"), "-u", where.service.name, "-n", str(lines), *more)


def _systemd(where: Place, programs: Programs) -> State:
    timed = where.timer is not None and where.timer.exists()
    main = where.timer if timed and where.timer is not None else where.service
    shown = {path: _properties(where, path, programs) for path in {main, where.service}}
    said = shown[main]
    if said is None:
        return State(True, False, (f"{main} is there, but systemd does not answer",))
    running = said.get("ActiveState") in {"active", "reloading"}
    since = said.get("ActiveEnterTimestamp")
    what = "the timer waits for the next sweep" if timed else "the daemon runs"
    words = [f"{what}, since {since}" if running else _not_running(said)]
    if (status := said.get("StatusText")) and running:
        words.append(f"it says: {status}")
    if said.get("NRestarts", "0") != "0":
        words.append(f"systemd started it again {said['NRestarts']} times")
    last = shown[where.service] or {}
    if timed and last.get("Result", "success") != "success":
        words.append(f"the last sweep: {_why(last)}")
    if said.get("UnitFileState") == "disabled":
        words.append(
            f"it is not started with the next login: {' '.join(systemctl(where.keeper))} enable {main.name}"
        )
    if said.get("NeedDaemonReload") == "yes":
        words.append(f"its file was changed since: {' '.join(systemctl(where.keeper))} daemon-reload")
    pid = int(said["MainPID"]) if said.get("MainPID", "0") != "0" else None
    return State(True, running, tuple(words), pid)


def _properties(where: Place, path: Path, programs: Programs) -> dict[str, str] | None:
    asked = programs.run(*systemctl(where.keeper), "show", path.name, f"--property={_ASKED}")
    if not asked.well:
        return None
    return dict(line.partition("=")[::2] for line in asked.out.splitlines())


def _not_running(said: dict[str, str]) -> str:
    match said.get("LoadState"), said.get("ActiveState"):
        case "not-found", _:
            return "the file is there, but systemd has not read it: run scatterclean service install again"
        case _, "activating" if said.get("SubState") == "auto-restart":
            return f"{_why(said)}; systemd starts it again in a moment"
        case _, "activating":
            return "it is being started"
        case _, "failed":
            return f"it does not run: {_why(said)} (scatterclean service logs)"
    return "it does not run"


def _why(said: dict[str, str]) -> str:
    result = said.get("Result", "")
    return _RESULTS.get(result, f"systemd says {result}").format(code=said.get("ExecMainStatus", "?"))


def _launchd(where: Place, programs: Programs) -> State:
    asked = programs.run("launchctl", "print", where.target)
    if not asked.well:
        return State(True, False, ("the file is there, but launchd does not know it: install it again",))
    found = dict(re.findall(r"(?m)^\s*(state|pid|last exit code) = (.+)$", asked.out))
    pid = int(found["pid"]) if found.get("pid", "").isdigit() else None
    if pid is not None:
        return State(True, True, ("the daemon runs",), pid)
    code = found.get("last exit code", "unknown")
    return State(True, False, (f"it does not run; it ended with {code} (scatterclean service logs)",))
