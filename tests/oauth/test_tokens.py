"""When a provider is asked, and what is made of its answers; the provider is nanoidp, or does not answer at all."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean.errors import (
    LoginExpired,
    LoginRefused,
    SecretUnavailable,
    ServerBusy,
    ServerUnreachable,
    Trouble,
)
from scatterclean.oauth import Asking, Grant, Safe, Tokens, by_browser
from scatterclean.oauth.safe import Kept
from scatterclean.service.health import PERSON_BACKOFF, Health
from tests.oauth.conftest import Provider
from tests.oauth.idp import PERSON, Browser


def granted(provider: Provider) -> Grant:
    browser = Browser()

    def show(url: str) -> None:
        threading.Thread(target=browser.log_in, args=(url,)).start()

    return by_browser(Asking("home", provider.client), PERSON, show=show, patience=20)


@pytest.fixture
def safe(provider: Provider, tmp_path: Path) -> Safe:
    """With a login in it."""
    safe = Safe("home", PERSON, tmp_path / "kept")
    client = provider.client
    safe.keep(Kept(granted(provider).refresh, client.token_endpoint, client.client_id), in_keyring=False)
    provider.counter.asked.clear()
    return safe


@pytest.fixture
def make(provider: Provider, tmp_path: Path) -> Callable[[], Tokens]:
    """As another process would have it."""
    return lambda: Tokens("home", PERSON, provider.client, tmp_path / "kept")


def kept_in(safe: Safe) -> str:
    kept = safe.load()
    assert kept is not None
    return kept.refresh


def test_the_provider_is_asked_once_as_long_as_the_token_holds(
    provider: Provider, safe: Safe, make: Callable[[], Tokens], monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = make()
    first = tokens.access()
    assert tokens.access() == first
    assert provider.counter.asked == ["refresh_token"]
    later = time.time() + 3600 - 200
    monkeypatch.setattr("scatterclean.oauth.tokens.time.time", lambda: later)  # it ends in 200 s: not now
    second = tokens.access()
    assert second != first
    assert provider.counter.asked == ["refresh_token"] * 2
    assert kept_in(safe) == provider.counter.latest["refresh_token"]


def test_a_token_that_the_server_refuses_is_replaced_once_for_all_threads(
    provider: Provider, safe: Safe, make: Callable[[], Tokens]
) -> None:
    tokens = make()
    refused = tokens.access()
    with ThreadPoolExecutor(8) as pool:
        others = set(pool.map(lambda _: tokens.instead_of(refused), range(8)))
    assert len(others) == 1
    assert refused not in others
    assert provider.counter.asked == ["refresh_token"] * 2
    assert kept_in(safe) == provider.counter.latest["refresh_token"]


def test_several_processes_lose_no_rotated_token(
    provider: Provider, safe: Safe, make: Callable[[], Tokens]
) -> None:
    """nanoidp ends the whole login if a refresh token is used twice: one slip, and nobody gets in any more."""
    several = [make() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        got = set(pool.map(lambda tokens: tokens.access(), several))
    assert len(got) == 8
    assert provider.counter.asked == ["refresh_token"] * 8
    assert kept_in(safe) == provider.counter.latest["refresh_token"]
    assert make().access()


def test_a_login_that_was_ended_is_told_once_and_the_provider_is_left_alone(
    provider: Provider,
    safe: Safe,
    make: Callable[[], Tokens],
    caplog: pytest.LogCaptureFixture,
) -> None:
    provider.idp.revoke(kept_in(safe))
    tokens, health = make(), Health()
    said = ""
    with caplog.at_level(logging.DEBUG):
        for _ in range(5):
            with pytest.raises(LoginExpired) as ended:
                tokens.access()
            assert health.failed("home", ended.value) >= PERSON_BACKOFF
            said += f"{ended.value!r} {ended.value}"
    assert provider.counter.asked == ["refresh_token"]
    assert caplog.text.count("takes the login no longer (invalid_grant") == 1
    assert caplog.text.count("scatterclean login home") == 1
    provider.counter.nothing_of_it_in(caplog.text, said)
    # The mend is seen by the process that runs.
    client = provider.client
    safe.keep(Kept(granted(provider).refresh, client.token_endpoint, client.client_id), in_keyring=False)
    assert tokens.access() == provider.counter.latest["access_token"]


@pytest.mark.parametrize(
    ("fault", "kind"), [("down", ServerUnreachable), ("busy", ServerBusy)], ids=["down", "busy"]
)
def test_an_endpoint_in_trouble_is_trouble_that_time_mends(
    provider: Provider, safe: Safe, make: Callable[[], Tokens], fault: str, kind: type[Trouble]
) -> None:
    tokens, before = make(), kept_in(safe)
    setattr(provider.counter, fault, True)
    with pytest.raises(kind) as trouble:
        tokens.access()
    wait = Health().failed("home", trouble.value)
    assert wait < PERSON_BACKOFF if fault == "down" else wait == timedelta(seconds=1800)  # Retry-After
    assert kept_in(safe) == before
    setattr(provider.counter, fault, False)
    assert tokens.access()
    provider.counter.nothing_of_it_in(str(trouble.value), repr(trouble.value))


def test_a_token_that_holds_for_minutes_serves_while_the_provider_is_away(
    provider: Provider, safe: Safe, make: Callable[[], Tokens], monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = make()
    first, now = tokens.access(), time.time()
    provider.counter.down = True
    monkeypatch.setattr("scatterclean.oauth.tokens.time.time", lambda: now + 3600 - 200)
    assert tokens.access() == first
    with pytest.raises(ServerUnreachable):
        tokens.instead_of(first)  # the server does not take it: then it is of no use
    monkeypatch.setattr("scatterclean.oauth.tokens.time.time", lambda: now + 3600)
    with pytest.raises(ServerUnreachable):
        tokens.access()


def test_a_rotated_token_that_cannot_be_written_is_not_lost(
    provider: Provider,
    safe: Safe,
    make: Callable[[], Tokens],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tokens = make()
    logging.getLogger("scatterclean").propagate = True

    def full(_self: Safe, _kept: Kept) -> None:
        raise SecretUnavailable("no space left")

    with monkeypatch.context() as disk:
        disk.setattr(Safe, "renew", full)
        first = tokens.access()
        second = tokens.instead_of(first)  # by the refresh token that is only in memory
    assert caplog.text.count("no space left") == 1
    assert kept_in(safe) != provider.counter.latest["refresh_token"]
    third = tokens.instead_of(second)
    assert len({first, second, third}) == 3
    assert kept_in(safe) == provider.counter.latest["refresh_token"]
    provider.counter.nothing_of_it_in(caplog.text)


def test_a_refresh_token_is_sent_to_nobody_but_who_gave_it(
    provider: Provider, safe: Safe, tmp_path: Path
) -> None:
    for client in (
        replace(provider.client, token_endpoint="http://127.0.0.1:9/evil"),
        replace(provider.client, client_id="another"),
    ):
        with pytest.raises(LoginExpired, match="another client id or another provider"):
            Tokens("home", PERSON, client, tmp_path / "kept").access()
    assert provider.counter.asked == []


def test_a_client_that_the_provider_does_not_know_is_told_in_one_sentence(
    provider: Provider, safe: Safe, tmp_path: Path
) -> None:
    client = replace(provider.client, client_id="nobody")
    safe.keep(Kept(kept_in(safe), client.token_endpoint, "nobody"), in_keyring=False)
    with pytest.raises(LoginRefused, match="does not take the client id of the configuration"):
        Tokens("home", PERSON, client, tmp_path / "kept").access()


def test_a_file_that_others_may_read_is_refused_and_a_damaged_one_is_no_login(
    safe: Safe, make: Callable[[], Tokens]
) -> None:
    safe.path.chmod(0o644)
    with pytest.raises(SecretUnavailable, match="may be read or changed by others"):
        make().access()
    safe.path.chmod(0o600)
    safe.path.write_text('{"refresh_token": ')
    with pytest.raises(LoginExpired, match="nobody has logged in"):
        make().access()


def test_a_file_is_replaced_as_a_whole_and_leaves_nothing_beside_it(safe: Safe) -> None:
    for number in range(3):
        safe.renew(Kept(f"refresh-{number}", "https://x.example/t", "me"))
    assert json.loads(safe.path.read_text())["refresh_token"] == "refresh-2"
    assert [path.name for path in safe.path.parent.iterdir()] == ["home.json"]
    assert safe.path.stat().st_mode & 0o777 == 0o600


def test_no_repr_shows_a_token(provider: Provider) -> None:
    asking = Asking("home", replace(provider.client, secret="client-secret-1"))
    grant = granted(provider)
    kept = Kept(grant.refresh, "https://x.example/t", "me")
    provider.counter.nothing_of_it_in(repr(grant), repr(kept), repr(asking))
    assert "client-secret-1" not in repr(asking)
