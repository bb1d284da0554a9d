"""What is to be kept running, and by whom; values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

# Our name as a service: scatterclean.service, scatterclean.timer, the label for launchd.
NAME = "scatterclean"


class Keeper(StrEnum):
    """Who starts the daemon and starts it again."""

    USER = "systemd, for you alone"
    SYSTEM = "systemd, for the whole machine"
    LAUNCHD = "launchd"


class Sandbox(StrEnum):
    """How far the daemon can be shut in.

    FULL: it sees the file system read-only but for its database; this needs user namespaces.  FILTERED: the kernel
    refuses it system calls that it never needs.  OPEN: it runs a program of the person for the password, of which
    nobody knows what it needs (a GnuPG agent, a browser's engine, a socket of the desktop).
    """

    FULL = "full"
    FILTERED = "filtered"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Unit:
    """One installation.  All paths are absolute.

    `folder` is that of the database, the only place that is written to beside `figures`, the folder of `metrics_file`
    if it is another; `every`: sweep so often by a timer instead of
    running a daemon; `user`: of a unit for the whole machine; `environment`: what the daemon needs of the person's;
    `credentials`: names and the files that systemd hands over as such; `wanted`: names that the configuration
    asks for and for which there is no file yet.  `systemd` is its version; `kill` the program of that name.
    `privileged`: a password program is setuid or setgid, and gains no privileges under NoNewPrivileges.
    """

    interpreter: Path
    config: Path
    folder: Path
    every: timedelta | None = None
    figures: Path | None = None
    user: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, Path] = field(default_factory=dict)
    wanted: tuple[str, ...] = ()
    sandbox: Sandbox = Sandbox.FULL
    privileged: bool = False
    systemd: int = 252
    kill: str | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """All that it must be able to see."""
        figures = (self.figures,) if self.figures else ()
        return (self.interpreter, self.config, self.folder, *figures, *self.credentials.values())

    @property
    def command(self) -> tuple[str, ...]:
        """-P: a folder `scatterclean` in the home of the person must not be taken for the program."""
        what = "run" if self.every is None else "sweep"
        return (str(self.interpreter), "-P", "-m", NAME, "--config", str(self.config), what)

    @property
    def name(self) -> str:
        """Of the unit, without its ending; one for each person where it is for the whole machine."""
        return NAME if self.user is None else f"{NAME}-{self.user}"
