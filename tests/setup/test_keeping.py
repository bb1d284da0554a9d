"""The keyring: used where one works, proved by reading back, and left as it was when the set-up ends early."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from scatterclean import oauth
from scatterclean.setup.keeping import SERVICE, Keyring, put_login
from scatterclean.setup.servers import SetupEnds
from tests.oauth.test_safe import installed as a_keyring

Store = dict[tuple[str, str], str]


def installed(
    monkeypatch: pytest.MonkeyPatch, *, priority: float = 5, keeps: Callable[[str], str] = str
) -> Store:
    """A package `keyring` whose backend has this priority, and keeps what `keeps` makes of a password."""
    store: Store = {}
    module = ModuleType("keyring")
    vars(module).update(
        get_keyring=lambda: SimpleNamespace(name="Test Keyring", priority=priority),
        get_password=lambda service, user: store.get((service, user)),
        set_password=lambda service, user, password: store.__setitem__((service, user), keeps(password)),
        delete_password=lambda service, user: store.pop((service, user)),
    )
    monkeypatch.setitem(sys.modules, "keyring", module)
    return store


def test_a_keyring_keeps_the_password_where_the_configuration_looks_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = installed(monkeypatch)
    assert Keyring().name() == "Test Keyring"
    kept = Keyring().put("ada", "secret")
    assert (kept.key, kept.value) == ("password_keyring", True)
    assert store == {(SERVICE, "ada"): "secret"}
    kept.undo()
    assert store == {}


def test_what_the_keyring_had_before_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    store = installed(monkeypatch)
    store[SERVICE, "ada"] = "before"
    Keyring().put("ada", "secret").undo()
    assert store == {(SERVICE, "ada"): "before"}


@pytest.mark.parametrize("priority", [0, 0.5, -1])
def test_a_keyring_that_keeps_nothing_or_in_the_clear_is_none(
    monkeypatch: pytest.MonkeyPatch, priority: float
) -> None:
    installed(monkeypatch, priority=priority)
    assert Keyring().name() == ""


def test_without_the_package_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert Keyring().name() == ""


def test_a_keyring_that_gives_something_else_back_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, keeps=lambda _: "other")
    with pytest.raises(SetupEnds, match="did not take the password") as caught:
        Keyring().put("ada", "secret")
    assert "secret" not in str(caught.value)
    assert "--keep file" in str(caught.value)


FIRST, SECOND = (oauth.Kept(f"refresh-{n}", "https://x.example/token", "me") for n in ("one", "two"))


@pytest.mark.parametrize("in_keyring", [True, False], ids=["keyring", "file"])
def test_a_login_lies_where_login_keeps_it_and_can_be_taken_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, in_keyring: bool
) -> None:
    store = a_keyring(monkeypatch)
    safe = oauth.Safe("home", "ada", tmp_path / "kept")
    kept = put_login(safe, FIRST, {"provider": "microsoft", "client_id": "me"}, in_keyring=in_keyring)
    assert (kept.key, kept.value) == ("oauth", {"provider": "microsoft", "client_id": "me"})
    assert safe.load() == FIRST
    assert (bool(store), safe.path.exists()) == (in_keyring, not in_keyring)
    kept.undo()
    assert store == {}
    assert list((tmp_path / "kept").iterdir()) == []


@pytest.mark.parametrize("in_keyring", [True, False], ids=["keyring", "file"])
def test_a_login_that_was_there_before_comes_back_to_where_it_was(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, in_keyring: bool
) -> None:
    """Of an account of that name that is configured no longer."""
    store = a_keyring(monkeypatch)
    safe = oauth.Safe("home", "ada", tmp_path / "kept")
    safe.keep(FIRST, in_keyring=in_keyring)
    put_login(safe, SECOND, {}, in_keyring=not in_keyring).undo()
    assert safe.load() == FIRST
    assert (bool(store), safe.path.exists()) == (in_keyring, not in_keyring)


def test_a_keyring_that_does_not_take_the_login_leaves_nothing_of_it_and_keeps_what_was_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    a_keyring(monkeypatch, keeps=lambda _: "another")
    safe = oauth.Safe("home", "ada", tmp_path / "kept")
    with pytest.raises(SetupEnds, match="the keyring did not take the login"):
        put_login(safe, SECOND, {}, in_keyring=True)
    assert list((tmp_path / "kept").iterdir()) == []
    safe.keep(FIRST, in_keyring=False)
    with pytest.raises(SetupEnds):
        put_login(safe, SECOND, {}, in_keyring=True)
    assert safe.load() == FIRST
