"""The configuration file: a table more, at its end, in one step; what stands there stays, byte by byte.

It never replaces an account.  The file is whole at every moment: a new one is written beside it, checked by the
configuration's own rules, and then takes its place.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import tomlkit
from tomlkit.items import Table

from scatterclean.config import Source, Tls, load
from scatterclean.errors import ConfigBroken
from scatterclean.model import Mode
from scatterclean.setup.keeping import Kept
from scatterclean.setup.servers import SetupEnds

_HEADER = """\
# The configuration of scatterclean, written by `scatterclean init`.
# All keys are explained in the sample scatterclean.toml; `scatterclean check-config` tells what is wrong in here.

"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is written about an account; empty lists are left out, and so is `username` where nothing else is said."""

    name: str
    host: str
    port: int
    tls: Tls
    username: str
    kept: Kept
    addresses: Sequence[str]
    sent: Sequence[str] = ()
    watch: Sequence[str] = ()
    outbound: Sequence[str] = ()
    ca_file: Path | None = None
    dns: bool = True
    mode: Mode = Mode.OBSERVE


def table_of(entry: Entry) -> str:
    """The account as TOML, with comments, ending in a line break."""
    table = tomlkit.table()
    table.add("host", entry.host)
    if entry.port != entry.tls.port:
        table.add("port", entry.port)
    if entry.tls is not Tls.IMPLICIT:
        table.add("tls", entry.tls.value)
    if entry.ca_file is not None:
        table.add("ca_file", str(entry.ca_file))
    table.add("username", entry.username)
    kept = entry.kept.value
    if not isinstance(kept, Mapping):
        what = "access token comes from" if entry.kept.key == Source.TOKEN else "password is"
        _say(table, f"Where the {what}; the other ways are in the sample.")
        table.add(entry.kept.key, kept)
    _say(table, 'The addresses that you send from. "*@example.org" is every address of a domain of your own.')
    table.add("addresses", list(entry.addresses))
    if entry.sent:
        _say(table, "All folders that hold sent mail: what is missing there looks forged.")
        table.add("sent", list(entry.sent))
    if entry.watch:
        _say(table, "The folders in which bounces arrive.")
        table.add("watch", list(entry.watch))
    if entry.outbound:
        _say(table, "The machines through which your mail leaves.")
        table.add("outbound", list(entry.outbound))
    if not entry.dns:
        _say(table, "May DNS be asked for the records of your domains?")
        table.add("dns", False)
    _say(
        table,
        '"observe" only says what it would do, "move" puts bounces of what you never sent into Backscatter.',
    )
    table.add("mode", entry.mode.value)
    if isinstance(kept, Mapping):
        table.add(tomlkit.nl())
        _say(
            table,
            f"The login by OAuth2; anew, when the provider has ended it: scatterclean login {entry.name}",
        )
        login = tomlkit.table()
        login.update(kept)
        table.append(entry.kept.key, login)
    accounts = tomlkit.table(is_super_table=True)
    accounts.append(entry.name, table)
    document = tomlkit.document()
    document.append("accounts", accounts)
    return document.as_string()


def _say(table: Table, text: str) -> None:
    table.add(tomlkit.comment(text))


def with_account(text: str, entry: Entry) -> str:
    """The file's text with the account at its end.  Raises SetupEnds if there is one of that name."""
    before = tomllib.loads(text)
    accounts = before.get("accounts", {})
    if entry.name in accounts:
        raise SetupEnds(f"there is an account {entry.name} already", hint="Choose another name: --name NAME")
    if not text.strip():
        return _HEADER + table_of(entry)
    gap = "" if text.endswith("\n") else "\n"
    after = f"{text}{gap}\n{table_of(entry)}"
    with suppress(tomllib.TOMLDecodeError):
        if _more(tomllib.loads(after), before, entry.name):
            return after
    # `accounts = { ... }` on one line, or dotted keys: then the table goes into those.
    document = tomlkit.parse(text)
    document.setdefault("accounts", tomlkit.table(is_super_table=True))
    own = tomlkit.parse(table_of(entry))["accounts"]
    document["accounts"][entry.name] = own.unwrap()[entry.name]
    after = document.as_string()
    if not _more(tomllib.loads(after), before, entry.name):
        raise SetupEnds("the configuration is written in a way that no account can be added to by a program")
    return after


def _more(after: dict[str, object], before: dict[str, object], name: str) -> bool:
    """Is it what it was, and the account?"""
    accounts = after.get("accounts")
    if not isinstance(accounts, dict) or name not in accounts:
        return False
    rest = {key: value for key, value in accounts.items() if key != name}
    return {**after, "accounts": rest} == {**before, "accounts": before.get("accounts", {})}


def read(path: Path) -> str:
    """The text of the file; "" if there is none.  Raises SetupEnds."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SetupEnds(f"{path} cannot be read: {why}") from None


def add(path: Path, entry: Entry) -> None:
    """Write the account into the file at `path`, made with mode 0600 if there is none.  Raises SetupEnds.

    Its folder has to be there."""
    real = Path(os.path.realpath(path))  # a link to where the file really is stays one
    text = read(real)
    fresh, trial = (
        each.with_name(f".{each.name}.{os.getpid()}.{end}") for each, end in ((real, "new"), (path, "try"))
    )
    try:
        after = with_account(text, entry)
        _write(trial, after, real)  # relative paths start from where the file is looked for
        _checked(trial, path)
        _write(fresh, after, real)
        if read(real) != text:
            raise SetupEnds(f"{path} was changed by somebody else meanwhile", hint="Try again.")
        fresh.replace(real)
    except OSError as error:
        raise SetupEnds(f"{path} cannot be written: {error.strerror}") from None
    finally:
        for each in (fresh, trial):
            each.unlink(missing_ok=True)
    with suppress(OSError):  # some file systems cannot
        folder = os.open(real.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _write(fresh: Path, text: str, old: Path) -> None:
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
        with suppress(FileNotFoundError):  # the owner of the file that is there, and its mode, stay
            was = old.stat()
            if (was.st_uid, was.st_gid) != (os.geteuid(), os.getegid()):
                with suppress(PermissionError):
                    os.fchown(file.fileno(), was.st_uid, was.st_gid)
            os.fchmod(file.fileno(), stat.S_IMODE(was.st_mode))
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())


def _checked(fresh: Path, path: Path) -> None:
    try:
        load(fresh)
    except ConfigBroken as broken:
        raise ends_with(broken, fresh, path) from None


def ends_with(broken: ConfigBroken, fresh: Path, path: Path) -> SetupEnds:
    """The problems of a file that is not there yet, under the name that it would have."""
    problems = [
        re.sub(r"^[^\n]*?:(?:\d+:)? (?=\S+: )", "", p.replace(str(fresh), str(path))) for p in broken.problems
    ]
    return SetupEnds("the account cannot be written like this:\n  " + "\n  ".join(problems))
