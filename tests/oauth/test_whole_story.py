"""The life of a login by OAuth2, with a real OAuth2 server, a real Dovecot and scatterclean as processes."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import forked
from tests.cli.program import COMMAND, environment
from tests.e2e.test_run import Person, running, wait_for
from tests.oauth.conftest import Provider
from tests.oauth.idp import PERSON, Browser
from tests.oauth.mailserver import TokenDovecot
from tests.servers import DovecotHand
from tests.sweeps.world import ME


class Jo(Person):
    """The person whom the OAuth2 server knows."""

    def __init__(self, server: TokenDovecot) -> None:
        self.server = server
        self.user = PERSON
        self.hand = DovecotHand(server, PERSON)
        self.numbers = 0


def table(server: TokenDovecot, way: str) -> str:
    return f"""
[accounts.home]
host = "127.0.0.1"
port = {server.port}
tls = "none"
username = "{PERSON}"
{way}
addresses = ["{ME}"]
outbound = ["*.winter.example"]
dns = false
mode = "move"
poll = "5s"
settle = "0s"
timeout = "10s"
"""


def written(config: Path, *tables: str) -> Path:
    config.write_text(f'log_level = "debug"\ndatabase = "{config.with_name("log.db")}"\n' + "".join(tables))
    return config


def command(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = forked.run(["-v", "--config", str(config), *arguments], env=environment())
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def login(config: Path, answer: Callable[[str], object], *arguments: str) -> tuple[int, str]:
    """`scatterclean login home`; `answer` is given each line that it prints.  Its exit code and all that it said."""
    process = subprocess.Popen(
        [*COMMAND, "-v", "--config", str(config), "login", "home", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**environment(), "PYTHONUNBUFFERED": "1"},
    )
    said = ""
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            said += line
            answer(line.strip())
    return process.wait(60), said


def test_the_browser_is_asked_to_open_the_address_that_is_shown(
    provider: Provider,
    mailserver: TokenDovecot,
    config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(browser))
    shown: list[str] = []

    def answer(line: str) -> None:
        shown.append(line) if line.startswith("http") else None
        if "was asked to open it" in line:
            by_browser((tmp_path / "opened").read_text().strip())

    code, said = login(written(config, table(mailserver, provider.oauth)), answer, "--keep", "file")
    assert code == 0, said
    assert (tmp_path / "opened").read_text().strip() == shown[0]


def by_browser(line: str) -> None:
    if line.startswith("http"):
        assert Browser().log_in(line) == 200


class ByCode:
    """Types the code into the page, as soon as both were said."""

    def __init__(self) -> None:
        self.page = ""

    def __call__(self, line: str) -> None:
        if "http" in line:
            self.page = line.rsplit(maxsplit=1)[-1]
        if line.startswith("and type this code there: "):
            Browser().type_code(self.page, line.rsplit(maxsplit=1)[-1])


def test_login_sweep_loss_of_the_token_renewal_revocation_and_a_new_login(
    provider: Provider, mailserver: TokenDovecot, config: Path
) -> None:
    """The daemon is told once what mends it, asks the provider no more, and goes on after the mend."""
    jo, counter = Jo(mailserver), provider.counter
    jo.history()
    jo.flood(3)
    tables = table(mailserver, provider.oauth)
    code, said = login(written(config, tables), by_browser, "--no-browser", "--keep", "file")
    assert code == 0, said
    assert "took the login of jo" in said
    kept = config.with_name("log.db.oauth") / "home.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700

    with running(config, 'log_level = "debug"\n', tables) as daemon:
        wait_for(lambda: jo.count("Backscatter") == 3, daemon)
        assert counter.asked == ["authorization_code", "refresh_token"]
        assert (
            json.loads(kept.read_text())["refresh_token"] == counter.latest["refresh_token"]
        )  # rotated, and kept

        # The token ends before its time, in the middle of a session; the server ends that, too.
        provider.idp.revoke(counter.latest["access_token"])
        cut(jo, mailserver)
        jo.flood(2)
        wait_for(lambda: jo.count("Backscatter") == 5, daemon)
        assert counter.asked.count("refresh_token") == 2
        assert "refused the login" not in daemon.log()  # one try more, and nobody has to hear of it

        # The person, or the provider, ends it all.
        provider.idp.revoke(json.loads(kept.read_text())["refresh_token"])
        provider.idp.revoke(counter.latest["access_token"])
        cut(jo, mailserver)
        wait_for(daemon.says("scatterclean login home"), daemon)
        assert "takes the login no longer (invalid_grant" in daemon.log()
        asked = len(counter.asked)
        for number in range(1, 4):  # each means: look at all accounts now, and tell how it is
            daemon.process.send_signal(signal.SIGHUP)
            wait_for(lambda n=number: daemon.log().count("scatterclean login home") > n, daemon)  # type: ignore[misc]
        done = command(config, "status", "--json")
        assert "scatterclean login home" in done.stdout + done.stderr
        assert len(counter.asked) == asked, "the provider was asked again with a token that it has refused"

        code, again = login(config, by_browser, "--no-browser", "--keep", "file")
        assert code == 0, again
        jo.flood(1)
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: jo.count("Backscatter") == 6, daemon)
        wait_for(daemon.says("works again"), daemon)
        assert daemon.leave() == 0
        counter.nothing_of_it_in(daemon.log(), said, again, done.stdout, done.stderr)
    jo.close()


def test_an_account_without_a_login_says_how_to_log_in_and_bothers_no_server(
    provider: Provider, mailserver: TokenDovecot, config: Path
) -> None:
    with running(config, 'log_level = "debug"\n', table(mailserver, provider.oauth)) as daemon:
        wait_for(daemon.says("nobody has logged in by OAuth2 yet (trying again in 15 min)"), daemon)
        assert daemon.log().count("scatterclean login home") == 1
        assert daemon.leave() == 0
    assert provider.counter.asked == []
    assert "imap-login: Info: Login" not in mailserver.log()


def cut(jo: Jo, server: TokenDovecot) -> None:
    server.restart()
    jo.again()


@pytest.mark.parametrize("mechanisms", ["oauthbearer", "xoauth2"])
def test_a_code_typed_on_another_device_lets_us_in_by_either_mechanism(
    provider: Provider, mailserver: TokenDovecot, config: Path, mechanisms: str
) -> None:
    mailserver.mechanisms = mechanisms
    mailserver.restart()
    written(config, table(mailserver, provider.oauth))
    code, said = login(config, ByCode(), "--device", "--keep", "file")
    assert code == 0, said
    done = command(config, "sweep", "--json")
    assert "LoginRefused" not in done.stderr
    assert f"method={mechanisms.upper()}" in mailserver.log()
    provider.counter.nothing_of_it_in(said, done.stdout, done.stderr)


def test_a_token_of_another_program_serves_as_well(
    provider: Provider, mailserver: TokenDovecot, config: Path, tmp_path: Path
) -> None:
    written(config, table(mailserver, provider.oauth))
    assert login(config, by_browser, "--no-browser", "--keep", "file")[0] == 0
    token = tmp_path / "token"
    token.write_text(provider.counter.latest["access_token"] + "\n")
    jo = Jo(mailserver)
    jo.history()
    jo.flood(2)
    written(config, table(mailserver, f'token_command = ["cat", "{token}"]'))
    done = command(config, "sweep")
    assert (done.returncode, jo.count("Backscatter")) == (0, 2), done.stderr
    token.write_text("bogus-token-of-somebody\n")
    refused = command(config, "sweep")
    assert refused.returncode == 1
    assert "refused the login" in refused.stderr
    assert "bogus-token" not in refused.stderr + refused.stdout
    provider.counter.nothing_of_it_in(done.stdout, done.stderr, refused.stdout, refused.stderr)
    jo.close()


def test_doctor_says_whether_a_token_can_be_had_and_what_mends_it(
    provider: Provider, mailserver: TokenDovecot, config: Path
) -> None:
    written(config, table(mailserver, provider.oauth))
    secret, after = observed(config, "secret"), observed(config, "login")
    assert (secret["rating"], secret["code"]) == ("fault", "login-expired")
    assert "scatterclean login home" in secret["mend"]
    assert after["code"] == "not-looked-at"
    assert login(config, by_browser, "--no-browser", "--keep", "file")[0] == 0
    secret, after = observed(config, "secret"), observed(config, "login")
    assert secret["what"] == "an access token came from oauth"
    assert (after["rating"], after["what"][:15]) == ("ok", "jo is logged in")
    done = command(config, "doctor", "--json")
    provider.counter.nothing_of_it_in(done.stdout, done.stderr)


def observed(config: Path, topic: str) -> dict[str, str]:
    """The doctor's observation of that topic of the account."""
    told = json.loads(command(config, "doctor", "--json").stdout)
    found: list[dict[str, str]] = [o for o in told["observations"] if o["topic"] == topic and o["account"]]
    assert len(found) == 1, told
    return found[0]


def test_a_login_of_somebody_else_is_not_kept(
    provider: Provider, mailserver: TokenDovecot, config: Path
) -> None:
    """The browser was logged in as another person, as happens; the mail server takes the token for that one only."""
    other = table(mailserver, provider.oauth).replace(f'username = "{PERSON}"', 'username = "somebody-else"')
    code, said = login(written(config, other), by_browser, "--no-browser", "--keep", "file")
    assert code == 1, said
    assert "refused the login" in said
    assert not (config.with_name("log.db.oauth") / "home.json").exists()
    provider.counter.nothing_of_it_in(said)


def test_several_processes_at_once_lose_no_refresh_token(
    provider: Provider, mailserver: TokenDovecot, config: Path
) -> None:
    """Each renews, each time the refresh token is another one, and one that is used twice ends the login."""
    written(config, table(mailserver, provider.oauth))
    assert login(config, by_browser, "--no-browser", "--keep", "file")[0] == 0
    several = [
        subprocess.Popen(
            [*COMMAND, "--config", str(config), "doctor", "--json"],
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        for _ in range(4)
    ]
    for process in several:
        told = json.loads(process.communicate(timeout=60)[0])
        assert [o["rating"] for o in told["observations"] if o["topic"] == "login"] == ["ok"]
    assert provider.counter.asked.count("refresh_token") == 4
    kept = json.loads((config.with_name("log.db.oauth") / "home.json").read_text())
    assert kept["refresh_token"] == provider.counter.latest["refresh_token"]
