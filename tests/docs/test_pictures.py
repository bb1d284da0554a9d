"""The pictures of the report in docs/pictures: of the page as it is now, small, and shown."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures"


@pytest.fixture(scope="module")
def screenshots() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_screenshots", ROOT / "docs" / "screenshots.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


@pytest.fixture
def clock() -> Iterator[None]:
    """The zone of the process is afterwards as it was."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "TZ", os.environ.get("TZ", ""))
        yield
    time.tzset()


def test_the_pictures_are_of_the_page_and_the_report_as_they_are_now(
    screenshots: ModuleType, clock: None, tmp_path: Path
) -> None:
    """No pixels are compared: fonts differ from machine to machine."""
    recorded = json.loads((PICTURES / "made-of.json").read_text("utf-8"))
    made_of = screenshots.made_of(screenshots.matter(tmp_path))
    assert recorded == made_of, "the page, the report or the demo changed: python docs/screenshots.py"


def test_each_picture_is_small_as_wide_as_told_and_shown_in_the_docs(screenshots: ModuleType) -> None:
    shown = set(re.findall(r"\(pictures/([\w-]+\.png)\)", (ROOT / "docs" / "report.md").read_text("utf-8")))
    there = {path.name for path in PICTURES.glob("*.png")}
    assert there == shown == {shot[0] for shot in screenshots.SHOTS}
    for name, width, _, _, scale, _ in screenshots.SHOTS:
        data = (PICTURES / name).read_bytes()
        assert len(data) < 200_000, name
        assert data.startswith(b"\x89PNG")
        assert struct.unpack(">I", data[16:20])[0] == round(width * scale)
