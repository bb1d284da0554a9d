"""What this machine alone can tell: the configuration, who may read and change the files, the disk."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from scatterclean.config import ENVIRONMENT, Source, load
from scatterclean.config.offline import database_problems, warnings_here
from scatterclean.doctor.patient import House
from scatterclean.doctor.told import Failed, Said, fault, warning, well
from scatterclean.errors import ConfigBroken, ConfigMissing
from scatterclean.model import Mode

# An intention is some hundred bytes and a page of the write-ahead log 4 kB: with this much a storm can be journalled.
_LEAST_FREE = 16 * 2**20
_FREE = 100 * 2**20


def configuration(house: House) -> Iterator[Said]:
    """All problems of the file at once, as `check-config` has them; then what is unwise."""
    try:
        house.loaded = load(house.path)
    except ConfigMissing as missing:
        raise Failed(
            fault(
                "config-missing",
                missing.what,
                f"`scatterclean init` makes one, by asking you; or name it with --config or ${ENVIRONMENT}.",
            )
        ) from None
    except ConfigBroken as broken:
        *first, last = broken.problems
        mend = "Mend it as the sentence says; `scatterclean check-config` looks again."
        for problem in first:
            yield fault("config-broken", problem, mend)
        raise Failed(fault("config-broken", last, mend)) from None
    settings = house.settings
    for unwise in settings.warnings:
        # Who may read a password is looked at with the other permissions.
        if ".password: " not in unwise:
            yield warning("config-unwise", unwise, "Change it as the sentence says.")
    for doubt in warnings_here(settings):
        if ".password_env: " not in doubt:  # that the secret cannot be had is told by fetching it
            yield warning(
                "config-doubtful", doubt, "Put it into PATH, or name the program by its whole path."
            )
    modes = [
        f"{a.name} {'only observes' if a.account.mode is Mode.OBSERVE else 'moves'}"
        for a in settings.accounts
    ]
    yield well(f"{settings.path}: no problems ({', '.join(modes)})")


def permissions(house: House) -> Iterator[Said]:
    """Who else may read a password or the log, and who may change what is believed."""
    settings = house.settings
    files = {settings.path.absolute(): "the configuration", settings.database.resolve(): "the database"}
    for account in settings.accounts:
        if account.secret.source is Source.FILE:
            files[Path(account.secret.place[0]).absolute()] = f"password_file of {account.name}"
    found = [
        *_config_file(settings.path, secret=any(a.secret.source is Source.PLAIN for a in settings.accounts)),
        *_database_file(settings.database),
        *(said for folder in dict.fromkeys(file.parent for file in files) for said in _folder(folder, files)),
    ]
    yield from found
    if not found:
        yield well("nobody else may read a password, or change the configuration or the database")


def _config_file(path: Path, *, secret: bool) -> Iterator[Said]:
    now = path.stat()
    mode = stat.S_IMODE(now.st_mode)
    if secret and mode & (stat.S_IRGRP | stat.S_IROTH):
        yield fault(
            "config-readable",
            f"{path} holds a password and has mode {mode:04o}: others may read it",
            f"chmod 600 {path} (and change the password, if others use this machine), or use password_command",
        )
    if mode & stat.S_IWOTH:
        yield fault(
            "config-writable",
            f"{path} has mode {mode:04o}: anybody on this machine may change it, and so run commands as you",
            f"chmod 600 {path}, and look whether it is as you wrote it",
        )
    if os.geteuid() != 0 and now.st_uid not in (0, os.geteuid()):
        yield warning(
            "config-foreign",
            f"{path} belongs to another user (uid {now.st_uid}), who may change it",
            "Run scatterclean as the user to whom it belongs, or make the file your own.",
        )


def _database_file(path: Path) -> Iterator[Said]:
    for problem in database_problems(path):
        yield fault(
            "database-not-writable",
            problem.partition(": ")[2],
            "The file and its folder must belong to the user that runs scatterclean, and be writable; or set "
            "`database` to another place.",
        )
    if not path.is_file():
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield warning(
            "database-readable",
            f"{path} has mode {mode:04o}: others may read to whom you wrote, and about what",
            f"chmod 600 {path}",
        )


def _folder(folder: Path, files: Mapping[Path, str]) -> Iterator[Said]:
    """May anybody put another file in the place of one of these?"""
    try:
        mode = folder.stat().st_mode
    except OSError:
        return  # whoever needs it says so
    # Where everybody may write and the sticky bit is set (/tmp), nobody can take away another's file.
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        there = ", ".join(what for file, what in files.items() if file.parent == folder)
        yield fault(
            "folder-writable",
            f"the folder {folder} has mode {stat.S_IMODE(mode):04o}: anybody may put another file in the place of "
            f"what is there ({there})",
            f"chmod 700 {folder}",
        )


def disk(house: House) -> Iterable[Said]:
    """Is there room where the database is, or will be?"""
    path = house.settings.database
    place = next(each for each in path.absolute().parents if each.is_dir())
    size = path.stat().st_size if path.is_file() else 0
    free = shutil.disk_usage(place).free
    inodes = os.statvfs(place)
    room = f"{free // 2**20} MB are free in {place}"
    if inodes.f_files and not inodes.f_favail:
        return [
            fault(
                "disk-no-files",
                f"no more files can be made in {place}",
                "Delete files there: it is out of inodes.",
            )
        ]
    if free < _LEAST_FREE:
        return [fault("disk-full", room, "Make room on that disk: what is not journalled is not moved.")]
    if free < max(_FREE, 2 * size):
        mend = "Make room soon: an upgrade first copies the database, and a storm makes it grow."
        return [warning("disk-low", f"only {room}", mend)]
    return [well(room)]


def service(house: House) -> Iterable[Said]:
    """Is it installed as a service, and does that run as it was meant to?"""
    found = house.service()
    if found is None:
        return [well("neither systemd nor launchd keeps services here", "no-keeper")]
    main, *more = found.words
    if not found.installed:
        return [well(main, "service-absent")]
    if not found.running:
        return [
            warning(
                "service-down",
                f"it is installed, and {main}",
                "`scatterclean service logs` tells why; `scatterclean service install` starts it anew.",
            )
        ]
    return [
        well(main, "service-runs"),
        *(
            warning(
                "service-odd",
                each,
                "`scatterclean service logs` tells more, `scatterclean service install` repairs.",
            )
            for each in more
            if not each.startswith("it says:")
        ),
    ]
