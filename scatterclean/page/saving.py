"""The page as a file: whole or not at all, for its owner alone, and never in the place of what is not ours."""

from __future__ import annotations

import os
import re
import shlex
import stat
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from scatterclean.errors import PersonCanMend, Reach
from scatterclean.page import GENERATOR

# So much of a file is looked at to tell whose it is: the mark stands in the third line.
_HEAD = 512


class CannotSave(PersonCanMend):
    """The file cannot be written, or is not ours to write."""

    reach = Reach.EVERYTHING


def usual_name(now: datetime, accounts: Sequence[str]) -> str:
    """ "scatterclean-report-2026-11-29.html"; with the names of `accounts`, if only some were asked for."""
    parts = [re.sub(r"[^\w.-]", "_", name)[:40] for name in accounts[:3]]
    return "-".join(("scatterclean-report", *parts, f"{now:%Y-%m-%d}")) + ".html"


def save(text: str, path: Path) -> bool:
    """Write it, mode 0600; True if it took the place of an earlier report.  Raises CannotSave."""
    target = path.resolve()  # where a link leads
    replaced = _ours(path, target)
    try:
        handle, name = tempfile.mkstemp(prefix=".scatterclean-report-", suffix=".html", dir=target.parent)
    except OSError as refused:
        raise _refused(path, refused) from None
    new = Path(name)
    try:
        # What stood in mail was cleaned of lone surrogates; a page with a mark in it is better than none.
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
        new.replace(target)
    except BaseException as refused:
        with suppress(OSError):
            new.unlink()
        if isinstance(refused, OSError):
            raise _refused(path, refused) from None
        raise
    return replaced


def _ours(path: Path, target: Path) -> bool:
    """Is an earlier report there?  Raises CannotSave if it is something else."""
    try:
        seen = target.stat()
    except FileNotFoundError:
        return False
    except OSError as refused:
        raise _refused(path, refused) from None
    if stat.S_ISDIR(seen.st_mode):
        inside = shlex.quote(str(path / "report.html"))
        raise CannotSave(f"{path} is a folder", hint=f"Name a file in it: --output {inside}")
    if not stat.S_ISREG(seen.st_mode):
        raise CannotSave(f"{path} is no file", hint="--output - writes to standard output.")
    if not seen.st_size:  # as mktemp makes one: nothing is lost
        return False
    try:
        with target.open("rb") as file:
            ours = GENERATOR.encode() in file.read(_HEAD)
    except OSError as refused:
        raise _refused(path, refused) from None
    if not ours:
        raise CannotSave(
            f"{path} is there already, and is no report of scatterclean: it was left as it is",
            hint="Name another file: --output FILE.html, or move that one away.",
        )
    return True


def _refused(path: Path, error: OSError) -> CannotSave:
    why = "there is no such folder" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
    return CannotSave(f"{path} cannot be written: {why}", hint="Name a file elsewhere: --output FILE.html")
