"""Keyring or file, never both; the keyring is a fake with the manners of the real package."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from scatterclean.errors import SecretUnavailable
from scatterclean.oauth.safe import SERVICE, Kept, Safe

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
