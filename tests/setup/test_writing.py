"""The file: an account more, and nothing else is other than it was; whole at every moment; for its owner alone."""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from scatterclean.config import Tls, load
from scatterclean.model import Mode
from scatterclean.setup import keeping, writing
from scatterclean.setup.keeping import Kept
from scatterclean.setup.servers import SetupEnds
from scatterclean.setup.writing import Entry

ENTRY = Entry(
    name="winter",
    host="imap.winter.example",
    port=993,
    tls=Tls.IMPLICIT,
    username="ada@winter.example",
    kept=Kept("password_env", "MAIL_PASSWORD"),
    addresses=["ada@winter.example"],
)
OLD = '[accounts.old]\nhost = "old.example"\nusername = "x"\npassword_env = "X"\n'
SAMPLE = Path(__file__).parents[2] / "scatterclean.toml"


@pytest.mark.parametrize(
    "text",
    [
        "",
        OLD,
        f"# first\n{OLD}# last, without a line break",
        f'{OLD}[accounts.old.kinds]\nreceipt = "never"\n[defaults]\nmode = "move"\n',
        f'[defaults]\npoll = "2m"\n{OLD}',
        SAMPLE.read_text(),
    ],
)
def test_what_stands_there_stays_byte_by_byte_and_the_account_is_at_the_end(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / "scatterclean.toml"
    if text:
        path.write_text(text)
    writing.add(path, ENTRY)
    assert path.read_text().startswith(text)
    after = tomllib.loads(path.read_text())
    written = after["accounts"].pop("winter")
    assert written["host"] == "imap.winter.example"
    before = tomllib.loads(text)
    assert after == {"accounts": {}, **before}
    assert load(path).accounts[-1].name == "winter"
    assert [p.name for p in tmp_path.iterdir()] == ["scatterclean.toml"]


def test_accounts_on_one_line_take_one_more(tmp_path: Path) -> None:
    path = tmp_path / "scatterclean.toml"
    path.write_text(
        'accounts = { old = { host = "old.example", username = "x", password_env = "X" } } # mine\n'
    )
    writing.add(path, ENTRY)
    assert "# mine" in path.read_text()
    assert [a.name for a in load(path).accounts] == ["old", "winter"]


def test_everything_that_was_said_comes_back_as_it_was_said(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text("-----BEGIN CERTIFICATE-----\n")
    odd = 'a "quoted" \\ back'
    entry = replace(
        ENTRY,
        name="me.home",
        port=1143,
        tls=Tls.STARTTLS,
        username=odd,
        kept=Kept("password_command", "pass show 'my mail'"),
        addresses=["ada@winter.example", "*@winter.example"],
        sent=["Gesendete Elemente", "Köln"],
        watch=["INBOX", odd],
        outbound=["*.winter.example"],
        ca_file=ca_file,
        dns=False,
        mode=Mode.MOVE,
    )
    writing.add(tmp_path / "c.toml", entry)
    [account] = load(tmp_path / "c.toml").accounts
    assert (account.name, account.port, account.tls, account.username) == ("me.home", 1143, Tls.STARTTLS, odd)
    assert account.secret.place == ("/bin/sh", "-c", "pass show 'my mail'")
    assert account.account.sent == ("Gesendete Elemente", "Köln")
    assert account.account.watch == ("INBOX", odd)
    assert account.account.identities.addresses == {"ada@winter.example", "*@winter.example"}
    assert account.account.mode is Mode.MOVE
    assert not account.dns


def test_an_account_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(OLD)
    with pytest.raises(SetupEnds, match="there is an account old already"):
        writing.add(path, replace(ENTRY, name="old"))
    assert path.read_text() == OLD


def test_what_the_configuration_would_not_take_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(OLD)
    with pytest.raises(SetupEnds, match="a domain of your own"):
        writing.add(path, replace(ENTRY, addresses=["*@gmail.com"]))
    assert path.read_text() == OLD
    assert [p.name for p in tmp_path.iterdir()] == ["c.toml"]


def test_a_new_file_is_for_its_owner_alone_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    new, old = tmp_path / "new.toml", tmp_path / "old.toml"
    before = os.umask(0)
    try:
        old.write_text(OLD)
        old.chmod(0o640)
        for path in (new, old):
            writing.add(path, ENTRY)
        kept = keeping.put_in_file(tmp_path / "winter.password", "secret")
    finally:
        os.umask(before)
    assert [p.stat().st_mode & 0o777 for p in (new, old)] == [0o600, 0o640]
    assert (tmp_path / "winter.password").stat().st_mode & 0o777 == 0o600
    kept.undo()
    assert not (tmp_path / "winter.password").exists()


def test_a_link_stays_a_link_to_the_file_that_is_changed(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    real, link = tmp_path / "dotfiles" / "c.toml", tmp_path / "c.toml"
    real.write_text(OLD)
    link.symlink_to(real)
    writing.add(link, ENTRY)
    assert link.is_symlink()
    assert len(load(real).accounts) == 2


def test_a_file_that_somebody_changes_meanwhile_is_left_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.toml"
    path.write_text(OLD)
    load_really = load

    def somebody(where: Path) -> object:
        path.write_text(OLD + "# me too\n")
        return load_really(where)

    monkeypatch.setattr(writing, "load", somebody)
    with pytest.raises(SetupEnds, match="was changed by somebody else"):
        writing.add(path, ENTRY)
    assert path.read_text() == OLD + "# me too\n"


def test_a_password_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "winter.password").write_text("another's")
    path = keeping.free_file(tmp_path, "winter")
    assert path.name == "winter-2.password"
    with pytest.raises(SetupEnds, match="File exists"):
        keeping.put_in_file(tmp_path / "winter.password", "secret")
    assert (tmp_path / "winter.password").read_text() == "another's"
