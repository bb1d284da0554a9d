"""How what belongs to an extra is added to the very installation that runs."""

from __future__ import annotations

import json
import shlex
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

_NAME = "scatterclean"


def command_for(extra: str, packages: tuple[str, ...], prefix: Path | None = None) -> str:
    """The command line; `packages` are what the extra brings, `prefix`: of which Python (None: this one)."""
    prefix = Path(sys.prefix) if prefix is None else prefix
    if (prefix / "pipx_metadata.json").exists():
        return f"pipx inject {_NAME} {' '.join(packages)}"
    source = _source()
    what = f"{source}[{extra}]" if source else f"{_NAME}[{extra}]"
    if (prefix / "uv-receipt.toml").exists():
        return f"uv tool install --force {shlex.quote(what)}"
    if prefix == Path(sys.base_prefix):
        return f"pip install {shlex.quote(what)}"
    return f"{shlex.quote(str(prefix / 'bin' / 'pip'))} install {shlex.quote(what)}"


def _source() -> str:
    """The folder that it was installed from; empty where it came from an index (PEP 610)."""
    try:
        told = json.loads(distribution(_NAME).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return ""
    url = urlsplit(str(told.get("url", "")))
    folder = unquote(url.path) if url.scheme == "file" and "dir_info" in told else ""
    return folder if folder and (Path(folder) / "pyproject.toml").exists() else ""
