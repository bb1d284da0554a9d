"""Commands of click -> manual pages in roff (man(7), groff_man(7)); it prints and writes nothing.

A page is made from what `--help` says, so that it cannot say anything else.  It holds no date and no version: docs/man
is in the repository, and is to change only when the help does.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from scatterclean.cli import PROGRAM, exits

_FILES = (
    (
        "~/.config/scatterclean/scatterclean.toml",
        "The configuration; elsewhere on macOS, see `scatterclean check-config`.",
    ),
    (
        "~/.local/share/scatterclean/scatterclean.db",
        "The log of what you sent, the journal of moves, all findings.",
    ),
)

_HEADS = (".SH", ".SS")


def pages(root: click.Group) -> dict[str, str]:
    """By the name of the file: one page for the program, one for each command."""
    ctx = click.Context(root, info_name=PROGRAM, help_option_names=["-h", "--help"], max_content_width=100)
    found = {f"{PROGRAM}.1": _page(ctx)}
    for name in root.list_commands(ctx):
        command = root.get_command(ctx, name)
        if command is not None:
            found[f"{PROGRAM}-{name}.1"] = _page(click.Context(command, parent=ctx, info_name=name))
    return found


def _page(ctx: click.Context) -> str:
    command = ctx.command
    name = ctx.command_path.replace(" ", "-")
    short = command.get_short_help_str(200).rstrip(".")
    lines = [
        f'.TH "{_escaped(name.upper())}" 1 "" "{PROGRAM}" "User Commands"',
        ".SH NAME",
        f"{_escaped(name)} \\- {_escaped(short[:1].lower() + short[1:])}",
        ".SH SYNOPSIS",
        *_synopsis(ctx),
        ".SH DESCRIPTION",
        *_prose(command, examples=False),
    ]
    lines += _options(ctx)
    if isinstance(command, click.Group):
        lines += _commands(command, ctx)
    if examples := list(_prose(command, examples=True)):
        lines += [".SH EXAMPLES", *examples]
    if ctx.parent is None:
        lines += [".SH EXIT STATUS", *_list((str(code), meaning) for code, meaning in exits.MEANINGS)]
        lines += [".SH FILES", *_list(_FILES)]
    lines += [".SH SEE ALSO", *_also(ctx)]
    # The first paragraph behind a heading needs no mark.
    kept = [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if not (line == ".PP" and before[:3] in _HEADS)
    ]
    return "\n".join(kept) + "\n"


def _synopsis(ctx: click.Context) -> Iterator[str]:
    yield f".B {_escaped(ctx.command_path)}"
    yield _escaped(" ".join(ctx.command.collect_usage_pieces(ctx)))


def _commands(group: click.Group, ctx: click.Context) -> Iterator[str]:
    """The program's commands have pages of their own; those of a group stand on its page."""
    yield ".SH COMMANDS"
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        if command is None:
            continue
        if ctx.parent is None:
            yield from _list([(f"{PROGRAM}-{name}(1)", command.get_short_help_str(200))])
            continue
        inner = click.Context(command, parent=ctx, info_name=name)
        yield f'.SS "{_escaped(inner.command_path)} {_escaped(" ".join(command.collect_usage_pieces(inner)))}"'
        yield from _prose(command, examples=False)
        yield from _list(_records(inner))
        if examples := list(_prose(command, examples=True)):
            yield from (".PP", "Examples:", *examples)


def _options(ctx: click.Context) -> Iterator[str]:
    if records := _records(ctx):
        yield ".SH OPTIONS"
        yield from _list(records)


def _records(ctx: click.Context) -> list[tuple[str, str]]:
    records = (each.get_help_record(ctx) for each in ctx.command.get_params(ctx))
    return [record for record in records if record is not None]


def _prose(command: click.Command, *, examples: bool) -> Iterator[str]:
    """The paragraphs of the help, without or only with its examples; behind \\b lines stay as they are."""
    text = inspect.cleandoc(command.help or "").partition("\f")[0]
    for paragraph in text.split("\n\n"):
        lines = paragraph.strip("\n").splitlines()
        whole = bool(lines) and lines[0].strip() == "\b"
        lines = lines[1:] if whole else lines
        if not lines or (lines[0].strip() == "Examples:") is not examples:
            continue
        if examples:
            lines = lines[1:]
        if whole:
            yield from (
                ".PP",
                ".nf",
                *map(_line, inspect.cleandoc("\n" + "\n".join(lines)).splitlines()),
                ".fi",
            )
        else:
            yield from (".PP", *map(_line, (" ".join(line.split()) for line in lines)))


def _list(
    records: Iterator[tuple[str, str]] | list[tuple[str, str]] | tuple[tuple[str, str], ...],
) -> Iterator[str]:
    for head, text in records:
        yield from (".TP", f".B {_escaped(head)}", _line(text))


def _also(ctx: click.Context) -> Iterator[str]:
    others = [PROGRAM] if ctx.parent is not None else []
    if ctx.parent is None and isinstance(ctx.command, click.Group):
        others = [f"{PROGRAM}-{name}" for name in ctx.command.list_commands(ctx)]
    for place, other in enumerate(others):
        yield f".BR {_escaped(other)} (1)" + ("," if place < len(others) - 1 else "")


def _line(text: str) -> str:
    escaped = _escaped(text)
    return f"\\&{escaped}" if escaped.startswith((".", "\\(aq")) else escaped


def _escaped(text: str) -> str:
    return (
        text.replace("\\", "\\e")
        .replace("-", "\\-")
        .replace('"', "\\(dq")
        .replace("'", "\\(aq")
        .replace("`", "\\(ga")
    )
