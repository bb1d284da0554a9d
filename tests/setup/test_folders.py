"""Folders as servers have them: in every language, without SPECIAL-USE, below INBOX.; told, and corrected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from scatterclean.config import load
from scatterclean.demo.dovecot import ScratchDovecot, find_dovecot
from tests.conftest import absent
from tests.hosts.quirks import Provider, Quirky
from tests.servers import RealHand, fresh_user
from tests.sweeps.world import ME, bounce, letter

from .played import Played, said

PLAIN = "IMAP4rev1 UIDPLUS MOVE IDLE UNSELECT NAMESPACE"


def fill(hand: RealHand, sent: str, *, sender: str = ME) -> None:
    now = datetime.now(UTC)
    for days in range(1, 40, 8):
        at = now - timedelta(days=days)
        raw = letter("Hello", to="friend@f.example", sender=sender, ident=f"s.{days}@winter.example", at=at)
        hand.append(sent, raw, arrival=at)
    at = now - timedelta(hours=2)
    hand.append("INBOX", bounce("forged.1@spam.example", at=at), arrival=at)


def options(port: int, user: str) -> list[str]:
    return [
        *("--email", ME, "--host", "127.0.0.1", "--port", str(port), "--tls", "none", "--username", user),
        *("--outbound", "*.winter.example", "--no-dns"),
    ]


@pytest.fixture(scope="module")
def prefixed() -> Iterator[ScratchDovecot]:
    if find_dovecot() is None:
        absent("Dovecot 2.3")
    with ScratchDovecot(separator=".", prefix="INBOX.") as server:
        yield server


def test_folders_below_inbox_are_told_with_their_prefix_and_swept(
    played: Played, prefixed: ScratchDovecot
) -> None:
    user = fresh_user()
    with closing(RealHand(prefixed, user)) as hand:
        fill(hand, "INBOX.Sent")
        told = played(*options(prefixed.port, user), answers=[prefixed.password, "", "", "y"])
        assert told.exit_code == 0, said(told)
        assert "Sent mail: INBOX.Sent, 5 messages" in told.output
        assert "Bounces of mail that you never sent go to: INBOX.Backscatter" in told.output
        assert len(hand.messages("INBOX.Backscatter")) == 1


def test_a_sent_folder_in_another_language_is_told_by_its_name_where_the_server_marks_none(
    played: Played, dovecot: ScratchDovecot
) -> None:
    user = fresh_user()
    with closing(RealHand(dovecot, user)) as hand:
        hand.create("Gesendete Elemente")
        fill(hand, "Gesendete Elemente")
        shown = {
            "INBOX": r"\HasNoChildren",
            "Gesendete Elemente": r"\HasNoChildren",
            "Entwurf": r"\HasNoChildren",
        }
        with Quirky(dovecot.port, dovecot.password, Provider(PLAIN, folders=shown)) as server:
            told = played(*options(server.port, user), answers=[dovecot.password, "", "", "n"])
    assert told.exit_code == 0, said(told)
    assert "Sent mail: Gesendete Elemente, 5 messages" in told.output
    assert "no SPECIAL-USE" in told.output


def unknown_folders() -> Provider:
    return Provider(
        PLAIN, folders={"INBOX": r"\HasNoChildren", "Uit": r"\HasNoChildren", "In": r"\HasNoChildren"}
    )


def test_a_sent_folder_that_nobody_knows_by_name_is_asked_for(
    played: Played, dovecot: ScratchDovecot
) -> None:
    user = fresh_user()
    with closing(RealHand(dovecot, user)) as hand:
        hand.create("Uit")
        fill(hand, "Uit")
        with Quirky(dovecot.port, dovecot.password, unknown_folders()) as server:
            told = played(
                *options(server.port, user), answers=[dovecot.password, "", "9", "INBOX", "1", "", "n"]
            )
    assert told.exit_code == 0, said(told)
    assert "1: Uit" in told.output
    assert "There is no folder '9'" in told.output
    assert "There is no folder 'INBOX'" in told.output
    assert "Sent mail: Uit, 5 messages" in told.output
    assert load(played.config).accounts[0].account.sent == ("Uit",)


def test_without_questions_an_unknown_sent_folder_is_one_clear_sentence(
    played: Played, dovecot: ScratchDovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", dovecot.password)
    user = fresh_user()
    with closing(RealHand(dovecot, user)) as hand:
        hand.create("Uit")
    with Quirky(dovecot.port, dovecot.password, unknown_folders()) as server:
        told = played(*options(server.port, user), "--non-interactive", "--password-env", "MAIL_PASSWORD")
    assert str(told.exception).startswith("no Sent folder was found")
    assert "--sent NAME. The server has: Uit" in str(told.exception)
    assert played.left() == []


def test_without_questions_a_sent_folder_that_is_not_there_makes_no_account(
    played: Played, dovecot: ScratchDovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", dovecot.password)
    given = ["--non-interactive", "--password-env", "MAIL_PASSWORD", "--sent", "Nowhere"]
    told = played(*options(dovecot.port, fresh_user()), *given)
    assert told.exit_code != 0
    assert "'Nowhere' does not exist on the server" in str(told.exception)
    assert "--sent" in str(told.exception)
    assert "type its letter" not in told.output
    assert played.left() == []


def test_another_sent_folder_is_read_from_the_beginning(played: Played, dovecot: ScratchDovecot) -> None:
    user = fresh_user()
    with closing(RealHand(dovecot, user)) as hand:
        hand.create("Mine")
        fill(hand, "Mine")
        told = played(*options(dovecot.port, user), answers=[dovecot.password, "", "s", "Mine", "", "n"])
    assert told.exit_code == 0, said(told)
    assert "Sent mail: Sent, 0 messages" in told.output
    assert "Sent mail: Mine, 5 messages" in told.output


def test_addresses_are_corrected_and_a_wrong_one_is_told(played: Played, dovecot: ScratchDovecot) -> None:
    user = fresh_user()
    with closing(RealHand(dovecot, user)) as hand:
        fill(hand, "Sent", sender="countess@winter.example")
        told = played(
            *options(dovecot.port, user),
            answers=[
                dovecot.password,
                "",
                "a",
                f"{ME}, *@gmail.com",
                "a",
                f"{ME}, ada@other.example",
                "d",
                "",
                "n",
            ],
        )
    assert told.exit_code == 0, said(told)
    assert "Senders in Sent, counted as yours too: countess@winter.example" in told.output
    assert "expected a domain of your own" in told.output
    [account] = load(played.config).accounts
    assert account.account.identities.addresses == {ME, "ada@other.example", "*@winter.example"}


def test_where_nothing_can_be_moved_safely_the_account_only_observes_and_says_so(
    played: Played, dovecot: ScratchDovecot
) -> None:
    user = fresh_user()
    with closing(RealHand(dovecot, user)) as hand:
        fill(hand, "Sent")
        poor = Provider("IMAP4rev1 UNSELECT NAMESPACE", unknown=("MOVE", "UID MOVE"))
        with Quirky(dovecot.port, dovecot.password, poor) as server:
            told = played(*options(server.port, user), "--move", answers=[dovecot.password, "", ""])
    assert told.exit_code == 0, said(told)
    assert "so nothing will be moved there" in told.output
    assert 'mode = "observe"' in played.config.read_text()


def test_the_inbox_cannot_be_the_sent_folder_by_any_detour(played: Played, dovecot: ScratchDovecot) -> None:
    user = fresh_user()
    with closing(RealHand(dovecot, user)) as hand:
        hand.create("Mine")
        fill(hand, "Sent")
        told = played(
            *options(dovecot.port, user),
            answers=[dovecot.password, "", "i", "Mine", "s", "Mine", "", "n"],
        )
    assert told.exit_code == 0, said(told)
    assert "is in watch too" in told.output
    [account] = load(played.config).accounts
    assert (account.account.watch, account.account.sent) == (("Mine",), ())


def test_a_mailbox_with_nothing_but_an_inbox_is_one_clear_sentence(
    played: Played, dovecot: ScratchDovecot
) -> None:
    lonely = Provider(PLAIN, folders={"INBOX": r"\HasNoChildren"})
    with Quirky(dovecot.port, dovecot.password, lonely) as server:
        told = played(*options(server.port, fresh_user()), answers=[dovecot.password, ""])
    assert "there is no folder but the inbox" in str(told.exception)
    assert played.left() == []


def test_senders_of_another_account_are_not_told_as_if_they_were_in_this_ones_sent_folder(
    played: Played, dovecot: ScratchDovecot
) -> None:
    for sender, is_told, is_not in (
        ("countess@winter.example", "counted as yours too: countess@winter.example", "your other accounts"),
        (
            "duchess@winter.example",
            "counted as yours too: duchess@winter.example\n  Senders in your other accounts, yours too: countess",
            "duchess@winter.example, countess",
        ),
    ):
        user = fresh_user()
        with closing(RealHand(dovecot, user)) as hand:
            fill(hand, "Sent", sender=sender)
            told = played(*options(dovecot.port, user), answers=[dovecot.password, "", "", "n"])
        assert told.exit_code == 0, said(told)
        assert is_told in told.output
        assert is_not not in told.output


def test_enter_keeps_addresses_and_folders_as_they_are_and_the_question_says_so(
    played: Played, dovecot: ScratchDovecot
) -> None:
    user = fresh_user()
    with closing(RealHand(dovecot, user)) as hand:
        hand.create("Mine")
        fill(hand, "Sent")
        told = played(
            *options(dovecot.port, user), answers=[dovecot.password, "", "a", "", "s", "", "i", "", "", "n"]
        )
    assert told.exit_code == 0, said(told)
    assert f"commas between them; Enter keeps these [{ME}]: " in told.output
    assert "several; Enter keeps it as it is) [Sent]: " in told.output
    assert "several; Enter keeps it as it is) [INBOX]: " in told.output
    assert told.output.count("Reading the header fields") == 1
    [account] = load(played.config).accounts
    assert account.account.identities.addresses == {ME}
    assert account.account.sent == ()


def test_the_question_itself_is_short_and_its_letters_stand_above_it(
    played: Played, dovecot: ScratchDovecot
) -> None:
    user = fresh_user()
    with closing(RealHand(dovecot, user)) as hand:
        fill(hand, "Sent")
        told = played(*options(dovecot.port, user), answers=[dovecot.password, "", "", "n"])
    assert "  a: other addresses of yours\n" in told.output
    [asked] = [line for line in told.output.splitlines() if "Is this right?" in line]
    assert asked.startswith("Is this right? (Enter: yes): ")
    assert "d: all of winter.example is yours alone: its every address\nIs this right?" in told.output
