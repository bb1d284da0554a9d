"""Providers as they are met: whatever they publish, refuse or call their folders, `scatterclean init` ends in a working
account or in one clear sentence.  Names, TLS, HTTPS and logins are real; the internet is on loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from click.testing import Result

from scatterclean.config import load
from scatterclean.demo.dovecot import ScratchDovecot, find_dovecot
from scatterclean.mailbox.folders import to_utf7
from scatterclean.model import Mode
from scatterclean.setup.servers import SetupEnds
from tests.conftest import absent
from tests.hosts.quirks import ICloud, Provider, Talk
from tests.names.server import Zone
from tests.servers import RealHand, fresh_user
from tests.sweeps.world import ME

from .internet import Internet, an_internet, authority
from .played import said
from .site import Answer, leading_to, page
from .test_autoconfig import settings
from .test_folders import fill

__all__ = ["authority"]

WELL_KNOWN = ("winter.example", "/.well-known/autoconfig/mail/config-v1.1.xml")
AUTOCONFIG = ("autoconfig.winter.example", f"/mail/config-v1.1.xml?emailaddress={ME}")
USUAL = Provider("IMAP4rev1 AUTH=PLAIN UIDPLUS MOVE IDLE UNSELECT NAMESPACE SPECIAL-USE")
PLAIN = "IMAP4rev1 AUTH=PLAIN UIDPLUS MOVE IDLE UNSELECT NAMESPACE"


@pytest.fixture
def internet(tmp_path: Path, authority: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    home = tmp_path / "home"
    home.mkdir()
    with an_internet(
        home, authority, monkeypatch, {"winter.example": {"MX": ["10 mx.winter.example."]}}
    ) as net:
        yield net


@pytest.fixture
def hand(dovecot: ScratchDovecot) -> Iterator[RealHand]:
    user = fresh_user()
    with closing(RealHand(dovecot, user)) as hand:
        hand.user = user  # type: ignore[attr-defined]  # by whose name `options` logs in
        fill(hand, "Sent")
        yield hand


def options(hand: RealHand) -> list[str]:
    user: str = hand.user  # type: ignore[attr-defined]
    return ["--email", ME, "--username", user, "--outbound", "*.winter.example", "--no-dns"]


def works(internet: Internet, told: Result, hand: RealHand, host: str, away: str = "Backscatter") -> None:
    """The account is written, and its first sweep put the orphan away."""
    assert told.exit_code == 0, said(told)
    [account] = load(internet.config).accounts
    assert (account.host, account.tls, account.account.mode) == (host, "implicit", Mode.MOVE)
    assert len(hand.messages(away)) == 1
    assert hand.messages("INBOX") == []


def ends(internet: Internet, told: Result, sentence: str, way: str = "") -> None:
    """One sentence, and what to do; nothing was written."""
    assert isinstance(told.exception, SetupEnds), said(told)
    assert sentence in told.exception.what
    assert way in told.exception.hint
    assert "\n" not in told.exception.what
    assert internet.left() == []


# --- what the domain publishes -----------------------------------------------------------------------------


@pytest.mark.parametrize("place", [WELL_KNOWN, AUTOCONFIG], ids=["well-known", "autoconfig"])
def test_settings_that_are_published_lead_to_a_working_account(
    internet: Internet, dovecot: ScratchDovecot, hand: RealHand, place: tuple[str, str]
) -> None:
    internet.web({place: page(settings())})
    internet.mail("imap.winter.example", dovecot, USUAL)
    told = internet(*options(hand), answers=["", dovecot.password, "", "", "y"])
    assert "from the settings that the domain publishes" in told.output
    works(internet, told, hand, "imap.winter.example")


def dripping(client: socket.socket, over: threading.Event) -> None:
    with suppress(OSError):
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not over.wait(0.2):
            client.sendall(b"x")


def endless(client: socket.socket, over: threading.Event) -> None:
    with suppress(OSError):
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not over.is_set():
            client.sendall(b"<a/>" * 4096)


# What is published, and what is told about it; None: nothing is.
HOSTILE: dict[str, tuple[Answer | None, str]] = {
    "absent": (None, "not used, there is no such server"),
    "another page": (page(b"<!DOCTYPE html><html>Welcome</html>"), "not used, it declares a document type"),
    "plain-text only": (
        page(settings(socketType="plain", port="143")),
        "not used, it names only servers that want the password without encryption",
    ),
    "a host without such a certificate": (
        page(settings(hostname="imap.liar.example")),
        "imap.liar.example, port 993 (TLS): the certificate is not trusted",
    ),
    "a host that is not there": (
        page(settings(hostname="imap.nowhere.example")),
        "imap.nowhere.example, port 993 (TLS): this name cannot be resolved",
    ),
    "redirect elsewhere": (
        leading_to("https://evil.example/c.xml"),
        "not used, it leads elsewhere, to evil.example",
    ),
    "redirect to http": (
        leading_to("http://winter.example/c.xml"),
        "not used, it leads to a page without HTTPS",
    ),
    "huge": (endless, "not used, it is larger than 65536 bytes"),
    "slow": (dripping, "not used, it does not answer in time"),
}


def publish(internet: Internet, answer: Answer | None, dovecot: ScratchDovecot) -> None:
    if answer is not None:
        internet.web(
            {WELL_KNOWN: answer, ("evil.example", "/c.xml"): page(settings(hostname="imap.evil.example"))}
        )
        internet.mail("imap.evil.example", dovecot, USUAL)
        internet.mail("imap.liar.example", dovecot, USUAL)  # its certificate is for others


@pytest.mark.parametrize("kind", HOSTILE)
def test_settings_that_cannot_be_used_are_told_and_the_common_names_lead_to_a_working_account(
    internet: Internet, dovecot: ScratchDovecot, hand: RealHand, kind: str
) -> None:
    answer, why = HOSTILE[kind]
    publish(internet, answer, dovecot)
    internet.mail("imap.winter.example", dovecot, USUAL)
    told = internet(*options(hand), answers=["", dovecot.password, "", "", "y"])
    assert why in told.output
    assert ("imap.evil.example", 993) not in internet.dialled
    works(internet, told, hand, "imap.winter.example")


@pytest.mark.parametrize("kind", HOSTILE)
def test_settings_that_cannot_be_used_where_nothing_else_is_found_end_in_one_sentence(
    internet: Internet, dovecot: ScratchDovecot, hand: RealHand, kind: str
) -> None:
    answer, why = HOSTILE[kind]
    publish(internet, answer, dovecot)
    told = internet(*options(hand), "--non-interactive", "--password-env", "NEVER_READ")
    assert why in told.output
    ends(internet, told, "no mail server was found for winter.example", "--host imap.example.org")


@pytest.mark.parametrize("answer", ["", "n"])
def test_a_foreign_host_with_a_good_certificate_hears_no_password_without_a_yes(
    internet: Internet, answer: str
) -> None:
    internet.web({WELL_KNOWN: page(settings(hostname="imap.evil.example"))})
    evil = internet.scripted("imap.evil.example")
    told = internet("--email", ME, answers=[answer])
    assert "By its name it is not a machine of winter.example" in told.output
    assert {line.split(b" ")[1] for line in evil.heard} <= {b"CAPABILITY", b"LOGOUT"}
    assert internet.left() == []


def test_a_foreign_host_is_one_sentence_where_nobody_is_asked(internet: Internet) -> None:
    internet.web({WELL_KNOWN: page(settings(hostname="imap.evil.example"))})
    internet.scripted("imap.evil.example")
    told = internet("--email", ME, "--non-interactive", "--password-env", "NEVER_READ")
    ends(internet, told, "nobody confirmed that the password may go to imap.evil.example", "--trust-found")


# --- the login ---------------------------------------------------------------------------------------------

# The address, the server, what it offers, what it answers to a password, the sentence, and the way out.
REFUSED = {
    "app password (Gmail)": (
        "ada@gmail.com",
        "imap.gmail.com",
        "AUTH=XOAUTH2 AUTH=PLAIN AUTH=OAUTHBEARER",
        b"[ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)",
        "Application-specific password required",
        "https://myaccount.google.com/apppasswords",
    ),
    "app password (Yahoo)": (
        "ada@yahoo.com",
        "imap.mail.yahoo.com",
        "AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER",
        b"[AUTHENTICATIONFAILED] AUTHENTICATE Invalid credentials",
        "Invalid credentials",
        "Yahoo wants an app password",
    ),
    "password auth switched off": (
        ME,
        "imap.winter.example",
        "LOGINDISABLED",
        b"never asked",
        "has switched the login by password off",
        "Ask whoever runs it",
    ),
    "OAuth only, announced": (
        ME,
        "imap.winter.example",
        "LOGINDISABLED AUTH=XOAUTH2 AUTH=OAUTHBEARER",
        b"never asked",
        "takes no passwords, only OAuth2",
        "",
    ),
    "OAuth only, said at the login": (
        ME,
        "imap.winter.example",
        "AUTH=PLAIN AUTH=XOAUTH2",
        b"LOGIN failed. BasicAuthBlocked",
        "only OAuth2",
        "",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_login_that_is_refused_is_one_sentence_and_the_way_out(
    internet: Internet, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    address, host, capability, answer, sentence, way = REFUSED[kind]
    monkeypatch.setenv("MAIL_PASSWORD", "hunter-2-secret")
    server = internet.scripted(host, {"(password)": [b"TAG NO " + answer + b"\r\n"]}, capability=capability)
    told = internet(
        "--email", address, "--non-interactive", "--trust-found", "--password-env", "MAIL_PASSWORD"
    )
    ends(internet, told, sentence, way)
    assert "hunter-2-secret" not in said(told)
    passwords = [line for line in server.heard if b"AUTHENTICATE" in line]
    assert len(passwords) == (answer != b"never asked")


@pytest.mark.parametrize("address", ["ada@outlook.com", "ada@hotmail.de", ME])
def test_microsoft_is_known_by_domain_or_mx_record_and_hears_no_password(
    tmp_path: Path, authority: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    zone: Zone = {"winter.example": {"MX": ["10 winter-example.mail.protection.outlook.com."]}}
    with an_internet(home, authority, monkeypatch, zone) as internet:
        server = internet.scripted("outlook.office365.com", capability="AUTH=PLAIN AUTH=XOAUTH2")
        told = internet("--email", address, answers=["", "c", "", ""])
        heard = b" ".join(server.heard)
        assert "Shall your login go to this server?" in told.output, said(told)
        assert "Microsoft (Outlook.com, Hotmail, Microsoft 365) takes no passwords" in told.output
        assert "p: an app password" not in told.output
        assert "Your client id" in told.output
        assert b"AUTHENTICATE" not in heard
        assert internet.left() == []


# --- folders -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        # Some of those that sent.py knows; two of them need UTF-7 for more than a letter.
        *("Gesendete Objekte", "Éléments envoyés", "Отправленные", "送信済みメール"),
    ],
)
def test_a_sent_folder_in_any_language_is_found_without_special_use(
    internet: Internet, dovecot: ScratchDovecot, name: str
) -> None:
    user = fresh_user()
    with closing(RealHand(dovecot, user)) as hand:
        hand.user = user  # type: ignore[attr-defined]
        hand.create(name)
        fill(hand, name)
        provider = Foreign(name)
        internet.mail("imap.winter.example", dovecot, provider)
        told = internet(*options(hand), answers=["", dovecot.password, "", "", "y"])
        assert f"Sent mail: {name}, 5 messages" in told.output, said(told)
        assert "no SPECIAL-USE" in told.output
        works(internet, told, hand, "imap.winter.example")


class Foreign(Provider):
    """Marks no folder, and has no Sent folder but the one in its language."""

    def __init__(self, name: str) -> None:
        names = ("INBOX", to_utf7(name).decode(), "Backscatter")
        super().__init__(PLAIN, folders=dict.fromkeys(names, r"\HasNoChildren"))


def test_a_provider_without_move_and_special_use_ends_in_a_working_account(
    internet: Internet, dovecot: ScratchDovecot
) -> None:
    user = fresh_user()
    with closing(RealHand(dovecot, user)) as hand:
        hand.user = user  # type: ignore[attr-defined]
        hand.create("Sent Messages")
        fill(hand, "Sent Messages")
        internet.mail("imap.winter.example", dovecot, ICloud())
        told = internet(*options(hand), answers=["", dovecot.password, "", "", "y"])
        assert "no SPECIAL-USE" in told.output
        assert "It has no MOVE" in told.output
        works(internet, told, hand, "imap.winter.example")


@pytest.fixture(scope="module")
def prefixed() -> Iterator[ScratchDovecot]:
    if find_dovecot() is None:
        absent("Dovecot 2.3")
    with ScratchDovecot(separator=".", prefix="INBOX.") as server:
        yield server


@pytest.mark.parametrize("sent", ["INBOX.Sent", "INBOX.Envoyés"])
def test_folders_below_inbox_end_in_a_working_account(
    internet: Internet, prefixed: ScratchDovecot, sent: str
) -> None:
    user = fresh_user()
    with closing(RealHand(prefixed, user)) as hand:
        hand.user = user  # type: ignore[attr-defined]
        if sent not in hand.folder_names():
            hand.create(sent)
        fill(hand, sent)
        internet.mail("imap.winter.example", prefixed, Dotted(sent))
        told = internet(*options(hand), answers=["", prefixed.password, "", "", "y"])
        assert f"Sent mail: {sent}, 5 messages" in told.output, said(told)
        assert "Bounces of mail that you never sent go to: INBOX.Backscatter" in told.output
        works(internet, told, hand, "imap.winter.example", "INBOX.Backscatter")


class Dotted(Provider):
    """All folders as the server has them; but for "INBOX.Sent", if that is not its Sent folder, and then unmarked."""

    def __init__(self, sent: str) -> None:
        self._hides = sent != "INBOX.Sent"
        super().__init__(PLAIN if self._hides else USUAL.capability)

    def told(self, talk: Talk, line: bytes) -> bytes:
        hidden = self._hides and line.startswith(b"* LIST") and b"INBOX.Sent" in line
        return b"" if hidden else super().told(talk, line)


# --- no internet at all ------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["silent", "servfail"])
def test_a_machine_that_is_offline_ends_in_one_sentence(
    tmp_path: Path,
    authority: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    names = ("_imaps._tcp.winter.example", "_imap._tcp.winter.example", ".")
    zone: Zone = dict.fromkeys(names, how)
    monkeypatch.setattr("scatterclean.setup.records._PATIENCE", 0.5)
    with an_internet(home, authority, monkeypatch, zone) as internet:
        told = internet("--email", ME, answers=["never asked"])
        ends(internet, told, "no name server answered: is this machine online?", "Try again")
