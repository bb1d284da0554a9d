"""`scatterclean init` against a real Dovecot with TLS: previewed, written, swept; or nothing at all."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from scatterclean.cli.leaving import held
from scatterclean.config import Tls, load
from scatterclean.demo.dovecot import ScratchDovecot, find_dovecot
from scatterclean.errors import ConfigBroken
from scatterclean.model import Mode, Verdict
from scatterclean.setup import writing
from scatterclean.setup.servers import Said, Server
from scatterclean.store import open_store
from tests.conftest import absent
from tests.e2e import world as worlds
from tests.e2e.terminal import Terminal
from tests.e2e.world import World
from tests.servers import RealHand
from tests.setup.played import MemoryVault, Played, play, said

_numbers = count(1)
ORPHANS = 14


@pytest.fixture(scope="module")
def server() -> Iterator[ScratchDovecot]:
    if find_dovecot() is None:
        absent("Dovecot 2.3")
    with ScratchDovecot(tls=True) as server:
        yield server


class Person:
    """Somebody with a flooded mailbox; the provider knows the person by the address."""

    def __init__(self, server: ScratchDovecot) -> None:
        # Every test has a user of its own: sub-addresses count as the address (RFC 5233), and the mail is to ME.
        self.username = f"ada{next(_numbers)}@winter.example"
        self.server = server
        self.hand = RealHand(server, self.username)
        self.world: World = worlds.make(datetime.now(UTC), sent=60, ordinary=12, orphans=ORPHANS)
        for folder, letters in (("Sent", self.world.sent), ("INBOX", self.world.inbox)):
            for letter in letters:
                self.hand.append(folder, letter.raw, flags=letter.flags, arrival=letter.arrival)
        self.inbox = len(self.world.inbox)

    def options(self) -> list[str]:
        """What a person at a provider of one's own says; discovery is for those who say less."""
        ours = self.server
        return [
            *("--host", "localhost", "--port", str(ours.tls_port), "--ca-file", str(ours.ca_file)),
            *("--username", self.username, "--outbound", "*.winter.example", "--no-dns"),
        ]

    def away(self) -> int:
        there = "Backscatter" in self.hand.folder_names()
        return len(self.hand.messages("Backscatter")) if there else 0

    @property
    def untouched(self) -> bool:
        return (
            len(self.hand.messages("INBOX")) == self.inbox and "Backscatter" not in self.hand.folder_names()
        )


@pytest.fixture
def person(server: ScratchDovecot) -> Iterator[Person]:
    person = Person(server)
    yield person
    person.hand.close()


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    return play(tmp_path, monkeypatch)


def found(server: ScratchDovecot, said: Said) -> Server:
    return Server("localhost", server.tls_port, Tls.IMPLICIT, said)


def test_six_answers_lead_from_nothing_to_a_clean_inbox(
    played: Played, person: Person, server: ScratchDovecot
) -> None:
    played.services = {"winter.example": [found(server, Said.SRV)]}
    answers = [worlds.ME, "y", server.password, "", "", "y"]
    told = played(
        *("--ca-file", str(server.ca_file), "--username", person.username, "--outbound", "*.winter.example"),
        answers=answers,
    )
    assert told.exit_code == 0, said(told)
    assert person.away() == len(person.world.moving)
    assert [name for name in played.left() if not name.endswith(".lock")] == [
        *("config", "config/scatterclean.toml", "config/winter.password"),
        *("data", "data/scatterclean", "data/scatterclean/scatterclean.db"),
    ]
    assert server.password not in told.output


def test_before_the_password_is_asked_for_the_server_is_shown_and_confirmed(
    played: Played, person: Person, server: ScratchDovecot
) -> None:
    played.services = {"winter.example": [found(server, Said.SRV)]}
    told = played("--ca-file", str(server.ca_file), "--email", worlds.ME, answers=["n"])
    assert f"localhost, port {server.tls_port} (TLS), from the DNS records of the domain" in told.output
    assert "not a machine of winter.example" in told.output
    assert "Password" not in told.output
    assert played.left() == []


def test_what_is_written_works_and_is_for_its_owner_alone(
    played: Played, person: Person, server: ScratchDovecot
) -> None:
    told = played("--email", worlds.ME, *person.options(), answers=[server.password, "", "", "n"])
    assert told.exit_code == 0, said(told)
    [account] = load(played.config).accounts
    assert account.account.mode is Mode.OBSERVE
    assert account.account.identities.addresses == {worlds.ME}
    assert account.secret.fetch() == server.password
    for path in (played.config, played.config.with_name("winter.password"), played.database):
        assert path.stat().st_mode & 0o777 == 0o600
    assert played.config.parent.stat().st_mode & 0o777 == 0o700
    assert person.untouched
    assert server.password not in told.output
    assert server.password not in played.config.read_text()


def test_the_preview_counts_exactly_what_a_sweep_then_moves(
    played: Played, person: Person, server: ScratchDovecot
) -> None:
    told = played("--email", worlds.ME, *person.options(), answers=[server.password, "", "", "y"])
    moving = len(person.world.moving)
    assert re.search(
        rf" {moving} would be moved to Backscatter \(about mail that you never sent\)\n", told.output
    )
    assert f"Move these {moving} now" in told.output
    assert person.away() == moving


def test_the_log_of_the_preview_is_kept_so_that_sent_is_read_once(
    played: Played, person: Person, server: ScratchDovecot
) -> None:
    told = played("--email", worlds.ME, *person.options(), answers=[server.password, "", "", "n"])
    assert told.exit_code == 0
    assert played.database.exists()
    with open_store(played.database, read_only=True) as store:
        assert store.sent_log.count_account("winter") == 60


def test_a_keyring_that_is_there_keeps_the_password_and_costs_no_question(
    played: Played, person: Person, server: ScratchDovecot
) -> None:
    played.vault = MemoryVault("Test Keyring")
    told = played("--email", worlds.ME, *person.options(), answers=[server.password, "", "n"])
    assert told.exit_code == 0, said(told)
    assert played.vault.secrets == {person.username: server.password}
    assert "password_keyring = true" in played.config.read_text()
    assert not list(played.config.parent.glob("*.password"))


def test_a_command_of_ones_own_is_tried_before_it_is_believed(
    played: Played, person: Person, server: ScratchDovecot
) -> None:
    told = played(
        *("--email", worlds.ME, *person.options()),
        answers=[server.password, "echo wrong", f"echo {server.password}", "", "n"],
    )
    assert told.exit_code == 0, said(told)
    assert "gives another password" in told.output
    assert load(played.config).accounts[0].secret.fetch() == server.password


def test_without_questions_the_same_by_options(
    played: Played, person: Person, server: ScratchDovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", server.password)
    told = played(
        *("--non-interactive", "--email", worlds.ME, *person.options(), "--password-env", "MAIL_PASSWORD"),
        "--move",
    )
    assert told.exit_code == 0, said(told)
    assert person.away() == len(person.world.moving)
    assert 'password_env = "MAIL_PASSWORD"' in played.config.read_text()


def test_without_questions_a_server_that_was_only_found_gets_no_password(
    played: Played, person: Person, server: ScratchDovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", server.password)
    played.services = {"winter.example": [found(server, Said.SRV)]}
    options = [
        *("--non-interactive", "--email", worlds.ME, "--username", person.username),
        *("--ca-file", str(server.ca_file), "--password-env", "MAIL_PASSWORD"),
    ]
    told = played(*options)
    assert "nobody confirmed that the password may go to localhost" in str(told.exception)
    assert f"--host localhost --port {server.tls_port} --tls implicit" in str(told.exception)
    assert played.left() == []
    assert played(*options, "--trust-found").exit_code == 0


def test_settings_that_the_domain_publishes_lead_there_too(
    played: Played, person: Person, server: ScratchDovecot
) -> None:
    page = (
        '<clientConfig version="1.1"><emailProvider id="winter.example"><incomingServer type="imap">'
        f"<hostname>localhost</hostname><port>{server.port}</port><socketType>STARTTLS</socketType>"
        f"<username>{person.username}</username><authentication>password-cleartext</authentication>"
        "</incomingServer></emailProvider></clientConfig>"
    )
    played.pages = {"https://winter.example/.well-known/autoconfig/mail/config-v1.1.xml": page.encode()}
    told = played(
        *("--ca-file", str(server.ca_file), "--outbound", "*.winter.example", "--email", worlds.ME),
        answers=["y", server.password, "", "", "n"],
    )
    assert told.exit_code == 0, said(told)
    [account] = load(played.config).accounts
    assert (account.tls, account.username) == (Tls.STARTTLS, person.username)


def test_an_account_is_added_and_every_byte_that_was_there_stays(
    played: Played, person: Person, server: ScratchDovecot
) -> None:
    played.config.parent.mkdir()
    before = (
        '# mine\ndatabase = "log.db"   # here\n\n[defaults]\npoll = "2m" # often\n\n'
        '[accounts.old]\nhost = "127.0.0.1"\nport = 1\ntls = "none"\nusername = "x"\npassword_env = "X"\n'
        'person = "another"\n[accounts.old.kinds]\nreceipt = "never"\n# the end'
    )
    played.config.write_text(before)
    told = played("--email", worlds.ME, *person.options(), answers=[server.password, "", "", "n"])
    assert told.exit_code == 0, said(told)
    assert played.config.read_text().startswith(before + "\n")
    assert [a.name for a in load(played.config).accounts] == ["old", "winter"]
    assert (played.config.parent / "log.db").exists()


def _newcomer(person: Person, server: ScratchDovecot) -> list[str]:
    """Options for one to whom nothing came back yet that shows through which machines the mail leaves."""
    user = f"{person.username}-new"
    hand = RealHand(server, user)
    for folder, letters in (("Sent", person.world.sent), ("INBOX", person.world.moving)):
        for letter in letters:
            hand.append(folder, letter.raw, flags=letter.flags, arrival=letter.arrival)
    hand.close()
    return [
        *("--host", "localhost", "--port", str(server.tls_port), "--ca-file", str(server.ca_file)),
        *("--email", worlds.ME, "--username", user, "--no-dns"),
    ]


def test_where_nothing_would_move_for_want_of_the_servers_the_guess_is_asked_for_and_previewed_again(
    played: Played, person: Person, server: ScratchDovecot
) -> None:
    told = played(*_newcomer(person, server), answers=[server.password, "", "", "y", "n"])
    assert told.exit_code == 0, said(told)
    before, asked, after = told.output.partition(
        "Does all your mail leave through *.winter.example (a guess)?"
    )
    assert asked, told.output
    assert "    0 would be moved to Backscatter" in before
    assert f"{len(person.world.moving):5} would be moved to Backscatter" in after
    assert load(played.config).accounts[0].account.hosts == {".winter.example"}


def test_the_guess_can_be_taken_by_its_letter_before_the_preview(
    played: Played, person: Person, server: ScratchDovecot
) -> None:
    told = played(*_newcomer(person, server), answers=[server.password, "", "o", "", "n"])
    assert told.exit_code == 0, said(told)
    assert "o: all your mail leaves through *.winter.example (a guess)" in told.output
    assert "Your mail leaves through: *.winter.example" in told.output
    assert f"{len(person.world.moving):5} would be moved to Backscatter" in told.output
    assert load(played.config).accounts[0].account.hosts == {".winter.example"}


def test_what_dns_answered_is_told_and_a_guess_is_written_by_nobody_but_the_person(
    played: Played, person: Person, server: ScratchDovecot
) -> None:
    options = [one for one in _newcomer(person, server) if one != "--no-dns"]
    told = played(*options, answers=[server.password, "", "", "", "n"])
    assert told.exit_code == 0, said(told)
    assert "DNS was asked: winter.example gave no answer" in " ".join(told.output.split())
    assert load(played.config).accounts[0].account.hosts == frozenset()


def test_a_mailbox_that_is_set_up_already_is_not_set_up_twice(
    played: Played, person: Person, server: ScratchDovecot
) -> None:
    options = ["--email", worlds.ME, *person.options()]
    assert played(*options, answers=[server.password, "", "", "n"]).exit_code == 0
    before = played.config.read_bytes()
    told = played(*options, answers=[server.password, "", "", "n"])
    assert "is set up already, as account winter" in str(told.exception)
    assert played.config.read_bytes() == before


@pytest.mark.parametrize("answered", range(4))
def test_who_leaves_at_any_question_leaves_nothing_behind(
    played: Played, person: Person, server: ScratchDovecot, answered: int
) -> None:
    answers = [server.password, "", "", "y"][:answered]
    told = played("--email", worlds.ME, *person.options(), answers=answers)
    assert told.exit_code != 0
    assert "Nothing was written, and nothing was moved." in told.output
    assert played.left() == []
    assert person.untouched


def test_a_file_that_cannot_be_written_takes_the_password_back_out(
    played: Played, person: Person, server: ScratchDovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    played.vault = MemoryVault("Test Keyring")
    monkeypatch.setattr("os.fsync", full)
    told = played("--email", worlds.ME, *person.options(), answers=[server.password, "", "y"])
    assert "cannot be written: No space left on device" in str(told.exception)
    assert played.vault.secrets == {}
    assert played.left() == []
    assert person.untouched


def test_an_account_whose_sent_folder_is_empty_is_told_so_and_not_asked_to_move_now(
    played: Played, person: Person, server: ScratchDovecot
) -> None:
    user = f"{person.username}-empty"
    hand = RealHand(server, user)
    for letter in person.world.inbox:
        hand.append("INBOX", letter.raw, flags=letter.flags, arrival=letter.arrival)
    options = [
        *("--host", "localhost", "--port", str(server.tls_port), "--ca-file", str(server.ca_file)),
        *("--email", worlds.ME, "--username", user, "--no-dns"),
    ]
    told = played(*options, answers=[server.password, "", "", "y"])
    hand.close()
    assert "Your Sent folder is empty, so nothing is known of what you sent" in told.output, said(told)
    assert "Move what comes, once there is mail in Sent?" in told.output
    assert "Move these" not in told.output


# --- on a terminal -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("term", ["dumb", "xterm-256color"])
def test_on_a_terminal_it_asks_in_plain_lines_and_hides_the_password(
    tmp_path: Path, person: Person, server: ScratchDovecot, term: str
) -> None:
    terminal = Terminal(tmp_path, "init", *person.options(), term=term)
    terminal.wait_for("Your e-mail address:")
    terminal.type(worlds.ME)
    terminal.wait_for("not shown while you type):")
    assert not terminal.echoes()
    terminal.type(server.password)
    terminal.wait_for("Press Enter for a file that only you may read")
    terminal.type("")
    terminal.wait_for("Is this right?")
    terminal.type("")
    terminal.wait_for("[y/N]:")
    terminal.type("y")
    assert terminal.end() == 0, terminal.text
    assert server.password not in terminal.text
    if term == "dumb":
        assert "\x1b" not in terminal.text
        assert "60 messages read." in terminal.text
    assert person.away() == len(person.world.moving)
    assert (tmp_path / ".config/scatterclean/scatterclean.toml").exists()


@pytest.mark.parametrize("question", ["not shown while you type):", "Is this right?", "[y/N]:"])
def test_ctrl_c_on_a_terminal_leaves_nothing(
    tmp_path: Path, person: Person, server: ScratchDovecot, question: str
) -> None:
    terminal = Terminal(tmp_path, "init", "--email", worlds.ME, *person.options(), term="dumb")
    for asked, answer in (
        ("not shown while you type):", server.password),
        ("Press Enter for a file", ""),
        ("Is this right?", ""),
        ("[y/N]:", "y"),
    ):
        terminal.wait_for(asked)
        if asked == question:
            break
        terminal.type(answer)
    terminal.interrupt()
    assert terminal.end() == 130
    assert "Nothing was written, and nothing was moved." in terminal.text
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == []
    assert person.untouched


def test_a_closed_terminal_leaves_nothing(tmp_path: Path, person: Person, server: ScratchDovecot) -> None:
    terminal = Terminal(tmp_path, "init", "--email", worlds.ME, *person.options(), term="dumb")
    terminal.wait_for("not shown while you type):")
    terminal.process.send_signal(signal.SIGHUP)
    assert terminal.end() != 0
    assert list(tmp_path.rglob("*.toml")) == []


# --- beside what is there already ---------------------------------------------------------------------------


def test_while_a_daemon_has_the_log_the_account_is_added_and_left_to_it(
    played: Played, person: Person, server: ScratchDovecot
) -> None:
    with open_store(played.database):
        told = played("--email", worlds.ME, *person.options(), answers=[server.password, "", "", "y"])
        assert told.exit_code == 0, said(told)
        assert "read the configuration anew" in told.output
        assert person.untouched
    assert load(played.config).accounts[0].account.mode is Mode.MOVE


def test_a_configuration_that_is_not_right_is_told_and_left_alone(
    played: Played, server: ScratchDovecot
) -> None:
    played.config.parent.mkdir()
    played.config.write_text("[accounts.x]\nhots = 1\n")
    told = played("--email", worlds.ME, answers=["never asked"])
    assert isinstance(told.exception, ConfigBroken)
    assert played.config.read_text() == "[accounts.x]\nhots = 1\n"


def test_what_another_account_of_the_person_sent_is_known_in_the_preview(
    played: Played, person: Person, server: ScratchDovecot
) -> None:
    options = ["--email", worlds.ME, *person.options()]
    assert played(*options, answers=[server.password, "", "", "n"]).exit_code == 0
    second = f"{person.username}-2"
    hand = RealHand(server, second)
    genuine = [letter for letter in person.world.inbox if letter.verdict is Verdict.GENUINE][:3]
    for letter in genuine:
        hand.append("INBOX", letter.raw, arrival=letter.arrival)
    hand.append("Sent", person.world.sent[0].raw, arrival=person.world.sent[0].arrival)
    hand.close()
    told = played(*options, "--username", second, answers=[server.password, "", "", "n"])
    assert told.exit_code == 0, said(told)
    assert re.search(rf" {len(genuine)} stay: genuine \(about mail that you sent\)\n", told.output)
    assert [a.name for a in load(played.config).accounts] == ["winter", "ada"]


def test_a_program_reads_what_was_set_up_as_json(
    played: Played, person: Person, server: ScratchDovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", server.password)
    told = played("--json", "--email", worlds.ME, *person.options(), "--password-env", "MAIL_PASSWORD")
    assert told.exit_code == 0, said(told)
    form = json.loads(told.stdout)
    assert (form["account"], form["mode"], form["host"]) == ("winter", "observe", "localhost")
    assert form["would_put_away"] == len(person.world.moving)


@pytest.mark.parametrize("missing", ["--email", "--password-env"])
def test_without_questions_what_is_missing_is_named(
    played: Played, person: Person, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "x")
    pairs = {"--email": worlds.ME, "--password-env": "MAIL_PASSWORD"}
    given = [word for pair in pairs.items() if pair[0] != missing for word in pair]
    told = played("--non-interactive", *person.options(), *given)
    assert missing in str(told.exception)
    assert played.left() == []


# --- all of it or nothing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["placing.free_file", "placing.put_in_file", "draft.keep", "writing.add"])
@pytest.mark.parametrize("why", [KeyboardInterrupt, SystemExit, OSError])
def test_whatever_ends_the_writing_in_the_middle_leaves_nothing_of_it(
    played: Played,
    person: Person,
    server: ScratchDovecot,
    monkeypatch: pytest.MonkeyPatch,
    *,
    step: str,
    why: type[BaseException],
) -> None:
    def ends(*_: object) -> None:
        raise why(5)

    monkeypatch.setattr(f"scatterclean.setup.{step}", ends)
    told = played("--email", worlds.ME, *person.options(), answers=[server.password, "", "", "y"])
    assert told.exit_code != 0
    assert played.left() == []
    assert person.untouched


@pytest.fixture
def in_the_foreground() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("in_the_foreground")
def test_ctrl_c_in_the_moment_of_writing_waits_until_all_is_written(
    played: Played, person: Person, server: ScratchDovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = writing.add

    def pressed(path: Path, entry: writing.Entry) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        really(path, entry)

    monkeypatch.setattr(writing, "add", pressed)
    played.held = held
    told = played("--email", worlds.ME, *person.options(), answers=[server.password, "", "", "y"])
    assert "Stopped; the account is set up" in told.output
    assert load(played.config).accounts[0].secret.fetch() == server.password
    assert person.untouched
