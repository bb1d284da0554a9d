"""What is printed where: results on standard output, everything else on standard error.  It words nothing.

Nothing that is printed is read as markup: a subject "[bold]" or ":skull:" stays what it is.  Control
characters of strangers are taken out before, by `wording.shown`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, NoReturn

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from scatterclean import wording
from scatterclean.cli import exits

# Not on a terminal nothing is known about a width: lines stay whole, tables get this much.
_WIDE = 120
_LINE = 2000


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """rich would end the process with 1; the door knows better."""
        raise exits.ReaderGone


@dataclass(slots=True)
class Screen:
    """`people` is what a person reads: standard output, but standard error where a program reads the output.

    `aside` is always standard error: progress, questions, troubles.
    """

    people: Console
    aside: Console
    for_program: bool

    @staticmethod
    def open(*, json: bool, no_color: bool) -> Screen:
        aside = _console(sys.stderr, no_color)
        return Screen(aside if json else _console(sys.stdout, no_color), aside, json)

    def say(self, text: str = "", style: str = "", *, indent: int = 0) -> None:
        """A line or a paragraph for people; on a terminal it is wrapped at words."""
        _print(self.people, text, style, indent)

    def trouble(self, text: str, *, style: str = "yellow") -> None:
        """What went wrong, with its hint, for people."""
        _print(self.aside, text, style, 0)

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int = 0) -> None:
        """The last `numbers` columns are aligned to the right."""
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for place, head in enumerate(heads):
            right = place >= len(heads) - numbers
            table.add_column(head, justify="right" if right else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(wording.shown(cell)) for cell in row))
        self.people.print(table)

    def give(self, value: Mapping[str, object]) -> None:
        """One JSON object on a line of standard output.  ASCII: no terminal obeys what a stranger wrote."""
        try:
            sys.stdout.write(json.dumps(value, ensure_ascii=True) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            raise exits.ReaderGone from None

    def give_file(self, data: bytes) -> None:
        """A whole file on standard output, byte by byte: line ends and encoding are those of its format."""
        try:
            output = getattr(sys.stdout, "buffer", None)
            if output is None:  # a stream of text, in a test
                sys.stdout.write(data.decode("utf-8"))
            else:
                sys.stdout.flush()
                output.write(data)
            sys.stdout.flush()
        except BrokenPipeError:
            raise exits.ReaderGone from None


def _console(stream: IO[str], no_color: bool) -> Console:
    wide = None if stream.isatty() or "COLUMNS" in os.environ else _WIDE
    return _Console(
        file=stream,
        markup=False,
        highlight=False,
        emoji=False,
        width=wide,
        no_color=no_color or None,
    )


def _print(console: Console, text: str, style: str, indent: int) -> None:
    # What servers and strangers wrote was cut and cleaned where it came in; this is the last gate.
    text = "\n".join(wording.shown(line, _LINE) for line in text.splitlines())
    if console.is_terminal:
        console.print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False))
        return
    # A program or a log file gets whole lines.
    whole = "\n".join(" " * indent + line if line else line for line in text.splitlines())
    console.print(Text(whole, style=style), soft_wrap=True)
