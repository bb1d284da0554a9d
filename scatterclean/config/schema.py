"""The tables and keys of the file and what each may hold, as pydantic models; it knows nothing of other keys.

What two keys or two accounts must not be together is in `checks`.  Every message reads "what is wrong, what
is expected" and never repeats the value of a password.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, PlainValidator

from scatterclean.config.evidence import outbound, own_id
from scatterclean.config.notify import NotifyTable
from scatterclean.config.oauth import OAuth, Text
from scatterclean.config.outward import few_lists, host_list, ping_url
from scatterclean.config.settings import LogLevel, Tls
from scatterclean.config.values import Table, choice, did_you_mean, duration, one_line, shown, wrong
from scatterclean.model import SHARED_BY_MANY, Mode, Switch, WithoutId, WithoutUidplus

__all__ = ["AccountTable", "FileTable", "KindsTable", "Table", "did_you_mean", "shown", "wrong"]

# RFC 1035, 2.3.4: a host name has 253 characters; RFC 5321, 4.5.3.1: a path 256; IMAP sets no limit for
# names of folders, file systems do (255 bytes).
_MAX_HOST, _MAX_ADDRESS, _MAX_FOLDER = 253, 254, 255


def _host(value: str) -> str:
    value = value.strip()
    if "://" in value:
        raise wrong('looks like a URL, expected a bare host name such as "imap.example.org"')
    if re.fullmatch(r"[^:]+:\d+", value):
        raise wrong('holds a port, expected a bare host name; the port has a key of its own: "port"')
    if "@" in value:
        raise wrong('looks like an address, expected a host name such as "imap.example.org"')
    if not re.fullmatch(r"[\w.:%\[\]-]+", value) or value.startswith("."):
        raise wrong('not a host name, expected one such as "imap.example.org", or an IP address')
    return value.strip("[]").rstrip(".").lower()


_DOMAIN = re.compile(r"[^\s@<>,;:*()\[\]\"]+\.[^\s@<>,;:*()\[\]\".]+|localhost")


def _address(value: str) -> str:
    text = value.strip().lower()
    local, at, domain = text.rpartition("@")
    plain = 'expected an address such as "me@example.org", or "*@example.org" for a domain of your own'
    if any(c in text for c in "<>,; "):
        raise wrong(f"{shown(value)} is not one bare address, {plain}")
    if not at and _DOMAIN.fullmatch(text):
        raise wrong(f"{shown(value)} is a bare domain, {plain}")
    if at and not local:
        raise wrong(f"{shown(value)} has nothing before the @, {plain}")
    if not at or not _DOMAIN.fullmatch(domain):
        raise wrong(f"{shown(value)} is not an address, {plain}")
    if "*" in local and local != "*":
        raise wrong(f"{shown(value)}: * stands for everything before the @ and for nothing else, {plain}")
    if local == "*" and domain in SHARED_BY_MANY:
        raise wrong(f"{shown(value)} is the mail of everybody at {domain}, expected a domain of your own")
    return text


def _command(value: object) -> tuple[str, ...]:
    expected = "expected a command line for the shell, or a list: a program and its arguments"
    words = ["/bin/sh", "-c", value] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise wrong(f"neither text nor a list of texts, {expected}")
    if not words or not words[0].strip() or not words[-1].strip():
        raise wrong(f"empty, {expected}")
    if any("\0" in word for word in words):
        raise wrong(f"holds a NUL, {expected}")
    return tuple(words)


def _keyring(value: object) -> str:
    if value is True:
        return "scatterclean"
    if not isinstance(value, str) or not value.strip():
        raise wrong(
            'neither true nor text, expected true (service "scatterclean") or the name of the service'
        )
    return one_line()(value)


def _matching(pattern: str, expected: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            # Not shown: it may be the password itself, written where its place belongs.
            raise wrong(f"the text cannot be one, expected {expected}")
        return value

    return check


def _password(value: str) -> str:
    if not value:
        raise wrong("empty, expected the password")
    if any(c in value for c in "\0\r\n"):
        raise wrong("holds a line break or NUL, expected one line")
    return value


def _port(value: int) -> int:
    if not 1 <= value <= 65535:
        raise wrong("out of range, expected a number from 1 to 65535")
    return value


def _path(value: object) -> Path:
    if not isinstance(value, str):
        raise wrong("not text, expected a path in double quotes")
    one_line()(value)
    try:
        return Path(value).expanduser()
    except RuntimeError:  # "~nobody/x", or no home directory
        raise wrong("the home directory behind ~ is not known, expected a path") from None


def _database(value: Path) -> Path:
    if "://" in str(value) or ":/" in str(value):
        raise wrong("looks like a URL, expected the path of a SQLite file")
    return value


def _some(value: list[str]) -> list[str]:
    if not value:
        raise wrong("an empty list, expected at least one folder (or leave the key out)")
    return value


Line = Annotated[str, AfterValidator(one_line())]
Person = Annotated[str, AfterValidator(one_line(64, least=0))]
Host = Annotated[str, AfterValidator(one_line(_MAX_HOST)), AfterValidator(_host)]
PathText = Annotated[Path, PlainValidator(_path)]
# An object to pydantic: of a class it would make a schema for writing, and nobody writes it.
Ping = Annotated[object, PlainValidator(ping_url)]
HostList = Annotated[str, AfterValidator(one_line(_MAX_HOST)), AfterValidator(host_list)]
Port = Annotated[int, AfterValidator(_port)]
Address = Annotated[str, AfterValidator(one_line(_MAX_ADDRESS)), AfterValidator(_address)]
Outbound = Annotated[str, AfterValidator(one_line(_MAX_HOST)), AfterValidator(outbound)]
OwnId = Annotated[str, AfterValidator(one_line(_MAX_HOST)), AfterValidator(own_id)]
Folder = Annotated[str, AfterValidator(one_line(_MAX_FOLDER))]
Folders = Annotated[list[Folder], AfterValidator(_some)]
Command = Annotated[tuple[str, ...], PlainValidator(_command)]
Keyring = Annotated[str, PlainValidator(_keyring)]
Variable = Annotated[
    str, AfterValidator(_matching(r"[A-Za-z_][A-Za-z0-9_]*", "the name of an environment variable"))
]
Credential = Annotated[
    # systemd.exec(5): the id of a credential is a file name.
    str, AfterValidator(_matching(r"(?!\.)[A-Za-z0-9._-]{1,255}", "the id given to LoadCredential=, no path"))
]
Password = Annotated[str, AfterValidator(_password)]
OneSwitch = Annotated[Switch, choice(Switch)]
# Office 365 answers "Request is throttled", Yahoo UNAVAILABLE, Gmail locks out for hours (field guide, 5).
Poll = Annotated[
    timedelta,
    duration(("5s", "a sweep takes seconds itself"), ("1d", "orphans would lie in the inbox")),
]
Settle = Annotated[
    timedelta,
    duration(("0s", "time does not run backwards"), ("7d", "a Sent copy that is a week late is not coming")),
]
Keep = Annotated[
    timedelta,
    duration(
        ("30d", "what was put away by mistake must be found in time"), ("3650d", "leave it out to keep all")
    ),
]
# The first touch of a big folder is 5 to 25 times slower than the next (field guide, 6).
Timeout = Annotated[
    timedelta,
    duration(("5s", "servers pause when a folder is big"), ("10m", "a dead connection would go unnoticed")),
]


class KindsTable(Table):
    """`[accounts.NAME.kinds]`: one key for each of model.Kind."""

    bounce: OneSwitch | None = None
    delay: OneSwitch | None = None
    success: OneSwitch | None = None
    autoreply: OneSwitch | None = None
    challenge: OneSwitch | None = None
    notice: OneSwitch | None = None
    receipt: OneSwitch | None = None
    complaint: OneSwitch | None = None


class AccountTable(Table):
    """`[accounts.NAME]` and `[defaults]`: None means that the key is not there."""

    host: Host | None = None
    port: Port | None = None
    tls: Annotated[Tls, choice(Tls)] | None = None
    allow_plaintext: bool | None = None
    ca_file: PathText | None = None
    username: Line | None = None
    password_command: Command | None = None
    password_file: PathText | None = None
    password_env: Variable | None = None
    password_credential: Credential | None = None
    password_keyring: Keyring | None = None
    password: Annotated[Password | None, Field(repr=False)] = None
    token_command: Command | None = None
    oauth: OAuth | None = None
    oauth_client_id: Text | None = None
    oauth_client_secret: Annotated[Text | None, Field(repr=False)] = None
    addresses: list[Address] | None = None
    shared: list[Address] | None = None
    never_sends: list[Address] | None = None
    person: Person | None = None
    outbound: list[Outbound] | None = None
    own_ids: list[OwnId] | None = None
    without_id: Annotated[WithoutId, choice(WithoutId)] | None = None
    dns: bool | None = None
    watch: Folders | None = None
    sent: Folders | None = None
    also_sent: Folders | None = None
    backscatter: Folder | None = None
    keep_backscatter: Keep | None = None
    without_uidplus: Annotated[WithoutUidplus, choice(WithoutUidplus)] | None = None
    mode: Annotated[Mode, choice(Mode)] | None = None
    push: bool | None = None
    poll: Poll | None = None
    settle: Settle | None = None
    timeout: Timeout | None = None
    kinds: KindsTable | None = None


class FileTable(Table):
    database: Annotated[PathText, AfterValidator(_database)] | None = None
    log_level: Annotated[LogLevel, choice(LogLevel)] | None = None
    metrics_file: PathText | None = None
    ping_url: Ping | None = None
    backscatter_lists: Annotated[list[HostList], AfterValidator(few_lists)] | None = None
    defaults: AccountTable | None = None
    notify: NotifyTable | None = None
    accounts: dict[str, AccountTable] | None = None
