"""What the file says arrives as values, with the defaults filled in; what is unwise comes as a warning."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import platformdirs
import pytest

from scatterclean.config import ENVIRONMENT, Secret, Settings, Source, Tls, default_path, load
from scatterclean.config.checks import is_loopback
from scatterclean.errors import ConfigBroken
from scatterclean.model import DEFAULT_SWITCHES, Identities, Kind, Mode, Switch

HOME = '[accounts.home]\nhost = "imap.example.org"\nusername = "Me@example.org"\npassword_env = "P"\n'
Reading = Callable[[str], Settings]


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    """Writes a text to a file that only its owner may read, and loads it."""

    def read(text: str) -> Settings:
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return load(path)

    return read


def test_the_defaults_are_filled_in(reading: Reading, tmp_path: Path) -> None:
    settings = reading(HOME)
    assert settings.path == tmp_path / "config.toml"
    assert settings.database == platformdirs.user_data_path("scatterclean") / "scatterclean.db"
    assert settings.log_level == "info"
    assert settings.warnings == ()
    (home,) = settings.accounts
    assert (home.name, home.host, home.port, home.tls) == ("home", "imap.example.org", 993, Tls.IMPLICIT)
    assert (home.username, home.ca_file) == ("Me@example.org", None)
    assert home.secret == Secret(Source.ENV, ("P",))
    assert (home.timeout, home.poll, home.push) == (timedelta(seconds=60), timedelta(minutes=5), True)
    account = home.account
    assert account.mode is Mode.OBSERVE
    assert (account.watch, account.sent, account.backscatter) == (("INBOX",), (), "Backscatter")
    assert (account.person, account.settle) == ("", timedelta(minutes=10))
    assert account.switches == DEFAULT_SWITCHES
    assert account.identities == Identities(addresses=frozenset({"me@example.org"}))


def test_every_key_arrives(reading: Reading, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    settings = reading(
        """
        database = "mail.db"
        log_level = "debug"
        [accounts."me.home-2"]
        host = "IMAP.Example.org."
        port = 1143
        tls = "starttls"
        ca_file = "ca.pem"
        username = "me"
        password_file = "pw"
        addresses = ["Me@Example.org", "*@own.example"]
        shared = ["info@own.example"]
        never_sends = ["old@own.example"]
        person = "me"
        watch = ["INBOX", "Lists/Größe"]
        sent = ["Sent", "Sent Messages"]
        backscatter = "INBOX.Orphans"
        mode = "move"
        poll = 90
        push = false
        settle = "2h"
        timeout = "2m"
        [accounts."me.home-2".kinds]
        autoreply = "always"
        complaint = "storm"
        """
    )
    assert settings.database == tmp_path / "mail.db"
    assert settings.log_level == "debug"
    (it,) = settings.accounts
    assert (it.name, it.host, it.port, it.tls) == ("me.home-2", "imap.example.org", 1143, Tls.STARTTLS)
    assert it.ca_file == tmp_path / "ca.pem"
    assert it.secret == Secret(Source.FILE, (str(tmp_path / "pw"),))
    assert it.account.identities == Identities(
        addresses=frozenset({"me@example.org", "*@own.example"}),
        shared=frozenset({"info@own.example"}),
        never_sends=frozenset({"old@own.example"}),
    )
    assert it.account.person == "me"
    assert it.account.watch == ("INBOX", "Lists/Größe")
    assert it.account.sent == ("Sent", "Sent Messages")
    assert it.account.backscatter == "INBOX.Orphans"
    assert it.account.mode is Mode.MOVE
    assert (it.poll, it.timeout, it.push) == (timedelta(seconds=90), timedelta(minutes=2), False)
    assert it.account.settle == timedelta(hours=2)
    assert it.account.switches == dict(DEFAULT_SWITCHES) | {
        Kind.AUTOREPLY: Switch.ALWAYS,
        Kind.COMPLAINT: Switch.STORM,
    }


@pytest.mark.parametrize(
    ("text", "seconds"),
    [('"5s"', 5), ('"30s"', 30), ('"90m"', 5400), ('"3h"', 10800), ('"1d"', 86400), ("45", 45)],
)
def test_a_duration_has_a_unit_or_is_in_seconds(reading: Reading, text: str, seconds: int) -> None:
    assert reading(HOME + f"poll = {text}\n").accounts[0].poll.total_seconds() == seconds


@pytest.mark.parametrize(
    ("line", "source", "place"),
    [
        (
            'password_command = "pass show x | head -1"',
            Source.COMMAND,
            ("/bin/sh", "-c", "pass show x | head -1"),
        ),
        ('password_command = ["pass", "show", "x"]', Source.COMMAND, ("pass", "show", "x")),
        ('password_command = ["~/bin/pw"]', Source.COMMAND, (str(Path.home() / "bin/pw"),)),
        ('password_file = "~/pw"', Source.FILE, (str(Path.home() / "pw"),)),
        ('password_credential = "mail.home"', Source.CREDENTIAL, ("mail.home",)),
        ("password_keyring = true", Source.KEYRING, ("scatterclean", "Me@example.org")),
        ('password_keyring = "mail"', Source.KEYRING, ("mail", "Me@example.org")),
        ('password = "sesame"', Source.PLAIN, ("sesame",)),
    ],
)
def test_each_place_of_a_password_is_understood(
    reading: Reading, line: str, source: Source, place: tuple[str, ...]
) -> None:
    text = HOME.replace('password_env = "P"', line)
    assert reading(text).accounts[0].secret == Secret(source, place)


def test_accounts_override_the_defaults_key_by_key_and_kind_by_kind(reading: Reading) -> None:
    settings = reading(
        """
        [defaults]
        host = "imap.example.org"
        tls = "starttls"
        password_command = "pass show mail"
        mode = "move"
        poll = "1h"
        kinds = { receipt = "never", notice = "never" }
        [accounts.one]
        username = "one@example.org"
        [accounts.two]
        username = "two@example.org"
        tls = "implicit"
        password_env = "TWO"
        mode = "observe"
        kinds = { notice = "storm" }
        """
    )
    one, two = settings.accounts
    assert (one.host, one.tls, one.port, one.poll) == (two.host, Tls.STARTTLS, 143, two.poll)
    assert (two.tls, two.port) == (Tls.IMPLICIT, 993)
    assert one.secret == Secret(Source.COMMAND, ("/bin/sh", "-c", "pass show mail"))
    assert two.secret == Secret(Source.ENV, ("TWO",))
    assert (one.account.mode, two.account.mode) == (Mode.MOVE, Mode.OBSERVE)
    assert one.account.switches == dict(DEFAULT_SWITCHES) | {
        Kind.RECEIPT: Switch.NEVER,
        Kind.NOTICE: Switch.NEVER,
    }
    assert two.account.switches == dict(DEFAULT_SWITCHES) | {
        Kind.RECEIPT: Switch.NEVER,
        Kind.NOTICE: Switch.STORM,
    }


def test_a_user_name_that_is_no_address_gives_no_address(reading: Reading) -> None:
    account = reading(HOME.replace("Me@example.org", "me")).accounts[0].account
    assert account.identities.addresses == frozenset()


def test_given_addresses_stand_alone_without_the_user_name(reading: Reading) -> None:
    account = reading(HOME + 'addresses = ["you@example.org"]\n').accounts[0].account
    assert account.identities.addresses == {"you@example.org"}


def test_an_own_wildcard_may_have_shared_and_silent_addresses_in_it(reading: Reading) -> None:
    text = 'addresses = ["*@own.example"]\nshared = ["info@own.example"]\nnever_sends = ["old@own.example"]\n'
    identities = reading(HOME + text).accounts[0].account.identities
    assert identities.owns("any@own.example")
    assert not identities.owns("info@own.example")
    assert identities.sends_never("old@own.example")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]", "localhost", "dovecot.localhost", "127.9.9.9"])
def test_no_encryption_is_accepted_inside_of_the_machine(reading: Reading, host: str) -> None:
    settings = reading(HOME.replace("imap.example.org", host) + 'tls = "none"\n')
    assert (settings.accounts[0].port, settings.warnings) == (143, ())


def test_no_encryption_is_accepted_elsewhere_if_it_is_asked_for(reading: Reading) -> None:
    assert reading(HOME + 'tls = "none"\nallow_plaintext = true\n').accounts[0].tls is Tls.NONE


@pytest.mark.parametrize("host", ["localhost.example.org", "10.0.0.1", "example.org", "128.0.0.1", "fe80::1"])
def test_other_hosts_are_not_taken_for_this_machine(host: str) -> None:
    assert not is_loopback(host)


def test_one_user_on_two_ports_of_this_machine_has_two_mailboxes(reading: Reading) -> None:
    tunnel = HOME.replace("imap.example.org", "127.0.0.1")
    settings = reading(f"{tunnel}port = 1993\n{tunnel.replace('home', 'work')}port = 2993\n")
    assert [account.port for account in settings.accounts] == [1993, 2993]


def test_two_persons_may_contradict_each_other(reading: Reading) -> None:
    other = HOME.replace("home", "work").replace("Me@", "you@")
    settings = reading(f'{HOME}person = "me"\n{other}never_sends = ["me@example.org"]\nperson = "you"\n')
    assert [account.account.person for account in settings.accounts] == ["me", "you"]


def test_windows_line_ends_and_inline_tables_are_accepted(reading: Reading) -> None:
    text = 'accounts = { home = { host = "h.example", username = "me", password_env = "P" } }\r\n'
    assert reading(text).accounts[0].name == "home"


def test_the_same_file_read_twice_gives_equal_settings(reading: Reading) -> None:
    text = HOME + 'addresses = ["a@b.example", "c@d.example"]\nsettle = "1m"\n'
    assert reading(text) == reading(text)
    assert reading(text) != reading(text + "port = 1993\n")


def test_a_password_in_a_file_that_others_may_read_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(HOME.replace('password_env = "P"', 'password = "sesame"'))
    path.chmod(0o640)
    (warning,) = load(path).warnings
    assert warning == (
        f"{path}:4: accounts.home.password: others may read this file and so the password, "
        "expected mode 600 (chmod 600), or password_command in its place"
    )
    path.chmod(0o600)
    assert load(path).warnings == ()


def test_what_is_unwise_is_warned_of_with_its_line(reading: Reading) -> None:
    settings = reading(
        '[defaults]\nsettle = "119s"\n'
        + HOME
        + 'tls = "starttls"\nport = 993\n'
        + HOME.replace("home", "work").replace("Me@", "you@")
        + "port = 143\n"
    )
    path = settings.path
    too_short = "a bounce can be faster than the copy in Sent, expected 2m or more (default: 10m)"
    assert settings.warnings == (
        f"{path}:2: defaults.settle: {too_short}",
        f'{path}:8: accounts.home.port: port 993 rarely speaks tls = "starttls", expected 143',
        f'{path}:13: accounts.work.port: port 143 rarely speaks tls = "implicit", expected 993',
    )


def test_a_poll_of_a_few_seconds_is_warned_of_unless_the_server_is_this_machine(reading: Reading) -> None:
    (warning,) = reading(HOME + "poll = 29\n").warnings
    assert warning.endswith(
        ":5: accounts.home.poll: providers throttle clients that ask so often, expected 30s or more"
    )
    assert reading(HOME + "poll = 30\n").warnings == ()
    assert reading(HOME.replace("imap.example.org", "localhost") + "poll = 5\n").warnings == ()


def test_a_settle_time_of_two_minutes_is_no_reason_for_a_warning(reading: Reading) -> None:
    assert reading(HOME + 'settle = "2m"\n').warnings == ()


def test_the_file_is_looked_for_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, "elsewhere/config.toml")
    assert default_path() == Path("elsewhere/config.toml")
    monkeypatch.delenv(ENVIRONMENT)
    assert default_path() == platformdirs.user_config_path("scatterclean") / "scatterclean.toml"


def test_no_representation_of_the_settings_holds_the_password(reading: Reading) -> None:
    settings = reading(HOME.replace('password_env = "P"', 'password = "sesame"'))
    (home,) = settings.accounts
    assert home.secret.fetch() == "sesame"
    for each in (settings, home, home.secret, home.account):
        assert "sesame" not in f"{each!r}{each}{each!s}"


def test_a_problem_in_one_account_does_not_hide_one_in_another(reading: Reading) -> None:
    with pytest.raises(ConfigBroken) as caught:
        reading(HOME + 'port = 0\n[accounts.work]\ntls = "ssl"\n')
    assert len(caught.value.problems) == 5  # port; tls, host, username, password
