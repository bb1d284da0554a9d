"""The commands that a page shows: those behind `$ ` in blocks for a console, and those between backquotes in a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

# What begins with one of these, between backquotes, is a command.  A file or a word of the code is none.
PROGRAMS = (
    *(
        "scatterclean",
        "pip",
        "pipx",
        "uv",
        "python",
        "python3",
        "systemctl",
        "loginctl",
        "journalctl",
        "sudo",
    ),
    *(
        "podman",
        "docker",
        "source",
        "keyring",
        "crontab",
        "sqlite3",
        "zensical",
        "mkdocs",
        "apt-get",
        "brew",
        "mv",
    ),
    *(
        ".ci/run",
        ".venv/bin/python",
        ".venv/bin/scatterclean",
        ".venv/bin/zensical",
        "launchctl",
        "git",
        "man",
    ),
)
_INLINE = re.compile(rf"(?<!`)`((?:{'|'.join(map(re.escape, PROGRAMS))})(?: [^`\n]*)?)`(?!`)")
_FENCE = re.compile(r"^\s*```(.*)$")
_INDENTED = re.compile(r"^    ((?:python3?|scatterclean|pip|pipx|uv) .*)$")
# What other blocks may be.  One without a language is refused: is it something to type, or something to read?
LANGUAGES = ("console", "toml", "text", "python", "ini", "json", "xml", "yaml")


@dataclass(frozen=True, slots=True)
class Shown:
    """A command, one line; `block`: to be typed as it stands, and not only named in a sentence."""

    text: str
    page: str
    line: int
    block: bool

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text}"


def shown_in(page: Path) -> Iterator[Shown]:
    """In the order of the page.  ValueError for a block without a language, or with one that nobody expects."""
    name = str(page.relative_to(ROOT)) if page.is_relative_to(ROOT) else page.name
    fence: str | None = None
    lines = iter(enumerate(page.read_text("utf-8").splitlines(), 1))
    for number, line in lines:
        if mark := _FENCE.match(line):
            if fence is None and mark[1] not in LANGUAGES:
                raise ValueError(f"{name}:{number}: a block of {mark[1]!r}, expected one of {LANGUAGES}")
            fence = mark[1] if fence is None else None
        elif fence == "console":
            if (typed := line.strip()).startswith("$ "):
                while typed.endswith("\\"):
                    typed = f"{typed[:-1].rstrip()} {next(lines)[1].strip()}"
                yield Shown(_without_comment(typed[2:]), name, number, block=True)
        elif fence is None:
            if indented := _INDENTED.match(line):
                for text in _choices(indented[1]):
                    yield Shown(text, name, number, block=True)
            for inline in _INLINE.findall(line.replace("\\|", "|")):
                if (
                    inline.strip() not in PROGRAMS or "/" in inline
                ):  # the name of a program alone is only a name
                    yield Shown(inline.strip(), name, number, block=False)


def _without_comment(text: str) -> str:
    return re.sub(r"\s+#\s.*$", "", text).strip()


def _choices(text: str) -> list[str]:
    """`a [--b]` is `a`, and `a --b`."""
    if "[" not in text:
        return [text]
    return [re.sub(r"\s*\[.*?\]", "", text), re.sub(r"[\[\]]", "", text)]


def all_shown() -> list[Shown]:
    return [one for page in PAGES for one in shown_in(page)]
