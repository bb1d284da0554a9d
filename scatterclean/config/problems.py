"""What is wrong with a file, in the words of the house; it finds nothing by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from scatterclean.config import lines
from scatterclean.config.notify import NotifyTable
from scatterclean.config.oauth import OAuthTable
from scatterclean.config.schema import AccountTable, FileTable, KindsTable, did_you_mean, shown

# Names that other programs (mbsync, getmail, himalaya, offlineimap, isbg) give to what is meant here.
_ELSEWHERE: Mapping[str, str] = {
    "user": "username",
    "login": "username",
    "server": "host",
    "hostname": "host",
    "imap_host": "host",
    "ssl": "tls",
    "encryption": "tls",
    "starttls": "tls",
    "certificate": "ca_file",
    "pass": "password",
    "passwd": "password",
    "passcmd": "password_command",
    "password_cmd": "password_command",
    "password_eval": "password_command",
    "passwordeval": "password_command",
    "oauth2": "oauth",
    "auth": "oauth",
    "xoauth2": "oauth",
    "token_cmd": "token_command",
    "oauth_command": "token_command",
    "auth_endpoint": "authorization_endpoint",
    "authorize_endpoint": "authorization_endpoint",
    "devicecode_endpoint": "device_endpoint",
    "scopes": "scope",
    "redirect_uri": "redirect",
    "folders": "watch",
    "inbox": "watch",
    "mailbox": "watch",
    "interval": "poll",
    "idle": "push",
    "email": "addresses",
    "aliases": "addresses",
    "identities": "addresses",
    "hosts": "outbound",
    "smtp": "outbound",
    "smtp_host": "outbound",
    "relay": "outbound",
    "relays": "outbound",
    "message_ids": "own_ids",
    "target": "backscatter",
    "dry_run": "mode",
    "db": "database",
    "loglevel": "log_level",
}

_TYPES: Mapping[str, str] = {
    "string_type": "not text, expected text in double quotes",
    "int_type": "not a whole number, expected one without quotes",
    "bool_type": "neither true nor false, expected one of them without quotes",
    "list_type": 'not a list, expected texts in square brackets, such as ["one", "two"]',
    "model_type": "not a table, expected a table of keys",
    "dict_type": "not a table, expected one table per account: [accounts.NAME]",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """`at` is the path of the key in the file, `text` what is wrong and what is expected."""

    at: lines.Path
    text: str


def dotted(path: lines.Path) -> str:
    """A path as one writes it in TOML; list indexes are left out."""
    keys = [part for part in path if isinstance(part, str)]
    return ".".join(
        key if key and key.isascii() and key.replace("-", "_").isidentifier() else shown(key) for key in keys
    )


def render(file: str, problems: Iterable[Problem], where: Mapping[lines.Path, int]) -> tuple[str, ...]:
    """`file:line: key: text`, in the order of the lines, each once."""
    placed: dict[tuple[int, str], None] = {}
    for problem in problems:
        path = problem.at
        while path and path not in where:
            path = path[:-1]
        placed[where.get(path, 1), f"{dotted(problem.at) or 'file'}: {problem.text}"] = None
    return tuple(f"{file}:{line}: {text}" for line, text in sorted(placed, key=lambda each: each[0]))


def from_pydantic(errors: Iterable[ErrorDetails], data: Mapping[str, object]) -> list[Problem]:
    """`data` is what was validated: an unknown key is spoken of by what stands behind it."""
    return [Problem(error["loc"], _said(error, data)) for error in errors]


def _said(error: ErrorDetails, data: Mapping[str, object]) -> str:
    kind, loc = error["type"], error["loc"]
    if kind == "said":
        return str(error["ctx"]["text"])
    if kind == "extra_forbidden":
        return _unknown(loc, _value_at(loc, data))
    item = f"item {loc[-1] + 1} is " if isinstance(loc[-1], int) else ""
    if kind == "dict_type" and isinstance(_value_at(loc, data), list):
        return "an array of tables, expected one table per account: [accounts.NAME] instead of [[accounts]]"
    if kind == "model_type" and len(loc) == 2:
        return "not a table, expected a table [accounts.NAME] for each account"
    return item + _TYPES.get(kind, f"cannot be used ({kind})")


def _value_at(loc: lines.Path, data: object) -> object:
    for part in loc:
        if isinstance(data, Mapping):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int):
            data = data[part]
    return data


def _keys(model: type[BaseModel]) -> list[str]:
    return list(model.model_fields)


def _unknown(loc: lines.Path, value: object) -> str:
    key = str(loc[-1])
    table: type[BaseModel] = FileTable
    if loc[0] == "defaults" or loc[0] == "accounts":
        table = KindsTable if "kinds" in loc[1:-1] else OAuthTable if "oauth" in loc[1:-1] else AccountTable
    if loc[0] == "notify" and len(loc) > 1:
        table = NotifyTable
    folded = key.lower().replace("-", "_").strip()
    known = _keys(table)
    if table is FileTable and isinstance(value, dict):
        if meant := did_you_mean(key, ["accounts", "defaults", "notify"]):
            return f"unknown table, did you mean {meant}?"
        if set(value) & set(_keys(AccountTable)):
            return f"unknown table, did you mean [accounts.{dotted((key,))}]?"
    if table is AccountTable and loc[0] == "accounts" and isinstance(value, dict):
        name = f"{loc[1]}.{key}"
        return f'unknown table, did you mean [accounts."{name}"]? A name with a dot needs quotes'
    for other, place in (
        (FileTable, "at the top of the file, before the first [table]"),
        (AccountTable, "into [accounts.NAME] or [defaults]"),
        (KindsTable, "into [accounts.NAME.kinds]"),
        (NotifyTable, "into [notify]"),
        (OAuthTable, "into [accounts.NAME.oauth]"),
    ):
        if other is not table and folded in _keys(other):
            return f"unknown key here, it belongs {place}"
    meant = _ELSEWHERE.get(folded, "")
    meant = meant if meant in known else did_you_mean(key, known)
    if meant:
        return f"unknown key, did you mean {meant}?"
    return f"unknown key, expected one of: {', '.join(known)}"


def syntax(message: str, *, at_end: bool) -> str:
    """A message of tomllib, without its position, as what is wrong and what is expected."""
    if at_end and message.startswith("Invalid value"):
        return "the file ends in the middle of a value, expected the value and the brackets behind it"
    for start, text in _SYNTAX.items():
        if message.startswith(start):
            return text
    # Not the message itself: it may quote the text, and that may be a password.
    return "not valid TOML, expected key = value"


_HEADER = re.compile(r"\s*\[\s*([^\]\[]+?)\s*\]\s*(?:#.*)?")
_UNQUOTED_NAME = re.compile(r"accounts\.([^\"'\]]+)")
_UNQUOTED_TEXT = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=\s*[^\s\"'\[{#]")


def syntax_of_line(message: str, text: Sequence[str]) -> str:
    """`key: what is wrong` where the line, the last of `text`, tells more than the message does; else "".

    Names of keys and tables are told, values never: one of them may be a password."""
    line = text[-1]
    header = _HEADER.fullmatch(line)
    if header and message.startswith("Cannot declare"):
        for number, other in enumerate(text[:-1], 1):
            first = _HEADER.fullmatch(other)
            if first and first[1] == header[1]:
                return f"{_legible(header[1])}: there already, in line {number}, expected every table once"
    if header and message.startswith("Expected ']' at the end of a table"):
        name = _UNQUOTED_NAME.fullmatch(header[1])
        if name:
            return (
                "file: a name with other than letters, digits, hyphens and underscores needs quotes, "
                f"expected [accounts.{shown(name[1])}]"
            )
    key = _UNQUOTED_TEXT.match(line)
    if key and message.startswith("Invalid value"):
        return f'{_legible(key[1])}: text without quotes, expected {_legible(key[1])} = "..."'
    return ""


def _legible(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:100])


# The messages differ between Python versions, and quote characters and keys of the file.
_SYNTAX: Mapping[str, str] = {
    "Invalid statement": "not valid TOML, expected a [table], or key = value",
    "Expected newline or end of document": (
        "something stands behind the value, expected the end of the line (is a quote missing or too many?)"
    ),
    "Expected '=' after a key": "not valid TOML, expected key = value",
    'Expected "\'"': "a text does not end on its line, expected a closing single quote",
    "Expected ']' at the end of a table": "a table's header does not end, expected [table]",
    "Expected ']]' at the end of an array": "a table's header does not end, expected [[table]]",
    "Invalid initial character for a key": "not valid TOML, expected the name of a key",
    "Invalid value": 'no value, expected text in double quotes ("..."), a number, true or false',
    "Cannot overwrite a value": "this key is there already, expected every key once",
    "Duplicate inline table key": "this key is there already, expected every key once",
    "Cannot declare": "this table is there already, expected every table once",
    "Cannot mutate immutable": "this table is complete already, expected its keys in one place",
    "Cannot redefine namespace": "this table is there already, expected every table once",
    "Unclosed array": "a list does not end, expected a closing ]",
    "Unclosed inline table": "an inline table does not end, expected a closing }",
    "Unescaped '\\' in a string": (
        "a backslash in double quotes, expected \\\\ for one backslash, or single quotes around the text"
    ),
    "Invalid hex value": "\\u in double quotes without its digits, expected \\\\ for one backslash",
    "Escaped character is not": "\\u names no character, expected \\\\ for one backslash",
    "Unterminated string": "a text does not end, expected its closing quotes",
    "Illegal character '\\n'": "a text does not end on its line, expected a closing double quote",
    "Illegal character": "a control character, expected plain text",
    "Found invalid character '\\n'": "a text does not end on its line, expected a closing single quote",
    "Found invalid character": "a control character, expected plain text",
    "Invalid date": "no such date, expected text in double quotes",
    "Exceeds the limit": "a number that is far too long, expected a shorter one",
}
