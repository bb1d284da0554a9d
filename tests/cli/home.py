"""A person at home: one account on a real Dovecot, with a history and bounces, and commands in this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scatterclean.cli import main
from scatterclean.demo.dovecot import ScratchDovecot
from tests.servers import DovecotHand, fresh_user
from tests.sweeps.world import ME, bounce, letter

from .program import objects


@dataclass
class Home:
    """One account with history, three orphans, a genuine bounce, one that says nothing, and letters."""

    server: ScratchDovecot
    user: str
    hand: DovecotHand
    config: Path
    capsys: pytest.CaptureFixture[str]
    numbers: int = 0

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """(exit code, standard output, standard error), in this process: a tenth of the time."""
        self.capsys.readouterr()
        code = main(["--config", str(self.config), *arguments])
        told, said = self.capsys.readouterr()
        assert "Traceback" not in said
        return code, told, said

    def json(self, *arguments: str) -> tuple[int, Any]:
        code, told, _ = self(*arguments, "--json")
        [form] = objects(told.encode())
        return code, form

    def history(self) -> None:
        for days in range(60, 0, -2):
            at = datetime.now(UTC) - timedelta(days=days)
            raw = letter(
                "Hello", to="friend@f.example", sender=ME, ident=f"sent.{days}@winter.example", at=at
            )
            self.hand.append("Sent", raw, arrival=at)

    def bounced(self, quoted: str, **rest: Any) -> int:
        self.numbers += 1
        at = datetime.now(UTC) - timedelta(hours=1, minutes=self.numbers)
        raw = bounce(quoted, at=at, number=self.numbers, **rest)
        return self.hand.append("INBOX", raw, arrival=at)

    def count(self, folder: str) -> int:
        return len(self.hand.messages(folder))


@pytest.fixture
def home(
    dovecot: ScratchDovecot,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Home]:
    monkeypatch.setenv("MAIL_PASSWORD", dovecot.password)
    user = fresh_user()
    config = tmp_path / "scatterclean.toml"
    config.write_text(
        f'database = "log.db"\n[accounts.home]\nhost = "127.0.0.1"\nport = {dovecot.port}\ntls = "none"\n'
        f'username = "{user}"\npassword_env = "MAIL_PASSWORD"\naddresses = ["{ME}"]\n'
        f'outbound = ["*.winter.example"]\nmode = "move"\n'
    )
    hand = DovecotHand(dovecot, user)
    home = Home(dovecot, user, hand, config, capsys)
    home.history()
    for number in range(3):
        home.bounced(f"forged.{number}@spam.example")
    home.bounced("sent.2@winter.example", hop="mail.winter.example (mail.winter.example [192.0.2.1])")
    at = datetime.now(UTC) - timedelta(hours=5)
    home.hand.append("INBOX", letter("Lunch", at=at), arrival=at, flags=["\\Seen"])
    yield home
    hand.close()
