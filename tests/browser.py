"""A real browser for tests of pages: Debian's chromium, driven by playwright, which downloads none.

It is for one file of tests at a time: while playwright runs, its thread counts as one of asyncio, and nothing else
that wants to be could run there.  Import it in the function that opens it: nobody else needs playwright.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.conftest import absent

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Request, Route

PHONE, TABLET, DESKTOP = 360, 820, 1440
WIDTHS = (320, PHONE, TABLET, DESKTOP)  # WCAG 2.2, 1.4.10 begins at 320
SCHEMES = ("light", "dark")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser of this machine; skips, or fails where everything must be present."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None or importlib.util.find_spec("playwright") is None:
        absent("chromium (and playwright)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        # As root, in a container, its own sandbox cannot be had.
        browser = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass(slots=True)
class Looked:
    """A page in a window of its own, and what happened while it was looked at."""

    page: Page
    asked: list[str] = field(default_factory=list)  # every address that was asked for
    said: list[str] = field(default_factory=list)  # console, errors, dialogs

    def axe(self) -> list[str]:
        """What axe-core finds wrong, a line for each place."""
        self.page.evaluate(_axe())
        found: Mapping[str, Any] = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert found["passes"], "axe looked at nothing"
        return [
            f"{rule['id']}: {node['html'][:200]}: {node['failureSummary']}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]

    def follow(self, link: Locator) -> None:
        """Clicks, and waits until the next page is there: a click alone only asks for it."""
        with self.page.expect_navigation():
            link.click()

    def open_all(self) -> None:
        self.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")

    def too_wide(self) -> list[str]:
        """What reaches beyond the right edge of the window."""
        found: list[str] = self.page.evaluate(
            """() => {
                const wide = document.documentElement.scrollWidth > window.innerWidth;
                const out = [...document.querySelectorAll('body *')].filter(one => {
                    const box = one.getBoundingClientRect();
                    return box.width > 1 && box.right > window.innerWidth + 1;
                });
                return [...(wide ? ['the page'] : []), ...out.map(one => one.outerHTML.slice(0, 120))];
            }"""
        )
        return found


@contextmanager
def looking(
    browser: Browser, address: str, *, width: int = DESKTOP, scheme: str = "light", **more: Any
) -> Iterator[Looked]:
    """The page at `address`, in a window of its own; nothing that it asks for is hidden from us."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        **more,
    )
    page = context.new_page()
    looked = Looked(page)

    def pass_on(route: Route, request: Request) -> None:
        looked.asked.append(request.url)
        route.continue_()

    page.route("**/*", pass_on)
    page.on("console", lambda message: looked.said.append(message.text))
    page.on("pageerror", lambda error: looked.said.append(str(error)))

    def dismiss(dialog: Any) -> None:
        looked.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", dismiss)
    page.goto(address)
    try:
        yield looked
    finally:
        context.close()


@lru_cache(maxsize=1)
def _axe() -> str:
    """axe-core as the wheel of axe-playwright-python brings it; the npm package's axe.min.js is the same file."""
    spec = importlib.util.find_spec("axe_playwright_python")
    places: Sequence[str] = (spec.submodule_search_locations if spec else None) or ()
    if not places:
        absent("axe-core (axe-playwright-python)")
    return (Path(places[0]) / "axe.min.js").read_text("utf-8")
