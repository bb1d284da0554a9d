"""The picture in docs/storm.md: of the screen as it is now, and nothing in it is loaded from elsewhere."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PICTURE = (DOCS / "storm.svg").read_text("utf-8")


def test_the_picture_is_of_the_screen_as_it_is_now() -> None:
    spec = importlib.util.spec_from_file_location("docs_picture", DOCS / "picture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    try:
        spec.loader.exec_module(module)
        made_of = module.made_of()
    finally:
        sys.path[:] = before
        sys.modules.pop("screenshots", None)
    assert f"<!-- made of {made_of} -->" in PICTURE, "the screen or the demo changed: python docs/picture.py"


def test_the_picture_is_shown_and_loads_nothing() -> None:
    assert "](storm.svg)" in (DOCS / "storm.md").read_text("utf-8")
    assert not re.search(r"href|url\((?!#)|<script|@import", PICTURE)
