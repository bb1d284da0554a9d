"""What this machine alone can tell of a configuration that is well written; it asks no server and runs nothing."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from scatterclean.config.secret import Source
from scatterclean.config.settings import AccountSettings, Settings
from scatterclean.errors import SecretUnavailable
from scatterclean.installing import command_for

_COMMANDS = (Source.COMMAND, Source.TOKEN)
_SHELL = ("/bin/sh", "-c")
_PROGRAM = re.compile(r"[A-Za-z0-9_+./-]+")


def problems_here(settings: Settings) -> list[str]:
    """What will fail for certain when a sweep begins: one sentence (and its hint) each."""
    found = [sentence for account in settings.accounts for sentence in _secret(account)]
    return [*found, *database_problems(settings.database)]


def warnings_here(settings: Settings) -> list[str]:
    """What fails in this process, and may be well where the daemon runs."""
    return [sentence for account in settings.accounts for sentence in _doubt(account)]


def _doubt(account: AccountSettings) -> Iterator[str]:
    secret = account.secret
    if secret.source is Source.ENV and not os.environ.get(secret.place[0]):
        yield (
            f"accounts.{account.name}.password_env: {secret.place[0]} is not set here; "
            "it has to be where sweep or run is started"
        )
    if secret.source in _COMMANDS and secret.place[:2] == _SHELL:
        # A line for the shell: its first word may as well be one of the shell's own.
        word = secret.place[2].split()[0]
        if _PROGRAM.fullmatch(word) and shutil.which(word) is None:
            yield f"accounts.{account.name}.{secret.source}: there is no program {word!r} in PATH here"


def _secret(account: AccountSettings) -> Iterator[str]:
    secret = account.secret
    if secret.source is Source.OAUTH and find_spec("oauthlib") is None:
        yield (
            f"accounts.{account.name}.oauth: the package oauthlib is not installed: {command_for('oauth')}"
        )
    if secret.source is Source.FILE:
        try:
            secret.fetch()
        except SecretUnavailable as trouble:
            yield f"accounts.{account.name}.password_file: {trouble}"
    elif secret.source in _COMMANDS and shutil.which(secret.place[0]) is None:
        yield (
            f"accounts.{account.name}.{secret.source}: there is no program {secret.place[0]!r} that can be run, "
            "expected one in PATH, or its whole path"
        )


def database_problems(path: Path) -> Iterator[str]:
    """The store makes the folder; can it, and write in it?"""
    try:
        there = path if path.exists() else next(p for p in path.absolute().parents if p.exists())
    except OSError as error:
        yield f"database: {path} cannot be looked at: {error.strerror}"
        return
    if there != path and not there.is_dir():
        yield f"database: {path} cannot be made: {there} is no folder"
    elif not os.access(
        there,
        os.R_OK | os.W_OK | (os.X_OK if there != path else 0),
        effective_ids=os.access in os.supports_effective_ids,
    ):
        yield f"database: {there} may not be written by this user"
