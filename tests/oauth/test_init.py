"""`scatterclean init` where no passwords are taken: a real OAuth2 server, a real Dovecot, the command on a terminal.

The login happens in the middle of the conversation; who leaves it at any moment leaves no token behind.
"""

from __future__ import annotations

import json
import stat
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from scatterclean import oauth
from scatterclean.config import load
from scatterclean.demo.dovecot import find_dovecot
from scatterclean.setup import writing
from tests.cli.program import COMMAND, environment
from tests.conftest import absent
from tests.e2e.terminal import Terminal
from tests.oauth.conftest import Provider
from tests.oauth.idp import CLIENT, PERSON, Browser, Idp
from tests.oauth.mailserver import TokenDovecot
from tests.oauth.test_whole_story import Jo
from tests.setup.played import Played, play, said
from tests.sweeps.world import ME

FLOOD = 3


@dataclass
class House:
    """A mail server that takes access tokens alone, and jo's flooded mailbox there."""

    server: TokenDovecot
    jo: Jo

    def options(self) -> list[str]:
        host = ["--email", ME, "--host", "127.0.0.1", "--port", str(self.server.port), "--tls", "none"]
        return [*host, "--username", PERSON, "--outbound", "*.winter.example", "--no-dns"]

    def count(self, folder: str) -> int:
        """How many messages are there: the other hand logs in by a password."""
        passwords(self.server, taken=True)
        self.jo.again()
        return self.jo.count(folder)


def passwords(server: TokenDovecot, *, taken: bool) -> None:
    if server.plain is not taken:
        server.plain = taken
        server.restart()


@pytest.fixture(scope="module")
def dovecot(idp: Idp) -> Iterator[TokenDovecot]:
    if find_dovecot() is None:
        absent("Dovecot 2.3")
    with TokenDovecot(idp) as server:
        yield server


@pytest.fixture
def house(dovecot: TokenDovecot) -> Iterator[House]:
    passwords(dovecot, taken=True)
    house = House(dovecot, Jo(dovecot))
    for folder in ("INBOX", "Sent", "Backscatter"):
        if folder in house.jo.hand.folder_names():
            for stored in house.jo.hand.messages(folder):
                house.jo.hand.delete(folder, stored.uid)
    house.jo.history()
    house.jo.numbers = 100  # so many minutes ago, before what is settled ends
    house.jo.flood(FLOOD)
    house.jo.close()
    passwords(dovecot, taken=False)
    yield house
    house.jo.close()


def endpoints(provider: Provider) -> list[str]:
    client = provider.client
    return [
        *("--oauth-token", client.token_endpoint, "--oauth-authorize", client.authorization_endpoint),
        *("--oauth-device", client.device_endpoint, "--oauth-scope", client.scope),
        *("--oauth-client-id", client.client_id),
    ]


def address_in(text: str) -> str:
    return next(line.strip() for line in text.splitlines() if "code_challenge=" in line)


def config_of(home: Path) -> Path:
    return home / ".config/scatterclean/scatterclean.toml"


def left_in(home: Path) -> list[str]:
    return [str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()]


def by_all_questions(terminal: Terminal, provider: Provider) -> Iterator[str]:
    """Answers one after the other; yields the question before each is answered."""
    client = provider.client
    for question, answer in (
        ("Which one (c, t)?", "c"),
        ("Whose login is it", ""),
        ("Its token endpoint", client.token_endpoint),
        ("Its authorization endpoint", client.authorization_endpoint),
        ("The scope for IMAP", client.scope),
        ("Your client id", client.client_id),
        ("Its client secret", ""),
    ):
        terminal.wait_for(question)
        yield question
        terminal.type(answer)
    terminal.wait_for("Waiting for the answer")
    yield "Waiting for the answer"
    assert Browser().log_in(address_in(terminal.text)) == 200
    for question, answer in (("Is this right?", ""), ("[y/N]:", "y")):
        terminal.wait_for(question)
        yield question
        terminal.type(answer)


def test_a_server_that_wants_oauth_alone_leads_through_the_login_to_a_clean_inbox(
    tmp_path: Path, provider: Provider, house: House
) -> None:
    terminal = Terminal(tmp_path, "init", *house.options(), "--no-browser", term="dumb")
    asked = list(by_all_questions(terminal, provider))
    assert terminal.end() == 0, terminal.text
    assert len(asked) == 10
    assert "takes no passwords from programs, only OAuth2" in " ".join(terminal.text.split())
    assert "docs/oauth.md" in terminal.text
    assert "Password of" not in terminal.text

    config = config_of(tmp_path)
    [account] = load(config).accounts
    assert account.oauth is not None
    assert (account.oauth.token_endpoint, account.oauth.client_id) == (provider.counter.url, CLIENT)
    assert "# The login by OAuth2" in config.read_text()
    kept = tmp_path / ".local/share/scatterclean/scatterclean.db.oauth/winter.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    # The sweep at the end was another session: by a renewed token, whose refresh token is another one.
    assert provider.counter.asked == ["authorization_code", "refresh_token"]
    assert json.loads(kept.read_text())["refresh_token"] == provider.counter.latest["refresh_token"]
    assert house.count("Backscatter") == FLOOD
    provider.counter.nothing_of_it_in(
        terminal.text.replace(address_in(terminal.text), ""), config.read_text()
    )


QUESTIONS = ["Which one", "Your client id", "Waiting", "Is this right?", "[y/N]:"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_ctrl_c_at_any_moment_of_it_leaves_neither_account_nor_token(
    tmp_path: Path, provider: Provider, house: House, question: str
) -> None:
    terminal = Terminal(tmp_path, "init", *house.options(), "--no-browser", term="dumb")
    assert any(asked.startswith(question) for asked in by_all_questions(terminal, provider))
    terminal.interrupt()
    assert terminal.end() == 130, terminal.text
    assert "Nothing was written, and nothing was moved." in terminal.text
    assert left_in(tmp_path) == []


def typing(process: subprocess.Popen[str]) -> str:
    """All that it says; the code that it shows is typed into the page that it names."""
    told, page = "", ""
    assert process.stderr is not None
    for line in process.stderr:
        told += line
        if line.startswith("Open this page"):
            page = line.split()[-1]
        if line.startswith("and type this code there: "):
            Browser().type_code(page, line.split()[-1])
    return told


def test_without_questions_a_code_is_printed_and_the_rest_goes_by_itself(
    tmp_path: Path, provider: Provider, house: House
) -> None:
    config = tmp_path / "scatterclean.toml"
    words = ["init", "--json", "--device", *house.options(), *endpoints(provider)]
    with subprocess.Popen(
        [*COMMAND, "--config", str(config), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment({"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}),
    ) as process:
        told = typing(process)
        assert process.stdout is not None
        form = json.loads(process.stdout.read())
        assert process.wait(60) == 0, told
    assert (form["account"], form["would_put_away"]) == ("winter", FLOOD)
    table = tomllib.loads(config.read_text())["accounts"]["winter"]
    assert set(table["oauth"]) == {
        *("authorization_endpoint", "token_endpoint", "device_endpoint", "scope", "client_id")
    }
    provider.counter.nothing_of_it_in(told, config.read_text(), json.dumps(form))


def test_without_questions_and_without_a_code_one_sentence_says_what_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: Provider, house: House
) -> None:
    played = play(tmp_path, monkeypatch)
    told = played("--non-interactive", *house.options(), *endpoints(provider))
    assert "somebody has to log in with a browser, and --non-interactive asks nobody" in said(told)
    assert "--device" in said(told)
    assert provider.counter.asked == []
    assert played.left() == []


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    return play(tmp_path, monkeypatch)


def granted(provider: Provider) -> oauth.Grant:
    def show(url: str) -> None:
        assert Browser().log_in(url) == 200

    return oauth.by_browser(oauth.Asking("setup", provider.client), PERSON, show=show, patience=20)


@pytest.fixture
def let_in(monkeypatch: pytest.MonkeyPatch, provider: Provider) -> None:
    """The person's part of the login happens at once."""
    monkeypatch.setattr(oauth, "let_in", lambda *_: granted(provider))


def run(played: Played, house: House, provider: Provider, answers: Sequence[str]) -> str:
    told = played(*house.options(), *endpoints(provider), "--no-browser", answers=answers)
    return said(told)


@pytest.mark.usefixtures("let_in")
@pytest.mark.parametrize("why", [KeyboardInterrupt, OSError])
def test_a_file_that_cannot_be_written_takes_the_login_back_out(
    played: Played,
    provider: Provider,
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    why: type[BaseException],
) -> None:
    def broken(*_: object) -> None:
        assert any(name.endswith("winter.json") for name in played.left()), "the login is stored before"
        raise why(5)

    monkeypatch.setattr(writing, "add", broken)
    told = run(played, house, provider, ["", "", "y"])
    assert played.left() == [], told


@pytest.mark.usefixtures("let_in")
def test_a_login_as_somebody_else_is_told_and_not_kept_and_another_way_can_be_taken(
    played: Played, provider: Provider, house: House
) -> None:
    """The browser was logged in as another person; the mail server takes the token for that one only."""
    options = [word if word != PERSON else "somebody-else" for word in house.options()]
    told = played(*options, *endpoints(provider), "--no-browser", answers=["", ""])
    text = " ".join(said(told).split())
    assert "refused the login" in text
    assert "Is somebody-else the address that was logged in with" in text
    assert "Which one" in text
    assert "only OAuth2" in str(told.exception)  # Enter left
    assert played.left() == []
    provider.counter.nothing_of_it_in(text)


@pytest.mark.usefixtures("let_in")
def test_a_token_command_serves_as_well(played: Played, provider: Provider, house: House) -> None:
    token = played.home / "token"
    token.write_text(granted(provider).access + "\n")
    told = played(*house.options(), answers=["t", f"cat {token}", "", "y"])
    assert told.exit_code == 0, said(told)
    [account] = load(played.config).accounts
    assert account.secret.source.value == "token_command"
    assert house.count("Backscatter") == FLOOD
    provider.counter.nothing_of_it_in(said(told), played.config.read_text())


@pytest.mark.usefixtures("let_in")
def test_a_second_account_leaves_the_first_as_it_is(played: Played, provider: Provider, house: House) -> None:
    played.config.parent.mkdir()
    before = (
        '[accounts.winter]\nhost = "127.0.0.1"\nport = 1\ntls = "none"\nusername = "x"\npassword_env = "X"\n'
        "# the end"
    )
    played.config.write_text(before)
    told = run(played, house, provider, ["", "", "n"])
    assert played.config.read_text().startswith(before + "\n"), told
    one, two = load(played.config).accounts
    assert (one.name, one.oauth is None, two.name, two.oauth is None) == (
        "winter",
        True,
        ME.split("@")[0],
        False,
    )
