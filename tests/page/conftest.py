"""The pages of `reports`, each in a file, and a browser to look at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scatterclean import page
from tests.browser import chromium
from tests.page import reports

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGES = ("storm", "alarm", "cannot_tell", "nothing", "hostile", "large")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Where the page of a report lies, as an address."""
    folder = tmp_path_factory.mktemp("pages")

    def of(name: str) -> str:
        file: Path = folder / f"{name}.html"
        if not file.exists():
            report = getattr(reports, name)()
            file.write_text(page.render(reports.matter(report, report.accounts)), "utf-8")
        return file.as_uri()

    return of
