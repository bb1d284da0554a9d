"""A healthy set-up on a real Dovecot with TLS, of which each test has a copy to spoil; the command, in this process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scatterclean.cli import main
from scatterclean.demo.certificates import make_authority, make_certificate
from scatterclean.demo.dovecot import ScratchDovecot, find_dovecot
from scatterclean.names import MemoryNames
from scatterclean.store import Store, open_store
from tests.cli.program import COMMAND, environment
from tests.conftest import absent
from tests.servers import RealHand, ScriptedServer, fresh_user
from tests.sweeps.world import ME, letter
from tests.unprivileged import NOBODY, without_privileges

Key = str | int | bool | list[str]


@dataclass
class Ward:
    """One account, home, in a folder of its own.  `keys` are what stands in its table, `top` above it."""

    folder: Path
    server: ScratchDovecot
    user: str
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    stack: ExitStack
    keys: dict[str, Key] = field(default_factory=dict)
    top: dict[str, Key] = field(default_factory=lambda: {"database": "log.db"})
    secrets: list[str] = field(default_factory=list)
    unprivileged: bool = False
    disk: str = ""  # the size of a disk of its own for the database
    limit: float | None = None

    @property
    def config(self) -> Path:
        return self.folder / "scatterclean.toml"

    @property
    def database(self) -> Path:
        return self.folder / "log.db"

    def write(self) -> None:
        lines = [f"{key} = {json.dumps(value)}" for key, value in self.top.items()]
        lines += ["[accounts.home]", *(f"{key} = {json.dumps(value)}" for key, value in self.keys.items())]
        self.config.write_text("\n".join(lines) + "\n")
        self.config.chmod(0o600)

    def set(self, **keys: Key) -> None:
        self.keys.update(keys)
        self.write()

    def unset(self, *keys: str) -> None:
        for key in keys:
            del self.keys[key]
        self.write()

    def secret_from(self, key: str, value: Key) -> None:
        del self.keys["password_file"]
        self.set(**{key: value})

    def dns(self, networks: Mapping[str, Sequence[str] | None]) -> None:
        """The SPF records of these domains authorise these networks."""
        self.monkeypatch.setattr("scatterclean.names.DnsNames", lambda: MemoryNames(networks))

    def moved_to(self, server: ScriptedServer, **keys: Key) -> ScriptedServer:
        """The account is on that server from now on, without TLS."""
        self.stack.enter_context(server)
        self.keys.pop("ca_file", None)
        self.set(port=server.port, tls="none", **keys)
        return server

    def as_another_user(self) -> RealHand:
        """A mailbox that may be changed."""
        self.user = fresh_user()
        self.set(username=self.user)
        return mailbox(self.server, self.user, self.stack)

    def fresh(self) -> Store:
        """An open store on a database that is new."""
        for beside in self.folder.glob("log.db*"):
            beside.unlink()
        return open_store(self.database)

    def __call__(self, *options: str) -> tuple[int, str, str]:
        """(exit code, standard output, standard error) of `doctor`."""
        limit = [] if self.limit is None else ["--timeout", str(self.limit)]
        arguments = ["--config", str(self.config), "doctor", *limit, *options]
        if self.disk:
            return self._on_a_small_disk(arguments)
        self.capsys.readouterr()
        if self.unprivileged and os.geteuid() == 0:
            for path in (self.folder, *self.folder.iterdir()):
                os.chown(path, NOBODY, NOBODY)
            with without_privileges():
                code = main(arguments)
        else:
            code = main(arguments)
        told, said = self.capsys.readouterr()
        return code, told, said

    def _on_a_small_disk(self, arguments: list[str]) -> tuple[int, str, str]:
        script = 'mkdir -p small && mount -t tmpfs -o "size=$1" none small && cp -a log.db small/ && shift && exec "$@"'
        done = subprocess.run(
            ["unshare", "-rm", "sh", "-c", script, "sh", self.disk, *COMMAND, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env=environment({"PYTHONPATH": str(Path(__file__).parents[2])}),
        )
        return done.returncode, done.stdout, done.stderr

    def json(self, *options: str) -> tuple[int, dict[str, Any], str]:
        """(exit code, the form, all that was printed)."""
        code, told, said = self("--json", *options)
        [line] = told.splitlines()
        return code, json.loads(line), told + said


def can_mount() -> bool:
    """Without rights, in a user namespace of its own."""
    tried = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    try:
        return subprocess.run(tried, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def mailbox(server: ScratchDovecot, user: str, stack: ExitStack) -> RealHand:
    """With thirty messages in Sent, the last of yesterday."""
    hand = RealHand(server, user)
    stack.callback(hand.close)
    for days in range(59, 0, -2):
        at = datetime.now(UTC) - timedelta(days=days)
        raw = letter("Hello", to="friend@f.example", sender=ME, ident=f"sent.{days}@winter.example", at=at)
        hand.append("Sent", raw, arrival=at)
    return hand


@dataclass(frozen=True)
class Template:
    server: ScratchDovecot
    user: str
    database: Path


@pytest.fixture(scope="package")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    """A Dovecot with a certificate for three months, and the database of an account that was swept once."""
    if find_dovecot() is None:
        absent("Dovecot 2.3")
    folder = tmp_path_factory.mktemp("template")
    server = ScratchDovecot(tls=True, trace=True)
    make_authority(server.ca_file.parent)
    make_certificate(server.ca_file.parent, "server", days=90)
    with server, ExitStack() as stack:
        user = fresh_user()
        mailbox(server, user, stack)
        config = folder / "c.toml"
        (folder / "password").write_text(server.password)
        (folder / "password").chmod(0o600)
        config.write_text(
            f'database = "log.db"\n[accounts.home]\nhost = "127.0.0.1"\nport = {server.port}\ntls = "none"\n'
            f'username = "{user}"\npassword_file = "password"\naddresses = ["{ME}"]\n'
        )
        assert main(["--config", str(config), "sweep"]) == 0
        yield Template(server, user, folder / "log.db")


@pytest.fixture
def ward(
    template: Template, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Ward]:
    # Not in tmp_path: nobody but root may pass through its parents, and one fault needs another user.
    with tempfile.TemporaryDirectory(prefix="ward-") as name, ExitStack() as stack:
        folder = Path(name)
        server = template.server
        shutil.copy(template.database, folder / "log.db")
        shutil.copy(server.ca_file, folder / "ca.pem")
        (folder / "password").write_text(server.password + "\n")
        (folder / "password").chmod(0o600)
        ward = Ward(folder, server, template.user, capsys, monkeypatch, stack, secrets=[server.password])
        ward.set(
            host="127.0.0.1",
            port=server.tls_port,
            ca_file="ca.pem",
            username=template.user,
            password_file="password",
            addresses=[ME],
            mode="move",
        )
        ward.dns({"winter.example": ["192.0.2.0/24"]})
        yield ward


Plant = Callable[[Ward], None]
