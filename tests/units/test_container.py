"""The container's health check against the real daemon on a real server; the Containerfile says what it must."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scatterclean.demo.dovecot import ScratchDovecot
from tests.servers import DovecotHand, fresh_user

FOLDER = Path(__file__).parents[2] / "docs" / "container"
PATIENCE = 60.0


def instructions() -> list[str]:
    text = (FOLDER / "Containerfile").read_text().replace("\\\n", " ")
    return [" ".join(line.split()) for line in text.splitlines() if line and not line.startswith("#")]


def test_the_image_is_nobodys_root_and_ends_by_the_signal_that_the_daemon_knows() -> None:
    lines = instructions()
    last = lines[max(place for place, line in enumerate(lines) if line.startswith("FROM")) :]
    assert "USER 10001:10001" in last
    assert "STOPSIGNAL SIGTERM" in last
    assert [line for line in last if line.startswith("VOLUME")] == ["VOLUME /data"]
    assert last[-2:] == ['ENTRYPOINT ["scatterclean"]', 'CMD ["run"]']
    assert any("healthy.py" in line for line in last if line.startswith("HEALTHCHECK"))


class Container:
    """As much of one as can be had without one: the environment, and `scatterclean` on the PATH."""

    def __init__(self, folder: Path, server: ScratchDovecot) -> None:
        self.config = folder / "scatterclean.toml"
        program = folder / "scatterclean"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m scatterclean "$@"\n')
        program.chmod(0o755)
        self.environment = {
            **os.environ,
            "PATH": f"{folder}:{os.environ['PATH']}",
            "SCATTERCLEAN_CONFIG": str(self.config),
            "XDG_DATA_HOME": str(folder / "data"),
            "PASSWORD": server.password,
        }

    def write(self, port: int, user: str) -> None:
        self.config.write_text(
            f'[accounts.home]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\nusername = "{user}"\n'
            'password_env = "PASSWORD"\npoll = "5s"\n'
        )

    def health(self) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, FOLDER / "healthy.py"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stderr

    def run(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["scatterclean", "run"], env=self.environment, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )

    def becomes(self, code: int, words: str) -> None:
        until = time.monotonic() + PATIENCE
        while (now := self.health())[0] != code or words not in now[1]:
            assert time.monotonic() < until, now
            time.sleep(0.2)


@pytest.fixture
def container(tmp_path: Path, dovecot: ScratchDovecot) -> Container:
    return Container(tmp_path, dovecot)


def test_it_is_well_when_every_account_was_swept_and_not_before_and_not_after(
    container: Container, dovecot: ScratchDovecot
) -> None:
    user = fresh_user()
    DovecotHand(dovecot, user).close()
    container.write(dovecot.port, user)
    assert container.health()[0] == 1, "there is no database yet"
    daemon = container.run()
    try:
        container.becomes(0, "")
    finally:
        daemon.terminate()
        daemon.wait()
    assert container.health() == (1, "the daemon does not run\n")


def test_it_is_not_well_while_an_account_does_not_reach_its_server(container: Container) -> None:
    container.write(1, "me")
    daemon = container.run()
    try:
        container.becomes(1, "home: the last try failed")
    finally:
        daemon.terminate()
        daemon.wait()
