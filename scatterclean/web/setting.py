"""Templates that escape everything, the two files that pages load, and pages without a session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.wrappers import Response

from scatterclean import __version__, wording
from scatterclean.page import setting as page
from scatterclean.web.request import answer

HERE = Path(__file__).parent / "templates"
_LINE = 1000


@dataclass(frozen=True, slots=True)
class File:
    text: str
    kind: str


def _read(name: str) -> str:
    return (HERE / name).read_text("utf-8")


# All that is served as a file; read once, and named by nobody but this table.
FILES: Mapping[str, File] = {
    "/style.css": File(f"{page.style()}\n{_read('dashboard.css')}", "text/css; charset=utf-8"),
    "/live.js": File(_read("live.js"), "text/javascript; charset=utf-8"),
}


@lru_cache(maxsize=1)
def environment() -> Environment:
    """A name that nobody gave a value is an error, and not an empty place."""
    made = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {"stranger": page.stranger, "prose": page.prose, "number": page.number, "iso": page.iso}
    made.filters |= {"capital": page.capital, "moment": wording.moment}
    made.filters["sentences"] = sentences
    made.globals["version"] = __version__
    return made


def sentences(text: str) -> list[str]:
    """A text of ours of several lines, which may quote what a server said: without control characters."""
    return [wording.shown(line.strip(), _LINE) for line in text.splitlines() if line.strip()]


def shown(name: str, values: Mapping[str, object]) -> Response:
    """A page of this template."""
    return answer(environment().get_template(name).render(values))


def plain_page(
    title: str,
    text: str,
    status: HTTPStatus,
    *,
    again: bool = False,
    more: Mapping[str, str] | None = None,
) -> Response:
    """A page that says one thing, for anybody.  `again`: it asks for the first page once more, by itself."""
    body = (
        environment().get_template("plain.html").render(title=title, paragraphs=sentences(text), again=again)
    )
    return answer(body, status, more=more)
