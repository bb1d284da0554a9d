"""Keyring or file, never both; the keyring is a fake with the manners of the real package."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from scatterclean.errors import SecretUnavailable
from scatterclean.model import OAuthClient
from scatterclean.oauth import Asking, Tokens
from scatterclean.oauth.safe import SERVICE, Kept, Safe
from scatterclean.oauth.web import Reply
from scatterclean.service.health import PERSON_BACKOFF, Health

Store = dict[tuple[str, str], str]


def installed(
    monkeypatch: pytest.MonkeyPatch, *, priority: float = 5, keeps: Callable[[str], str] = str
) -> Store:
    """A package `keyring` as in tests/setup/test_keeping.py; there it is compared with what the set-up wants."""
    store: Store = {}
    module, errors = ModuleType("keyring"), ModuleType("keyring.errors")
    vars(errors).update(
        NoKeyringError=type("NoKeyringError", (RuntimeError,), {}),
        KeyringError=type("KeyringError", (Exception,), {}),
    )
    vars(module).update(
        errors=errors,
        get_keyring=lambda: SimpleNamespace(name="Test Keyring", priority=priority),
        get_password=lambda service, user: store.get((service, user)),
        set_password=lambda service, user, password: store.__setitem__((service, user), keeps(password)),
        delete_password=lambda service, user: store.pop((service, user)),
    )
    monkeypatch.setitem(sys.modules, "keyring", module)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    return store


@pytest.fixture
def safe(tmp_path: Path) -> Safe:
    return Safe("home", "me@x.example", tmp_path / "kept")


FIRST, SECOND = (Kept(f"refresh-{n}", "https://x.example/token", "me") for n in ("one", "two"))


def test_a_login_in_the_keyring_is_renewed_there_and_no_file_is_made(
    safe: Safe, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = installed(monkeypatch)
    assert safe.keyring() == "Test Keyring"
    safe.keep(FIRST, in_keyring=True)
    assert safe.load() == FIRST
    safe.renew(SECOND)
    assert safe.load() == SECOND
    assert list(store) == [(SERVICE, "home me@x.example")]
    assert not safe.path.exists()


def test_the_other_place_is_emptied_when_a_login_is_kept_elsewhere(
    safe: Safe, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = installed(monkeypatch)
    safe.keep(FIRST, in_keyring=True)
    safe.keep(SECOND, in_keyring=False)
    assert (store, safe.load()) == ({}, SECOND)
    safe.keep(FIRST, in_keyring=True)
    assert (safe.path.exists(), safe.load()) == (False, FIRST)


def test_a_keyring_that_forgets_is_not_believed_and_the_file_stays(
    safe: Safe, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(monkeypatch, keeps=lambda _: "")
    safe.keep(FIRST, in_keyring=False)
    with pytest.raises(SecretUnavailable, match="does not give back what it was given") as trouble:
        safe.keep(SECOND, in_keyring=True)
    assert "refresh-two" not in str(trouble.value)
    assert "--keep file" in trouble.value.hint
    assert safe.load() == FIRST


def test_a_keyring_that_keeps_in_the_clear_is_none(safe: Safe, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, priority=0.5)
    assert safe.keyring() == ""


def test_without_keyring_and_file_there_is_no_login(safe: Safe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert safe.keyring() == ""
    assert safe.load() is None


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file where the folder belongs")
    safe = Safe("home", "me", tmp_path / "kept")
    with pytest.raises(SecretUnavailable, match="cannot be written"):
        safe.keep(FIRST, in_keyring=False)
    with pytest.raises(SecretUnavailable, match="cannot be written"), safe.locked():
        raise AssertionError("not locked")


def test_a_keyring_that_is_locked_is_told_and_is_no_bug(safe: Safe, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch)
    safe.keep(FIRST, in_keyring=True)
    locked = sys.modules["keyring.errors"].KeyringError

    def refuse(*_: object) -> None:
        raise locked("Failed to unlock the collection!")

    monkeypatch.setattr(sys.modules["keyring"], "get_password", refuse)
    with pytest.raises(SecretUnavailable, match="the keyring refused") as told:
        safe.load()
    assert "Unlock it" in told.value.hint
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(SecretUnavailable, match="did not take the login"):
        safe.renew(SECOND)


class Provider:
    """Its tokens hold as long as `life` says."""

    def __init__(self, life: int) -> None:
        self.life, self.asked = life, 0

    def __call__(self, *_: object) -> Reply:
        self.asked += 1
        return Reply(200, json.dumps({"access_token": f"access-{self.asked}", "expires_in": self.life}))


def test_while_the_keyring_is_locked_the_token_in_hand_serves_to_its_end_and_then_it_waits_and_tells_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = installed(monkeypatch)
    client, now = OAuthClient("https://x.example/token", "me"), [1_000_000.0]
    monkeypatch.setattr("scatterclean.oauth.tokens.time.time", lambda: now[0])
    monkeypatch.setattr("scatterclean.oauth.asking.time.time", lambda: now[0])
    safe = Safe("home", "me@x.example", tmp_path / "kept")
    safe.keep(FIRST, in_keyring=True)
    provider = Provider(3600)
    tokens = Tokens("home", "me@x.example", client, tmp_path / "kept")
    monkeypatch.setattr(tokens, "_asking", Asking("home", client, provider))
    assert tokens.access() == "access-1"
    kept = dict(store)
    refuses = locked(monkeypatch)

    now[0] += 3600 - 200  # to be renewed, and good for some minutes more
    assert tokens.access() == "access-1"
    now[0] += 300
    health = Health()
    with caplog.at_level(logging.INFO, "scatterclean"):
        for _ in range(5):
            with pytest.raises(SecretUnavailable) as told:
                tokens.access()
            assert health.failed("home", told.value) >= PERSON_BACKOFF
    assert caplog.text.count("the keyring refused") == 1
    assert caplog.text.count("Unlock it") == 1
    assert provider.asked == 1

    refuses.undo()
    assert store == kept
    assert tokens.access() == "access-2"


def locked(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    error = sys.modules["keyring.errors"].KeyringError
    del monkeypatch

    def refuse(*_: object) -> None:
        raise error("locked")

    patch = pytest.MonkeyPatch()
    patch.setattr(sys.modules["keyring"], "get_password", refuse)
    return patch
