"""Is there a screen on which a browser could open, and opening one."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def has_window() -> bool:
    """Else a browser for the terminal would take this one over."""
    names = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")
    return sys.platform == "darwin" or any(os.environ.get(name) for name in names)


def opened(file: Path) -> bool:
    """Was the person's browser asked to show the file?"""
    import webbrowser

    return has_window() and webbrowser.open(file.resolve().as_uri())
