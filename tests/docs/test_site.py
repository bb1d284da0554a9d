"""The site of docs/: it builds, no link in it leads nowhere, nothing is loaded from elsewhere, no page is stale."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
GENERATED = ("providers.md", "configuration.md", "commands.md")
# What a browser loads by itself, by element; a link (`a`) is followed by people alone.
LOADED = {
    "script": ("src",),
    "link": ("href",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "iframe": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "audio": ("src",),
    "video": ("src", "poster"),
    "track": ("src",),
    "input": ("src",),
    "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
    "form": ("action",),
    "body": ("background",),
}
ELSEWHERE = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
IN_STYLES = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])([^'\")]+)", re.IGNORECASE)


class Page(HTMLParser):
    """The anchors of a page, the links in it, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self._style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        for name, value in attrs:
            if value is None:
                continue
            if name == "id" or (tag == "a" and name == "name"):
                self.anchors.add(value)
            if tag == "a" and name == "href":
                self.links.append(value)
            if name in LOADED.get(tag, ()):
                self.loaded += [part.split()[0] for part in value.split(",")] if name == "srcset" else [value]
            if name == "style":
                self.loaded += IN_STYLES.findall(value)

    def handle_data(self, data: str) -> None:
        if self._style:
            self.loaded += IN_STYLES.findall(data)


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    """The site of what lies in `folder`, as a person builds it."""
    return subprocess.run(
        [Path(sys.executable).with_name("zensical"), "build", "--strict"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def copied(to: Path) -> Path:
    shutil.copytree(DOCS, to / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", to)
    return to


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copied(tmp_path_factory.mktemp("site"))
    done = build(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


@pytest.fixture(scope="module")
def built(site: Path) -> dict[Path, Page]:
    found = {path: Page(path.read_text("utf-8")) for path in site.rglob("*.html")}
    assert len(found) > 15
    return found


def test_every_link_within_the_site_leads_to_a_page_and_a_place_in_it(
    built: dict[Path, Page], site: Path
) -> None:
    dead = []
    for path, page in built.items():
        if path.name == "404.html":  # its links start at the root of a server
            continue
        for link in (*page.links, *page.loaded):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file() or not target.is_relative_to(site.resolve()):
                dead.append(f"{path.name}: {link}")
            elif parts.fragment and target in built and unquote(parts.fragment) not in built[target].anchors:
                dead.append(f"{path.name}: {link} (no such place)")
    assert dead == []


def test_the_build_fails_at_a_link_to_a_page_that_is_not_there(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    with (folder / "docs" / "index.md").open("a", encoding="utf-8") as page:
        page.write("\n[gone](gone.md)\n")
    assert build(folder).returncode != 0


def test_a_browser_loads_nothing_from_elsewhere(built: dict[Path, Page], site: Path) -> None:
    loaded = {f"{path.name}: {one}" for path, page in built.items() for one in page.loaded}
    assert len(loaded) > 15
    for sheet in site.rglob("*.css"):
        loaded |= {f"{sheet.name}: {one}" for one in IN_STYLES.findall(sheet.read_text("utf-8"))}
    for picture in site.rglob("*.svg"):
        text = picture.read_text("utf-8")
        loaded |= {f"{picture.name}: {one}" for one in (*IN_STYLES.findall(text), *Page(text).loaded)}
    assert [one for one in loaded if ELSEWHERE.match(one.partition(": ")[2])] == []


def test_a_browser_is_forbidden_to_load_from_elsewhere_on_every_page(site: Path) -> None:
    """The theme's script would fetch Mermaid, a gallery or the number of stars on GitHub if a page asked for it."""
    for path in site.rglob("*.html"):
        text = path.read_text("utf-8")
        [policy] = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', text)
        assert text.index(policy) < text.index("<script"), "what stands before the policy is not bound by it"
        allowed = {directive.split()[0]: set(directive.split()[1:]) for directive in policy.split(";")}
        assert allowed["default-src"] == {"'self'", "'unsafe-inline'", "data:", "blob:"}
        assert set(allowed) == {
            "default-src",
            "form-action",
            "base-uri",
        }  # nothing that allows more than that


def test_what_is_loaded_is_seen_in_every_form() -> None:
    page = Page(
        '<link href="https://a/x.css"><script src="//b/x.js"></script><img srcset="https://c/1 1x, https://d/2 2x">'
        "<style>@import 'https://e/x'; p{background:url(https://f/x)}</style><p style=\"background:url('https://g/')\">"
        '<svg><image xlink:href="https://h/x"/></svg><a href="https://people.example/">'
    )
    assert [ELSEWHERE.match(one) is not None for one in page.loaded] == [True] * 8


def _named(text: str) -> Iterator[str]:
    yield from re.findall(r"^\s+- [^:\n]+: (\S+\.md)$", text, re.MULTILINE)


def test_every_page_is_in_the_navigation_and_every_entry_is_a_page() -> None:
    named = list(_named((ROOT / "mkdocs.yml").read_text("utf-8")))
    there = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")}
    assert sorted(named) == sorted(there), "name every page of docs/ once under nav in mkdocs.yml"


def test_what_the_code_knows_stands_in_the_pages_as_it_is_now() -> None:
    spec = importlib.util.spec_from_file_location("docs_reference", DOCS / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    pages = reference.pages()
    assert set(pages) == set(GENERATED)
    stale = [name for name, text in pages.items() if (DOCS / name).read_text("utf-8") != text]
    assert not stale, f"make them anew: .venv/bin/python docs/reference.py ({stale})"
