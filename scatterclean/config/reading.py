"""From a path to Settings, or to all problems at once; it fetches no password and writes nothing."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import platformdirs
from pydantic import ValidationError

from scatterclean.config import problems
from scatterclean.config.checks import (
    Candidate,
    given_in,
    lay_over,
    problems_between,
    problems_of,
    warnings_of,
)
from scatterclean.config.lines import Path as KeyPath
from scatterclean.config.lines import lines_of
from scatterclean.config.notify import settings_of
from scatterclean.config.oauth import client_of
from scatterclean.config.outward import PingUrl, warnings_of_file
from scatterclean.config.problems import Problem
from scatterclean.config.schema import AccountTable, FileTable, shown
from scatterclean.config.secret import Secret, Source
from scatterclean.config.settings import POLL, SETTLE, TIMEOUT, AccountSettings, LogLevel, Settings
from scatterclean.errors import ConfigBroken, ConfigMissing
from scatterclean.model import (
    DEFAULT_SWITCHES,
    Account,
    Kind,
    Mode,
    OAuthClient,
    WithoutId,
    WithoutUidplus,
)

ENVIRONMENT = "SCATTERCLEAN_CONFIG"
_MAX_FILE = 1_000_000  # bytes; a thousand accounts have a third of it
_LEAST = """
    [accounts.home]
    host = "imap.example.org"
    username = "me@example.org"
    password_command = "pass show mail"
    addresses = ["me@example.org"]
"""
_BYTE_ORDER_MARKS = {
    b"\xef\xbb\xbf": "UTF-8 with a byte order mark",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}

_Value = TypeVar("_Value")


def default_path() -> Path:
    """$SCATTERCLEAN_CONFIG, else scatterclean.toml in the platform's directory for configuration."""
    named = os.environ.get(ENVIRONMENT)
    if named:
        return Path(named)
    return platformdirs.user_config_path("scatterclean", appauthor=False) / "scatterclean.toml"


def default_database() -> Path:
    """scatterclean.db in the platform's directory for data."""
    return platformdirs.user_data_path("scatterclean", appauthor=False) / "scatterclean.db"


def load(path: Path) -> Settings:
    """Read, check and fill in the defaults.

    Raises ConfigMissing, and ConfigBroken with every problem as `file:line: key: what is wrong, what is
    expected`.  Relative paths in the file start from its directory.
    """
    name = _printable(path)
    raw, mode = _content_of(path, name)
    text = _decoded(raw, name)
    data = _parsed(text, name)
    where = lines_of(text)
    file, broken, found = _validated(data)
    candidates = _candidates(file, data, broken)
    base = path.parent
    if not candidates and not any(at[0] == "accounts" for at in broken):
        found.append(Problem(("accounts",), "there is none, expected at least one table [accounts.NAME]"))
    for candidate in candidates:
        found += problems_of(candidate, base)
    found += problems_between(candidates)
    database = base / file.database if file.database else default_database()
    if _is_directory(database):
        found.append(
            Problem(
                ("database",), f"{shown(str(database), 1000)} is a directory, expected the path of a file"
            )
        )
    metrics_file = base / file.metrics_file if file.metrics_file else None
    if metrics_file is not None and _is_directory(metrics_file):
        found.append(Problem(("metrics_file",), "is a directory, expected the path of a file"))
    if found:
        raise ConfigBroken(problems.render(name, found, where))
    readable = bool(mode & (stat.S_IRGRP | stat.S_IROTH))
    unwise = [
        warning for candidate in candidates for warning in warnings_of(candidate, readable_by_others=readable)
    ]
    if file.notify and file.notify.apprise and mode & (stat.S_IRGRP | stat.S_IROTH):
        what = "others may read this file, and so what these addresses hold, expected mode 600 (chmod 600)"
        unwise.append(Problem(("notify", "apprise"), what))
    ping_url = file.ping_url if isinstance(file.ping_url, PingUrl) else None
    told = warnings_of_file(metrics_file, ping_url, readable_by_others=readable)
    unwise += [Problem((key,), text) for key, text in told]
    return Settings(
        path=path,
        database=database,
        accounts=tuple(_settings(candidate, base, database) for candidate in candidates),
        log_level=file.log_level or LogLevel.INFO,
        notify=settings_of(file.notify),
        metrics_file=metrics_file,
        ping_url=ping_url,
        backscatter_lists=tuple(dict.fromkeys(file.backscatter_lists or ())),
        warnings=problems.render(name, unwise, where),
    )


def _is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # not to be reached, or too long: the store will say so when it opens it
        return False


def _printable(path: Path) -> str:
    # A path may hold any bytes (surrogates here) and line breaks; an error is one line that can be printed.
    text = os.fsencode(path).decode("utf-8", errors="backslashreplace")
    return "".join(c if c.isprintable() else "?" for c in text)


def _content_of(path: Path, name: str) -> tuple[bytes, int]:
    """The bytes and the mode of the file."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):  # reading a FIFO may wait for ever, a device may never end
            what = "a directory" if stat.S_ISDIR(mode) else "no regular file"
            raise ConfigBroken((f"{name}: is {what}, expected a TOML file",))
        with path.open("rb") as file:
            raw = file.read(_MAX_FILE + 1)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: NUL in the path
        raise ConfigMissing(
            f"{name}: there is no such file, expected the configuration",
            hint=f"`scatterclean init` makes one, by asking you; or name it with --config or ${ENVIRONMENT}; "
            f"the least that it needs:\n{_LEAST}",
        ) from None
    except OSError as error:
        raise ConfigBroken((f"{name}: cannot be read ({error.strerror}), expected a TOML file",)) from None
    if len(raw) > _MAX_FILE:
        raise ConfigBroken((f"{name}: is larger than {_MAX_FILE} bytes, expected a TOML file",))
    return raw, mode


def _decoded(raw: bytes, name: str) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if raw.startswith(mark):
            raise ConfigBroken((f"{name}:1: file: is {encoding}, expected plain UTF-8",))
    text = raw.decode("utf-8", errors="surrogateescape")  # UnicodeDecodeError would carry the bytes along
    foreign = re.search("[\udc80-\udcff]", text)
    if foreign:
        line = text.count("\n", 0, foreign.start()) + 1
        raise ConfigBroken((f"{name}:{line}: file: is not UTF-8 here, expected plain UTF-8",))
    return text


_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def _parsed(text: str, name: str) -> Mapping[str, object]:
    last = max(1, text.rstrip().count("\n") + 1)
    try:
        return tomllib.loads(text)
    except RecursionError:
        line, message = last, "nested too deeply, expected tables and lists of one or two levels"
    except ValueError as error:  # TOMLDecodeError, and int() of more than 4300 digits
        position = _POSITION.search(str(error))
        line = int(position[1]) if position and position[1] else last
        message = _POSITION.sub("", str(error))
        if told := problems.syntax_of_line(message, text.split("\n")[:line]):
            raise ConfigBroken((f"{name}:{line}: {told}",)) from None
        message = problems.syntax(message, at_end=bool(position and not position[1]))
    raise ConfigBroken((f"{name}:{line}: file: {message}",))


def _validated(data: Mapping[str, object]) -> tuple[FileTable, frozenset[KeyPath], list[Problem]]:
    """The tables without what the schema refuses; the refused paths; what is wrong with them.

    What is left is validated again, so that the checks between keys still see everything that is usable.
    """
    usable = _copied(data, 4)
    broken: set[KeyPath] = set()
    found: list[Problem] = []
    while True:
        try:
            return FileTable.model_validate(usable), frozenset(broken), found
        except ValidationError as error:
            refused = error.errors(include_url=False, include_input=False)
        found += problems.from_pydantic(refused, usable)
        for each in refused:
            loc = each["loc"]
            key = next((loc[:i] for i, part in enumerate(loc) if isinstance(part, int)), loc)
            broken.add(key)
            _remove(usable, key)


def _copied(table: Mapping[str, object], depth: int) -> dict[str, object]:
    return {
        key: _copied(value, depth - 1) if depth > 1 and isinstance(value, dict) else value
        for key, value in table.items()
    }


def _remove(table: dict[str, object], path: KeyPath) -> None:
    inner: object = table
    for part in path[:-1]:
        inner = inner.get(part) if isinstance(inner, dict) else None
    if isinstance(inner, dict):
        inner.pop(path[-1], None)


def _candidates(file: FileTable, data: Mapping[str, object], broken: frozenset[KeyPath]) -> list[Candidate]:
    raw = data.get("accounts")
    known = frozenset(AccountTable.model_fields)
    defaults = file.defaults or AccountTable()
    default_keys = given_in(data.get("defaults")) & known
    return [
        lay_over(name, own, defaults, (given_in(raw.get(name)) & known, default_keys), broken)
        for name, own in (file.accounts or {}).items()
        if isinstance(raw, dict)
    ]


def _settings(candidate: Candidate, base: Path, database: Path) -> AccountSettings:
    table = candidate.table
    chosen = table.kinds or None
    switches = dict(DEFAULT_SWITCHES)
    for kind in Kind:
        switch = getattr(chosen, kind.value, None)
        if switch is not None:
            switches[kind] = switch
    return AccountSettings(
        account=Account(
            name=candidate.name,
            identities=candidate.identities,
            person=table.person or "",
            watch=tuple(candidate.watch),
            sent=tuple(table.sent or ()),
            also_sent=tuple(table.also_sent or ()),
            backscatter=candidate.backscatter,
            keep_backscatter=table.keep_backscatter,
            without_uidplus=table.without_uidplus or WithoutUidplus.REFUSE,
            mode=table.mode or Mode.OBSERVE,
            settle=_or(table.settle, SETTLE),
            server=table.host or "",
            hosts=frozenset(table.outbound or ()),
            own_ids=tuple(table.own_ids or ()),
            without_id=table.without_id or WithoutId.KEEP,
            switches=switches,
        ),
        dns=_or(table.dns, True),
        host=table.host or "",
        username=table.username or "",
        secret=_secret(candidate, base),
        port=candidate.port,
        tls=candidate.tls,
        ca_file=base / table.ca_file if table.ca_file else None,
        timeout=_or(table.timeout, TIMEOUT),
        poll=_or(table.poll, POLL),
        push=_or(table.push, True),
        oauth=_oauth(candidate),
        tokens=database.with_name(f"{database.name}.oauth"),
    )


def _or(value: _Value | None, default: _Value) -> _Value:
    return default if value is None else value


def _oauth(candidate: Candidate) -> OAuthClient | None:
    table = candidate.table
    if table.oauth is None:
        return None
    return client_of(table.oauth, table.oauth_client_id, table.oauth_client_secret)


def _secret(candidate: Candidate, base: Path) -> Secret:
    table = candidate.table
    source = Source(candidate.sources()[0])
    match source:
        case Source.COMMAND | Source.TOKEN:
            program, *arguments = getattr(table, source.value) or ("",)
            return Secret(
                source, (str(Path(program).expanduser()) if program[0] == "~" else program, *arguments)
            )
        case Source.FILE:
            return Secret(source, (str(base / (table.password_file or "")),))
        case Source.KEYRING:
            return Secret(source, (table.password_keyring or "", table.username or ""))
        case Source.ENV | Source.CREDENTIAL | Source.PLAIN:
            return Secret(source, (str(getattr(table, source.value)),))
        case Source.OAUTH:
            return Secret(source, ())
