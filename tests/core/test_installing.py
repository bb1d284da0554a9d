"""What is to be installed for an extra is told as it fits how scatterclean itself was installed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from scatterclean import installing


class _Distribution:
    def __init__(self, told: object) -> None:
        self.told = told

    def read_text(self, _name: str) -> str | None:
        return None if self.told is None else json.dumps(self.told)


def _installed(monkeypatch: pytest.MonkeyPatch, told: object) -> None:
    monkeypatch.setattr(installing, "distribution", lambda _name: _Distribution(told))


@pytest.mark.parametrize(
    ("extra", "packages"),
    [("web", "waitress werkzeug"), ("keyring", "keyring"), ("oauth", "oauthlib"), ("notify", "apprise")],
)
def test_a_pipx_installation_gets_it_by_pipx(tmp_path: Path, extra: str, packages: str) -> None:
    (tmp_path / "pipx_metadata.json").touch()
    assert installing.command_for(extra, tmp_path) == f"pipx inject scatterclean {packages}"


def test_what_came_from_a_clone_is_installed_from_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = tmp_path / "my clone"
    clone.mkdir()
    (clone / "pyproject.toml").touch()
    _installed(monkeypatch, {"url": clone.as_uri(), "dir_info": {}})
    venv = tmp_path / "venv"
    assert installing.command_for("web", venv) == f"{venv}/bin/pip install '{clone}[web]'"
    (clone / "pyproject.toml").unlink()  # the clone is gone
    assert installing.command_for("web", venv) == f"{venv}/bin/pip install 'scatterclean[web]'"


@pytest.mark.parametrize("told", [None, [], {"url": "https://index.example/s.whl", "archive_info": {}}])
def test_what_came_from_an_index_is_installed_by_its_name(
    told: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    _installed(monkeypatch, told or None)
    assert installing.command_for("web", Path(sys.base_prefix)) == "pip install 'scatterclean[web]'"


def test_a_tool_of_uv_is_installed_by_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _installed(monkeypatch, None)
    (tmp_path / "uv-receipt.toml").touch()
    assert installing.command_for("web", tmp_path) == "uv tool install --force 'scatterclean[web]'"
