"""How what belongs to an extra is added to the very installation that runs."""

from __future__ import annotations

import json
import re
import shlex
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

_NAME = "scatterclean"


def command_for(extra: str, prefix: Path | None = None) -> str:
    """The command line; `prefix`: of which Python (None: this one)."""
    prefix = Path(sys.prefix) if prefix is None else prefix
    if (prefix / "pipx_metadata.json").exists():
        return f"pipx inject {_NAME} {' '.join(_brought(extra))}"
    source = _source()
    what = f"{source}[{extra}]" if source else f"{_NAME}[{extra}]"
    if (prefix / "uv-receipt.toml").exists():
        return f"uv tool install --force {shlex.quote(what)}"
    if prefix == Path(sys.base_prefix):
        return f"pip install {shlex.quote(what)}"
    return f"{shlex.quote(str(prefix / 'bin' / 'pip'))} install {shlex.quote(what)}"


def _brought(extra: str) -> list[str]:
    """The packages that an extra brings, by the metadata of the installation."""
    try:
        required = distribution(_NAME).requires or []
    except PackageNotFoundError:
        return [extra]
    asked = re.compile(rf"""([A-Za-z0-9._-]+).*;.*\bextra == ['"]{re.escape(extra)}['"]""")
    return sorted(found[1] for one in required if (found := asked.match(one))) or [extra]


def _source() -> str:
    """The folder that it was installed from; empty where it came from an index (PEP 610)."""
    try:
        told = json.loads(distribution(_NAME).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return ""
    url = urlsplit(str(told.get("url", "")))
    folder = unquote(url.path) if url.scheme == "file" and "dir_info" in told else ""
    return folder if folder and (Path(folder) / "pyproject.toml").exists() else ""
