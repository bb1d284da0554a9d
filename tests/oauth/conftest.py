"""The real servers of these tests, and an account that logs in there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from scatterclean.demo.dovecot import find_dovecot
from scatterclean.model import OAuthClient
from tests.conftest import absent
from tests.oauth.counter import Counter
from tests.oauth.idp import Idp
from tests.oauth.mailserver import TokenDovecot


@dataclass
class Provider:
    """The OAuth2 server; its token endpoint is reached by way of the counter."""

    idp: Idp
    counter: Counter

    @property
    def client(self) -> OAuthClient:
        return replace(self.idp.client, token_endpoint=self.counter.url)

    @property
    def oauth(self) -> str:
        """The line of the configuration."""
        return self.idp.table.replace(self.idp.client.token_endpoint, self.counter.url)


@pytest.fixture(scope="session")
def idp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Idp]:
    if find_spec("nanoidp") is None:
        absent("nanoidp")
    with Idp(tmp_path_factory.mktemp("oauth") / "idp") as up:
        yield up


@pytest.fixture
def provider(idp: Idp) -> Iterator[Provider]:
    with Counter(f"{idp.base}/token") as counter:
        yield Provider(idp, counter)


@pytest.fixture
def mailserver(idp: Idp) -> Iterator[TokenDovecot]:
    """A Dovecot of its own: these tests restart it."""
    if find_dovecot() is None:
        absent("Dovecot 2.3")
    with TokenDovecot(idp) as server:
        yield server


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "scatterclean.toml"


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have one."""
    with suppress(ImportError):
        import keyring  # noqa: F401 - only then it means anything
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
