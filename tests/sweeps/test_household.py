"""The accounts of a configuration on one store: whose each is, and in which order they are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import scatterclean.wire
from scatterclean.config import AccountSettings, Secret, Settings, Source
from scatterclean.errors import LoginRefused
from scatterclean.mailbox.memory import MemoryMailbox, MemoryServer
from scatterclean.model import (
    Account,
    Cursor,
    Identities,
    MessageId,
    Mode,
    Place,
    Refusal,
    SentMessage,
)
from scatterclean.wire import AccountUnknown, Household, assign

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def settings(tmp_path: Path, **persons: str) -> Settings:
    """One account for each keyword; its value is whose it is."""
    accounts = tuple(
        AccountSettings(
            account=Account(name, Identities(), person=person),
            host="127.0.0.1",
            username=name,
            secret=Secret(Source.PLAIN, ("x",)),
        )
        for name, person in persons.items()
    )
    return Settings(tmp_path / "c.toml", tmp_path / "log.db", accounts)


def log_one(household: Household, account: str) -> None:
    message = SentMessage(
        fingerprint="f" * 32,
        ids=(MessageId("a@b.example"),),
        sender="ada@winter.example",
        recipients=(),
        subject=None,
        sent_at=NOW - timedelta(days=1),
        filed_at=NOW - timedelta(days=1),
    )
    person = household.accounts[account].account.person
    household.store.sent_log.record(account, person, [message], Cursor(Place("Sent", 1), 2, 1, NOW))


def test_what_an_account_logged_follows_it_to_another_person_in_the_configuration(tmp_path: Path) -> None:
    with Household.open(settings(tmp_path, home="ada")) as household:
        log_one(household, "home")
    with Household.open(settings(tmp_path, home="bob")) as household:
        assert (household.store.sent_log.count("ada"), household.store.sent_log.count("bob")) == (0, 1)
        assign(settings(tmp_path, home="carl"), household.store)
        assert household.store.sent_log.count("carl") == 1


def test_a_reader_of_the_store_changes_nothing_in_it(tmp_path: Path) -> None:
    with Household.open(settings(tmp_path, home="ada")) as household:
        log_one(household, "home")
    with Household.open(settings(tmp_path, home="bob"), read_only=True) as household:
        assert household.store.sent_log.count("ada") == 1


def test_the_other_accounts_of_a_person_are_read_before_the_first_is_swept(tmp_path: Path) -> None:
    one = settings(tmp_path, home="ada", work="ada", club="bob", shop="ada")
    with Household.open(one) as household:
        assert household.first_read(["home"]) == ["work", "shop"]
        assert household.first_read(["club"]) == []
        assert household.first_read(["work", "club", "home"]) == ["home", "shop"]


def test_an_unknown_account_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    with (
        Household.open(settings(tmp_path, home="", work="")) as household,
        pytest.raises(AccountUnknown, match="there is no account house") as raised,
    ):
        household.named(["home", "house"])
    assert raised.value.hint == "It has: home, work"


def test_a_try_that_came_to_no_session_is_on_record_and_the_next_sweep_is_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(_: AccountSettings) -> MemoryMailbox:
        raise LoginRefused("home: mail.example:993 refused the login: no", hint="Check the password.")

    with Household.open(settings(tmp_path, home="ada")) as household:
        monkeypatch.setattr(scatterclean.wire, "connect", refuses)
        with pytest.raises(LoginRefused):
            household.sweep("home")
        [tried] = household.standing("home").sweeps
        assert (tried.refusal, tried.mode) == (Refusal.NO_SESSION, Mode.OBSERVE)
        assert "refused the login" in tried.troubles[0]
        with pytest.raises(LoginRefused):
            household.sweep("home", stop=lambda: True)  # cut off by us: nothing to tell
        monkeypatch.setattr(scatterclean.wire, "connect", lambda _: MemoryMailbox(MemoryServer()))
        report = household.sweep("home")
        assert household.standing("home").sweeps == (report, tried)
