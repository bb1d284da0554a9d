"""A world that is played to a set-up, and the command run in it with answers: nothing leaves loopback."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scatterclean.cli.commands import init
from scatterclean.cli.root import Given
from scatterclean.errors import ServerUnreachable
from scatterclean.names import MemoryNames
from scatterclean.setup.discovery import Network
from scatterclean.setup.flags import Flags
from scatterclean.setup.greeting import greet
from scatterclean.setup.keeping import Kept
from scatterclean.setup.servers import Server
from scatterclean.setup.web import NoPage
from scatterclean.setup.wizard import World


@dataclass
class MemoryVault:
    """A keyring in memory; without a `label` there is none."""

    label: str = ""
    secrets: dict[str, str] = field(default_factory=dict)

    def name(self) -> str:
        return self.label

    def put(self, user: str, password: str) -> Kept:
        self.secrets[user] = password

        def undo() -> None:
            self.secrets.pop(user, None)

        return Kept("password_keyring", True, undo)


@dataclass
class Played:
    """What DNS and the web tell, and a person who types; `home` holds the configuration and the log."""

    home: Path
    services: Mapping[str, Sequence[Server]] = field(default_factory=dict)
    exchangers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    pages: Mapping[str, bytes] = field(default_factory=dict)
    vault: MemoryVault = field(default_factory=MemoryVault)
    held: Callable[[], AbstractContextManager[None]] = nullcontext
    asked: list[str] = field(default_factory=list)
    greeted: list[Server] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.home / "config" / "scatterclean.toml"

    @property
    def database(self) -> Path:
        return self.home / "data" / "scatterclean" / "scatterclean.db"

    def page(self, url: str) -> bytes:
        self.asked.append(url)
        if url not in self.pages:
            raise NoPage("there is no such server")
        return self.pages[url]

    def world(self, flags: Flags) -> World:
        def greeting(server: Server) -> object:
            self.greeted.append(server)
            if server.host not in ("localhost", "127.0.0.1"):
                raise ServerUnreachable(f"setup: {server.host}:{server.port}: this name cannot be resolved")
            return greet(server, flags.ca_file, 3.0)

        network = Network(
            lambda domain: self.services.get(domain, ()),
            lambda domain: self.exchangers.get(domain, ()),
            self.page,
            greeting,  # type: ignore[arg-type]  # a Greeting
        )
        return World(network, self.vault, MemoryNames(), self.held)

    def __call__(self, *options: str, answers: Sequence[str] = ()) -> Result:
        """`scatterclean init` with these options; each answer is a line."""
        return typed(self.config, options, answers)

    def left(self) -> list[str]:
        """All that is there afterwards."""
        return left_in(self.home)


def typed(config: Path, options: Sequence[str], answers: Sequence[str]) -> Result:
    """`scatterclean init` with these options; each answer is a line."""
    # As below the group: the command remembers its help option, and the pages of the docs are made from it.
    return CliRunner().invoke(
        init.command,
        options,
        input="".join(f"{line}\n" for line in answers),
        obj=Given(config=config),
        help_option_names=["-h", "--help"],
    )


def left_in(home: Path) -> list[str]:
    """All that is there afterwards."""
    return sorted(str(path.relative_to(home)) for path in home.rglob("*"))


def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    """The command sees this world in place of the machine's, and no file of the person who runs the tests."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    played = Played(tmp_path)
    monkeypatch.setattr(init, "the_world", partial(Played.world, played))
    return played


def said(result: Result) -> str:
    """What a person reads in the end: the lines, and the error that the door prints."""
    return result.output + (str(result.exception) if result.exception else "")
