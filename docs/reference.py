"""Makes the pages of docs/ that repeat what the code knows: `python docs/reference.py`.

providers.md (the table between its marks) from scatterclean.setup.providers, configuration.md from
scatterclean.toml and the schema, commands.md from what `--help` says.  A test compares them with the files: whoever
changes one of these makes the pages anew.
"""

from __future__ import annotations

import inspect
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
from pydantic import ValidationError

from scatterclean.cli import PROGRAM, exits
from scatterclean.cli.root import scatterclean
from scatterclean.config import load
from scatterclean.config.schema import FileTable, Table
from scatterclean.setup.providers import PROVIDERS, Login, Provider

DOCS = Path(__file__).parent
SAMPLE = DOCS.parent / "scatterclean.toml"
BEGIN, END = "<!-- made by docs/reference.py -->", "<!-- until here -->"
NOTE = f"{BEGIN}\n\n"


def pages() -> dict[str, str]:
    """By the name of the file in docs/: its whole text."""
    table = "\n".join(_providers())
    text = (DOCS / "providers.md").read_text(encoding="utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    return {
        "providers.md": f"{before}{BEGIN}\n\n{table}\n\n{END}{after}",
        "configuration.md": "\n".join(_configuration()),
        "commands.md": "\n".join(_commands()),
    }


# --- providers -------------------------------------------------------------------------------------------------

_WANTS = {
    Login.PASSWORD: "your password",
    Login.APP_PASSWORD: "an app password",
    Login.OAUTH: "OAuth2",
    Login.NO_IMAP: "no IMAP",
}


def _providers() -> Iterator[str]:
    yield "| provider | server | login | what to do first |"
    yield "|---|---|---|---|"
    for one in PROVIDERS:
        yield f"| {one.name} | {_server(one)} | {_WANTS[one.login]} | {_linked(' '.join(one.advice))} |"


def _server(one: Provider) -> str:
    hosts = dict.fromkeys(one.hosts.values())
    return ", ".join(f"`{host}`" for host in hosts if not host.startswith("127.")) or "none"


def _linked(text: str) -> str:
    """Addresses become links, and a command at the end is marked as one."""
    text = re.sub(r"https://[^\s,]+[^\s,.]", lambda m: f"<{m[0]}>", text).replace("|", "\\|")
    return re.sub(r"(scatterclean init [^|]*)$", r"`\1`", text)


# --- configuration ---------------------------------------------------------------------------------------------

_KEY = re.compile(r"^#?([a-z_]+) = (.*)$")
_HEADS = {
    "": "The file",
    "accounts.home": "An account",
    "accounts.home.kinds": "Kinds of mail",
}  # or as in the file
_TABLES = {
    "": "These keys stand at the top of the file, before the first table.",
    "accounts.home": "One table `[accounts.NAME]` for each mailbox; the name is yours to choose.  Every key "
    "of it may stand in `[defaults]` as well, and then holds for all accounts that do not have it themselves.",
    "accounts.home.kinds": "`[accounts.NAME.kinds]` says what is judged at all.",
}


def _configuration() -> Iterator[str]:
    yield f"# Configuration\n\n{NOTE}All keys of `scatterclean.toml`, of the commented sample and of the code."
    yield "`scatterclean check-config` tells everything that is wrong in yours, with its line, and where it is looked"
    yield "for; `--config PATH` or the variable `SCATTERCLEAN_CONFIG` names another file.\n"
    sample = SAMPLE.read_text(encoding="utf-8")
    yield next(line for line in sample.splitlines() if line.startswith("# Durations are")).removeprefix("# ")
    table, words, moved = "", list[str](), set[str]()
    yield from ("", f"## {_HEADS['']}", "", _TABLES[""])
    for line in sample.split("\n\n", 1)[1].splitlines():
        if head := re.fullmatch(r"\[([\w.]+)\]", line):
            table = {"defaults": "accounts.home"}.get(head[1], head[1])
            if table not in moved:
                moved.add(table)
                yield from ("", f"## {_HEADS.get(table, f'[{table}]')}", "", _TABLES.get(table, ""))
            words = []
        elif key := _KEY.match(line):
            name, _, comment = key[1], *key[2].partition("  # ")[1:]
            said = _text(words) or (f"{comment[:1].upper()}{comment[1:].strip()}." if comment else "")
            yield from _one(table, name, key[2].partition("  # ")[0].strip(), said)
            words = []
        elif line.startswith("#"):
            words.append(line.removeprefix("#").strip())
        elif not line:
            words = []
    yield ""


def _text(lines: list[str]) -> str:
    """Folders' and names' special signs as they are: Markdown would take a \\ or a * for its own."""
    return re.sub(r"(?<![`\"])([\\*<>])(?![`\"])", r"\\\1", "\n".join(lines))


def _one(table: str, key: str, value: str, said: str) -> Iterator[str]:
    yield from ("", f"### {key}", "", *([said, ""] if said else []))
    yield from ("```toml", f"{key} = {value}", "```", "")
    what = "the default" if _is_default(table, key, value) else "an example"
    facts = [f"This is {what}."]
    if expected := _expected(table, key):
        facts.append(expected)
    yield " ".join(facts)


def _is_default(table: str, key: str, value: str) -> bool:
    """Does the file mean the same without the line?"""
    least = '[accounts.home]\nhost = "h.example"\nusername = "me@h.example"\npassword_env = "X"\n'
    if key in {"host", "username", "database"} or key.startswith("password"):
        return False  # what every account must say, and what depends on the machine
    line = f"{key} = {value}\n"
    with_it = {"": line + least, "accounts.home": least + line}.get(table, f"{least}[{table}]\n{line}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "scatterclean.toml")
        try:
            path.write_text(least, encoding="utf-8")
            plain = load(path)
            path.write_text(with_it, encoding="utf-8")
            return load(path) == plain
        except Exception:  # noqa: BLE001 - an example that needs more than this file (a file of certificates)
            return False


def _schema(table: str) -> type[Table]:
    """The model of a table, by its name in the sample."""
    found: type[Table] = FileTable
    for part in filter(None, table.replace("accounts.home", "accounts").split(".")):
        inside = [found.model_fields[part].annotation]
        while not (isinstance(inside[0], type) and issubclass(inside[0], Table)):
            inside = [*get_args(inside[0]), *inside[1:]] if get_args(inside[0]) else inside[1:]
        found = inside[0]
    return found


def _expected(table: str, key: str) -> str:
    """What a key takes, in the words with which the code refuses anything else."""

    def refusal(value: object) -> str:
        try:
            _schema(table).model_validate({key: value})
        except ValidationError as error:
            return str(error.errors()[0]["msg"])
        return ""

    if short := re.search(r"expected at least (\S+) \(", refusal("-1")) or re.search(
        r"expected at least (\S+) \(", refusal(-1)
    ):
        longest = re.search(r"expected at most (\S+) \(", refusal(10**9))
        return f"From {short[1]} to {longest[1]}." if longest else f"At least {short[1]}."
    if choice := re.search(r'is not known, expected (".*" or "\w[\w-]*")', refusal("\N{SNOWMAN}")):
        return f"One of: {choice[1]}."
    return ""


# --- commands --------------------------------------------------------------------------------------------------


def _commands() -> Iterator[str]:
    ctx = click.Context(
        scatterclean, info_name=PROGRAM, max_content_width=100, help_option_names=["-h", "--help"]
    )
    yield f"# Commands\n\n{NOTE}What `scatterclean COMMAND --help` says, on one page.\n"
    yield from ("| command | |", "|---|---|")
    names = scatterclean.list_commands(ctx)
    found = {name: command for name in names if (command := scatterclean.get_command(ctx, name))}
    for name, command in found.items():
        yield f"| [`scatterclean {name}`](#scatterclean-{name}) | {command.get_short_help_str(200)} |"
    yield from ("", "Before or behind the name of any command:", "")
    yield from _options(ctx)
    yield from ("", "## Exit codes", "", "| code | meaning |", "|---|---|")
    yield from (f"| {code} | {meaning} |" for code, meaning in exits.MEANINGS)
    for name, command in found.items():
        inner = click.Context(command, parent=ctx, info_name=name)
        yield from _command(inner, "##")
        if isinstance(command, click.Group):
            for each in command.list_commands(inner):
                if deeper := command.get_command(inner, each):
                    yield from _command(click.Context(deeper, parent=inner, info_name=each), "###")
    yield ""


def _command(ctx: click.Context, head: str) -> Iterator[str]:
    command = ctx.command
    yield from ("", f"{head} {ctx.command_path}", "", "```text")
    yield f"{ctx.command_path} {' '.join(command.collect_usage_pieces(ctx))}"
    yield "```"
    for paragraph in inspect.cleandoc(command.help or "").partition("\f")[0].split("\n\n"):
        lines = paragraph.strip("\n").splitlines()
        whole = bool(lines) and lines[0].strip() == "\b"
        lines = lines[1:] if whole else lines
        if not lines:
            continue
        if lines[0].strip() == "Examples:":
            yield from _examples(lines[1:])
        elif whole:
            yield from ("", "```text", *inspect.cleandoc("\n".join(["", *lines])).splitlines(), "```")
        else:
            yield from ("", re.sub(r"([<>*_])", r"\\\1", " ".join(" ".join(lines).split())))
    if any(option.get_help_record(ctx) for option in command.get_params(ctx)):
        yield ""
        yield from _options(ctx)


def _examples(lines: list[str]) -> Iterator[str]:
    """What is a command of ours or ends in one is shown as one; the rest (a line of php.ini) as text."""
    yield ""
    shown = ""
    for line in lines:
        label, _, rest = (
            line.strip().partition(":  ") if re.match(r"\s*\w+:  ", line) else ("", "", line.strip())
        )
        words, _, said = re.sub(r"\s{2,}", "  ", rest.strip()).partition("  ")
        kind = (
            "console"
            if re.match(r"(sudo |eval \"\$\()?scatterclean |systemctl ", words) and label != "PowerShell"
            else "text"
        )
        if kind != shown:
            yield from (["```", ""] if shown else [])
            yield f"```{kind}"
            shown = kind
        note = ", ".join(filter(None, (label, said.strip("()"))))
        yield (f"$ {words}" if kind == "console" else words) + (f"  # {note}" if note else "")
    yield "```"


def _options(ctx: click.Context) -> Iterator[str]:
    yield from ("| option | |", "|---|---|")
    for each in ctx.command.get_params(ctx):
        if record := each.get_help_record(ctx):
            head, text = (part.replace("|", "\\|") for part in record)
            yield f"| `{head}` | {_escaped(text)} |"


def _escaped(text: str) -> str:
    """Signs that Markdown would take for its own, and are ours."""
    return re.sub(r"([<>*_])", r"\\\1", text)


def main() -> int:
    """Write the pages."""
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
