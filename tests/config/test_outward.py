"""metrics_file and ping_url: what is unwise is said with its line, and the address is never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from scatterclean.config import Settings, load
from scatterclean.config.outward import PingUrl

ACCOUNT = '[accounts.home]\nhost = "imap.example.org"\nusername = "me"\npassword_env = "MAIL"\n'


def loaded(folder: Path, *lines: str, mode: int = 0o600) -> Settings:
    path = folder / "scatterclean.toml"
    path.write_text("\n".join((*lines, ACCOUNT)))
    path.chmod(mode)
    return load(path)


def test_neither_is_there_by_default(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    assert (settings.metrics_file, settings.ping_url) == (None, None)


def test_the_file_starts_from_the_folder_of_the_configuration(tmp_path: Path) -> None:
    settings = loaded(tmp_path, 'metrics_file = "mine.prom"')
    assert (settings.metrics_file, settings.warnings) == (tmp_path / "mine.prom", ())


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("https://hc-ping.com/abc", PingUrl(True, "hc-ping.com", 443, "/abc")),
        ("https://[2001:db8::1]:8443?token=a%20b", PingUrl(True, "2001:db8::1", 8443, "/?token=a%20b")),
        ("http://127.0.0.1:3001/api/push/x?status=up", PingUrl(False, "127.0.0.1", 3001, "/api/push/x?status=up")),
        ("http://localhost/", PingUrl(False, "localhost", 80, "/")),
    ],
)  # fmt: skip
def test_an_address_is_read_whole_and_is_fine(text: str, read: PingUrl, tmp_path: Path) -> None:
    settings = loaded(tmp_path, f'ping_url = "{text}"')
    assert settings.ping_url == read
    assert settings.warnings == ()


@pytest.mark.parametrize(
    ("line", "mode", "said"),
    [
        ('metrics_file = "mine.txt"', 0o644, 'metrics_file: node_exporter reads only files that end in ".prom"'),
        ('metrics_file = "no/mine.prom"', 0o644, "metrics_file: its folder does not exist, "),
        ('ping_url = "http://ping.example/sesame"', 0o600, "ping_url: http lets everybody on the way read"),
        ('ping_url = "https://ping.example/sesame"', 0o644, "ping_url: others may read this file"),
    ],
)  # fmt: skip
def test_what_is_unwise_is_said_with_its_line(line: str, mode: int, said: str, tmp_path: Path) -> None:
    [warning] = loaded(tmp_path, "", line, mode=mode).warnings
    assert warning.startswith(f"{tmp_path / 'scatterclean.toml'}:2: {said}")
    assert "sesame" not in warning


def test_the_address_is_shown_by_nothing(tmp_path: Path) -> None:
    settings = loaded(tmp_path, 'ping_url = "https://ping.example/sesame"')
    assert "sesame" not in f"{settings!r} {settings.ping_url} {settings.ping_url!r}"
